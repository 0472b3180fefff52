// SPDX-License-Identifier: GPL-2.0
/*
 * The socket itself: made, accepted from, taken away. Everybody may connect, for the groups that may look are more
 * than one; who is there decides what it may.
 */
#include <errno.h>
#include <event2/listener.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "control.h"
#include "log/log.h"
#include "rights.h"

#define SOCKET_NAME "ktftpd.sock"
#define BACKLOG     128

/* Until accepting goes on after it failed, e.g. for lack of descriptors, or when there were too many. */
#define PAUSE_S     1

/**
 * struct control - the socket
 * @d: the daemon
 * @listener: who accepts
 * @pause: ends a pause
 * @address: where it is
 * @rights: who may do what, as the system knew its groups when the configuration was read
 * @made: what is there, to take away no other daemon's
 * @clients: who is connected
 */
struct control {
	struct daemon *d;
	struct evconnlistener *listener;
	struct event *pause;
	struct sockaddr_un address;
	struct rights rights;
	struct stat made;
	struct clients_state clients;
};

static void pause_accepting(struct control *c)
{
	const struct timeval pause = { .tv_sec = PAUSE_S };

	evconnlistener_disable(c->listener);
	evtimer_add(c->pause, &pause);
}

/* Whoever connects again and again, as any local user may, must not keep the loop from its other work. */
static void on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length,
		      void *context)
{
	struct control *c = context;

	(void)listener;
	(void)address;
	(void)length;
	client_add(c->d, &c->clients, fd, rights_of_peer(fd, &c->rights));
	if (c->clients.count >= CLIENTS_MOST + CLIENTS_REFUSED)
		pause_accepting(c);
}

/* Not again and again at once, for that would be all that the loop does. */
static void on_failure(struct evconnlistener *listener, void *context)
{
	struct control *c = context;

	(void)listener;
	log_say(c->d->log, LOG_WARNING, "the control socket cannot accept: %s", strerror(errno));
	pause_accepting(c);
}

static void on_pause_end(evutil_socket_t fd, short what, void *context)
{
	struct control *c = context;

	(void)fd;
	(void)what;
	evconnlistener_enable(c->listener);
}

static int set_address(struct control *c, const char *folder, char *why, size_t room)
{
	int length;

	c->address.sun_family = AF_UNIX;
	length = snprintf(c->address.sun_path, sizeof(c->address.sun_path), "%s/" SOCKET_NAME, folder);
	if (length < (int)sizeof(c->address.sun_path))
		return 0;
	snprintf(why, room, "the path of the control socket is too long: %s/" SOCKET_NAME, folder);
	return -ENAMETOOLONG;
}

/* Whether somebody listens there; a stopped daemon is one as well. */
static bool is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	if (fd < 0)
		return true;
	answered = !connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno == EAGAIN;
	close(fd);
	return answered;
}

/* Takes away what a dead daemon left. */
static int make_room(const struct sockaddr_un *address, char *why, size_t room)
{
	struct stat there;

	if (lstat(address->sun_path, &there))
		return 0;
	if (!S_ISSOCK(there.st_mode)) {
		snprintf(why, room, "%s is no socket: move it away", address->sun_path);
		return -EEXIST;
	}
	if (is_answered(address)) {
		snprintf(why, room, "another daemon answers at %s", address->sun_path);
		return -EADDRINUSE;
	}
	unlink(address->sun_path);
	return 0;
}

/* Return: a listening socket or a negative errno. */
static int make_socket(struct control *c, char *why, size_t room)
{
	const struct sockaddr *address = (const struct sockaddr *)&c->address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd >= 0 && !bind(fd, address, sizeof(c->address)) && !chmod(c->address.sun_path, 0666) &&
	    !stat(c->address.sun_path, &c->made) && !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	snprintf(why, room, "cannot make the control socket %s: %s", c->address.sun_path, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

static int listen_there(struct control *c, char *why, size_t room)
{
	int fd = make_socket(c, why, room);

	if (fd < 0)
		return fd;
	c->pause = evtimer_new(c->d->base, on_pause_end, c);
	c->listener = evconnlistener_new(c->d->base, on_client, c, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
					 fd);
	if (!c->pause || !c->listener) {
		if (!c->listener)
			close(fd);
		snprintf(why, room, "out of memory");
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(c->listener, on_failure);
	return 0;
}

static json_int_t own_namespace(void)
{
	struct stat there;

	return stat("/proc/self/ns/net", &there) ? 0 : there.st_ino;
}

/**
 * control_reconfigure() - other groups, or other numbers of the same
 * @c: the socket
 * @config: configuration
 *
 * Here and not when somebody connects: a directory server that is slow to answer would hold up requests each time.
 */
void control_reconfigure(struct control *c, const struct config *config)
{
	rights_init(&c->rights, config->admin_group, config->read_group);
}

int control_start(struct daemon *d, struct control **out, char *why, size_t room)
{
	struct control *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->d = d;
	LIST_INIT(&c->clients.list);
	c->clients.netns = own_namespace();
	control_reconfigure(c, d->config);
	/* Who hangs up while we write ends nothing but its connection. */
	signal(SIGPIPE, SIG_IGN);
	err = set_address(c, d->config->run_dir, why, room);
	if (!err)
		err = make_room(&c->address, why, room);
	if (!err)
		err = listen_there(c, why, room);
	if (err) {
		control_stop(c);
		return err;
	}
	*out = c;
	return 0;
}

static void remove_socket(const struct control *c)
{
	struct stat there;

	if (c->made.st_ino && !lstat(c->address.sun_path, &there) && there.st_ino == c->made.st_ino &&
	    there.st_dev == c->made.st_dev)
		unlink(c->address.sun_path);
}

void control_stop(struct control *c)
{
	if (!c)
		return;
	clients_free(&c->clients);
	if (c->listener)
		evconnlistener_free(c->listener);
	if (c->pause)
		event_free(c->pause);
	remove_socket(c);
	free(c);
}
