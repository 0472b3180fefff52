// SPDX-License-Identifier: GPL-2.0
/* A client that downloads by windows, from RFC 7440. It shares no code with the module. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "receiver.h"

#define PORT         69
#define NAME         "file"
#define BUFFER_BYTES (64 << 20) /* a window of 65535 small blocks, each with what the kernel keeps beside it */

/* The file in something larger, whose other bytes nobody is to see. */
static const char *publish(const struct terms *terms)
{
	const size_t held = terms->at + terms->length + (terms->at ? 1 : 0);
	uint8_t *around = malloc(held + 1), *bytes = pattern(terms->length);
	struct ktftp_set *set = ktftp_set_new(k);
	struct ktftp_set_result result;
	int fd, err;

	EXPECT(around && bytes && set);
	memset(around, 0xee, held);
	memcpy(around + terms->at, bytes, terms->length);
	fd = sealed_memfd(around, held);
	err = ktftp_set_publish_fd(set, &(struct ktftp_properties){ .name = NAME }, fd, KTFTP_KIND_SEALED, terms->at, terms->length) ?:
		      ktftp_set_commit(set, &result);
	ktftp_set_free(set);
	close(fd);
	free(around);
	free(bytes);
	EXPECT(!err);
	return NULL;
}

const char *receiver_serve(const struct terms *terms, const char *address, uint32_t listener_flags)
{
	EXPECT_OK(fresh_namespace());
	EXPECT_OK(set_param("honor_timeout", 1));
	EXPECT_OK(listen_on(address, listener_flags));
	return publish(terms);
}

uint64_t receiver_blocks(const struct receiver *r)
{
	return r->terms.length / r->terms.blksize + 1;
}

/* The number that a block has: they are counted from 0 for the OACK, and after 65535 comes 0 or 1. */
uint16_t receiver_number(const struct receiver *r, uint64_t block)
{
	if (!block || !r->terms.rollover)
		return block % 65536;
	return (block - 1) % 65535 + 1;
}

static size_t put_option(uint8_t *packet, size_t at, const char *name, unsigned int value)
{
	if (!value)
		return at;
	at += sprintf((char *)packet + at, "%s", name) + 1;
	return at + sprintf((char *)packet + at, "%u", value) + 1;
}

static size_t put_options(uint8_t *packet, size_t at, const struct terms *terms)
{
	at = put_option(packet, at, "blksize", terms->blksize);
	at = put_option(packet, at, "timeout", terms->timeout_s);
	at = put_option(packet, at, "windowsize", terms->windowsize);
	return put_option(packet, at, "rollover", terms->rollover);
}

/* Takes a datagram in, and when it came. */
static bool receive(struct receiver *r, int wait_ms)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
	} control;
	struct packet *packet = &r->packet;
	struct iovec iov = { .iov_base = packet->bytes, .iov_len = sizeof(packet->bytes) };
	struct msghdr msg = {
		.msg_name = &packet->from,
		.msg_namelen = sizeof(packet->from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd fd = { .fd = r->client.fd, .events = POLLIN };
	struct timespec when;
	ssize_t n;

	n = recvmsg(r->client.fd, &msg, MSG_DONTWAIT);
	if (n < 0) {
		if (poll(&fd, 1, wait_ms) <= 0)
			return false;
		n = recvmsg(r->client.fd, &msg, 0);
	}
	if (n < 4 || !CMSG_FIRSTHDR(&msg))
		return false;
	memcpy(&when, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(when));
	r->arrived_us = when.tv_sec * 1000000ull + when.tv_nsec / 1000;
	packet->length = n;
	packet->opcode = packet->bytes[0] << 8 | packet->bytes[1];
	packet->value = packet->bytes[2] << 8 | packet->bytes[3];
	/* The port is at the same place in an address of either family. */
	packet->from_port = ntohs(((struct sockaddr_in *)&packet->from)->sin_port);
	return true;
}

/* Asks for the file, and takes the OACK, which is exactly what was asked for. */
const char *receiver_ask(struct receiver *r, const struct terms *terms, const char *address)
{
	const int yes = 1, bytes = BUFFER_BYTES;
	uint8_t request[256] = "\0\1" NAME "\0octet", oack[256] = { 0, OACK };
	size_t length;

	memset(r, 0, sizeof(*r));
	r->terms = *terms;
	r->content = pattern(terms->length);
	EXPECT(r->content);
	EXPECT_OK(client_open(&r->client, address, PORT));
	EXPECT(!setsockopt(r->client.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)));
	EXPECT(!setsockopt(r->client.fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)));
	length = put_options(request, 2 + sizeof(NAME) + sizeof("octet"), terms);
	EXPECT_OK(client_send(&r->client, PORT, request, length));
	EXPECT(receive(r, WAIT_MS));
	length = put_options(oack, 2, terms);
	EXPECT(r->packet.length == length && !memcmp(r->packet.bytes, oack, length));
	r->tid = r->packet.from_port;
	return NULL;
}

