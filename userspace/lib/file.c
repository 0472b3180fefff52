// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are to be published: opened, warmed, because the kernel takes only what is in memory, and copied
 * into sealed memfds where they cannot be pinned. What the kernel would refuse is known here beforehand where
 * it can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "file.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Not in linux/magic.h. */
#define XFS_MAGIC       0x58465342

/* The initial user namespace has this inode number, PROC_USER_INIT_INO. */
#define INITIAL_USER_NS "user:[4026531837]"

#define SEALS           (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

#define CHUNK_BYTES     (256 << 10)

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

/* The module's own list: may_pin_on() in kmod/content.c. */
static bool may_pin_on(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	switch ((unsigned long)fs.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
	case SQUASHFS_MAGIC:
	case TMPFS_MAGIC:
		return true;
	default:
		return false;
	}
}

static bool has_net_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	return !syscall(SYS_capget, &header, data) && data[0].effective & (1u << CAP_NET_ADMIN);
}

/* Where there is no /proc to tell, the kernel will. */
static bool is_in_initial_user_ns(void)
{
	char text[64] = "";

	return readlink("/proc/self/ns/user", text, sizeof(text) - 1) < 0 || !strcmp(text, INITIAL_USER_NS);
}

/**
 * file_is_writable() - may the caller write to a file, its mount being writable too
 * @fd: file
 */
bool file_is_writable(int fd)
{
	return !faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS);
}

/**
 * file_can_be_pinned() - will the kernel hold this file itself, as far as user space can know
 * @fd: file
 */
bool file_can_be_pinned(int fd)
{
	return may_pin_on(fd) && ((has_net_admin() && is_in_initial_user_ns()) || file_is_writable(fd));
}

/**
 * file_is_sealed() - is this a memfd that can be published as it is
 * @fd: file
 */
bool file_is_sealed(int fd)
{
	const int need = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & need) == need;
}

/**
 * ktftp_more_descriptors() - take as many file descriptors as the process may have
 *
 * Return: whether that is more than before.
 */
bool ktftp_more_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return !setrlimit(RLIMIT_NOFILE, &limit);
}

/* A set of many files has them all open at once. */
static bool may_open_more(void)
{
	return errno == EMFILE && ktftp_more_descriptors();
}

static int fail_to_open(struct ktftp *k, const char *path)
{
	int err = -errno;
	struct rlimit limit;

	if (err != -EMFILE || getrlimit(RLIMIT_NOFILE, &limit))
		return ktftp_fail(k, err, "%s: %s", path, strerror(-err));
	return ktftp_fail(k, err,
			  "%s: this process may have no more than %llu files open at once: raise that (ulimit -Hn), "
			  "change less at once, or let small files be copied, which share one",
			  path, (unsigned long long)limit.rlim_max);
}

/**
 * file_check() - is an open file one that can be published
 * @k: connection
 * @path: what to call it
 * @fd: file
 * @status: where what it is goes
 */
int file_check(struct ktftp *k, const char *path, int fd, struct stat *status)
{
	if (fstat(fd, status))
		return ktftp_fail(k, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status->st_mode))
		return ktftp_fail(k, -EOPNOTSUPP, "%s: not a regular file", path);
	if (is_pseudo(fd))
		return ktftp_fail(k, -EOPNOTSUPP, "%s: files of pseudo file systems cannot be published", path);
	return 0;
}

/**
 * file_open() - open a regular file
 * @k: connection
 * @directory: directory @path is relative to, or AT_FDCWD
 * @path: file
 * @status: where what it is goes
 *
 * Return: descriptor or a negative errno.
 */
int file_open(struct ktftp *k, int directory, const char *path, struct stat *status)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = openat(directory, path, flags), err;

	if (fd < 0 && may_open_more())
		fd = openat(directory, path, flags);
	if (fd < 0)
		return fail_to_open(k, path);
	err = file_check(k, path, fd, status);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/**
 * file_warm() - read a file from end to end, so that its pages are in memory
 * @k: connection
 * @path: what to call it
 * @fd: file
 */
int file_warm(struct ktftp *k, const char *path, int fd)
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

static bool has_control_characters(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/**
 * file_source() - the path of an open file, without links
 * @fd: file
 * @out: where it goes; empty when it has none by which it can be found again, or none that fits into a line
 */
void file_source(int fd, char out[KTFTP_SOURCE_MAX + 1])
{
	struct stat here, there;
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, KTFTP_SOURCE_MAX + 1);
	out[n > 0 && n <= KTFTP_SOURCE_MAX ? n : 0] = 0;
	if (*out != '/' || has_control_characters(out) || fstat(fd, &here) || stat(out, &there) ||
	    here.st_dev != there.st_dev || here.st_ino != there.st_ino)
		*out = 0;
}

/**
 * memfd_new() - an empty memfd that can be sealed
 * @k: connection
 *
 * Return: descriptor or a negative errno.
 */
int memfd_new(struct ktftp *k)
{
	int fd = memfd_create("ktftp", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	/* Kernels before 6.3 do not know the flag; later ones grumble without it. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ktftp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 && may_open_more())
		return memfd_new(k);
	return fd < 0 ? fail_to_open(k, "memfd_create") : fd;
}

/**
 * memfd_seal() - keep everybody from changing a memfd
 * @k: connection
 * @fd: memfd
 */
int memfd_seal(struct ktftp *k, int fd)
{
	return fcntl(fd, F_ADD_SEALS, SEALS) ? ktftp_fail(k, -errno, "sealing a memfd: %s", strerror(errno)) : 0;
}

static bool is_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Nobody is kept from writing meanwhile: -EAGAIN when somebody did, for then the copy may be half and half. */
static int copy_all(int from, int to, uint64_t *size)
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
	*size = at;
	return at == before.st_size && is_same_state(&before, &after) ? 0 : -EAGAIN;
}

/**
 * file_copy() - copy a file into a memfd
 * @k: connection
 * @path: what to call it
 * @from: file
 * @to: memfd
 * @at: where in the memfd
 * @size: where its size goes
 */
int file_copy(struct ktftp *k, const char *path, int from, int to, uint64_t at, uint64_t *size)
{
	int err = lseek(to, at, SEEK_SET) < 0 ? -errno : copy_all(from, to, size);

	if (err == -EAGAIN)
		return ktftp_fail(k, -ETXTBSY, "%s: somebody writes to the file while it is copied", path);
	return err ? ktftp_fail(k, err, "%s: %s", path, strerror(-err)) : 0;
}

/**
 * file_sealed_copy() - a sealed memfd with what a file contains
 * @k: connection
 * @path: what to call it
 * @from: file
 * @size: where its size goes
 *
 * Return: descriptor or a negative errno.
 */
int file_sealed_copy(struct ktftp *k, const char *path, int from, uint64_t *size)
{
	int fd = memfd_new(k), err;

	if (fd < 0)
		return fd;
	err = file_copy(k, path, from, fd, 0, size);
	if (!err)
		err = memfd_seal(k, fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}
