// SPDX-License-Identifier: GPL-2.0
/*
 * How a download begins: a TID is chosen, an earlier download of the same client port is found, the options are agreed
 * on, the first packet leaves. The counterpart of kmod/start.c.
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/minmax.h>

#include "proto.h"
#include "segment.h"

#define TID_TRIES  8

/* Bytes of IP packets that every way carries, or is not asked about: a block without options fits. */
#define IPV4_LEAST (20 + 8 + KTFTP_HEADER_BYTES + KTFTP_BLKSIZE_DEFAULT)
#define IPV6_LEAST 1280

/*
 * A complete transfer that only swallows what comes late makes room for a new one with its key. In single-port mode
 * there is no other key to take, so any transfer does that has not moved lately.
 */
static void retire(struct tftp_listener *listener, const struct tftp_key *key)
{
	struct tftp_transfer *t = tftp_transfer_find(listener, key);

	if (t && (t->state == TFTP_LIFE_DONE || (tftp_is_single_port(listener) && !tftp_transfer_progressed(t))))
		tftp_transfer_end(t, KTFTP_TRANSFER_END_REPLACED, TFTP_LIFE_DEAD);
}

/* Chooses a TID at random and makes the transfer known under it. */
static int insert(struct tftp_transfer *t)
{
	int tries, err = -EEXIST;

	for (tries = 0; tries < TID_TRIES && err == -EEXIST; tries++) {
		t->port = tftp_any_port(t->listener);
		t->key.tid = t->port->number;
		retire(t->listener, &t->key);
		err = tftp_transfer_insert(t);
	}
	return err == -EEXIST ? -EBUSY : err;
}

static uint32_t headers_of(const struct tftp_key *key)
{
	return tftp_is_ipv4(&key->peer) ? 20 + 8 : 40 + 8;
}

/* Bytes of IP packets that need not be asked for. */
static uint32_t least_mtu(const struct tftp_key *key)
{
	return tftp_is_ipv4(&key->peer) ? IPV4_LEAST : IPV6_LEAST;
}

/* The largest block that was asked for, 0 when none was. */
static uint32_t asked_blksize(const struct ktftp_options *options)
{
	uint32_t asked = 0;

	if (options->asked & BIT(KTFTP_OPTION_BLKSIZE))
		asked = options->value[KTFTP_OPTION_BLKSIZE];
	else if (options->asked & BIT(KTFTP_OPTION_BLKSIZE2))
		asked = options->value[KTFTP_OPTION_BLKSIZE2];
	return asked;
}

/*
 * What the way carries in one piece is asked for when it matters. Without a way any block will do. A request that the
 * module handed over may have become old: its address need not be ours any more.
 */
static int measure(const struct tftp_start *start, uint32_t *room)
{
	uint32_t headers = headers_of(&start->key), mtu = least_mtu(&start->key);
	bool asks = headers + KTFTP_HEADER_BYTES + asked_blksize(&start->options) > mtu;
	int found;

	*room = mtu - headers;
	if (!asks && !start->ifindex)
		return 0;
	found = tftp_socket_path_mtu(start->listener, &start->key, start->ifindex);
	if (found == -ENOBUFS)
		return 0;
	if (found < 0)
		return found;
	*room = (uint32_t)found > headers + KTFTP_HEADER_BYTES + KTFTP_BLKSIZE_MIN ? (uint32_t)found - headers :
										     UINT32_MAX;
	return 0;
}

/* Decides on the options; the first packet is an OACK when one of them is granted. */
static void negotiate(struct tftp_transfer *t, const struct ktftp_options *options)
{
	const struct engine *e = t->engine;
	const struct ktftp_option_limits limits = {
		.max_blksize = min_t(uint32_t, e->limits.max_blksize, t->room - KTFTP_HEADER_BYTES),
		/* A reflector for whoever makes up acknowledgements: from a single port it is known where they go. */
		.max_windowsize = t->port->listening ? 1 : min_t(uint32_t, e->limits.max_windowsize, U16_MAX),
		.bytes = t->bytes,
		.honor_timeout = e->limits.honor_timeout,
	};

	ktftp_options_grant(&t->grant, options, &limits);
	t->window.rollover = t->grant.rollover;
	t->window.negotiating = t->grant.granted;
	ktftp_window_init(&t->window, ktftp_window_blocks(t->bytes, t->grant.blksize), t->grant.blksize,
			  t->grant.windowsize);
	t->rto.floor_us = tftp_floors_get(&e->floors, &e->hash_key, &t->key.peer);
}

static void tell_start(struct tftp_transfer *t)
{
	struct engine *e = t->engine;
	struct ktftp_transfer told;

	if (!e->hooks.start)
		return;
	tftp_transfer_show(t, &told);
	told.sequence = ++e->sequence;
	e->hooks.start(&told, e->hooks.context);
}

/* Agrees on the options, arms the timer and sends the first packet. Returns why it could not. */
static int begin(struct tftp_transfer *t, const struct tftp_start *start, struct tftp_transfer *old)
{
	struct engine *e = t->engine;
	bool broken;

	negotiate(t, &start->options);
	t->state = KTFTP_TRANSFER_STATE_UNPROVEN;
	TAILQ_INSERT_TAIL(&e->unproven, t, queued);
	e->unproven_count++;
	if (old)
		tftp_transfer_get(old);
	t->replaces = old;
	tftp_segment_build(t);
	broken = t->broken;
	tell_start(t);
	if (broken)
		tftp_transfer_end(t, KTFTP_TRANSFER_END_WITHDRAWN, TFTP_LIFE_DEAD);
	tftp_limits_trim(e);
	return broken ? -EIO : 0;
}

/* Takes back one that was never begun. */
static void discard(struct tftp_transfer *t)
{
	tftp_limits_uncount(t);
	tftp_index_remove(&t->listener->by_tid, &t->by_tid);
	tftp_transfer_put(t);
}

static void join(struct tftp_transfer *t)
{
	struct engine *e = t->engine;

	TAILQ_INSERT_TAIL(&e->all, t, all);
	e->transfer_count++;
	e->active++;
	t->listener->active++;
}

/**
 * tftp_transfer_start() - begin a download and send its first packet
 * @start: what was asked for by whom
 *
 * Until the client answers, what we know of it is an address that anybody could have written: DATA 1 goes once, and
 * again only when the request does; an OACK is smaller than most requests and goes a few times more.
 *
 * Return: 0; -EDQUOT at max_transfers_per_client; -ENOSPC at max_transfers; -EADDRNOTAVAIL when the address that was
 * asked is not ours; -EBUSY when no TID is free; -EIO when the content cannot be read; -ENOMEM.
 */
int tftp_transfer_start(const struct tftp_start *start)
{
	struct engine *e = start->listener->engine;
	struct tftp_transfer *t, *old;
	bool counted;
	uint32_t room;
	int err;

	err = measure(start, &room);
	if (!err)
		err = tftp_limits_admit(e, &start->key, &counted);
	if (err)
		return err;
	t = tftp_transfer_new(start);
	if (!t) {
		if (counted)
			tftp_clients_remove(&e->clients, &e->hash_key, &start->key);
		return -ENOMEM;
	}
	t->counted = counted;
	t->room = room;
	err = insert(t);
	old = err ? NULL : tftp_transfer_find_client(t->listener, &t->key);
	if (!err)
		err = tftp_transfer_insert_client(t, old);
	if (err) {
		discard(t);
		return err;
	}
	join(t);
	return begin(t, start, old);
}
