// SPDX-License-Identifier: GPL-2.0
/* Requests that the module hands over, with the listeners they came to. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrivals.h"
#include "handover.h"
#include "log/log.h"
#include "serve/serve.h"

/**
 * struct handover - being the daemon of the module's
 * @d: the daemon
 * @event: requests have arrived
 * @listeners: the module's, as they were when one was last not known
 * @count: how many
 * @arrivals: requests that were read and not looked at
 */
struct handover {
	struct daemon *d;
	struct event *event;
	struct ktftp_listener *listeners;
	size_t count;
	struct arrivals *arrivals;
};

static int keep_listener(const struct ktftp_listener *listener, void *context)
{
	struct handover *h = context;
	struct ktftp_listener *listeners = reallocarray(h->listeners, h->count + 1, sizeof(*listeners));

	if (!listeners)
		return -ENOMEM;
	h->listeners = listeners;
	listeners[h->count++] = *listener;
	return 0;
}

static const struct ktftp_listener *find_listener(const struct handover *h, uint32_t id)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (h->listeners[i].id == id)
			return &h->listeners[i];
	return NULL;
}

const struct ktftp_listener *handover_listener(struct handover *h, uint32_t id)
{
	const struct ktftp_listener *found = find_listener(h, id);

	if (found)
		return found;
	h->count = 0;
	ktftp_listener_list(h->d->kernel, keep_listener, h);
	return find_listener(h, id);
}

static void keep_request(const struct ktftp_handed *request, void *context)
{
	struct handover *h = context;

	arrivals_add(h->arrivals, request);
}

static void answer(const struct ktftp_handed *request, void *context)
{
	struct handover *h = context;
	const struct ktftp_listener *listener = handover_listener(h, request->listener);

	/* Without its listener, that is gone, there is no way to answer. */
	if (listener)
		serve_request(h->d->serve, listener, request);
}

static bool has_more(const struct handover *h)
{
	struct pollfd fd = { .fd = ktftp_requests_fd(h->d->kernel), .events = POLLIN };

	return !arrivals_full(h->arrivals) && poll(&fd, 1, 0) > 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct handover *h = context;

	(void)fd;
	(void)what;
	do {
		if (ktftp_requests_read(h->d->kernel, keep_request, h)) {
			log_say(h->d->log, LOG_ERR, "requests of the module cannot be read: %s",
				ktftp_error(h->d->kernel));
			h->d->failed = true;
			daemon_stop(h->d);
			return;
		}
	} while (has_more(h));
	arrivals_take(h->arrivals, answer, h);
}

int handover_start(struct daemon *d, struct handover **out, char *why, size_t room)
{
	struct handover *h = calloc(1, sizeof(*h));
	int err = h ? ktftp_attach(d->kernel) : -ENOMEM;

	if (err) {
		snprintf(why, room, "cannot become the module's daemon: %s",
			 err == -ENOMEM ? "out of memory" : ktftp_error(d->kernel));
		free(h);
		return err;
	}
	h->d = d;
	h->arrivals = arrivals_new();
	h->event = event_new(d->base, ktftp_requests_fd(d->kernel), EV_READ | EV_PERSIST, on_readable, h);
	if (!h->arrivals || !h->event || event_add(h->event, NULL)) {
		snprintf(why, room, "out of memory");
		handover_stop(h);
		return -ENOMEM;
	}
	*out = h;
	return 0;
}

void handover_stop(struct handover *h)
{
	if (!h)
		return;
	if (h->event)
		event_free(h->event);
	ktftp_detach(h->d->kernel);
	arrivals_free(h->arrivals);
	free(h->listeners);
	free(h);
}
