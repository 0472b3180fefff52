// SPDX-License-Identifier: GPL-2.0
/*
 * What a transfer sends, and how long it waits for an answer. Softirq; the transfer's lock is held.
 */
#include <linux/slab.h>

#include "batch.h"
#include "content.h"
#include "entry.h"
#include "life.h"
#include "limits.h"
#include "listener.h"
#include "netns.h"
#include "params.h"
#include "port.h"
#include "proto.h"
#include "tracing.h"

/* What a packet counts for once it is sent; it travels with the packet, in skb->cb. */
struct worth {
	u64 first;
	enum ktftp_a_stats counter;
	u32 bytes;
	u16 packets;
	u16 repeated;
};

/* Pause between bursts of one window, in jiffies: one that has begun does not count, see ktftp_segment_is_due(). */
#define PAUSE	1

/* What bounds every interval, as the tunables have it now. */
struct ktftp_rto_limits ktftp_segment_limits(void)
{
	return (struct ktftp_rto_limits){
		.min_us = ktftp_param(rto_min_ms) * USEC_PER_MSEC,
		.max_us = ktftp_param(rto_max_ms) * USEC_PER_MSEC,
	};
}

/*
 * How long to wait for an answer to what was sent last, in jiffies. The running one is partly over: see
 * ktftp_segment_is_due().
 */
unsigned long ktftp_segment_rto(const struct ktftp_transfer *t)
{
	const struct ktftp_rto_limits limits = ktftp_segment_limits();
	/* What somebody wrote into a request is not kept to before anybody has answered. */
	bool kept = t->grant.timeout_us && t->state != KTFTP_TRANSFER_STATE_UNPROVEN;
	u32 wait_us = kept ? t->grant.timeout_us : ktftp_rto_us(&t->rto, &limits);

	/* How long a window takes that is many times as long as an OACK is not known before the first one. */
	if (!kept && !ktftp_window_is_lock_step(&t->window) && !t->window.acked)
		wait_us = max_t(u32, wait_us, KTFTP_RTO_SECOND_US);

	return usecs_to_jiffies(wait_us);
}

/* How long a client that never answered is remembered: the first interval, doubled by every retry. */
unsigned long ktftp_segment_unproven(void)
{
	u64 ms = (KTFTP_RTO_FIRST_US / USEC_PER_MSEC) * ((2ull << ktftp_param(unproven_retries)) - 1);

	return msecs_to_jiffies(min_t(u64, ms, ktftp_param(give_up_ms)));
}

/*
 * How long an answer to the first packet is waited for. An OACK is small: the timer may send it again. DATA goes
 * again only when the request does.
 */
unsigned long ktftp_segment_first(const struct ktftp_transfer *t)
{
	unsigned long unproven = ktftp_segment_unproven();

	return t->window.negotiating ? min(ktftp_segment_rto(t), unproven) : unproven;
}

/**
 * ktftp_segment_deadline() - set when the timer has something to do
 * @t: transfer
 * @wait: from now, in jiffies
 *
 * The timer is pending already, and most deadlines are later than the time it fires at: then it looks at the
 * deadline and waits on, and nothing is done here.
 */
void ktftp_segment_deadline(struct ktftp_transfer *t, unsigned long wait)
{
	lockdep_assert_held(&t->lock);
	t->deadline = jiffies + wait;
	if (time_before(t->deadline, t->timer.expires))
		mod_timer_pending(&t->timer, t->deadline);
}

/**
 * ktftp_segment_is_due() - is the deadline over
 * @t: transfer
 *
 * It is when its jiffy is: some of the one in which it was set had passed. The timer, armed for a jiffy, fires
 * when the next one begins, for the same reason; but it may have been armed for an earlier deadline.
 */
bool ktftp_segment_is_due(const struct ktftp_transfer *t)
{
	lockdep_assert_held(&t->lock);
	return time_after(jiffies, t->deadline);
}

/**
 * ktftp_segment_not_sent() - what is in flight never left this host
 * @t: transfer
 *
 * It is sent again at the next tick, without backing off; when that fails too, after two, four and so on, as long
 * as a client's answer would be waited for at most: a full queue is not helped by more packets.
 */
void ktftp_segment_not_sent(struct ktftp_transfer *t)
{
	unsigned long wait = 1ul << min_t(u8, t->failures, 10);

	lockdep_assert_held(&t->lock);
	if (t->failures < U8_MAX)
		t->failures++;
	t->unsent = true;
	ktftp_segment_deadline(t, min(wait, ktftp_segment_rto(t)));
}

static u32 block_bytes(const struct ktftp_transfer *t, u64 block)
{
	return block < t->window.blocks ? t->grant.blksize : t->entry->bytes - (block - 1) * t->grant.blksize;
}

