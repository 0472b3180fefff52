// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/rto.c: the values of RFC 6298 worked out by hand, its bounds, back-off, numbers at their limits; what is
 * learned from repeats that were needless and from those that were not, and forgotten.
 */
#include "unit.h"

#include "random.h"
#include "rto.h"

#define SAMPLES 100000
#define EVENTS  300000

/* The module's defaults. */
static const struct ktftp_rto_limits usual = { .min_us = 16000, .max_us = 4000000 };

/* Bounds nothing. */
static const struct ktftp_rto_limits none = { .min_us = 0, .max_us = U32_MAX };

/* A block that was sent once is acknowledged. */
static void take_clean(struct ktftp_rto *rto, u32 rtt_us)
{
	assert_int_equal(rto->repeats, 0);
	assert_false(ktftp_rto_acknowledged(rto, &usual, rtt_us, rtt_us));
}

static void take_clean_blocks(struct ktftp_rto *rto, size_t count, u32 rtt_us)
{
	while (count--)
		take_clean(rto, rtt_us);
}

static struct ktftp_rto after_sample(u32 rtt_us)
{
	struct ktftp_rto rto = {};

	take_clean(&rto, rtt_us);
	return rto;
}

/* A block that was sent twice is acknowledged so late that nobody knows which copy is meant. */
static void take_doubtful(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits, u32 since_first_us)
{
	ktftp_rto_repeat(rto);
	assert_false(ktftp_rto_acknowledged(rto, limits, since_first_us, rto->least_us));
}

static void assert_same(const struct ktftp_rto *a, const struct ktftp_rto *b)
{
	assert_int_equal(a->srtt_us, b->srtt_us);
	assert_int_equal(a->rttvar_us, b->rttvar_us);
	assert_int_equal(a->least_us, b->least_us);
	assert_int_equal(a->floor_us, b->floor_us);
	assert_int_equal(a->doubt_us, b->doubt_us);
	assert_int_equal(a->losses, b->losses);
	assert_int_equal(a->repeats, b->repeats);
	assert_int_equal(a->clean, b->clean);
}

static u32 wait_after_repeats(struct ktftp_rto rto, u8 repeats, const struct ktftp_rto_limits *limits)
{
	rto.repeats = repeats;
	return ktftp_rto_us(&rto, limits);
}

CASE(first_wait_is_a_second)
{
	struct ktftp_rto rto = {};

	assert_int_equal(ktftp_rto_us(&rto, &usual), 1000000);
	assert_int_equal(wait_after_repeats(rto, 1, &usual), 2000000);
}

CASE(first_wait_keeps_the_limits)
{
	const struct ktftp_rto_limits low = { .min_us = 1000, .max_us = 300000 };
	const struct ktftp_rto_limits high = { .min_us = 2000000, .max_us = 4000000 };
	struct ktftp_rto rto = {};

	assert_int_equal(ktftp_rto_us(&rto, &low), 300000);
	assert_int_equal(ktftp_rto_us(&rto, &high), 2000000);
}

/* RTTs of 100, 60, 200 and 8 ms; each row is RFC 6298 section 2.2 or 2.3 on paper. */
CASE(samples_give_the_values_of_rfc_6298)
{
	static const struct {
		u32 rtt_us, srtt_us, rttvar_us, rto_us;
	} table[] = {
		{ 100000, 100000, 50000, 300000 }, /* R, R / 2, R + 4 * R / 2 */
		{ 60000, 95000, 47500, 285000 },   /* 3/4 * 50000 + 1/4 * 40000; 7/8 * 100000 + 1/8 * 60000 */
		{ 200000, 108125, 61875, 355625 }, /* 3/4 * 47500 + 1/4 * 105000; 7/8 * 95000 + 1/8 * 200000 */
		{ 8000, 95610, 71438, 381362 },    /* likewise; what is taken and added rounded down */
	};
	struct ktftp_rto rto = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		take_clean(&rto, table[i].rtt_us);
		assert_int_equal(rto.srtt_us, table[i].srtt_us);
		assert_int_equal(rto.rttvar_us, table[i].rttvar_us);
		assert_int_equal(ktftp_rto_us(&rto, &usual), table[i].rto_us);
	}
}

CASE(acknowledgement_ends_the_back_off)
{
	struct ktftp_rto rto = after_sample(100000);

	ktftp_rto_repeat(&rto);
	ktftp_rto_repeat(&rto);
	assert_int_equal(ktftp_rto_us(&rto, &usual), 1200000);
	ktftp_rto_acknowledged(&rto, &usual, 1000000, 200000);
	assert_int_equal(ktftp_rto_us(&rto, &usual), 300000);
}

