// SPDX-License-Identifier: GPL-2.0
/* See hot.h. */
#include <errno.h>
#include <stdlib.h>

#include "hot.h"

/* 2 to the power of -1/60, in 1/65536. */
#define OF_A_MINUTE      64783

#define MINUTES          60
#define MS_OF_AN_HOUR    (60 * 60 * 1000)

/* After these hours nothing is left of any score. */
#define HOURS_MOST       63

/* One request an hour, for ever, is a score of 1/ln 2 requests, in 1/1000. */
#define STEADY_PER_MILLE 1443

/* So that nothing overflows. */
#define REQUESTS_MOST    (UINT64_C(1) << 40)

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* What counts when places are given. */
static uint64_t weight(const struct hot *thing)
{
	return thing->is_held ? add(add(thing->score, thing->score), HOT_REQUEST) : thing->score;
}

static uint64_t bytes_of_a_name(const struct hot *thing)
{
	return thing->bytes / (thing->names ? thing->names : 1);
}

static int compare(const void *a, const void *b)
{
	const struct hot *one = *(struct hot *const *)a, *other = *(struct hot *const *)b;

	if (weight(one) != weight(other))
		return weight(one) > weight(other) ? -1 : 1;
	if (one->is_held != other->is_held)
		return one->is_held ? -1 : 1;
	if (bytes_of_a_name(one) != bytes_of_a_name(other))
		return bytes_of_a_name(one) < bytes_of_a_name(other) ? -1 : 1;
	return one < other ? -1 : one > other;
}

int hot_choose(struct hot *things, size_t count, uint64_t budget)
{
	struct hot **order = calloc(count ? count : 1, sizeof(*order));
	size_t i;

	if (!order)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		order[i] = &things[i];
	qsort(order, count, sizeof(*order), compare);
	for (i = 0; i < count; i++) {
		order[i]->is_wanted = order[i]->bytes <= budget;
		if (order[i]->is_wanted)
			budget -= order[i]->bytes;
	}
	free(order);
	return 0;
}

uint64_t hot_aged(uint64_t score, uint64_t minutes)
{
	uint64_t hours = minutes / MINUTES;

	score = hours > HOURS_MOST ? 0 : score >> hours;
	/* A score has room for more than 2^47 requests: what is beyond the multiplication is none. */
	for (minutes %= MINUTES; minutes; minutes--)
		score = score > UINT64_MAX / OF_A_MINUTE ? score / 65536 * OF_A_MINUTE : score * OF_A_MINUTE / 65536;
	return score;
}

uint64_t hot_score(uint64_t requests, uint64_t ms)
{
	uint64_t most = (requests < REQUESTS_MOST ? requests : REQUESTS_MOST) * HOT_REQUEST, steady;

	if (ms <= MS_OF_AN_HOUR)
		return most;
	steady = most / (ms / (MS_OF_AN_HOUR / 1000)) * STEADY_PER_MILLE;
	return steady < most ? steady : most;
}
