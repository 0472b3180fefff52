// SPDX-License-Identifier: GPL-2.0
/*
 * See metrics_http.h. A connection reads a request, answers, says that no more will come, and waits for the client to
 * go: to close before he has sent all would take the answer from him. A timer ends it, wherever it is.
 */
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "metrics_http.h"

#define CONNECTIONS_MAX 16
#define HEAD_BYTES      8192
#define LONGEST_S       10
/* Until accepting is tried again after it failed. */
#define PAUSE_S         1

/**
 * struct connection - a client
 * @http: the server
 * @buffers: what came and what goes
 * @timer: ends it
 * @answered: what comes now is of no interest
 * @says_no_more: the client sends nothing any more, and may still read
 */
struct connection {
	LIST_ENTRY(connection) others;
	struct metrics_http *http;
	struct bufferevent *buffers;
	struct event *timer;
	bool answered;
	bool says_no_more;
};

/**
 * struct metrics_http - a server
 * @page: what it serves
 * @listener: its socket, which takes nobody while there are too many
 * @pause: ends a pause of it
 * @connections: clients
 * @count: how many
 */
struct metrics_http {
	struct metrics_page page;
	struct evconnlistener *listener;
	struct event *pause;
	LIST_HEAD(, connection) connections;
	unsigned int count;
};

enum status {
	STATUS_OK = 200,
	STATUS_BAD = 400,
	STATUS_NOT_FOUND = 404,
	STATUS_METHOD = 405,
	STATUS_TOO_LARGE = 431,
	STATUS_UNAVAILABLE = 503,
	STATUS_VERSION = 505,
};

static const char *reason_of(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "OK";
	case STATUS_NOT_FOUND:
		return "Not Found";
	case STATUS_METHOD:
		return "Method Not Allowed";
	case STATUS_TOO_LARGE:
		return "Request Header Fields Too Large";
	case STATUS_UNAVAILABLE:
		return "Service Unavailable";
	case STATUS_VERSION:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

static void connection_free(struct connection *c)
{
	struct metrics_http *http = c->http;

	LIST_REMOVE(c, others);
	http->count--;
	if (c->timer)
		event_free(c->timer);
	bufferevent_free(c->buffers);
	free(c);
	evconnlistener_enable(http->listener);
}

/* ---- requests ---- */

/* Takes a word and the character that ends it off the line. */
static char *take_word(char **line, char end)
{
	char *word = *line, *at = strchr(word, end);

	if (!at)
		return NULL;
	*at = 0;
	*line = at + 1;
	return word;
}

/* "GET /metrics?query HTTP/1.1"; what stands behind a "?" is of no interest. */
static enum status judge(const struct metrics_http *http, char *line, bool *head_only)
{
	const char *method = take_word(&line, ' ');
	char *path = method ? take_word(&line, ' ') : NULL;

	if (!path || *path != '/')
		return STATUS_BAD;
	if (strcmp(line, "HTTP/1.1") && strcmp(line, "HTTP/1.0"))
		return strncmp(line, "HTTP/", 5) ? STATUS_BAD : STATUS_VERSION;
	path[strcspn(path, "?")] = 0;
	if (strcmp(path, http->page.path))
		return STATUS_NOT_FOUND;
	*head_only = !strcmp(method, "HEAD");
	return *head_only || !strcmp(method, "GET") ? STATUS_OK : STATUS_METHOD;
}

/* ---- answers ---- */

static void put_answer(struct connection *c, enum status status, const char *type, struct evbuffer *body,
		       bool head_only)
{
	struct evbuffer *out = bufferevent_get_output(c->buffers);

	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
	evbuffer_add_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, evbuffer_get_length(body));
	if (status == STATUS_METHOD)
		evbuffer_add_printf(out, "Allow: GET, HEAD\r\n");
	evbuffer_add_printf(out, "Connection: close\r\n\r\n");
	if (!head_only)
		evbuffer_add_buffer(out, body);
}

static void answer(struct connection *c, enum status status, bool head_only)
{
	const struct metrics_page *page = &c->http->page;
	struct evbuffer *body = evbuffer_new();
	const char *type = page->type;

	if (!body) {
		connection_free(c);
		return;
	}
	c->answered = true;
	if (status == STATUS_OK && page->fn(body, page->context)) {
		evbuffer_drain(body, evbuffer_get_length(body));
		status = STATUS_UNAVAILABLE;
	}
	if (status != STATUS_OK) {
		type = "text/plain; charset=utf-8";
		evbuffer_add_printf(body, "%d %s\n", status, reason_of(status));
	}
	put_answer(c, status, type, body, head_only);
	evbuffer_free(body);
}