CASE(repeats_are_counted_as_far_as_they_matter)
{
	struct ktftp_rto rto = after_sample(100000);
	int i;

	for (i = 1; i <= 1000; i++) {
		ktftp_rto_repeat(&rto);
		assert_int_equal(rto.repeats, i < 255 ? i : 255);
	}
	assert_int_equal(ktftp_rto_us(&rto, &usual), usual.max_us);
}

CASE(short_round_trips_wait_for_the_floor)
{
	struct ktftp_rto rto = after_sample(200);

	assert_int_equal(ktftp_rto_us(&rto, &none), 600);
	assert_int_equal(ktftp_rto_us(&rto, &usual), 16000);
	rto = after_sample(5334);
	assert_int_equal(ktftp_rto_us(&rto, &usual), 16002);
}

CASE(long_round_trips_wait_for_the_ceiling)
{
	struct ktftp_rto rto = after_sample(3000000);

	assert_int_equal(ktftp_rto_us(&rto, &none), 9000000);
	assert_int_equal(ktftp_rto_us(&rto, &usual), 4000000);
}

CASE(ceiling_wins_over_floor_and_second_repeat)
{
	const struct ktftp_rto_limits tight = { .min_us = 90000, .max_us = 50000 };
	struct ktftp_rto rto = after_sample(100);

	assert_int_equal(ktftp_rto_us(&rto, &tight), 50000);
	assert_int_equal(wait_after_repeats(rto, 1, &tight), 50000);
}

CASE(every_repeat_doubles_up_to_the_ceiling)
{
	static const u32 wait_us[] = { 300000, 600000, 1200000, 2400000, 4000000, 4000000, 4000000 };
	struct ktftp_rto rto = after_sample(100000);
	size_t repeats;

	for (repeats = 0; repeats < ARRAY_SIZE(wait_us); repeats++)
		assert_int_equal(wait_after_repeats(rto, repeats, &usual), wait_us[repeats]);
}

CASE(the_floor_doubles_too_but_second_repeat_waits_200_ms)
{
	static const u32 wait_us[] = { 16000, 200000, 200000, 200000, 256000, 512000, 1024000, 2048000, 4000000 };
	struct ktftp_rto rto = after_sample(200);
	size_t repeats;

	for (repeats = 0; repeats < ARRAY_SIZE(wait_us); repeats++)
		assert_int_equal(wait_after_repeats(rto, repeats, &usual), wait_us[repeats]);
}

CASE(second_repeat_does_not_shorten_a_longer_wait)
{
	assert_int_equal(wait_after_repeats(after_sample(33000), 1, &usual), 200000);
	assert_int_equal(wait_after_repeats(after_sample(34000), 1, &usual), 204000);
}

CASE(many_repeats_never_shorten_the_wait)
{
	static const u32 rtts_us[] = { 0, 1, 200, 100000, 3000000, U32_MAX };
	size_t i;
	int repeats;

	for (i = 0; i < ARRAY_SIZE(rtts_us); i++) {
		u32 last_us = 0;

		for (repeats = 0; repeats < 256; repeats++) {
			u32 wait_us = wait_after_repeats(after_sample(rtts_us[i]), repeats, &usual);

			assert_in_range(wait_us, last_us, usual.max_us);
			assert_in_range(wait_us, usual.min_us, usual.max_us);
			last_us = wait_us;
		}
		assert_int_equal(last_us, usual.max_us);
	}
}

CASE(greatest_numbers_do_not_wrap)
{
	struct ktftp_rto rto = { .srtt_us = U32_MAX, .rttvar_us = U32_MAX };
	const struct ktftp_rto_limits one = { .min_us = U32_MAX, .max_us = U32_MAX };
	int repeats;

	for (repeats = 0; repeats < 256; repeats++) {
		assert_int_equal(wait_after_repeats(rto, repeats, &none), U32_MAX);
		assert_int_equal(wait_after_repeats(rto, repeats, &usual), usual.max_us);
		assert_int_equal(wait_after_repeats(rto, repeats, &one), U32_MAX);
		assert_int_equal(wait_after_repeats((struct ktftp_rto){}, repeats, &one), U32_MAX);
	}
}

