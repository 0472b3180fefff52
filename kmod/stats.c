// SPDX-License-Identifier: GPL-2.0
/* Counters of a namespace, summed over the CPUs when somebody asks. */
#include <linux/string.h>

#include "stats.h"

/**
 * ktftp_stats_alloc() - counters of a new namespace, all 0
 *
 * Context: process. Return: to be freed with free_percpu(), or NULL.
 */
struct ktftp_stats __percpu *ktftp_stats_alloc(void)
{
	struct ktftp_stats __percpu *stats = alloc_percpu(struct ktftp_stats);
	int cpu;

	if (!stats)
		return NULL;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(stats, cpu)->syncp);
	return stats;
}

/* One CPU's counters as they were at one moment. */
static void read_whole(const struct ktftp_stats *one, u64 value[KTFTP_A_STATS_MAX + 1])
{
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&one->syncp);
		for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
			value[i] = u64_stats_read(&one->value[i]);
	} while (u64_stats_fetch_retry(&one->syncp, start));
}

/**
 * ktftp_stats_sum() - the counters of all CPUs together
 * @stats: counters
 * @sum: where the sums go, by enum ktftp_a_stats
 *
 * Context: any.
 */
void ktftp_stats_sum(struct ktftp_stats __percpu *stats, u64 sum[KTFTP_A_STATS_MAX + 1])
{
	u64 value[KTFTP_A_STATS_MAX + 1];
	unsigned int i;
	int cpu;

	memset(sum, 0, sizeof(value));
	for_each_possible_cpu(cpu) {
		read_whole(per_cpu_ptr(stats, cpu), value);
		for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
			sum[i] += value[i];
	}
}
