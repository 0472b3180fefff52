// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: windows of blocks, RFC 7440; of a single block in lock-step, RFC 1350.
 *
 * Nothing that a client or a network repeats makes the traffic grow (RFC 1123 4.2.3.1): of all acknowledgements of
 * one block at most one is answered by sending blocks again, none when what came before it may have been received
 * twice, and none at all once such an answer turned out to be needless.
 */
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "window.h"

/* After so many timeouts in a row whole windows are sent rarely: whoever is there acknowledges what it has again. */
#define TIMEOUTS_OF_WHOLE_WINDOWS	2
#define TIMEOUTS_OF_FIRST_WINDOW	1
#define TIMEOUTS_TO_A_WHOLE_WINDOW	4

/* No number of an ACK. */
#define NOWHERE				U32_MAX

/*
 * A client that acknowledges so many blocks in the midst of windows one by one does so whether or not anything is
 * missing.
 */
#define SINGLES				3

/* Windows that may be sent again because of gaps; more only as more is acknowledged. */
#define SPARE_WINDOWS			4

/**
 * ktftp_window_blocks() - how many DATA blocks a file takes
 * @bytes: size of the file
 * @blksize: bytes of a full block
 *
 * Return: at least 1; a size that is a multiple of @blksize takes a last, empty block (RFC 1350 section 6).
 */
u64 ktftp_window_blocks(u64 bytes, u32 blksize)
{
	return div_u64(bytes, blksize) + 1;
}

/**
 * ktftp_window_wire() - the number a block has on the wire
 * @window: of its download
 * @block: block, counted from 1; 0 for an OACK
 *
 * No RFC says what follows 65535; every client that reads on expects 0, unless it asked for rollover 1.
 */
u16 ktftp_window_wire(const struct ktftp_window *window, u64 block)
{
	u32 beyond;

	if (!window->rollover || block <= U16_MAX)
		return block & U16_MAX;
	div_u64_rem(block - 1, U16_MAX, &beyond);
	return beyond + 1;
}

/**
 * ktftp_window_init() - nothing was sent yet
 * @window: window; its @rollover and @negotiating are set already
 * @blocks: DATA blocks in all, at least 1
 * @blksize: bytes of a full block
 * @size: blocks that the client acknowledges together, at least 1
 *
 * Context: any.
 */
void ktftp_window_init(struct ktftp_window *window, u64 blocks, u32 blksize, u16 size)
{
	*window = (struct ktftp_window){
		.blocks = blocks,
		.size = size,
		.spare = min_t(u32, SPARE_WINDOWS * size, U16_MAX),
		.rollover = window->rollover,
		.negotiating = window->negotiating,
	};
	ktftp_burst_init(&window->burst, size, blksize);
}

/* How many blocks behind @acked a number means; there is one answer, for fewer than 65535 are ever sent ahead. */
static u32 blocks_ahead(const struct ktftp_window *window, u16 wire)
{
	u16 acked = ktftp_window_wire(window, window->acked);

	if (!window->rollover || !window->acked)
		return (u16)(wire - acked);
	if (!wire)
		return NOWHERE;
	return wire >= acked ? wire - acked : wire + U16_MAX - acked;
}

/* Blocks behind @acked that may be sent before anything else is acknowledged. */
static u32 room(const struct ktftp_window *window)
{
	u32 blocks = min_t(u64, max_t(u16, window->size, 1), window->blocks - window->acked);

	/* With more than half of all numbers, a late ACK of the window before would look like one of this. */
	blocks = min_t(u32, blocks, S16_MAX);

	/*
	 * Acknowledgements can be made up. None is trusted with more than a burst, or as much again as was acknowledged
	 * before: a window that is larger opens by doubling.
	 */
	if (window->size > 1)
		blocks = min_t(u64, blocks, max_t(u64, window->burst.most, window->acked));
	if (window->timeouts > (window->acked ? TIMEOUTS_OF_WHOLE_WINDOWS : TIMEOUTS_OF_FIRST_WINDOW) &&
	    (window->timeouts + 1) % TIMEOUTS_TO_A_WHOLE_WINDOW)
		blocks = min_t(u32, blocks, KTFTP_BURST_LEAST);
	return blocks;
}

/* Sending begins anew behind what is acknowledged. */
static void rewind(struct ktftp_window *window)
{
	window->resent = window->sent - window->acked;
	window->ahead = 0;
	window->repeated = true;
}

/*
 * The block after @acked and @step more is missing. What made the client complain was behind it in the same burst,
 * unless a later one has left since: then nothing is known of the rest of that one.
 */
static void judge_gap(struct ktftp_window *window, u32 step)
{
	if (step + window->burst.last < window->ahead)
		ktftp_burst_lost(&window->burst, false);
	else
		ktftp_burst_came(&window->burst);
}

static void advance(struct ktftp_window *window, u32 step)
{
	window->acked += step;
	window->spare = min_t(u32, window->spare + step, min_t(u32, SPARE_WINDOWS * window->size, U16_MAX));
	window->resent -= min_t(u32, window->resent, step);
	window->timeouts = 0;
	window->in_doubt = false;
	window->was_answered = window->answered;
	window->answered = false;
}

