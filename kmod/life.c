// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a transfer: its memory and references, how it ends in two phases, and what there is to tell of it.
 * Softirq and process context.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "entry.h"
#include "events.h"
#include "floors.h"
#include "life.h"
#include "limits.h"
#include "listener.h"
#include "netns.h"
#include "port.h"
#include "proto.h"
#include "table.h"
#include "tracing.h"

/* Acknowledgements to wrong ports that end a transfer whose client is not known well. */
#define STRAYS_MOST	8

static struct kmem_cache *cache;

static atomic64_t last_id = ATOMIC64_INIT(0);

static void init_once(void *object)
{
	struct ktftp_transfer *t = object;

	spin_lock_init(&t->lock);
	t->state = KTFTP_LIFE_DEAD;
}

/**
 * ktftp_transfer_alloc() - memory for a transfer
 *
 * Its lock and its nodes are as whoever had the memory before left them: a reader may still stand on them. So is
 * its state, which is DEAD: it comes to life under its lock, when the rest of it is in place. All behind the
 * state is zero, but for its id.
 *
 * Context: any; does not wait. Return: NULL for want of memory.
 */
struct ktftp_transfer *ktftp_transfer_alloc(void)
{
	struct ktftp_transfer *t = kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN);

	if (!t)
		return NULL;
	memset_startat(t, 0, unsent);
	t->id = atomic64_inc_return(&last_id);
	pr_debug("transfer %p created\n", t);
	return t;
}

/**
 * ktftp_transfer_get() - take a reference on what a table gave us
 * @t: transfer
 *
 * What it is a transfer of is known only now, and to be looked at afterwards: it may be another one's by now.
 *
 * Context: rcu_read_lock(). Return: false when the memory is nobody's.
 */
bool ktftp_transfer_get(struct ktftp_transfer *t)
{
	if (!refcount_inc_not_zero(&t->ref))
		return false;
	/* Pairs with smp_wmb() in new_transfer(). */
	smp_acquire__after_ctrl_dep();
	return true;
}

/**
 * ktftp_transfer_put() - give a reference back
 * @t: transfer
 *
 * Context: any.
 */
void ktftp_transfer_put(struct ktftp_transfer *t)
{
	if (refcount_dec_and_test(&t->ref)) {
		pr_debug("transfer %p destroyed\n", t);
		kmem_cache_free(cache, t);
	}
}

/**
 * ktftp_transfer_is() - is what a table gave us what was looked for, or another transfer by now
 * @t: transfer; its lock is held
 * @table: table it was looked for in
 * @key: who talks to whom
 */
bool ktftp_transfer_is(const struct ktftp_transfer *t, const struct ktftp_table *table, const struct ktftp_key *key)
{
	lockdep_assert_held(&t->lock);
	return ktftp_transfer_alive(t) && t->table == table && ktftp_key_equal(&t->key, key);
}

/**
 * ktftp_transfer_is_of_client() - the same, under whatever TID of ours
 * @t: transfer; its lock is held
 * @table: table it was looked for in
 * @key: who talks to whom; the TID does not count
 */
bool ktftp_transfer_is_of_client(const struct ktftp_transfer *t, const struct ktftp_table *table,
				 const struct ktftp_key *key)
{
	lockdep_assert_held(&t->lock);
	return ktftp_transfer_alive(t) && t->table == table && ktftp_key_same_client(&t->key, key);
}

/**
 * ktftp_transfer_bytes() - size of the file, as long as the download has not ended
 * @t: transfer; its lock is held
 */
u64 ktftp_transfer_bytes(const struct ktftp_transfer *t)
{
	lockdep_assert_held(&t->lock);
	if (t->entry)
		return t->entry->bytes;
	return (t->window.blocks - 1) * t->grant.blksize + t->tail_bytes - KTFTP_HEADER_BYTES;
}

/**
 * ktftp_transfer_view() - what there is to tell of a transfer
 * @t: transfer; its lock is held
 * @view: where it goes
 *
 * Return: false when it has ended and there is nothing to tell.
 */
bool ktftp_transfer_view(struct ktftp_transfer *t, struct ktftp_transfer_view *view)
{
	u64 bytes;

	lockdep_assert_held(&t->lock);
	if (ktftp_transfer_ended(t))
		return false;
	bytes = ktftp_transfer_bytes(t);
	*view = (struct ktftp_transfer_view){
		.key = t->key,
		.name = t->entry ? t->entry->name : t->tail ? (char *)t->tail + t->tail_bytes : "",
		.listener = t->port->listener->id,
		.state = t->state,
		.blksize = t->grant.blksize,
		.windowsize = t->grant.windowsize,
		.repeats = t->repeats,
		.srtt_us = t->rto.srtt_us,
		.bytes = bytes,
		.acked_bytes = min(t->window.acked * t->grant.blksize, bytes),
		.age_ms = div_u64(ktime_get_ns() - t->began_ns, NSEC_PER_MSEC),
	};
	return true;
}

