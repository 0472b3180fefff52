/* SPDX-License-Identifier: GPL-2.0 */
/* A phone: answers every block at once, except when it writes its flash. */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include <linux/types.h>

#include "network.h"

#define CLIENT_TRIES 5

/**
 * struct client - the phone
 * @network: way to the server
 * @got: blocks it has
 * @sent: what it sent last: the request, or an ACK
 * @deadline_us: when it has had enough of silence
 * @tries: how often it repeated what it sent last, by itself
 * @gave_up: that often was enough
 * @wakes_us: when its stall is over; 0: it is awake
 * @stalled_at: the last block it stalled at
 * @waiting: what came during a stall
 * @waiting_count: how many packets
 * @repeats: how often its timer fired
 * @stalls: how often it stalled
 * @finished_us: when it had all blocks; 0: not yet
 */
struct client {
	struct network *network;
	u32 got;
	struct packet sent;
	u64 deadline_us;
	unsigned int tries;
	bool gave_up;
	u64 wakes_us;
	u32 stalled_at;
	struct packet waiting[IN_FLIGHT_MOST];
	unsigned int waiting_count;
	u64 repeats;
	u64 stalls;
	u64 finished_us;
};

void client_init(struct client *client, struct network *network);
void client_begin(struct client *client, u64 now_us);
void client_receive(struct client *client, u64 now_us, const struct packet *packet);
u64 client_next(const struct client *client);
void client_expired(struct client *client, u64 now_us);

#endif