static struct worth *worth_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct worth) > sizeof(skb->cb));
	return (struct worth *)skb->cb;
}

static u64 offset_of(const struct ktftp_transfer *t, u64 block)
{
	return t->entry->offset + (block - 1) * t->grant.blksize;
}

static void built_blocks(const struct ktftp_transfer *t, struct sk_buff *skb, const struct ktftp_run *run)
{
	u64 last = run->first + run->count - 1, block;

	*worth_of(skb) = (struct worth){
		.first = run->first,
		.counter = KTFTP_A_STATS_SEGMENTS_SENT,
		.bytes = (run->count - 1) * t->grant.blksize + block_bytes(t, last),
		.packets = run->count,
		.repeated = run->again,
	};
	for (block = run->first; block <= last && ktftp_trace_sends(); block++)
		ktftp_trace_send(t, block, block_bytes(t, block), block - run->first < run->again);
}

static void built_oack(const struct ktftp_transfer *t, struct sk_buff *skb)
{
	*worth_of(skb) = (struct worth){ .counter = KTFTP_A_STATS_OACKS_SENT, .packets = 1 };
	ktftp_trace_send(t, 0, 0, t->rto.repeats);
}

/* From a copy: the entry is gone. */
static void built_tail(const struct ktftp_transfer *t, struct sk_buff *skb)
{
	u32 bytes = t->tail_bytes - KTFTP_HEADER_BYTES;

	*worth_of(skb) = (struct worth){ t->window.blocks, KTFTP_A_STATS_SEGMENTS_SENT, bytes, 1, 1 };
	ktftp_trace_send(t, t->window.blocks, bytes, true);
}

static void count_sent(const struct ktftp_net *kn, const struct worth *worth)
{
	ktftp_stats_add(kn->stats, worth->counter, worth->packets);
	ktftp_stats_add(kn->stats, KTFTP_A_STATS_BYTES_SENT, worth->bytes);
	if (worth->repeated)
		ktftp_stats_add(kn->stats, KTFTP_A_STATS_SEGMENTS_REPEATED, worth->repeated);
}

/**
 * ktftp_segment_send() - send what was built for a transfer, and count it
 * @port: where it leaves from
 * @skb: packet; consumed
 * @first: the first block in it, 0 for an OACK
 *
 * What the network stack took has been sent; what a queue or a firewall of this host dropped, or for which there
 * was no way, has not.
 *
 * Context: as ktftp_xmit_send(): the RCU section in which @skb was built, no lock of ours held. Return: likewise.
 */
int ktftp_segment_send(const struct ktftp_port *port, struct sk_buff *skb, u64 *first)
{
	const struct ktftp_net *kn = port->listener->kn;
	const struct worth worth = *worth_of(skb);
	int err;

	*first = worth.first;
	/* From here on this is IP's. */
	memset(worth_of(skb), 0, sizeof(worth));
	err = ktftp_xmit_send(port, skb);
	if (unlikely(err))
		ktftp_count(kn, KTFTP_A_STATS_SEND_FAILED);
	else
		count_sent(kn, &worth);
	return err;
}

static struct sk_buff *build_block(struct ktftp_transfer *t, u64 number, struct sk_buff **spare)
{
	const struct ktftp_block block = {
		.content = t->entry->content,
		.offset = offset_of(t, number),
		.bytes = block_bytes(t, number),
	};

	return ktftp_xmit_block(t->port, &t->key, &t->route, ktftp_window_wire(&t->window, number), &block, spare);
}

static struct sk_buff *build_batch(struct ktftp_transfer *t, const struct ktftp_run *run, struct sk_buff **spare,
				   u32 *built)
{
	const struct ktftp_batch batch = {
		.content = t->entry->content,
		.offset = offset_of(t, run->first),
		.window = &t->window,
		.first = run->first,
		.count = run->count,
		.blksize = t->grant.blksize,
		.last_bytes = block_bytes(t, run->first + run->count - 1),
	};

	return ktftp_batch_build(t->port, &t->key, &t->route, &batch, spare, built);
}

/* As many of the blocks as go into one packet, which are taken off. Returns NULL for want of memory or a route. */
static struct sk_buff *build_packet(struct ktftp_transfer *t, struct ktftp_run *run, struct sk_buff **spare)
{
	struct ktftp_run part = *run;
	struct sk_buff *skb = NULL;

	if (run->count > 1)
		skb = build_batch(t, run, spare, &part.count);
	if (!skb) {
		part.count = 1;
		skb = build_block(t, run->first, spare);
	}
	if (unlikely(!skb))
		return NULL;
	part.again = min(run->again, part.count);
	built_blocks(t, skb, &part);
	run->first += part.count;
	run->count -= part.count;
	run->again -= part.again;
	return skb;
}

