// SPDX-License-Identifier: GPL-2.0
/*
 * What a transfer sends, and how long it waits for an answer. Softirq; the transfer's lock is held.
 */
#include <linux/slab.h>

#include "content.h"
#include "life.h"
#include "netns.h"
#include "params.h"
#include "proto.h"

/* What bounds every interval, as the tunables have it now. */
struct ktftp_rto_limits ktftp_segment_limits(void)
{
	return (struct ktftp_rto_limits){
		.min_us = ktftp_param(rto_min_ms) * USEC_PER_MSEC,
		.max_us = ktftp_param(rto_max_ms) * USEC_PER_MSEC,
	};
}

/* How long to wait for an answer to what was sent last, in jiffies. */
unsigned long ktftp_segment_rto(const struct ktftp_transfer *t)
{
	const struct ktftp_rto_limits limits = ktftp_segment_limits();
	u32 wait_us = t->grant.timeout_us ?: ktftp_rto_us(&t->rto, &limits);

	/* The running jiffy is partly over: one more, so that the timer is never early. */
	return usecs_to_jiffies(wait_us) + 1;
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
	return block < t->window.blocks ? t->grant.blksize : t->bytes - (block - 1) * t->grant.blksize;
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
		.offset = t->entry->offset + (number - 1) * t->grant.blksize,
		.bytes = block_bytes(t, number),
	};
	struct sk_buff *skb;

	lockdep_assert_held(&t->lock);
	skb = ktftp_xmit_block(t->port, &t->key, &t->route, ktftp_window_wire(&t->window, number), &block);
	if (unlikely(!skb))
		ktftp_count(t->kn, KTFTP_A_STATS_SEND_FAILED);
	else
		count_block(t->kn, block.bytes, t->rto.repeats);
	return skb;
}

static struct sk_buff *build_oack(struct ktftp_transfer *t)
{
	u8 packet[KTFTP_OACK_MAX];
	struct sk_buff *skb;

	lockdep_assert_held(&t->lock);
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, packet,
			       ktftp_options_oack(packet, &t->grant, t->bytes));
	ktftp_count(t->kn, skb ? KTFTP_A_STATS_OACKS_SENT : KTFTP_A_STATS_SEND_FAILED);
	return skb;
}

/**
 * ktftp_segment_build() - build what is in flight
 * @t: transfer; its timer is pending and its deadline set
 *
 * Return: the packet, to be sent when the lock is free again; NULL for want of memory or a route: then the timer
 * tries again soon.
 */
struct sk_buff *ktftp_segment_build(struct ktftp_transfer *t)
{
	struct sk_buff *skb = unlikely(t->window.negotiating) ? build_oack(t) : build_block(t);

	if (unlikely(!skb))
		ktftp_segment_not_sent(t);
	return skb;
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
	ktftp_proto_put_header(tail, KTFTP_OP_DATA, ktftp_window_wire(&t->window, t->window.sent));
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
		return ktftp_segment_build(t);
	left->entry = t->entry;
	t->entry = NULL;
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, t->tail, t->tail_bytes);
	left->route = t->route;
	t->route.dst = NULL;
	if (skb) {
		count_block(t->kn, t->tail_bytes - KTFTP_HEADER_BYTES, true);
	} else {
		ktftp_count(t->kn, KTFTP_A_STATS_SEND_FAILED);
		ktftp_segment_not_sent(t);
	}
	return skb;
}
