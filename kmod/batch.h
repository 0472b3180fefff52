/* SPDX-License-Identifier: GPL-2.0 */
/* Several blocks in one skb, which the device or the stack takes apart (UDP GSO). */
#ifndef KTFTP_BATCH_H
#define KTFTP_BATCH_H

#include "window.h"
#include "xmit.h"

/**
 * struct ktftp_batch - blocks that follow each other
 * @content: whose pages
 * @offset: where in @content the first one is, in bytes
 * @window: what numbers them
 * @first: the first one
 * @count: how many, at least 1
 * @blksize: bytes of each of them
 * @last_bytes: bytes of the last one
 */
struct ktftp_batch {
	const struct ktftp_content *content;
	u64 offset;
	const struct ktftp_window *window;
	u64 first;
	u32 count;
	u32 blksize;
	u32 last_bytes;
};

struct sk_buff *ktftp_batch_build(const struct ktftp_port *port, const struct ktftp_key *key,
				  struct ktftp_route *route, const struct ktftp_batch *batch, struct sk_buff **spare,
				  u32 *built);

#endif
