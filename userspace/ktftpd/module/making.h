/* SPDX-License-Identifier: GPL-2.0 */
/* Inside module/: one run of objects_apply(), and its parts. */
#ifndef KTFTPD_MAKING_H
#define KTFTPD_MAKING_H

#include "config/config.h"
#include "objects.h"
#include "vector.h"

/**
 * struct making - one run
 * @k: connection
 * @before: what was in force, or NULL
 * @config: what is to be
 * @err: of the first failure, or 0
 * @why: where its reason goes
 * @room: of it
 */
struct making {
	struct ktftp *k;
	const struct config *before;
	const struct config *config;
	int err;
	char *why;
	size_t room;
};

/* Keeps the first failure; returns err. */
int making_fail(struct making *m, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* listen.c: listeners */
void making_listen(struct making *m);
int making_listen_check(struct making *m);

/* names.c: absents and the stack of views, at one moment */
void making_names(struct making *m);

/* remembered.c: listeners that are the configuration's, in a file of run_dir that outlives the daemon */
int remembered_read(const struct config *config, struct vector *listeners);
int remembered_write(const struct config *config, const struct ktftp_listener *const *lists, const size_t *counts,
		     size_t lists_count);

#endif
