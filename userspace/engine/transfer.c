// SPDX-License-Identifier: GPL-2.0
/*
 * One download, as a list of what can happen to it: acknowledged, aborted, unreachable, requested again, silent. The
 * counterpart of kmod/transfer.c.
 */
#include <linux/limits.h>
#include <linux/minmax.h>

#include "proto.h"
#include "segment.h"

/* How long late acknowledgements of a complete transfer are swallowed, at least. */
#define SWALLOW_US       2000000ull

/* In single-port mode a request for a transfer that moved within this time is a late copy. */
#define PROGRESS_US      2000000ull

/* Repeats that a client may need before it has acknowledged anything. */
#define MIRROR_REPEATS   8

/* A client that acknowledges nothing new for so many times give_up_ms is stuck. */
#define STUCK_TIMES      5

/* Port-unreachables in a row, with nothing from the client between them, that end a download. */
#define UNREACHABLE_MOST 3

/* Acknowledgements to wrong ports that end a transfer whose client is not known well. */
#define STRAYS_MOST      8

static uint32_t since_us(const struct tftp_transfer *t, uint64_t then_us)
{
	return min_t(uint64_t, t->engine->now_us - then_us, U32_MAX);
}

static uint64_t silent_us(const struct tftp_transfer *t)
{
	return t->engine->now_us - t->heard_us;
}

/* What is sent cannot be read: its file became shorter, or its disk fails. The client is told, and asks again. */
static bool end_if_broken(struct tftp_transfer *t)
{
	if (!t->broken)
		return false;
	/* Who never answered is told nothing. */
	if (t->state != KTFTP_TRANSFER_STATE_UNPROVEN)
		tftp_send_error(t->engine, t->port, &t->key, t->ifindex, KTFTP_ERR_UNDEFINED,
				"The file changed while it was sent, ask again");
	tftp_transfer_end(t, KTFTP_TRANSFER_END_WITHDRAWN, TFTP_LIFE_DEAD);
	return true;
}

/* The client has answered, so its address is real, and what it asked for before is not wanted any more. */
static void prove(struct tftp_transfer *t)
{
	struct tftp_transfer *old = t->replaces;

	t->state = KTFTP_TRANSFER_STATE_RUNNING;
	TAILQ_REMOVE(&t->engine->unproven, t, queued);
	t->engine->unproven_count--;
	t->replaces = NULL;
	if (!old)
		return;
	tftp_transfer_end(old, KTFTP_TRANSFER_END_REPLACED, TFTP_LIFE_DEAD);
	tftp_transfer_put(old);
}

/*
 * All that was sent is acknowledged. The round trip of a window is that of its last block; of one whose gap was filled
 * nobody knows it (Karn's rule). That a block of a window is acknowledged once more proves nothing.
 */
static void acknowledged(struct tftp_transfer *t)
{
	const struct ktftp_rto_limits limits = tftp_segment_limits(t->engine);
	bool lock_step = ktftp_window_is_lock_step(&t->window);

	if (!lock_step && t->window.was_repeated && !t->rto.repeats)
		return;
	if (ktftp_rto_acknowledged(&t->rto, &limits, since_us(t, t->sent_us), since_us(t, t->resent_us)))
		tftp_count(t->engine, KTFTP_A_STATS_SEGMENTS_SPURIOUS);
	if (!lock_step)
		t->rto.doubt_us = 0;
}

/* Some of it is: the client is there, and that is all. */
static void acknowledged_some(struct tftp_transfer *t)
{
	t->rto.repeats = 0;
	t->rto.doubt_us = 0;
}

/* The block before is acknowledged once more: never answered, but it can prove a repeat needless. */
static void acknowledged_again(struct tftp_transfer *t)
{
	const struct ktftp_rto_limits limits = tftp_segment_limits(t->engine);

	if (!ktftp_rto_duplicate(&t->rto, &limits))
		return;
	tftp_count(t->engine, KTFTP_A_STATS_SEGMENTS_SPURIOUS);
	/* What is in flight has the longer interval as well. */
	if (!t->rto.repeats)
		t->deadline_us = max_t(uint64_t, t->deadline_us, t->engine->now_us + tftp_segment_rto_us(t));
}

/* What leaves now leaves for the first time, or again: from when on its answer is waited for. */
static void note_time(struct tftp_transfer *t)
{
	if (!t->window.repeated)
		t->sent_us = t->engine->now_us;
	t->resent_us = t->engine->now_us;
}