CASE(greatest_samples_do_not_wrap)
{
	struct ktftp_rto rto = after_sample(U32_MAX);
	int i;

	assert_int_equal(rto.srtt_us, U32_MAX);
	assert_int_equal(rto.rttvar_us, U32_MAX / 2);
	for (i = 0; i < 100; i++) {
		take_clean(&rto, U32_MAX);
		assert_int_equal(rto.srtt_us, U32_MAX);
	}
	assert_true(rto.rttvar_us < 8);
	take_clean(&rto, 0);
	assert_int_equal(rto.srtt_us, U32_MAX - U32_MAX / 8);
	assert_in_range(rto.rttvar_us, U32_MAX / 4 - 8, U32_MAX / 4 + 8);
}

CASE(sample_of_nothing_is_a_sample)
{
	struct ktftp_rto rto = after_sample(0);
	int i;

	assert_int_equal(rto.srtt_us, 1);
	assert_int_equal(ktftp_rto_us(&rto, &usual), usual.min_us);
	for (i = 0; i < 1000; i++)
		take_clean(&rto, 0);
	assert_int_equal(rto.srtt_us, 1);
}

CASE(steady_round_trips_are_learned)
{
	struct ktftp_rto rto = after_sample(3000000);
	int i;

	for (i = 0; i < 200; i++)
		take_clean(&rto, 50000);
	assert_in_range(rto.srtt_us, 50000, 50007);
	assert_true(rto.rttvar_us < 8);
}

/* Microseconds with 30 bits behind the point. */
#define POINT 30

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

/*
 * The formulas with fractions beside the integers. A step rounds SRTT by less than 1 and keeps 7/8 of the
 * error it had, so less than 8 add up; RTTVAR adds less than 1 and a quarter of SRTT's 8, and keeps 3/4: 12.
 */
CASE(estimates_stay_within_rounding_of_the_formulas)
{
	struct random random = random_from(2);
	struct ktftp_rto rto = {};
	u64 srtt = 0, rttvar = 0;
	int i;

	for (i = 0; i < TIMES(SAMPLES); i++) {
		u32 rtt_us = random_next(&random) >> 32 >> random_below(&random, 31) | 1;
		const u64 rtt = (u64)rtt_us << POINT;

		rttvar = i ? rttvar - rttvar / 4 + distance(srtt, rtt) / 4 : rtt / 2;
		srtt = i ? srtt - srtt / 8 + rtt / 8 : rtt;
		take_clean(&rto, rtt_us);
		assert_true(distance((u64)rto.srtt_us << POINT, srtt) < 8ull << POINT);
		assert_true(distance((u64)rto.rttvar_us << POINT, rttvar) < 12ull << POINT);
	}
}

/* ---- repeats ---- */

static void assert_estimate(const struct ktftp_rto *rto, u32 srtt_us, u32 rttvar_us, u32 least_us)
{
	assert_int_equal(rto->srtt_us, srtt_us);
	assert_int_equal(rto->rttvar_us, rttvar_us);
	assert_int_equal(rto->least_us, least_us);
}

CASE(repeated_block_gives_no_sample)
{
	struct ktftp_rto rto = after_sample(100000);
	int repeats, i;

	for (repeats = 1; repeats < 300; repeats++) {
		for (i = 0; i < repeats; i++)
			ktftp_rto_repeat(&rto);
		assert_false(ktftp_rto_acknowledged(&rto, &usual, 7000000, 100000));
		assert_estimate(&rto, 100000, 50000, 100000);
		assert_int_equal(rto.floor_us, 0);
	}
}

CASE(repeated_block_gives_no_sample_when_the_repeat_was_needless)
{
	struct ktftp_rto rto = after_sample(100000);

	take_doubtful(&rto, &usual, 60000);
	assert_true(ktftp_rto_duplicate(&rto, &usual));
	assert_estimate(&rto, 100000, 50000, 100000);
	ktftp_rto_repeat(&rto);
	assert_true(ktftp_rto_acknowledged(&rto, &usual, 60000, 1));
	assert_estimate(&rto, 100000, 50000, 100000);
}

CASE(block_after_a_repeated_one_gives_a_sample_again)
{
	struct ktftp_rto rto = after_sample(100000);

	take_doubtful(&rto, &usual, 500000);
	take_clean(&rto, 60000);
	assert_int_equal(rto.srtt_us, 95000);
	assert_int_equal(rto.least_us, 60000);
}

