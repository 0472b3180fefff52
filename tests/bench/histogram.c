// SPDX-License-Identifier: GPL-2.0
#include "histogram.h"

#define OCTAVE_BITS 5
#define OCTAVE      (1u << OCTAVE_BITS)

/* Below two octaves every value has a bucket of its own; above, a bucket doubles its width per octave. */
static unsigned int bucket_of(uint64_t value)
{
	unsigned int shift;

	if (value < OCTAVE)
		return value;
	shift = 63 - __builtin_clzll(value) - OCTAVE_BITS;
	return shift * OCTAVE + (value >> shift);
}

static uint64_t middle_of(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < 2 * OCTAVE)
		return bucket;
	shift = bucket / OCTAVE - 1;
	return ((uint64_t)(bucket - shift * OCTAVE) << shift) + (1ull << shift) / 2;
}

/* An all-zero histogram is empty and ready for this. */
void histogram_add(struct histogram *histogram, uint64_t value)
{
	if (!histogram->count || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->count++;
	histogram->buckets[bucket_of(value)]++;
}

void histogram_merge(struct histogram *sum, const struct histogram *one)
{
	unsigned int i;

	if (!one->count)
		return;
	if (!sum->count || one->min < sum->min)
		sum->min = one->min;
	if (one->max > sum->max)
		sum->max = one->max;
	sum->count += one->count;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->buckets[i] += one->buckets[i];
}

static uint64_t within(const struct histogram *histogram, uint64_t value)
{
	if (value < histogram->min)
		return histogram->min;
	return value > histogram->max ? histogram->max : value;
}

/* The smallest value that a share of @quantile (0 to 1) of all values does not exceed; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double quantile)
{
	uint64_t rank = quantile * histogram->count, seen = 0;
	unsigned int i;

	if (rank < quantile * histogram->count || !rank)
		rank++;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank)
			return within(histogram, middle_of(i));
	}
	return histogram->max;
}
