// SPDX-License-Identifier: GPL-2.0
/*
 * See resolve.h. A question has two owners, the asking thread and the loop; the last one that lets go frees it, so that
 * nobody ever waits for a thread that waits for a name server.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "resolve.h"

/**
 * struct resolve - a question
 * @owners: who still needs it
 * @host: asked for
 * @port: likewise
 * @socktype: likewise
 * @found: the thread's until it has written to @fd, then the loop's
 * @fd: eventfd, readable when the answer is there
 * @event: of @fd
 * @fn: who wants to know
 * @context: for @fn
 */
struct resolve {
	atomic_int owners;
	char *host;
	char *port;
	int socktype;
	struct addrinfo *found;
	int fd;
	struct event *event;
	resolve_fn fn;
	void *context;
};

static void put(struct resolve *resolve)
{
	if (atomic_fetch_sub(&resolve->owners, 1) > 1)
		return;
	if (resolve->found)
		freeaddrinfo(resolve->found);
	if (resolve->fd >= 0)
		close(resolve->fd);
	free(resolve->host);
	free(resolve->port);
	free(resolve);
}

static void *ask(void *context)
{
	struct resolve *resolve = context;
	const struct addrinfo hints = { .ai_socktype = resolve->socktype };
	struct addrinfo *found = NULL;
	const uint64_t one = 1;

	if (getaddrinfo(resolve->host, resolve->port, &hints, &found))
		found = NULL;
	resolve->found = found;
	/* It cannot fail: nothing was written to it before. */
	if (write(resolve->fd, &one, sizeof(one)) < 0)
		abort();
	put(resolve);
	return NULL;
}

static int start_thread(struct resolve *resolve)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	atomic_fetch_add(&resolve->owners, 1);
	err = pthread_create(&thread, &attributes, ask, resolve);
	if (err)
		atomic_fetch_sub(&resolve->owners, 1);
	pthread_attr_destroy(&attributes);
	return err;
}

static void on_answer(evutil_socket_t fd, short what, void *context)
{
	struct resolve *resolve = context;
	struct addrinfo *found = resolve->found;
	resolve_fn fn = resolve->fn;
	void *whose = resolve->context;

	(void)fd;
	(void)what;
	resolve->found = NULL;
	resolve_cancel(resolve);
	fn(found, whose);
}

struct resolve *resolve_start(struct event_base *base, const char *host, const char *port, int socktype, resolve_fn fn,
			      void *context)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (!resolve)
		return NULL;
	atomic_init(&resolve->owners, 1);
	resolve->socktype = socktype;
	resolve->fn = fn;
	resolve->context = context;
	resolve->host = strdup(host);
	resolve->port = strdup(port);
	resolve->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (resolve->fd >= 0)
		resolve->event = event_new(base, resolve->fd, EV_READ, on_answer, resolve);
	if (resolve->host && resolve->port && resolve->event && !event_add(resolve->event, NULL) &&
	    !start_thread(resolve))
		return resolve;
	resolve_cancel(resolve);
	return NULL;
}

void resolve_cancel(struct resolve *resolve)
{
	if (!resolve)
		return;
	if (resolve->event)
		event_free(resolve->event);
	put(resolve);
}
