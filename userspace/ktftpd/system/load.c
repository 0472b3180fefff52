// SPDX-License-Identifier: GPL-2.0
/* Loads the module by modprobe, which knows where modules are, what they need and what options they are given. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system.h"

#define SAID 256

/* Nothing of ours: neither what changes where it looks nor what changes its language. */
static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", NULL };

static char *const command[] = { "modprobe", "ktftp", NULL };

static const char *const programs[] = { "/usr/sbin/modprobe", "/sbin/modprobe" };

bool module_is_loaded(void)
{
	return !access("/sys/module/ktftp", F_OK);
}

static const char *find_program(void)
{
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (!access(programs[i], X_OK))
			return programs[i];
	return NULL;
}

/* With signals as a shell would give it, and standard error as a pipe. */
static int spawn(const char *program, int said, pid_t *child)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, said, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, said, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	err = posix_spawn(child, program, &files, &attributes, command, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* Its first line; the rest is read so that nothing blocks. */
static void listen_to(int fd, char *said, size_t room)
{
	char more[SAID];
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, more, sizeof(more))) > 0) {
		if ((size_t)n > room - 1 - used)
			n = (ssize_t)(room - 1 - used);
		memcpy(said + used, more, (size_t)n);
		used += (size_t)n;
	}
	said[used] = 0;
	said[strcspn(said, "\n")] = 0;
}

/* Return: its exit status, or a negative errno; what it said. */
static int run_program(const char *program, char *said, size_t room)
{
	int ends[2], status, err;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	err = spawn(program, ends[1], &child);
	close(ends[1]);
	if (!err)
		listen_to(ends[0], said, room);
	close(ends[0]);
	if (err)
		return err;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

int module_load(char *why, size_t room)
{
	const char *program = find_program();
	char said[SAID] = "";
	int status;

	if (module_is_loaded())
		return 0;
	if (!program) {
		snprintf(why, room,
			 "the module ktftp is not loaded, and there is no modprobe here: load it on the host");
		return -ENOENT;
	}
	status = run_program(program, said, sizeof(said));
	if (!status && module_is_loaded())
		return 0;
	snprintf(why, room,
		 "cannot load the module ktftp: %s (is ktftp-dkms installed, with the headers of this kernel?)",
		 *said ? said : "modprobe says nothing");
	return status < 0 ? status : -ENOENT;
}
