// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crowd.h"

#define SERVER_PORT       69
#define FIRST_PORT        20000
#define BLOCK             512
#define PERIOD            251

#define PATIENCE_MS       1000 /* how long an answer is waited for before something is sent again */
#define LOOK_MS           250  /* how often that is looked at */

/* ERROR packets sent at a time, and the pause after them: a server's device holds no more. */
#define FAREWELLS         100
#define FAREWELL_PAUSE_US 10000

enum { RRQ = 1, DATA = 3, ACK = 4, ERROR = 5, OACK = 6 };

uint32_t crowd_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void send_to_server(struct crowd *crowd, struct crowd_client *client, uint16_t port, const uint8_t *data,
			   size_t bytes)
{
	unsigned int index = client - crowd->clients;
	const struct wire_datagram datagram = {
		.from = crowd->settings.first + index / crowd->settings.ports,
		.to = crowd->settings.server,
		.from_port = FIRST_PORT + index % crowd->settings.ports,
		.to_port = port,
		.data = data,
		.bytes = bytes,
	};

	client->sent_ms = crowd_now_ms();
	wire_send(&crowd->wire, &datagram);
}

static void ask(struct crowd *crowd, struct crowd_client *client)
{
	uint8_t packet[512] = { 0, RRQ };
	size_t bytes = 2;

	bytes += snprintf((char *)packet + bytes, 256, "%s", crowd->settings.file) + 1;
	bytes += sprintf((char *)packet + bytes, "octet") + 1;
	bytes += sprintf((char *)packet + bytes, "timeout") + 1;
	bytes += sprintf((char *)packet + bytes, "%u", crowd->settings.timeout_s) + 1;
	crowd->counts.requests++;
	send_to_server(crowd, client, SERVER_PORT, packet, bytes);
}

static void send_ack(struct crowd *crowd, struct crowd_client *client)
{
	const uint8_t packet[4] = { 0, ACK, client->acked >> 8, client->acked };

	send_to_server(crowd, client, client->tid, packet, sizeof(packet));
}

/* The block that came is acknowledged, and the next one hoped for. */
static void acknowledge(struct crowd *crowd, struct crowd_client *client)
{
	client->acked = client->have;
	client->waits = true;
	send_ack(crowd, client);
}

static bool can_acknowledge(const struct crowd_client *client)
{
	return client->state == CROWD_RUNNING && client->have != client->acked;
}

/* The next client whose turn it can be; false when there is none. */
static bool give_turn(struct crowd *crowd)
{
	unsigned int tries;

	for (tries = 0; tries < crowd->asked; tries++) {
		crowd->cursor = (crowd->cursor + 1) % crowd->asked;
		if (!can_acknowledge(&crowd->clients[crowd->cursor]))
			continue;
		acknowledge(crowd, &crowd->clients[crowd->cursor]);
		return true;
	}
	return false;
}

static bool is_the_file(const uint8_t *data, size_t bytes, uint16_t block)
{
	static uint8_t period[PERIOD + BLOCK];
	unsigned int i;

	if (!period[1])
		for (i = 0; i < sizeof(period); i++)
			period[i] = i % PERIOD;
	return bytes <= BLOCK && !memcmp(data, period + (block - 1) * BLOCK % PERIOD, bytes);
}

static void take_block(struct crowd *crowd, struct crowd_client *client, uint16_t block, const uint8_t *data,
		       size_t bytes)
{
	bool waited = client->waits;

	if (!is_the_file(data, bytes, block)) {
		crowd->counts.wrong++;
		return;
	}
	client->have = block;
	client->waits = false;
	crowd->counts.blocks++;
	if (bytes < BLOCK) {
		acknowledge(crowd, client);
		client->waits = false;
		client->state = CROWD_COMPLETE;
		crowd->running--;
	} else if (waited && client < crowd->clients + crowd->active) {
		acknowledge(crowd, client);
	}
	if (waited && crowd->in_turn)
		give_turn(crowd);
}

static void take_data(struct crowd *crowd, struct crowd_client *client, uint16_t block, const uint8_t *data,
		      size_t bytes)
{
	if (block == (uint16_t)(client->acked + 1) && client->have == client->acked) {
		take_block(crowd, client, block, data, bytes);
	} else if (block == client->have) {
		crowd->counts.repeated++;
		/* The acknowledgement was lost. */
		if (client->have == client->acked)
			send_ack(crowd, client);
	} else {
		crowd->counts.wrong++;
	}
}