/* What is @learned so far, a first sending @since_first_us ago, and the floor that its proof leads to. */
CASE(duplicate_of_a_repeated_block_raises_the_floor)
{
	static const struct {
		struct ktftp_rto_limits limits;
		u32 learned_us, since_first_us, floor_us;
	} table[] = {
		{ { 16000, 4000000 }, 0, 1, 32000 },      /* twice the least interval */
		{ { 16000, 4000000 }, 0, 25600, 32000 },  /* 1.25 of the time is as much */
		{ { 16000, 4000000 }, 0, 25604, 32005 },  /* and here more */
		{ { 16000, 4000000 }, 0, 99999, 124998 }, /* rounded down */
		{ { 16000, 4000000 }, 0, 300000, 375000 },
		{ { 16000, 4000000 }, 50000, 60000, 100000 }, /* twice what was learned */
		{ { 16000, 4000000 }, 50000, 100000, 125000 },
		{ { 16000, 4000000 }, 8000, 1000, 32000 }, /* what was learned is below the least interval */
		{ { 16000, 4000000 }, 499999, 1000, 999998 },
		{ { 16000, 4000000 }, 500001, 1000, 1000000 }, /* no more than a second */
		{ { 16000, 4000000 }, 1000000, 1000, 1000000 },
		{ { 16000, 4000000 }, 0, 799996, 999995 },
		{ { 16000, 4000000 }, 0, 800004, 1000000 },
		{ { 16000, 4000000 }, 0, 1u << 31, 1000000 },
		{ { 16000, 4000000 }, 0, U32_MAX, 1000000 },    /* 1.25 of it has more than 32 bits */
		{ { 16000, 4000000 }, 0, 3435973837, 1000000 }, /* the low 32 bits of that are 0 */
		{ { 16000, 200000 }, 0, 400000, 500000 }, /* the ceiling is for the wait, not for what is learned */
		{ { 0, U32_MAX }, 0, 4, 5 },
		{ { 0, U32_MAX }, 1u << 31, 1, 1000000 }, /* twice that has more than 32 bits, too */
		{ { U32_MAX, U32_MAX }, 0, 1, 1000000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct ktftp_rto rto = after_sample(1);

		rto.floor_us = table[i].learned_us;
		take_doubtful(&rto, &table[i].limits, table[i].since_first_us);
		assert_int_equal(rto.floor_us, table[i].learned_us);
		assert_true(ktftp_rto_duplicate(&rto, &table[i].limits));
		assert_int_equal(rto.floor_us, table[i].floor_us);
	}
}

CASE(proof_before_any_sample_counts_and_gives_none)
{
	struct ktftp_rto rto = {};

	take_doubtful(&rto, &usual, 600000);
	assert_true(ktftp_rto_duplicate(&rto, &usual));
	assert_estimate(&rto, 0, 0, 0);
	assert_int_equal(rto.floor_us, 750000);
}

CASE(doubt_of_no_time_is_a_doubt)
{
	struct ktftp_rto rto = {};

	take_doubtful(&rto, &usual, 0);
	assert_true(ktftp_rto_duplicate(&rto, &usual));
	assert_int_equal(rto.floor_us, 32000);
}

static void assert_duplicate_changes_nothing(struct ktftp_rto *rto)
{
	const struct ktftp_rto before = *rto;

	assert_false(ktftp_rto_duplicate(rto, &usual));
	assert_same(rto, &before);
}

CASE(duplicate_without_doubt_changes_nothing)
{
	struct ktftp_rto rto = { .floor_us = 100000, .clean = 7 };

	assert_duplicate_changes_nothing(&rto);
	take_clean(&rto, 1000);
	assert_duplicate_changes_nothing(&rto);
	ktftp_rto_repeat(&rto); /* the block in flight; the one before was not repeated */
	assert_duplicate_changes_nothing(&rto);
}

CASE(duplicate_is_a_proof_only_once)
{
	struct ktftp_rto rto = after_sample(1000);

	take_doubtful(&rto, &usual, 50000);
	assert_true(ktftp_rto_duplicate(&rto, &usual));
	assert_duplicate_changes_nothing(&rto);
}

CASE(doubt_ends_with_the_next_acknowledgement)
{
	struct ktftp_rto rto = after_sample(1000);

	take_doubtful(&rto, &usual, 50000);
	take_clean(&rto, 1000);
	assert_duplicate_changes_nothing(&rto);
	take_doubtful(&rto, &usual, 50000);
	take_doubtful(&rto, &usual, 80000);
	assert_true(ktftp_rto_duplicate(&rto, &usual));
	assert_duplicate_changes_nothing(&rto);
}

CASE(duplicate_leaves_the_back_off_of_the_block_in_flight)
{
	struct ktftp_rto rto = after_sample(1000);

	take_doubtful(&rto, &usual, 80000);
	ktftp_rto_repeat(&rto);
	assert_true(ktftp_rto_duplicate(&rto, &usual));
	assert_int_equal(rto.repeats, 1);
	assert_int_equal(ktftp_rto_us(&rto, &usual), 200000); /* twice the floor */
}

CASE(answer_sooner_than_any_is_to_the_first_sending)
{
	struct ktftp_rto rto = after_sample(100000);

	ktftp_rto_repeat(&rto);
	assert_true(ktftp_rto_acknowledged(&rto, &usual, 300000, 99999));
	assert_int_equal(rto.floor_us, 375000);
	assert_int_equal(rto.repeats, 0);
	assert_duplicate_changes_nothing(&rto); /* it has been counted */
}

CASE(answer_as_soon_as_the_soonest_is_in_doubt)
{
	struct ktftp_rto rto = after_sample(100000);

	ktftp_rto_repeat(&rto);
	assert_false(ktftp_rto_acknowledged(&rto, &usual, 300000, 100000));
	assert_int_equal(rto.floor_us, 0);
	assert_true(ktftp_rto_duplicate(&rto, &usual));
}

CASE(soonest_is_the_least_of_all_samples)
{
	static const u32 rtts_us[] = { 300, 100, 200, 100, 5000 };
	struct ktftp_rto rto = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rtts_us); i++)
		take_clean(&rto, rtts_us[i]);
	ktftp_rto_repeat(&rto);
	assert_false(ktftp_rto_acknowledged(&rto, &usual, 20000, 100));
	ktftp_rto_repeat(&rto);
	assert_true(ktftp_rto_acknowledged(&rto, &usual, 20000, 99));
}

