/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that look random and are the same in every run: xorshift64*, after Marsaglia and Vigna. */
#ifndef KTFTP_RANDOM_H
#define KTFTP_RANDOM_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/**
 * struct random - one stream of numbers
 * @state: never 0
 */
struct random {
	uint64_t state;
};

/* Streams of neighbouring seeds have nothing in common. */
static inline struct random random_from(uint64_t seed)
{
	seed = (seed + 1) * 0x9e3779b97f4a7c15ull;
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9ull;
	return (struct random){ .state = (seed ^ seed >> 31) | 1 };
}

static inline uint64_t random_next(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * 0x2545f4914f6cdd1dull;
}

/* Below @limit, which is at least 1. */
static inline size_t random_below(struct random *random, size_t limit)
{
	return (random_next(random) >> 11) % limit;
}

/* True once in @n times. */
static inline bool random_one_in(struct random *random, size_t n)
{
	return !random_below(random, n);
}

#endif
