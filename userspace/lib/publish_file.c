// SPDX-License-Identifier: GPL-2.0
/*
 * Publishes a file the best way there is: warms it, because the kernel takes only what is in memory; pins it
 * where that is possible and permitted; else copies it into a memfd and seals that.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "connection.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define SEALS       (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Memory may be so short that pages go as fast as they come: then it is copied. */
#define WARM_TRIES  3

#define CHUNK_BYTES (256 << 10)

/* What looks like a file there is a window into the kernel, with no content of its own to serve. */
static bool is_pseudo(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	switch (fs.f_type) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case NSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case BPF_FS_MAGIC:
		return true;
	default:
		return false;
	}
}

static int open_regular(struct ktftp *k, int directory, const char *path, struct stat *status)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0) {
		err = -errno;
		return ktftp_fail(k, err, "%s: %s", path, strerror(-err));
	}
	if (fstat(fd, status)) {
		err = ktftp_fail(k, -errno, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(status->st_mode)) {
		err = ktftp_fail(k, -EOPNOTSUPP, "%s: not a regular file", path);
	} else if (is_pseudo(fd)) {
		err = ktftp_fail(k, -EOPNOTSUPP, "%s: files of pseudo file systems cannot be published", path);
	} else {
		return fd;
	}
	close(fd);
	return err;
}

/* Reads a file from end to end, so that its pages are in memory. */
static int warm(struct ktftp *k, const char *path, int fd)
{
	char *buffer = malloc(CHUNK_BYTES);
	off_t at = 0;
	ssize_t n;

	if (!buffer)
		return ktftp_fail(k, -ENOMEM, "out of memory");
	while ((n = pread(fd, buffer, CHUNK_BYTES, at)) > 0)
		at += n;
	free(buffer);
	return n < 0 ? ktftp_fail(k, -errno, "%s: %s", path, strerror(errno)) : 0;
}

static int new_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	/* Kernels before 6.3 do not know the flag; later ones grumble without it. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

static bool is_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Nobody is kept from writing meanwhile: -EAGAIN when somebody did, for then the copy may be half and half. */
static int copy_all(int from, int to)
{
	struct stat before, after;
	ssize_t n = 1;
	off_t at = 0;

	if (fstat(from, &before))
		return -errno;
	while (at < before.st_size && n > 0)
		n = sendfile(to, from, &at, before.st_size - at < CHUNK_BYTES ? before.st_size - at : CHUNK_BYTES);
	if (n < 0 || fstat(from, &after))
		return -errno;
	return at == before.st_size && is_same_state(&before, &after) ? 0 : -EAGAIN;
}

/* A sealed memfd with what the file contains, or a negative errno. */
static int sealed_copy(struct ktftp *k, const char *path, int from)
{
	int fd = new_memfd("ktftp"), err;

	if (fd < 0)
		return ktftp_fail(k, -errno, "memfd_create: %s", strerror(errno));
	err = copy_all(from, fd);
	if (!err && fcntl(fd, F_ADD_SEALS, SEALS))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	if (err == -EAGAIN)
		return ktftp_fail(k, -ETXTBSY, "%s: somebody writes to the file while it is copied", path);
	return ktftp_fail(k, err, "%s: %s", path, strerror(-err));
}

static int publish_copy(struct ktftp *k, const char *name, const char *path, int from, enum ktftp_kind kind,
			struct ktftp_entry *entry)
{
	int fd = sealed_copy(k, path, from), err;

	if (fd < 0)
		return fd;
	err = ktftp_publish_fd(k, name, fd, kind, entry);
	close(fd);
	return err;
}

/* Publishes the file itself, read into memory before. */
static int publish_warm(struct ktftp *k, const char *name, const char *path, int fd, enum ktftp_kind kind,
			struct ktftp_entry *entry)
{
	int tries, err = -EAGAIN;

	for (tries = 0; tries < WARM_TRIES && err == -EAGAIN; tries++) {
		err = warm(k, path, fd);
		if (!err)
			err = ktftp_publish_fd(k, name, fd, kind, entry);
	}
	return err;
}

static bool is_sealed(int fd)
{
	const int need = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & need) == need;
}

/* What stands in the way of pinning and not of copying. */
static bool is_reason_to_copy(int err)
{
	return err == -EPERM || err == -EOPNOTSUPP || err == -EAGAIN;
}

static int publish_open(struct ktftp *k, const char *name, const char *path, int fd, enum ktftp_hold hold,
			struct ktftp_entry *entry)
{
	int err;

	switch (hold) {
	case KTFTP_HOLD_PIN:
		return publish_warm(k, name, path, fd, KTFTP_KIND_PINNED, entry);
	case KTFTP_HOLD_SEAL:
		return publish_copy(k, name, path, fd, KTFTP_KIND_SEALED, entry);
	case KTFTP_HOLD_COPY:
		return publish_copy(k, name, path, fd, KTFTP_KIND_COPIED, entry);
	case KTFTP_HOLD_AUTO:
		break;
	}
	err = publish_warm(k, name, path, fd, is_sealed(fd) ? KTFTP_KIND_SEALED : KTFTP_KIND_PINNED, entry);
	return is_reason_to_copy(err) ? publish_copy(k, name, path, fd, KTFTP_KIND_SEALED, entry) : err;
}

/**
 * ktftp_publish_file() - give the content of a file to a name
 * @k: connection
 * @name: name
 * @directory: directory @path is relative to, or AT_FDCWD
 * @path: file
 * @hold: how it is to be held
 * @entry: what became of it
 *
 * Return: 0 or a negative errno; nothing has changed then.
 */
int ktftp_publish_file(struct ktftp *k, const char *name, int directory, const char *path, enum ktftp_hold hold,
		       struct ktftp_entry *entry)
{
	struct stat status;
	int fd, err;

	fd = open_regular(k, directory, path, &status);
	if (fd < 0)
		return fd;
	err = publish_open(k, name, path, fd, hold, entry);
	close(fd);
	return err;
}