static enum ktftp_ack all_acked(struct ktftp_window *window, u32 step)
{
	advance(window, step);
	if (!window->repeated)
		ktftp_burst_came(&window->burst);
	if (step > 1 && step == window->size)
		window->eager = false;
	if (step > 1)
		window->singles = 0;
	window->ahead = 0;
	window->was_repeated = window->repeated;
	window->repeated = false;
	return window->acked == window->blocks ? KTFTP_ACK_LAST : KTFTP_ACK_NEXT;
}

/*
 * Is what is acknowledged in the midst of a window what comes before a gap? Not when the client complains of the first
 * block that was sent again, because it has it: all that was sent before is what it acknowledges then; or, after a
 * timeout, as much of that as it got. Nor when more would be sent again than is ever acknowledged.
 */
static bool is_gap(struct ktftp_window *window, u32 step)
{
	bool behind = step >= window->ahead;

	window->singles = step == 1 ? min_t(u8, window->singles + 1, SINGLES) : 0;
	if (window->singles == SINGLES)
		window->eager = true;
	return !behind && !window->eager && !window->in_doubt && step != window->resent &&
	       window->ahead - step <= window->spare;
}

static enum ktftp_ack some_acked(struct ktftp_window *window, u32 step)
{
	if (!is_gap(window, step)) {
		window->ahead -= min_t(u32, window->ahead, step);
		advance(window, step);
		return KTFTP_ACK_SOME;
	}
	judge_gap(window, step);
	window->spare -= window->ahead - step;
	advance(window, step);
	window->was_answered = false;
	rewind(window);
	return KTFTP_ACK_GAP;
}

/* Nothing new is acknowledged: of a window, either the first block is missing, or the ACK is a copy. */
static enum ktftp_ack acked_again(struct ktftp_window *window)
{
	if (ktftp_window_is_lock_step(window) || window->sent == window->acked)
		return KTFTP_ACK_DUPLICATE;
	if (window->was_answered)
		window->deaf = true;
	if (window->timeouts > TIMEOUTS_OF_WHOLE_WINDOWS && window->acked && !window->answered) {
		/* It was away, and is back. */
		window->answered = true;
		window->timeouts = 0;
		rewind(window);
		return KTFTP_ACK_GAP;
	}
	if (window->repeated || window->was_repeated || window->eager || window->deaf || !window->ahead)
		return KTFTP_ACK_DUPLICATE;
	judge_gap(window, 0);
	window->answered = true;
	rewind(window);
	return KTFTP_ACK_GAP;
}

/**
 * ktftp_window_ack() - take an ACK in
 * @window: where the download stands; moves on by the blocks that @wire acknowledges
 * @wire: block number of the ACK
 *
 * Return: what the ACK means. After KTFTP_ACK_GAP and KTFTP_ACK_SOME ktftp_window_take() has the blocks to be sent;
 * there may be none.
 */
enum ktftp_ack ktftp_window_ack(struct ktftp_window *window, u16 wire)
{
	u32 sent = window->sent - window->acked, step;

	if (window->negotiating) {
		if (wire)
			return KTFTP_ACK_STALE;
		window->negotiating = false;
		window->was_repeated = window->repeated;
		window->repeated = false;
		window->timeouts = 0;
		return KTFTP_ACK_NEXT;
	}
	step = blocks_ahead(window, wire);
	if (!step)
		return acked_again(window);
	if (step > sent)
		return KTFTP_ACK_STALE;
	return step == sent ? all_acked(window, step) : some_acked(window, step);
}

/**
 * ktftp_window_has_more() - may more be sent before anything else is acknowledged
 * @window: where the download stands, with no OACK out
 */
bool ktftp_window_has_more(const struct ktftp_window *window)
{
	return window->ahead < room(window);
}

/**
 * ktftp_window_take() - the next burst leaves
 * @window: where the download stands, with no OACK out
 *
 * Return: its blocks; none when the window is full.
 */
struct ktftp_run ktftp_window_take(struct ktftp_window *window)
{
	u32 most = room(window), left = most - min_t(u32, window->ahead, most);
	struct ktftp_run run = { .first = window->acked + window->ahead + 1 };
	u64 last;

	if (!left)
		return run;
	run.count = ktftp_window_is_lock_step(window) ? 1 : ktftp_burst_take(&window->burst, left);
	last = run.first + run.count - 1;
	/* In the first round what was sent before never left this host. */
	if (window->repeated && window->sent >= run.first)
		run.again = min_t(u64, window->sent - run.first + 1, run.count);
	window->ahead += run.count;
	window->sent = max_t(u64, window->sent, last);
	return run;
}

/**
 * ktftp_window_untake() - blocks that were taken never left this host
 * @window: where the download stands
 * @first: the first of them; those behind it did not leave either
 *
 * They are taken next, unless they do not matter any more.
 */
void ktftp_window_untake(struct ktftp_window *window, u64 first)
{
	if (first > window->acked && first <= window->acked + window->ahead)
		window->ahead = first - window->acked - 1;
}

/**
 * ktftp_window_timeout() - nothing was acknowledged for too long, or the client asks for the first packet again
 * @window: where the download stands
 *
 * All behind what is acknowledged is to be sent again.
 */
void ktftp_window_timeout(struct ktftp_window *window)
{
	bool again = window->timeouts;

	if (window->timeouts < U8_MAX)
		window->timeouts++;
	if (!window->negotiating && window->size > 1)
		ktftp_burst_lost(&window->burst, again);
	/* If it is one that acknowledges all sorts of things, it will show that again. */
	window->eager = false;
	window->singles = 0;
	window->in_doubt = true;
	rewind(window);
}
