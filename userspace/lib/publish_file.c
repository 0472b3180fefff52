// SPDX-License-Identifier: GPL-2.0
/*
 * Publishes a file the best way there is: pins it where that is possible and permitted; else copies it into a
 * memfd and seals that.
 */
#include <errno.h>
#include <unistd.h>

#include "file.h"

/**
 * struct publication - one file and what is to become of it
 * @k: connection
 * @properties: what the name is to be
 * @path: what to call the file
 * @fd: the file
 * @entry: what became of it
 */
struct publication {
	struct ktftp *k;
	const struct ktftp_properties *properties;
	const char *path;
	int fd;
	struct ktftp_entry *entry;
};

static int publish_copy(const struct publication *p, enum ktftp_kind kind)
{
	uint64_t size;
	int fd = file_sealed_copy(p->k, p->path, p->fd, &size), err;

	if (fd < 0)
		return fd;
	err = ktftp_publish_fd(p->k, p->properties, fd, kind, p->entry);
	close(fd);
	return err;
}

/* Publishes the file itself, read into memory before. */
static int publish_warm(const struct publication *p, enum ktftp_kind kind)
{
	int tries, err = -EAGAIN;

	for (tries = 0; tries < WARM_TRIES && err == -EAGAIN; tries++) {
		err = file_warm(p->k, p->path, p->fd);
		if (!err)
			err = ktftp_publish_fd(p->k, p->properties, p->fd, kind, p->entry);
	}
	return err;
}

/* What stands in the way of holding the file itself and not of copying it. */
static bool is_reason_to_copy(int err)
{
	return err == -EPERM || err == -EOPNOTSUPP || err == -EAGAIN;
}

static int publish_somehow(const struct publication *p)
{
	int err = -EOPNOTSUPP;

	if (file_is_sealed(p->fd))
		err = publish_warm(p, KTFTP_KIND_SEALED);
	else if (file_can_be_pinned(p->fd))
		err = publish_warm(p, KTFTP_KIND_PINNED);
	return is_reason_to_copy(err) ? publish_copy(p, KTFTP_KIND_SEALED) : err;
}

static int publish(const struct publication *p, enum ktftp_hold hold)
{
	switch (hold) {
	case KTFTP_HOLD_PIN:
		return publish_warm(p, KTFTP_KIND_PINNED);
	case KTFTP_HOLD_SEAL:
		return publish_copy(p, KTFTP_KIND_SEALED);
	case KTFTP_HOLD_COPY:
		return publish_copy(p, KTFTP_KIND_COPIED);
	case KTFTP_HOLD_AUTO:
		break;
	}
	return publish_somehow(p);
}

/**
 * ktftp_publish_file() - give the content of a file to a name
 * @k: connection
 * @properties: what the name is to be
 * @directory: directory @path is relative to, or AT_FDCWD
 * @path: file
 * @hold: how it is to be held
 * @entry: what became of it
 *
 * Return: 0 or a negative errno; nothing has changed then.
 */
int ktftp_publish_file(struct ktftp *k, const struct ktftp_properties *properties, int directory, const char *path,
		       enum ktftp_hold hold, struct ktftp_entry *entry)
{
	struct ktftp_properties mine = *properties;
	char source[KTFTP_SOURCE_MAX + 1];
	struct stat status;
	struct publication p = { .k = k, .properties = &mine, .path = path, .entry = entry };
	int err;

	p.fd = file_open(k, directory, path, &status);
	if (p.fd < 0)
		return p.fd;
	file_source(p.fd, source);
	/* An old module publishes as well, and does not keep sources. */
	if (!mine.source && *source && ktftp_has_sets(k))
		mine.source = source;
	err = publish(&p, hold);
	close(p.fd);
	return err;
}
