// SPDX-License-Identifier: GPL-2.0
/* Asking the daemon: a line of JSON there, a line of JSON back. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"

/* A reload may take some time; nothing takes longer. */
#define PATIENCE_S     60
#define CHUNK_BYTES    65536
#define MOST_BYTES     (1 << 30)
#define REASON_BYTES   1024

#define NOT_UNDERSTOOD "the daemon's answer is not understood: is it older than ktftpctl?"

/**
 * struct daemon_link - a connection
 * @fd: socket
 * @netns: number of the network namespace of the daemon, from its last answer
 * @line: what was received of an answer
 * @used: bytes of it
 * @room: of @line
 */
struct daemon_link {
	int fd;
	json_int_t netns;
	char *line;
	size_t used;
	size_t room;
};

const char *daemon_socket(const struct ctl *ctl)
{
	const char *path = getenv(DAEMON_SOCKET_BY);

	if (ctl->socket)
		return ctl->socket;
	return path && *path ? path : DAEMON_SOCKET;
}

void daemon_close(struct ctl *ctl)
{
	if (!ctl->daemon)
		return;
	close(ctl->daemon->fd);
	free(ctl->daemon->line);
	free(ctl->daemon);
	ctl->daemon = NULL;
}

static int tell_unreachable(const struct ctl *ctl, int err, char *why, size_t room)
{
	const char *path = daemon_socket(ctl);

	if (err == -ENOENT || err == -ECONNREFUSED) {
		snprintf(why, room, "no daemon answers at %s: is ktftpd running? (systemctl status ktftpd)", path);
		return -ENOENT;
	}
	snprintf(why, room, "cannot reach the daemon at %s: %s", path, strerror(-err));
	return err;
}

static int connect_socket(const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int connect_daemon(struct ctl *ctl, char *why, size_t room)
{
	int fd;

	if (ctl->daemon)
		return 0;
	fd = connect_socket(daemon_socket(ctl));
	if (fd < 0)
		return tell_unreachable(ctl, fd, why, room);
	ctl->daemon = calloc(1, sizeof(*ctl->daemon));
	if (!ctl->daemon) {
		close(fd);
		return tell_unreachable(ctl, -ENOMEM, why, room);
	}
	ctl->daemon->fd = fd;
	return 0;
}

/* Who is not wanted is told so without being asked, and may not be listened to: what is sent then fails. */
static void send_line(struct daemon_link *link, const json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	size_t length = line ? strlen(line) : 0, sent = 0;
	ssize_t n = 1;

	if (line)
		line[length++] = '\n';
	for (; sent < length && n > 0; sent += n)
		n = send(link->fd, line + sent, length - sent, MSG_NOSIGNAL);
	free(line);
}

static int make_room(struct daemon_link *link)
{
	char *line;

	if (link->room - link->used >= CHUNK_BYTES)
		return 0;
	if (link->room >= MOST_BYTES)
		return -EMSGSIZE;
	line = realloc(link->line, 2 * link->room + CHUNK_BYTES);
	if (!line)
		return -ENOMEM;
	link->line = line;
	link->room = 2 * link->room + CHUNK_BYTES;
	return 0;
}

/* Until the end of a line, which is the last thing that the daemon sends. */
static int receive_line(struct daemon_link *link)
{
	ssize_t n;
	int err;

	for (link->used = 0; !link->used || link->line[link->used - 1] != '\n'; link->used += n) {
		err = make_room(link);
		if (err)
			return err;
		n = recv(link->fd, link->line + link->used, link->room - link->used, 0);
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!n)
			return -ECONNRESET;
	}
	return 0;
}

static json_t *exchange(struct ctl *ctl, const json_t *request, int *err, char *why, size_t room)
{
	struct daemon_link *link;
	json_t *answer;

	*err = connect_daemon(ctl, why, room);
	if (*err)
		return NULL;
	link = ctl->daemon;
	send_line(link, request);
	*err = receive_line(link);
	answer = *err ? NULL : json_loadb(link->line, link->used, 0, NULL);
	if (answer) {
		link->netns = get_integer(answer, "netns");
		return answer;
	}
	if (!*err)
		*err = -EBADMSG;
	*err = tell_unreachable(ctl, *err, why, room);
	daemon_close(ctl);
	return NULL;
}

json_t *daemon_try(struct ctl *ctl, const char *command, json_t *arguments, int *err, char *why, size_t room)
{
	json_t *request = arguments ?: json_object(), *answer, *result;

	json_object_set_new(request, "command", json_string(command));
	answer = exchange(ctl, request, err, why, room);
	json_decref(request);
	if (!answer)
		return NULL;
	result = json_incref(json_object_get(answer, "result"));
	if (!result) {
		snprintf(why, room, "%s", *get_text(answer, "error") ? get_text(answer, "error") : NOT_UNDERSTOOD);
		*err = -EREMOTEIO;
	}
	json_decref(answer);
	return result;
}

json_t *daemon_ask(struct ctl *ctl, const char *command, json_t *arguments)
{
	char why[REASON_BYTES];
	json_t *result;
	int err;

	result = daemon_try(ctl, command, arguments, &err, why, sizeof(why));
	if (!result)
		failed(ctl, "%s", why);
	return result;
}

bool daemon_is_here(const struct ctl *ctl)
{
	struct stat here;

	if (!ctl->daemon)
		return false;
	/* Where namespaces cannot be known there is one. */
	if (!ctl->daemon->netns || stat("/proc/self/ns/net", &here))
		return true;
	return (json_int_t)here.st_ino == ctl->daemon->netns;
}

int daemon_find(struct ctl *ctl, char *why, size_t room)
{
	json_t *status;
	int err;

	status = daemon_try(ctl, "status", NULL, &err, why, room);
	if (!status)
		return err;
	if (!daemon_is_here(ctl)) {
		snprintf(why, room,
			 "the daemon at %s serves another network namespace: nsenter -t %lld -n ktftpctl ...",
			 daemon_socket(ctl), (long long)get_integer(status, "pid"));
		err = -EXDEV;
	}
	json_decref(status);
	return err;
}

json_t *daemon_ask_here(struct ctl *ctl, const char *command, json_t *arguments)
{
	char why[REASON_BYTES];

	if (!daemon_find(ctl, why, sizeof(why)))
		return daemon_ask(ctl, command, arguments);
	failed(ctl, "%s", why);
	json_decref(arguments);
	return NULL;
}

json_t *daemon_ask_quietly(struct ctl *ctl, const char *command, json_t *arguments)
{
	char why[REASON_BYTES];
	json_t *result;
	int err;

	result = daemon_try(ctl, command, arguments, &err, why, sizeof(why));
	if (result && daemon_is_here(ctl))
		return result;
	json_decref(result);
	return NULL;
}

json_int_t get_integer(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

bool get_flag(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

const char *get_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name)) ?: "";
}