CASE(before_any_sample_no_answer_is_too_soon)
{
	struct ktftp_rto rto = {};

	ktftp_rto_repeat(&rto);
	assert_false(ktftp_rto_acknowledged(&rto, &usual, 1000000, 0));
	assert_int_equal(rto.srtt_us, 0);
	assert_int_equal(ktftp_rto_us(&rto, &usual), 1000000);
}

CASE(soon_answer_to_a_block_sent_once_is_a_sample)
{
	struct ktftp_rto rto = after_sample(100000);

	assert_false(ktftp_rto_acknowledged(&rto, &usual, 60000, 60000));
	assert_int_equal(rto.srtt_us, 95000);
	assert_int_equal(rto.floor_us, 0);
}

/* ---- losses ---- */

/* As many blocks were lost. */
static void lose(struct ktftp_rto *rto, size_t count)
{
	while (count--) {
		take_doubtful(rto, &usual, 50000);
		take_clean(rto, 1000);
	}
}

/* The client was slow, and says so. */
static void stall(struct ktftp_rto *rto, const struct ktftp_rto_limits *limits, u32 since_first_us)
{
	take_doubtful(rto, limits, since_first_us);
	assert_true(ktftp_rto_duplicate(rto, limits));
}

CASE(needed_repeat_takes_the_floor_away)
{
	struct ktftp_rto rto = after_sample(1000);

	stall(&rto, &usual, 80000);
	take_doubtful(&rto, &usual, 50000);
	assert_int_equal(rto.floor_us, 100000); /* nobody knows yet */
	assert_int_equal(rto.losses, 0);
	take_clean(&rto, 1000);
	assert_int_equal(rto.floor_us, 0);
	assert_int_equal(rto.losses, 1);
}

CASE(repeat_was_needed_also_when_the_next_block_is_repeated)
{
	struct ktftp_rto rto = after_sample(1000);

	stall(&rto, &usual, 80000);
	take_doubtful(&rto, &usual, 50000);
	take_doubtful(&rto, &usual, 50000);
	assert_int_equal(rto.floor_us, 0);
	assert_int_equal(rto.losses, 1);
	take_clean(&rto, 1000);
	assert_int_equal(rto.losses, 2);
}

CASE(clean_block_after_a_clean_block_is_no_loss)
{
	struct ktftp_rto rto = after_sample(1000);

	stall(&rto, &usual, 80000);
	take_clean(&rto, 1000);
	take_clean(&rto, 1000);
	assert_int_equal(rto.floor_us, 100000);
	assert_int_equal(rto.losses, 0);
}

