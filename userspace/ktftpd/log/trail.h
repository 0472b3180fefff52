/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last things that happened, for "ktftpctl trace": a ring of events with their times, asked by the address of a
 * client, by a part of a name, or by a MAC address (a part of names, or of a client in the neighbour table). The main
 * thread's.
 */
#ifndef KTFTPD_TRAIL_H
#define KTFTPD_TRAIL_H

#include <jansson.h>

#include "ktftp.h"

#define TRAIL_EVENTS    65536
#define TRAIL_FOUND_MAX 2000

struct trail;

enum trail_what {
	TRAIL_START, /* a download began */
	TRAIL_END,
	TRAIL_MISS,   /* ERROR 1 */
	TRAIL_SILENT, /* no answer */
	TRAIL_REFUSED,
	TRAIL_WAIT, /* its content is awaited */
};

struct trail *trail_new(size_t events);
void trail_free(struct trail *trail);
void trail_transfer(struct trail *trail, enum trail_what what, const struct ktftp_transfer *transfer,
		    const char *engine);
void trail_request(struct trail *trail, enum trail_what what, const struct ktftp_handed *request, const char *name,
		   const char *text);
/*
 * What is known of a client or a name, oldest first, as a JSON array of objects; NULL and the reason when pattern is
 * none of them. after is a sequence number, 0 for all. At most TRAIL_FOUND_MAX: of all the newest, else those that
 * follow, so that who asks again with the last number he got misses none.
 */
json_t *trail_find(const struct trail *trail, const char *pattern, uint64_t after, char *why, size_t room);

#endif
