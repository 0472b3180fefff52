// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "client.h"
#include "random.h"

static void send_packet(struct client *client, u64 now_us)
{
	client->deadline_us = now_us + client->network->scenario->silence_us;
	network_send(client->network, now_us, client->sent);
}

static void answer(struct client *client, u64 now_us, const struct packet *data)
{
	client->tries = 0;
	client->sent = (struct packet){ .kind = PACKET_ACK, .wire = data->wire, .copy = data->copy };
	send_packet(client, now_us);
}

static void keep(struct client *client, const struct packet *packet)
{
	if (client->waiting_count == IN_FLIGHT_MOST)
		abort();
	client->waiting[client->waiting_count++] = *packet;
}

/* Does the client stop at the block that it is about to take: once, if at all. */
static bool stalls_at(const struct client *client, u32 block)
{
	return client->network->scenario->stall_us && client->stalled_at != block &&
	       random_at(client->network->seed, RANDOM_STALL, block) < 1.0 / STALL_EVERY;
}

static void stall(struct client *client, u64 now_us, u32 block, const struct packet *data)
{
	client->stalls++;
	client->stalled_at = block;
	client->wakes_us = now_us + client->network->scenario->stall_us;
	keep(client, data);
}

static void take_new(struct client *client, u64 now_us, const struct packet *data)
{
	if (stalls_at(client, client->got + 1)) {
		stall(client, now_us, client->got + 1, data);
		return;
	}
	client->got++;
	answer(client, now_us, data);
	if (client->got == client->network->scenario->blocks)
		client->finished_us = now_us;
}

static void wake(struct client *client, u64 now_us)
{
	unsigned int i, count = client->waiting_count;

	client->wakes_us = 0;
	client->waiting_count = 0;
	for (i = 0; i < count; i++)
		client_receive(client, now_us, &client->waiting[i]);
}

static void repeat(struct client *client, u64 now_us)
{
	if (client->tries == CLIENT_TRIES) {
		client->gave_up = true;
		return;
	}
	client->tries++;
	client->repeats++;
	client->sent.by_timer = true;
	send_packet(client, now_us);
}

void client_init(struct client *client, struct network *network)
{
	*client = (struct client){ .network = network, .sent.kind = PACKET_REQUEST };
}

void client_begin(struct client *client, u64 now_us)
{
	send_packet(client, now_us);
}

/* A block that it has already is acknowledged again, an older one is not. */
void client_receive(struct client *client, u64 now_us, const struct packet *data)
{
	if (client->wakes_us)
		keep(client, data);
	else if (client->got < client->network->scenario->blocks && data->wire == (u16)(client->got + 1))
		take_new(client, now_us, data);
	else if (client->got && data->wire == (u16)client->got)
		answer(client, now_us, data);
}

/* When it does something without being asked. Once it has all, it only answers. */
u64 client_next(const struct client *client)
{
	if (client->wakes_us)
		return client->wakes_us;
	return client->finished_us ? NEVER : client->deadline_us;
}

/* What came during a stall is read before the silence is noticed. */
void client_expired(struct client *client, u64 now_us)
{
	if (client->wakes_us)
		wake(client, now_us);
	else
		repeat(client, now_us);
}
