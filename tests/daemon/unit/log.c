// SPDX-License-Identifier: GPL-2.0
/* The log on its way: servers that come and go, a limit that counts, and nobody who waits. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#include "log/log.h"
#include "log/rfc5424.h"
#include "log/sender.h"

/* How long something may take that is to happen. */
#define PATIENCE_S 30

/* A syslog server: a socket of its own, and what came. */
struct server {
	int listener; /* TCP */
	int fd;
	uint16_t port;
	char text[1 << 22];
	size_t bytes;
	size_t messages; /* UDP */
};

static struct server *server_new(int type, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct server *server = calloc(1, sizeof(*server));
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	socklen_t length = sizeof(at);

	assert_non_null(server);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	server->port = ntohs(at.sin_port);
	server->listener = -1;
	server->fd = fd;
	if (type == SOCK_STREAM) {
		assert_int_equal(listen(fd, 4), 0);
		server->listener = fd;
		server->fd = -1;
	}
	return server;
}

static void server_free(struct server *server)
{
	if (server->fd >= 0)
		close(server->fd);
	if (server->listener >= 0)
		close(server->listener);
	free(server);
}

static void receive(struct server *server)
{
	ssize_t count;

	if (server->fd < 0)
		server->fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (server->fd < 0)
		return;
	while (server->bytes + 65536 < sizeof(server->text)) {
		count = recv(server->fd, server->text + server->bytes, 65536, 0);
		if (count <= 0)
			return;
		server->bytes += count;
		server->messages++;
	}
}

/* Lets the loop turn until the condition holds. */
#define UNTIL(base, server, condition)                                        \
	do {                                                                  \
		time_t until_ = time(NULL) + PATIENCE_S;                      \
		while (!(condition)) {                                        \
			assert_true(time(NULL) < until_);                     \
			event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK); \
			receive(server);                                      \
			poll(NULL, 0, 1);                                     \
		}                                                             \
	} while (0)

static struct sender *sender_to(struct event_base *base, enum sender_kind kind, uint16_t port)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", port);
	return sender_new(base, kind, "127.0.0.1", text);
}

static void put(struct sender *sender, const char *text)
{
	sender_put(sender, text, strlen(text));
}

static size_t count_in(const struct server *server, const char *text)
{
	const char *at = server->text;
	size_t count = 0;

	while ((at = strstr(at, text))) {
		count++;
		at += strlen(text);
	}
	return count;
}

/* A port that nobody has. */
static uint16_t free_port(int type)
{
	struct server *server = server_new(type, 0);
	uint16_t port = server->port;

	server_free(server);
	return port;
}

CASE(what_is_said_before_there_is_a_connection_arrives)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_DGRAM, 0);
	struct sender *sender = sender_to(base, SENDER_UDP, server->port);

	put(sender, "one ");
	put(sender, "two ");
	UNTIL(base, server, server->messages == 2);
	assert_string_equal(server->text, "one two ");
	assert_int_equal(sender_unsent(sender), 0);
	sender_free(sender);
	server_free(server);
	event_base_free(base);
}

CASE(over_tcp_each_message_has_its_length_before_it)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct sender *sender = sender_to(base, SENDER_TCP, server->port);

	put(sender, "first");
	put(sender, "the second\n");
	UNTIL(base, server, server->bytes == 21);
	assert_string_equal(server->text, "5 first11 the second\n");
	sender_free(sender);
	server_free(server);
	event_base_free(base);
}

CASE(a_host_is_found_by_its_name)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct sender *sender;
	char port[8];

	snprintf(port, sizeof(port), "%u", server->port);
	/* It may have an IPv6 address as well, where nobody listens: the next is tried. */
	sender = sender_new(base, SENDER_TCP, "localhost", port);
	put(sender, "x");
	UNTIL(base, server, server->bytes == 3);
	sender_free(sender);
	server_free(server);
	event_base_free(base);
}

CASE(who_is_asked_for_his_address_is_not_waited_for)
{
	struct event_base *base = event_base_new();
	struct sender *sender = sender_new(base, SENDER_TCP, "no-such-host.invalid", "514");
	int i;

	put(sender, "x");
	for (i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	assert_int_equal(sender_waiting(sender), 1);
	sender_free(sender);
	event_base_free(base);
}

CASE(a_server_of_tcp_that_comes_later_gets_what_waited)
{
	struct event_base *base = event_base_new();
	uint16_t port = free_port(SOCK_STREAM);
	struct sender *sender = sender_to(base, SENDER_TCP, port);
	struct server *none = server_new(SOCK_DGRAM, 0), *server;

	put(sender, "early");
	UNTIL(base, none, sender_waiting(sender) == 1);
	event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_ONCE);
	server = server_new(SOCK_STREAM, port);
	UNTIL(base, server, server->bytes == 7);
	assert_string_equal(server->text, "5 early");
	assert_int_equal(sender_unsent(sender), 0);
	sender_free(sender);
	server_free(server);
	server_free(none);
	event_base_free(base);
}