static void was_answered(struct crowd *crowd, struct crowd_client *client, uint16_t tid)
{
	crowd->waiting--;
	crowd->running++;
	client->state = CROWD_RUNNING;
	client->tid = tid;
	client->acked = 0;
	client->have = 0;
	client->waits = false;
}

static void take_oack(struct crowd *crowd, struct crowd_client *client)
{
	if (client->acked || client->have)
		return;
	send_ack(crowd, client);
}

static void take_error(struct crowd *crowd, struct crowd_client *client, const uint8_t *text, size_t bytes)
{
	crowd->counts.errors++;
	if (bytes)
		snprintf(crowd->error, sizeof(crowd->error), "%.*s", (int)bytes, (const char *)text);
	if (client->state == CROWD_ASKED)
		crowd->waiting--;
	else if (client->state == CROWD_RUNNING)
		crowd->running--;
	else
		return;
	client->state = CROWD_REFUSED;
	crowd->refused++;
}

static struct crowd_client *client_of(struct crowd *crowd, const struct wire_datagram *datagram)
{
	uint32_t address = datagram->to - crowd->settings.first;
	unsigned int port = datagram->to_port - FIRST_PORT, index = address * crowd->settings.ports + port;

	if (datagram->from != crowd->settings.server || address >= crowd->count || port >= crowd->settings.ports ||
	    index >= crowd->count)
		return NULL;
	return &crowd->clients[index];
}

static void take(void *context, const struct wire_datagram *datagram)
{
	struct crowd *crowd = context;
	struct crowd_client *client = client_of(crowd, datagram);
	const uint8_t *data = datagram->data;
	uint16_t opcode, value;

	if (!client || datagram->bytes < 4)
		return;
	opcode = data[0] << 8 | data[1];
	value = data[2] << 8 | data[3];
	if (opcode == ERROR) {
		take_error(crowd, client, data + 4, datagram->bytes - 4);
		return;
	}
	if (client->state == CROWD_ASKED && (opcode == OACK || opcode == DATA))
		was_answered(crowd, client, datagram->from_port);
	if (client->state != CROWD_RUNNING || client->tid != datagram->from_port)
		crowd->counts.wrong += client->state == CROWD_RUNNING;
	else if (opcode == OACK)
		take_oack(crowd, client);
	else if (opcode == DATA)
		take_data(crowd, client, value, data + 4, datagram->bytes - 4);
	else
		crowd->counts.wrong++;
}

/* Who waits for an answer for too long sends again. */
static void look_for_losses(struct crowd *crowd)
{
	uint32_t now = crowd_now_ms();
	unsigned int i;

	for (i = 0; i < crowd->asked; i++) {
		struct crowd_client *client = &crowd->clients[i];

		if (now - client->sent_ms < PATIENCE_MS)
			continue;
		if (client->state == CROWD_ASKED) {
			ask(crowd, client);
		} else if (client->state == CROWD_RUNNING && client->waits) {
			/* Those that answer at once go on waiting; to the others it comes when it comes. */
			crowd->counts.unanswered++;
			client->waits = i < crowd->active;
			send_ack(crowd, client);
			if (crowd->in_turn)
				give_turn(crowd);
		}
	}
}

/* Slow clients acknowledge what they have, one after the other; those that have nothing new say so. */
static void let_slow_ones_speak(struct crowd *crowd, uint64_t count)
{
	unsigned int tries;

	for (tries = 0; count && tries < crowd->asked; tries++) {
		struct crowd_client *client;

		crowd->cursor = (crowd->cursor + 1) % crowd->asked;
		client = &crowd->clients[crowd->cursor];
		count--;
		if (crowd->cursor < crowd->active || client->state != CROWD_RUNNING)
			continue;
		if (client->have != client->acked)
			acknowledge(crowd, client);
		else
			send_ack(crowd, client);
		client->waits = false;
	}
}

struct clock {
	uint32_t begun_ms;
	uint32_t looked_ms;
	uint64_t spoken; /* slow clients that have had their say, by the interval */
};

static struct clock start_clock(void)
{
	uint32_t now = crowd_now_ms();

	return (struct clock){ now, now, 0 };
}

