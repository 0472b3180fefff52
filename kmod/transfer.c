// SPDX-License-Identifier: GPL-2.0
/*
 * One download, as a list of what can happen to it: acknowledged, aborted, unreachable, requested again, silent.
 * Runs in softirq. Data flows on to segment.c and xmit.c; who called us is told nothing but whether the packet
 * was for a transfer.
 */
#include "entry.h"
#include "events.h"
#include "life.h"
#include "netns.h"
#include "params.h"
#include "port.h"
#include "table.h"
#include "tracing.h"

/* How long late acknowledgements of a complete transfer are swallowed, at least. */
#define SWALLOW_MS	2000

/* In single-port mode a request for a transfer that moved within this time is a late copy. */
#define PROGRESS_MS	2000

/* Repeats that a single-port client may need before it has acknowledged anything. */
#define MIRROR_REPEATS	8

/* A client that acknowledges nothing new for so many times give_up_ms is stuck. */
#define STUCK_TIMES	5

/* Port-unreachables in a row, with nothing from the client between them, that end a download. */
#define UNREACHABLE_MOST	3

/*
 * The packet for this block never left: look again at the next tick, without backing off, unless the client
 * was heard meanwhile. Only a timer that is pending is moved: arming is for those who own a reference.
 */
static void not_sent(struct ktftp_transfer *t, struct ktftp_table *table, const struct ktftp_key *key, u64 block)
{
	spin_lock(&t->lock);
	if (ktftp_transfer_is(t, table, key) && !ktftp_transfer_ended(t) && t->window.sent == block &&
	    (t->window.acked < block || t->window.negotiating))
		ktftp_segment_not_sent(t);
	spin_unlock(&t->lock);
}

/**
 * ktftp_transfer_send() - send what was built for a block, or for an OACK
 * @t: transfer; it may be gone by now: nothing of it is used but its memory
 * @table: table it was in
 * @key: who it talked to
 * @port: port it used
 * @block: what was in flight when the packet was built
 * @skb: packet; consumed
 *
 * Context: the RCU section in which @skb was built, no lock of ours held.
 */
void ktftp_transfer_send(struct ktftp_transfer *t, struct ktftp_table *table, const struct ktftp_key *key,
			 const struct ktftp_port *port, u64 block, struct sk_buff *skb)
{
	if (unlikely(ktftp_segment_send(port, skb) == -ENOBUFS))
		not_sent(t, table, key, block);
}

/* The client has answered, so its address is real, and what it asked for before is not wanted any more. */
static struct ktftp_transfer *prove(struct ktftp_transfer *t)
{
	struct ktftp_transfer *old = t->replaces;

	t->state = KTFTP_TRANSFER_STATE_RUNNING;
	ktftp_queue_remove(&t->table->kn->unproven, t);
	t->tail = NULL;
	return old;
}

static void acknowledged(struct ktftp_transfer *t, u32 now_us)
{
	const struct ktftp_rto_limits limits = ktftp_segment_limits();

	if (ktftp_rto_acknowledged(&t->rto, &limits, now_us - t->sent_us, now_us - t->resent_us))
		ktftp_count(t->table->kn, KTFTP_A_STATS_SEGMENTS_SPURIOUS);
}

/* The block before is acknowledged once more: never answered, but it can prove a repeat needless. */
static void acknowledged_again(struct ktftp_transfer *t)
{
	const struct ktftp_rto_limits limits = ktftp_segment_limits();
	unsigned long longer;

	if (!ktftp_rto_duplicate(&t->rto, &limits))
		return;
	ktftp_count(t->table->kn, KTFTP_A_STATS_SEGMENTS_SPURIOUS);
	/* What is in flight has the longer interval as well. */
	longer = jiffies + ktftp_segment_rto(t);
	if (!t->rto.repeats && time_after(longer, t->deadline))
		t->deadline = longer;
}

static struct sk_buff *send_next(struct ktftp_transfer *t, struct sk_buff **spare)
{
	u32 now_us = ktftp_transfer_now_us();

	acknowledged(t, now_us);
	t->window.sent++;
	t->moved = jiffies;
	t->unsent = false;
	t->failures = 0;
	t->sent_us = now_us;
	t->resent_us = now_us;
	ktftp_segment_deadline(t, ktftp_segment_rto(t));
	return ktftp_segment_build(t, spare);
}

