/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: when a group of changes is complete. It is when nothing happened for a while, and at the latest some time
 * after its first change: somebody who never stops writing must not keep what is complete from being served.
 */
#ifndef KTFTPD_SETTLE_H
#define KTFTPD_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#define SETTLE_NEVER INT64_MAX

/**
 * struct settle - a group of changes; all zero is none
 * @pending: there is one
 * @held: it is known to be incomplete, until the next change
 * @first_ms: when its first change was
 * @last_ms: and its last
 */
struct settle {
	bool pending;
	bool held;
	int64_t first_ms;
	int64_t last_ms;
};

void settle_changed(struct settle *s, int64_t now_ms);
void settle_hold(struct settle *s);
void settle_done(struct settle *s);
bool settle_is_over(const struct settle *s, int64_t now_ms, uint32_t settle_ms);
int64_t settle_wait_ms(const struct settle *s, int64_t now_ms, uint32_t quiet_ms, uint32_t settle_ms);

#endif
