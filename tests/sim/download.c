// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <stddef.h>
#include <stdlib.h>

#include "client.h"
#include "download.h"
#include "random.h"
#include "server.h"

struct both {
	struct network network;
	struct server server;
	struct client client;
};

static bool is_over(const struct both *both)
{
	return both->client.gave_up || (both->server.state == SERVER_ENDED && both->client.finished_us);
}

static void deliver(struct both *both)
{
	const struct packet packet = network_take(&both->network);

	if (packet.kind == PACKET_DATA)
		client_receive(&both->client, packet.at_us, &packet);
	else
		server_receive(&both->server, packet.at_us, &packet);
}

/* Whatever comes next. What arrives goes before what expires at the same time. */
static void step(struct both *both)
{
	u64 arrives_us = network_next(&both->network);
	u64 server_us = server_next(&both->server);
	u64 client_us = client_next(&both->client);

	if (arrives_us <= server_us && arrives_us <= client_us)
		deliver(both);
	else if (server_us <= client_us)
		server_expired(&both->server, server_us);
	else
		client_expired(&both->client, client_us);
}

/* The mean of what jitter adds to a round trip. */
static double mean_rtt_us(const struct scenario *scenario)
{
	double rtt_us = scenario->rtt_us;

	if (scenario->later_rtt_us)
		rtt_us = (rtt_us + scenario->later_rtt_us) / 2;
	return rtt_us * (scenario->jitter == JITTER_EXPONENTIAL ? 1 + scenario->jitter_share : 1);
}

static struct outcome outcome_of(const struct both *both, u64 began_us)
{
	const struct scenario *scenario = both->network.scenario;
	double stalls_us = (double)both->client.stalls * scenario->stall_us;
	struct outcome outcome = {
		.time_s = (both->client.finished_us - began_us) / 1e6,
		.floor_s = (scenario->blocks * mean_rtt_us(scenario) + stalls_us) / 1e6,
		.repeats = both->server.counts.repeats,
		.spurious = both->server.counts.spurious,
		.client_repeats = both->client.repeats,
		.proofs = both->server.counts.proofs,
		.false_proofs = both->server.counts.false_proofs,
		.gave_up = !both->client.finished_us,
	};

	if (!outcome.gave_up)
		outcome.over_floor = outcome.time_s / outcome.floor_s;
	return outcome;
}

/**
 * download() - simulate one
 * @scenario: what it meets
 * @timing: how the server waits
 * @seed: of all chances
 *
 * Return: what it came to; the same for the same arguments.
 */
struct outcome download(const struct scenario *scenario, const struct timing *timing, u64 seed)
{
	struct both both = { .network = { .scenario = scenario, .seed = seed } };
	u64 began_us = random_at(seed, RANDOM_PHASE, 0) * JIFFY_US;

	server_init(&both.server, &both.network, timing);
	client_init(&both.client, &both.network);
	client_begin(&both.client, began_us);
	while (!is_over(&both))
		step(&both);
	return outcome_of(&both, began_us);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(const struct outcome *outcomes, unsigned int count, size_t offset)
{
	double values[SEEDS_MOST];
	unsigned int i;

	for (i = 0; i < count; i++)
		values[i] = *(const double *)((const char *)&outcomes[i] + offset);
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

/* How many are not over: those have no time, and are left out of the medians unless there are no others. */
static unsigned int sort_out(struct outcome *outcomes, unsigned int count, unsigned int *finished)
{
	unsigned int i;

	*finished = 0;
	for (i = 0; i < count; i++) {
		if (!outcomes[i].gave_up)
			outcomes[(*finished)++] = outcomes[i];
	}
	return count - *finished;
}

/**
 * downloads() - simulate several, with the seeds from 1 on
 * @scenario: what they meet
 * @timing: how the server waits
 * @seeds: how many, at most SEEDS_MOST
 *
 * Return: the median of each number.
 */
struct outcome downloads(const struct scenario *scenario, const struct timing *timing, unsigned int seeds)
{
	struct outcome all[SEEDS_MOST], result = {};
	unsigned int i, finished;

	seeds = min_t(unsigned int, seeds, SEEDS_MOST);
	for (i = 0; i < seeds; i++)
		all[i] = download(scenario, timing, i + 1);
	result.gave_up = sort_out(all, seeds, &finished);
	if (!finished)
		return result;
#define MEDIAN(field) (result.field = median(all, finished, offsetof(struct outcome, field)))
	MEDIAN(time_s);
	MEDIAN(floor_s);
	MEDIAN(over_floor);
	MEDIAN(repeats);
	MEDIAN(spurious);
	MEDIAN(client_repeats);
	MEDIAN(proofs);
	MEDIAN(false_proofs);
#undef MEDIAN
	return result;
}
