// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners of the configuration. What is missing is added before anything goes; one that is there with the same
 * properties stays as it is, and as it drains or not. One with other properties is deleted and added again: a moment
 * in which requests meet silence, and its downloads have 30 seconds, unless they hold the ports that the new one needs.
 * If the new one is refused, the old one is put back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "making.h"

/* Ports for transfers that the module takes of a range; two listeners need as many twice. */
#define TID_PORTS 256

/**
 * struct listen - listeners, in one run
 * @m: the run
 * @now: of the module, struct ktftp_listener; without those that close
 * @ours: of the configuration before, struct ktftp_listener
 * @waiting: indexes of those to add once others have gone, size_t
 */
struct listen {
	struct making *m;
	struct vector now;
	struct vector ours;
	struct vector waiting;
};

const char *objects_listener_text(const struct ktftp_listener *listener, char out[OBJECTS_LISTENER_TEXT])
{
	bool is_ipv4 = listener->address.length == 4;
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(is_ipv4 ? AF_INET : AF_INET6, listener->address.bytes, address, sizeof(address));
	snprintf(out, OBJECTS_LISTENER_TEXT, "%s%s%s:%u%s%s", is_ipv4 ? "" : "[", address, is_ipv4 ? "" : "]",
		 listener->port, listener->device[0] ? " on " : "", listener->device);
	return out;
}

static bool has_same_properties(const struct ktftp_listener *a, const struct ktftp_listener *b)
{
	return a->flags == b->flags && a->dscp == b->dscp && a->mark == b->mark &&
	       (a->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT ||
		(a->tid_first == b->tid_first && a->tid_last == b->tid_last));
}

static const struct ktftp_listener *find(const struct ktftp_listener *all, size_t count,
					 const struct ktftp_listener *listener)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (config_is_same_listener(&all[i], listener))
			return &all[i];
	return NULL;
}

static int keep(struct vector *list, const struct ktftp_listener *listener)
{
	struct ktftp_listener *out = vector_add(list);

	if (!out)
		return -ENOMEM;
	*out = *listener;
	return 0;
}

static int keep_open(const struct ktftp_listener *listener, void *context)
{
	return listener->state == KTFTP_LISTENER_STATE_CLOSING ? 0 : keep(context, listener);
}

static int read_now(struct making *m, struct vector *now)
{
	int err = ktftp_listener_list(m->k, keep_open, now);

	return err ? making_fail(m, err, "listeners: %s", ktftp_error(m->k)) : 0;
}

/* Of the daemon before and of the configuration before. */
static int read_ours(struct listen *l)
{
	const struct config *before = l->m->before;
	int err = remembered_read(l->m->config, &l->ours);
	size_t i;

	for (i = 0; !err && before && i < before->listener_count; i++)
		if (!find(l->ours.items, l->ours.count, &before->listeners[i]))
			err = keep(&l->ours, &before->listeners[i]);
	return err ? making_fail(l->m, err, "cannot read which listeners were the configuration's, %s/listeners: %s",
				 l->m->config->run_dir, strerror(-err)) :
		     0;
}

static void remember(struct listen *l, bool old_ones_too)
{
	const struct config *config = l->m->config;
	const struct ktftp_listener *lists[] = { config->listeners, l->ours.items };
	const size_t counts[] = { config->listener_count, l->ours.count };
	int err = remembered_write(config, lists, counts, old_ones_too ? 2 : 1);

	if (err)
		making_fail(l->m, err,
			    "cannot note in %s which listeners are the configuration's: %s; one that goes while ktftpd "
			    "does not run is to be closed by hand",
			    config->run_dir, strerror(-err));
}

static void fail(struct listen *l, const struct ktftp_listener *listener, int err)
{
	char text[OBJECTS_LISTENER_TEXT];

	making_fail(l->m, err, "listen %s: %s", objects_listener_text(listener, text), ktftp_error(l->m->k));
}

/* Its downloads would keep nearly all ports of a range that is not much larger than what one listener takes. */
static bool is_narrow(const struct ktftp_listener *listener)
{
	return !(listener->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT) &&
	       listener->tid_last - listener->tid_first < 2 * TID_PORTS;
}

static void replace(struct listen *l, const struct ktftp_listener *old, const struct ktftp_listener *wanted)
{
	struct ktftp_listener new = *wanted;
	int err;

	new.state = old->state;
	err = ktftp_listener_del(l->m->k, old, is_narrow(old));
	if (!err) {
		err = ktftp_listener_add(l->m->k, &new);
		/* Downloads from the listening port itself keep it. */
		if (err == -EADDRINUSE && !ktftp_listener_del(l->m->k, old, true))
			err = ktftp_listener_add(l->m->k, &new);
	}
	if (!err)
		return;
	fail(l, wanted, err);
	ktftp_listener_add(l->m->k, old);
}