CASE(a_server_of_tcp_may_start_again)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	uint16_t port = server->port;
	struct sender *sender = sender_to(base, SENDER_TCP, port);

	put(sender, "before");
	UNTIL(base, server, server->bytes == 8);
	server_free(server);
	server = server_new(SOCK_STREAM, port);
	UNTIL(base, server, server->fd >= 0);
	put(sender, "behind");
	UNTIL(base, server, server->bytes == 8);
	assert_string_equal(server->text, "6 behind");
	sender_free(sender);
	server_free(server);
	event_base_free(base);
}

/* The first message tells that nobody is there, and is lost; from then on one at a time tries it, and stays. */
CASE(a_server_of_udp_that_comes_later_gets_what_waited)
{
	struct event_base *base = event_base_new();
	uint16_t port = free_port(SOCK_DGRAM);
	struct sender *sender = sender_to(base, SENDER_UDP, port);
	struct server *none = server_new(SOCK_STREAM, 0), *server;
	time_t until;
	size_t i;

	put(sender, "lost ");
	UNTIL(base, none, sender_unsent(sender) == 1);
	for (i = 0; i < 100; i++)
		put(sender, "kept ");
	/* Time for some tries. */
	until = time(NULL) + 3;
	UNTIL(base, none, time(NULL) >= until);
	assert_int_equal(sender_waiting(sender), 100);
	assert_int_equal(sender_unsent(sender), 1);
	server = server_new(SOCK_DGRAM, port);
	UNTIL(base, server, server->messages >= 100);
	assert_int_equal(count_in(server, "kept "), 100);
	assert_int_equal(sender_unsent(sender), 1);
	UNTIL(base, server, sender_waiting(sender) == 0);
	sender_free(sender);
	server_free(server);
	server_free(none);
	event_base_free(base);
}

CASE(the_oldest_goes_when_the_queue_is_full_and_is_counted)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct sender *sender = sender_to(base, SENDER_TCP, server->port);
	char text[32];
	size_t i;

	for (i = 0; i < SENDER_MESSAGES + 5; i++) {
		snprintf(text, sizeof(text), "<%05zu>", i);
		put(sender, text);
	}
	assert_int_equal(sender_unsent(sender), 5);
	assert_int_equal(sender_waiting(sender), SENDER_MESSAGES);
	UNTIL(base, server, server->bytes == 9 * SENDER_MESSAGES);
	assert_memory_equal(server->text, "7 <00005>7 <00006>", 18);
	assert_int_equal(count_in(server, "7 <"), SENDER_MESSAGES);
	sender_free(sender);
	server_free(server);
	event_base_free(base);
}

/* The part of a message that has left is never followed by the beginning of another one. */
CASE(a_server_that_does_not_read_gets_whole_messages)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct sender *sender = sender_to(base, SENDER_TCP, server->port);
	char *large = exact_room(60000), *at, *end;
	size_t i, seen = 0;

	memset(large, 'x', 60000);
	UNTIL(base, server, server->fd >= 0);
	for (i = 0; i < 400; i++) {
		sender_put(sender, large, 60000 - i);
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	assert_true(sender_unsent(sender) > 0);
	while (sender_waiting(sender)) {
		UNTIL(base, server, server->bytes > 2 << 20 || !sender_waiting(sender));
		at = server->text;
		end = at + server->bytes;
		while (at < end) {
			size_t length = strtoul(at, &at, 10);

			assert_in_range(length, 60000 - 399, 60000);
			if (at + 1 + length > end)
				break;
			assert_int_equal(*at, ' ');
			assert_int_equal(at[1], 'x');
			at += 1 + length;
			seen++;
		}
		/* What has not come as a whole is looked at again. */
		while (at > server->text && at[-1] >= '0' && at[-1] <= '9')
			at--;
		server->bytes = end - at;
		memmove(server->text, at, server->bytes);
	}
	assert_int_equal(seen + (server->bytes > 0) + sender_unsent(sender), 400);
	free(large);
	sender_free(sender);
	server_free(server);
	event_base_free(base);
}

