// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "timings.h"

#define MS 1000

/*
 * The module's constants, and after them what differs: the later of two initialisers counts. The defaults of
 * the tunables come from kmod/params.c by way of sim.mk.
 */
#pragma GCC diagnostic ignored "-Woverride-init"
#define TIMING(symbol, ...)                                                \
	const struct timing symbol = { .min_us = RTO_MIN_MS * MS,          \
				       .max_us = RTO_MAX_MS * MS,          \
				       .second_us = KTFTP_RTO_SECOND_US,   \
				       .learned_us = KTFTP_RTO_LEARNED_US, \
				       .clean = KTFTP_RTO_CLEAN,           \
				       .losses = KTFTP_RTO_LOSSES,         \
				       .sample_percent = 125,              \
				       __VA_ARGS__ }
#define VARIED(symbol, ...) static TIMING(symbol, __VA_ARGS__)
#define RFC6298(...)        .unlearned = true, .keeps_backoff = true, .losses = 0, .second_us = 0, __VA_ARGS__

TIMING(timing_module, .name = "module", .module = true);
TIMING(timing_copy, .name = "module, copied");
TIMING(timing_rfc6298, RFC6298(.name = "RFC 6298"));
TIMING(timing_fixed_4s, .name = "fixed 4 s", .fixed_us = 4000 * MS);
VARIED(rfc6298_1s, RFC6298(.name = "RFC 6298, at least 1 s", .min_us = 1000 * MS));
VARIED(fixed_1s, .name = "fixed 1 s", .fixed_us = 1000 * MS);

VARIED(unweighed, .name = "losses not weighed", .losses = 0);
VARIED(unweighed_4000, .name = "losses not weighed, 4 s", .losses = 0, .learned_us = 4000 * MS);
VARIED(sampled, .name = "stalls are samples", .takes_sample = true);
VARIED(losses_1, .name = "1 loss", .losses = 1);
VARIED(losses_2, .name = "2 losses", .losses = 2);
VARIED(losses_16, .name = "16 losses", .losses = 16);
VARIED(second_none, .name = "none", .second_us = 0);
VARIED(second_100, .name = "100 ms", .second_us = 100 * MS);
VARIED(second_400, .name = "400 ms", .second_us = 400 * MS);
VARIED(learned_200, .name = "200 ms", .learned_us = 200 * MS);
VARIED(learned_500, .name = "500 ms", .learned_us = 500 * MS);
VARIED(learned_4000, .name = "4 s", .learned_us = 4000 * MS);
VARIED(clean_64, .name = "64 blocks", .clean = 64);
VARIED(clean_256, .name = "256 blocks", .clean = 256);
VARIED(clean_4096, .name = "4096 blocks", .clean = 4096);
VARIED(sample_100, .name = "1 x", .sample_percent = 100);
VARIED(sample_200, .name = "2 x", .sample_percent = 200);
VARIED(min_4, .name = "4 ms", .min_us = 4 * MS);
VARIED(min_8, .name = "8 ms", .min_us = 8 * MS);
VARIED(min_20, .name = "20 ms", .min_us = 20 * MS);
VARIED(min_50, .name = "50 ms", .min_us = 50 * MS);

const struct timing *const timings_of_others[] = { &timing_module, &timing_rfc6298,  &rfc6298_1s,
						   &fixed_1s,      &timing_fixed_4s, NULL };
const struct timing *const timings_of_rule[] = { &timing_module, &unweighed, &sampled, &timing_rfc6298, NULL };
const struct timing *const timings_of_fooled[] = { &timing_module, &unweighed, &unweighed_4000, NULL };
const struct timing *const timings_of_losses[] = { &losses_1, &losses_2, &timing_module, &losses_16, NULL };
const struct timing *const timings_of_second[] = { &second_none, &second_100, &timing_module,
						   &second_400,  &unweighed,  NULL };
const struct timing *const timings_of_learned[] = { &learned_200, &learned_500, &timing_module, &learned_4000, NULL };
const struct timing *const timings_of_clean[] = { &clean_64, &clean_256, &timing_module, &clean_4096, NULL };
const struct timing *const timings_of_sample[] = { &sample_100, &timing_module, &sample_200, NULL };
const struct timing *const timings_of_minimum[] = { &min_4, &min_8, &timing_module, &min_20, &min_50, NULL };
