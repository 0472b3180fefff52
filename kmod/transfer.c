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

/* Repeats that a client may need before it has acknowledged anything. */
#define MIRROR_REPEATS	8

/* A client that acknowledges nothing new for so many times give_up_ms is stuck. */
#define STUCK_TIMES	5

/* Port-unreachables in a row, with nothing from the client between them, that end a download. */
#define UNREACHABLE_MOST	3

/*
 * This block, or the OACK as block 0, never left, nor did what follows it: look again at the next tick, without
 * backing off, unless the client was heard meanwhile. Only a timer that is pending is moved: arming is for those who
 * own a reference.
 */
static void not_sent(struct ktftp_transfer *t, struct ktftp_table *table, const struct ktftp_key *key, u64 block)
{
	spin_lock(&t->lock);
	if (ktftp_transfer_is(t, table, key) && !ktftp_transfer_ended(t) &&
	    (block ? t->window.acked < block : t->window.negotiating)) {
		ktftp_window_untake(&t->window, block);
		ktftp_segment_not_sent(t);
	}
	spin_unlock(&t->lock);
}

/**
 * ktftp_transfer_send() - send what was built
 * @t: transfer; it may be gone by now: nothing of it is used but its memory
 * @table: table it was in
 * @key: who it talked to
 * @port: port it used
 * @skbs: list of packets; consumed. What follows one that a queue of this host dropped is not sent, either
 *
 * Context: the RCU section in which @skbs were built, no lock of ours held.
 */
