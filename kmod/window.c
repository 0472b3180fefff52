// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: the lock-step window of RFC 1350. One block is in flight at a time.
 */
#include <linux/limits.h>
#include <linux/math64.h>

#include "window.h"

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
 * ktftp_window_ack() - take an ACK in
 * @window: where the download stands; moves on by the block that @wire acknowledges
 * @wire: block number of the ACK
 *
 * Return: what the ACK means.
 */
enum ktftp_ack ktftp_window_ack(struct ktftp_window *window, u16 wire)
{
	if (window->negotiating) {
		if (wire)
			return KTFTP_ACK_STALE;
		window->negotiating = false;
		return KTFTP_ACK_NEXT;
	}
	if (window->sent > window->acked && wire == ktftp_window_wire(window, window->sent)) {
		window->acked = window->sent;
		return window->acked == window->blocks ? KTFTP_ACK_LAST : KTFTP_ACK_NEXT;
	}
	if (wire == ktftp_window_wire(window, window->acked))
		return KTFTP_ACK_DUPLICATE;
	return KTFTP_ACK_STALE;
}
