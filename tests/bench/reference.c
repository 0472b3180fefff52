// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reference.h"

static int map(struct reference *reference, int fd)
{
	struct stat status;
	void *bytes;

	if (fstat(fd, &status))
		return -errno;
	reference->bytes = NULL;
	reference->missing = false;
	reference->size = status.st_size;
	if (!reference->size)
		return 0;
	bytes = mmap(NULL, reference->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	reference->bytes = bytes;
	return 0;
}

int reference_open(struct reference *reference, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = map(reference, fd);
	close(fd);
	return err;
}

void reference_open_in(struct reference *reference, const char *folder, const char *name)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s%s", folder, name);

	if (length >= (int)sizeof(path) || reference_open(reference, path))
		*reference = (struct reference){ .missing = true };
}

void reference_close(struct reference *reference)
{
	if (reference->bytes)
		munmap((void *)reference->bytes, reference->size);
	reference->bytes = NULL;
}

bool reference_matches(const struct reference *reference, uint64_t offset, const uint8_t *bytes, size_t count)
{
	if (reference->missing || offset > reference->size || count > reference->size - offset)
		return false;
	return !count || !memcmp(reference->bytes + offset, bytes, count);
}
