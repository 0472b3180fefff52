/* SPDX-License-Identifier: GPL-2.0 */
/* Who may do what by the control socket: root, the daemon's own user and the admin group all, the read group look. */
#ifndef KTFTPD_RIGHTS_H
#define KTFTPD_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum control_right {
	CONTROL_NONE,
	CONTROL_READ,
	CONTROL_CHANGE,
};

/**
 * struct rights - who has them
 * @own: the daemon's user
 * @admin: who may change things
 * @read: who may look
 * @has_admin: there is such a group
 * @has_read: there is such a group
 */
struct rights {
	uid_t own;
	gid_t admin;
	gid_t read;
	bool has_admin;
	bool has_read;
};

/*
 * As the system knows them now; that may ask a directory server, and take its time. A group that does not exist, or a
 * NULL one, gives nobody a right.
 */
void rights_init(struct rights *rights, const char *admin_group, const char *read_group);
/* What a user with these groups may. */
enum control_right rights_of(const struct rights *rights, uid_t user, const gid_t *groups, size_t count);
/* What the process at the other end of a socket may, by what it was when it connected; asks nobody else. */
enum control_right rights_of_peer(int fd, const struct rights *rights);

#endif
