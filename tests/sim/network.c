// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "random.h"

/* Two packets go for a block: as many as there are blocks have gone at half of the download. */
static u32 rtt_us(const struct network *network)
{
	const struct scenario *scenario = network->scenario;
	bool later = scenario->later_rtt_us && network->sent > scenario->blocks;

	return later ? scenario->later_rtt_us : scenario->rtt_us;
}

static u64 delay_us(const struct network *network, enum random_stream stream)
{
	const struct scenario *scenario = network->scenario;
	double chance = random_at(network->seed, stream, network->sent), factor;

	if (scenario->jitter == JITTER_UNIFORM)
		factor = 1 + scenario->jitter_share * (2 * chance - 1);
	else
		factor = 1 - scenario->jitter_share * log(1 - chance);
	return lround(rtt_us(network) / 2.0 * factor);
}

static void put(struct network *network, struct packet packet, u64 at_us)
{
	u64 *last_us = &network->last_us[packet.kind == PACKET_DATA];
	unsigned int place = network->count;

	if (network->count == IN_FLIGHT_MOST)
		abort();
	packet.at_us = max_t(u64, at_us, *last_us);
	*last_us = packet.at_us;
	while (place && network->flight[place - 1].at_us <= packet.at_us)
		place--;
	memmove(&network->flight[place + 1], &network->flight[place], (network->count - place) * sizeof(packet));
	network->flight[place] = packet;
	network->count++;
}

void network_send(struct network *network, u64 now_us, struct packet packet)
{
	const struct scenario *scenario = network->scenario;

	network->sent++;
	if (random_at(network->seed, RANDOM_LOSS, network->sent) < scenario->loss)
		return;
	put(network, packet, now_us + delay_us(network, RANDOM_DELAY));
	if (random_at(network->seed, RANDOM_COPY, network->sent) < scenario->copies)
		put(network, packet, now_us + delay_us(network, RANDOM_DELAY_OF_COPY));
}

/* When the next packet arrives. */
u64 network_next(const struct network *network)
{
	return network->count ? network->flight[network->count - 1].at_us : NEVER;
}

struct packet network_take(struct network *network)
{
	return network->flight[--network->count];
}
