// SPDX-License-Identifier: GPL-2.0
/*
 * One download, as a list of what can happen to it: requested, requested again, acknowledged, aborted,
 * silent, cut. Runs in softirq, the flush in process context. Data flows on to xmit.c; who called us is
 * told nothing but whether the packet was for a transfer.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/random.h>
#include <linux/slab.h>

#include "content.h"
#include "events.h"
#include "listener.h"
#include "netns.h"
#include "params.h"
#include "port.h"
#include "proto.h"
#include "table.h"
#include "transfer.h"

/* How long late acknowledgements of a complete transfer are swallowed, at least. */
#define SWALLOW_MS	2000

/* In single-port mode a request for a transfer that moved within this time is a late copy. */
#define PROGRESS_MS	2000

#define TID_TRIES	8

static struct kmem_cache *cache;

/* What is taken out of a transfer that ended, to be told and released when its lock is free again. */
struct ending {
	struct ktftp_net *kn;
	struct ktftp_entry *entry;
	u8 *tail;
	struct ktftp_transfer *replaces;
	struct ktftp_transfer_view view;
	bool tell;
};

static void init_once(void *object)
{
	struct ktftp_transfer *t = object;

	spin_lock_init(&t->lock);
}

static void put(struct ktftp_transfer *t)
{
	if (refcount_dec_and_test(&t->ref)) {
		pr_debug("transfer %p destroyed\n", t);
		kmem_cache_free(cache, t);
	}
}

static bool is_alive(const struct ktftp_transfer *t)
{
	return t->state <= KTFTP_LIFE_DONE;
}

static bool has_ended(const struct ktftp_transfer *t)
{
	return t->state >= KTFTP_LIFE_DONE;
}

static struct ktftp_rto_limits rto_limits(void)
{
	return (struct ktftp_rto_limits){
		.min_us = ktftp_param(rto_min_ms) * USEC_PER_MSEC,
		.max_us = ktftp_param(rto_max_ms) * USEC_PER_MSEC,
	};
}

static unsigned long rto_jiffies(const struct ktftp_transfer *t)
{
	const struct ktftp_rto_limits limits = rto_limits();

	/* The running jiffy is partly over: one more, so that the timer is never early. */
	return usecs_to_jiffies(ktftp_rto_us(&t->rto, &limits)) + 1;
}

/* How long a client that never answered is remembered: the first interval, doubled by every retry. */
static unsigned long unproven_jiffies(void)
{
	u64 ms = (KTFTP_RTO_FIRST_US / USEC_PER_MSEC) * ((2ull << ktftp_param(unproven_retries)) - 1);

	return msecs_to_jiffies(min_t(u64, ms, ktftp_param(give_up_ms)));
}

/*
 * Sets when the timer has something to do. It is pending already, and most deadlines are later than the time
 * it fires at: then it looks at the deadline and waits on, and nothing is done here.
 */
static void set_deadline(struct ktftp_transfer *t, unsigned long wait)
{
	lockdep_assert_held(&t->lock);
	t->deadline = jiffies + wait;
	if (time_before(t->deadline, t->timer.expires))
		mod_timer_pending(&t->timer, t->deadline);
}

static u32 block_bytes(const struct ktftp_transfer *t, u64 block)
{
	return block < t->window.blocks ? t->blksize : t->bytes - (block - 1) * t->blksize;
}

static void count_block(const struct ktftp_net *kn, u32 bytes, bool repeated)
{
	ktftp_stats_add(kn->stats, KTFTP_A_STATS_BYTES_SENT, bytes);
	ktftp_count(kn, KTFTP_A_STATS_SEGMENTS_SENT);
	if (repeated)
		ktftp_count(kn, KTFTP_A_STATS_SEGMENTS_REPEATED);
}

/* Builds the block in flight. Returns NULL for want of memory or a route: the timer tries again. */
static struct sk_buff *build_block(struct ktftp_transfer *t)
{
	const u64 number = t->window.sent;
	const struct ktftp_block block = {
		.content = t->entry->content,
		.offset = t->entry->offset + (number - 1) * t->blksize,
		.bytes = block_bytes(t, number),
	};
	struct sk_buff *skb;

