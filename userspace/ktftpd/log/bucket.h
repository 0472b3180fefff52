/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: a token bucket. It holds what one second brings, so that a crowd that comes at once is not cut at once. */
#ifndef KTFTPD_BUCKET_H
#define KTFTPD_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct bucket - how much may still happen
 * @per_s: what a second brings, and what there is room for; 0 for no limit
 * @thousandths: what is in it now
 * @filled_ms: when it was looked at last
 */
struct bucket {
	uint32_t per_s;
	uint64_t thousandths;
	int64_t filled_ms;
};

/* Full. Times are of a clock that does not go back. */
void bucket_init(struct bucket *bucket, uint32_t per_s, int64_t now_ms);
/* Another rate; what is in it stays as far as there is room. */
void bucket_set_rate(struct bucket *bucket, uint32_t per_s, int64_t now_ms);
bool bucket_take(struct bucket *bucket, int64_t now_ms);

#endif