/* The client has something, all of it or what is before a gap, and is to be sent what follows. */
static void send_next(struct tftp_transfer *t, enum ktftp_ack what, bool moved)
{
	if (what == KTFTP_ACK_NEXT)
		acknowledged(t);
	else if (moved)
		acknowledged_some(t);
	if (moved)
		t->moved_us = t->engine->now_us;
	if (t->state == KTFTP_TRANSFER_STATE_LINGERING)
		t->state = KTFTP_TRANSFER_STATE_RUNNING;
	t->failures = 0;
	if (ktftp_window_has_more(&t->window))
		note_time(t);
	tftp_segment_build(t);
	end_if_broken(t);
}

/* All is acknowledged. The transfer stays a while, to know what comes late. */
static void all_acknowledged(struct tftp_transfer *t)
{
	uint64_t swallow_us = max_t(uint64_t, SWALLOW_US, 4 * tftp_segment_rto_us(t));

	acknowledged(t);
	tftp_transfer_end(t, KTFTP_TRANSFER_END_COMPLETE, TFTP_LIFE_DONE);
	tftp_segment_deadline(t, min_t(uint64_t, swallow_us, t->engine->limits.linger_ms * USEC_PER_MSEC));
}

/* Asks an ACK for blocks? Of a transfer that lingers only the last one is left, which its timer repeats. */
static bool asks_for_more(const struct tftp_transfer *t, enum ktftp_ack what)
{
	return t->content && (what == KTFTP_ACK_NEXT || what == KTFTP_ACK_GAP || what == KTFTP_ACK_SOME);
}

static void count_ack(struct engine *e, enum ktftp_ack what)
{
	if (what == KTFTP_ACK_DUPLICATE)
		tftp_count(e, KTFTP_A_STATS_ACKS_DUPLICATE);
	else if (what == KTFTP_ACK_STALE)
		tftp_count(e, KTFTP_A_STATS_ACKS_STALE);
	else
		tftp_count(e, KTFTP_A_STATS_SEGMENTS_ACKNOWLEDGED);
	if (what == KTFTP_ACK_GAP)
		tftp_count(e, KTFTP_A_STATS_ACKS_GAP);
}

static void take_ack(struct tftp_transfer *t, uint16_t wire)
{
	uint64_t acked = t->window.acked;
	enum ktftp_ack what = ktftp_window_ack(&t->window, wire);
	bool moved = t->window.acked != acked || what == KTFTP_ACK_NEXT;

	count_ack(t->engine, what);
	if (what != KTFTP_ACK_STALE) {
		t->heard_us = t->engine->now_us;
		t->unreachable = 0;
	}
	if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN && what <= KTFTP_ACK_LAST)
		prove(t);
	if (asks_for_more(t, what))
		send_next(t, what, moved);
	else if (what == KTFTP_ACK_LAST)
		all_acknowledged(t);
	else if (what == KTFTP_ACK_DUPLICATE && ktftp_window_is_lock_step(&t->window))
		acknowledged_again(t);
}

/**
 * tftp_transfer_ack() - an ACK arrived
 * @listener: whose port it came to
 * @key: who sent it to whom
 * @wire: its block number
 *
 * Return: false when it belongs to no transfer.
 */
bool tftp_transfer_ack(struct tftp_listener *listener, const struct tftp_key *key, uint16_t wire)
{
	struct tftp_transfer *t = tftp_transfer_find(listener, key);

	if (!t)
		return false;
	if (!tftp_transfer_ended(t))
		take_ack(t, wire);
	return true;
}

/**
 * tftp_transfer_abort() - an ERROR arrived
 * @listener: whose port it came to
 * @key: who sent it to whom
 *
 * RFC 1350 section 7: it is neither acknowledged nor repeated. Return: false when it belongs to no transfer.
 */
bool tftp_transfer_abort(struct tftp_listener *listener, const struct tftp_key *key)
{
	struct tftp_transfer *t = tftp_transfer_find(listener, key);

	if (!t)
		return false;
	tftp_transfer_end(t, KTFTP_TRANSFER_END_ABORTED, TFTP_LIFE_DEAD);
	return true;
}

/* How a download ends whose client's port is closed; -1 when that is not certain enough. */
static int judge_unreachable(struct tftp_transfer *t)
{
	switch (t->state) {
	case KTFTP_TRANSFER_STATE_UNPROVEN:
		return KTFTP_TRANSFER_END_UNREACHABLE;
	case KTFTP_TRANSFER_STATE_LINGERING:
		/*
		 * It has all, or has gone: clients close their port with the last acknowledgement. Who lacks more than
		 * the last block is not judged by a single one.
		 */
		return t->content && ++t->unreachable < UNREACHABLE_MOST ? -1 : KTFTP_TRANSFER_END_ASSUMED;
	case KTFTP_TRANSFER_STATE_RUNNING:
		return ++t->unreachable < UNREACHABLE_MOST ? -1 : KTFTP_TRANSFER_END_UNREACHABLE;
	default:
		return -1;
	}
}

