// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: round-trip time estimation and retransmission intervals.
 *
 * RFC 6298 with alpha 1/8, beta 1/4, K 4. The caller keeps Karn's rule: no sample from a block that was
 * sent more than once. The granularity G of RFC 6298 is part of the floor.
 */
#include <linux/minmax.h>

#include "rto.h"

/**
 * ktftp_rto_sample() - take a measured round trip in
 * @rto: estimator
 * @rtt_us: from sending a block, once, to its acknowledgement; 0 counts as 1
 *
 * RFC 6298 section 2.2 and 2.3.
 */
void ktftp_rto_sample(struct ktftp_rto *rto, u32 rtt_us)
{
	u32 error_us;

	rtt_us = max_t(u32, rtt_us, 1);
	if (!rto->srtt_us) {
		rto->srtt_us = rtt_us;
		rto->rttvar_us = rtt_us / 2;
		return;
	}
	error_us = rtt_us > rto->srtt_us ? rtt_us - rto->srtt_us : rto->srtt_us - rtt_us;
	rto->rttvar_us = rto->rttvar_us - rto->rttvar_us / 4 + error_us / 4;
	rto->srtt_us = max_t(u32, rto->srtt_us - rto->srtt_us / 8 + rtt_us / 8, 1);
}

/**
 * ktftp_rto_us() - how long to wait for an answer to what was sent last
 * @rto: estimator
 * @limits: floor and ceiling
 *
 * Doubles with every repeat (RFC 1123 4.2.3.2 asks for it); from the second repeat on at least
 * KTFTP_RTO_SECOND_US, because a client that missed two blocks in a row is busy, not unlucky.
 *
 * Return: microseconds, between the limits.
 */
u32 ktftp_rto_us(const struct ktftp_rto *rto, const struct ktftp_rto_limits *limits)
{
	u64 wait_us = KTFTP_RTO_FIRST_US;

	if (rto->srtt_us)
		wait_us = (u64)rto->srtt_us + 4ull * rto->rttvar_us;
	wait_us = max_t(u64, wait_us, limits->min_us);
	wait_us <<= min_t(u8, rto->repeats, 16);
	if (rto->repeats)
		wait_us = max_t(u64, wait_us, KTFTP_RTO_SECOND_US);
	return min_t(u64, wait_us, limits->max_us);
}