CASE(each_loss_takes_a_proof_its_effect)
{
	struct ktftp_rto rto = after_sample(1000);
	int losses;

	lose(&rto, 3);
	for (losses = 3; losses > 0; losses--) {
		assert_int_equal(rto.losses, losses);
		stall(&rto, &usual, 80000);
		assert_int_equal(rto.floor_us, 0);
	}
	stall(&rto, &usual, 80000);
	assert_int_equal(rto.floor_us, 100000);
	assert_int_equal(rto.losses, 0);
}

CASE(loss_takes_an_answer_too_soon_its_effect_as_well)
{
	struct ktftp_rto rto = after_sample(1000);

	lose(&rto, 1);
	ktftp_rto_repeat(&rto);
	assert_true(ktftp_rto_acknowledged(&rto, &usual, 80000, 999));
	assert_int_equal(rto.floor_us, 0);
	ktftp_rto_repeat(&rto);
	assert_true(ktftp_rto_acknowledged(&rto, &usual, 80000, 999));
	assert_int_equal(rto.floor_us, 100000);
}

CASE(no_more_than_4_losses_are_remembered)
{
	struct ktftp_rto rto = after_sample(1000);
	int proofs;

	lose(&rto, 500);
	for (proofs = 0; proofs < 4; proofs++) {
		stall(&rto, &usual, 80000);
		assert_int_equal(rto.floor_us, 0);
	}
	stall(&rto, &usual, 80000);
	assert_int_equal(rto.floor_us, 100000);
}

CASE(every_1024_clean_blocks_halve_the_losses)
{
	static const u8 losses[] = { 4, 2, 1, 0, 0 };
	struct ktftp_rto rto = after_sample(1000);
	size_t i;

	lose(&rto, 4);
	rto.clean = 0;
	for (i = 1; i < ARRAY_SIZE(losses); i++) {
		take_clean_blocks(&rto, 1023, 1000);
		assert_int_equal(rto.losses, losses[i - 1]);
		take_clean(&rto, 1000);
		assert_int_equal(rto.losses, losses[i]);
	}
}

CASE(second_repeat_comes_soon_where_losses_are_known)
{
	struct ktftp_rto rto = after_sample(200);

	assert_int_equal(wait_after_repeats(rto, 1, &usual), 200000);
	rto.losses = 1;
	assert_int_equal(wait_after_repeats(rto, 0, &usual), 16000);
	assert_int_equal(wait_after_repeats(rto, 1, &usual), 32000);
	assert_int_equal(wait_after_repeats(rto, 2, &usual), 64000);
}

/* ---- the learned floor ---- */

static struct ktftp_rto with_floor(u32 floor_us)
{
	struct ktftp_rto rto = after_sample(200);

	rto.floor_us = floor_us;
	rto.clean = 0;
	return rto;
}

CASE(learned_floor_is_waited_for)
{
	struct ktftp_rto rto = with_floor(150000);

	assert_int_equal(ktftp_rto_us(&rto, &usual), 150000);
	assert_int_equal(wait_after_repeats(rto, 1, &usual), 300000);
	assert_int_equal(wait_after_repeats(rto, 5, &usual), 4000000);
	rto.floor_us = 15999;
	assert_int_equal(ktftp_rto_us(&rto, &usual), 16000);
	rto.floor_us = U32_MAX;
	assert_int_equal(ktftp_rto_us(&rto, &usual), 4000000);
	rto = (struct ktftp_rto){ .floor_us = 1500000 };
	assert_int_equal(ktftp_rto_us(&rto, &usual), 1500000); /* before any sample, too */
}

CASE(every_1024_clean_blocks_halve_the_floor_down_to_none)
{
	static const u32 floors_us[] = { 100001, 50000, 25000, 0, 0 };
	struct ktftp_rto rto = with_floor(floors_us[0]);
	size_t i;

	for (i = 1; i < ARRAY_SIZE(floors_us); i++) {
		take_clean_blocks(&rto, 1023, 200);
		assert_int_equal(rto.floor_us, floors_us[i - 1]);
		take_clean(&rto, 200);
		assert_int_equal(rto.floor_us, floors_us[i]);
	}
	assert_int_equal(ktftp_rto_us(&rto, &usual), 16000);
}

CASE(floor_is_none_when_it_comes_to_the_least_interval)
{
	struct ktftp_rto rto = with_floor(32002);

	take_clean_blocks(&rto, 1024, 200);
	assert_int_equal(rto.floor_us, 16001);
	rto = with_floor(32001);
	take_clean_blocks(&rto, 1024, 200);
	assert_int_equal(rto.floor_us, 0);
}