/**
 * tftp_transfer_unreachable() - an ICMP port-unreachable arrived for what was sent
 * @t: transfer that it quotes
 *
 * One ends a download whose client never answered; several in a row, without a word of the client between them, end
 * another one: a single one may be forged, or be about a port that is open again.
 */
void tftp_transfer_unreachable(struct tftp_transfer *t)
{
	int how = judge_unreachable(t);

	if (how >= 0)
		tftp_transfer_end(t, how, TFTP_LIFE_DEAD);
}

/* Did the client say something lately? */
bool tftp_transfer_progressed(const struct tftp_transfer *t)
{
	return t->state == KTFTP_TRANSFER_STATE_RUNNING &&
	       silent_us(t) < max_t(uint64_t, PROGRESS_US, 4ull * t->rto.srtt_us);
}

/* The first packet again, to a client that has not answered yet but asked again. */
static void repeat_first(struct tftp_transfer *t)
{
	if (t->window.negotiating)
		t->repeats++;
	t->rto.repeats = 1;
	t->heard_us = t->engine->now_us;
	ktftp_window_timeout(&t->window);
	note_time(t);
	tftp_segment_build(t);
	end_if_broken(t);
}

/**
 * tftp_transfer_repeat() - a request arrived: is it one that is being answered already
 * @listener: listener it came to, or pool that it is answered from
 * @key: who asks whom
 * @request_hash: of the datagram
 *
 * The same request from a client that has not answered yet gets the first packet again: ours may be lost. In
 * single-port mode two transfers of one client port could not be told apart, so while one moves, no request can end
 * it.
 *
 * Return: true when nothing is left to do for it.
 */
bool tftp_transfer_repeat(struct tftp_listener *listener, const struct tftp_key *key, uint64_t request_hash)
{
	struct tftp_transfer *t = tftp_transfer_find_client(listener, key);

	if (!t)
		return false;
	if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN && t->request_hash == request_hash) {
		repeat_first(t);
		return true;
	}
	return tftp_is_single_port(listener) && tftp_transfer_progressed(t);
}

/**
 * tftp_transfer_answers() - is a request being answered that its owner was late with
 * @listener: as above
 * @key: who asks whom
 * @request_hash: of the datagram
 */
bool tftp_transfer_answers(struct tftp_listener *listener, const struct tftp_key *key, uint64_t request_hash)
{
	struct tftp_transfer *t = tftp_transfer_find_client(listener, key);

	return t && t->request_hash == request_hash && (t->state >= TFTP_LIFE_DONE || tftp_transfer_progressed(t));
}

/* Somebody guesses the port of a transfer whose client has hardly shown that it is there. */
static bool is_guessed_at(struct tftp_transfer *t)
{
	if (tftp_transfer_ended(t) || ktftp_window_is_lock_step(&t->window) || t->window.acked > t->window.burst.most)
		return false;
	return ++t->strays == STRAYS_MOST;
}

/**
 * tftp_transfer_stray() - an ACK came to a port at which its client has no transfer
 * @listener: whose port it is
 * @key: who sent it to whom
 *
 * A few are late ones, of an earlier transfer. Many, while a window is opened, are those of somebody who pretends to be
 * the client and tries all ports, to have a window sent there: what it has begun ends, silently.
 *
 * Return: true when the client port has a transfer here, under another TID of ours.
 */
bool tftp_transfer_stray(struct tftp_listener *listener, const struct tftp_key *key)
{
	struct tftp_transfer *t = tftp_transfer_find_client(listener, key);

	if (!t)
		return false;
	if (is_guessed_at(t))
		tftp_transfer_end(t, KTFTP_TRANSFER_END_UNPROVEN, TFTP_LIFE_DEAD);
	return true;
}

/* The next burst of a window, or what never left this host. */
static void send_more(struct tftp_transfer *t)
{
	note_time(t);
	tftp_segment_build(t);
}

/*
 * A copy of the last block alone can be kept; for more blocks, what they are part of is. Who has acknowledged none of
 * them is not assumed to have them.
 */
