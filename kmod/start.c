// SPDX-License-Identifier: GPL-2.0
/*
 * How a download begins: a TID is chosen, an earlier download of the same client port is found, the options are
 * agreed on, the first packet leaves. Softirq.
 */
#include <linux/random.h>

#include "entry.h"
#include "events.h"
#include "floors.h"
#include "life.h"
#include "limits.h"
#include "netns.h"
#include "params.h"
#include "port.h"
#include "proto.h"
#include "table.h"
#include "tracing.h"

#define TID_TRIES	8

static struct ktftp_transfer *new_transfer(const struct ktftp_start *start)
{
	struct ktftp_transfer *t = ktftp_transfer_alloc();

	if (!t)
		return NULL;
	t->key = start->key;
	t->port = NULL;
	t->table = start->table;
	timer_setup(&t->timer, ktftp_transfer_expired, 0);
	t->request_hash = start->request_hash;
	t->began_ns = ktime_get_ns();
	t->sent_us = ktftp_transfer_now_us();
	t->resent_us = t->sent_us;
	t->heard = jiffies;
	t->moved = jiffies;
	ktftp_route_init(&t->route);
	refcount_inc(&start->entry->ref);
	t->entry = start->entry;
	/* Who gets a reference on memory it found sees whose it is: pairs with ktftp_transfer_get(). */
	smp_wmb();
	/* Of the table, and of who starts it. */
	refcount_set(&t->ref, 2);
	return t;
}

/*
 * A complete transfer that only swallows what comes late makes room for a new one with its key. In single-port
 * mode there is no other key to take, so any transfer does that has not moved lately.
 */
