// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners: added, drained, deleted; and pools of ports for what the module hands over. Sockets are closed at once; a
 * listener's memory goes in tftp_leave(), for who is on it now may be called by it.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "transfer.h"

/* How often a closing listener is looked at. */
#define CLOSE_POLL_US 250000

/* Ids of the module are small numbers. */
#define OWN_ID        0x80000000u

/* Pools for what the module hands over: one for each device, mark and DSCP of its listeners. */
#define POOLS_MOST    32

static bool is_same(const struct ktftp_listener *a, const struct ktftp_listener *b)
{
	return a->port == b->port && a->address.length == b->address.length &&
	       !memcmp(a->address.bytes, b->address.bytes, a->address.length) && !strcmp(a->device, b->device);
}

/* What may be left out, filled in. */
static struct ktftp_listener complete(const struct ktftp_listener *listener)
{
	struct ktftp_listener whole = *listener;

	whole.port = whole.port ? whole.port : KTFTP_PORT;
	whole.tid_first = whole.tid_first ? whole.tid_first : TFTP_TID_FIRST;
	whole.tid_last = whole.tid_last ? whole.tid_last : TFTP_TID_LAST;
	return whole;
}

static int check(struct engine *e, const struct ktftp_listener *is, const struct in6_addr *address)
{
	uint32_t host = ntohl(tftp_ipv4_of(address));

	if (is->tid_first > is->tid_last)
		return tftp_fail(e, -EINVAL, "the range of ports for transfers is empty");
	if (tftp_is_ipv4(address) ? IN_MULTICAST(host) || host == INADDR_BROADCAST : IN6_IS_ADDR_MULTICAST(address))
		return tftp_fail(e, -EINVAL, "cannot listen on a multicast or broadcast address");
	if (IN6_IS_ADDR_LINKLOCAL(address) && !is->device[0])
		return tftp_fail(e, -EINVAL, "a link-local address needs a device");
	if (is->device[0] && !if_nametoindex(is->device))
		return tftp_fail(e, -ENODEV, "there is no device %.15s", is->device);
	if (is->dscp > 63)
		return tftp_fail(e, -EINVAL, "a DSCP is at most 63");
	return 0;
}

/* The listener of that address: one that is open, or else one that is closing. */
static struct tftp_listener *find(struct engine *e, const struct ktftp_listener *is)
{
	struct ktftp_listener whole = complete(is);
	struct tftp_listener *listener, *closing = NULL;

	TAILQ_FOREACH(listener, &e->listeners, link)
	{
		if (!is_same(&listener->is, &whole))
			continue;
		if (listener->is.state != KTFTP_LISTENER_STATE_CLOSING)
			return listener;
		closing = listener;
	}
	return closing;
}

static bool is_open(const struct tftp_listener *listener)
{
	return listener && listener->is.state != KTFTP_LISTENER_STATE_CLOSING;
}

/* The listener with that id that takes requests, or NULL. */
struct tftp_listener *tftp_listener_find(const struct engine *e, uint32_t id)
{
	struct tftp_listener *listener;

	TAILQ_FOREACH(listener, &e->listeners, link)
	if (listener->is.id == id && is_open(listener))
		return listener;
	return NULL;
}

static struct tftp_listener *new_listener(struct engine *e, const struct ktftp_listener *is)
{
	struct tftp_listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return NULL;
	listener->engine = e;
	listener->is = *is;
	if (tftp_address_in(&listener->address, &is->address)) {
		free(listener);
		return NULL;
	}
	listener->ipv4 = tftp_is_ipv4(&listener->address);
	listener->wildcard = listener->ipv4 ? !tftp_ipv4_of(&listener->address) :
					      IN6_IS_ADDR_UNSPECIFIED(&listener->address);
	return listener;
}

static void free_listener(struct tftp_listener *listener)
{
	tftp_ports_close(listener);
	if (listener->close_timer)
		event_free(listener->close_timer);
	tftp_index_free(&listener->by_tid);
	tftp_index_free(&listener->by_client);
	free(listener);
}