/* What takes the port may be one of those that go. */
static void add(struct listen *l, size_t number)
{
	const struct ktftp_listener *wanted = &l->m->config->listeners[number];
	int err = ktftp_listener_add(l->m->k, wanted);
	size_t *waiting;

	if (err == -EADDRINUSE) {
		waiting = vector_add(&l->waiting);
		if (waiting)
			*waiting = number;
		else
			making_fail(l->m, -ENOMEM, "out of memory");
	} else if (err && err != -EEXIST) {
		fail(l, wanted, err);
	}
}

static void add_and_replace(struct listen *l)
{
	const struct config *config = l->m->config;
	const struct ktftp_listener *now;
	size_t i;

	for (i = 0; i < config->listener_count; i++) {
		now = find(l->now.items, l->now.count, &config->listeners[i]);
		if (!now)
			add(l, i);
		else if (!has_same_properties(now, &config->listeners[i]))
			replace(l, now, &config->listeners[i]);
	}
}

static void close_old(struct listen *l)
{
	const struct ktftp_listener *ours = l->ours.items;
	const struct config *config = l->m->config;
	size_t i;
	int err;

	for (i = 0; i < l->ours.count; i++) {
		if (find(config->listeners, config->listener_count, &ours[i]) ||
		    !find(l->now.items, l->now.count, &ours[i]))
			continue;
		err = ktftp_listener_del(l->m->k, &ours[i], false);
		if (err && err != -ENOENT)
			fail(l, &ours[i], err);
	}
}

static void add_waiting(struct listen *l)
{
	const size_t *waiting = l->waiting.items;
	const struct ktftp_listener *wanted;
	size_t i;
	int err;

	for (i = 0; i < l->waiting.count; i++) {
		wanted = &l->m->config->listeners[waiting[i]];
		err = ktftp_listener_add(l->m->k, wanted);
		if (err)
			fail(l, wanted, err);
	}
}

/* Makes the configuration's listeners so. */
void making_listen(struct making *m)
{
	struct listen l = {
		.m = m,
		.now = { .item_bytes = sizeof(struct ktftp_listener) },
		.ours = { .item_bytes = sizeof(struct ktftp_listener) },
		.waiting = { .item_bytes = sizeof(size_t) },
	};

	if (!read_now(m, &l.now)) {
		read_ours(&l);
		remember(&l, true);
		add_and_replace(&l);
		close_old(&l);
		add_waiting(&l);
		remember(&l, false);
	}
	vector_free(&l.now);
	vector_free(&l.ours);
	vector_free(&l.waiting);
}

static socklen_t make_sockaddr(const struct ktftp_listener *listener, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (listener->address.length == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(listener->port);
		memcpy(&four->sin_addr, listener->address.bytes, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(listener->port);
	six->sin6_scope_id = if_nametoindex(listener->device);
	memcpy(&six->sin6_addr, listener->address.bytes, 16);
	return sizeof(*six);
}

/* Can a socket have this address? */
static int try_to_bind(const struct ktftp_listener *listener)
{
	struct sockaddr_storage address;
	socklen_t bytes = make_sockaddr(listener, &address);
	int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, err = 0;

	if (fd < 0)
		return -errno;
	if (address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (listener->device[0] &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, listener->device, strlen(listener->device)))
		err = -errno;
	if (!err && bind(fd, (struct sockaddr *)&address, bytes))
		err = -errno;
	close(fd);
	return err;
}

/* A listener of the module's on this port may go, or be in nobody's way: adding tells. */
static bool may_be_ours(const struct vector *now, const struct ktftp_listener *listener)
{
	const struct ktftp_listener *all = now->items;
	size_t i;

	for (i = 0; i < now->count; i++)
		if (all[i].port == listener->port && all[i].address.length == listener->address.length)
			return true;
	return false;
}

static int check_listener(struct making *m, const struct vector *now, const struct ktftp_listener *listener)
{
	int err = try_to_bind(listener);
	char text[OBJECTS_LISTENER_TEXT];

	objects_listener_text(listener, text);
	switch (err) {
	case -EADDRINUSE:
		if (may_be_ours(now, listener))
			return 0;
		return making_fail(m, err,
				   "listen %s: another program has this port (ss -ulpn 'sport = :%u' tells which)",
				   text, listener->port);
	case -EADDRNOTAVAIL:
		return making_fail(m, err, "listen %s: this host has no such address (ip address lists those it has)",
				   text);
	case -ENODEV:
		return making_fail(m, err, "listen %s: there is no such device (ip link lists those there are)", text);
	case -EAFNOSUPPORT:
		return making_fail(m, err, "listen %s: this kernel has no IPv6", text);
	default:
		/* What the module may do and we may not is no reason. */
		return 0;
	}
}

/* Could those that are not there be added, as far as a socket tells? */
int making_listen_check(struct making *m)
{
	struct vector now = { .item_bytes = sizeof(struct ktftp_listener) };
	const struct config *config = m->config;
	int err = read_now(m, &now);
	size_t i;

	for (i = 0; !err && i < config->listener_count; i++)
		if (!find(now.items, now.count, &config->listeners[i]))
			err = check_listener(m, &now, &config->listeners[i]);
	vector_free(&now);
	return err;
}
