// SPDX-License-Identifier: GPL-2.0
/*
 * Which listeners are the configuration's, a line each: "ADDRESS PORT DEVICE", with "-" for no device. It is written
 * before they are added, so that a listener is not taken for somebody else's after a crash; and it is below run_dir,
 * so that it goes with them at a reboot.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "making.h"

#define FILE_NAME "listeners"

static bool parse_line(const char *line, struct ktftp_listener *listener)
{
	char address[INET6_ADDRSTRLEN], device[sizeof(listener->device)];

	memset(listener, 0, sizeof(*listener));
	if (sscanf(line, "%45s %hu %15s", address, &listener->port, device) != 3)
		return false;
	if (strcmp(device, "-"))
		strcpy(listener->device, device);
	if (inet_pton(AF_INET, address, listener->address.bytes) == 1)
		listener->address.length = 4;
	else if (inet_pton(AF_INET6, address, listener->address.bytes) == 1)
		listener->address.length = 16;
	return listener->address.length;
}

static int read_lines(FILE *file, struct vector *listeners)
{
	struct ktftp_listener listener, *out;
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		if (!parse_line(line, &listener))
			continue;
		out = vector_add(listeners);
		if (!out)
			return -ENOMEM;
		*out = listener;
	}
	return 0;
}

/* Those of the daemon before; none where nothing was written. */
int remembered_read(const struct config *config, struct vector *listeners)
{
	char *path = NULL;
	FILE *file;
	int err;

	if (asprintf(&path, "%s/%s", config->run_dir, FILE_NAME) < 0)
		return -ENOMEM;
	file = fopen(path, "re");
	free(path);
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	err = read_lines(file, listeners);
	fclose(file);
	return err;
}

static void write_line(FILE *file, const struct ktftp_listener *listener)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(listener->address.length == 4 ? AF_INET : AF_INET6, listener->address.bytes, address,
		  sizeof(address));
	fprintf(file, "%s %u %s\n", address, listener->port, listener->device[0] ? listener->device : "-");
}

static int write_file(const char *path, const struct ktftp_listener *const *lists, const size_t *counts,
		      size_t lists_count)
{
	FILE *file = fopen(path, "we");
	size_t i, k;
	int err;

	if (!file)
		return -errno;
	for (i = 0; i < lists_count; i++)
		for (k = 0; k < counts[i]; k++)
			write_line(file, &lists[i][k]);
	err = ferror(file) ? -EIO : 0;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

/* Writes all of them, in place of what was written. */
int remembered_write(const struct config *config, const struct ktftp_listener *const *lists, const size_t *counts,
		     size_t lists_count)
{
	char *path = NULL, *new = NULL;
	int err = -ENOMEM;

	if (asprintf(&path, "%s/%s", config->run_dir, FILE_NAME) < 0)
		path = NULL;
	if (asprintf(&new, "%s/%s.new", config->run_dir, FILE_NAME) < 0)
		new = NULL;
	if (path && new)
		err = write_file(new, lists, counts, lists_count);
	if (!err && rename(new, path))
		err = -errno;
	free(path);
	free(new);
	return err;
}
