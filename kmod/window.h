/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: which blocks an ACK acknowledges, what is to be sent next, and how block numbers wrap: RFC 1350, and RFC 7440
 * with its windows of several blocks.
 */
#ifndef KTFTP_WINDOW_H
#define KTFTP_WINDOW_H

#include <linux/types.h>

#include "burst.h"

/**
 * struct ktftp_window - where one download stands
 * @blocks: DATA blocks in all, at least 1: the last one is short, and empty when the size is a multiple
 * @acked: blocks the client has acknowledged, 0 to @blocks; its count of a window begins behind them
 * @sent: blocks sent at least once, @acked to @blocks and at most @acked + @size
 * @burst: how many of them leave at once
 * @size: blocks that the client acknowledges together, at least 1; 0 is read as 1
 * @ahead: blocks behind @acked that were sent in this round: a loss begins a new one, from @acked
 * @doubtful: blocks behind @acked that were sent again although the client may have them
 * @negotiating: an OACK is out, as block 0, and no block yet
 * @rollover: the number on the wire after 65535, 0 or 1
 * @repeated: something behind @acked was sent again
 * @was_repeated: something of the window before was: what is acknowledged twice may have been received twice
 * @answered: a repeated acknowledgement of @acked was answered by sending what is behind it again
 * @was_answered: one of the window before had; when that window is acknowledged twice, it was sent twice in vain
 * @deaf: that happened: acknowledgements of nothing new have no answer any more
 * @eager: the client acknowledges more than the ends of windows and what is before a gap
 * @singles: acknowledgements of a single block in the midst of windows, in a row
 * @timeouts: times in a row that nothing was acknowledged in time
 *
 * Blocks are counted from 1 and never wrap here; only the 16-bit number on the wire does. All of it is
 * protected by the transfer's lock.
 */
struct ktftp_window {
	u64 blocks;
	u64 acked;
	u64 sent;
	struct ktftp_burst burst;
	u16 size;
	u16 ahead;
	u16 doubtful;
	u8 timeouts;
	u8 rollover;
	u8 singles;
	bool negotiating : 1;
	bool repeated : 1;
	bool was_repeated : 1;
	bool answered : 1;
	bool was_answered : 1;
	bool deaf : 1;
	bool eager : 1;
};

/**
 * enum ktftp_ack - what an ACK means
 * @KTFTP_ACK_NEXT: acknowledges all that was sent: send what follows
 * @KTFTP_ACK_LAST: acknowledges the last block: the transfer is complete
 * @KTFTP_ACK_DUPLICATE: acknowledges nothing new, and asks for nothing (RFC 1123 4.2.3.1)
 * @KTFTP_ACK_STALE: of anything else
 * @KTFTP_ACK_GAP: acknowledges what was sent before a block that was lost, or nothing when that was the first: send
 *	from there (RFC 7440 section 4)
 * @KTFTP_ACK_SOME: acknowledges some of what was sent, and the rest is under way: send what follows it
 */
enum ktftp_ack {
	KTFTP_ACK_NEXT,
	KTFTP_ACK_LAST,
	KTFTP_ACK_DUPLICATE,
	KTFTP_ACK_STALE,
	KTFTP_ACK_GAP,
	KTFTP_ACK_SOME,
};

/**
 * struct ktftp_run - blocks that leave together
 * @first: the first one
 * @count: how many
 * @again: how many of them, from the first on, were sent before
 */
struct ktftp_run {
	u64 first;
	u32 count;
	u32 again;
};

u64 ktftp_window_blocks(u64 bytes, u32 blksize);
u16 ktftp_window_wire(const struct ktftp_window *window, u64 block);
void ktftp_window_init(struct ktftp_window *window, u64 blocks, u32 blksize, u16 size);
enum ktftp_ack ktftp_window_ack(struct ktftp_window *window, u16 wire, bool early);
bool ktftp_window_has_more(const struct ktftp_window *window);
struct ktftp_run ktftp_window_take(struct ktftp_window *window);
void ktftp_window_untake(struct ktftp_window *window, u64 first);
void ktftp_window_timeout(struct ktftp_window *window);

static inline bool ktftp_window_is_lock_step(const struct ktftp_window *window)
{
	return window->size <= 1;
}

#endif