/* All is acknowledged. The transfer stays a while, to know what comes late. */
static void all_acknowledged(struct ktftp_transfer *t, struct ktftp_ending *e)
{
	unsigned long swallow = max(msecs_to_jiffies(SWALLOW_MS), 4 * ktftp_segment_rto(t));

	acknowledged(t, ktftp_transfer_now_us());
	ktftp_transfer_conclude(t, KTFTP_TRANSFER_END_COMPLETE, KTFTP_LIFE_DONE, e);
	ktftp_segment_deadline(t, min(swallow, msecs_to_jiffies(ktftp_param(linger_ms))));
}

/* What an ACK leads to, to be done when the lock is free again. */
struct answer {
	enum ktftp_ack what;
	struct ktftp_net *kn;
	const struct ktftp_port *port;
	struct sk_buff *skb;
	u64 block;
	struct ktftp_transfer *replaced;
	bool cut;
};

/* Under the lock: what is sent was withdrawn too long ago. The client is told, so that it asks again. */
static void cut(struct ktftp_transfer *t, struct answer *answer, struct ktftp_ending *e)
{
	answer->cut = true;
	answer->skb = ktftp_segment_withdrawn(t);
	ktftp_transfer_conclude(t, KTFTP_TRANSFER_END_WITHDRAWN, KTFTP_LIFE_DEAD, e);
}

