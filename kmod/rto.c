// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: round-trip time estimation and retransmission intervals, as a list of what can happen to a block:
 * repeated, acknowledged, acknowledged once more.
 *
 * RFC 6298 with alpha 1/8, beta 1/4, K 4. The granularity G of RFC 6298 is part of the floor.
 */
#include <linux/limits.h>
#include <linux/minmax.h>

#include "rto.h"

/* RFC 6298 section 2.2 and 2.3. */
static void take_sample(struct ktftp_rto *rto, u32 rtt_us)
{
	u32 error_us;

	rtt_us = max_t(u32, rtt_us, 1);
	if (!rto->least_us || rtt_us < rto->least_us)
		rto->least_us = rtt_us;
	if (!rto->srtt_us) {
		rto->srtt_us = rtt_us;
		rto->rttvar_us = rtt_us / 2;
		return;
	}
	error_us = rtt_us > rto->srtt_us ? rtt_us - rto->srtt_us : rto->srtt_us - rtt_us;
	rto->rttvar_us = rto->rttvar_us - rto->rttvar_us / 4 + error_us / 4;
	rto->srtt_us = max_t(u32, rto->srtt_us - rto->srtt_us / 8 + rtt_us / 8, 1);
}

static u32 floor_of(const struct ktftp_rto *rto, const struct ktftp_rto_limits *limits)
{
	return max_t(u32, rto->floor_us, limits->min_us);
}

/*
 * The client was slow, nothing was lost: wait longer before the next repeat of anything. But where losses are
 * more frequent than that, to wait longer for each of them costs more than a repeat that nobody needed. It gives
 * no sample: a stall says nothing about the network, and if that has become slower, the floor lets the next
 * block tell.
 */
static void was_needless(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits, u32 rtt_us)
{
	u64 floor_us = max_t(u64, 2ull * floor_of(rto, limits), rtt_us + rtt_us / 4ull);

	if (rto->losses) {
		rto->losses--;
		return;
	}
	rto->floor_us = min_t(u64, floor_us, KTFTP_RTO_LEARNED_US);
	rto->clean = 0;
}

/* Something was lost. */
static void was_needed(struct ktftp_rto *rto)
{
	rto->floor_us = 0;
	if (rto->losses < KTFTP_RTO_LOSSES)
		rto->losses++;
}

/* Nothing was repeated for a while: what was learned may be out of date. */
static void forget(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits)
{
	if (++rto->clean < KTFTP_RTO_CLEAN)
		return;
	rto->clean = 0;
	rto->losses /= 2;
	rto->floor_us /= 2;
	if (rto->floor_us <= limits->min_us)
		rto->floor_us = 0;
}

/**
 * ktftp_rto_repeat() - the block in flight is sent again
 * @rto: estimator
 */
void ktftp_rto_repeat(struct ktftp_rto *rto)
{
	if (rto->repeats < U8_MAX)
		rto->repeats++;
}

/**
 * ktftp_rto_acknowledged() - the block in flight was acknowledged
 * @rto: estimator
 * @limits: floor and ceiling
 * @since_first_us: since it was first sent
 * @since_last_us: since it was last sent
 *
 * Karn's rule: a block that was sent more than once gives no sample, for nobody knows which copy was answered;
 * unless the answer came sooner after the repeat than any answer ever did: then it answers the first. When the
 * block before was repeated and not acknowledged twice since, one of its copies was lost.
 *
 * Return: true when a repeat turned out to be spurious.
 */
bool ktftp_rto_acknowledged(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits, u32 since_first_us,
			    u32 since_last_us)
{
	bool spurious = rto->repeats && since_last_us < rto->least_us;

	if (rto->doubt_us)
		was_needed(rto);
	rto->doubt_us = 0;
	if (spurious) {
		was_needless(rto, limits, since_first_us);
	} else if (rto->repeats) {
		rto->doubt_us = max_t(u32, since_first_us, 1);
	} else {
		take_sample(rto, since_first_us);
		forget(rto, limits);
	}
	rto->repeats = 0;
	return spurious;
}

/**
 * ktftp_rto_duplicate() - the block before the one in flight was acknowledged once more
 * @rto: estimator
 * @limits: floor and ceiling
 *
 * When that block was sent more than once, two copies arrived: the repeat was spurious.
 *
 * Return: true when a repeat turned out to be spurious.
 */
bool ktftp_rto_duplicate(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits)
{
	u32 rtt_us = rto->doubt_us;

	if (!rtt_us)
		return false;
	rto->doubt_us = 0;
	was_needless(rto, limits, rtt_us);
	return true;
}

/**
 * ktftp_rto_us() - how long to wait for an answer to what was sent last
 * @rto: estimator
 * @limits: floor and ceiling
 *
 * Doubles with every repeat (RFC 1123 4.2.3.2 asks for it); from the second repeat on at least
 * KTFTP_RTO_SECOND_US, because a client that missed two blocks in a row is busy, not unlucky, unless losses are
 * frequent.
 *
 * Return: microseconds, between the limits.
 */
u32 ktftp_rto_us(const struct ktftp_rto *rto, const struct ktftp_rto_limits *limits)
{
	u64 wait_us = KTFTP_RTO_FIRST_US;

	if (rto->srtt_us)
		wait_us = (u64)rto->srtt_us + 4ull * rto->rttvar_us;
	wait_us = max_t(u64, wait_us, floor_of(rto, limits));
	wait_us <<= min_t(u8, rto->repeats, 16);
	if (rto->repeats && !rto->losses)
		wait_us = max_t(u64, wait_us, KTFTP_RTO_SECOND_US);
	return min_t(u64, wait_us, limits->max_us);
}
