// SPDX-License-Identifier: GPL-2.0
/*
 * What the daemon keeps of what it was started with: CAP_NET_ADMIN, to publish to the module, CAP_NET_BIND_SERVICE,
 * for port 69 where the module does not serve, and CAP_LEASE, to be told by the kernel whether somebody writes to a
 * file of another user. Everything else goes, for good, and is looked at afterwards: a daemon that could not drop what
 * it does not need does not run. Before any thread is started, for capabilities are a thread's.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cap-ng.h>

#include "identity.h"
#include "system.h"

static const unsigned int needed[] = { CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_LEASE };

#define NEEDED (sizeof(needed) / sizeof(*needed))

/* Which of those needed the process has: a container may lack some, and the module refuses what it may not. */
struct kept {
	bool have[NEEDED];
	bool bounding; /* what it may ever have can be limited */
};

static bool is_kept(const struct kept *kept, unsigned int capability)
{
	size_t i;

	for (i = 0; i < NEEDED; i++)
		if (needed[i] == capability)
			return kept->have[i];
	return false;
}

static int look(struct kept *kept)
{
	size_t i;

	if (capng_get_caps_process())
		return -EIO;
	for (i = 0; i < NEEDED; i++)
		kept->have[i] = capng_have_capability(CAPNG_PERMITTED, needed[i]);
	kept->bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	return 0;
}

static bool is_one_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned int count = 0;

	if (!tasks)
		return true;
	while ((entry = readdir(tasks)))
		count += entry->d_name[0] != '.';
	closedir(tasks);
	return count == 1;
}

/* As long as the process still may: none of the others can come back by a program it starts. */
static int limit_bounding_set(const struct kept *kept)
{
	unsigned int capability;

	for (capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		if (!is_kept(kept, capability) && prctl(PR_CAPBSET_DROP, capability))
			return -errno;
	return 0;
}

/* Another user; the permitted capabilities stay until they are dropped. */
static int become(const struct identity *to)
{
	if (initgroups(to->name, to->gid) || setresgid(to->gid, to->gid, to->gid))
		return -errno;
	if (prctl(PR_SET_KEEPCAPS, 1) || setresuid(to->uid, to->uid, to->uid) || prctl(PR_SET_KEEPCAPS, 0))
		return -errno;
	return 0;
}

static int keep_only(const struct kept *kept)
{
	size_t i;

	capng_clear(CAPNG_SELECT_CAPS);
	for (i = 0; i < NEEDED; i++)
		if (kept->have[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, needed[i]);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	/* Gone by now, for what is not inheritable cannot be ambient; old kernels know no ambient ones. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

static bool is_identity(const struct identity *to)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	if (getresuid(&uid, &euid, &suid) || getresgid(&gid, &egid, &sgid))
		return false;
	return uid == to->uid && euid == to->uid && suid == to->uid && gid == to->gid && egid == to->gid &&
	       sgid == to->gid;
}

/* Return: what the process has and should not have, or NULL. */
static const char *find_leftover(const struct kept *kept, const struct identity *to, bool changed)
{
	unsigned int capability;
	bool wanted;

	if (changed && (!is_identity(to) || !setuid(0)))
		return "its user";
	if (capng_get_caps_process())
		return "capabilities that cannot be read";
	for (capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
		wanted = is_kept(kept, capability);
		if (capng_have_capability(CAPNG_EFFECTIVE, capability) != wanted ||
		    capng_have_capability(CAPNG_PERMITTED, capability) != wanted ||
		    capng_have_capability(CAPNG_INHERITABLE, capability))
			return capng_capability_to_name(capability);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) > 0 ||
		    (kept->bounding && !wanted && prctl(PR_CAPBSET_READ, capability)))
			return capng_capability_to_name(capability);
	}
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? NULL : "new privileges by programs it starts";
}

static int refuse(int err, const char *what, char *why, size_t room)
{
	snprintf(why, room, "cannot %s: %s", what, strerror(-err));
	return err;
}

/* Root could write there, whoever it belongs to; who it is now may not. */
static int check_directory(const char *path, char *why, size_t room)
{
	struct stat status;

	if (!path || !access(path, W_OK | X_OK))
		return 0;
	if (stat(path, &status))
		return refuse(-errno, "look at the state and run directories", why, room);
	snprintf(why, room,
		 "without root's capabilities %s cannot be written to, for it belongs to the user with id %u: name "
		 "that one by 'user'",
		 path, (unsigned int)status.st_uid);
	return -EACCES;
}

static int check_directories(const struct config *config, char *why, size_t room)
{
	int err = check_directory(config->state_dir, why, room);

	return err ? err : check_directory(config->run_dir, why, room);
}

int system_drop_privileges(const struct config *config, char *why, size_t room)
{
	struct identity to;
	struct kept kept;
	const char *left;
	bool change;
	int err;

	if (!is_one_thread())
		return refuse(-EBUSY, "drop privileges with threads running", why, room);
	err = identity_find(config, &to, why, room);
	if (err)
		return err;
	change = to.uid != geteuid();
	err = look(&kept);
	if (!err && kept.bounding)
		err = limit_bounding_set(&kept);
	if (err)
		return refuse(err, "limit capabilities", why, room);
	err = change ? become(&to) : 0;
	if (err) {
		snprintf(why, room, "cannot become the user '%s': %s", to.name, strerror(-err));
		return err;
	}
	err = keep_only(&kept);
	if (err)
		return refuse(err, "drop capabilities", why, room);
	left = find_leftover(&kept, &to, change);
	if (left) {
		snprintf(why, room, "after dropping privileges the process still has, or lacks: %s", left);
		return -EPERM;
	}
	/* As a process that was this user from the beginning: its own files in /proc are its own, it can dump core. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return check_directories(config, why, room);
}