	lockdep_assert_held(&t->lock);
	skb = ktftp_xmit_block(t->port, &t->key, &t->route, ktftp_window_wire(number), &block);
	if (unlikely(!skb))
		ktftp_count(t->kn, KTFTP_A_STATS_SEND_FAILED);
	else
		count_block(t->kn, block.bytes, t->rto.repeats);
	return skb;
}

static bool view_of(struct ktftp_transfer *t, struct ktftp_transfer_view *view)
{
	lockdep_assert_held(&t->lock);
	if (has_ended(t))
		return false;
	*view = (struct ktftp_transfer_view){
		.key = t->key,
		.name = t->entry ? t->entry->name : t->tail ? (char *)t->tail + t->tail_bytes : "",
		.listener = t->port->listener->id,
		.state = t->state,
		.blksize = t->blksize,
		.repeats = t->repeats,
		.srtt_us = t->rto.srtt_us,
		.bytes = t->bytes,
		.acked_bytes = min(t->window.acked * t->blksize, t->bytes),
		.age_ms = div_u64(ktime_get_ns() - t->began_ns, NSEC_PER_MSEC),
	};
	return true;
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
	return view_of(t, view);
}

static void count_end(const struct ktftp_net *kn, enum ktftp_transfer_end how)
{
	static const u8 own_counter[] = {
		[KTFTP_TRANSFER_END_COMPLETE] = KTFTP_A_STATS_ENDED_COMPLETE,
		[KTFTP_TRANSFER_END_ASSUMED] = KTFTP_A_STATS_ENDED_ASSUMED,
		[KTFTP_TRANSFER_END_TIMED_OUT] = KTFTP_A_STATS_ENDED_TIMED_OUT,
		[KTFTP_TRANSFER_END_UNPROVEN] = KTFTP_A_STATS_ENDED_UNPROVEN,
	};
	bool processed = how == KTFTP_TRANSFER_END_COMPLETE || how == KTFTP_TRANSFER_END_ASSUMED;

	ktftp_count(kn, processed ? KTFTP_A_STATS_REQUESTS_PROCESSED : KTFTP_A_STATS_REQUESTS_ABORTED);
	if (how < ARRAY_SIZE(own_counter) && own_counter[how])
		ktftp_count(kn, own_counter[how]);
}

/* Under the lock: the download is over, for good or ill. */
static void end(struct ktftp_transfer *t, enum ktftp_transfer_end how, enum ktftp_life next, struct ending *e)
{
	lockdep_assert_held(&t->lock);
	*e = (struct ending){ .kn = t->kn, .entry = t->entry, .tail = t->tail, .replaces = t->replaces };
	if (!has_ended(t)) {
		e->tell = ktftp_events_wanted(t->kn) && view_of(t, &e->view);
		e->view.end = how;
		count_end(t->kn, how);
		atomic_dec(&t->table->active);
		if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN)
			atomic_dec(&t->kn->unproven);
	}
	t->entry = NULL;
	t->tail = NULL;
	t->replaces = NULL;
	ktftp_route_drop(&t->route);
	t->state = next;
}

/* After the lock: tells and releases what end() took out. */
static void finish(struct ending *e)
{
	if (e->tell)
		ktftp_event_end(e->kn, &e->view);
	if (e->entry)
		ktftp_entry_put(e->entry);
	kfree(e->tail);
	if (e->replaces)
		put(e->replaces);
}

/* Second phase of death: nobody finds it any more, and its references go. Done once, by who made it dead. */
static void bury(struct ktftp_transfer *t)
{
	ktftp_table_remove(t->table, t);
	atomic_dec(&t->kn->transfers);
	if (timer_delete(&t->timer))
		put(t);
	put(t);
}

static void kill(struct ktftp_transfer *t, enum ktftp_transfer_end how)
{
	struct ending e;

	spin_lock_bh(&t->lock);
	if (!is_alive(t)) {
		spin_unlock_bh(&t->lock);
		return;
	}
	end(t, how, KTFTP_LIFE_DEAD, &e);
	spin_unlock_bh(&t->lock);
	finish(&e);
	bury(t);
}