/* A server with a file, and a client that has the OACK. */
const char *receiver_begin(struct receiver *r, const struct terms *terms)
{
	EXPECT_OK(receiver_serve(terms, "0.0.0.0", 0));
	return receiver_ask(r, terms, "127.0.0.1");
}

void receiver_end(struct receiver *r)
{
	client_close(&r->client);
	free(r->content);
}

/* The block that is expected: are all its bytes there. */
static enum taken take_next(struct receiver *r)
{
	const size_t done = r->blocks * r->terms.blksize, left = r->terms.length - done;
	const size_t bytes = left < r->terms.blksize ? left : r->terms.blksize;

	if (r->packet.length != 4 + bytes || memcmp(r->packet.bytes + 4, r->content + done, bytes))
		return UNCHECKED;
	r->blocks++;
	r->number = r->packet.value;
	r->all = bytes < r->terms.blksize;
	return IN_ORDER;
}

/* What the packet is that has come. */
static enum taken judge(struct receiver *r)
{
	if (r->packet.from_port != r->tid)
		return UNCHECKED;
	if (r->packet.opcode == ERROR)
		return GOODBYE;
	if (r->packet.opcode == OACK)
		return r->blocks ? UNCHECKED : NOT_NEXT;
	if (r->packet.opcode != DATA)
		return UNCHECKED;
	r->packets++;
	if (!r->all && r->packet.value == receiver_number(r, r->blocks + 1))
		return take_next(r);
	return NOT_NEXT;
}

enum taken receiver_take(struct receiver *r, int wait_ms)
{
	return receive(r, wait_ms) ? judge(r) : NOTHING;
}

/* Takes blocks up to that one; others may come between them. */
const char *receiver_take_to(struct receiver *r, uint64_t block)
{
	enum taken taken;

	while (r->blocks < block) {
		taken = receiver_take(r, WAIT_MS);
		EXPECT(taken == IN_ORDER || taken == NOT_NEXT);
	}
	return NULL;
}

const char *receiver_ack_of(struct receiver *r, uint64_t block)
{
	return client_ack(&r->client, r->tid, receiver_number(r, block));
}

/* Acknowledges what has been taken: a window begins behind it. */
const char *receiver_ack(struct receiver *r)
{
	r->base = r->blocks;
	return receiver_ack_of(r, r->blocks);
}

/* Begins a download, and takes whole windows and what there is of the last one up to that block: that it holds back. */
const char *receiver_reach(struct receiver *r, const struct terms *terms, uint64_t block)
{
	EXPECT_OK(receiver_begin(r, terms));
	while (r->blocks < block) {
		EXPECT_OK(receiver_ack(r));
		EXPECT_OK(
			receiver_take_to(r, r->base + terms->windowsize < block ? r->base + terms->windowsize : block));
	}
	return NULL;
}

