/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An engine and its clients in one thread, on 127.0.0.1: a client that waits for a packet lets the engine run. Names
 * mean contents of the fixture; what is not known is refused.
 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "proto.h"
#include "unit.h"

#define WAIT_MS     20000 /* for what must come: only a broken engine takes so long */
#define PACKET_ROOM 70000

struct fixture {
	struct event_base *base;
	struct engine *engine;
	struct engine_limits limits;
	struct ktftp_listener listener;
	struct content *content;
	const struct ktftp_listener *module; /* requests are answered as if it had handed them over */
	uint16_t tid_first;                  /* 0 for the default range */
	uint16_t tid_last;
	bool silent;              /* requests have no answer */
	struct ktftp_handed kept; /* the last request */
	uint8_t kept_data[KTFTP_REQUEST_MAX];
	unsigned int requests;
	unsigned int starts;
	unsigned int ends;
	struct ktftp_transfer ended; /* the last one */
	int result;                  /* of the last call of engine_serve() */
};

struct client {
	struct fixture *f;
	int fd;
	struct sockaddr_in tid; /* where the last packet came from */
	uint8_t packet[PACKET_ROOM];
	ssize_t bytes;
};

static inline void on_request(const struct ktftp_handed *request, void *context)
{
	struct fixture *f = context;
	const char *name = (const char *)request->data + 2;

	f->requests++;
	f->kept = *request;
	memcpy(f->kept_data, request->data, request->bytes);
	f->kept.data = f->kept_data;
	if (f->silent)
		return;
	if (request->data[1] == KTFTP_OP_WRQ)
		engine_refuse(f->engine, f->module, request, KTFTP_ERR_ACCESS, "Nothing may be written here");
	else if (!strncmp(name, "file", 4))
		f->result = engine_serve(f->engine, f->module, request, name, f->content);
	else
		engine_refuse(f->engine, f->module, request, KTFTP_ERR_NOT_FOUND, "File not found");
}

static inline void on_start(const struct ktftp_transfer *transfer, void *context)
{
	(void)transfer;
	((struct fixture *)context)->starts++;
}

static inline void on_end(const struct ktftp_transfer *transfer, void *context)
{
	struct fixture *f = context;

	f->ends++;
	f->ended = *transfer;
}

/* A port that nobody has, as far as one can know. */
static inline uint16_t free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, bytes), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
	close(fd);
	return ntohs(at.sin_port);
}

/* Bytes that say where they are. */
static inline struct content *pattern(size_t bytes)
{
	uint8_t *memory = malloc(bytes + 1);
	size_t i;

	assert_non_null(memory);
	for (i = 0; i < bytes; i++)
		memory[i] = i * 7 + i / 256;
	return content_of_memory(memory, bytes);
}

static inline void begin_at(struct fixture *f, size_t bytes, const uint8_t address[4], uint32_t flags)
{
	const struct engine_hooks hooks = { .request = on_request, .start = on_start, .end = on_end, .context = f };

	f->base = event_base_new();
	f->engine = engine_new(f->base, &f->limits, &hooks);
	assert_non_null(f->engine);
	f->content = pattern(bytes);
	f->listener = (struct ktftp_listener){ .address.length = 4, .port = free_port(), .flags = flags };
	f->listener.tid_first = f->tid_first;
	f->listener.tid_last = f->tid_last;
	memcpy(f->listener.address.bytes, address, 4);
	if (engine_listener_add(f->engine, &f->listener))
		fail_msg("%s", engine_error(f->engine));
}

static const uint8_t loopback[4] = { 127, 0, 0, 1 };

/* Limits are set before. */
static inline void begin_with(struct fixture *f, size_t bytes, uint32_t flags)
{
	begin_at(f, bytes, loopback, flags);
}

static inline void set_limits(struct fixture *f, uint32_t repeats_after_ms)
{
	*f = (struct fixture){};
	engine_limits_default(&f->limits);
	f->limits.rto_min_ms = repeats_after_ms;
	if (f->limits.rto_max_ms < repeats_after_ms)
		f->limits.rto_max_ms = repeats_after_ms;
}

/* Nothing is repeated while a test runs, however busy the machine is. */
static inline void patient_limits(struct fixture *f)
{
	set_limits(f, 30000);
}

static inline void quick_limits(struct fixture *f)
{
	set_limits(f, 16);
}

static inline void begin(struct fixture *f, size_t bytes)
{
	patient_limits(f);
	begin_with(f, bytes, 0);
}

