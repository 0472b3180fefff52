/* SPDX-License-Identifier: GPL-2.0 */
/* Chance that depends on nothing but a seed, a stream and a number: the same in every run. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <linux/types.h>

enum random_stream {
	RANDOM_PHASE = 1, /* where in a jiffy a download begins */
	RANDOM_STALL,     /* by block: the same stalls whatever the timer does */
	RANDOM_LOSS,      /* by packet, like what follows */
	RANDOM_COPY,
	RANDOM_DELAY,
	RANDOM_DELAY_OF_COPY,
};

static inline u64 random_mix(u64 value)
{
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ value >> 27) * 0x94d049bb133111ebull;
	return value ^ value >> 31;
}

/* At least 0, less than 1. */
static inline double random_at(u64 seed, enum random_stream stream, u64 number)
{
	u64 bits = random_mix(random_mix(random_mix(seed + 0x9e3779b97f4a7c15ull) + stream) + number);

	return (bits >> 11) * 0x1p-53;
}

#endif
