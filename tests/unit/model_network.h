/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network between two hosts that loses packets, doubles them and lets others overtake them, both ways alike. It has
 * a clock of its own, in microseconds.
 */
#ifndef KTFTP_MODEL_NETWORK_H
#define KTFTP_MODEL_NETWORK_H

#include "random.h"
#include "unit.h"

#define NETWORK_WIRE_US 10 /* a packet leaves so long after the one before it */

/**
 * struct packet - a DATA, an OACK or an ACK
 * @at_us: when it arrives
 * @order: of packets that arrive at the same time the one that left first is first
 * @ack: it goes to the server
 * @oack: it is an OACK, and has no number
 * @last: DATA that is short
 * @wire: block number as it is in the packet
 * @block: which block that is in truth, for the judge only; the two ends look at @wire
 */
struct packet {
	u64 at_us;
	u64 order;
	bool ack;
	bool oack;
	bool last;
	u16 wire;
	u64 block;
};

/**
 * struct network - what is under way
 * @heap: the packets; none arrives before the one at half its index
 * @wire_us: when the wire is free again, for either direction
 * @lose: one packet in so many never arrives; 0 for none, as with the next two
 * @twice: arrives twice
 * @late: arrives so late that others overtake it
 * @late_us: by at most so much
 * @delay_us: how long a packet takes, one way
 * @lose_data: of the DATA that leaves the one that is lost, counted from 1; 0 for none
 * @data: DATA that has left
 * @lost: packets that never arrived
 */
struct network {
	struct random random;
	struct packet *heap;
	size_t count, room;
	u64 order;
	u64 wire_us[2];
	size_t lose, twice, late;
	u64 late_us;
	u64 delay_us;
	u64 lose_data;
	u64 data;
	u64 lost;
};

static inline bool arrives_before(const struct packet *a, const struct packet *b)
{
	return a->at_us < b->at_us || (a->at_us == b->at_us && a->order < b->order);
}

static inline void network_swap(struct network *network, size_t i, size_t j)
{
	const struct packet packet = network->heap[i];

	network->heap[i] = network->heap[j];
	network->heap[j] = packet;
}

static inline void network_add(struct network *network, struct packet packet)
{
	size_t at = network->count++;

	if (network->count > network->room) {
		network->room = 2 * network->count;
		network->heap = realloc(network->heap, network->room * sizeof(packet));
		assert_non_null(network->heap);
	}
	packet.order = network->order++;
	if (network->late && random_one_in(&network->random, network->late))
		packet.at_us += random_below(&network->random, network->late_us);
	network->heap[at] = packet;
	while (at && arrives_before(&network->heap[at], &network->heap[(at - 1) / 2])) {
		network_swap(network, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

/* A packet leaves now. */
static inline void network_post(struct network *network, u64 now_us, struct packet packet)
{
	u64 *wire_us = &network->wire_us[packet.ack];

	*wire_us = (*wire_us > now_us ? *wire_us : now_us) + NETWORK_WIRE_US;
	packet.at_us = *wire_us + network->delay_us;
	network->data += !packet.ack && !packet.oack;
	if ((network->lose && random_one_in(&network->random, network->lose)) ||
	    (network->lose_data && !packet.ack && !packet.oack && network->data == network->lose_data)) {
		network->lost++;
		return;
	}
	network_add(network, packet);
	if (network->twice && random_one_in(&network->random, network->twice))
		network_add(network, packet);
}

/* When the next packet arrives; U64_MAX when none is under way. */
static inline u64 network_next_us(const struct network *network)
{
	return network->count ? network->heap[0].at_us : U64_MAX;
}

/* It arrives. */
static inline struct packet network_take(struct network *network)
{
	const struct packet packet = network->heap[0];
	size_t at = 0, child;

	network->heap[0] = network->heap[--network->count];
	while ((child = 2 * at + 1) < network->count) {
		if (child + 1 < network->count && arrives_before(&network->heap[child + 1], &network->heap[child]))
			child++;
		if (!arrives_before(&network->heap[child], &network->heap[at]))
			break;
		network_swap(network, at, child);
		at = child;
	}
	return packet;
}

#endif