/* Under the lock of what a table gave us: is it what was looked for, or another transfer by now. */
static bool is_it(const struct ktftp_transfer *t, const struct ktftp_table *table, const struct ktftp_key *key)
{
	lockdep_assert_held(&t->lock);
	return is_alive(t) && t->table == table && ktftp_key_equal(&t->key, key);
}

static bool is_of_client(const struct ktftp_transfer *t, const struct ktftp_table *table,
			 const struct ktftp_key *key)
{
	lockdep_assert_held(&t->lock);
	return is_alive(t) && t->table == table && ktftp_key_same_client(&t->key, key);
}

/*
 * The packet for this block never left: look again at the next tick, without backing off, unless the client
 * was heard meanwhile. Only a timer that is pending is moved: arming is for those who own a reference.
 */
static void not_sent(struct ktftp_transfer *t, struct ktftp_table *table, const struct ktftp_key *key, u64 block)
{
	spin_lock(&t->lock);
	if (is_it(t, table, key) && !has_ended(t)) {
		ktftp_count(t->kn, KTFTP_A_STATS_SEND_FAILED);
		if (t->window.sent == block && t->window.acked < block) {
			t->unsent = true;
			set_deadline(t, 1);
		}
	}
	spin_unlock(&t->lock);
}

/* Sends what was built for a block. The transfer may be gone by now: nothing of it is used but its memory. */
static void send_block(struct ktftp_transfer *t, struct ktftp_table *table, const struct ktftp_key *key,
		       const struct ktftp_port *port, u64 block, struct sk_buff *skb)
{
	if (unlikely(ktftp_xmit_send(port, skb) == -ENOBUFS))
		not_sent(t, table, key, block);
}

/* The client has answered, so its address is real, and what it asked for before is not wanted any more. */
static struct ktftp_transfer *prove(struct ktftp_transfer *t)
{
	struct ktftp_transfer *old = t->replaces;

	t->state = KTFTP_TRANSFER_STATE_RUNNING;
	atomic_dec(&t->kn->unproven);
	t->replaces = NULL;
	return old;
}

static void take_sample(struct ktftp_transfer *t, u64 now_ns)
{
	/* Karn's rule: who knows which of two copies was answered. */
	if (!t->rto.repeats)
		ktftp_rto_sample(&t->rto, min_t(u64, div_u64(now_ns - t->sent_ns, NSEC_PER_USEC), U32_MAX));
	t->rto.repeats = 0;
}

static struct sk_buff *send_next(struct ktftp_transfer *t)
{
	u64 now_ns = ktime_get_ns();

	take_sample(t, now_ns);
	t->window.sent++;
	t->unsent = false;
	t->sent_ns = now_ns;
	set_deadline(t, rto_jiffies(t));
	return build_block(t);
}

/* All is acknowledged. The transfer stays a while, to know what comes late. */
static void all_acknowledged(struct ktftp_transfer *t, struct ending *e)
{
	unsigned long swallow = max(msecs_to_jiffies(SWALLOW_MS), 4 * rto_jiffies(t));

	take_sample(t, ktime_get_ns());
	end(t, KTFTP_TRANSFER_END_COMPLETE, KTFTP_LIFE_DONE, e);
	set_deadline(t, min(swallow, msecs_to_jiffies(ktftp_param(linger_ms))));
}

/* What an ACK leads to, to be done when the lock is free again. */
struct answer {
	enum ktftp_ack what;
	struct ktftp_net *kn;
	const struct ktftp_port *port;
	struct sk_buff *skb;
	u64 block;
	struct ktftp_transfer *replaced;
};

