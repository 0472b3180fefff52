// SPDX-License-Identifier: GPL-2.0
/* Where messages to a server wait, and what becomes of those that cannot leave. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../unit/unit.h"

#include "log/sender.h"

/* More than a datagram can be. */
#define TOO_LONG   70000
/* Turns of the loop of at most 10 ms that something may take. */
#define TURNS_MOST 3000

static int bind_udp(in_port_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = *port };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(at);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	*port = at.sin_port;
	return fd;
}

static void turn(struct event_base *base)
{
	const struct timeval longest = { .tv_usec = 10000 };

	event_base_loopexit(base, &longest);
	event_base_dispatch(base);
}

/* Nobody is there: the first message is known not to have arrived, and it waits to connect again. */
static struct sender *failed_sender(struct event_base *base, in_port_t port)
{
	struct sender *s;
	char text[8];
	int turns;

	snprintf(text, sizeof(text), "%u", ntohs(port));
	s = sender_new(base, SENDER_UDP, "127.0.0.1", text);
	assert_non_null(s);
	sender_put(s, "lost", 4);
	for (turns = 0; !sender_unsent(s) && turns < TURNS_MOST; turns++)
		turn(base);
	assert_int_equal(sender_unsent(s), 1);
	return s;
}

CASE(message_that_is_too_long_to_probe_with_is_dropped_and_the_next_arrives)
{
	struct event_base *base = event_base_new();
	static const char too_long[TOO_LONG];
	in_port_t port = 0;
	char got[16] = "";
	struct sender *s;
	int fd, turns;

	close(bind_udp(&port));
	s = failed_sender(base, port);
	fd = bind_udp(&port);
	sender_put(s, too_long, sizeof(too_long));
	for (turns = 0; sender_waiting(s) && turns < TURNS_MOST; turns++)
		turn(base);
	assert_int_equal(sender_waiting(s), 0);
	assert_int_equal(sender_unsent(s), 2);
	sender_put(s, "next", 4);
	for (turns = 0; sender_waiting(s) && turns < TURNS_MOST; turns++)
		turn(base);
	assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 4);
	assert_string_equal(got, "next");
	assert_int_equal(sender_unsent(s), 2);
	sender_free(s);
	close(fd);
	event_base_free(base);
}

static const struct unit_case cases[] = {
	RUN(message_that_is_too_long_to_probe_with_is_dropped_and_the_next_arrives),
	{},
};

SUITE(sender, cases);
