/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A slow client's receive buffers, as a pure model: packets wait in few buffers while the client takes its time over
 * an earlier one, and what finds no buffer free is lost. It is told when each packet came, so it does not matter when
 * the load generator gets round to reading it.
 */
#ifndef BENCH_BUFFERS_H
#define BENCH_BUFFERS_H

#include <stdbool.h>
#include <stdint.h>

struct buffers {
	unsigned int count; /* 0: as many as it takes */
	uint64_t *free_ns;  /* when each is free again, in turn */
	uint64_t taken;     /* packets that found one */
	uint64_t busy_ns;   /* until then the client is at work on what has come */
};

int buffers_init(struct buffers *buffers, unsigned int count);
void buffers_fini(struct buffers *buffers);
bool buffers_take(struct buffers *buffers, uint64_t came_ns);
void buffers_work(struct buffers *buffers, uint64_t work_ns);
void buffers_release(struct buffers *buffers);

#endif
