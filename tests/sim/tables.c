// SPDX-License-Identifier: GPL-2.0
/* Which scenarios are shown with which timings. What is printed is Markdown, for docs/timers.md. */
#include <stdio.h>

#include "download.h"
#include "tables.h"
#include "timings.h"

#define MS           1000
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void print_head(const char *title)
{
	printf("\n### %s\n\n", title);
	printf("| RTT ms | jitter | loss | copies | stall ms | client's timer s | floor s | timer | x floor "
	       "| repeats | spurious | client's repeats | proofs (false) | gave up |\n"
	       "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
}

static void print_scenario(const struct scenario *s)
{
	printf("| %g | %s%g %% | %g %% | %g %% | %g | %g ", s->rtt_us / 1e3,
	       s->jitter == JITTER_EXPONENTIAL ? "exp. " : "", s->jitter_share * 100, s->loss * 100, s->copies * 100,
	       s->stall_us / 1e3, s->silence_us / 1e6);
}

static void print_row(const struct scenario *scenario, const struct timing *timing, unsigned int seeds)
{
	struct outcome outcome = downloads(scenario, timing, seeds);

	print_scenario(scenario);
	printf("| %.1f | %s | %.3f | %.0f | %.0f | %.0f | %.0f (%.0f) | %llu |\n", outcome.floor_s, timing->name,
	       outcome.over_floor, outcome.repeats, outcome.spurious, outcome.client_repeats, outcome.proofs,
	       outcome.false_proofs, (unsigned long long)outcome.gave_up);
}

static void print_rows(const struct scenario *scenario, const struct timing *const timings[], unsigned int seeds)
{
	for (; *timings; timings++)
		print_row(scenario, *timings, seeds);
}

static void print_examples(unsigned int seeds)
{
	struct scenario scenario;
	size_t i;

	print_head("Examples A, B and C of the transfer-time formula");
	for (i = 0; i < EXAMPLES; i++) {
		scenario = scenario_example(i);
		print_rows(&scenario, timings_of_others, seeds);
	}
}

static void print_network(unsigned int seeds)
{
	static const u32 rtts_us[] = { 300, 1 * MS, 5 * MS, 20 * MS, 50 * MS, 200 * MS };
	static const double losses[] = { 0, 0.01, 0.02, 0.05 };
	struct scenario scenario;
	size_t i, j;

	print_head("Networks, without stalls");
	for (i = 0; i < COUNT(rtts_us); i++) {
		for (j = 0; j < COUNT(losses); j++) {
			scenario = scenario_plain(rtts_us[i], losses[j]);
			print_rows(&scenario, timings_of_others, seeds);
		}
	}
}

static void print_jitter(unsigned int seeds)
{
	static const double shares[] = { 0.2, 0.5, 1, 2 };
	struct scenario scenario;
	size_t i, j;

	print_head("Jitter that deviates exponentially");
	for (i = 0; i < COUNT(shares); i++) {
		for (j = 0; j < 2; j++) {
			scenario = scenario_plain(50 * MS, j * 0.01);
			scenario.jitter = JITTER_EXPONENTIAL;
			scenario.jitter_share = shares[i];
			print_rows(&scenario, timings_of_rule, seeds);
		}
	}
}

/* What the first half of the download teaches of the network is wrong in the second. */
static void print_slower(unsigned int seeds)
{
	static const double losses[] = { 0, 0.01, 0.05 };
	struct scenario scenario;
	size_t i;

	print_head("A round trip of 5 ms becomes one of 200 ms halfway");
	for (i = 0; i < COUNT(losses); i++) {
		scenario = scenario_plain(5 * MS, losses[i]);
		scenario.later_rtt_us = 200 * MS;
		print_rows(&scenario, timings_of_rule, seeds);
	}
}

static void print_stalls(double loss, u32 silence_us, const struct timing *const timings[], unsigned int seeds)
{
	static const u32 stalls_us[] = { 150 * MS, 400 * MS, 1000 * MS, 2000 * MS, 8000 * MS };
	struct scenario scenario;
	size_t i;

	for (i = 0; i < COUNT(stalls_us); i++) {
		scenario = scenario_plain(5 * MS, loss);
		scenario.stall_us = stalls_us[i];
		scenario.silence_us = silence_us;
		print_rows(&scenario, timings, seeds);
	}
}

static void print_fooled(unsigned int seeds)
{
	static const double copies[] = { 0.001, 0.01, 0.05 };
	struct scenario scenario;
	size_t i;

	print_head("What may fool the proof: copies made by the network");
	for (i = 0; i < COUNT(copies); i++) {
		scenario = scenario_plain(5 * MS, 0.01);
		scenario.copies = copies[i];
		print_rows(&scenario, timings_of_fooled, seeds);
	}
	print_head("What may fool the proof: the client's own timer");
	print_stalls(0.01, 1000 * MS, timings_of_fooled, seeds);
	print_stalls(0.05, 1000 * MS, timings_of_fooled, seeds);
	print_stalls(0.05, 4000 * MS, timings_of_fooled, seeds);
}

static void print_constants(const char *title, const struct timing *const timings[], unsigned int seeds)
{
	static const struct {
		u32 rtt_us, stall_us;
		double loss;
	} cases[] = {
		{ 300, 0, 0.01 },
		{ 5 * MS, 0, 0.02 },
		{ 5 * MS, 0, 0.05 },
		{ 20 * MS, 0, 0.02 },
		{ 5 * MS, 400 * MS, 0 },
		{ 5 * MS, 400 * MS, 0.001 },
		{ 5 * MS, 400 * MS, 0.01 },
		{ 5 * MS, 2000 * MS, 0 },
		{ 5 * MS, 2000 * MS, 0.001 },
		{ 5 * MS, 2000 * MS, 0.01 },
	};
	struct scenario scenario;
	size_t i;

	print_head(title);
	for (i = 0; i < COUNT(cases); i++) {
		scenario = scenario_plain(cases[i].rtt_us, cases[i].loss);
		scenario.stall_us = cases[i].stall_us;
		print_rows(&scenario, timings, seeds);
	}
}

/**
 * tables_print() - simulate all and print what came out
 * @seeds: downloads a row
 */
void tables_print(unsigned int seeds)
{
	printf("Median of %u downloads of %u blocks a row; stalls come at 1 block in %u.\n", seeds, EXAMPLE_BLOCKS,
	       STALL_EVERY);
	print_examples(seeds);
	print_network(seeds);
	print_jitter(seeds);
	print_slower(seeds);
	print_head("Stalls, nothing is lost");
	print_stalls(0, 4000 * MS, timings_of_rule, seeds);
	print_head("Stalls and losses");
	print_stalls(0.001, 4000 * MS, timings_of_rule, seeds);
	print_stalls(0.01, 4000 * MS, timings_of_rule, seeds);
	print_stalls(0.05, 4000 * MS, timings_of_rule, seeds);
	print_fooled(seeds);
	print_constants("rto_min_ms", timings_of_minimum, seeds);
	print_constants("KTFTP_RTO_SECOND_US", timings_of_second, seeds);
	print_constants("KTFTP_RTO_LOSSES", timings_of_losses, seeds);
	print_constants("KTFTP_RTO_LEARNED_US", timings_of_learned, seeds);
	print_constants("KTFTP_RTO_CLEAN", timings_of_clean, seeds);
	print_constants("The learned floor over the time the client took", timings_of_sample, seeds);
}
