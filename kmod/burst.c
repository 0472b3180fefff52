// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: the size of a burst, as a list of what can happen: it leaves, something of it was lost, a window came whole.
 */
#include <linux/limits.h>
#include <linux/minmax.h>

#include "burst.h"

/**
 * ktftp_burst_init() - nothing has left yet
 * @burst: burst
 * @windowsize: blocks of a window, at least 1
 * @blksize: bytes of a block, at least 1
 *
 * Context: any.
 */
void ktftp_burst_init(struct ktftp_burst *burst, u16 windowsize, u32 blksize)
{
	u32 fitting = max_t(u32, KTFTP_BURST_BYTES / blksize, KTFTP_BURST_LEAST);

	*burst = (struct ktftp_burst){
		.most = min_t(u32, windowsize, min_t(u32, fitting, KTFTP_BURST_BLOCKS)),
		.opening = true,
		.patience = 1,
	};
	burst->blocks = min_t(u16, burst->most, KTFTP_BURST_LEAST);
}

/**
 * ktftp_burst_take() - a burst leaves
 * @burst: burst
 * @left: blocks that are left of the window
 *
 * Return: how many of them leave now.
 */
u32 ktftp_burst_take(struct ktftp_burst *burst, u32 left)
{
	u32 taken = min_t(u32, left, burst->blocks);

	burst->last = taken;
	if (burst->opening)
		burst->blocks = min_t(u32, 2u * burst->blocks, burst->most);
	return taken;
}

static void shrink(struct ktftp_burst *burst, u16 blocks)
{
	burst->blocks = max_t(u16, blocks, min_t(u16, burst->most, KTFTP_BURST_LEAST));
	burst->losses = 0;
	burst->whole = 0;
}

/**
 * ktftp_burst_lost() - the end of a burst was lost, as far as one can tell
 * @burst: burst
 * @again: nothing has come of the window since something of it was lost before
 *
 * A single loss proves nothing. Of two without a window between them that came through, a burst becomes half as large,
 * and takes longer to grow.
 */
void ktftp_burst_lost(struct ktftp_burst *burst, bool again)
{
	burst->whole = 0;
	if (burst->opening) {
		burst->opening = false;
		/* It was doubled for the next one already. */
		shrink(burst, burst->blocks / 4);
	} else if (again || ++burst->losses > 1) {
		shrink(burst, burst->blocks / 2);
		burst->patience = min_t(u32, 2u * burst->patience, KTFTP_BURST_PATIENCE);
	}
}

/* Bursts as large as can be have done well for as long as they waited for it: they need not wait so long again. */
static void relent(struct ktftp_burst *burst)
{
	burst->patience = max_t(u8, burst->patience / 2, 1);
}

/**
 * ktftp_burst_came() - the end of a burst was not lost, whatever else was
 * @burst: burst
 */
void ktftp_burst_came(struct ktftp_burst *burst)
{
	burst->losses = 0;
	if (++burst->whole < burst->patience)
		return;
	burst->whole = 0;
	if (burst->blocks == burst->most)
		relent(burst);
	else
		burst->blocks = min_t(u32, 2u * burst->blocks, burst->most);
}