/* Whoever is told of an end may end others: then the walk begins anew. */
static void cut_transfers(struct tftp_listener *listener)
{
	struct engine *e = listener->engine;
	struct tftp_transfer *t = TAILQ_FIRST(&e->all), *next;

	while (t) {
		next = TAILQ_NEXT(t, all);
		if (next)
			tftp_transfer_get(next);
		if (t->listener == listener)
			tftp_transfer_end(t, KTFTP_TRANSFER_END_CUT, TFTP_LIFE_DEAD);
		t = next && next->state == TFTP_LIFE_DEAD ? TAILQ_FIRST(&e->all) : next;
		if (next)
			tftp_transfer_put(next);
	}
}

/* What is in the outbox leaves before the sockets go. */
static void destroy(struct tftp_listener *listener, struct tftp_listeners *from)
{
	struct engine *e = listener->engine;

	listener->is.state = KTFTP_LISTENER_STATE_CLOSING;
	TAILQ_REMOVE(from, listener, link);
	TAILQ_INSERT_TAIL(&e->dying, listener, link);
	cut_transfers(listener);
	tftp_outbox_flush(e);
	tftp_ports_close(listener);
}

void tftp_listeners_cut(struct tftp_listeners *listeners)
{
	while (!TAILQ_EMPTY(listeners))
		destroy(TAILQ_FIRST(listeners), listeners);
}

void tftp_listeners_free(struct tftp_listeners *listeners)
{
	struct tftp_listener *listener;

	while (!TAILQ_EMPTY(listeners)) {
		listener = TAILQ_FIRST(listeners);
		TAILQ_REMOVE(listeners, listener, link);
		free_listener(listener);
	}
}

static int add(struct engine *e, const struct ktftp_listener *is)
{
	struct tftp_listener *listener;
	struct in6_addr address;
	int err;

	if (tftp_address_in(&address, &is->address))
		return tftp_fail(e, -EINVAL, "this is no address to listen on");
	err = check(e, is, &address);
	if (err)
		return err;
	if (is_open(find(e, is)))
		return tftp_fail(e, -EEXIST, "this listener exists");
	listener = new_listener(e, is);
	if (!listener)
		return tftp_fail(e, -ENOMEM, "out of memory");
	listener->is.id = OWN_ID | ++e->last_listener;
	if (listener->is.state != KTFTP_LISTENER_STATE_DRAINING)
		listener->is.state = KTFTP_LISTENER_STATE_ACTIVE;
	err = tftp_ports_open(listener, true);
	if (err)
		free_listener(listener);
	else
		TAILQ_INSERT_TAIL(&e->listeners, listener, link);
	return err;
}

int engine_listener_add(struct engine *e, const struct ktftp_listener *listener)
{
	const struct ktftp_listener whole = complete(listener);

	return add(e, &whole);
}

static void on_close_timer(evutil_socket_t fd, short what, void *context)
{
	const struct timeval wait = { .tv_usec = CLOSE_POLL_US };
	struct tftp_listener *listener = context;
	struct engine *e = listener->engine;

	(void)fd;
	(void)what;
	tftp_enter(e);
	if (listener->active && e->now_us < listener->close_at_us)
		evtimer_add(listener->close_timer, &wait);
	else
		destroy(listener, &e->listeners);
	tftp_leave(e);
}

/* Frees the listening port for others while transfers go on; in single-port mode they need it. */
static int begin_close(struct tftp_listener *listener)
{
	const struct timeval wait = { .tv_usec = CLOSE_POLL_US };
	struct engine *e = listener->engine;

	if (!is_open(listener))
		return 0;
	listener->close_timer = evtimer_new(e->base, on_close_timer, listener);
	if (!listener->close_timer || evtimer_add(listener->close_timer, &wait))
		return tftp_fail(e, -ENOMEM, "out of memory");
	listener->is.state = KTFTP_LISTENER_STATE_CLOSING;
	listener->close_at_us = e->now_us + TFTP_DRAIN_S * USEC_PER_SEC;
	if (!tftp_is_single_port(listener)) {
		tftp_outbox_flush(e);
		tftp_port_close(&listener->ports[0]);
	}
	return 0;
}

