/* SPDX-License-Identifier: GPL-2.0 */
/* The way between one server and one client: it delays, loses and copies, and keeps the order. */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <linux/types.h>

#include "scenario.h"

#define NEVER          UINT64_MAX
#define IN_FLIGHT_MOST 64

enum packet_kind { PACKET_REQUEST, PACKET_DATA, PACKET_ACK };

/**
 * struct packet - what is on the way
 * @at_us: when it arrives
 * @kind: what it is; DATA goes to the client, the others to the server
 * @wire: block number
 * @copy: DATA: how often the block was sent before. ACK: the copy that it answers. No protocol carries this:
 *	it is for telling afterwards which repeats were needed
 * @by_timer: an ACK that the client's own timer repeated
 */
struct packet {
	u64 at_us;
	enum packet_kind kind;
	u16 wire;
	bool by_timer;
	u32 copy;
};

/**
 * struct network - the way
 * @scenario: what it does to packets
 * @seed: of all its chances
 * @sent: packets so far
 * @last_us: when the last packet to the server (0) and to the client (1) arrives: none overtakes another
 * @flight: packets on the way, the next to arrive last
 * @count: how many
 */
struct network {
	const struct scenario *scenario;
	u64 seed;
	u64 sent;
	u64 last_us[2];
	struct packet flight[IN_FLIGHT_MOST];
	unsigned int count;
};

void network_send(struct network *network, u64 now_us, struct packet packet);
u64 network_next(const struct network *network);
struct packet network_take(struct network *network);

#endif
