// SPDX-License-Identifier: GPL-2.0
/* What docs/timers.md claims, as tests: counts and ratios of simulated downloads, the same in every run. */
#include <string.h>

#include "check.h"
#include "download.h"
#include "ktap.h"
#include "timings.h"

#define MS           1000
#define SEEDS        9
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const u32 stalls_us[] = { 150 * MS, 400 * MS, 1000 * MS, 2000 * MS };
static const u32 all_stalls_us[] = { 0, 150 * MS, 400 * MS, 1000 * MS, 2000 * MS, 8000 * MS };
static const double losses[] = { 0, 0.01, 0.02, 0.05 };

static struct scenario stalled(double loss, u32 stall_us)
{
	struct scenario scenario = scenario_plain(5 * MS, loss);

	scenario.stall_us = stall_us;
	return scenario;
}

static const char *the_same_seed_gives_the_same_download(void)
{
	struct scenario scenario = stalled(0.02, 400 * MS);
	struct outcome first, again, other;

	first = download(&scenario, &timing_module, 1);
	again = download(&scenario, &timing_module, 1);
	other = download(&scenario, &timing_module, 2);
	EXPECT(!memcmp(&first, &again, sizeof(first)));
	EXPECT(memcmp(&first, &other, sizeof(first)));
	return NULL;
}

static const char *the_copy_with_variables_does_what_the_module_does(void)
{
	struct outcome module, copy;
	struct scenario scenario;
	size_t i, j;

	for (i = 0; i < COUNT(all_stalls_us); i++) {
		for (j = 0; j < COUNT(losses); j++) {
			scenario = stalled(losses[j], all_stalls_us[i]);
			module = download(&scenario, &timing_module, 1);
			copy = download(&scenario, &timing_copy, 1);
			EXPECT(!memcmp(&module, &copy, sizeof(module)));
		}
	}
	return NULL;
}

static const char *hardly_anything_is_repeated_when_nothing_is_lost(void)
{
	static const u32 rtts_us[] = { 300, 1 * MS, 5 * MS, 20 * MS, 50 * MS, 200 * MS };
	struct scenario scenario;
	struct outcome outcome;
	size_t i;

	for (i = 0; i < COUNT(rtts_us); i++) {
		scenario = scenario_plain(rtts_us[i], 0);
		outcome = downloads(&scenario, &timing_module, SEEDS);
		EXPECT(1000 * outcome.repeats < scenario.blocks && !outcome.client_repeats && !outcome.gave_up);
		EXPECT(outcome.over_floor > 0.99 && outcome.over_floor < 1.01);
	}
	return NULL;
}

/* What the transfer-time formula says of its examples, for a server that waits 4 s. */
static const double formula_s[EXAMPLES] = { 553.7, 615.2, 1045.9 };

/* Otherwise the examples are not those that the formula is about. */
static const char *a_server_that_waits_4_s_takes_what_the_formula_says(void)
{
	struct scenario scenario;
	struct outcome outcome;
	unsigned int i;

	for (i = 0; i < EXAMPLES; i++) {
		scenario = scenario_example(i);
		outcome = downloads(&scenario, &timing_fixed_4s, SEEDS);
		printf("# example %c: %.1f s, by the formula %.1f s\n", 'A' + i, outcome.time_s, formula_s[i]);
		EXPECT(!outcome.gave_up);
		EXPECT(outcome.time_s > 0.9 * formula_s[i] && outcome.time_s < 1.1 * formula_s[i]);
	}
	return NULL;
}

static const char *examples_of_the_formula_take_little_longer_than_without_loss(void)
{
	struct outcome lossy, lossless;
	struct scenario scenario;
	unsigned int i;

	for (i = 0; i < EXAMPLES; i++) {
		scenario = scenario_example(i);
		lossy = downloads(&scenario, &timing_module, SEEDS);
		scenario.loss = 0;
		lossless = downloads(&scenario, &timing_module, SEEDS);
		printf("# example %c: %.1f s, without loss %.1f s, by the formula %.1f s\n", 'A' + i, lossy.time_s,
		       lossless.time_s, formula_s[i]);
		EXPECT(!lossy.gave_up && !lossless.gave_up);
		EXPECT(lossy.repeats > 0);
		EXPECT(lossy.time_s < 1.15 * lossless.time_s);
	}
	return NULL;
}

