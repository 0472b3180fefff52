/* SPDX-License-Identifier: GPL-2.0 */
/* Whom the daemon becomes when root started it. */
#ifndef KTFTPD_IDENTITY_H
#define KTFTPD_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/config.h"

/**
 * struct identity - a user and the groups it comes with
 * @name: the user's name, the configuration's own string; NULL for whoever the process is
 * @uid: the user
 * @gid: its group, the configuration's where that names one
 */
struct identity {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/* Whom @config means, for a process of root; the process' own identity for others, and where it names nobody. */
int identity_find(const struct config *config, struct identity *out, char *why, size_t room);

#endif
