// SPDX-License-Identifier: GPL-2.0
/*
 * See sender.h. The states:
 *
 *   WAITING ──▶ RESOLVING ──▶ CONNECTING ──▶ PROBING ──▶ READY
 *      ▲            │              │            │          │
 *      └────────────┴── failed ────┴────────────┴──────────┘
 *
 * PROBING is UDP's alone, after a failure: a port that nobody listens on is only told of after something was sent to
 * it, so one message goes first and stays in the queue, and the others wait a little for the answer.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "resolve.h"
#include "sender.h"

#define FIRST_WAIT_MS   250
#define LONGEST_WAIT_MS 30000
#define CONNECT_MS      10000
#define PROBE_MS        250
/* A connection that lasted so long was a good one: the next is made at once. */
#define GOOD_MS         10000
/* How long a server may leave what it was sent without an acknowledgement. */
#define DEAD_MS         30000

enum state {
	WAITING,
	RESOLVING,
	CONNECTING,
	PROBING,
	READY,
};

struct message {
	STAILQ_ENTRY(message) next;
	size_t bytes;
	char text[];
};

/**
 * struct sender - where messages go
 * @base: whose loop
 * @kind: enum sender_kind
 * @host: name, address or path
 * @port: number or name
 * @state: enum state
 * @resolve: the question for addresses, or NULL
 * @addresses: the answer
 * @address: the one of @addresses in use or to try next
 * @fd: the socket, or -1
 * @readable: what comes from there: errors, and the end of a connection
 * @writable: added while the socket takes nothing
 * @timer: for whatever @state waits
 * @wait_ms: how long to wait after the next failure
 * @connected_ms: since when @fd is connected
 * @failed: it failed since it last worked: UDP has to probe
 * @queue: what has not left, the oldest first
 * @messages: how many
 * @bytes: of them
 * @offset: how much of the oldest has left (TCP)
 * @unsent: messages that are known not to have arrived
 */
struct sender {
	struct event_base *base;
	enum sender_kind kind;
	char *host;
	char *port;
	enum state state;
	struct resolve *resolve;
	struct addrinfo *addresses;
	struct addrinfo *address;
	int fd;
	struct event *readable;
	struct event *writable;
	struct event *timer;
	unsigned int wait_ms;
	int64_t connected_ms;
	bool failed;
	STAILQ_HEAD(, message) queue;
	size_t messages;
	size_t bytes;
	size_t offset;
	uint64_t unsent;
};

static void connect_next(struct sender *s);
static void flush(struct sender *s);

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_timer(struct sender *s, unsigned int ms)
{
	const struct timeval after = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	evtimer_add(s->timer, &after);
}

static bool is_connected(const struct sender *s)
{
	return s->state == PROBING || s->state == READY;
}

/* ---- the queue ---- */

static void free_oldest(struct sender *s)
{
	struct message *message = STAILQ_FIRST(&s->queue);

	STAILQ_REMOVE_HEAD(&s->queue, next);
	s->messages--;
	s->bytes -= message->bytes;
	s->offset = 0;
	free(message);
}

/* Not the one of which a part has left: a server of TCP would take what follows for the rest of it. */
static void drop_oldest(struct sender *s)
{
	struct message *first = STAILQ_FIRST(&s->queue), *second = STAILQ_NEXT(first, next);

	s->unsent++;
	if (!s->offset || !second) {
		free_oldest(s);
		return;
	}
	STAILQ_REMOVE(&s->queue, second, message, next);
	s->messages--;
	s->bytes -= second->bytes;
	free(second);
}

static struct message *message_new(const struct sender *s, const char *text, size_t bytes)
{
	char length[24];
	size_t framing = s->kind == SENDER_TCP ? snprintf(length, sizeof(length), "%zu ", bytes) : 0;
	struct message *message = malloc(sizeof(*message) + framing + bytes);

	if (!message)
		return NULL;
	message->bytes = framing + bytes;
	memcpy(message->text, length, framing);
	memcpy(message->text + framing, text, bytes);
	return message;
}

