// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams that somebody made up, at every port of user space's engine: the sanitizers watch. What is random is the
 * same in every run but for the ports.
 */
#include "engine_fixture.h"
#include "random.h"

#define DATAGRAMS TIMES(20000)
#define ROUND     16

static const struct {
	const char *bytes;
	size_t count;
} seeds[] = {
#define SEED(literal)                    \
	{                                \
		literal, sizeof(literal) \
	}
	SEED("\0\1file\0octet"),
	SEED("\0\1file\0octet\0blksize\0001428\0tsize\0000\0timeout\0003"),
	SEED("\0\1file\0OCTET\0windowsize\00016\0blksize\0008\0rollover\0001\0utimeout\00010000"),
	SEED("\0\1..\\..\\etc/passwd\0netascii\0multicast\0"),
	SEED("\0\2file\0octet\0tsize\000100"),
	SEED("\0\4\0\0"),
	SEED("\0\4\0\1"),
	SEED("\0\5\0\0stop"),
	SEED("\0\3\0\1data"),
	SEED("\0\6blksize\0008"),
};

/* Some bytes changed, some cut off, some appended. */
static size_t mutate(uint8_t *out, size_t room, struct random *state)
{
	size_t which = random_below(state, ARRAY_SIZE(seeds)), count = seeds[which].count, i;

	memcpy(out, seeds[which].bytes, count);
	for (i = random_below(state, 4); i; i--)
		out[random_below(state, count)] = random_below(state, 256);
	if (!random_below(state, 4))
		count = random_below(state, count + 1);
	if (!random_below(state, 8))
		while (count < room && random_below(state, 200))
			out[count++] = random_below(state, 3) ? 'a' : 0;
	return count;
}

/* To the listening port, or where something of ours came from. */
static void send_some(struct client *c, struct random *state)
{
	uint8_t packet[2000];
	size_t bytes = mutate(packet, sizeof(packet), state);
	struct sockaddr_in to = listening(c->f);

	if (c->tid.sin_port && random_below(state, 2))
		to = c->tid;
	sendto(c->fd, packet, bytes, 0, (struct sockaddr *)&to, sizeof(to));
}

/* What came is acknowledged, or something near it, or not at all. */
static void answer_some(struct client *c, struct random *state)
{
	while (has_packet(c)) {
		if (opcode_of(c) == KTFTP_OP_OACK)
			ack(c, 0);
		else if (opcode_of(c) == KTFTP_OP_DATA && random_below(state, 4))
			ack(c, value_of(c) - !random_below(state, 8));
	}
}

static void survive(uint32_t flags)
{
	struct client clients[8] = {}, sane = {};
	struct random state = random_from(1);
	struct fixture f;
	unsigned int i;

	quick_limits(&f);
	f.limits.max_transfers = 64;
	f.limits.max_unproven = 8;
	f.limits.max_transfers_per_client = 40;
	f.limits.give_up_ms = 1000;
	f.limits.honor_timeout = true;
	begin_with(&f, 100000, flags);
	for (i = 0; i < ARRAY_SIZE(clients); i++)
		client_open(&clients[i], &f);
	for (i = 0; i < DATAGRAMS; i++) {
		struct client *c = &clients[random_below(&state, ARRAY_SIZE(clients))];

		send_some(c, &state);
		if (i % ROUND)
			continue;
		event_base_loop(f.base, EVLOOP_NONBLOCK);
		answer_some(c, &state);
	}
	/* It still serves, and all of that was seen. */
	engine_listener_del(f.engine, &f.listener, true);
	assert_int_equal(engine_transfers(f.engine), 0);
	assert_int_equal(engine_listener_add(f.engine, &f.listener), 0);
	client_open(&sane, &f);
	ask(&sane, "file\0octet");
	expect_data(&sane, 1, 512);
	assert_true(count_of(&f, KTFTP_A_STATS_REQUESTS) > 100);
	assert_true(count_of(&f, KTFTP_A_STATS_REQUESTS_MALFORMED) > 100);
	assert_true(count_of(&f, KTFTP_A_STATS_SEGMENTS_ACKNOWLEDGED) > 100);
	client_close(&sane);
	for (i = 0; i < ARRAY_SIZE(clients); i++)
		client_close(&clients[i]);
	end(&f);
}

CASE(whatever_comes_is_survived)
{
	survive(0);
}

CASE(whatever_comes_to_a_single_port_is_survived)
{
	survive(KTFTP_LISTENER_FLAG_SINGLE_PORT);
}

struct unit_case cases[] = {
	RUN(whatever_comes_is_survived),
	RUN(whatever_comes_to_a_single_port_is_survived),
	{},
};

SUITE(engine_fuzz, cases);
