// SPDX-License-Identifier: GPL-2.0
/* See bucket.h. */
#include "bucket.h"

#define ONE 1000

static void fill(struct bucket *bucket, int64_t now_ms)
{
	uint64_t room = (uint64_t)bucket->per_s * ONE, passed_ms;

	if (now_ms <= bucket->filled_ms)
		return;
	passed_ms = now_ms - bucket->filled_ms;
	bucket->filled_ms = now_ms;
	/* A second fills it, however empty it is. */
	if (passed_ms >= 1000 || bucket->thousandths + passed_ms * bucket->per_s >= room)
		bucket->thousandths = room;
	else
		bucket->thousandths += passed_ms * bucket->per_s;
}

void bucket_init(struct bucket *bucket, uint32_t per_s, int64_t now_ms)
{
	bucket->per_s = per_s;
	bucket->thousandths = (uint64_t)per_s * ONE;
	bucket->filled_ms = now_ms;
}

void bucket_set_rate(struct bucket *bucket, uint32_t per_s, int64_t now_ms)
{
	fill(bucket, now_ms);
	if (!bucket->per_s || bucket->thousandths > (uint64_t)per_s * ONE)
		bucket->thousandths = (uint64_t)per_s * ONE;
	bucket->per_s = per_s;
}

bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
	if (!bucket->per_s)
		return true;
	fill(bucket, now_ms);
	if (bucket->thousandths < ONE)
		return false;
	bucket->thousandths -= ONE;
	return true;
}
