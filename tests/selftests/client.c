// SPDX-License-Identifier: GPL-2.0
/* A TFTP client that can be told to misbehave. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

/* Names in tests are no longer than that, with their mode. */
#define REQUEST_MAX 1024

static socklen_t make_address(struct sockaddr_storage *out, const char *address, uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *in = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	inet_pton(AF_INET6, address, &in6->sin6_addr);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

static uint16_t get_port(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port :
						     ((const struct sockaddr_in6 *)address)->sin6_port);
}

const char *client_open_from(struct client *client, const char *address, uint16_t server_port, uint16_t own_port)
{
	struct sockaddr_storage own;
	socklen_t length;

	client->server_length = make_address(&client->server, address, server_port);
	client->fd = socket(client->server.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	EXPECT(client->fd >= 0);
	length = make_address(&own, client->server.ss_family == AF_INET ? "0.0.0.0" : "::", own_port);
	EXPECT(!bind(client->fd, (struct sockaddr *)&own, length));
	return NULL;
}

const char *client_open(struct client *client, const char *address, uint16_t server_port)
{
	return client_open_from(client, address, server_port, 0);
}

void client_close(struct client *client)
{
	close(client->fd);
}

const char *client_send(struct client *client, uint16_t port, const void *bytes, size_t length)
{
	struct sockaddr_storage to = client->server;

	set_port(&to, port);
	EXPECT(sendto(client->fd, bytes, length, 0, (struct sockaddr *)&to, client->server_length) == (ssize_t)length);
	return NULL;
}

const char *client_request(struct client *client, uint16_t opcode, const char *name, const char *mode)
{
	char packet[REQUEST_MAX] = { 0, opcode };
	size_t length = 2;

	length += sprintf(packet + length, "%s", name) + 1;
	length += sprintf(packet + length, "%s", mode) + 1;
	return client_send(client, get_port(&client->server), packet, length);
}

static const char *send_short(struct client *client, uint16_t port, uint16_t opcode, uint16_t value)
{
	const uint8_t packet[5] = { 0, opcode, value >> 8, value, 0 };

	return client_send(client, port, packet, opcode == ERROR ? 5 : 4);
}

const char *client_ack(struct client *client, uint16_t port, uint16_t block)
{
	return send_short(client, port, ACK, block);
}

const char *client_error(struct client *client, uint16_t port, uint16_t code)
{
	return send_short(client, port, ERROR, code);
}

bool client_receive(struct client *client, struct packet *packet, int wait_ms)
{
	struct pollfd fd = { .fd = client->fd, .events = POLLIN };
	socklen_t length = sizeof(packet->from);
	ssize_t n;

	packet->length = 0;
	if (poll(&fd, 1, wait_ms) <= 0)
		return false;
	n = recvfrom(client->fd, packet->bytes, sizeof(packet->bytes), 0, (struct sockaddr *)&packet->from, &length);
	if (n < 4)
		return false;
	packet->length = n;
	packet->opcode = packet->bytes[0] << 8 | packet->bytes[1];
	packet->value = packet->bytes[2] << 8 | packet->bytes[3];
	packet->from_port = get_port(&packet->from);
	return true;
}

bool client_hears_nothing(struct client *client, int wait_ms)
{
	struct packet packet;

	return !client_receive(client, &packet, wait_ms);
}

/*
 * A copy that was under way: of the block before, or of the last one of the file before. One that a timer sends while
 * an ACK comes may be overtaken by the next block.
 */
static bool is_late_copy(const struct packet *packet, uint16_t block)
{
	uint16_t behind = block - packet->value;

	return packet->opcode == DATA && (behind == 1 || behind == 2 || (block == 1 && packet->value > 1));
}

/* What came in the place of what was waited for. */
static void tell_of_packet(const struct packet *packet)
{
	printf("# opcode %u, %u, came instead: %.*s\n", packet->opcode, packet->value,
	       packet->opcode == ERROR ? (int)packet->length - 4 : 0, (const char *)packet->bytes + 4);
}

/* Waits for a block; late copies of others may come first. */
const char *client_expect_data(struct client *client, struct packet *packet, uint16_t block)
{
	do {
		EXPECT(client_receive(client, packet, WAIT_MS));
	} while (is_late_copy(packet, block));
	if (packet->opcode != DATA || packet->value != block)
		tell_of_packet(packet);
	EXPECT(packet->opcode == DATA);
	EXPECT(packet->value == block);
	return NULL;
}

const char *client_expect_error(struct client *client, uint16_t code)
{
	struct packet packet;

	EXPECT(client_receive(client, &packet, WAIT_MS));
	EXPECT(packet.opcode == ERROR);
	EXPECT(packet.value == code);
	/* A text for a person, terminated. */
	EXPECT(packet.length > 5);
	EXPECT(packet.bytes[packet.length - 1] == 0);
	EXPECT(strlen((char *)packet.bytes + 4) == packet.length - 5);
	return NULL;
}

/* Fetches a file in lock-step and compares every byte. */
const char *client_download(struct client *client, const char *name, const uint8_t *content, size_t length)
{
	struct packet packet;
	size_t done = 0, part;
	uint16_t tid = 0;
	uint64_t block;

	EXPECT_OK(client_request(client, RRQ, name, "octet"));
	for (block = 1;; block++) {
		EXPECT_OK(client_expect_data(client, &packet, block));
		if (!tid)
			tid = packet.from_port;
		EXPECT(packet.from_port == tid);
		part = packet.length - 4;
		EXPECT(part == (length - done < 512 ? length - done : 512));
		EXPECT(!memcmp(packet.bytes + 4, content + done, part));
		done += part;
		EXPECT_OK(client_ack(client, tid, block));
		if (part < 512)
			break;
	}
	EXPECT(done == length);
	return NULL;
}
