/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a namespace: per CPU, 64 bits, indexed by the netlink attribute that reports them.
 */
#ifndef KTFTP_STATS_H
#define KTFTP_STATS_H

#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>

#include "uapi/ktftp.h"

/**
 * struct ktftp_stats - one CPU's share
 * @syncp: makes 64-bit values whole on 32-bit machines
 * @value: by enum ktftp_a_stats; KTFTP_A_STATS_PAD and KTFTP_A_STATS_REQUESTS_IN_PROGRESS stay 0
 *
 * Written with softirqs off, by their own CPU.
 */
struct ktftp_stats {
	struct u64_stats_sync syncp;
	u64_stats_t value[KTFTP_A_STATS_MAX + 1];
};

struct ktftp_stats __percpu *ktftp_stats_alloc(void);
void ktftp_stats_sum(struct ktftp_stats __percpu *stats, u64 sum[KTFTP_A_STATS_MAX + 1]);

static inline void ktftp_stats_add(struct ktftp_stats __percpu *stats, enum ktftp_a_stats which, u64 n)
{
	struct ktftp_stats *own = this_cpu_ptr(stats);

	u64_stats_update_begin(&own->syncp);
	u64_stats_add(&own->value[which], n);
	u64_stats_update_end(&own->syncp);
}

static inline void ktftp_stats_inc(struct ktftp_stats __percpu *stats, enum ktftp_a_stats which)
{
	ktftp_stats_add(stats, which, 1);
}

#endif
