/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: how many blocks of a window leave at once. A window opens slowly, and becomes several bursts with a pause
 * between them for a client that keeps losing what comes at once: U-Boot has room for 4 packets.
 */
#ifndef KTFTP_BURST_H
#define KTFTP_BURST_H

#include <linux/types.h>

#define KTFTP_BURST_LEAST	2	/* blocks: the first burst, and the smallest */
#define KTFTP_BURST_BLOCKS	256	/* blocks that leave at once, at most */
#define KTFTP_BURST_BYTES	131072	/* bytes that leave at once, at most, but for KTFTP_BURST_LEAST blocks */
#define KTFTP_BURST_PATIENCE	128	/* whole windows after which a burst grows, at most */

/**
 * struct ktftp_burst - how many blocks of one transfer leave at once
 * @most: blocks, never more; 1 in lock-step
 * @blocks: blocks, now; at most @most
 * @last: blocks of the burst that left last
 * @opening: nothing was lost yet: every burst may be twice as large as the one before
 * @losses: losses since the last window whose end came
 * @whole: windows in a row whose end came
 * @patience: how many of them let a burst grow
 *
 * All of it is protected by the transfer's lock.
 */
struct ktftp_burst {
	u16 most;
	u16 blocks;
	u16 last;
	bool opening;
	u8 losses;
	u8 whole;
	u8 patience;
};

void ktftp_burst_init(struct ktftp_burst *burst, u16 windowsize, u32 blksize);
u32 ktftp_burst_take(struct ktftp_burst *burst, u32 left);
void ktftp_burst_lost(struct ktftp_burst *burst, bool again);
void ktftp_burst_came(struct ktftp_burst *burst);

#endif
