/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How often each network may have something done for it that costs others: token buckets by hash of the prefix.
 */
#ifndef KTFTP_BUCKETS_H
#define KTFTP_BUCKETS_H

#include <linux/atomic.h>
#include <linux/types.h>

#define KTFTP_BUCKETS	1024	/* a power of two; prefixes whose hashes collide share a bucket */

struct in6_addr;

/**
 * struct ktftp_bucket_rate - how much a bucket lets through
 * @interval_ns: between two in the long run
 * @burst: how many at once after a rest
 */
struct ktftp_bucket_rate {
	u64 interval_ns;
	u32 burst;
};

/**
 * struct ktftp_buckets - one bucket per prefix, a /24 of IPv4 or a /64 of IPv6
 * @empty_ns: by hash: when the bucket is as if nothing had ever come, ktime_get_ns()
 *
 * No lock. Memory does not grow with the number of addresses somebody makes up.
 */
struct ktftp_buckets {
	atomic64_t empty_ns[KTFTP_BUCKETS];
};

struct ktftp_buckets *ktftp_buckets_alloc(void);
bool ktftp_buckets_take(struct ktftp_buckets *buckets, const struct in6_addr *peer,
			const struct ktftp_bucket_rate *rate);

#endif