/* Under the lock: takes an ACK in, builds what it asks for. */
static void take_ack(struct ktftp_transfer *t, u16 wire, struct answer *answer, struct ending *e)
{
	answer->what = ktftp_window_ack(&t->window, wire);
	answer->kn = t->kn;
	answer->port = t->port;
	t->heard = jiffies;
	if (unlikely(t->state == KTFTP_TRANSFER_STATE_UNPROVEN) && answer->what <= KTFTP_ACK_LAST)
		answer->replaced = prove(t);
	if (likely(answer->what == KTFTP_ACK_NEXT))
		answer->skb = send_next(t);
	else if (answer->what == KTFTP_ACK_LAST)
		all_acknowledged(t, e);
	answer->block = t->window.sent;
}

static enum ktftp_a_stats ack_counter(enum ktftp_ack what)
{
	switch (what) {
	case KTFTP_ACK_NEXT:
	case KTFTP_ACK_LAST:
		return KTFTP_A_STATS_SEGMENTS_ACKNOWLEDGED;
	case KTFTP_ACK_DUPLICATE:
		return KTFTP_A_STATS_ACKS_DUPLICATE;
	default:
		return KTFTP_A_STATS_ACKS_STALE;
	}
}

/**
 * ktftp_transfer_ack() - an ACK arrived
 * @table: table of the listener whose port it came to
 * @key: who sent it to whom
 * @wire: its block number
 *
 * Context: softirq, rcu_read_lock(). Return: false when it belongs to no transfer.
 */
bool ktftp_transfer_ack(struct ktftp_table *table, const struct ktftp_key *key, u16 wire)
{
	struct ktftp_transfer *t = ktftp_table_find(table, key);
	struct answer answer = {};
	bool known, running;
	struct ending e;

	if (unlikely(!t))
		return false;
	spin_lock(&t->lock);
	known = is_it(t, table, key);
	running = known && !has_ended(t);
	if (likely(running))
		take_ack(t, wire, &answer, &e);
	spin_unlock(&t->lock);
	if (unlikely(!running))
		return known;

	if (likely(answer.skb))
		send_block(t, table, key, answer.port, answer.block, answer.skb);
	ktftp_count(answer.kn, ack_counter(answer.what));
	if (answer.what == KTFTP_ACK_LAST)
		finish(&e);
	if (unlikely(answer.replaced)) {
		kill(answer.replaced, KTFTP_TRANSFER_END_REPLACED);
		put(answer.replaced);
	}
	return true;
}

/**
 * ktftp_transfer_abort() - an ERROR arrived
 * @table: table of the listener whose port it came to
 * @key: who sent it to whom
 *
 * RFC 1350 section 7: it is neither acknowledged nor repeated.
 *
 * Context: softirq, rcu_read_lock(). Return: false when it belongs to no transfer.
 */
bool ktftp_transfer_abort(struct ktftp_table *table, const struct ktftp_key *key)
{
	struct ktftp_transfer *t = ktftp_table_find(table, key);
	struct ending e;
	bool known;

	if (!t)
		return false;
	spin_lock(&t->lock);
	known = is_it(t, table, key);
	if (known)
		end(t, KTFTP_TRANSFER_END_ABORTED, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (!known)
		return false;
	finish(&e);
	bury(t);
	return true;
}

/**
 * ktftp_transfer_known() - does a client port have a transfer here, under whatever TID of ours
 * @table: table of the listener
 * @key: who talks to whom; the TID does not count
 *
 * Context: softirq, rcu_read_lock().
 */
bool ktftp_transfer_known(struct ktftp_table *table, const struct ktftp_key *key)
{
	struct ktftp_transfer *t = ktftp_table_find_client(table, key);
	bool known;

	if (!t)
		return false;
	spin_lock(&t->lock);
	known = is_of_client(t, table, key);
	spin_unlock(&t->lock);
	return known;
}

static bool progressed_lately(const struct ktftp_transfer *t)
{
	unsigned long lately = max(msecs_to_jiffies(PROGRESS_MS), usecs_to_jiffies(4 * t->rto.srtt_us));

	return t->state == KTFTP_TRANSFER_STATE_RUNNING && time_before(jiffies, t->heard + lately);
}

/* Under the lock: the first packet again, to a client that has not answered yet. */
static struct sk_buff *repeat_first(struct ktftp_transfer *t)
{
	t->repeats++;
	t->rto.repeats = 1;
	set_deadline(t, unproven_jiffies());
	return build_block(t);
}

/**
 * ktftp_transfer_repeat() - a request arrived: is it one that is being answered already
 * @table: table of the listener it came to
 * @key: who asks whom
 * @request_hash: keyed hash of the datagram
 * @single_port: the listener answers from its listening port
 *
 * The same request from a client that has not answered yet gets the first packet again: ours may be lost.
 * In single-port mode two transfers of one client port could not be told apart, so while one moves, no
 * request can end it.
 *
 * Context: softirq, rcu_read_lock(). Return: true when nothing is left to do for it.
 */
bool ktftp_transfer_repeat(struct ktftp_table *table, const struct ktftp_key *key, u64 request_hash,
			   bool single_port)
{
	struct ktftp_transfer *t = ktftp_table_find_client(table, key);
	const struct ktftp_port *port = NULL;
	struct sk_buff *skb = NULL;
	bool taken = false;

	if (!t)
		return false;
	spin_lock(&t->lock);
	if (is_of_client(t, table, key)) {
		port = t->port;
		if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN && t->request_hash == request_hash) {
			skb = repeat_first(t);
			taken = true;
		} else {
			taken = single_port && progressed_lately(t);
		}
	}
	spin_unlock(&t->lock);
	if (skb)
		ktftp_xmit_send(port, skb);
	return taken;
}

