/* SPDX-License-Identifier: GPL-2.0 */
/* What a download meets on its way. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <linux/types.h>

/* The file of the examples of the transfer-time formula, in blocks: 6.3 MB. */
#define EXAMPLE_BLOCKS (6300000 / 512 + 1)
#define EXAMPLES       3

/* Each stall is this many blocks from the next, on average. */
#define STALL_EVERY    200

enum jitter { JITTER_UNIFORM, JITTER_EXPONENTIAL };

/**
 * struct scenario - network and client
 * @blocks: DATA blocks of the file
 * @rtt_us: round trip without jitter
 * @later_rtt_us: the same, after half of the download; 0: it stays
 * @jitter: uniform: half of it is before, half behind the mean; exponential: comes on top
 * @jitter_share: of the round trip: largest deviation, or mean of what comes on top
 * @loss: share of packets lost, each way
 * @copies: share of packets that the network delivers twice, each way
 * @stall_us: how long the client stops now and then; 0: never
 * @silence_us: after how much silence the client repeats what it sent last
 */
struct scenario {
	u32 blocks;
	u32 rtt_us;
	u32 later_rtt_us;
	enum jitter jitter;
	double jitter_share;
	double loss;
	double copies;
	u32 stall_us;
	u32 silence_us;
};

struct scenario scenario_plain(u32 rtt_us, double loss);
struct scenario scenario_example(unsigned int number);

#endif