CASE(what_has_left_in_part_goes_again_as_a_whole)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	uint16_t port = server->port;
	struct sender *sender = sender_to(base, SENDER_TCP, port);
	char *large = exact_room(60000);

	memset(large, 'x', 60000);
	UNTIL(base, server, server->fd >= 0);
	while (sender_waiting(sender) < 10) {
		sender_put(sender, large, 60000);
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	server_free(server);
	server = server_new(SOCK_STREAM, port);
	UNTIL(base, server, server->bytes > 10 * 60000);
	assert_memory_equal(server->text, "60000 xxxx", 10);
	assert_memory_equal(server->text + 60006, "60000 xxxx", 10);
	free(large);
	sender_free(sender);
	server_free(server);
	event_base_free(base);
}

static size_t datagrams(int fd, char *last, size_t room)
{
	size_t count = 0;
	ssize_t bytes;

	while ((bytes = recv(fd, last, room - 1, MSG_DONTWAIT)) >= 0) {
		last[bytes] = 0;
		count++;
	}
	return count;
}

/* A journal that is stopped: its queue is short. */
CASE(a_journal_that_does_not_read_is_not_waited_for)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct event_base *base = event_base_new();
	struct server *none = server_new(SOCK_DGRAM, 0);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), i;
	struct sender *sender;
	char last[256] = "";
	size_t got = 0;

	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/ktftp-journal.%d", getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	sender = sender_new(base, SENDER_UNIX, at.sun_path, "");
	for (i = 0; i < 2000; i++)
		put(sender, "MESSAGE=x\n");
	put(sender, "MESSAGE=last\n");
	assert_true(sender_waiting(sender) > 0);
	UNTIL(base, none, (got += datagrams(fd, last, sizeof(last))) == 2001);
	assert_string_equal(last, "MESSAGE=last\n");
	assert_int_equal(sender_unsent(sender), 0);
	sender_free(sender);
	close(fd);
	unlink(at.sun_path);
	server_free(none);
	event_base_free(base);
}

/* ---- the log ---- */

static struct config config_to(struct config_syslog *to, uint32_t per_s)
{
	return (struct config){
		.log_transfers = true, .log_misses = true, .log_per_s = per_s, .syslog = to, .syslog_count = 1
	};
}

static struct log *log_to(struct event_base *base, struct server *server, uint32_t per_s, bool tcp)
{
	char port[8];
	struct config_syslog to = { .host = (char *)"127.0.0.1", .port = port, .tcp = tcp };
	struct config config = config_to(&to, per_s);

	snprintf(port, sizeof(port), "%u", server->port);
	return log_new(base, &config, true);
}

static const struct ktftp_handed REQUEST = { .client = { .bytes = { 192, 0, 2, 1 }, .length = 4 } };

CASE(ten_thousand_lines_at_once_are_limited_and_counted)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct log *log = log_to(base, server, 50, true);
	unsigned long long told = 0;
	struct log_counts counts;
	const char *at;
	int i;

	for (i = 0; i < 10000; i++)
		log_miss(log, &REQUEST, "SEP1.cnf", NULL, "error1");
	log_counts_get(log, &counts);
	assert_int_equal(counts.written + counts.dropped, 10000);
	assert_true(counts.dropped > 5000);
	UNTIL(base, server, count_in(server, " lines were dropped in the last ") == 1);
	assert_int_equal(count_in(server, " MISS "), counts.written);
	at = strstr(server->text, " DROPPED ");
	assert_non_null(at);
	at = strstr(at, "lines=\"");
	assert_int_equal(sscanf(at, "lines=\"%llu\"", &told), 1);
	assert_int_equal(told, counts.dropped);
	log_free(log);
	server_free(server);
	event_base_free(base);
}

/* Who ends within the second in which lines were dropped tells of them nevertheless. */
CASE(dropped_lines_are_told_at_the_end)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_DGRAM, 0);
	struct log *log = log_to(base, server, 1, false);

	log_miss(log, &REQUEST, "one", NULL, "error1");
	UNTIL(base, server, count_in(server, "\"one\" is not there") == 1);
	log_miss(log, &REQUEST, "two", NULL, "error1");
	log_miss(log, &REQUEST, "three", NULL, "error1");
	log_free(log);
	UNTIL(base, server, count_in(server, " lines were dropped in the last 1 s") == 1);
	server_free(server);
	event_base_free(base);
}

