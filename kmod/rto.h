/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: round-trip time estimation and retransmission intervals, after RFC 6298 and RFC 1123 4.2.3.2.
 */
#ifndef KTFTP_RTO_H
#define KTFTP_RTO_H

#include <linux/types.h>

#define KTFTP_RTO_FIRST_US	1000000	/* before any sample, RFC 6298 section 2.1 */
#define KTFTP_RTO_SECOND_US	200000	/* least wait between the first and the second repeat of a block */

/**
 * struct ktftp_rto - the estimator of one transfer
 * @srtt_us: smoothed round trip, 0 before the first sample
 * @rttvar_us: its variation
 * @repeats: how often the current block was repeated since it was first sent
 *
 * All of it is protected by the transfer's lock.
 */
struct ktftp_rto {
	u32 srtt_us;
	u32 rttvar_us;
	u8 repeats;
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

void ktftp_rto_sample(struct ktftp_rto *rto, u32 rtt_us);
u32 ktftp_rto_us(const struct ktftp_rto *rto, const struct ktftp_rto_limits *limits);

#endif
