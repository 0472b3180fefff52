// SPDX-License-Identifier: GPL-2.0
/*
 * What a transfer sends, and how long it waits for an answer. Softirq; the transfer's lock is held.
 */
#include <linux/slab.h>

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
	enum ktftp_a_stats counter;
	u32 bytes;
	bool repeated;
};

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

static void built_block(const struct ktftp_transfer *t, struct sk_buff *skb, u32 bytes, bool repeated)
{
	*worth_of(skb) = (struct worth){ KTFTP_A_STATS_SEGMENTS_SENT, bytes, repeated };
	ktftp_trace_send(t, t->window.sent, bytes);
}

static void built_oack(const struct ktftp_transfer *t, struct sk_buff *skb)
{
	*worth_of(skb) = (struct worth){ KTFTP_A_STATS_OACKS_SENT };
	ktftp_trace_send(t, 0, 0);
}

static void count_sent(const struct ktftp_net *kn, const struct worth *worth)
{
	ktftp_count(kn, worth->counter);
	ktftp_stats_add(kn->stats, KTFTP_A_STATS_BYTES_SENT, worth->bytes);
	if (worth->repeated)
		ktftp_count(kn, KTFTP_A_STATS_SEGMENTS_REPEATED);
}

/**
 * ktftp_segment_send() - send what was built for a transfer, and count it
 * @port: where it leaves from
 * @skb: packet; consumed
 *
 * What the network stack took has been sent; what a queue or a firewall of this host dropped, or for which there
 * was no way, has not.
 *
 * Context: as ktftp_xmit_send(): the RCU section in which @skb was built, no lock of ours held. Return: likewise.
 */
int ktftp_segment_send(const struct ktftp_port *port, struct sk_buff *skb)
{
	const struct ktftp_net *kn = port->listener->kn;
	const struct worth worth = *worth_of(skb);
	int err;

	/* From here on this is IP's. */
	memset(worth_of(skb), 0, sizeof(worth));
	err = ktftp_xmit_send(port, skb);
	if (unlikely(err))
		ktftp_count(kn, KTFTP_A_STATS_SEND_FAILED);
	else
		count_sent(kn, &worth);
	return err;
}

/* Builds the block in flight. Returns NULL for want of memory or a route: the timer tries again. */
static struct sk_buff *build_block(struct ktftp_transfer *t, struct sk_buff **spare)
{
	const u64 number = t->window.sent;
	const struct ktftp_block block = {
		.content = t->entry->content,
		.offset = t->entry->offset + (number - 1) * t->grant.blksize,
		.bytes = block_bytes(t, number),
	};
	struct sk_buff *skb;

	lockdep_assert_held(&t->lock);
	skb = ktftp_xmit_block(t->port, &t->key, &t->route, ktftp_window_wire(&t->window, number), &block,
			       spare);
	if (unlikely(!skb))
		ktftp_count(t->table->kn, KTFTP_A_STATS_SEND_FAILED);
	else
		built_block(t, skb, block.bytes, t->rto.repeats);
	return skb;
}

static struct sk_buff *build_oack(struct ktftp_transfer *t)
{
	u8 packet[KTFTP_OACK_MAX];
	struct sk_buff *skb;

	lockdep_assert_held(&t->lock);
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, packet,
			       ktftp_options_oack(packet, &t->grant, t->entry->bytes));
	if (skb)
		built_oack(t, skb);
	else
		ktftp_count(t->table->kn, KTFTP_A_STATS_SEND_FAILED);
	return skb;
}

/**
 * ktftp_segment_build() - build what is in flight
 * @t: transfer; its timer is pending and its deadline set
 * @spare: packet that arrived and is answered, to be used again: see ktftp_turn(); or NULL
 *
 * Return: the packet, to be sent when the lock is free again; NULL for want of memory or a route: then the timer
 * tries again soon.
 */
struct sk_buff *ktftp_segment_build(struct ktftp_transfer *t, struct sk_buff **spare)
{
	struct sk_buff *skb = unlikely(t->window.negotiating) ? build_oack(t) : build_block(t, spare);

	if (unlikely(!skb))
		ktftp_segment_not_sent(t);
	return skb;
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
	ktftp_limits_uncount(t);
	if (!t->tail && !keep_tail(t))
		return ktftp_segment_build(t, NULL);
	left->entry = t->entry;
	t->entry = NULL;
	skb = ktftp_xmit_bytes(t->port, &t->key, &t->route, t->tail, t->tail_bytes);
	left->route = t->route;
	t->route.dst = NULL;
	if (skb) {
		built_block(t, skb, t->tail_bytes - KTFTP_HEADER_BYTES, true);
	} else {
		ktftp_count(t->table->kn, KTFTP_A_STATS_SEND_FAILED);
		ktftp_segment_not_sent(t);
	}
	return skb;
}
