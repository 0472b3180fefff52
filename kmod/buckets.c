// SPDX-License-Identifier: GPL-2.0
/* Token buckets, as one number each: when the bucket is empty again (the generic cell rate algorithm). Softirq. */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "buckets.h"

#define IPV4_PREFIX	(96 + 24)
#define IPV6_PREFIX	64

static siphash_key_t buckets_key __read_mostly;

static unsigned int bucket_of(const struct in6_addr *peer)
{
	struct in6_addr prefix;

	ipv6_addr_prefix(&prefix, peer, ipv6_addr_v4mapped(peer) ? IPV4_PREFIX : IPV6_PREFIX);
	return siphash(&prefix, sizeof(prefix), &buckets_key) & (KTFTP_BUCKETS - 1);
}

/**
 * ktftp_buckets_alloc() - buckets from which nothing was taken
 *
 * Context: process. Return: to be freed with kvfree(), or NULL.
 */
struct ktftp_buckets *ktftp_buckets_alloc(void)
{
	get_random_once(&buckets_key, sizeof(buckets_key));
	return kvzalloc(sizeof(struct ktftp_buckets), GFP_KERNEL_ACCOUNT);
}

/**
 * ktftp_buckets_take() - may this address have one more
 * @buckets: buckets
 * @peer: address, an IPv4 one mapped into IPv6
 * @rate: how much is let through
 *
 * Context: any.
 */
bool ktftp_buckets_take(struct ktftp_buckets *buckets, const struct in6_addr *peer,
			const struct ktftp_bucket_rate *rate)
{
	atomic64_t *bucket = &buckets->empty_ns[bucket_of(peer)];
	s64 now_ns = ktime_get_ns(), empty_ns = atomic64_read(bucket), then_ns;

	do {
		then_ns = max(empty_ns, now_ns) + (s64)rate->interval_ns;
		if (then_ns - now_ns > (s64)(rate->interval_ns * rate->burst))
			return false;
	} while (!atomic64_try_cmpxchg(bucket, &empty_ns, then_ns));
	return true;
}
