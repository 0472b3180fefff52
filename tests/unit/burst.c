// SPDX-License-Identifier: GPL-2.0
/* kmod/burst.c: how many blocks leave at once, and what losses teach. */
#include "unit.h"

#include "burst.h"

static void assert_takes(struct ktftp_burst *burst, u32 left, u32 blocks)
{
	assert_int_equal(ktftp_burst_take(burst, left), blocks);
	assert_int_equal(burst->last, blocks);
}

/* A transfer that has had its first loss at full size: what it does next is what is looked at. */
static struct ktftp_burst open_burst(u16 windowsize)
{
	struct ktftp_burst burst;

	ktftp_burst_init(&burst, windowsize, 512);
	burst.opening = false;
	burst.blocks = burst.most;
	return burst;
}

static void lose(struct ktftp_burst *burst, unsigned int times)
{
	while (times--)
		ktftp_burst_lost(burst, false);
}

static void whole(struct ktftp_burst *burst, unsigned int times)
{
	while (times--)
		ktftp_burst_came(burst);
}

CASE(lock_step_is_bursts_of_one)
{
	struct ktftp_burst burst;

	ktftp_burst_init(&burst, 1, 512);
	assert_takes(&burst, 1, 1);
	assert_takes(&burst, 1, 1);
	ktftp_burst_lost(&burst, false);
	ktftp_burst_lost(&burst, true);
	ktftp_burst_lost(&burst, true);
	assert_takes(&burst, 1, 1);
}

CASE(bursts_open_from_2_by_doubling)
{
	struct ktftp_burst burst;

	ktftp_burst_init(&burst, 64, 1428);
	assert_takes(&burst, 64, 2);
	assert_takes(&burst, 62, 4);
	assert_takes(&burst, 58, 8);
	assert_takes(&burst, 50, 16);
	assert_takes(&burst, 34, 32);
	assert_takes(&burst, 2, 2);
	assert_takes(&burst, 64, 64);
	assert_takes(&burst, 64, 64);
}

CASE(a_burst_is_bounded_in_blocks_and_in_bytes)
{
	struct ktftp_burst burst;

	ktftp_burst_init(&burst, 65535, 8);
	assert_int_equal(burst.most, KTFTP_BURST_BLOCKS);
	ktftp_burst_init(&burst, 65535, 1428);
	assert_int_equal(burst.most, KTFTP_BURST_BYTES / 1428);
	ktftp_burst_init(&burst, 65535, 65464);
	assert_int_equal(burst.most, 2);
	ktftp_burst_init(&burst, 3, 65464);
	assert_int_equal(burst.most, 2);
	ktftp_burst_init(&burst, 3, 8);
	assert_int_equal(burst.most, 3);
}

CASE(a_loss_while_it_opens_ends_that_with_half_of_what_was_too_much)
{
	struct ktftp_burst burst;

	ktftp_burst_init(&burst, 64, 512);
	assert_takes(&burst, 64, 2);
	assert_takes(&burst, 62, 4);
	assert_takes(&burst, 58, 8);
	ktftp_burst_lost(&burst, false);
	assert_takes(&burst, 50, 4);
	assert_takes(&burst, 46, 4);
}

CASE(a_single_loss_changes_nothing)
{
	struct ktftp_burst burst = open_burst(64);

	lose(&burst, 1);
	assert_takes(&burst, 64, 64);
	whole(&burst, 1);
	lose(&burst, 1);
	assert_takes(&burst, 64, 64);
}

CASE(losses_without_a_whole_window_between_them_halve_it)
{
	struct ktftp_burst burst = open_burst(64);

	lose(&burst, 2);
	assert_takes(&burst, 64, 32);
	lose(&burst, 2);
	assert_takes(&burst, 64, 16);
}

CASE(when_nothing_comes_through_at_all_it_halves_at_once)
{
	struct ktftp_burst burst = open_burst(16);

	ktftp_burst_lost(&burst, false);
	assert_takes(&burst, 16, 16);
	ktftp_burst_lost(&burst, true);
	assert_takes(&burst, 16, 8);
	ktftp_burst_lost(&burst, true);
	assert_takes(&burst, 16, 4);
	ktftp_burst_lost(&burst, true);
	assert_takes(&burst, 16, 2);
	ktftp_burst_lost(&burst, true);
	assert_takes(&burst, 16, 2);
}

CASE(it_grows_back_later_each_time_it_was_too_much)
{
	struct ktftp_burst burst = open_burst(16);
	unsigned int patience = 1, times;

	for (times = 0; times < 12; times++) {
		lose(&burst, 2);
		assert_int_equal(burst.blocks, 8);
		patience = patience * 2 < KTFTP_BURST_PATIENCE ? patience * 2 : KTFTP_BURST_PATIENCE;
		whole(&burst, patience - 1);
		assert_int_equal(burst.blocks, 8);
		whole(&burst, 1);
		assert_int_equal(burst.blocks, 16);
	}
	assert_int_equal(patience, KTFTP_BURST_PATIENCE);
}

CASE(it_grows_back_sooner_after_it_was_not_too_much_for_long)
{
	struct ktftp_burst burst = open_burst(16);

	lose(&burst, 2);
	whole(&burst, 2);
	lose(&burst, 2);
	whole(&burst, 4);
	assert_int_equal(burst.blocks, 16);
	whole(&burst, 4 + 2);
	lose(&burst, 2);
	assert_int_equal(burst.blocks, 8);
	whole(&burst, 2);
	assert_int_equal(burst.blocks, 16);
}

static struct unit_case cases[] = {
	RUN(lock_step_is_bursts_of_one),
	RUN(bursts_open_from_2_by_doubling),
	RUN(a_burst_is_bounded_in_blocks_and_in_bytes),
	RUN(a_loss_while_it_opens_ends_that_with_half_of_what_was_too_much),
	RUN(a_single_loss_changes_nothing),
	RUN(losses_without_a_whole_window_between_them_halve_it),
	RUN(when_nothing_comes_through_at_all_it_halves_at_once),
	RUN(it_grows_back_later_each_time_it_was_too_much),
	RUN(it_grows_back_sooner_after_it_was_not_too_much_for_long),
	{},
};

SUITE(burst, cases);
