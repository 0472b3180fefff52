// SPDX-License-Identifier: GPL-2.0
/*
 * The state and run directories: made where they are missing, and given to the user that the daemon becomes. Root
 * walks here through directories that this user may change: nothing follows a symbolic link below the configured
 * path, and what belongs to somebody else than root is not given away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "system.h"

#define STATE_MODE 0750
#define RUN_MODE   0755

/* As mkdir -p: what is above it is for everybody to pass. */
static int make_path(const char *path, mode_t mode)
{
	char *copy = strdup(path), *slash;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(copy, 0755) && errno != EEXIST && access(copy, F_OK))
			err = -errno;
		*slash = '/';
		if (err)
			break;
	}
	if (!err && mkdir(path, mode) && errno != EEXIST)
		err = -errno;
	free(copy);
	return err;
}

static int give_entries(int directory, const struct identity *to);

/*
 * Takes over a descriptor of O_PATH, which opens nothing: a device stays as it is. A file with several names may have
 * one where the user could not have made it.
 */
static int give_opened(int fd, const struct identity *to)
{
	struct stat status;
	int err = 0;

	if (fstat(fd, &status)) {
		err = -errno;
	} else if (!status.st_uid && (S_ISDIR(status.st_mode) || status.st_nlink == 1)) {
		if (S_ISDIR(status.st_mode))
			err = give_entries(fd, to);
		if (!err && fchownat(fd, "", to->uid, to->gid, AT_EMPTY_PATH))
			err = -errno;
	}
	close(fd);
	return err;
}

static bool is_a_place(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static int give_entries(int directory, const struct identity *to)
{
	int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, err = 0;
	DIR *list = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!list) {
		err = -errno;
		if (again >= 0)
			close(again);
		return err;
	}
	while (!err && (entry = readdir(list))) {
		if (is_a_place(entry->d_name))
			continue;
		fd = openat(directory, entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		err = fd < 0 ? -errno : give_opened(fd, to);
	}
	closedir(list);
	return err;
}

/* What root made is the named user's from now on, with all that is in it. Takes the descriptor over. */
static int give(int fd, const char *path, const struct identity *to, char *why, size_t room)
{
	struct stat status;
	int err = 0;

	if (fstat(fd, &status))
		err = -errno;
	else if (!geteuid() && to->name && status.st_uid && status.st_uid != to->uid)
		err = -EPERM;
	if (err == -EPERM)
		snprintf(
			why, room,
			"%s belongs to the user with id %u: give it to '%s' by chown -R, or name another one by 'user'",
			path, (unsigned int)status.st_uid, to->name);
	if (err || geteuid() || !to->uid) {
		close(fd);
		return err;
	}
	err = give_opened(fd, to);
	if (err)
		snprintf(why, room, "cannot give %s to the user with id %u: %s", path, (unsigned int)to->uid,
			 strerror(-err));
	return err;
}

/* Return: a descriptor of the directory, made where it is missing, or a negative errno when it cannot be written to. */
static int open_writable(const char *path, mode_t mode, int flags)
{
	int err, fd;

	err = make_path(path, mode);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int prepare_run_dir(const struct config *config, const struct identity *to, char *why, size_t room)
{
	int fd = open_writable(config->run_dir, RUN_MODE, 0);

	if (fd < 0) {
		snprintf(why, room, "cannot write to %s: %s ('run-dir' names another place)", config->run_dir,
			 strerror(-fd));
		return fd;
	}
	return give(fd, config->run_dir, to, why, room);
}

/* Root that prepares for a daemon of another user, see ktftpd --load-module: what the run directory is, its state is. */
static void follow_owner(const char *run_dir, struct identity *to)
{
	struct stat status;

	if (to->name || geteuid() || stat(run_dir, &status))
		return;
	to->uid = status.st_uid;
	to->gid = status.st_gid;
}

/* Below the run directory, which is gone after a boot. It is the user's, who might have put a link there. */
static int use_run_dir_for_state(struct config *config, int problem, struct identity *to, char *why, size_t room)
{
	char *path;
	int err, fd;

	follow_owner(config->run_dir, to);
	if (asprintf(&path, "%s/state", config->run_dir) < 0)
		return -ENOMEM;
	fd = open_writable(path, STATE_MODE, O_NOFOLLOW);
	if (fd < 0) {
		snprintf(why, room, "cannot write to %s: %s, nor to %s: %s", config->state_dir, strerror(-problem),
			 path, strerror(-fd));
		free(path);
		return fd;
	}
	err = give(fd, path, to, why, room);
	if (err) {
		free(path);
		return err;
	}
	snprintf(why, room, "cannot write to %s: %s: the store and the guard are in %s, and do not outlive a boot",
		 config->state_dir, strerror(-problem), path);
	free(config->state_dir);
	config->state_dir = path;
	config->state_moved = true;
	return 0;
}

int system_make_directories(struct config *config, char *why, size_t room)
{
	struct identity to;
	int err, fd;

	*why = 0;
	err = identity_find(config, &to, why, room);
	if (err)
		return err;
	err = prepare_run_dir(config, &to, why, room);
	if (err)
		return err;
	fd = open_writable(config->state_dir, STATE_MODE, 0);
	if (fd < 0)
		return use_run_dir_for_state(config, fd, &to, why, room);
	return give(fd, config->state_dir, &to, why, room);
}
