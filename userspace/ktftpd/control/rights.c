// SPDX-License-Identifier: GPL-2.0
/* See rights.h. */
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rights.h"

/* Large groups are long lines. */
#define MOST_GROUP_BYTES (1 << 20)

static bool find_group(const char *name, gid_t *out)
{
	struct group group, *found = NULL;
	char *room;

	if (!name || !*name)
		return false;
	room = malloc(MOST_GROUP_BYTES);
	if (room && !getgrnam_r(name, &group, room, MOST_GROUP_BYTES, &found) && found)
		*out = found->gr_gid;
	free(room);
	return found;
}

void rights_init(struct rights *rights, const char *admin_group, const char *read_group)
{
	rights->own = geteuid();
	rights->has_admin = find_group(admin_group, &rights->admin);
	rights->has_read = find_group(read_group, &rights->read);
}

static bool is_in(gid_t group, const gid_t *groups, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

enum control_right rights_of(const struct rights *rights, uid_t user, const gid_t *groups, size_t count)
{
	if (user == 0 || user == rights->own)
		return CONTROL_CHANGE;
	if (rights->has_admin && is_in(rights->admin, groups, count))
		return CONTROL_CHANGE;
	if (rights->has_read && is_in(rights->read, groups, count))
		return CONTROL_READ;
	return CONTROL_NONE;
}

/* The group first, then the other groups; NULL when they cannot be known. */
static gid_t *groups_of_peer(int fd, gid_t group, size_t *count)
{
	socklen_t bytes = 0;
	gid_t *groups;

	/* With no room it says how much it wants, and fails unless there are none. */
	getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes);
	groups = malloc(sizeof(*groups) + bytes);
	if (!groups)
		return NULL;
	if (bytes && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &bytes))
		bytes = 0;
	groups[0] = group;
	*count = 1 + bytes / sizeof(*groups);
	return groups;
}

enum control_right rights_of_peer(int fd, const struct rights *rights)
{
	enum control_right right;
	struct ucred peer;
	socklen_t bytes = sizeof(peer);
	size_t count = 0;
	gid_t *groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes))
		return CONTROL_NONE;
	groups = groups_of_peer(fd, peer.gid, &count);
	right = rights_of(rights, peer.uid, groups, count);
	free(groups);
	return right;
}
