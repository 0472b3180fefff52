// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the script and carries its output to the rig as it comes, through virtio-serial ports: a port can be
 * opened once, so the script writes into pipes, which it may open again as /dev/stdout.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

/* How long output of what the script left in the background is waited for, whether it is quiet or not. */
#define LINGER_MS 1000

static int status_port = -1, stdout_port = -1, stderr_port = -1;
static unsigned long long stdout_bytes, stderr_bytes;

static bool has_name(const char *port, const char *name)
{
	char path[512], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%63s", text) != 1)
		text[0] = 0;
	fclose(file);
	return !strcmp(text, name);
}

static int open_port(const char *name)
{
	DIR *directory = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	char path[512] = "";
	int fd;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && has_name(entry->d_name, name))
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
	if (directory)
		closedir(directory);
	fd = *path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		fail("no port %s to the rig", name);
	return fd;
}

void open_channels(void)
{
	status_port = open_port("ktftp.status");
	stdout_port = open_port("ktftp.stdout");
	stderr_port = open_port("ktftp.stderr");
}

static void write_all(int fd, const char *data, size_t bytes)
{
	ssize_t n;

	while (bytes) {
		n = write(fd, data, bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		bytes -= n;
	}
}

void tell_rig(const char *format, ...)
{
	va_list arguments;
	char text[64];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	write_all(status_port, text, strlen(text));
}

void tell_stderr(const char *text)
{
	stderr_bytes += strlen(text);
	write_all(stderr_port, text, strlen(text));
}

/* With how much the rig has to read: a port takes more than the host has read. */
void tell_end(int status)
{
	tell_rig("exit %d %llu %llu\n", status, stdout_bytes, stderr_bytes);
}

static void set_environment(void)
{
	char path[8192];

	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", setting("TERM"), 1);
	setenv("LINES", setting("LINES"), 1);
	setenv("COLUMNS", setting("COLUMNS"), 1);
	setenv("KTFTP_LONG", setting("LONG"), 1);
	setenv("KTFTP_TREE", setting("TREE"), 1);
	setenv("KTFTP_CACHE", setting("CACHE"), 1);
	setenv("KTFTP_KERNEL", setting("KERNEL"), 1);
	setenv("KTFTP_MODULE_DIR", setting("MODULE_DIR"), 1);
	snprintf(path, sizeof(path),
		 "%s/tests/vm/bin:%s/build/bin:"
		 "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		 setting("TREE"), setting("TREE"));
	setenv("PATH", path, 1);
}

static void become_script(int out, int err)
{
	char **arguments = setting_list("ARG", "/bin/bash", (char *)setting("SCRIPT"));
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	set_environment();
	if (chdir(setting("CWD")) && chdir("/"))
		_exit(127);
	execv(arguments[0], arguments);
	_exit(127);
}

/* Carries what has come; false at the end of the pipe. */
static bool carry(int from, int to, unsigned long long *bytes)
{
	char buffer[65536];
	ssize_t n = read(from, buffer, sizeof(buffer));

	if (n > 0) {
		*bytes += n;
		write_all(to, buffer, n);
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Reaps whatever has ended, orphans included; true when the script is among them. */
static bool reap(pid_t script, int *status)
{
	bool ended = false;
	int how;
	pid_t pid;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (pid != script)
			continue;
		ended = true;
		*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	}
	return ended;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* One step behind the deadline: what was written before it is in the pipes, and read() takes a whole pipe. */
static void follow(pid_t script, int out, int err, int *status)
{
	struct pollfd fds[2] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
	bool ended = false, late = false;
	long deadline_ms = 0;

	while (!late && (fds[0].fd >= 0 || fds[1].fd >= 0 || !ended)) {
		late = ended && now_ms() >= deadline_ms;
		poll(fds, 2, late ? 0 : 50);
		if (fds[0].revents && !carry(out, stdout_port, &stdout_bytes))
			fds[0].fd = -1;
		if (fds[1].revents && !carry(err, stderr_port, &stderr_bytes))
			fds[1].fd = -1;
		if (reap(script, status)) {
			ended = true;
			deadline_ms = now_ms() + LINGER_MS;
		}
	}
}

/* Runs the script to its end. Returns its exit status. */
int run_script(void)
{
	int out[2], err[2], status = 98;
	pid_t script;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("no pipes: %s", strerror(errno));
	script = fork();
	if (script < 0)
		fail("cannot fork: %s", strerror(errno));
	if (!script)
		become_script(out[1], err[1]);
	close(out[1]);
	close(err[1]);
	follow(script, out[0], err[0], &status);
	return status;
}