static void count_end(const struct ktftp_net *kn, enum ktftp_transfer_end how)
{
	static const u8 own_counter[] = {
		[KTFTP_TRANSFER_END_COMPLETE] = KTFTP_A_STATS_ENDED_COMPLETE,
		[KTFTP_TRANSFER_END_ASSUMED] = KTFTP_A_STATS_ENDED_ASSUMED,
		[KTFTP_TRANSFER_END_TIMED_OUT] = KTFTP_A_STATS_ENDED_TIMED_OUT,
		[KTFTP_TRANSFER_END_UNPROVEN] = KTFTP_A_STATS_ENDED_UNPROVEN,
		[KTFTP_TRANSFER_END_UNREACHABLE] = KTFTP_A_STATS_ENDED_UNREACHABLE,
	};
	bool processed = how == KTFTP_TRANSFER_END_COMPLETE || how == KTFTP_TRANSFER_END_ASSUMED;

	ktftp_count(kn, processed ? KTFTP_A_STATS_REQUESTS_PROCESSED : KTFTP_A_STATS_REQUESTS_ABORTED);
	if (how < ARRAY_SIZE(own_counter) && own_counter[how])
		ktftp_count(kn, own_counter[how]);
}

/* What there is in one state alone. */
static void leave_state(struct ktftp_transfer *t, struct ktftp_ending *e)
{
	struct ktftp_net *kn = t->table->kn;

	switch (t->state) {
	case KTFTP_TRANSFER_STATE_UNPROVEN:
		e->replaces = t->replaces;
		ktftp_queue_remove(&kn->unproven, t);
		break;
	case KTFTP_LIFE_DONE:
		ktftp_queue_remove(&kn->done, t);
		break;
	default:
		e->tail = t->tail;
		ktftp_floors_learn(t->table->floors, &t->key.peer, t->rto.floor_us);
		break;
	}
}

/**
 * ktftp_transfer_conclude() - the download is over, for good or ill
 * @t: transfer; its lock is held
 * @how: how it ended
 * @next: KTFTP_LIFE_DONE or KTFTP_LIFE_DEAD
 * @e: what there is to do when the lock is free again, by ktftp_transfer_finish()
 *
 * The first phase of death: who made it DEAD buries it, afterwards.
 */
void ktftp_transfer_conclude(struct ktftp_transfer *t, enum ktftp_transfer_end how, enum ktftp_life next,
			     struct ktftp_ending *e)
{
	lockdep_assert_held(&t->lock);
	*e = (struct ktftp_ending){ .kn = t->table->kn, .entry = t->entry };
	if (!ktftp_transfer_ended(t)) {
		e->tell = ktftp_events_wanted(t->table->kn) && ktftp_transfer_view(t, &e->view);
		e->view.end = how;
		ktftp_trace_end(t, how);
		count_end(t->table->kn, how);
		atomic_dec(&t->table->active);
		ktftp_limits_uncount(t);
	}
	leave_state(t, e);
	t->entry = NULL;
	t->tail = NULL;
	ktftp_route_drop(&t->route);
	t->state = next;
	if (next == KTFTP_LIFE_DONE)
		ktftp_queue_add(&t->table->kn->done, t);
}

/**
 * ktftp_transfer_finish() - tell and release what ktftp_transfer_conclude() took out
 * @e: ending
 *
 * Context: no lock of ours held.
 */
void ktftp_transfer_finish(struct ktftp_ending *e)
{
	if (e->tell)
		ktftp_event_end(e->kn, &e->view);
	if (e->entry)
		ktftp_entry_put(e->entry);
	kfree(e->tail);
	if (e->replaces)
		ktftp_transfer_put(e->replaces);
}

/**
 * ktftp_transfer_bury() - the second phase of death: nobody finds it any more, and its references go
 * @t: transfer; done once, by who made it dead
 */
void ktftp_transfer_bury(struct ktftp_transfer *t)
{
	ktftp_table_remove(t->table, t);
	atomic_dec(&t->table->kn->transfers);
	if (timer_delete(&t->timer))
		ktftp_transfer_put(t);
	ktftp_transfer_put(t);
}

/**
 * ktftp_transfer_kill() - end a transfer unless it has ended
 * @t: transfer, with a reference of the caller's
 * @how: how it ends
 */
void ktftp_transfer_kill(struct ktftp_transfer *t, enum ktftp_transfer_end how)
{
	struct ktftp_ending e;

	spin_lock_bh(&t->lock);
	if (!ktftp_transfer_alive(t)) {
		spin_unlock_bh(&t->lock);
		return;
	}
	ktftp_transfer_conclude(t, how, KTFTP_LIFE_DEAD, &e);
	spin_unlock_bh(&t->lock);
	ktftp_transfer_finish(&e);
	ktftp_transfer_bury(t);
}