static inline void begin_quick(struct fixture *f, size_t bytes)
{
	quick_limits(f);
	begin_with(f, bytes, 0);
}

static inline void end(struct fixture *f)
{
	engine_free(f->engine);
	content_put(f->content);
	event_base_free(f->base);
}

static inline uint64_t count_of(const struct fixture *f, enum ktftp_a_stats which)
{
	struct ktftp_stats stats;

	engine_stats_get(f->engine, &stats);
	return stats.value[which];
}

static inline int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void run_engine(struct fixture *f)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	event_base_loop(f->base, EVLOOP_NONBLOCK);
	nanosleep(&moment, NULL);
}

/* The engine runs until a counter has that value. */
static inline void until_count(struct fixture *f, enum ktftp_a_stats which, uint64_t value)
{
	int64_t end_ms = clock_ms() + WAIT_MS;

	while (count_of(f, which) < value) {
		assert_true(clock_ms() < end_ms);
		run_engine(f);
	}
	assert_int_equal(count_of(f, which), value);
}

static inline void until_ends(struct fixture *f, unsigned int ends)
{
	int64_t end_ms = clock_ms() + WAIT_MS;

	while (f->ends < ends) {
		assert_true(clock_ms() < end_ms);
		run_engine(f);
	}
}

static inline void client_open(struct client *c, struct fixture *f)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	c->f = f;
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(c->fd, (struct sockaddr *)&at, sizeof(at)), 0);
}

static inline void client_close(struct client *c)
{
	close(c->fd);
}

static inline void send_to(struct client *c, const struct sockaddr_in *to, const void *data, size_t bytes)
{
	assert_int_equal(sendto(c->fd, data, bytes, 0, (const struct sockaddr *)to, sizeof(*to)), bytes);
}

static inline struct sockaddr_in listening(const struct fixture *f)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(f->listener.port) };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return at;
}

static inline void ask_bytes(struct client *c, const void *data, size_t bytes)
{
	const struct sockaddr_in to = listening(c->f);

	send_to(c, &to, data, bytes);
}

/* A literal: a whole request behind its opcode. */
#define ask(client, literal)  ask_bytes(client, "\0\1" literal, sizeof("\0\1" literal))
#define wish(client, literal) ask_bytes(client, "\0\2" literal, sizeof("\0\2" literal))

static inline void ack(struct client *c, uint16_t block)
{
	const uint8_t packet[] = { 0, KTFTP_OP_ACK, block >> 8, block & 0xff };

	send_to(c, &c->tid, packet, sizeof(packet));
}

static inline void error(struct client *c)
{
	send_to(c, &c->tid, "\0\5\0\0stop", 9);
}

static inline bool has_packet(struct client *c)
{
	socklen_t length = sizeof(c->tid);

	c->bytes = recvfrom(c->fd, c->packet, sizeof(c->packet), 0, (struct sockaddr *)&c->tid, &length);
	return c->bytes >= 0;
}

static inline void receive(struct client *c)
{
	int64_t end_ms = clock_ms() + WAIT_MS;

	while (!has_packet(c)) {
		if (clock_ms() > end_ms)
			fail_msg("no packet came");
		run_engine(c->f);
	}
}

static inline uint16_t opcode_of(const struct client *c)
{
	return c->packet[0] << 8 | c->packet[1];
}

static inline uint16_t value_of(const struct client *c)
{
	return c->packet[2] << 8 | c->packet[3];
}

static inline void expect_data(struct client *c, uint16_t block, size_t bytes)
{
	receive(c);
	assert_int_equal(opcode_of(c), KTFTP_OP_DATA);
	assert_int_equal(value_of(c), block);
	assert_int_equal(c->bytes, KTFTP_HEADER_BYTES + bytes);
}

static inline void expect_error(struct client *c, uint16_t code)
{
	receive(c);
	assert_int_equal(opcode_of(c), KTFTP_OP_ERROR);
	assert_int_equal(value_of(c), code);
}

static inline void expect_oack_bytes(struct client *c, const char *options, size_t bytes)
{
	receive(c);
	assert_int_equal(opcode_of(c), KTFTP_OP_OACK);
	assert_int_equal(c->bytes, 2 + bytes);
	assert_memory_equal(c->packet + 2, options, bytes);
}

/* A literal, whose NUL is the last option's. */
#define expect_oack(client, literal) expect_oack_bytes(client, literal, sizeof(literal))

/* Nothing has come: to be asked when what could have led to something was counted. */
static inline void expect_nothing(struct client *c)
{
	assert_false(has_packet(c));
}

#endif
