// SPDX-License-Identifier: GPL-2.0
/*
 * See marker.h. Written by root before the daemon starts, and by the daemon later, into a directory that is the
 * daemon's: no link is followed there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "marker.h"

#define NEW_NAME MARKER_NAME ".new"

static const char comment[] =
	"# ktftpd: the kernel module was in use, see ktftpd(8), THE GUARD. Remove: ktftpctl guard clear\n";

/* The first line of a file, without its end. */
static int read_line(const char *path, char *line, int room)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file)
		return -errno;
	if (!fgets(line, room, file))
		err = -EIO;
	fclose(file);
	line[strcspn(line, "\n")] = 0;
	return err;
}

int marker_now(struct marker *marker)
{
	time_t now = time(NULL);
	struct utsname host;
	struct tm utc;

	memset(marker, 0, sizeof(*marker));
	gmtime_r(&now, &utc);
	strftime(marker->time, sizeof(marker->time), "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (uname(&host))
		return -errno;
	snprintf(marker->kernel, sizeof(marker->kernel), "%.*s", MARKER_FIELD - 1, host.release);
	if (read_line("/sys/module/ktftp/version", marker->module, sizeof(marker->module)))
		strcpy(marker->module, "not loaded");
	return read_line("/proc/sys/kernel/random/boot_id", marker->boot, sizeof(marker->boot));
}

/* KEY=VALUE; what is not known is left alone. */
static void take_line(struct marker *marker, char *line)
{
	char *value = strchr(line, '=');
	const struct {
		const char *key;
		char *to;
	} fields[] = {
		{ "boot", marker->boot },
		{ "time", marker->time },
		{ "kernel", marker->kernel },
		{ "module", marker->module },
	};
	size_t i;

	line[strcspn(line, "\n")] = 0;
	if (!value)
		return;
	*value++ = 0;
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(line, fields[i].key))
			snprintf(fields[i].to, MARKER_FIELD, "%s", value);
}

int marker_read(int directory, struct marker *marker)
{
	int fd = openat(directory, MARKER_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[256];

	memset(marker, 0, sizeof(*marker));
	if (!file) {
		int err = errno == ELOOP ? -EBADMSG : -errno;

		if (fd >= 0)
			close(fd);
		return err;
	}
	while (fgets(line, sizeof(line), file))
		take_line(marker, line);
	fclose(file);
	return *marker->boot ? 0 : -EBADMSG;
}

static int write_text(int fd, const struct marker *marker)
{
	FILE *file = fdopen(fd, "w");
	int err = 0;

	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	fprintf(file, "%sboot=%s\ntime=%s\nkernel=%s\nmodule=%s\n", comment, marker->boot, marker->time, marker->kernel,
		marker->module);
	if (fflush(file) || fsync(fileno(file)))
		err = -errno;
	fclose(file);
	return err;
}

int marker_write(int directory, const struct marker *marker)
{
	int err, fd;

	unlinkat(directory, NEW_NAME, 0);
	fd = openat(directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = write_text(fd, marker);
	if (!err && (renameat(directory, NEW_NAME, directory, MARKER_NAME) || fsync(directory)))
		err = -errno;
	if (err)
		unlinkat(directory, NEW_NAME, 0);
	return err;
}

/* On disk as well: the boot that follows must not find it. */
int marker_remove(int directory)
{
	if (unlinkat(directory, MARKER_NAME, 0))
		return errno == ENOENT ? 0 : -errno;
	return fsync(directory) ? -errno : 0;
}