/* ---- connections ---- */

static void on_read(struct bufferevent *buffers, void *context)
{
	struct evbuffer *in = bufferevent_get_input(buffers);
	struct connection *c = context;
	bool head_only = false;
	enum status status;
	char *line;

	if (c->answered) {
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	if (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos < 0) {
		if (evbuffer_get_length(in) >= HEAD_BYTES)
			answer(c, STATUS_TOO_LARGE, false);
		return;
	}
	line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT);
	status = line ? judge(c->http, line, &head_only) : STATUS_BAD;
	free(line);
	answer(c, status, head_only);
}

/* All of the answer has left. */
static void on_written(struct bufferevent *buffers, void *context)
{
	struct connection *c = context;

	if (c->says_no_more)
		connection_free(c);
	else if (c->answered)
		shutdown(bufferevent_getfd(buffers), SHUT_WR);
}

/* The client has gone; one that only says no more still gets his answer. */
static void on_event(struct bufferevent *buffers, short what, void *context)
{
	struct connection *c = context;

	c->says_no_more = what & BEV_EVENT_EOF;
	if (!c->says_no_more || !evbuffer_get_length(bufferevent_get_output(buffers)))
		connection_free(c);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	connection_free(context);
}

static int connection_start(struct connection *c, struct event_base *base)
{
	const struct timeval longest = { .tv_sec = LONGEST_S };

	c->timer = evtimer_new(base, on_timer, c);
	if (!c->timer || evtimer_add(c->timer, &longest))
		return -ENOMEM;
	/* More than that is not read at once, and so not kept. */
	bufferevent_setwatermark(c->buffers, EV_READ, 0, HEAD_BYTES);
	bufferevent_setcb(c->buffers, on_read, on_written, on_event, c);
	return bufferevent_enable(c->buffers, EV_READ | EV_WRITE);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length,
			  void *context)
{
	struct event_base *base = evconnlistener_get_base(listener);
	struct bufferevent *buffers = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	struct connection *c = calloc(1, sizeof(*c));
	struct metrics_http *http = context;

	(void)from;
	(void)length;
	if (!buffers || !c) {
		if (buffers)
			bufferevent_free(buffers);
		else
			evutil_closesocket(fd);
		free(c);
		return;
	}
	c->http = http;
	c->buffers = buffers;
	LIST_INSERT_HEAD(&http->connections, c, others);
	if (++http->count == CONNECTIONS_MAX)
		evconnlistener_disable(listener);
	if (connection_start(c, base))
		connection_free(c);
}

/* ---- the server ---- */

/* Not again and again at once, for that would be all that the loop does. */
static void on_failure(struct evconnlistener *listener, void *context)
{
	const struct timeval pause = { .tv_sec = PAUSE_S };
	struct metrics_http *http = context;

	http->page.failed(-errno, http->page.context);
	evconnlistener_disable(listener);
	evtimer_add(http->pause, &pause);
}

static void on_pause_end(evutil_socket_t fd, short what, void *context)
{
	struct metrics_http *http = context;

	(void)fd;
	(void)what;
	if (http->count < CONNECTIONS_MAX)
		evconnlistener_enable(http->listener);
}

static socklen_t to_sockaddr(const struct ktftp_address *address, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (address->length == 4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->bytes, 16);
	return sizeof(*in6);
}

int metrics_http_start(struct event_base *base, const struct ktftp_address *address, uint16_t port,
		       const struct metrics_page *page, struct metrics_http **out)
{
	struct metrics_http *http = calloc(1, sizeof(*http));
	struct sockaddr_storage at;
	socklen_t length = to_sockaddr(address, port, &at);
	int err;

	if (!http)
		return -ENOMEM;
	http->page = *page;
	LIST_INIT(&http->connections);
	errno = 0;
	http->listener = evconnlistener_new_bind(base, on_connection, http,
						 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1,
						 (struct sockaddr *)&at, length);
	if (!http->listener) {
		err = errno ? -errno : -ENOMEM;
		free(http);
		return err;
	}
	http->pause = evtimer_new(base, on_pause_end, http);
	if (!http->pause) {
		metrics_http_stop(http);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(http->listener, on_failure);
	*out = http;
	return 0;
}

void metrics_http_stop(struct metrics_http *http)
{
	struct connection *c;

	if (!http)
		return;
	while ((c = LIST_FIRST(&http->connections)))
		connection_free(c);
	evconnlistener_free(http->listener);
	if (http->pause)
		event_free(http->pause);
	free(http);
}
