// SPDX-License-Identifier: GPL-2.0
/* What to hold when not everything fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "folder/hot.h"
#include "random.h"

#define ROUNDS 20000
#define MOST   12

/* A few things of small sizes and scores, so that equal ones are frequent; some of them are held. */
struct problem {
	struct hot things[MOST];
	size_t count;
	uint64_t budget;
};

static struct problem problem_from(struct random *random)
{
	struct problem p = { .count = random_below(random, MOST + 1), .budget = random_below(random, 60) };
	size_t i;

	for (i = 0; i < p.count; i++)
		p.things[i] = (struct hot){
			.bytes = random_below(random, 16),
			.names = random_below(random, 3),
			.score = random_below(random, 8) * HOT_REQUEST / 2,
			.is_held = random_one_in(random, 2),
		};
	return p;
}

static void choose(struct problem *p)
{
	assert_int_equal(hot_choose(p->things, p->count, p->budget), 0);
}

static void become(struct problem *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		p->things[i].is_held = p->things[i].is_wanted;
}

static uint64_t wanted_bytes(const struct problem *p)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < p->count; i++)
		bytes += p->things[i].is_wanted ? p->things[i].bytes : 0;
	return bytes;
}

static void what_is_wanted_fits(void **state)
{
	struct random random = random_from(1);
	struct problem p;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		p = problem_from(&random);
		choose(&p);
		assert_true(wanted_bytes(&p) <= p.budget);
	}
}

static void nothing_that_fits_is_left_out(void **state)
{
	struct random random = random_from(2);
	struct problem p;
	size_t j;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		p = problem_from(&random);
		choose(&p);
		for (j = 0; j < p.count; j++)
			assert_true(p.things[j].is_wanted || p.things[j].bytes > p.budget - wanted_bytes(&p));
	}
}

static void the_answer_stays_when_nothing_changes(void **state)
{
	struct random random = random_from(3);
	struct problem p, again;
	size_t j;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		p = problem_from(&random);
		choose(&p);
		become(&p);
		again = p;
		choose(&again);
		for (j = 0; j < p.count; j++)
			assert_int_equal(again.things[j].is_wanted, p.things[j].is_wanted);
	}
}

/* Whatever is held: what is wanted much more, and is no larger, is wanted first. */
static void the_popular_come_before_the_unpopular(void **state)
{
	struct random random = random_from(4);
	struct problem p;
	size_t j, k;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		p = problem_from(&random);
		choose(&p);
		for (j = 0; j < p.count; j++)
			for (k = 0; k < p.count; k++) {
				if (p.things[j].score <= 2 * p.things[k].score + HOT_REQUEST ||
				    p.things[j].bytes > p.things[k].bytes)
					continue;
				assert_true(p.things[j].is_wanted || !p.things[k].is_wanted);
			}
	}
}

static void a_little_more_does_not_take_a_place(void **state)
{
	struct problem p = {
		.things = { { 10, 1, 4 * HOT_REQUEST, .is_held = true }, { 10, 1, 9 * HOT_REQUEST } },
		.count = 2,
		.budget = 10,
	};

	(void)state;
	choose(&p);
	assert_true(p.things[0].is_wanted);
	assert_false(p.things[1].is_wanted);
	p.things[1].score++;
	choose(&p);
	assert_false(p.things[0].is_wanted);
	assert_true(p.things[1].is_wanted);
}

static void of_equal_ones_the_smaller_is_wanted(void **state)
{
	struct problem p = {
		.things = { { .bytes = 8 }, { .bytes = 5 }, { .bytes = 5 }, { .bytes = 4 } },
		.count = 4,
		.budget = 12,
	};

	(void)state;
	choose(&p);
	assert_false(p.things[0].is_wanted);
	assert_true(p.things[1].is_wanted);
	assert_false(p.things[2].is_wanted);
	assert_true(p.things[3].is_wanted);
}

static void many_small_names_are_wanted_before_a_larger_one(void **state)
{
	struct problem p = { .things = { { .bytes = 8 }, { .bytes = 10, .names = 2 } }, .count = 2, .budget = 12 };

	(void)state;
	choose(&p);
	assert_false(p.things[0].is_wanted);
	assert_true(p.things[1].is_wanted);
}

static void nothing_and_everything_are_budgets_too(void **state)
{
	struct problem p = {
		.things = { { 1, 1, 5 * HOT_REQUEST, .is_held = true },
			    { .bytes = 0 },
			    { UINT64_MAX, 1, UINT64_MAX, true, false } },
		.count = 3,
	};

	(void)state;
	choose(&p);
	assert_false(p.things[0].is_wanted);
	assert_true(p.things[1].is_wanted);
	assert_false(p.things[2].is_wanted);
	p.budget = UINT64_MAX;
	choose(&p);
	assert_true(p.things[2].is_wanted);
	p.count = 0;
	choose(&p);
}

static void a_score_is_halved_by_the_hour(void **state)
{
	uint64_t score = 1000 * HOT_REQUEST;
	int i;

	(void)state;
	assert_int_equal(hot_aged(score, 0), score);
	assert_int_equal(hot_aged(score, 60), score / 2);
	assert_int_equal(hot_aged(score, 180), score / 8);
	for (i = 0; i < 60; i++)
		score = hot_aged(score, 1);
	assert_in_range(score, 498 * HOT_REQUEST, 502 * HOT_REQUEST);
	/* However much it is, it becomes less, and nothing in the end. */
	assert_true(hot_aged(UINT64_MAX, 1) < UINT64_MAX);
	assert_true(hot_aged(UINT64_MAX, 1) > UINT64_MAX / 2);
	assert_int_equal(hot_aged(1, 1), 0);
	assert_int_equal(hot_aged(UINT64_MAX, UINT64_MAX), 0);
}

static void requests_of_long_ago_count_less(void **state)
{
	const uint64_t hour = 60 * 60 * 1000;

	(void)state;
	assert_int_equal(hot_score(7, 0), 7 * HOT_REQUEST);
	assert_int_equal(hot_score(7, hour), 7 * HOT_REQUEST);
	assert_in_range(hot_score(1000, 1000 * hour), HOT_REQUEST * 143 / 100, HOT_REQUEST * 145 / 100);
	assert_int_equal(hot_score(0, hour), 0);
	assert_true(hot_score(UINT64_MAX, 2 * hour) <= hot_score(UINT64_MAX, hour));
	assert_int_equal(hot_score(5, UINT64_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wanted_fits),
		cmocka_unit_test(nothing_that_fits_is_left_out),
		cmocka_unit_test(the_answer_stays_when_nothing_changes),
		cmocka_unit_test(the_popular_come_before_the_unpopular),
		cmocka_unit_test(a_little_more_does_not_take_a_place),
		cmocka_unit_test(of_equal_ones_the_smaller_is_wanted),
		cmocka_unit_test(many_small_names_are_wanted_before_a_larger_one),
		cmocka_unit_test(nothing_and_everything_are_budgets_too),
		cmocka_unit_test(a_score_is_halved_by_the_hour),
		cmocka_unit_test(requests_of_long_ago_count_less),
	};

	return cmocka_run_group_tests_name("hot", tests, NULL, NULL);
}
