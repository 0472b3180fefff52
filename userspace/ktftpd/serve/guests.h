/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What only the module can answer, because a single-port listener's answers leave from that port: contents that are
 * not pinned are published for a while under names of the daemon's own, and names that are not there become absents
 * for some seconds, so that the client's next try is told. All of it goes with the daemon. The main thread's.
 */
#ifndef KTFTPD_GUESTS_H
#define KTFTPD_GUESTS_H

#include "folder/folder.h"
#include "ktftp.h"

#define GUESTS_OWNER "guest"

struct guests;

struct guests *guests_new(struct ktftp *k);
void guests_free(struct guests *g);
/* We are the module's daemon: what the one before left goes. */
void guests_begin(struct guests *g);
/* Return: 0 when the module serves it; a negative errno, the reason in ktftp_error(). */
int guests_start(struct guests *g, const struct folder *folder, const struct folder_file *file,
		 const struct ktftp_handed *request, int64_t now);
/* Return: 0 when the next request for it is answered with ERROR 1. */
int guests_deny(struct guests *g, const char *name, int64_t now);

/* There are new names: those that were denied may be among them. */
void guests_allow(struct guests *g);

#endif
