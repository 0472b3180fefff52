// SPDX-License-Identifier: GPL-2.0
/* When a group of changes is complete. */
#include "unit.h"

#include "folder/settle.h"

#define QUIET  300
#define SETTLE 5000

static int64_t wait_ms(const struct settle *s, int64_t now)
{
	return settle_wait_ms(s, now, QUIET, SETTLE);
}

CASE(nothing_happened_so_nothing_is_due)
{
	struct settle s = {};

	assert_true(wait_ms(&s, 1000000) == SETTLE_NEVER);
	assert_false(settle_is_over(&s, 1000000, SETTLE));
}

CASE(change_is_due_after_the_quiet_period)
{
	struct settle s = {};

	settle_changed(&s, 1000);
	assert_int_equal(wait_ms(&s, 1000), QUIET);
	assert_int_equal(wait_ms(&s, 1299), 1);
	assert_int_equal(wait_ms(&s, 1300), 0);
	assert_int_equal(wait_ms(&s, 99999), 0);
	assert_false(settle_is_over(&s, 1300, SETTLE));
}

CASE(each_change_begins_the_quiet_period_anew)
{
	struct settle s = {};

	settle_changed(&s, 1000);
	settle_changed(&s, 1200);
	settle_changed(&s, 1400);
	assert_int_equal(wait_ms(&s, 1400), QUIET);
	assert_int_equal(wait_ms(&s, 1700), 0);
}

CASE(who_never_stops_is_not_waited_for_for_ever)
{
	struct settle s = {};
	int64_t now;

	for (now = 1000; now < 100000 && wait_ms(&s, now); now += 10)
		settle_changed(&s, now);
	assert_int_equal(now, 1000 + SETTLE);
	assert_true(settle_is_over(&s, now, SETTLE));
}

CASE(silence_means_nothing_while_something_is_known_to_be_incomplete)
{
	struct settle s = {};

	settle_changed(&s, 1000);
	settle_hold(&s);
	assert_int_equal(wait_ms(&s, 1300), 1000 + SETTLE - 1300);
	assert_false(settle_is_over(&s, 5999, SETTLE));
	assert_int_equal(wait_ms(&s, 6000), 0);
	assert_true(settle_is_over(&s, 6000, SETTLE));
}

CASE(change_ends_the_waiting_for_what_was_incomplete)
{
	struct settle s = {};

	settle_changed(&s, 1000);
	settle_hold(&s);
	settle_changed(&s, 2000);
	assert_int_equal(wait_ms(&s, 2000), QUIET);
}

CASE(next_change_begins_a_new_group)
{
	struct settle s = {};

	settle_changed(&s, 1000);
	settle_done(&s);
	assert_true(wait_ms(&s, 1000) == SETTLE_NEVER);
	settle_changed(&s, 8000);
	assert_int_equal(wait_ms(&s, 8000), QUIET);
	assert_false(settle_is_over(&s, 8300, SETTLE));
}

CASE(quiet_period_longer_than_the_longest_wait_is_cut)
{
	struct settle s = {};

	settle_changed(&s, 1000);
	assert_int_equal(settle_wait_ms(&s, 1000, 500, 200), 200);
}

CASE(no_quiet_period_makes_everything_due_at_once)
{
	struct settle s = {};

	settle_changed(&s, 1000);
	assert_int_equal(settle_wait_ms(&s, 1000, 0, SETTLE), 0);
}

static struct unit_case cases[] = {
	RUN(nothing_happened_so_nothing_is_due),
	RUN(change_is_due_after_the_quiet_period),
	RUN(each_change_begins_the_quiet_period_anew),
	RUN(who_never_stops_is_not_waited_for_for_ever),
	RUN(silence_means_nothing_while_something_is_known_to_be_incomplete),
	RUN(change_ends_the_waiting_for_what_was_incomplete),
	RUN(next_change_begins_a_new_group),
	RUN(quiet_period_longer_than_the_longest_wait_is_cut),
	RUN(no_quiet_period_makes_everything_due_at_once),
	{},
};

SUITE(folder_settle, cases);
