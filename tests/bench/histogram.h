/* SPDX-License-Identifier: GPL-2.0 */
/* Durations counted in log-linear buckets: 32 to an octave, so a quantile is off by 3 % at most. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 1920

struct histogram {
	uint64_t count;
	uint64_t min;
	uint64_t max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *sum, const struct histogram *one);
uint64_t histogram_quantile(const struct histogram *histogram, double quantile);

#endif
