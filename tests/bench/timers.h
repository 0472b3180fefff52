/* SPDX-License-Identifier: GPL-2.0 */
/* A binary heap of deadlines. Each timer knows its place, so that it can be moved forward. */
#ifndef BENCH_TIMERS_H
#define BENCH_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
	uint64_t at_ns;
	size_t place; /* in the heap, counted from 1; 0: not in it */
};

struct timers {
	struct timer **heap; /* heap[0] is not used */
	size_t count;
	size_t room;
};

int timers_init(struct timers *timers, size_t room);
void timers_fini(struct timers *timers);
void timers_arm(struct timers *timers, struct timer *timer, uint64_t at_ns);
uint64_t timers_next(const struct timers *timers);
struct timer *timers_expired(struct timers *timers, uint64_t now_ns);

#endif