/* The next burst: a list of packets. It ends early for want of memory or a route: then the timer tries again. */
static struct sk_buff *build_burst(struct ktftp_transfer *t, struct sk_buff **spare)
{
	struct ktftp_run run = ktftp_window_take(&t->window);
	struct sk_buff *burst = NULL, **end = &burst;

	lockdep_assert_held(&t->lock);
	t->repeats += run.again;
	while (run.count) {
		*end = build_packet(t, &run, spare);
		if (unlikely(!*end)) {
			ktftp_count(t->table->kn, KTFTP_A_STATS_SEND_FAILED);
			ktftp_window_untake(&t->window, run.first);
			ktftp_segment_not_sent(t);
			break;
		}
		end = &(*end)->next;
	}
	return burst;
}

static struct sk_buff *build_oack(struct ktftp_transfer *t)
{
	u8 packet[KTFTP_OACK_MAX];
	struct sk_buff *skb;

	lockdep_assert_held(&t->lock);
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, packet,
			       ktftp_options_oack(packet, &t->grant, t->entry->bytes));
	if (skb) {
		built_oack(t, skb);
	} else {
		ktftp_count(t->table->kn, KTFTP_A_STATS_SEND_FAILED);
		ktftp_segment_not_sent(t);
	}
	return skb;
}

/* How long to wait after a burst, in jiffies. */
static unsigned long wait_after(const struct ktftp_transfer *t)
{
	if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN)
		return ktftp_segment_first(t);
	return ktftp_window_has_more(&t->window) ? PAUSE : ktftp_segment_rto(t);
}

/**
 * ktftp_segment_build() - build what is to be sent next, and set the deadline of an answer
 * @t: transfer; its timer is pending, or its handler runs
 * @spare: packet that arrived and is answered, to be used again: see ktftp_turn(); or NULL
 *
 * Return: a list of packets, to be sent when the lock is free again; NULL when nothing may be sent before the client
 * says more, and for want of memory or a route: then the timer tries again soon.
 */
struct sk_buff *ktftp_segment_build(struct ktftp_transfer *t, struct sk_buff **spare)
{
	struct sk_buff *skbs;

	t->unsent = false;
	skbs = unlikely(t->window.negotiating) ? build_oack(t) : build_burst(t, spare);
	if (likely(!t->unsent))
		ktftp_segment_deadline(t, wait_after(t));
	return skbs;
}

/* Tells the client that it gets no more of this file. */
struct sk_buff *ktftp_segment_withdrawn(struct ktftp_transfer *t)
{
	u8 packet[KTFTP_HEADER_BYTES + KTFTP_ERROR_TEXT_MAX + 1];
	struct sk_buff *skb;

	lockdep_assert_held(&t->lock);
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, packet,
			       ktftp_proto_error(packet, sizeof(packet), KTFTP_ERR_UNDEFINED,
						 "The file was replaced, ask again"));
	ktftp_count(t->table->kn, skb ? KTFTP_A_STATS_ERRORS_SENT : KTFTP_A_STATS_SEND_FAILED);
	return skb;
}

/* The last DATA packet and the name behind it, so that content, entry and route need not be kept for them. */
static bool keep_tail(struct ktftp_transfer *t)
{
	const struct ktftp_entry *entry = t->entry;
	u32 bytes = block_bytes(t, t->window.blocks), done = 0, piece;
	u64 offset = entry->offset + entry->bytes - bytes;
	u8 *tail;

	tail = kmalloc(KTFTP_HEADER_BYTES + bytes + entry->name_bytes + 1, GFP_ATOMIC | __GFP_NOWARN);
	if (!tail)
		return false;
	ktftp_proto_put_header(tail, KTFTP_OP_DATA, ktftp_window_wire(&t->window, t->window.blocks));
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

/* Repeats the last block from a copy: a client that went away keeps no content, entry or route from going. */
struct sk_buff *ktftp_segment_linger(struct ktftp_transfer *t, struct ktftp_leftover *left)
{
	struct sk_buff *skb;

	t->state = KTFTP_TRANSFER_STATE_LINGERING;
	if (!t->tail && !keep_tail(t))
		return ktftp_segment_build(t, NULL);
	ktftp_limits_uncount(t);
	left->entry = t->entry;
	t->entry = NULL;
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, t->tail, t->tail_bytes);
	left->route = t->route;
	t->route.dst = NULL;
	if (skb) {
		built_tail(t, skb);
		ktftp_segment_deadline(t, ktftp_segment_rto(t));
	} else {
		ktftp_count(t->table->kn, KTFTP_A_STATS_SEND_FAILED);
		ktftp_segment_not_sent(t);
	}
	return skb;
}
