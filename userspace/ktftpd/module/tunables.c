// SPDX-License-Identifier: GPL-2.0
/* The module's parameters, in sysfs. They are for the whole host, and root's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "objects.h"
#include "tunables.h"

#define PARAMETERS  "/sys/module/ktftp/parameters"
#define VALUE_BYTES 64

/* One run: the first that stays as it is, and how many do. */
struct run {
	const char *directory;
	int parameters;
	int err;
	size_t failed;
	char *why;
	size_t room;
};

static int read_value(const struct run *r, const char *name, char value[VALUE_BYTES])
{
	int fd = openat(r->parameters, name, O_RDONLY | O_CLOEXEC);
	ssize_t bytes;

	if (fd < 0)
		return -errno;
	bytes = read(fd, value, VALUE_BYTES - 1);
	if (bytes < 0)
		bytes = -errno;
	close(fd);
	if (bytes < 0)
		return bytes;
	value[bytes] = 0;
	value[strcspn(value, "\n")] = 0;
	return 0;
}

static int write_value(const struct run *r, const struct config_tunable *tunable)
{
	int fd = openat(r->parameters, tunable->name, O_WRONLY | O_CLOEXEC | O_TRUNC), err = 0;
	ssize_t bytes = strlen(tunable->value), written;

	if (fd < 0)
		return -errno;
	written = write(fd, tunable->value, bytes);
	if (written < 0)
		err = -errno;
	else if (written != bytes)
		err = -EIO;
	close(fd);
	return err;
}

static void fail(struct run *r, const struct config_tunable *tunable, const char *now, int err)
{
	if (r->failed++)
		return;
	r->err = err;
	if (err == -ENOENT)
		snprintf(r->why, r->room, "the loaded module has no parameter %s: it is another version than ktftpd",
			 tunable->name);
	else
		snprintf(r->why, r->room,
			 "the module's parameter %s stays %s (%s); as root of the host: echo %s > %s/%s", tunable->name,
			 *now ? now : "as it is", strerror(-err), tunable->value, r->directory, tunable->name);
}

static void apply_one(struct run *r, const struct config_tunable *tunable)
{
	char now[VALUE_BYTES] = "";
	int err = read_value(r, tunable->name, now);

	if (!err && !strcmp(now, tunable->value))
		return;
	if (err != -ENOENT)
		err = write_value(r, tunable);
	if (err)
		fail(r, tunable, now, err);
}

/* How many more there are is for who reads of the first. */
static void tell_of_others(struct run *r)
{
	size_t length = strnlen(r->why, r->room);

	if (r->failed > 1 && length < r->room)
		snprintf(r->why + length, r->room - length, "; and %zu %s", r->failed - 1,
			 r->failed == 2 ? "other" : "others");
}

/**
 * tunables_apply_in() - set parameters
 * @directory: where they are
 * @config: configuration
 * @why: where it is said which stays as it is, and how to change it
 * @room: of @why
 */
int tunables_apply_in(const char *directory, const struct config *config, char *why, size_t room)
{
	struct run r = { .directory = directory, .why = why, .room = room };
	size_t i;

	if (!config->tunable_count)
		return 0;
	r.parameters = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r.parameters < 0) {
		int err = -errno;

		snprintf(why, room, "the module's parameters stay as they are: %s: %s", directory, strerror(-err));
		return err;
	}
	for (i = 0; i < config->tunable_count; i++)
		apply_one(&r, &config->tunables[i]);
	close(r.parameters);
	tell_of_others(&r);
	return r.err;
}

/**
 * tunables_apply() - set the module's parameters as a configuration says
 * @config: configuration
 * @why: where it is said which stays as it is, and how to change it
 * @room: of @why
 *
 * What has its value already is not written, so that root is needed for changes alone. Return: 0 or the errno of the
 * first failure; the others were set all the same.
 */
int tunables_apply(const struct config *config, char *why, size_t room)
{
	return tunables_apply_in(PARAMETERS, config, why, room);
}
