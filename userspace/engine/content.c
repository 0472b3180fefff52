// SPDX-License-Identifier: GPL-2.0
/*
 * See content.h. A file is read, never mapped: who cuts a mapped file short kills who reads it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"

/**
 * struct content - bytes that are served
 * @references: who uses it
 * @fd: file, or -1
 * @memory: all of it, when it is in memory
 * @size: bytes
 * @mtime: of the file; what was written since would be mixed with what was read before
 */
struct content {
	unsigned int references;
	int fd;
	uint8_t *memory;
	uint64_t size;
	struct timespec mtime;
};

static struct content *new_content(int fd, void *memory, uint64_t size)
{
	struct content *content = calloc(1, sizeof(*content));

	if (content)
		*content = (struct content){ .references = 1, .fd = fd, .memory = memory, .size = size };
	return content;
}

static struct content *fail(int fd, int reason)
{
	close(fd);
	errno = reason;
	return NULL;
}

/**
 * content_of_file() - serve a file
 * @fd: of a regular file, open for reading; taken over
 *
 * Return: with a reference for the caller, or NULL and errno.
 */
struct content *content_of_file(int fd)
{
	struct content *content;
	struct stat status;

	if (fstat(fd, &status))
		return fail(fd, errno);
	if (!S_ISREG(status.st_mode))
		return fail(fd, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
	content = new_content(fd, NULL, status.st_size);
	if (!content)
		return fail(fd, ENOMEM);
	content->mtime = status.st_mtim;
	return content;
}

/**
 * content_of_memory() - serve bytes
 * @bytes: allocated by malloc(); taken over, also on failure
 * @size: how many
 *
 * Return: with a reference for the caller, or NULL and errno.
 */
struct content *content_of_memory(void *bytes, size_t size)
{
	struct content *content = new_content(-1, bytes, size);

	if (!content)
		free(bytes);
	return content;
}

struct content *content_get(struct content *content)
{
	content->references++;
	return content;
}

/**
 * content_put() - give a reference back
 * @content: content, or NULL
 */
void content_put(struct content *content)
{
	if (!content || --content->references)
		return;
	if (content->fd >= 0)
		close(content->fd);
	free(content->memory);
	free(content);
}

uint64_t content_size(const struct content *content)
{
	return content->size;
}

/* Whether the file is no longer what was opened; asked after reading. */
static bool is_other(const struct content *content)
{
	struct stat now;

	return fstat(content->fd, &now) || (uint64_t)now.st_size != content->size ||
	       now.st_mtim.tv_sec != content->mtime.tv_sec || now.st_mtim.tv_nsec != content->mtime.tv_nsec;
}

/* A read may be short, and is short where the file ends now. */
static ssize_t read_file(int fd, uint64_t offset, uint8_t *to, size_t bytes)
{
	size_t done = 0;
	ssize_t got;

	while (done < bytes) {
		got = pread(fd, to + done, bytes - done, offset + done);
		if (!got)
			return -ENODATA;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			done += got;
	}
	return done;
}

/**
 * content_read() - read some of it
 * @content: content
 * @offset: where to begin
 * @to: room for @bytes
 * @bytes: how many
 *
 * Return: how many were read: fewer only where the content ends; -ENODATA when the file was changed meanwhile, or why
 * it cannot be read.
 */
ssize_t content_read(struct content *content, uint64_t offset, void *to, size_t bytes)
{
	ssize_t got;

	if (offset >= content->size)
		return 0;
	if (bytes > content->size - offset)
		bytes = content->size - offset;
	if (content->memory) {
		memcpy(to, content->memory + offset, bytes);
		return bytes;
	}
	got = read_file(content->fd, offset, to, bytes);
	return got > 0 && is_other(content) ? -ENODATA : got;
}

static size_t total_of(const struct iovec *parts, int count)
{
	size_t total = 0;
	int i;

	for (i = 0; i < count; i++)
		total += parts[i].iov_len;
	return total;
}

/* The parts one by one, from byte @done of all of them on. */
static ssize_t read_each(struct content *content, uint64_t offset, const struct iovec *parts, int count, size_t done)
{
	size_t total = 0, from;
	ssize_t got;
	int i;

	for (i = 0; i < count; i++) {
		from = done > total ? done - total : 0;
		if (from >= parts[i].iov_len) {
			total += parts[i].iov_len;
			continue;
		}
		got = content_read(content, offset + total + from, (uint8_t *)parts[i].iov_base + from,
				   parts[i].iov_len - from);
		if (got < 0)
			return got;
		if ((size_t)got < parts[i].iov_len - from)
			return total + from + got;
		total += parts[i].iov_len;
	}
	return total;
}

/**
 * content_read_parts() - read some of it into several places
 * @content: content
 * @offset: where to begin
 * @parts: where the bytes go
 * @count: how many places, at most IOV_MAX
 *
 * Return: as content_read().
 */
ssize_t content_read_parts(struct content *content, uint64_t offset, const struct iovec *parts, int count)
{
	size_t total = total_of(parts, count);
	ssize_t got = 0;

	if (!content->memory && offset < content->size) {
		got = preadv(content->fd, parts, count, offset);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got < 0)
			got = 0;
		if (got && is_other(content))
			return -ENODATA;
	}
	return (size_t)got == total ? got : read_each(content, offset, parts, count, got);
}
