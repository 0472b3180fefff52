/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that the module handed over and nobody has looked at yet. When the daemon is behind, clients ask again
 * before they were answered: of one client's port the last request counts, so that no more wait than there are
 * clients; and the newest goes first, for who asked longest ago has probably asked again or given up. The main thread's.
 */
#ifndef KTFTPD_ARRIVALS_H
#define KTFTPD_ARRIVALS_H

#include "ktftp.h"

#define ARRIVALS_MOST  1024
#define ARRIVALS_BYTES 1500 /* of a request, at most */

struct arrivals;

struct arrivals *arrivals_new(void);
void arrivals_free(struct arrivals *a);
bool arrivals_full(const struct arrivals *a);
/* Takes a copy, in the place of an earlier request from the same port; what is too long or finds no room is dropped. */
void arrivals_add(struct arrivals *a, const struct ktftp_handed *request);
/* Calls fn for each, the newest first, and forgets them. */
void arrivals_take(struct arrivals *a, ktftp_handed_fn fn, void *context);

#endif