/* The last DATA packet and the name behind it, so that content, entry and route need not be kept for them. */
static bool keep_tail(struct ktftp_transfer *t)
{
	const struct ktftp_entry *entry = t->entry;
	u32 bytes = block_bytes(t, t->window.sent), done = 0, piece;
	u64 offset = entry->offset + entry->bytes - bytes;
	u8 *tail;

	tail = kmalloc(KTFTP_HEADER_BYTES + bytes + entry->name_bytes + 1, GFP_ATOMIC | __GFP_NOWARN);
	if (!tail)
		return false;
	ktftp_proto_put_header(tail, KTFTP_OP_DATA, ktftp_window_wire(t->window.sent));
	while (done < bytes) {
		piece = min_t(u32, bytes - done, PAGE_SIZE - offset_in_page(offset));
		memcpy_from_page(tail + KTFTP_HEADER_BYTES + done, entry->content->pages[offset >> PAGE_SHIFT],
				 offset_in_page(offset), piece);
		done += piece;
		offset += piece;
	}
	memcpy(tail + KTFTP_HEADER_BYTES + bytes, entry->name, entry->name_bytes + 1);
	t->tail = tail;
	t->tail_bytes = KTFTP_HEADER_BYTES + bytes;
	return true;
}

/* What a repeat of the last block leaves over, to be dropped when it is sent. */
struct leftover {
	struct ktftp_entry *entry;
	struct ktftp_route route;
};

/* Repeats the last block from a copy: a client that went away keeps no content, entry or route from going. */
static struct sk_buff *linger(struct ktftp_transfer *t, struct leftover *left)
{
	struct sk_buff *skb;

	t->state = KTFTP_TRANSFER_STATE_LINGERING;
	if (!t->tail && !keep_tail(t))
		return build_block(t);
	left->entry = t->entry;
	t->entry = NULL;
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, t->tail, t->tail_bytes);
	left->route = t->route;
	t->route.dst = NULL;
	if (skb)
		count_block(t->kn, t->tail_bytes - KTFTP_HEADER_BYTES, true);
	else
		ktftp_count(t->kn, KTFTP_A_STATS_SEND_FAILED);
	return skb;
}

/* Repeats the block in flight. */
static struct sk_buff *send_again(struct ktftp_transfer *t, struct leftover *left)
{
	if (!t->unsent && t->rto.repeats < U8_MAX)
		t->rto.repeats++;
	t->unsent = false;
	t->repeats++;
	set_deadline(t, rto_jiffies(t));
	return t->window.sent < t->window.blocks ? build_block(t) : linger(t, left);
}