static int no_such(struct engine *e)
{
	return tftp_fail(e, -ENOENT, "there is no such listener");
}

int engine_listener_del(struct engine *e, const struct ktftp_listener *is, bool now)
{
	struct tftp_listener *listener;
	int err = 0;

	tftp_enter(e);
	listener = find(e, is);
	if (!listener)
		err = no_such(e);
	else if (now || !listener->active)
		destroy(listener, &e->listeners);
	else
		err = begin_close(listener);
	tftp_leave(e);
	return err;
}

int engine_listener_drain(struct engine *e, const struct ktftp_listener *is, bool drain)
{
	struct tftp_listener *listener = find(e, is);

	if (!listener)
		return no_such(e);
	if (is_open(listener))
		listener->is.state = drain ? KTFTP_LISTENER_STATE_DRAINING : KTFTP_LISTENER_STATE_ACTIVE;
	return 0;
}

int engine_listener_list(struct engine *e, ktftp_listener_fn fn, void *context)
{
	struct tftp_listener *listener;
	struct ktftp_listener shown;
	int err;

	TAILQ_FOREACH(listener, &e->listeners, link)
	{
		shown = listener->is;
		shown.tid_ports = listener->pool_count;
		shown.transfers = listener->active;
		err = fn(&shown, context);
		if (err)
			return err;
	}
	return 0;
}

/* ---- pools for what the module hands over ---- */

static bool suits(const struct tftp_listener *pool, const struct ktftp_listener *of, bool ipv4)
{
	return pool->ipv4 == ipv4 && pool->is.mark == of->mark && pool->is.dscp == of->dscp &&
	       !strcmp(pool->is.device, of->device) && pool->is.tid_first == pool->engine->limits.port_first &&
	       pool->is.tid_last == pool->engine->limits.port_last;
}

/* Those that nobody uses go, the oldest first, while there are too many. */
static void make_room(struct engine *e)
{
	struct tftp_listener *pool, *next;
	unsigned int count = 0;

	TAILQ_FOREACH(pool, &e->pools, link)
	count++;
	for (pool = TAILQ_FIRST(&e->pools); pool && count >= POOLS_MOST; pool = next) {
		next = TAILQ_NEXT(pool, link);
		if (pool->active)
			continue;
		destroy(pool, &e->pools);
		count--;
	}
}

static struct tftp_listener *open_pool(struct engine *e, const struct ktftp_listener *of, bool ipv4)
{
	struct ktftp_listener is = {
		.address.length = ipv4 ? 4 : 16,
		.flags = of->flags & KTFTP_LISTENER_FLAG_NOTRACK,
		.tid_first = e->limits.port_first,
		.tid_last = e->limits.port_last,
		.dscp = of->dscp,
		.mark = of->mark,
	};
	struct tftp_listener *pool;

	memcpy(is.device, of->device, sizeof(is.device));
	pool = new_listener(e, &is);
	if (!pool) {
		tftp_fail(e, -ENOMEM, "out of memory");
		return NULL;
	}
	if (tftp_ports_open(pool, false)) {
		free_listener(pool);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&e->pools, pool, link);
	return pool;
}

/**
 * tftp_pool_for() - ports for the answer to a request that the module handed over
 * @e: engine
 * @of: listener of the module that it came to
 * @request: request
 *
 * Return: a pool, or NULL and a text.
 */
struct tftp_listener *tftp_pool_for(struct engine *e, const struct ktftp_listener *of,
				    const struct ktftp_handed *request)
{
	bool ipv4 = request->local.length == 4;
	struct tftp_listener *pool;

	if (of->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT) {
		tftp_fail(e, -EADDRNOTAVAIL, "from the one port of a single-port listener only the module can answer");
		return NULL;
	}
	TAILQ_FOREACH(pool, &e->pools, link)
	if (suits(pool, of, ipv4))
		return pool;
	make_room(e);
	return open_pool(e, of, ipv4);
}
