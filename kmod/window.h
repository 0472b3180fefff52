/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: which block an ACK means, what is to be sent next, and how block numbers wrap.
 */
#ifndef KTFTP_WINDOW_H
#define KTFTP_WINDOW_H

#include <linux/types.h>

/**
 * struct ktftp_window - where one download stands
 * @blocks: DATA blocks in all, at least 1: the last one is short, and empty when the size is a multiple
 * @acked: blocks the client has acknowledged, 0 to @blocks
 * @sent: blocks sent at least once, @acked to @blocks
 * @negotiating: an OACK is out, as block 0, and no block yet
 * @rollover: the number on the wire after 65535, 0 or 1
 *
 * Blocks are counted from 1 and never wrap here; only the 16-bit number on the wire does. All of it is
 * protected by the transfer's lock.
 */
struct ktftp_window {
	u64 blocks;
	u64 acked;
	u64 sent;
	bool negotiating;
	u8 rollover;
};

enum ktftp_ack {
	KTFTP_ACK_NEXT,		/* acknowledges what is in flight: send the next block */
	KTFTP_ACK_LAST,		/* acknowledges the last block: the transfer is complete */
	KTFTP_ACK_DUPLICATE,	/* of the block before: never answered (RFC 1123 4.2.3.1) */
	KTFTP_ACK_STALE,	/* of anything else */
};

u64 ktftp_window_blocks(u64 bytes, u32 blksize);
u16 ktftp_window_wire(const struct ktftp_window *window, u64 block);
enum ktftp_ack ktftp_window_ack(struct ktftp_window *window, u16 wire);

#endif
