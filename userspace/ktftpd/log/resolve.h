/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses of a host, without waiting for them: a thread asks what the system asks, /etc/hosts, DNS and whatever else
 * is in nsswitch.conf, and ends.
 */
#ifndef KTFTPD_RESOLVE_H
#define KTFTPD_RESOLVE_H

#include <event2/event.h>
#include <netdb.h>

struct resolve;

/* Owns the addresses, NULL for none. The question is gone when it is called. */
typedef void (*resolve_fn)(struct addrinfo *found, void *context);

/* socktype as getaddrinfo()'s. NULL for lack of memory or threads. */
struct resolve *resolve_start(struct event_base *base, const char *host, const char *port, int socktype, resolve_fn fn,
			      void *context);
/* Its function is not called any more. NULL is fine. */
void resolve_cancel(struct resolve *resolve);

#endif
