// SPDX-License-Identifier: GPL-2.0
/* What the module tells of downloads, for the log and the trail. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "handover.h"
#include "log/log.h"
#include "log/trail.h"

/* Events that are read before the loop turns to something else. */
#define AT_ONCE 256

/**
 * struct events - listening to the module
 * @d: the daemon
 * @event: something was told
 * @got: events taken in this turn
 * @lost: events that the module could not tell
 */
struct events {
	struct daemon *d;
	struct event *event;
	unsigned int got;
	uint64_t lost;
};

static void on_start(const struct ktftp_transfer *transfer, void *context)
{
	struct events *e = context;

	e->got++;
	trail_transfer(e->d->trail, TRAIL_START, transfer, "kernel");
}

static void on_end(const struct ktftp_transfer *transfer, void *context)
{
	struct events *e = context;

	e->got++;
	trail_transfer(e->d->trail, TRAIL_END, transfer, "kernel");
	log_transfer(e->d->log, transfer, "kernel");
}

/* What the daemon is asked for it tells itself. */
static void on_miss(const struct ktftp_miss *miss, void *context)
{
	struct events *e = context;
	const struct ktftp_handed request = {
		.listener = miss->listener,
		.client = miss->client,
		.client_port = miss->client_port,
	};

	e->got++;
	if (!miss->answered)
		return;
	trail_request(e->d->trail, TRAIL_MISS, &request, miss->name, NULL);
	log_miss(e->d->log, &request, miss->name, NULL, "error1");
}

static void on_lost(uint64_t count, void *context)
{
	struct events *e = context;

	e->lost += count;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct events *e = context;
	const struct ktftp_events told = {
		.start = on_start,
		.end = on_end,
		.miss = on_miss,
		.lost = on_lost,
		.context = e,
	};
	unsigned int turns, before;

	(void)fd;
	(void)what;
	for (turns = 0; turns < AT_ONCE; turns++) {
		before = e->got;
		/* What cannot be read is missing in the log, and no reason to end. */
		if (ktftp_events_read(e->d->kernel, &told) || e->got == before)
			return;
	}
}

int events_start(struct daemon *d, struct events **out, char *why, size_t room)
{
	struct events *e = calloc(1, sizeof(*e));
	int err = e ? ktftp_events_open(d->kernel) : -ENOMEM;

	if (err) {
		snprintf(why, room, "cannot listen to the module's events: %s",
			 err == -ENOMEM ? "out of memory" : ktftp_error(d->kernel));
		free(e);
		return err;
	}
	e->d = d;
	e->event = event_new(d->base, ktftp_events_fd(d->kernel), EV_READ | EV_PERSIST, on_readable, e);
	if (!e->event || event_add(e->event, NULL)) {
		snprintf(why, room, "out of memory");
		events_stop(e);
		return -ENOMEM;
	}
	*out = e;
	return 0;
}

void events_stop(struct events *e)
{
	if (!e)
		return;
	if (e->event)
		event_free(e->event);
	free(e);
}
