// SPDX-License-Identifier: GPL-2.0
/*
 * See metrics.h. Each connection is good for one request, and there are few of them: whoever comes beyond waits in the
 * listening socket's queue. Nothing that a client does costs more than some kilobytes and some seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "folder/folder.h"
#include "log.h"
#include "metrics.h"
#include "metrics_text.h"
#include "serve/serve.h"

#define CONNECTIONS_MAX 16
#define HEADERS_BYTES   8192
#define BODY_BYTES      0
#define SILENCE_S       10

#define METHODS                                                                                    \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
	 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

/**
 * struct metrics - a server for Prometheus
 * @daemon: what is told of
 * @http: the server
 * @listener: its socket
 * @connections: how many there are; each needs this until it is gone, which may be after metrics_stop()
 * @stopped: the server is gone
 * @started: when the daemon began, seconds since 1970; the same at each request, whatever happens to the clock
 */
struct metrics {
	struct daemon *daemon;
	struct evhttp *http;
	struct evconnlistener *listener;
	unsigned int connections;
	bool stopped;
	int64_t started;
};

static void take_module(struct daemon *d, struct metrics_snapshot *s)
{
	if (!d->kernel)
		return;
	s->has_kernel = !ktftp_info_get(d->kernel, &s->info) && !ktftp_stats_get(d->kernel, &s->kernel);
}

static void take_snapshot(const struct metrics *m, struct metrics_snapshot *s)
{
	struct daemon *d = m->daemon;

	*s = (struct metrics_snapshot){ .started = m->started };
	s->wants_kernel = d->config->engine != CONFIG_ENGINE_USER;
	s->attached = d->handover;
	s->draining = d->draining;
	s->alarm = d->alarm;
	take_module(d, s);
	engine_stats_get(d->engine, &s->user);
	s->user_transfers = engine_transfers(d->engine);
	folder_status_get(d->folder, &s->folder);
	serve_counts_get(d->serve, &s->serve);
	log_counts_get(d->log, &s->log);
}

static void add_header(struct evhttp_request *request, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

static void answer(struct evhttp_request *request, int code, const char *reason, struct evbuffer *body)
{
	add_header(request, "Connection", "close");
	evhttp_send_reply(request, code, reason, body);
}

static bool may_read(struct evhttp_request *request)
{
	enum evhttp_cmd_type method = evhttp_request_get_command(request);

	if (method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD)
		return true;
	add_header(request, "Allow", "GET, HEAD");
	answer(request, HTTP_BADMETHOD, "Method Not Allowed", NULL);
	return false;
}

static void on_metrics(struct evhttp_request *request, void *context)
{
	struct metrics_snapshot snapshot;
	struct evbuffer *body;

	if (!may_read(request))
		return;
	body = evbuffer_new();
	take_snapshot(context, &snapshot);
	if (body && !metrics_text(body, &snapshot)) {
		add_header(request, "Content-Type", METRICS_TYPE);
		answer(request, HTTP_OK, "OK", body);
	} else {
		answer(request, HTTP_INTERNAL, "Out of memory", NULL);
	}
	if (body)
		evbuffer_free(body);
}

static void on_other(struct evhttp_request *request, void *context)
{
	(void)context;
	if (may_read(request))
		answer(request, HTTP_NOTFOUND, "Not Found", NULL);
}

/* ---- few connections ---- */

static void on_connection_gone(void *context)
{
	struct metrics *m = context;

	m->connections--;
	if (!m->stopped)
		evconnlistener_enable(m->listener);
	else if (!m->connections)
		free(m);
}

/*
 * The server asks for the connection's buffers and tells nobody when it ends; a filter, which changes nothing, is told
 * when it is freed.
 */
static struct bufferevent *on_connection(struct event_base *base, void *context)
{
	struct bufferevent *socket = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE), *filter;
	struct metrics *m = context;

	if (!socket)
		return NULL;
	filter = bufferevent_filter_new(socket, NULL, NULL, BEV_OPT_CLOSE_ON_FREE, on_connection_gone, m);
	if (!filter) {
		bufferevent_free(socket);
		return NULL;
	}
	if (++m->connections == CONNECTIONS_MAX)
		evconnlistener_disable(m->listener);
	return filter;
}

/* ---- its life ---- */

static int64_t seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec;
}

static struct evhttp *server_new(struct metrics *m)
{
	struct evhttp *http = evhttp_new(m->daemon->base);

	if (!http)
		return NULL;
	evhttp_set_allowed_methods(http, METHODS);
	evhttp_set_max_headers_size(http, HEADERS_BYTES);
	evhttp_set_max_body_size(http, BODY_BYTES);
	evhttp_set_timeout(http, SILENCE_S);
	evhttp_set_bevcb(http, on_connection, m);
	evhttp_set_gencb(http, on_other, m);
	if (!evhttp_set_cb(http, "/metrics", on_metrics, m))
		return http;
	evhttp_free(http);
	return NULL;
}

static int listen_to(struct metrics *m, const struct config *config, char *why, size_t room)
{
	struct evhttp_bound_socket *bound;
	char address[INET6_ADDRSTRLEN];

	inet_ntop(config->metrics.length == 4 ? AF_INET : AF_INET6, config->metrics.bytes, address, sizeof(address));
	errno = 0;
	bound = evhttp_bind_socket_with_handle(m->http, address, config->metrics_port);
	if (bound) {
		m->listener = evhttp_bound_socket_get_listener(bound);
		return 0;
	}
	snprintf(why, room, "cannot listen for metrics on %s port %u: %s; choose another address in %s", address,
		 config->metrics_port, strerror(errno), config->path);
	return errno ? -errno : -EIO;
}

/**
 * metrics_start() - serve /metrics
 * @d: what is told of
 * @out: the server, or NULL when the configuration wants none
 * @why: the reason of a failure
 * @room: of @why
 *
 * Return: 0 or a negative errno.
 */
int metrics_start(struct daemon *d, struct metrics **out, char *why, size_t room)
{
	struct metrics *m;
	int err;

	*out = NULL;
	if (!d->config->metrics.length)
		return 0;
	m = calloc(1, sizeof(*m));
	if (m) {
		m->daemon = d;
		m->started = seconds(CLOCK_REALTIME) - (seconds(CLOCK_MONOTONIC) - d->started);
		m->http = server_new(m);
	}
	if (!m || !m->http) {
		snprintf(why, room, "out of memory");
		err = -ENOMEM;
	} else {
		err = listen_to(m, d->config, why, room);
	}
	if (err)
		metrics_stop(m);
	else
		*out = m;
	return err;
}

/**
 * metrics_stop() - no longer
 * @m: server, or NULL
 */
void metrics_stop(struct metrics *m)
{
	if (!m)
		return;
	m->stopped = true;
	if (m->http)
		evhttp_free(m->http);
	/* libevent frees connections when the loop turns or ends. */
	if (!m->connections)
		free(m);
}
