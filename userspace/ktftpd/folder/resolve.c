// SPDX-License-Identifier: GPL-2.0
/* See resolve.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "identity.h"
#include "resolve.h"

/* A rename somewhere on the way makes the kernel give up, for it cannot tell whether ".." stayed inside. */
#define TRIES 64

static int beneath(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd, i;

	for (i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN || flags & O_NONBLOCK)
			break;
	}
	return fd < 0 ? -errno : fd;
}

/* A path without links, each part of which has to be one: what somebody puts in the place of a part is refused. */
static int step_by_step(int root, const char *path, int flags)
{
	char *copy = strdup(*path ? path : "."), *rest = copy, *part;
	int at = fcntl(root, F_DUPFD_CLOEXEC, 0), next = at < 0 ? -errno : -ENOMEM;

	while (copy && at >= 0 && (part = strsep(&rest, "/"))) {
		next = openat(at, part, O_NOFOLLOW | O_CLOEXEC | (rest ? O_PATH | O_DIRECTORY : flags));
		if (next < 0)
			next = -errno;
		close(at);
		at = next;
	}
	if (next < 0 && at >= 0)
		close(at);
	free(copy);
	return next;
}

/**
 * resolve_real() - where below a root a path leads to, without links
 * @real: the root's own path, without links
 * @path: path below it
 * @out: the path below it without links, empty for the root itself; to be freed
 *
 * Return: 0; -EXDEV when it leads out; another negative errno.
 */
int resolve_real(const char *real, const char *path, char **out)
{
	size_t length = strcmp(real, "/") ? strlen(real) : 0;
	char *whole, *target;
	int err = -EXDEV;

	if (asprintf(&whole, "%s/%s", real, path) < 0)
		return -ENOMEM;
	target = realpath(whole, NULL);
	free(whole);
	if (!target)
		return -errno;
	if (!strncmp(target, real, length) && (target[length] == '/' || !target[length])) {
		*out = strdup(target + length + strspn(target + length, "/"));
		err = *out ? 0 : -ENOMEM;
	}
	free(target);
	return err;
}

/**
 * resolve_open() - open something below a root
 * @root: the root
 * @real: its path, without links
 * @path: path below it, empty for the root itself
 * @flags: as open()
 *
 * The kernel refuses an absolute link even where it leads inside: then the path without links is opened in its
 * stead, under the same guard. Where a container or valgrind knows no openat2(), it is walked part by part.
 *
 * Return: descriptor; -EXDEV when it leads out; another negative errno.
 */
int resolve_open(int root, const char *real, const char *path, int flags)
{
	int fd = beneath(root, path, flags), err;
	char *inside;

	if (fd != -EXDEV && fd != -ENOSYS)
		return fd;
	/* Whoever wants a link itself has a path without others. */
	if (fd == -ENOSYS && flags & O_NOFOLLOW)
		return step_by_step(root, path, flags);
	err = resolve_real(real, path, &inside);
	if (err)
		return err;
	fd = fd == -EXDEV ? beneath(root, inside, flags) : step_by_step(root, inside, flags);
	free(inside);
	return fd;
}

static size_t length_of(const char *root)
{
	return strcmp(root, "/") ? strlen(root) : 0;
}

/**
 * resolve_is_below() - does a path begin with that of a root
 * @root: root
 * @path: absolute path
 */
bool resolve_is_below(const char *root, const char *path)
{
	size_t length = length_of(root);

	return !strncmp(path, root, length) && path[length] == '/';
}

/**
 * resolve_file() - open a file below a root that is to be in a state that is known
 * @root: path of the root
 * @path: path of the file, resolve_is_below()
 * @size: its size
 * @mtime_ns: when it was changed last
 *
 * Return: descriptor; -ESTALE when it is another file, or was changed; another negative errno.
 */
int resolve_file(const char *root, const char *path, uint64_t size, int64_t mtime_ns)
{
	int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -ENOMEM;
	char *real;
	struct stat status;

	if (at < 0)
		return -errno;
	real = realpath(root, NULL);
	if (real)
		fd = resolve_open(at, real, path + length_of(root) + 1, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	free(real);
	close(at);
	if (fd < 0)
		return fd;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && (uint64_t)status.st_size == size &&
	    identity_ns(&status.st_mtim) == mtime_ns)
		return fd;
	close(fd);
	return -ESTALE;
}
