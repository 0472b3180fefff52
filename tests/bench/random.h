/* SPDX-License-Identifier: GPL-2.0 */
/* splitmix64: a run with the same seed drops the same packets, as far as they come in the same order. */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "rules.h"

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t mix = *state += 0x9e3779b97f4a7c15ull;

	mix = (mix ^ (mix >> 30)) * 0xbf58476d1ce4e5b9ull;
	mix = (mix ^ (mix >> 27)) * 0x94d049bb133111ebull;
	return mix ^ (mix >> 31);
}

static inline bool random_happens(uint64_t *state, double percent)
{
	return percent > 0 && (random_next(state) >> 11) * (100.0 / (1ull << 53)) < percent;
}

static inline uint64_t random_within(uint64_t *state, const struct range *range)
{
	return range->min == range->max ? range->min : range->min + random_next(state) % (range->max - range->min + 1);
}

#endif