/* Why a transfer whose deadline passed ends now; -1 when it does not. */
static int reason_to_end(const struct ktftp_transfer *t)
{
	unsigned int silent_ms = jiffies_to_msecs(jiffies - t->heard);

	switch (t->state) {
	case KTFTP_TRANSFER_STATE_UNPROVEN:
		return KTFTP_TRANSFER_END_UNPROVEN;
	case KTFTP_TRANSFER_STATE_LINGERING:
		return silent_ms >= ktftp_param(linger_ms) ? KTFTP_TRANSFER_END_ASSUMED : -1;
	case KTFTP_LIFE_DONE:
		return KTFTP_TRANSFER_END_COMPLETE;
	default:
		return silent_ms >= ktftp_param(give_up_ms) ? KTFTP_TRANSFER_END_TIMED_OUT : -1;
	}
}

/*
 * The timer owns a reference while it is pending or its handler runs. A handler that waits on passes it to
 * the timer; any other one puts it.
 */
static void expired(struct timer_list *timer)
{
	struct ktftp_transfer *t = from_timer(t, timer, timer);
	const struct ktftp_port *port = t->port;
	struct ktftp_table *table = t->table;
	struct ktftp_key key = t->key;
	struct leftover left = {};
	struct sk_buff *skb = NULL;
	struct ending e;
	u64 block;
	int how;

	rcu_read_lock();
	spin_lock(&t->lock);
	if (!is_alive(t)) {
		spin_unlock(&t->lock);
		put(t);
		goto out;
	}
	if (time_before(jiffies, t->deadline)) {
		mod_timer(&t->timer, t->deadline);
		spin_unlock(&t->lock);
		goto out;
	}
	how = reason_to_end(t);
	if (how >= 0) {
		end(t, how, KTFTP_LIFE_DEAD, &e);
		spin_unlock(&t->lock);
		finish(&e);
		bury(t);
		put(t);
		goto out;
	}
	skb = send_again(t, &left);
	block = t->window.sent;
	mod_timer(&t->timer, t->deadline);
	spin_unlock(&t->lock);

	if (skb)
		send_block(t, table, &key, port, block, skb);
	ktftp_route_drop(&left.route);
	if (left.entry)
		ktftp_entry_put(left.entry);
out:
	rcu_read_unlock();
}

static struct ktftp_transfer *new_transfer(struct ktftp_net *kn, const struct ktftp_start *start)
{
	struct ktftp_transfer *t = kmem_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN);

	if (!t)
		return NULL;
	/* Not the nodes: a reader may still stand on them, see struct ktftp_transfer. */
	memset_startat(t, 0, state);
	t->key = start->key;
	t->port = NULL;
	t->table = start->table;
	t->kn = kn;
	timer_setup(&t->timer, expired, 0);
	t->state = KTFTP_LIFE_NEW;
	t->blksize = KTFTP_BLKSIZE_DEFAULT;
	t->bytes = start->entry->bytes;
	t->window.blocks = ktftp_window_blocks(t->bytes, t->blksize);
	t->window.sent = 1;
	t->request_hash = start->request_hash;
	t->began_ns = ktime_get_ns();
	t->sent_ns = t->began_ns;
	t->heard = jiffies;
	ktftp_route_init(&t->route);
	refcount_inc(&start->entry->ref);
	t->entry = start->entry;
	/* Of the table, and of who starts it. */
	refcount_set(&t->ref, 2);
	pr_debug("transfer %p created\n", t);
	return t;
}

/* A complete transfer that only swallows what comes late makes room for a new one with its key. */
static void retire(struct ktftp_table *table, const struct ktftp_key *key)
{
	struct ktftp_transfer *t = ktftp_table_find(table, key);
	struct ending e;
	bool done;

	if (!t)
		return;
	spin_lock(&t->lock);
	done = is_it(t, table, key) && t->state == KTFTP_LIFE_DONE;
	if (done)
		end(t, KTFTP_TRANSFER_END_COMPLETE, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (!done)
		return;
	finish(&e);
	bury(t);
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
			retire(start->table, &t->key);
	}
	return err == -EEXIST ? -EBUSY : err;
}