/* What happens all the time: packets come in, losses are noticed, slow clients speak. */
static void go_on(struct crowd *crowd, struct clock *clock)
{
	uint32_t now = crowd_now_ms();
	uint64_t due;

	wire_flush(&crowd->wire);
	wire_receive(&crowd->wire, 1, take, crowd);
	if (now - clock->looked_ms >= LOOK_MS) {
		look_for_losses(crowd);
		clock->looked_ms = now;
	}
	if (crowd->in_turn)
		return;
	due = (uint64_t)(now - clock->begun_ms) * crowd->asked / (crowd->settings.interval_s * 1000);
	if (due > clock->spoken)
		let_slow_ones_speak(crowd, due - clock->spoken);
	clock->spoken = due > clock->spoken ? due : clock->spoken;
}

static void go_on_for(struct crowd *crowd, unsigned int seconds)
{
	struct clock clock = start_clock();

	while (crowd_now_ms() - clock.begun_ms < seconds * 1000)
		go_on(crowd, &clock);
	wire_flush(&crowd->wire);
}

static bool all_have_begun(const struct crowd *crowd, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (crowd->clients[i].state == CROWD_RUNNING && !crowd->clients[i].have)
			return false;
	return true;
}

/* Until @count clients have asked and been answered, and have a block if not refused; false when time runs out. */
bool crowd_grow(struct crowd *crowd, unsigned int count, unsigned int seconds)
{
	struct clock clock = start_clock();

	if (count > crowd->count)
		return false;
	while (crowd->asked < count || crowd->waiting || !all_have_begun(crowd, count)) {
		if (crowd_now_ms() - clock.begun_ms >= seconds * 1000)
			return false;
		for (; crowd->asked < count && crowd->waiting < crowd->settings.at_once; crowd->asked++) {
			crowd->clients[crowd->asked].state = CROWD_ASKED;
			crowd->waiting++;
			ask(crowd, &crowd->clients[crowd->asked]);
		}
		go_on(crowd, &clock);
	}
	return true;
}

void crowd_idle(struct crowd *crowd, unsigned int seconds)
{
	go_on_for(crowd, seconds);
}

/* The first @active clients answer every block at once, the others are as slow as ever. */
void crowd_in_lock_step(struct crowd *crowd, unsigned int active, unsigned int seconds)
{
	unsigned int i;

	crowd->active = active < crowd->asked ? active : crowd->asked;
	for (i = 0; i < crowd->active; i++)
		if (can_acknowledge(&crowd->clients[i]))
			acknowledge(crowd, &crowd->clients[i]);
	go_on_for(crowd, seconds);
	crowd->active = 0;
}

/* All clients in turn acknowledge one block, @at_once at a time. */
void crowd_in_turn(struct crowd *crowd, unsigned int at_once, unsigned int seconds)
{
	crowd->in_turn = true;
	while (at_once && give_turn(crowd))
		at_once--;
	go_on_for(crowd, seconds);
	crowd->in_turn = false;
}

/* All give up and say so; those that have done so before say it again. */
void crowd_abort(struct crowd *crowd)
{
	static const uint8_t packet[5] = { 0, ERROR };
	unsigned int i, sent = 0;

	for (i = 0; i < crowd->count; i++) {
		struct crowd_client *client = &crowd->clients[i];

		client->state = CROWD_SILENT;
		client->waits = false;
		if (!client->tid)
			continue;
		send_to_server(crowd, client, client->tid, packet, sizeof(packet));
		if (++sent % FAREWELLS)
			continue;
		wire_flush(&crowd->wire);
		usleep(FAREWELL_PAUSE_US);
	}
	wire_flush(&crowd->wire);
	crowd->asked = crowd->waiting = crowd->running = crowd->refused = crowd->cursor = 0;
}

/* Room for @most clients. Returns 0 or a negative errno. */
int crowd_open(struct crowd *crowd, const struct crowd_settings *settings, const char *device,
	       const uint8_t server_mac[6], unsigned int most)
{
	int err;

	memset(crowd, 0, sizeof(*crowd));
	crowd->settings = *settings;
	crowd->count = most;
	crowd->clients = calloc(most, sizeof(*crowd->clients));
	if (!crowd->clients)
		return -ENOMEM;
	err = wire_open(&crowd->wire, device, server_mac);
	if (err)
		free(crowd->clients);
	return err;
}

void crowd_close(struct crowd *crowd)
{
	wire_close(&crowd->wire);
	free(crowd->clients);
}
