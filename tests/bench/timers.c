// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "timers.h"

/* Room for @room timers, as many as will ever be armed at once. */
int timers_init(struct timers *timers, size_t room)
{
	timers->count = 0;
	timers->room = room;
	timers->heap = calloc(room + 1, sizeof(*timers->heap));
	return timers->heap ? 0 : -ENOMEM;
}

void timers_fini(struct timers *timers)
{
	free(timers->heap);
	timers->heap = NULL;
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void rise(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	while (place > 1 && timers->heap[place / 2]->at_ns > timer->at_ns) {
		put(timers, place, timers->heap[place / 2]);
		place /= 2;
	}
	put(timers, place, timer);
}

static void sink(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place, child;

	while ((child = 2 * place) <= timers->count) {
		if (child < timers->count && timers->heap[child + 1]->at_ns < timers->heap[child]->at_ns)
			child++;
		if (timers->heap[child]->at_ns >= timer->at_ns)
			break;
		put(timers, place, timers->heap[child]);
		place = child;
	}
	put(timers, place, timer);
}

/*
 * Makes @timer go off no later than @at_ns. It may go off earlier, when it was armed for an earlier time:
 * its owner knows the deadline and arms it again. So a deadline that moves on with every packet costs
 * nothing here.
 */
void timers_arm(struct timers *timers, struct timer *timer, uint64_t at_ns)
{
	if (at_ns == TIMER_NEVER || (timer->place && timer->at_ns <= at_ns))
		return;
	timer->at_ns = at_ns;
	if (!timer->place)
		put(timers, ++timers->count, timer);
	rise(timers, timer);
}

uint64_t timers_next(const struct timers *timers)
{
	return timers->count ? timers->heap[1]->at_ns : TIMER_NEVER;
}

/* Takes out one timer whose time has come; NULL when there is none. */
struct timer *timers_expired(struct timers *timers, uint64_t now_ns)
{
	struct timer *first, *last;

	if (timers_next(timers) > now_ns)
		return NULL;
	first = timers->heap[1];
	last = timers->heap[timers->count--];
	if (last != first) {
		put(timers, 1, last);
		sink(timers, last);
	}
	first->place = 0;
	return first;
}
