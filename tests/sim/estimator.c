// SPDX-License-Identifier: GPL-2.0
/*
 * The module's estimator is compiled into this file once more, with variables in place of its constants;
 * check.c holds both against each other.
 */
#include "estimator.h"

static u32 second_us, learned_us, clean_blocks, losses_most;

#undef KTFTP_RTO_SECOND_US
#undef KTFTP_RTO_LEARNED_US
#undef KTFTP_RTO_CLEAN
#undef KTFTP_RTO_LOSSES
#define KTFTP_RTO_SECOND_US    second_us
#define KTFTP_RTO_LEARNED_US   learned_us
#define KTFTP_RTO_CLEAN        clean_blocks
#define KTFTP_RTO_LOSSES       losses_most
#define ktftp_rto_repeat       varied_repeat
#define ktftp_rto_acknowledged varied_acknowledged
#define ktftp_rto_duplicate    varied_duplicate
#define ktftp_rto_us           varied_us
void varied_repeat(struct ktftp_rto *rto);
bool varied_acknowledged(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits, u32 since_first_us,
			 u32 since_last_us);
bool varied_duplicate(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits);
u32 varied_us(const struct ktftp_rto *rto, const struct ktftp_rto_limits *limits);
#include "rto.c"
#undef ktftp_rto_repeat
#undef ktftp_rto_acknowledged
#undef ktftp_rto_duplicate
#undef ktftp_rto_us

static struct ktftp_rto_limits use(const struct timing *timing)
{
	second_us = timing->second_us;
	learned_us = timing->learned_us;
	clean_blocks = timing->clean;
	losses_most = timing->losses;
	return (struct ktftp_rto_limits){ .min_us = timing->min_us, .max_us = timing->max_us };
}

/* A repeat proved needless: does what the module does about it as the timing says. */
static void vary_proof(struct estimator *estimator, const struct ktftp_rto *before, u32 took_us)
{
	const struct timing *timing = estimator->timing;
	struct ktftp_rto *rto = &estimator->rto;
	u64 floor_us = max_t(u64, before->floor_us, timing->min_us) * 2;

	if (timing->takes_sample)
		take_sample(rto, took_us);
	if (rto->floor_us == before->floor_us)
		return;
	floor_us = max_t(u64, floor_us, (u64)took_us * timing->sample_percent / 100);
	rto->floor_us = min_t(u64, floor_us, timing->learned_us);
}

static bool vary_acknowledged(struct estimator *estimator, const struct ktftp_rto_limits *limits, u32 since_first_us,
			      u32 since_last_us)
{
	const struct timing *timing = estimator->timing;
	struct ktftp_rto *rto = &estimator->rto, before;

	if (timing->keeps_backoff)
		estimator->kept = rto->repeats ? min_t(u32, estimator->kept + rto->repeats, 16) : 0;
	if (timing->unlearned)
		since_last_us = U32_MAX;
	if (!timing->losses)
		rto->doubt_us = 0;
	before = *rto;
	if (!varied_acknowledged(rto, limits, since_first_us, since_last_us))
		return false;
	vary_proof(estimator, &before, since_first_us);
	return true;
}

static bool vary_duplicate(struct estimator *estimator, const struct ktftp_rto_limits *limits)
{
	const struct ktftp_rto before = estimator->rto;

	if (estimator->timing->unlearned || !varied_duplicate(&estimator->rto, limits))
		return false;
	vary_proof(estimator, &before, before.doubt_us);
	return true;
}

void estimator_repeat(struct estimator *estimator)
{
	if (estimator->timing->module)
		ktftp_rto_repeat(&estimator->rto);
	else
		varied_repeat(&estimator->rto);
}

/* Returns true when a repeat turned out to be spurious. */
bool estimator_acknowledged(struct estimator *estimator, u32 since_first_us, u32 since_last_us)
{
	const struct ktftp_rto_limits limits = use(estimator->timing);

	if (estimator->timing->module)
		return ktftp_rto_acknowledged(&estimator->rto, &limits, since_first_us, since_last_us);
	return vary_acknowledged(estimator, &limits, since_first_us, since_last_us);
}

/* Likewise. */
bool estimator_duplicate(struct estimator *estimator)
{
	const struct ktftp_rto_limits limits = use(estimator->timing);

	if (estimator->timing->module)
		return ktftp_rto_duplicate(&estimator->rto, &limits);
	return vary_duplicate(estimator, &limits);
}

u32 estimator_us(const struct estimator *estimator)
{
	const struct timing *timing = estimator->timing;
	const struct ktftp_rto_limits limits = use(timing);

	if (timing->fixed_us)
		return timing->fixed_us;
	if (timing->module)
		return ktftp_rto_us(&estimator->rto, &limits);
	return min_t(u64, (u64)varied_us(&estimator->rto, &limits) << estimator->kept, timing->max_us);
}
