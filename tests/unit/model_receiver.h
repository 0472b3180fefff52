/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One who downloads by windows, written from RFC 7440 alone: it sees numbers of 16 bits and nothing else. Where the
 * RFC leaves a choice there are habits.
 */
#ifndef KTFTP_MODEL_RECEIVER_H
#define KTFTP_MODEL_RECEIVER_H

#include "model_network.h"

#define RECEIVER_PATIENCE_US 1000000 /* of silence, until it acknowledges again */
#define RECEIVER_WORK_US     100     /* for a packet, where buffers are few */

/**
 * enum habit - what is acknowledged besides the last block of each window
 * @GAP_ONCE: of the blocks before a gap the last one; once
 * @GAP_EACH: again for every block that is not the one expected
 * @GAP_NEVER: nothing, until nothing comes any more
 * @EVERY_BLOCK: every block, and again for every one that is not expected
 * @FEW_BUFFERS: as GAP_ONCE; but of packets that come at once only the first few arrive
 */
enum habit {
	GAP_ONCE,
	GAP_EACH,
	GAP_NEVER,
	EVERY_BLOCK,
	FEW_BUFFERS,
	HABITS,
};

#define BUFFERS 4

/**
 * struct receiver - one download
 * @windowsize: blocks that are acknowledged together
 * @rollover: the number after 65535
 * @number: of the last block taken, on the wire
 * @blocks: blocks taken, for the judge and to count a window
 * @base: how many of them were acknowledged last
 * @told: @blocks when a gap was acknowledged last
 * @all: the last block was a short one
 * @due_us: when patience ends
 * @free_us: when each buffer is free again
 * @overrun: packets that found none
 */
struct receiver {
	enum habit habit;
	u32 windowsize;
	u8 rollover;
	u16 number;
	u64 blocks;
	u64 base;
	u64 told;
	bool all;
	u64 due_us;
	u64 free_us[BUFFERS];
	size_t next;
	u64 overrun;
};

static inline struct packet receiver_ack(struct receiver *r)
{
	r->base = r->blocks;
	return (struct packet){ .ack = true, .wire = r->number, .block = r->blocks };
}

static inline bool receiver_has_room(struct receiver *r, u64 now_us)
{
	const u64 before_us = r->free_us[(r->next + BUFFERS - 1) % BUFFERS];

	if (r->free_us[r->next] > now_us) {
		r->overrun++;
		return false;
	}
	r->free_us[r->next] = (before_us > now_us ? before_us : now_us) + RECEIVER_WORK_US;
	r->next = (r->next + 1) % BUFFERS;
	return true;
}

/* The block that is expected. Returns: is it to be acknowledged. */
static inline bool receiver_takes_next(struct receiver *r, const struct packet *data)
{
	/* What is written to the file is what was read from it. */
	assert_true(data->block == r->blocks + 1);
	r->blocks++;
	r->number = data->wire;
	r->all = data->last;
	return r->all || r->habit == EVERY_BLOCK || r->blocks - r->base >= r->windowsize;
}

/* Another one than is expected, or an OACK. */
static inline bool receiver_misses(struct receiver *r)
{
	if (r->habit == GAP_NEVER && !r->all)
		return false;
	if ((r->habit == GAP_ONCE || r->habit == FEW_BUFFERS) && !r->all && r->blocks && r->told == r->blocks)
		return false;
	r->told = r->blocks;
	return true;
}

/* A packet arrives. Returns: is what has come to be acknowledged now. */
static inline bool receiver_takes(struct receiver *r, const struct packet *packet, u64 now_us)
{
	const u16 expected = r->number == 65535 ? r->rollover : r->number + 1;

	if (r->habit == FEW_BUFFERS && !receiver_has_room(r, now_us))
		return false;
	r->due_us = now_us + RECEIVER_PATIENCE_US;
	if (packet->oack)
		return !r->blocks;
	if (!r->all && packet->wire == expected)
		return receiver_takes_next(r, packet);
	return receiver_misses(r);
}

#endif
