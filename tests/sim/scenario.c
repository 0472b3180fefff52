// SPDX-License-Identifier: GPL-2.0
#include "scenario.h"

/* A client without stalls, on a network that loses @loss of the packets each way. */
struct scenario scenario_plain(u32 rtt_us, double loss)
{
	return (struct scenario){
		.blocks = EXAMPLE_BLOCKS,
		.rtt_us = rtt_us,
		.jitter_share = 0.1,
		.loss = loss,
		.silence_us = 4000000,
	};
}

/*
 * Examples A, B and C of the transfer-time formula, counted from 0. Its error rate is the share of blocks that
 * meet a loss, and a block meets one when its DATA or its ACK is lost: half of the rate goes each way.
 */
struct scenario scenario_example(unsigned int number)
{
	static const struct {
		u32 rtt_us;
		double errors;
	} examples[EXAMPLES] = { { 5000, 0.01 }, { 10000, 0.01 }, { 5000, 0.02 } };

	return scenario_plain(examples[number].rtt_us, examples[number].errors / 2);
}