CASE(greatest_floor_is_forgotten_in_the_end)
{
	struct ktftp_rto rto = with_floor(U32_MAX);
	int halvings = 0;

	while (rto.floor_us && halvings < 100) {
		take_clean_blocks(&rto, 1024, 200);
		halvings++;
	}
	assert_int_equal(halvings, 19); /* U32_MAX / 2^19 is 8191 */
}

CASE(repeated_blocks_are_not_clean)
{
	struct ktftp_rto rto = with_floor(0);
	int i;

	for (i = 0; i < 1023; i++) {
		take_doubtful(&rto, &usual, 100000);
		take_clean(&rto, 200);
	}
	assert_int_equal(rto.losses, 4);
	take_clean(&rto, 200);
	assert_int_equal(rto.losses, 2);
}

CASE(clean_blocks_count_from_when_the_floor_was_raised)
{
	struct ktftp_rto rto = with_floor(100000);

	take_clean_blocks(&rto, 1023, 200);
	stall(&rto, &usual, 100000);
	take_clean_blocks(&rto, 1023, 200);
	assert_int_equal(rto.floor_us, 200000);
	take_clean(&rto, 200);
	assert_int_equal(rto.floor_us, 100000);
}

CASE(proof_upon_proof_ends_at_a_second)
{
	static const struct ktftp_rto_limits *const limits[] = { &usual, &none };
	size_t i;
	int proofs;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct ktftp_rto rto = with_floor(1);
		u32 last_us = 0;

		for (proofs = 0; proofs < 100; proofs++) {
			stall(&rto, limits[i], 200);
			assert_in_range(rto.floor_us, last_us, 1000000);
			last_us = rto.floor_us;
		}
		assert_int_equal(last_us, 1000000);
	}
}

/* ---- anything in any order ---- */

/**
 * struct story - what a plain reading of the rules remembers beside the estimator
 * @floor: as struct ktftp_rto has it
 * @least: likewise
 * @doubt: how long the first sending of the block acknowledged last took to be acknowledged
 * @losses: as struct ktftp_rto has them
 * @clean: blocks without a repeat since anything was halved or @floor rose
 * @copies: of the block in flight
 * @doubtful: the block acknowledged last was sent more than once, and nothing proved anything
 * @raised: how often the floor was
 * @removed: likewise
 */
struct story {
	u64 floor, least, doubt;
	size_t losses, clean, copies;
	bool doubtful;
	size_t raised, removed;
};

static void story_of_needless(struct story *story, const struct ktftp_rto_limits *limits, u64 took)
{
	const u64 doubled = 2 * (story->floor > limits->min_us ? story->floor : limits->min_us);

	if (story->losses) {
		story->losses--;
		return;
	}
	story->floor = doubled > took + took / 4 ? doubled : took + took / 4;
	if (story->floor > 1000000)
		story->floor = 1000000;
	story->clean = 0;
	story->raised++;
}

static void story_of_needed(struct story *story)
{
	story->removed += story->floor != 0;
	story->floor = 0;
	if (story->losses < 4)
		story->losses++;
}

static void story_of_clean(struct story *story, const struct ktftp_rto_limits *limits, u64 rtt)
{
	if (!story->least || rtt < story->least)
		story->least = rtt;
	if (++story->clean < 1024)
		return;
	story->clean = 0;
	story->losses /= 2;
	story->floor = story->floor / 2 > limits->min_us ? story->floor / 2 : 0;
}

static void acknowledge(struct ktftp_rto *rto, struct story *story, const struct ktftp_rto_limits *limits, u32 first,
			u32 last)
{
	const bool proof = story->copies > 1 && last < story->least;

	assert_int_equal(ktftp_rto_acknowledged(rto, limits, first, last), proof);
	if (story->doubtful)
		story_of_needed(story);
	story->doubtful = story->copies > 1 && !proof;
	story->doubt = first;
	if (proof)
		story_of_needless(story, limits, first);
	else if (story->copies == 1)
		story_of_clean(story, limits, first);
	story->copies = 1;
}

static void duplicate(struct ktftp_rto *rto, struct story *story, const struct ktftp_rto_limits *limits)
{
	assert_int_equal(ktftp_rto_duplicate(rto, limits), story->doubtful);
	if (story->doubtful)
		story_of_needless(story, limits, story->doubt);
	story->doubtful = false;
}

