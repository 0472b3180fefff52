// SPDX-License-Identifier: GPL-2.0
/* See mailbox.h. An eventfd wakes the reader. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mailbox.h"

struct letter {
	struct letter *next;
	void *message;
};

/**
 * struct mailbox - messages for one thread
 * @lock: protects @first and @last
 * @first: the oldest message that was not read
 * @last: where the next one goes
 * @fd: eventfd, readable while there are messages
 * @event: of @fd
 * @fn: who reads
 * @drop: frees what nobody read
 * @context: for @fn
 */
struct mailbox {
	pthread_mutex_t lock;
	struct letter *first;
	struct letter **last;
	int fd;
	struct event *event;
	mailbox_fn fn;
	void (*drop)(void *message);
	void *context;
};

static struct letter *take_all(struct mailbox *box)
{
	struct letter *first;

	pthread_mutex_lock(&box->lock);
	first = box->first;
	box->first = NULL;
	box->last = &box->first;
	pthread_mutex_unlock(&box->lock);
	return first;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct mailbox *box = context;
	struct letter *letter, *next;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	for (letter = take_all(box); letter; letter = next) {
		next = letter->next;
		box->fn(letter->message, box->context);
		free(letter);
	}
}

struct mailbox *mailbox_new(struct event_base *base, mailbox_fn fn, void (*drop)(void *message), void *context)
{
	struct mailbox *box = calloc(1, sizeof(*box));

	if (!box)
		return NULL;
	box->fn = fn;
	box->drop = drop;
	box->context = context;
	box->last = &box->first;
	pthread_mutex_init(&box->lock, NULL);
	box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (box->fd >= 0)
		box->event = event_new(base, box->fd, EV_READ | EV_PERSIST, on_readable, box);
	if (!box->event || event_add(box->event, NULL)) {
		mailbox_free(box);
		return NULL;
	}
	return box;
}

void mailbox_free(struct mailbox *box)
{
	struct letter *letter, *next;

	if (!box)
		return;
	if (box->event)
		event_free(box->event);
	if (box->fd >= 0)
		close(box->fd);
	for (letter = take_all(box); letter; letter = next) {
		next = letter->next;
		box->drop(letter->message);
		free(letter);
	}
	pthread_mutex_destroy(&box->lock);
	free(box);
}

int mailbox_send(struct mailbox *box, void *message)
{
	struct letter *letter = calloc(1, sizeof(*letter));
	const uint64_t one = 1;

	if (!letter)
		return -ENOMEM;
	letter->message = message;
	pthread_mutex_lock(&box->lock);
	*box->last = letter;
	box->last = &letter->next;
	pthread_mutex_unlock(&box->lock);
	/* It cannot fail: the counter is far from its end, and what was written before wakes the reader as well. */
	if (write(box->fd, &one, sizeof(one)) < 0)
		return 0;
	return 0;
}
