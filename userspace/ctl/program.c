// SPDX-License-Identifier: GPL-2.0
/* Running another program for what it prints; what it complains about is nobody's business. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"

/* A ruleset may be long. */
#define MOST_BYTES (16 << 20)

/* Where administrators' programs are, whoever runs us; and what they print is in no language. */
static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };

static int spawn(const char *const *arguments, int output, pid_t *child)
{
	posix_spawn_file_actions_t files;
	int err;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(child, arguments[0], &files, NULL, (char *const *)arguments, environment);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* Up to MOST_BYTES; the rest is read and forgotten. */
static char *read_all(int fd)
{
	size_t used = 0, room = 0;
	char *text = NULL, *more, rest[4096];
	ssize_t n = 1;

	while (n > 0) {
		if (room - used < sizeof(rest) && room < MOST_BYTES) {
			more = realloc(text, 2 * room + sizeof(rest));
			if (!more)
				break;
			text = more;
			room = 2 * room + sizeof(rest);
		}
		if (room - used > 1)
			n = read(fd, text + used, room - used - 1);
		else
			n = read(fd, rest, sizeof(rest));
		if (n > 0 && room - used > 1)
			used += n;
	}
	if (text)
		text[used] = 0;
	return text;
}

int read_program(const char *const *arguments, char **out)
{
	int ends[2], err, status;
	pid_t child;

	*out = NULL;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	err = spawn(arguments, ends[1], &child);
	close(ends[1]);
	if (!err)
		*out = read_all(ends[0]);
	close(ends[0]);
	if (err)
		return err;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!*out)
		return -ENOMEM;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}