/* ---- the connection ---- */

static void disconnect(struct sender *s)
{
	if (s->readable)
		event_free(s->readable);
	if (s->writable)
		event_free(s->writable);
	s->readable = NULL;
	s->writable = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	/* What has left in part goes again as a whole. */
	s->offset = 0;
}

static void forget_addresses(struct sender *s)
{
	if (s->addresses)
		freeaddrinfo(s->addresses);
	s->addresses = NULL;
	s->address = NULL;
}

static void wait_for_next_time(struct sender *s)
{
	forget_addresses(s);
	s->state = WAITING;
	set_timer(s, s->wait_ms);
	s->wait_ms = s->wait_ms * 2 < LONGEST_WAIT_MS ? s->wait_ms * 2 : LONGEST_WAIT_MS;
}

/* It did not work, or works no longer: the next address or, after the last, the same again later. */
static void fail(struct sender *s)
{
	bool was_connected = is_connected(s);

	disconnect(s);
	evtimer_del(s->timer);
	s->failed = true;
	if (was_connected && now_ms() - s->connected_ms >= GOOD_MS)
		s->wait_ms = FIRST_WAIT_MS;
	if (s->address && !was_connected)
		s->address = s->address->ai_next;
	if (s->address && !was_connected)
		connect_next(s);
	else
		wait_for_next_time(s);
}

/* An error of a socket for UDP is what became of the message before. One that probes is still in the queue. */
static void lost_datagram(struct sender *s)
{
	if (s->kind == SENDER_UDP && s->state == READY)
		s->unsent++;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct sender *s = context;
	char ignored[512];
	ssize_t count = recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT);

	(void)what;
	if (count > 0 || (!count && s->kind != SENDER_TCP))
		return;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count < 0)
		lost_datagram(s);
	fail(s);
}

static void connected(struct sender *s)
{
	evtimer_del(s->timer);
	s->connected_ms = now_ms();
	s->state = s->kind == SENDER_UDP && s->failed ? PROBING : READY;
	if (s->kind != SENDER_UNIX && event_add(s->readable, NULL)) {
		fail(s);
		return;
	}
	flush(s);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct sender *s = context;
	socklen_t length = sizeof(int);
	int err = 0;

	(void)what;
	if (s->state != CONNECTING) {
		flush(s);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &length) || err)
		fail(s);
	else
		connected(s);
}

/* A server that went without a word is noticed. */
static void notice_death(int fd)
{
	const unsigned int dead_ms = DEAD_MS;
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
}

/* A socket that is connected or about to be; 0 or a negative errno, -EINPROGRESS for the latter. */
static int open_socket(struct sender *s, int family, int type, const struct sockaddr *address, socklen_t length)
{
	s->fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	if (type == SOCK_STREAM)
		notice_death(s->fd);
	s->readable = event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	s->writable = event_new(s->base, s->fd, EV_WRITE, on_writable, s);
	if (!s->readable || !s->writable)
		return -ENOMEM;
	return connect(s->fd, address, length) ? -errno : 0;
}

static void went_on(struct sender *s, int err)
{
	if (!err) {
		connected(s);
	} else if (err == -EINPROGRESS) {
		set_timer(s, CONNECT_MS);
		event_add(s->writable, NULL);
	} else {
		fail(s);
	}
}

static void connect_next(struct sender *s)
{
	const struct addrinfo *to = s->address;

	s->state = CONNECTING;
	went_on(s, open_socket(s, to->ai_family, to->ai_socktype, to->ai_addr, to->ai_addrlen));
}

static void connect_path(struct sender *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	s->state = CONNECTING;
	memcpy(to.sun_path, s->host, strnlen(s->host, sizeof(to.sun_path) - 1));
	went_on(s, open_socket(s, AF_UNIX, SOCK_DGRAM, (struct sockaddr *)&to, sizeof(to)));
}

static void on_addresses(struct addrinfo *found, void *context)
{
	struct sender *s = context;

	s->resolve = NULL;
	s->addresses = found;
	s->address = found;
	if (found)
		connect_next(s);
	else
		wait_for_next_time(s);
}

