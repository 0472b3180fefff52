/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: round-trip time estimation and retransmission intervals, after RFC 6298 and RFC 1123 4.2.3.2, and a
 * floor that is learned: phones stop for a while to write their flash, and answer everything afterwards.
 * docs/timers.md has the figures behind the constants.
 */
#ifndef KTFTP_RTO_H
#define KTFTP_RTO_H

#include <linux/types.h>

#define KTFTP_RTO_FIRST_US	1000000	/* before any sample, RFC 6298 section 2.1 */
#define KTFTP_RTO_SECOND_US	200000	/* least wait between the first and the second repeat of a block */
#define KTFTP_RTO_LEARNED_US	1000000	/* most that is learned: later than that clients repeat by themselves */
#define KTFTP_RTO_CLEAN		1024	/* blocks without a repeat that halve what was learned */
#define KTFTP_RTO_LOSSES	4	/* needed repeats that are remembered, at most */

/**
 * struct ktftp_rto - the estimator of one transfer
 * @srtt_us: smoothed round trip, 0 before the first sample
 * @rttvar_us: its variation
 * @least_us: the shortest round trip, 0 before the first sample
 * @floor_us: learned floor of the interval, 0 for none
 * @doubt_us: from the first sending of the block acknowledged last to its acknowledgement, when it was sent more
 *	than once and it is not known which copy was answered; else 0
 * @losses: repeats that were needed, less those since that were not
 * @repeats: how often the block in flight was repeated since it was first sent
 * @clean: blocks acknowledged without a repeat since what was learned was halved, or @floor_us rose
 *
 * All of it is protected by the transfer's lock.
 */
struct ktftp_rto {
	u32 srtt_us;
	u32 rttvar_us;
	u32 least_us;
	u32 floor_us;
	u32 doubt_us;
	u8 losses;
	u8 repeats;
	u16 clean;
};

/**
 * struct ktftp_rto_limits - what bounds every interval
 * @min_us: floor, the timer's granularity included
 * @max_us: ceiling, also of the back-off
 */
struct ktftp_rto_limits {
	u32 min_us;
	u32 max_us;
};

void ktftp_rto_repeat(struct ktftp_rto *rto);
bool ktftp_rto_acknowledged(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits, u32 since_first_us,
			    u32 since_last_us);
bool ktftp_rto_duplicate(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits);
u32 ktftp_rto_us(const struct ktftp_rto *rto, const struct ktftp_rto_limits *limits);

#endif