void ktftp_transfer_send(struct ktftp_transfer *t, struct ktftp_table *table, const struct ktftp_key *key,
			 const struct ktftp_port *port, struct sk_buff *skbs)
{
	struct sk_buff *skb;
	u64 block;

	while ((skb = skbs)) {
		skbs = skb->next;
		skb_mark_not_on_list(skb);
		if (likely(ktftp_segment_send(port, skb, &block) != -ENOBUFS))
			continue;
		not_sent(t, table, key, block);
		kfree_skb_list(skbs);
		break;
	}
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

/*
 * All that was sent is acknowledged. The round trip of a window is that of its last block; of one whose gap was filled
 * nobody knows it (Karn's rule). That a block of a window is acknowledged once more proves nothing.
 */
static void acknowledged(struct ktftp_transfer *t, u32 now_us)
{
	const struct ktftp_rto_limits limits = ktftp_segment_limits();
	bool lock_step = ktftp_window_is_lock_step(&t->window);

	if (!lock_step && t->window.was_repeated && !t->rto.repeats)
		return;
	if (ktftp_rto_acknowledged(&t->rto, &limits, now_us - t->sent_us, now_us - t->resent_us))
		ktftp_count(t->table->kn, KTFTP_A_STATS_SEGMENTS_SPURIOUS);
	if (!lock_step)
		t->rto.doubt_us = 0;
}

/* Some of it is: the client is there, and that is all. */
static void acknowledged_some(struct ktftp_transfer *t)
{
	t->rto.repeats = 0;
	t->rto.doubt_us = 0;
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

/* What leaves now leaves for the first time, or again: from when on its answer is waited for. */
static void note_time(struct ktftp_transfer *t, u32 now_us)
{
	if (!t->window.repeated)
		t->sent_us = now_us;
	t->resent_us = now_us;
}

/* The client has something, all of it or what is before a gap, and is to be sent what follows. */
static struct sk_buff *send_next(struct ktftp_transfer *t, enum ktftp_ack what, bool moved, struct sk_buff **spare)
{
	u32 now_us = ktftp_transfer_now_us();

	if (likely(what == KTFTP_ACK_NEXT))
		acknowledged(t, now_us);
	else if (moved)
		acknowledged_some(t);
	if (unlikely(what == KTFTP_ACK_GAP))
		ktftp_trace_retransmit(t, KTFTP_TRACE_GAP);
	if (likely(moved))
		t->moved = jiffies;
	if (unlikely(t->state == KTFTP_TRANSFER_STATE_LINGERING))
		t->state = KTFTP_TRANSFER_STATE_RUNNING;
	t->failures = 0;
	if (likely(ktftp_window_has_more(&t->window)))
		note_time(t, now_us);
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

/* Asks an ACK for blocks. Of a transfer that lingers only the last one is left, which its timer repeats. */
static bool asks_for_more(const struct ktftp_transfer *t, enum ktftp_ack what)
{
	return what == KTFTP_ACK_NEXT || (t->entry && (what == KTFTP_ACK_GAP || what == KTFTP_ACK_SOME));
}

/* Under the lock: takes an ACK in, builds what it asks for, out of the ACK's own packet where that will do. */
static void take_ack(struct ktftp_transfer *t, u16 wire, struct sk_buff **spare, struct answer *answer,
		     struct ktftp_ending *e)
{
	u64 acked = t->window.acked;
	bool moved;

	answer->what = ktftp_window_ack(&t->window, wire);
	moved = t->window.acked != acked || answer->what == KTFTP_ACK_NEXT;
	ktftp_trace_ack(t, wire, answer->what);
	answer->kn = t->table->kn;
	answer->port = t->port;
	if (answer->what != KTFTP_ACK_STALE) {
		t->heard = jiffies;
		t->unreachable = 0;
	}
	if (unlikely(t->state == KTFTP_TRANSFER_STATE_UNPROVEN) && answer->what <= KTFTP_ACK_LAST)
		answer->replaced = prove(t);
	if (likely(asks_for_more(t, answer->what))) {
		if (likely(!ktftp_entry_overdue(t->entry)))
			answer->skb = send_next(t, answer->what, moved, spare);
		else
			cut(t, answer, e);
	} else if (answer->what == KTFTP_ACK_LAST) {
		all_acknowledged(t, e);
	} else if (answer->what == KTFTP_ACK_DUPLICATE && ktftp_window_is_lock_step(&t->window)) {
		acknowledged_again(t);
	}
}

static void count_ack(const struct ktftp_net *kn, enum ktftp_ack what)
{
	if (what == KTFTP_ACK_DUPLICATE)
		ktftp_count(kn, KTFTP_A_STATS_ACKS_DUPLICATE);
	else if (what == KTFTP_ACK_STALE)
		ktftp_count(kn, KTFTP_A_STATS_ACKS_STALE);
	else
		ktftp_count(kn, KTFTP_A_STATS_SEGMENTS_ACKNOWLEDGED);
	if (unlikely(what == KTFTP_ACK_GAP))
		ktftp_count(kn, KTFTP_A_STATS_ACKS_GAP);
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
	struct ktftp_ending e __uninitialized;

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
		ktftp_transfer_send(t, table, key, answer.port, answer.skb);
	}
	count_ack(answer.kn, answer.what);
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
		/*
		 * It has all, or has gone: clients close their port with the last acknowledgement. Who lacks more
		 * than the last block is not judged by a single one.
		 */
		return t->entry && ++t->unreachable < UNREACHABLE_MOST ? -1 : KTFTP_TRANSFER_END_ASSUMED;
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
	if (t->window.negotiating)
		t->repeats++;
	t->rto.repeats = 1;
	ktftp_trace_retransmit(t, KTFTP_TRACE_REQUEST);
	t->heard = jiffies;
	ktftp_window_timeout(&t->window);
	note_time(t, ktftp_transfer_now_us());
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

	if (!t)
		return false;
	spin_lock(&t->lock);
	if (ktftp_transfer_is_of_client(t, table, key)) {
		port = t->port;
		if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN && t->request_hash == (u32)request_hash) {
			skb = repeat_first(t);
			own = t->key;
			taken = true;
		} else {
			taken = single_port && ktftp_transfer_progressed(t);
		}
	}
	spin_unlock(&t->lock);
	if (skb)
		ktftp_transfer_send(t, table, &own, port, skb);
	return taken;
}

/* The next burst of a window, or what never left this host. */
static struct sk_buff *send_more(struct ktftp_transfer *t)
{
	if (t->unsent)
		ktftp_trace_retransmit(t, KTFTP_TRACE_NOT_SENT);
	note_time(t, ktftp_transfer_now_us());
	return ktftp_segment_build(t, NULL);
}

/*
 * A copy of the last block alone can be kept; for more blocks, what they are part of is. Who has acknowledged none of
 * them is not assumed to have them.
 */
static struct sk_buff *linger(struct ktftp_transfer *t, struct ktftp_leftover *left)
{
	if (t->window.acked + 1 == t->window.blocks)
		return ktftp_segment_linger(t, left);
	if (t->window.acked)
		t->state = KTFTP_TRANSFER_STATE_LINGERING;
	return ktftp_segment_build(t, NULL);
}

/* Nothing was acknowledged in time: all that is not acknowledged goes again. */
static struct sk_buff *send_again(struct ktftp_transfer *t, struct ktftp_leftover *left)
{
	bool unproven = t->state == KTFTP_TRANSFER_STATE_UNPROVEN;

	if (!t->unsent) {
		ktftp_rto_repeat(&t->rto);
		t->failures = 0;
		if (t->window.negotiating || !t->entry)
			t->repeats++;
		ktftp_window_timeout(&t->window);
	}
	ktftp_trace_retransmit(t, t->unsent ? KTFTP_TRACE_NOT_SENT : KTFTP_TRACE_TIMEOUT);
	note_time(t, ktftp_transfer_now_us());
	t->unsent = false;
	/* Who has not been sent the last block cannot have it; who never answered is owed no copy of it. */
	if (unproven || t->window.sent < t->window.blocks)
		return ktftp_segment_build(t, NULL);
	return linger(t, left);
}

/* A pause between bursts is over, or what was built has to be built again; else it is the client that is waited for. */
static bool has_more_to_send(const struct ktftp_transfer *t)
{
	return t->entry && !t->window.negotiating && ktftp_window_has_more(&t->window);
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
 * repeats of anything. So does who has acknowledged an OACK and nothing of the window after it, which is large.
 */
static bool is_a_mirror(const struct ktftp_transfer *t)
{
	if (t->window.size > 1 && !t->window.acked && t->window.timeouts > MIRROR_REPEATS)
		return true;
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
		if (how == KTFTP_TRANSFER_END_WITHDRAWN && t->state != KTFTP_TRANSFER_STATE_UNPROVEN)
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
	else if (has_more_to_send(t))
		skb = send_more(t);
	else
		skb = send_again(t, &left);
	mod_timer(&t->timer, t->deadline);
	spin_unlock(&t->lock);

	if (skb)
		ktftp_transfer_send(t, table, &key, port, skb);
	ktftp_route_drop(&left.route);
	if (left.entry)
		ktftp_entry_put(left.entry);
out:
	rcu_read_unlock();
}