/* Somebody guesses the port of a transfer whose client has hardly shown that it is there. */
static bool is_guessed_at(struct ktftp_transfer *t)
{
	if (ktftp_transfer_ended(t) || ktftp_window_is_lock_step(&t->window) || t->window.acked > t->window.burst.most)
		return false;
	return ++t->strays == STRAYS_MOST;
}

/**
 * ktftp_transfer_stray() - an ACK came to a port at which its client has no transfer
 * @table: table of the listener
 * @key: who sent it to whom
 *
 * A few are late ones, of an earlier transfer. Many, while a window is opened, are those of somebody who pretends to be
 * the client and tries all ports, to have a window sent there: what it has begun ends, silently.
 *
 * Context: softirq, rcu_read_lock(). Return: true when the client port has a transfer here, under another TID of ours.
 */
bool ktftp_transfer_stray(struct ktftp_table *table, const struct ktftp_key *key)
{
	struct ktftp_transfer *t = ktftp_table_find_client(table, key);
	bool known, guessed = false;
	struct ktftp_ending e;

	if (!t)
		return false;
	spin_lock(&t->lock);
	known = ktftp_transfer_is_of_client(t, table, key);
	if (known)
		guessed = is_guessed_at(t);
	if (guessed)
		ktftp_transfer_conclude(t, KTFTP_TRANSFER_END_UNPROVEN, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (guessed) {
		ktftp_transfer_finish(&e);
		ktftp_transfer_bury(t);
	}
	return known;
}

/**
 * ktftp_transfer_answers() - is a request being answered, or was it a moment ago
 * @table: table of the listener
 * @key: who asks whom
 * @request_hash: keyed hash of the datagram
 *
 * Context: softirqs off, rcu_read_lock().
 */
bool ktftp_transfer_answers(struct ktftp_table *table, const struct ktftp_key *key, u64 request_hash)
{
	struct ktftp_transfer *t = ktftp_table_find_client(table, key);
	bool answers;

	if (!t)
		return false;
	spin_lock(&t->lock);
	answers = ktftp_transfer_is_of_client(t, table, key) && t->request_hash == (u32)request_hash;
	spin_unlock(&t->lock);
	return answers;
}

/* One that may sleep: the timer's handler has returned when it does. */
static void cut(struct ktftp_transfer *t)
{
	ktftp_transfer_kill(t, KTFTP_TRANSFER_END_CUT);
	/* The reference of a timer that was pending still. */
	if (timer_shutdown_sync(&t->timer))
		ktftp_transfer_put(t);
}

/* With a reference: its memory may have become a transfer of another table before that. */
static bool is_in(struct ktftp_transfer *t, const struct ktftp_table *table)
{
	bool is;

	spin_lock_bh(&t->lock);
	is = t->table == table;
	spin_unlock_bh(&t->lock);
	return is;
}

/* One walk, which misses what the table moves about meanwhile. */
static void flush_once(struct ktftp_table *table, struct rhashtable_iter *iter)
{
	struct ktftp_transfer *t;

	rhashtable_walk_start(iter);
	while ((t = rhashtable_walk_next(iter))) {
		if (IS_ERR(t) || !ktftp_transfer_get(t))
			continue;
		rhashtable_walk_stop(iter);
		if (is_in(t, table))
			cut(t);
		ktftp_transfer_put(t);
		cond_resched();
		rhashtable_walk_start(iter);
	}
	rhashtable_walk_stop(iter);
}

/**
 * ktftp_transfer_flush() - end all transfers of a table at once
 * @table: table of a listener that takes no packets any more, a grace period ago
 *
 * Context: process; sleeps. Afterwards a handler of a timer that ended its transfer by itself may still run:
 * a grace period has to pass before what it uses goes.
 */
void ktftp_transfer_flush(struct ktftp_table *table)
{
	struct rhashtable_iter iter;

	while (atomic_read(&table->by_tid.nelems)) {
		rhashtable_walk_enter(&table->by_tid, &iter);
		flush_once(table, &iter);
		rhashtable_walk_exit(&iter);
		/* What is left was missed, or is being buried by others. */
		if (atomic_read(&table->by_tid.nelems))
			schedule_timeout_uninterruptible(1);
	}
}

int __init ktftp_transfer_init(void)
{
	cache = kmem_cache_create("ktftp_transfer", sizeof(struct ktftp_transfer), 0,
				  SLAB_TYPESAFE_BY_RCU, init_once);
	return cache ? 0 : -ENOMEM;
}

void ktftp_transfer_exit(void)
{
	kmem_cache_destroy(cache);
}
