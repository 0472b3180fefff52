/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages on their way to somebody who may not be there: a syslog server or the journal. Nothing here ever waits. What
 * cannot leave now stands in a queue; when that is full the oldest goes, and is counted. A connection that is lost is
 * made again, later and later while it fails. The event base's thread.
 */
#ifndef KTFTPD_SENDER_H
#define KTFTPD_SENDER_H

#include <event2/event.h>
#include <stdbool.h>

#include "ktftp.h"

/* Most that a queue holds, whichever comes first. */
#define SENDER_MESSAGES 8192
#define SENDER_BYTES    (4 << 20)

enum sender_kind {
	SENDER_UDP,
	SENDER_TCP,  /* with the length before each message, RFC 6587, 3.4.1 */
	SENDER_UNIX, /* datagrams to a path, the host */
};

struct sender;

/* Begins to connect when the loop turns. NULL for lack of memory. */
struct sender *sender_new(struct event_base *base, enum sender_kind kind, const char *host, const char *port);
/* What waits is lost. NULL is fine. */
void sender_free(struct sender *s);
bool sender_is(const struct sender *s, enum sender_kind kind, const char *host, const char *port);
enum sender_kind sender_kind(const struct sender *s);
void sender_put(struct sender *s, const char *message, size_t bytes);
/* Messages that are known not to have arrived; those that wait are not among them. */
uint64_t sender_unsent(const struct sender *s);
size_t sender_waiting(const struct sender *s);

#endif