/* Repeats come seldom enough for 1024 clean blocks in a row, and every other doubt is followed by a duplicate. */
static void happen(struct random *random, struct ktftp_rto *rto, struct story *story,
		   const struct ktftp_rto_limits *limits)
{
	u32 first = 100 + (random_next(random) >> 32 >> random_below(random, 31));

	if (random_one_in(random, 200)) {
		story->copies++;
		ktftp_rto_repeat(rto);
	} else if (random_one_in(random, story->doubtful ? 2 : 50)) {
		duplicate(rto, story, limits);
	} else {
		acknowledge(rto, story, limits, first, story->copies > 1 ? random_below(random, 500) : first);
	}
}

CASE(whatever_happens_the_rules_hold)
{
	static const struct ktftp_rto_limits *const limits[] = { &usual, &none };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		const u32 min_us = limits[i]->min_us, max_us = limits[i]->max_us;
		struct random random = random_from(i);
		struct story story = { .copies = 1 };
		struct ktftp_rto rto = {};

		for (j = 0; j < TIMES(EVENTS); j++) {
			happen(&random, &rto, &story, limits[i]);
			assert_int_equal(rto.floor_us, story.floor);
			assert_int_equal(rto.least_us, story.least);
			assert_int_equal(rto.losses, story.losses);
			assert_int_equal(rto.repeats, story.copies - 1);
			assert_in_range(ktftp_rto_us(&rto, limits[i]), story.floor > min_us ? story.floor : min_us,
					max_us);
		}
		assert_true(story.raised > TIMES(EVENTS) / 3000);
		assert_true(story.removed > TIMES(EVENTS) / 3000);
	}
}

static struct unit_case cases[] = {
	RUN(first_wait_is_a_second),
	RUN(first_wait_keeps_the_limits),
	RUN(samples_give_the_values_of_rfc_6298),
	RUN(acknowledgement_ends_the_back_off),
	RUN(repeats_are_counted_as_far_as_they_matter),
	RUN(short_round_trips_wait_for_the_floor),
	RUN(long_round_trips_wait_for_the_ceiling),
	RUN(ceiling_wins_over_floor_and_second_repeat),
	RUN(every_repeat_doubles_up_to_the_ceiling),
	RUN(the_floor_doubles_too_but_second_repeat_waits_200_ms),
	RUN(second_repeat_does_not_shorten_a_longer_wait),
	RUN(many_repeats_never_shorten_the_wait),
	RUN(greatest_numbers_do_not_wrap),
	RUN(greatest_samples_do_not_wrap),
	RUN(sample_of_nothing_is_a_sample),
	RUN(steady_round_trips_are_learned),
	RUN(estimates_stay_within_rounding_of_the_formulas),
	RUN(repeated_block_gives_no_sample),
	RUN(repeated_block_gives_no_sample_when_the_repeat_was_needless),
	RUN(block_after_a_repeated_one_gives_a_sample_again),
	RUN(duplicate_of_a_repeated_block_raises_the_floor),
	RUN(proof_before_any_sample_counts_and_gives_none),
	RUN(doubt_of_no_time_is_a_doubt),
	RUN(duplicate_without_doubt_changes_nothing),
	RUN(duplicate_is_a_proof_only_once),
	RUN(doubt_ends_with_the_next_acknowledgement),
	RUN(duplicate_leaves_the_back_off_of_the_block_in_flight),
	RUN(answer_sooner_than_any_is_to_the_first_sending),
	RUN(answer_as_soon_as_the_soonest_is_in_doubt),
	RUN(soonest_is_the_least_of_all_samples),
	RUN(before_any_sample_no_answer_is_too_soon),
	RUN(soon_answer_to_a_block_sent_once_is_a_sample),
	RUN(needed_repeat_takes_the_floor_away),
	RUN(repeat_was_needed_also_when_the_next_block_is_repeated),
	RUN(clean_block_after_a_clean_block_is_no_loss),
	RUN(each_loss_takes_a_proof_its_effect),
	RUN(loss_takes_an_answer_too_soon_its_effect_as_well),
	RUN(no_more_than_4_losses_are_remembered),
	RUN(every_1024_clean_blocks_halve_the_losses),
	RUN(second_repeat_comes_soon_where_losses_are_known),
	RUN(learned_floor_is_waited_for),
	RUN(every_1024_clean_blocks_halve_the_floor_down_to_none),
	RUN(floor_is_none_when_it_comes_to_the_least_interval),
	RUN(greatest_floor_is_forgotten_in_the_end),
	RUN(repeated_blocks_are_not_clean),
	RUN(clean_blocks_count_from_when_the_floor_was_raised),
	RUN(proof_upon_proof_ends_at_a_second),
	RUN(whatever_happens_the_rules_hold),
	{},
};

SUITE(rto, cases);
