// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "http.h"
#include "network.h"

/* A connection that is cut, not closed, leaves no port in TIME-WAIT: there are many clients. */
static int cut_at_close(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static bool is_refusal(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH;
}

/* Returns 0, or the positive errno. */
static int begin_to_connect(struct client *client)
{
	struct scene *scene = client->scene;
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = client };
	union address to = scene->server;

	*network_port(&to) = htons(client->family->habits->http_port);
	if (cut_at_close(client->fd))
		return errno;
	if (connect(client->fd, &to.any, scene->server_bytes) && errno != EINPROGRESS)
		return errno;
	return epoll_ctl(scene->poll_fd, EPOLL_CTL_ADD, client->fd, &event) ? errno : 0;
}

/*
 * Begins to connect. Returns 0 when http_end() is due, once the socket has something or takes too long; 1 when a
 * refusal came at once, or a negative error.
 */
int http_try(struct client *client)
{
	int error;

	client->fd = socket(client->scene->server.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return -errno;
	error = begin_to_connect(client);
	if (!error)
		return 0;
	network_close(client);
	if (!is_refusal(error))
		return -error;
	client->family->results.http_refused++;
	return 1;
}

void http_end(struct client *client, bool timed_out)
{
	struct results *results = &client->family->results;
	int error = 0;
	socklen_t bytes = sizeof(error);

	if (timed_out)
		results->http_timeouts++;
	else if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) || error)
		results->http_refused++;
	else
		results->http_connected++;
	network_close(client);
}