/* Under the lock: takes an ACK in, builds what it asks for, out of the ACK's own packet where that will do. */
static void take_ack(struct ktftp_transfer *t, u16 wire, struct sk_buff **spare, struct answer *answer,
		     struct ktftp_ending *e)
{
	answer->what = ktftp_window_ack(&t->window, wire);
	ktftp_trace_ack(t, wire, answer->what);
	answer->kn = t->table->kn;
	answer->port = t->port;
	if (answer->what != KTFTP_ACK_STALE) {
		t->heard = jiffies;
		t->unreachable = 0;
	}
	if (unlikely(t->state == KTFTP_TRANSFER_STATE_UNPROVEN) && answer->what <= KTFTP_ACK_LAST)
		answer->replaced = prove(t);
	if (likely(answer->what == KTFTP_ACK_NEXT && !ktftp_entry_overdue(t->entry)))
		answer->skb = send_next(t, spare);
	else if (answer->what == KTFTP_ACK_NEXT)
		cut(t, answer, e);
	else if (answer->what == KTFTP_ACK_LAST)
		all_acknowledged(t, e);
	else if (answer->what == KTFTP_ACK_DUPLICATE)
		acknowledged_again(t);
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
 * @spare: its packet; NULL afterwards when it was used for the answer: see ktftp_turn()
 *
 * Context: softirq, rcu_read_lock(). Return: false when it belongs to no transfer.
 */
bool ktftp_transfer_ack(struct ktftp_table *table, const struct ktftp_key *key, u16 wire, struct sk_buff **spare)
{
	struct ktftp_transfer *t = ktftp_table_find(table, key);
	struct answer answer = {};
	bool known, running;
	struct ktftp_ending e;

	if (unlikely(!t))
		return false;
	spin_lock(&t->lock);
	known = ktftp_transfer_is(t, table, key);
	running = known && !ktftp_transfer_ended(t);
	if (likely(running))
		take_ack(t, wire, spare, &answer, &e);
	spin_unlock(&t->lock);
	if (unlikely(!running))
		return known;

	if (unlikely(answer.cut)) {
		if (answer.skb)
			ktftp_xmit_send(answer.port, answer.skb);
		ktftp_transfer_bury(t);
	} else if (likely(answer.skb)) {
		ktftp_transfer_send(t, table, key, answer.port, answer.block, answer.skb);
	}
	ktftp_count(answer.kn, ack_counter(answer.what));
	if (answer.what == KTFTP_ACK_LAST || answer.cut)
		ktftp_transfer_finish(&e);
	if (unlikely(answer.replaced)) {
		ktftp_transfer_kill(answer.replaced, KTFTP_TRANSFER_END_REPLACED);
		ktftp_transfer_put(answer.replaced);
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
	struct ktftp_ending e;
	bool known;

	if (!t)
		return false;
	spin_lock(&t->lock);
	known = ktftp_transfer_is(t, table, key);
	if (known)
		ktftp_transfer_conclude(t, KTFTP_TRANSFER_END_ABORTED, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (!known)
		return false;
	ktftp_transfer_finish(&e);
	ktftp_transfer_bury(t);
	return true;
}

/* Under the lock: how a download ends whose client's port is closed; -1 when that is not certain enough. */
static int judge_unreachable(struct ktftp_transfer *t)
{
	switch (t->state) {
	case KTFTP_TRANSFER_STATE_UNPROVEN:
		return KTFTP_TRANSFER_END_UNREACHABLE;
	case KTFTP_TRANSFER_STATE_LINGERING:
		/* It has all, or has gone: clients close their port with the last acknowledgement. */
		return KTFTP_TRANSFER_END_ASSUMED;
	case KTFTP_TRANSFER_STATE_RUNNING:
		return ++t->unreachable < UNREACHABLE_MOST ? -1 : KTFTP_TRANSFER_END_UNREACHABLE;
	default:
		return -1;
	}
}

/**
 * ktftp_transfer_unreachable() - an ICMP port-unreachable arrived for what was sent
 * @table: table of the listener whose port it was sent from
 * @key: who was sent it by whom
 *
 * One ends a download whose client never answered; several in a row, without a word of the client between
 * them, end another one: a single one may be forged, or be about a port that is open again.
 *
 * Context: softirq, rcu_read_lock().
 */
void ktftp_transfer_unreachable(struct ktftp_table *table, const struct ktftp_key *key)
{
	struct ktftp_transfer *t = ktftp_table_find(table, key);
	struct ktftp_ending e;
	int how = -1;

	if (!t)
		return;
	spin_lock(&t->lock);
	if (ktftp_transfer_is(t, table, key))
		how = judge_unreachable(t);
	if (how >= 0)
		ktftp_transfer_conclude(t, how, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (how < 0)
		return;
	ktftp_transfer_finish(&e);
	ktftp_transfer_bury(t);
}

/**
 * ktftp_transfer_progressed() - did the client acknowledge something lately
 * @t: transfer; its lock is held
 */
bool ktftp_transfer_progressed(const struct ktftp_transfer *t)
{
	unsigned long lately = max(msecs_to_jiffies(PROGRESS_MS), usecs_to_jiffies(4 * t->rto.srtt_us));

	return t->state == KTFTP_TRANSFER_STATE_RUNNING && ktftp_transfer_since(t->heard) < lately;
}

/* Under the lock: the first packet again, to a client that has not answered yet but asked again. */
static struct sk_buff *repeat_first(struct ktftp_transfer *t)
{
	t->repeats++;
	t->rto.repeats = 1;
	ktftp_trace_retransmit(t, KTFTP_TRACE_REQUEST);
	t->resent_us = ktftp_transfer_now_us();
	t->heard = jiffies;
	ktftp_segment_deadline(t, ktftp_segment_first(t));
	return ktftp_segment_build(t, NULL);
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
	struct ktftp_key own = {};
	bool taken = false;
	u64 block = 0;

	if (!t)
		return false;
	spin_lock(&t->lock);
	if (ktftp_transfer_is_of_client(t, table, key)) {
		port = t->port;
		if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN && t->request_hash == (u32)request_hash) {
			skb = repeat_first(t);
			own = t->key;
			block = t->window.sent;
			taken = true;
		} else {
			taken = single_port && ktftp_transfer_progressed(t);
		}
	}
	spin_unlock(&t->lock);
	if (skb)
		ktftp_transfer_send(t, table, &own, port, block, skb);
	return taken;
}

/* Repeats the block in flight. */
static struct sk_buff *send_again(struct ktftp_transfer *t, struct ktftp_leftover *left)
{
	u32 now_us = ktftp_transfer_now_us();
	bool unproven = t->state == KTFTP_TRANSFER_STATE_UNPROVEN;
	bool first = t->unsent && !t->rto.repeats;

	if (!t->unsent) {
		ktftp_rto_repeat(&t->rto);
		t->failures = 0;
		t->repeats++;
	}
	ktftp_trace_retransmit(t, t->unsent ? KTFTP_TRACE_NOT_SENT : KTFTP_TRACE_TIMEOUT);
	t->unsent = false;
	/* The round trip begins when it leaves for the first time. */
	if (first)
		t->sent_us = now_us;
	t->resent_us = now_us;
	ktftp_segment_deadline(t, unproven ? ktftp_segment_first(t) : ktftp_segment_rto(t));
	/* Who has not been sent the last block cannot have it; who never answered is owed no copy of it. */
	if (first || unproven || t->window.sent < t->window.blocks)
		return ktftp_segment_build(t, NULL);
	return ktftp_segment_linger(t, left);
}

static bool took_too_long(const struct ktftp_transfer *t)
{
	return ktime_get_ns() - t->began_ns > (u64)ktftp_param(max_transfer_s) * NSEC_PER_SEC;
}

/* A client that is alive, and repeats the same acknowledgement for ever. */
static bool is_stuck(const struct ktftp_transfer *t)
{
	u64 patience_ms = (u64)STUCK_TIMES * ktftp_param(give_up_ms);

	return jiffies_to_msecs(ktftp_transfer_since(t->moved)) >= min_t(u64, patience_ms, UINT_MAX);
}

/* A client that never answered was sent as many OACKs as it is owed, unless none has left yet. */
static bool was_told(const struct ktftp_transfer *t)
{
	return t->state == KTFTP_TRANSFER_STATE_UNPROVEN && !t->unsent &&
	       t->rto.repeats >= ktftp_param(unproven_retries);
}

/*
 * From a single port even an acknowledgement can be made up: whoever never acknowledges more than that gets few
 * repeats of anything.
 */
static bool is_a_mirror(const struct ktftp_transfer *t)
{
	return t->port->listening && t->repeats > MIRROR_REPEATS + t->window.acked;
}

/* Why a transfer whose deadline passed ends now; -1 when it does not. */
static int reason_to_end(const struct ktftp_transfer *t)
{
	unsigned int silent_ms = jiffies_to_msecs(ktftp_transfer_since(t->heard));

	if (!ktftp_transfer_ended(t) && (took_too_long(t) || is_stuck(t) || is_a_mirror(t)))
		return KTFTP_TRANSFER_END_TIMED_OUT;
	if (t->entry && ktftp_entry_overdue(t->entry))
		return KTFTP_TRANSFER_END_WITHDRAWN;
	switch (t->state) {
	case KTFTP_TRANSFER_STATE_UNPROVEN:
		return (t->window.negotiating || t->unsent) &&
		       ktftp_transfer_since(t->heard) < ktftp_segment_unproven() ? -1 : KTFTP_TRANSFER_END_UNPROVEN;
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
void ktftp_transfer_expired(struct timer_list *timer)
{
	struct ktftp_transfer *t = from_timer(t, timer, timer);
	const struct ktftp_port *port = t->port;
	struct ktftp_table *table = t->table;
	struct ktftp_key key = t->key;
	struct ktftp_leftover left = {};
	struct sk_buff *skb = NULL;
	struct ktftp_ending e;
	u64 block;
	int how;

	rcu_read_lock();
	spin_lock(&t->lock);
	if (!ktftp_transfer_alive(t)) {
		spin_unlock(&t->lock);
		ktftp_transfer_put(t);
		goto out;
	}
	if (!ktftp_segment_is_due(t)) {
		mod_timer(&t->timer, t->deadline);
		spin_unlock(&t->lock);
		goto out;
	}
	how = reason_to_end(t);
	if (how >= 0) {
		/* Who never answered is told nothing. */
		if (how == KTFTP_TRANSFER_END_WITHDRAWN && t->state == KTFTP_TRANSFER_STATE_RUNNING)
			skb = ktftp_segment_withdrawn(t);
		ktftp_transfer_conclude(t, how, KTFTP_LIFE_DEAD, &e);
		spin_unlock(&t->lock);
		if (skb)
			ktftp_xmit_send(port, skb);
		ktftp_transfer_finish(&e);
		ktftp_transfer_bury(t);
		ktftp_transfer_put(t);
		goto out;
	}
	if (was_told(t))
		t->deadline = jiffies - ktftp_transfer_since(t->heard) + ktftp_segment_unproven();
	else
		skb = send_again(t, &left);
	block = t->window.sent;
	mod_timer(&t->timer, t->deadline);
	spin_unlock(&t->lock);

	if (skb)
		ktftp_transfer_send(t, table, &key, port, block, skb);
	ktftp_route_drop(&left.route);
	if (left.entry)
		ktftp_entry_put(left.entry);
out:
	rcu_read_unlock();
}