CASE(what_the_daemon_says_is_not_limited)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct log *log = log_to(base, server, 1, true);
	int i;

	for (i = 0; i < 100; i++)
		log_say(log, LOG_NOTICE, "number %d", i);
	UNTIL(base, server, count_in(server, " DAEMON ") == 100);
	log_free(log);
	server_free(server);
	event_base_free(base);
}

CASE(downloads_and_misses_are_told_when_they_are_wanted)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct log *log = log_to(base, server, 100, true);
	const struct ktftp_transfer t = { .client = REQUEST.client, .name = "file" };
	char port[8];
	struct config_syslog to = { .host = (char *)"127.0.0.1", .port = port, .tcp = true };
	struct config config = config_to(&to, 100);

	snprintf(port, sizeof(port), "%u", server->port);
	log_transfer(log, &t, "user");
	config.log_transfers = false;
	assert_int_equal(log_reconfigure(log, &config), 0);
	log_transfer(log, &t, "user");
	log_miss(log, &REQUEST, "name", NULL, "error1");
	config.log_misses = false;
	assert_int_equal(log_reconfigure(log, &config), 0);
	log_miss(log, &REQUEST, "name", NULL, "error1");
	log_say(log, LOG_NOTICE, "end");
	UNTIL(base, server, count_in(server, " DAEMON ") == 1);
	assert_int_equal(count_in(server, " TRANSFER "), 1);
	assert_int_equal(count_in(server, " MISS "), 1);
	log_free(log);
	server_free(server);
	event_base_free(base);
}

CASE(a_server_that_is_no_longer_configured_gets_no_more)
{
	struct event_base *base = event_base_new();
	struct server *first = server_new(SOCK_STREAM, 0), *second = server_new(SOCK_STREAM, 0);
	struct log *log = log_to(base, first, 100, true);
	char port[8];
	struct config_syslog to = { .host = (char *)"127.0.0.1", .port = port, .tcp = true };
	struct config config = config_to(&to, 100);

	snprintf(port, sizeof(port), "%u", second->port);
	log_say(log, LOG_NOTICE, "to the first");
	UNTIL(base, first, count_in(first, "to the first") == 1);
	assert_int_equal(log_reconfigure(log, &config), 0);
	log_say(log, LOG_NOTICE, "to the second");
	UNTIL(base, second, count_in(second, "to the second") == 1);
	log_say(log, LOG_NOTICE, "to the second");
	receive(first);
	assert_int_equal(count_in(first, "to the second"), 0);
	log_free(log);
	server_free(first);
	server_free(second);
	event_base_free(base);
}

CASE(lines_have_numbers_that_show_gaps)
{
	struct event_base *base = event_base_new();
	struct server *server = server_new(SOCK_STREAM, 0);
	struct log *log = log_to(base, server, 100, true);

	log_say(log, LOG_NOTICE, "a");
	log_say(log, LOG_NOTICE, "b");
	UNTIL(base, server, count_in(server, " DAEMON ") == 2);
	assert_int_equal(count_in(server, "[meta sequenceId=\"1\"]"), 1);
	assert_int_equal(count_in(server, "[meta sequenceId=\"2\"]"), 1);
	log_free(log);
	server_free(server);
	event_base_free(base);
}

static struct unit_case cases[] = {
	RUN(what_is_said_before_there_is_a_connection_arrives),
	RUN(over_tcp_each_message_has_its_length_before_it),
	RUN(a_host_is_found_by_its_name),
	RUN(who_is_asked_for_his_address_is_not_waited_for),
	RUN(a_server_of_tcp_that_comes_later_gets_what_waited),
	RUN(a_server_of_tcp_may_start_again),
	RUN(a_server_of_udp_that_comes_later_gets_what_waited),
	RUN(the_oldest_goes_when_the_queue_is_full_and_is_counted),
	RUN(a_server_that_does_not_read_gets_whole_messages),
	RUN(what_has_left_in_part_goes_again_as_a_whole),
	RUN(a_journal_that_does_not_read_is_not_waited_for),
	RUN(ten_thousand_lines_at_once_are_limited_and_counted),
	RUN(dropped_lines_are_told_at_the_end),
	RUN(what_the_daemon_says_is_not_limited),
	RUN(downloads_and_misses_are_told_when_they_are_wanted),
	RUN(a_server_that_is_no_longer_configured_gets_no_more),
	RUN(lines_have_numbers_that_show_gaps),
	{},
};

SUITE(log, cases);