static const char *ack_as(struct receiver *r, const struct habits *habits)
{
	unsigned int copy;

	for (copy = 0; copy <= habits->copies; copy++)
		EXPECT_OK(receiver_ack(r));
	return NULL;
}

/**
 * struct ring - a network card's few buffers, as the times of arrival tell
 * @free_us: when each of them is free again; they are worked through in turn
 */
struct ring {
	uint64_t free_us[64];
	size_t next;
};

/* Is there a buffer for the packet that has come: else it is lost. */
static bool has_room(struct ring *ring, const struct habits *habits, uint64_t now_us)
{
	uint64_t before = ring->free_us[(ring->next + habits->buffers - 1) % habits->buffers];

	if (ring->free_us[ring->next] > now_us)
		return false;
	ring->free_us[ring->next] = (before > now_us ? before : now_us) + habits->work_us;
	ring->next = (ring->next + 1) % habits->buffers;
	return true;
}

/* As receiver_take(), but what finds no buffer has not come. */
static enum taken take_as(struct receiver *r, const struct habits *habits, struct ring *ring)
{
	do {
		if (!receive(r, habits->patience_ms ?: WAIT_MS))
			return NOTHING;
	} while (habits->buffers && !has_room(ring, habits, r->arrived_us));
	return judge(r);
}

/* How often in a row nothing may come, each time for as long as the client is patient. */
#define SILENCES 3

/* Takes the rest of the file, as a client with these habits does. */
const char *receiver_run(struct receiver *r, const struct habits *habits)
{
	uint64_t told = UINT64_MAX; /* where a gap was told of last */
	unsigned int silences = 0;
	struct ring ring = { .next = 0 };
	enum taken taken;

	EXPECT_OK(ack_as(r, habits));
	while (!r->all) {
		taken = take_as(r, habits, &ring);
		EXPECT(taken != UNCHECKED && taken != GOODBYE);
		silences = taken == NOTHING ? silences + 1 : 0;
		EXPECT(silences < SILENCES);
		if (taken == NOT_NEXT) {
			if (habits->on_gap == GAP_IGNORED || (habits->on_gap == GAP_ONCE && told == r->blocks))
				continue;
			told = r->blocks;
		} else if (taken == IN_ORDER && !r->all && !habits->every_block &&
			   r->blocks - r->base < r->terms.windowsize) {
			continue;
		}
		EXPECT_OK(ack_as(r, habits));
	}
	return NULL;
}

/* The rest of the file, by a client without faults. */
const char *receiver_finish(struct receiver *r)
{
	static const struct habits none = { .on_gap = GAP_ONCE };

	EXPECT_OK(receiver_run(r, &none));
	EXPECT(r->blocks == receiver_blocks(r));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	receiver_end(r);
	return NULL;
}

/* A download whose blocks are of 512 bytes, in windows of that many; nothing is repeated for want of an answer. */
struct terms plain_terms(size_t length, unsigned int windowsize)
{
	return (struct terms){
		.length = length,
		.blksize = 512,
		.windowsize = windowsize,
		.timeout_s = NO_TIMEOUT_S,
	};
}

static void stall(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

uint64_t blocks_sent(void)
{
	return stat_of(KTFTP_A_STATS_SEGMENTS_SENT);
}

uint64_t blocks_repeated(void)
{
	return stat_of(KTFTP_A_STATS_SEGMENTS_REPEATED);
}

bool none_left(void)
{
	int tries;

	for (tries = 0; tries < 300; tries++) {
		if (transfers() == 0)
			return true;
		stall(50);
	}
	return false;
}

/* Until nothing more has been sent for a while, shorter than any repeat takes: the number of blocks sent by then. */
uint64_t settled(void)
{
	uint64_t before;

	do {
		before = blocks_sent();
		stall(SILENCE_MS);
	} while (blocks_sent() != before);
	return before;
}