static const char *stalls_cause_a_quarter_of_the_spurious_repeats_that_nothing_learned_would(void)
{
	struct outcome module, unlearned;
	struct scenario scenario;
	size_t i;

	for (i = 0; i < COUNT(stalls_us); i++) {
		scenario = stalled(0, stalls_us[i]);
		module = downloads(&scenario, &timing_module, SEEDS);
		unlearned = downloads(&scenario, &timing_rfc6298, SEEDS);
		printf("# stalls of %u ms: %.0f spurious repeats instead of %.0f\n", stalls_us[i] / MS, module.spurious,
		       unlearned.spurious);
		EXPECT(unlearned.spurious > 50);
		EXPECT(4 * module.spurious <= unlearned.spurious);
	}
	return NULL;
}

static const char *what_stalls_teach_costs_little_where_packets_are_lost(void)
{
	struct outcome module, unlearned;
	struct scenario scenario;
	size_t i, j;

	for (i = 0; i < COUNT(all_stalls_us); i++) {
		for (j = 1; j < COUNT(losses); j++) {
			scenario = stalled(losses[j], all_stalls_us[i]);
			module = downloads(&scenario, &timing_module, SEEDS);
			unlearned = downloads(&scenario, &timing_rfc6298, SEEDS);
			EXPECT(unlearned.time_s > 0);
			EXPECT(module.time_s < 1.1 * unlearned.time_s);
		}
	}
	return NULL;
}

static const char *nobody_gives_up(u32 silence_us)
{
	struct scenario scenario;
	struct outcome outcome;
	size_t i, j;

	for (i = 0; i < COUNT(all_stalls_us); i++) {
		for (j = 0; j < COUNT(losses); j++) {
			scenario = stalled(losses[j], all_stalls_us[i]);
			scenario.silence_us = silence_us;
			outcome = downloads(&scenario, &timing_module, SEEDS);
			EXPECT(!outcome.gave_up);
		}
	}
	return NULL;
}

static const char *no_client_that_repeats_after_4_s_gives_up(void)
{
	return nobody_gives_up(4000 * MS);
}

static const char *no_client_that_repeats_after_1_s_gives_up(void)
{
	return nobody_gives_up(1000 * MS);
}

static const char *nobody_gives_up_however_long_the_round_trip(void)
{
	static const u32 rtts_us[] = { 300, 1 * MS, 20 * MS, 50 * MS, 200 * MS };
	struct scenario scenario;
	struct outcome outcome;
	size_t i, j;

	for (i = 0; i < COUNT(rtts_us); i++) {
		for (j = 0; j < COUNT(losses); j++) {
			scenario = scenario_plain(rtts_us[i], losses[j]);
			outcome = downloads(&scenario, &timing_module, SEEDS);
			EXPECT(!outcome.gave_up);
		}
	}
	return NULL;
}

static const char *copies_made_by_the_network_fool_it_but_cost_nothing(void)
{
	struct scenario scenario = scenario_plain(5 * MS, 0.01);
	struct outcome without, with;

	without = downloads(&scenario, &timing_module, SEEDS);
	scenario.copies = 0.05;
	with = downloads(&scenario, &timing_module, SEEDS);
	EXPECT(with.false_proofs > 0);
	EXPECT(with.time_s < 1.02 * without.time_s);
	return NULL;
}

static const char *a_round_trip_that_grows_is_learned(void)
{
	struct scenario scenario;
	struct outcome outcome;
	size_t i;

	for (i = 0; i < COUNT(losses); i++) {
		scenario = scenario_plain(5 * MS, losses[i]);
		scenario.later_rtt_us = 200 * MS;
		outcome = downloads(&scenario, &timing_module, SEEDS);
		EXPECT(!outcome.gave_up);
		EXPECT(outcome.spurious > 0 && outcome.spurious < 50);
	}
	return NULL;
}

/**
 * check_run() - run the tests
 * @only: those whose name contains this, or NULL
 *
 * Return: exit status.
 */
int check_run(const char *only)
{
	static const struct ktap_test tests[] = {
		TEST(the_same_seed_gives_the_same_download),
		TEST(the_copy_with_variables_does_what_the_module_does),
		TEST(hardly_anything_is_repeated_when_nothing_is_lost),
		TEST(a_server_that_waits_4_s_takes_what_the_formula_says),
		TEST(examples_of_the_formula_take_little_longer_than_without_loss),
		TEST(stalls_cause_a_quarter_of_the_spurious_repeats_that_nothing_learned_would),
		TEST(what_stalls_teach_costs_little_where_packets_are_lost),
		TEST(no_client_that_repeats_after_4_s_gives_up),
		TEST(no_client_that_repeats_after_1_s_gives_up),
		TEST(nobody_gives_up_however_long_the_round_trip),
		TEST(copies_made_by_the_network_fool_it_but_cost_nothing),
		TEST(a_round_trip_that_grows_is_learned),
	};

	return ktap_run(tests, COUNT(tests), only);
}
