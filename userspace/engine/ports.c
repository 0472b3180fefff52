// SPDX-License-Identifier: GPL-2.0
/* The sockets of a listener: its listening port, and its pool of ports for transfers. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "port.h"

/* Ports that are tried, of a range that others hold much of. */
#define POOL_TRIES 4096

static uint32_t random_below(uint32_t limit)
{
	uint32_t value = 0;

	/* At worst a port is easier to guess. */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value))
		value = 0;
	return (uint64_t)value * limit >> 32;
}

struct tftp_port *tftp_any_port(const struct tftp_listener *listener)
{
	return &listener->pool[random_below(listener->pool_count)];
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	tftp_receive(context);
}

static int open_port(struct tftp_listener *listener, uint16_t number, bool listening)
{
	struct tftp_port *port = &listener->ports[listener->port_count];
	int fd = tftp_socket_open(listener, number, listening);

	if (fd < 0)
		return fd;
	*port = (struct tftp_port){ .listener = listener, .fd = fd, .number = number, .listening = listening };
	listener->port_count++;
	port->event = event_new(listener->engine->base, fd, EV_READ | EV_PERSIST, on_readable, port);
	return port->event && !event_add(port->event, NULL) ? 0 : -ENOMEM;
}

/**
 * tftp_port_close() - close a port's socket, unless it is closed
 * @port: port
 */
void tftp_port_close(struct tftp_port *port)
{
	if (port->event)
		event_free(port->event);
	port->event = NULL;
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

void tftp_ports_close(struct tftp_listener *listener)
{
	unsigned int i;

	for (i = 0; i < listener->port_count; i++)
		tftp_port_close(&listener->ports[i]);
}

static unsigned int gcd(unsigned int a, unsigned int b)
{
	return b ? gcd(b, a % b) : a;
}

static bool is_taken_anyway(int err)
{
	return err == -EADDRINUSE || err == -EACCES;
}

/*
 * Takes ports of the range at random, going on from there past those that others hold. With a range smaller than the
 * pool, all of it will do; with most of it taken, what there is.
 */
static int open_pool(struct tftp_listener *listener, unsigned int first)
{
	unsigned int range = listener->is.tid_last - listener->is.tid_first + 1, step, number, i;
	int err;

	/* A step that shares no factor with the range reaches every port of it once. */
	do {
		step = 1 + random_below(range);
	} while (gcd(step, range) != 1);
	number = random_below(range);
	for (i = 0; i < range && i < POOL_TRIES && listener->port_count < first + TFTP_POOL; i++) {
		err = open_port(listener, listener->is.tid_first + number, false);
		if (err && !is_taken_anyway(err))
			return tftp_fail(listener->engine, err, "cannot open a port for transfers: %s", strerror(-err));
		number = (number + step) % range;
	}
	if (listener->port_count == first)
		return tftp_fail(listener->engine, -EADDRINUSE,
				 "all ports from %u to %u are taken: transfers need some", listener->is.tid_first,
				 listener->is.tid_last);
	listener->pool = &listener->ports[first];
	listener->pool_count = listener->port_count - first;
	return 0;
}

static int say_why_not_bound(struct tftp_listener *listener, int err)
{
	const char *why = strerror(-err);

	if (err == -EADDRINUSE)
		why = "the port is taken: is another TFTP server, or inetd, listening there?";
	else if (err == -EADDRNOTAVAIL)
		why = "this address is not one of ours";
	else if (err == -EAFNOSUPPORT)
		why = "this host has no IPv6";
	else if (err == -ENODEV)
		why = "there is no such device";
	else if (err == -EACCES)
		why = "a port below 1024 needs CAP_NET_BIND_SERVICE";
	else if (err == -EPERM)
		why = "a routing mark or this device needs CAP_NET_ADMIN";
	return tftp_fail(listener->engine, err, "port %u: %s", listener->is.port, why);
}

/**
 * tftp_ports_open() - open the ports of a listener
 * @listener: listener without ports; what was opened is closed by tftp_ports_close(), on failure too
 * @with_listening: it has a listening port
 *
 * Return: 0, or a negative errno with a text.
 */
int tftp_ports_open(struct tftp_listener *listener, bool with_listening)
{
	int err;

	if (with_listening) {
		err = open_port(listener, listener->is.port, true);
		if (err)
			return say_why_not_bound(listener, err);
		if (tftp_is_single_port(listener)) {
			listener->pool = listener->ports;
			listener->pool_count = 1;
			return 0;
		}
	}
	return open_pool(listener, with_listening);
}