static void linger(struct tftp_transfer *t)
{
	if (t->window.acked + 1 == t->window.blocks) {
		tftp_segment_linger(t);
		return;
	}
	if (t->window.acked)
		t->state = KTFTP_TRANSFER_STATE_LINGERING;
	tftp_segment_build(t);
}

/* Nothing was acknowledged in time: all that is not acknowledged goes again. */
static void send_again(struct tftp_transfer *t)
{
	bool unproven = t->state == KTFTP_TRANSFER_STATE_UNPROVEN;

	if (!t->unsent) {
		ktftp_rto_repeat(&t->rto);
		t->failures = 0;
		if (t->window.negotiating || !t->content)
			t->repeats++;
		ktftp_window_timeout(&t->window);
	}
	note_time(t);
	t->unsent = false;
	/* Who has not been sent the last block cannot have it; who never answered is owed no copy of it. */
	if (unproven || t->window.sent < t->window.blocks)
		tftp_segment_build(t);
	else
		linger(t);
}

/* A pause between bursts is over, or what was built has to be built again; else it is the client that is waited for. */
static bool has_more_to_send(const struct tftp_transfer *t)
{
	return t->content && !t->window.negotiating && ktftp_window_has_more(&t->window);
}

static bool took_too_long(const struct tftp_transfer *t)
{
	return t->engine->now_us - t->began_us > t->engine->limits.max_transfer_s * USEC_PER_SEC;
}

/* A client that is alive, and repeats the same acknowledgement for ever. */
static bool is_stuck(const struct tftp_transfer *t)
{
	return t->engine->now_us - t->moved_us >= STUCK_TIMES * t->engine->limits.give_up_ms * USEC_PER_MSEC;
}

/* A client that never answered was sent as many OACKs as it is owed, unless none has left yet. */
static bool was_told(const struct tftp_transfer *t)
{
	return t->state == KTFTP_TRANSFER_STATE_UNPROVEN && !t->unsent &&
	       t->rto.repeats >= t->engine->limits.unproven_retries;
}

/*
 * From a single port even an acknowledgement can be made up: whoever never acknowledges more than that gets few
 * repeats of anything. So does who has acknowledged an OACK and nothing of the window after it, which is large.
 */
static bool is_a_mirror(const struct tftp_transfer *t)
{
	if (t->window.size > 1 && !t->window.acked && t->window.timeouts > MIRROR_REPEATS)
		return true;
	return t->port->listening && t->repeats > MIRROR_REPEATS + t->window.acked;
}

/* Why a transfer whose deadline passed ends now; -1 when it does not. */
static int reason_to_end(const struct tftp_transfer *t)
{
	const struct engine_limits *limits = &t->engine->limits;

	if (!tftp_transfer_ended(t) && (took_too_long(t) || is_stuck(t) || is_a_mirror(t)))
		return KTFTP_TRANSFER_END_TIMED_OUT;
	switch (t->state) {
	case KTFTP_TRANSFER_STATE_UNPROVEN:
		return (t->window.negotiating || t->unsent) && silent_us(t) < tftp_segment_unproven_us(t->engine) ?
			       -1 :
			       KTFTP_TRANSFER_END_UNPROVEN;
	case KTFTP_TRANSFER_STATE_LINGERING:
		return silent_us(t) >= limits->linger_ms * USEC_PER_MSEC ? KTFTP_TRANSFER_END_ASSUMED : -1;
	case TFTP_LIFE_DONE:
		return KTFTP_TRANSFER_END_COMPLETE;
	default:
		return silent_us(t) >= limits->give_up_ms * USEC_PER_MSEC ? KTFTP_TRANSFER_END_TIMED_OUT : -1;
	}
}

/* Something is to be sent, or the client is to be waited for once more. */
static void go_on(struct tftp_transfer *t)
{
	if (was_told(t))
		t->deadline_us = t->heard_us + tftp_segment_unproven_us(t->engine);
	else if (has_more_to_send(t))
		send_more(t);
	else
		send_again(t);
	if (!end_if_broken(t) && t->deadline_us < t->fires_us)
		tftp_segment_arm(t);
}

/**
 * tftp_transfer_expired() - the timer fired
 * @t: transfer that is alive
 *
 * Perhaps too early: the deadline moves on with each acknowledgement, and the timer does not.
 */
void tftp_transfer_expired(struct tftp_transfer *t)
{
	int how;

	t->fires_us = UINT64_MAX;
	if (!tftp_segment_is_due(t)) {
		tftp_segment_arm(t);
		return;
	}
	how = reason_to_end(t);
	if (how >= 0)
		tftp_transfer_end(t, how, TFTP_LIFE_DEAD);
	else
		go_on(t);
}
