/* SPDX-License-Identifier: GPL-2.0 */
/* One download from request to end, and the median of several. */
#ifndef SIM_DOWNLOAD_H
#define SIM_DOWNLOAD_H

#include <linux/types.h>

#include "estimator.h"
#include "scenario.h"

#define SEEDS_MOST 99

/**
 * struct outcome - what a download came to, or the median of each number
 * @time_s: until the client had all
 * @floor_s: the least it could take: a round trip a block, and the stalls
 * @over_floor: the one over the other
 * @repeats: blocks that were sent again
 * @spurious: those that nobody needed
 * @client_repeats: how often the client's timer fired
 * @proofs: how often the estimator was sure that a repeat was spurious
 * @false_proofs: how often it was wrong
 * @gave_up: downloads that did not finish; of several the sum
 */
struct outcome {
	double time_s;
	double floor_s;
	double over_floor;
	double repeats;
	double spurious;
	double client_repeats;
	double proofs;
	double false_proofs;
	u64 gave_up;
};

struct outcome download(const struct scenario *scenario, const struct timing *timing, u64 seed);
struct outcome downloads(const struct scenario *scenario, const struct timing *timing, unsigned int seeds);

#endif