static void retire(struct ktftp_table *table, const struct ktftp_key *key, bool single_port)
{
	struct ktftp_transfer *t = ktftp_table_find(table, key);
	struct ktftp_ending e;
	bool done;

	if (!t)
		return;
	spin_lock(&t->lock);
	done = ktftp_transfer_is(t, table, key) &&
	       (t->state == KTFTP_LIFE_DONE || (single_port && !ktftp_transfer_progressed(t)));
	if (done)
		ktftp_transfer_conclude(t, KTFTP_TRANSFER_END_REPLACED, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (!done)
		return;
	ktftp_transfer_finish(&e);
	ktftp_transfer_bury(t);
}

/* Chooses a TID at random and makes the transfer known under it. */
static int insert(struct ktftp_transfer *t, const struct ktftp_start *start)
{
	int tries, err = -EEXIST;

	for (tries = 0; tries < TID_TRIES && err == -EEXIST; tries++) {
		t->port = &start->ports[get_random_u32_below(start->port_count)];
		t->key.tid = t->port->number;
		err = ktftp_table_insert(start->table, t);
		if (err == -EEXIST)
			retire(start->table, &t->key, start->port_count == 1);
	}
	return err == -EEXIST ? -EBUSY : err;
}

/* What to do about an earlier transfer of the same client port: -EALREADY when it answers the same request. */
static int judge_earlier(struct ktftp_transfer *old, const struct ktftp_transfer *t)
{
	int err = 0;

	spin_lock(&old->lock);
	if (!ktftp_transfer_is_of_client(old, t->table, &t->key))
		err = -EAGAIN;
	else if (old->state == KTFTP_TRANSFER_STATE_UNPROVEN && old->request_hash == t->request_hash)
		err = -EALREADY;
	spin_unlock(&old->lock);
	return err;
}

/*
 * Makes the transfer the one its client port is known by. An earlier one goes on beside it until this one is
 * proven: *@old, with a reference. Returns -EALREADY when the earlier one answers the same request, -EAGAIN
 * when it is in flux.
 */
static int insert_client(struct ktftp_transfer *t, struct ktftp_transfer **old)
{
	struct ktftp_transfer *found;
	int tries, err = -EAGAIN;

	for (tries = 0; tries < TID_TRIES && err == -EAGAIN; tries++) {
		found = ktftp_table_insert_client(t->table, t);
		if (IS_ERR_OR_NULL(found))
			return PTR_ERR_OR_ZERO(found);
		if (!ktftp_transfer_get(found))
			continue;
		err = judge_earlier(found, t);
		if (!err && ktftp_table_replace_client(t->table, found, t))
			err = -EAGAIN;
		if (!err)
			*old = found;
		else
			ktftp_transfer_put(found);
	}
	return err;
}

/* A block that the way to the client carries in one piece, as far as we know now; without a way any. */
static u32 largest_blksize(struct ktftp_transfer *t)
{
	unsigned int room = ktftp_xmit_room(t->port, &t->key, &t->route);
	u32 blksize = ktftp_param(max_blksize);

	if (room > KTFTP_HEADER_BYTES + KTFTP_BLKSIZE_MIN)
		blksize = min_t(u32, blksize, room - KTFTP_HEADER_BYTES);
	return blksize;
}

/* Under the lock: decides on the options; the first packet is an OACK when one of them is granted. */
static void negotiate(struct ktftp_transfer *t, const struct ktftp_options *options)
{
	struct ktftp_option_limits limits = {
		.max_blksize = KTFTP_BLKSIZE_DEFAULT,
		/* A reflector for whoever makes up acknowledgements: from a single port it is known where they go. */
		.max_windowsize = t->port->listening ? 1 : ktftp_param(max_windowsize),
		.bytes = t->entry->bytes,
		.honor_timeout = ktftp_param(honor_timeout),
	};

	if (options->asked)
		limits.max_blksize = largest_blksize(t);
	ktftp_options_grant(&t->grant, options, &limits);
	t->window.rollover = t->grant.rollover;
	t->window.negotiating = t->grant.granted;
	ktftp_window_init(&t->window, ktftp_window_blocks(t->entry->bytes, t->grant.blksize), t->grant.blksize,
			  t->grant.windowsize);
	t->rto.floor_us = ktftp_floors_get(t->table->floors, &t->key.peer);
}

/* Agrees on the options, arms the timer and sends the first packet. */
static void begin(struct ktftp_transfer *t, const struct ktftp_start *start, struct ktftp_transfer *old)
{
	struct ktftp_transfer_view view;
	struct sk_buff *skb;
	bool tell;

	spin_lock(&t->lock);
	negotiate(t, &start->options);
	t->state = KTFTP_TRANSFER_STATE_UNPROVEN;
	ktftp_queue_add(&t->table->kn->unproven, t);
	t->replaces = old;
	t->deadline = jiffies + ktftp_segment_first(t);
	t->timer.expires = t->deadline;
	refcount_inc(&t->ref);
	add_timer(&t->timer);
	tell = ktftp_events_wanted(t->table->kn) && ktftp_transfer_view(t, &view);
	ktftp_trace_start(t);
	skb = ktftp_segment_build(t, NULL);
	spin_unlock(&t->lock);
	if (tell)
		ktftp_event_start(t->table->kn, &view);
	if (skb)
		ktftp_transfer_send(t, t->table, &t->key, t->port, skb);
	ktftp_limits_trim(t->table->kn);
}

/* Takes back one that was never begun: nobody else has touched it. */
static void discard(struct ktftp_transfer *t)
{
	ktftp_entry_put(t->entry);
	atomic_dec(&t->table->active);
	ktftp_limits_uncount(t);
	ktftp_transfer_bury(t);
}

/**
 * ktftp_transfer_start() - begin a download and send its first packet
 * @kn: namespace
 * @start: what was asked for by whom
 *
 * Until the client answers, what we know of it is an address that anybody could have written: DATA 1 goes
 * once, and again only when the request does; an OACK is smaller than most requests and goes a few times more.
 *
 * Context: softirq, rcu_read_lock(); the caller keeps a reference on the entry meanwhile. Return: 0; -EALREADY
 * when the same request is being answered; -EDQUOT at max_transfers_per_client; -ENOSPC at max_transfers; -ENOMEM;
 * another error when no TID is free.
 */
int ktftp_transfer_start(struct ktftp_net *kn, const struct ktftp_start *start)
{
	struct ktftp_transfer *t, *old = NULL;
	bool counted;
	int err;

	err = ktftp_limits_admit(kn, &start->key, &counted);
	if (err)
		return err;
	t = new_transfer(start);
	if (!t) {
		ktftp_limits_dismiss(kn, &start->key, counted);
		return -ENOMEM;
	}
	t->counted = counted;
	atomic_inc(&start->table->active);
	err = insert(t, start);
	if (!err)
		err = insert_client(t, &old);
	if (err)
		discard(t);
	else
		begin(t, start, old);
	ktftp_transfer_put(t);
	return err;
}
