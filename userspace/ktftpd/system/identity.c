// SPDX-License-Identifier: GPL-2.0
/* See identity.h. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"

static int find_user(const char *name, struct identity *out, char *why, size_t room)
{
	struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (!user) {
		snprintf(why, room,
			 "there is no user '%s' to become: make it (systemd-sysusers), or name another one by 'user'",
			 name);
		return -ENOENT;
	}
	out->name = name;
	out->uid = user->pw_uid;
	out->gid = user->pw_gid;
	return 0;
}

static int find_group(const char *name, struct identity *out, char *why, size_t room)
{
	struct group *group = getgrnam(name);

	if (!group) {
		snprintf(why, room, "there is no group '%s': make it, or name another one by 'group'", name);
		return -ENOENT;
	}
	out->gid = group->gr_gid;
	return 0;
}

int identity_find(const struct config *config, struct identity *out, char *why, size_t room)
{
	int err;

	*out = (struct identity){ .uid = geteuid(), .gid = getegid() };
	if (out->uid || !config->user)
		return 0;
	err = find_user(config->user, out, why, room);
	if (!err && config->group)
		err = find_group(config->group, out, why, room);
	return err;
}
