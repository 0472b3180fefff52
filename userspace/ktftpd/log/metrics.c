// SPDX-License-Identifier: GPL-2.0
/* See metrics.h: everything at one moment, for the page that Prometheus reads. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "folder/folder.h"
#include "log.h"
#include "metrics.h"
#include "metrics_http.h"
#include "metrics_text.h"
#include "serve/serve.h"

/**
 * struct metrics - a server for Prometheus
 * @daemon: what is told of
 * @http: the server
 * @started: when the daemon began, seconds since 1970; the same at each request, whatever happens to the clock
 */
struct metrics {
	struct daemon *daemon;
	struct metrics_http *http;
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

static int write_page(struct evbuffer *out, void *context)
{
	struct metrics_snapshot snapshot;

	take_snapshot(context, &snapshot);
	return metrics_text(out, &snapshot);
}

static void on_failure(int err, void *context)
{
	const struct metrics *m = context;

	log_say(m->daemon->log, LOG_WARNING, "the socket for metrics cannot accept: %s", strerror(-err));
}

static int64_t seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec;
}

static void say_why(const struct config *config, int err, char *why, size_t room)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(config->metrics.length == 4 ? AF_INET : AF_INET6, config->metrics.bytes, address, sizeof(address));
	snprintf(why, room,
		 "cannot listen for metrics on %s port %u: %s; choose another address in %s, or metrics = off", address,
		 config->metrics_port, strerror(-err), config->path);
}

/**
 * metrics_start() - serve /metrics
 * @d: what is told of
 * @config: configuration, which need not be in force yet
 * @out: the server, or NULL when the configuration wants none
 * @why: the reason of a failure
 * @room: of @why
 *
 * Return: 0 or a negative errno.
 */
int metrics_start(struct daemon *d, const struct config *config, struct metrics **out, char *why, size_t room)
{
	struct metrics_page page = { .path = "/metrics", .type = METRICS_TYPE, .fn = write_page, .failed = on_failure };
	struct metrics *m;
	int err;

	*out = NULL;
	if (!config->metrics.length)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m) {
		snprintf(why, room, "out of memory");
		return -ENOMEM;
	}
	m->daemon = d;
	m->started = seconds(CLOCK_REALTIME) - (seconds(CLOCK_MONOTONIC) - d->started);
	page.context = m;
	err = metrics_http_start(d->base, &config->metrics, config->metrics_port, &page, &m->http);
	if (err) {
		say_why(config, err, why, room);
		free(m);
		return err;
	}
	*out = m;
	return 0;
}

/**
 * metrics_stop() - no longer
 * @m: server, or NULL
 */
void metrics_stop(struct metrics *m)
{
	if (!m)
		return;
	metrics_http_stop(m->http);
	free(m);
}
