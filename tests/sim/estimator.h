/* SPDX-License-Identifier: GPL-2.0 */
/* How long to wait: the module's own code, the same code with other constants, and what others do. */
#ifndef SIM_ESTIMATOR_H
#define SIM_ESTIMATOR_H

#include <linux/types.h>

#include "rto.h"

/**
 * struct timing - one way to choose intervals
 * @name: for tables
 * @module: call what the module calls; of what follows only @min_us and @max_us count
 * @min_us: floor
 * @max_us: ceiling
 * @fixed_us: always wait this long; 0: measure
 * @second_us: stands for KTFTP_RTO_SECOND_US
 * @learned_us: stands for KTFTP_RTO_LEARNED_US
 * @clean: stands for KTFTP_RTO_CLEAN
 * @losses: stands for KTFTP_RTO_LOSSES; 0: what was lost is not looked at
 * @sample_percent: the learned floor is at least this much of how long the client took; the module has 125
 * @unlearned: repeats that prove needless move nothing
 * @takes_sample: a repeat that proves needless gives a sample
 * @keeps_backoff: RFC 6298 5.5: what was doubled stays so until there is a new sample
 */
struct timing {
	const char *name;
	bool module;
	u32 min_us;
	u32 max_us;
	u32 fixed_us;
	u32 second_us;
	u32 learned_us;
	u32 clean;
	u32 losses;
	u32 sample_percent;
	bool unlearned;
	bool takes_sample;
	bool keeps_backoff;
};

/**
 * struct estimator - of one download
 * @timing: how
 * @rto: the module's estimator
 * @kept: doublings that are kept
 */
struct estimator {
	const struct timing *timing;
	struct ktftp_rto rto;
	u8 kept;
};

void estimator_repeat(struct estimator *estimator);
bool estimator_acknowledged(struct estimator *estimator, u32 since_first_us, u32 since_last_us);
bool estimator_duplicate(struct estimator *estimator);
u32 estimator_us(const struct estimator *estimator);

#endif