/* What to do about an earlier transfer of the same client port: -EALREADY when it answers the same request. */
static int judge_earlier(struct ktftp_transfer *old, const struct ktftp_transfer *t)
{
	int err = 0;

	spin_lock(&old->lock);
	if (!is_of_client(old, t->table, &t->key))
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
		if (!refcount_inc_not_zero(&found->ref))
			continue;
		err = judge_earlier(found, t);
		if (!err && ktftp_table_replace_client(t->table, found, t))
			err = -EAGAIN;
		if (!err)
			*old = found;
		else
			put(found);
	}
	return err;
}

/* Arms the timer and sends the first packet. */
static void begin(struct ktftp_transfer *t, struct ktftp_transfer *old)
{
	struct ktftp_transfer_view view;
	struct sk_buff *skb;
	bool tell;

	spin_lock(&t->lock);
	t->state = KTFTP_TRANSFER_STATE_UNPROVEN;
	t->replaces = old;
	t->deadline = jiffies + unproven_jiffies();
	t->timer.expires = t->deadline;
	refcount_inc(&t->ref);
	add_timer(&t->timer);
	tell = ktftp_events_wanted(t->kn) && view_of(t, &view);
	skb = build_block(t);
	spin_unlock(&t->lock);
	if (tell)
		ktftp_event_start(t->kn, &view);
	if (skb)
		ktftp_xmit_send(t->port, skb);
}

/* Takes back one that was never begun: nobody else has touched it. */
static void discard(struct ktftp_transfer *t)
{
	spin_lock(&t->lock);
	t->state = KTFTP_LIFE_DEAD;
	spin_unlock(&t->lock);
	ktftp_entry_put(t->entry);
	atomic_dec(&t->table->active);
	atomic_dec(&t->kn->unproven);
	bury(t);
}

/**
 * ktftp_transfer_start() - begin a download and send its first packet
 * @kn: namespace
 * @start: what was asked for by whom
 *
 * Until the client answers, what we know of it is an address that anybody could have written: DATA 1 goes
 * once, and again only when the request does.
 *
 * Context: softirq, rcu_read_lock(); the caller keeps a reference on the entry meanwhile. Return: 0; -EALREADY
 * when the same request is being answered; -ENOSPC at max_transfers or max_unproven; -ENOMEM; another error when
 * no TID is free.
 */
int ktftp_transfer_start(struct ktftp_net *kn, const struct ktftp_start *start)
{
	struct ktftp_transfer *t, *old = NULL;
	int err;

	if (atomic_read(&kn->transfers) >= ktftp_param(max_transfers) ||
	    atomic_read(&kn->unproven) >= ktftp_param(max_unproven))
		return -ENOSPC;
	t = new_transfer(kn, start);
	if (!t)
		return -ENOMEM;
	atomic_inc(&kn->transfers);
	atomic_inc(&kn->unproven);
	atomic_inc(&start->table->active);
	err = insert(t, start);
	if (!err)
		err = insert_client(t, &old);
	if (err)
		discard(t);
	else
		begin(t, old);
	put(t);
	return err;
}

/* One that may sleep: the timer's handler has returned when it does. */
static void cut(struct ktftp_transfer *t)
{
	kill(t, KTFTP_TRANSFER_END_CUT);
	timer_shutdown_sync(&t->timer);
}

/* The next transfer of a table that is still in it, with a reference; NULL at the end of the walk. */
static struct ktftp_transfer *take_next(struct ktftp_table *table)
{
	struct ktftp_transfer *t;
	struct rhashtable_iter iter;

	rhashtable_walk_enter(&table->by_tid, &iter);
	rhashtable_walk_start(&iter);
	do {
		t = rhashtable_walk_next(&iter);
	} while (t && (IS_ERR(t) || !refcount_inc_not_zero(&t->ref)));
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return t;
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
	struct ktftp_transfer *t;

	while (atomic_read(&table->by_tid.nelems)) {
		t = take_next(table);
		if (!t) {
			/* What is left is being buried by others. */
			schedule_timeout_uninterruptible(1);
			continue;
		}
		cut(t);
		put(t);
		cond_resched();
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