static void begin(struct sender *s)
{
	int type = s->kind == SENDER_TCP ? SOCK_STREAM : SOCK_DGRAM;

	if (s->kind == SENDER_UNIX) {
		connect_path(s);
		return;
	}
	s->state = RESOLVING;
	s->resolve = resolve_start(s->base, s->host, s->port, type, on_addresses, s);
	if (!s->resolve)
		wait_for_next_time(s);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct sender *s = context;

	(void)fd;
	(void)what;
	switch (s->state) {
	case WAITING:
		begin(s);
		break;
	case PROBING:
		/* Nobody said that nobody is there. What did not leave, for others took its place, stays. */
		if (s->offset)
			free_oldest(s);
		s->state = READY;
		s->failed = false;
		flush(s);
		break;
	default:
		fail(s);
	}
}

/* ---- sending ---- */

/* What came of a message that did not leave; false when the next may not be tried now. */
static bool not_sent(struct sender *s, int err)
{
	switch (err) {
	case EINTR:
		return true;
	case EAGAIN:
		event_add(s->writable, NULL);
		return false;
	case EMSGSIZE:
		s->unsent++;
		free_oldest(s);
		return true;
	case ECONNREFUSED:
		lost_datagram(s);
	}
	fail(s);
	return false;
}

/* One message, or a part of it; false when that is all for now. */
static bool send_oldest(struct sender *s)
{
	const struct message *message = STAILQ_FIRST(&s->queue);
	ssize_t count = send(s->fd, message->text + s->offset, message->bytes - s->offset, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (count < 0)
		return not_sent(s, errno);
	s->offset += count;
	if (s->offset == message->bytes && s->state == READY)
		free_oldest(s);
	return true;
}

static void flush(struct sender *s)
{
	if (!is_connected(s) || event_pending(s->writable, EV_WRITE, NULL) || event_pending(s->timer, EV_TIMEOUT, NULL))
		return;
	while (!STAILQ_EMPTY(&s->queue) && send_oldest(s)) {
		/* One that is too long did not leave: the next one probes. */
		if (s->state == PROBING && s->offset) {
			set_timer(s, PROBE_MS);
			return;
		}
	}
}

void sender_put(struct sender *s, const char *text, size_t bytes)
{
	struct message *message = message_new(s, text, bytes);

	if (!message) {
		s->unsent++;
		return;
	}
	while (s->messages && (s->messages >= SENDER_MESSAGES || s->bytes + message->bytes > SENDER_BYTES))
		drop_oldest(s);
	STAILQ_INSERT_TAIL(&s->queue, message, next);
	s->messages++;
	s->bytes += message->bytes;
	flush(s);
}

struct sender *sender_new(struct event_base *base, enum sender_kind kind, const char *host, const char *port)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	STAILQ_INIT(&s->queue);
	s->base = base;
	s->kind = kind;
	s->fd = -1;
	s->wait_ms = FIRST_WAIT_MS;
	s->host = strdup(host);
	s->port = strdup(port);
	s->timer = evtimer_new(base, on_timer, s);
	if (!s->host || !s->port || !s->timer) {
		sender_free(s);
		return NULL;
	}
	if (kind == SENDER_UNIX)
		begin(s);
	else
		set_timer(s, 0);
	return s;
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	resolve_cancel(s->resolve);
	disconnect(s);
	forget_addresses(s);
	while (!STAILQ_EMPTY(&s->queue))
		free_oldest(s);
	if (s->timer)
		event_free(s->timer);
	free(s->host);
	free(s->port);
	free(s);
}

bool sender_is(const struct sender *s, enum sender_kind kind, const char *host, const char *port)
{
	return s->kind == kind && !strcmp(s->host, host) && !strcmp(s->port, port);
}

enum sender_kind sender_kind(const struct sender *s)
{
	return s->kind;
}

uint64_t sender_unsent(const struct sender *s)
{
	return s->unsent;
}

size_t sender_waiting(const struct sender *s)
{
	return s->messages;
}
