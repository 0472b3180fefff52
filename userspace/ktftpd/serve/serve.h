/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one handler of requests, whether the module handed them over or they came to the engine's own listener: who
 * gets which content from whom, and who is told that there is none. The main thread's.
 */
#ifndef KTFTPD_SERVE_H
#define KTFTPD_SERVE_H

#include "daemon.h"

struct serve;

/**
 * struct serve_counts - what came of requests
 * @requests: read requests looked at
 * @started: given to the module
 * @served: given to the engine
 * @parked: made to wait for their content
 * @not_found: answered with ERROR 1
 * @silent: met with silence, because it is not known yet what is there, or the server drains
 * @refused: answered with another ERROR
 */
struct serve_counts {
	uint64_t requests;
	uint64_t started;
	uint64_t served;
	uint64_t parked;
	uint64_t not_found;
	uint64_t silent;
	uint64_t refused;
};

struct serve *serve_new(struct daemon *d);
void serve_free(struct serve *s);
/* A request. @listener is the module's, or NULL for one of the engine's. */
void serve_request(struct serve *s, const struct ktftp_listener *listener, const struct ktftp_handed *request);
/* The catalogue changed: who waits for something may get it now. */
void serve_changed(struct serve *s);
/* The folders may be others now: until serve_scanned() it is not known any more what does not exist. */
void serve_reloaded(struct serve *s);
/* Everything that exists is in the catalogue. */
void serve_scanned(struct serve *s);
/* What is not in the catalogue does not exist. */
bool serve_knows_all(const struct serve *s);
/* We are the module's daemon. */
void serve_attached(struct serve *s);
/* Names were lost for lack of memory: what does not exist is not known any more. */
void serve_lost_names(struct serve *s);
void serve_counts_get(const struct serve *s, struct serve_counts *counts);

#endif
