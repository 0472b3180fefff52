/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests for names whose content is awaited. A client that asks again is the same one that waits; one that does not
 * ask again is forgotten. The main thread's.
 */
#ifndef KTFTPD_WAITING_H
#define KTFTPD_WAITING_H

#include "ktftp.h"

#define WAITING_MOST 4096
#define WAITING_S    10 /* longer than a phone waits before it asks again */

struct waiting;

/**
 * struct waiter - a request that waits
 * @next: the one behind it
 * @listener: the module's, copied; id 0 for one of the engine's
 * @request: the request; its data are @data
 * @name: canonical name
 * @until: when it is forgotten, CLOCK_MONOTONIC seconds
 * @data: the datagram
 */
struct waiter {
	struct waiter *next;
	struct ktftp_listener listener;
	struct ktftp_handed request;
	char name[KTFTP_NAME_MAX + 1];
	int64_t until;
	uint8_t data[];
};

struct waiting *waiting_new(void);
void waiting_free(struct waiting *w);
/*
 * When there are WAITING_MOST already the one that waits longest is forgotten: it asks again if it is a client at all.
 * Return: 1 when it waits from now on, 0 when it did before, or a negative errno.
 */
int waiting_add(struct waiting *w, const struct ktftp_listener *listener, const struct ktftp_handed *request,
		const char *name, int64_t now);
/* Calls fn for each, oldest first; those for which it is true are done, and those that waited too long. */
void waiting_each(struct waiting *w, int64_t now, bool (*fn)(const struct waiter *waiter, void *context),
		  void *context);
size_t waiting_count(const struct waiting *w);

#endif
