// SPDX-License-Identifier: GPL-2.0
/* See waiting.h: a list, oldest first. It is short, and looked through when something arrives. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "waiting.h"

struct waiting {
	struct waiter *first;
	struct waiter **last;
	size_t count;
};

struct waiting *waiting_new(void)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w)
		w->last = &w->first;
	return w;
}

void waiting_free(struct waiting *w)
{
	struct waiter *waiter;

	if (!w)
		return;
	while ((waiter = w->first)) {
		w->first = waiter->next;
		free(waiter);
	}
	free(w);
}

static bool is_same(const struct waiter *waiter, const struct ktftp_handed *request)
{
	const struct ktftp_handed *mine = &waiter->request;

	return mine->listener == request->listener && mine->client_port == request->client_port &&
	       mine->client.length == request->client.length &&
	       !memcmp(mine->client.bytes, request->client.bytes, request->client.length) &&
	       mine->bytes == request->bytes && !memcmp(waiter->data, request->data, request->bytes);
}

static struct waiter *find(const struct waiting *w, const struct ktftp_handed *request)
{
	struct waiter *waiter;

	for (waiter = w->first; waiter; waiter = waiter->next)
		if (is_same(waiter, request))
			return waiter;
	return NULL;
}

static void drop_first(struct waiting *w)
{
	struct waiter *first = w->first;

	w->first = first->next;
	if (!w->first)
		w->last = &w->first;
	w->count--;
	free(first);
}

int waiting_add(struct waiting *w, const struct ktftp_listener *listener, const struct ktftp_handed *request,
		const char *name, int64_t now)
{
	struct waiter *waiter = find(w, request);

	if (waiter) {
		waiter->until = now + WAITING_S;
		return 0;
	}
	if (strlen(name) > KTFTP_NAME_MAX)
		return -ENAMETOOLONG;
	waiter = calloc(1, sizeof(*waiter) + request->bytes);
	if (!waiter)
		return -ENOMEM;
	if (listener)
		waiter->listener = *listener;
	waiter->request = *request;
	memcpy(waiter->data, request->data, request->bytes);
	waiter->request.data = waiter->data;
	strcpy(waiter->name, name);
	waiter->until = now + WAITING_S;
	if (w->count >= WAITING_MOST)
		drop_first(w);
	*w->last = waiter;
	w->last = &waiter->next;
	w->count++;
	return 1;
}

void waiting_each(struct waiting *w, int64_t now, bool (*fn)(const struct waiter *waiter, void *context), void *context)
{
	struct waiter **link = &w->first, *waiter;

	while ((waiter = *link)) {
		if (now < waiter->until && !fn(waiter, context)) {
			link = &waiter->next;
			continue;
		}
		*link = waiter->next;
		w->count--;
		free(waiter);
	}
	w->last = link;
}

size_t waiting_count(const struct waiting *w)
{
	return w->count;
}
