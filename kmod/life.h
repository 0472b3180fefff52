/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a transfer, for the files that make it up: transfer.c (what can happen to it), start.c (how it
 * begins), segment.c (what it sends). Everybody else includes transfer.h.
 */
#ifndef KTFTP_LIFE_H
#define KTFTP_LIFE_H

#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "transfer.h"

/**
 * struct ktftp_ending - what is taken out of a transfer that ended, to be told and released without its lock
 * @kn: namespace
 * @entry: what it sent, with a reference, or NULL
 * @tail: its last packet, or NULL
 * @replaces: the earlier transfer that it was to replace, with a reference, or NULL
 * @view: what there is to tell
 * @tell: somebody wants to know
 */
struct ktftp_ending {
	struct ktftp_net *kn;
	struct ktftp_entry *entry;
	u8 *tail;
	struct ktftp_transfer *replaces;
	struct ktftp_transfer_view view;
	bool tell;
};

/**
 * struct ktftp_leftover - what a repeat of the last block leaves over, to be dropped when it is sent
 * @entry: what was sent, with a reference, or NULL
 * @route: the way there
 */
struct ktftp_leftover {
	struct ktftp_entry *entry;
	struct ktftp_route route;
};

static inline bool ktftp_transfer_alive(const struct ktftp_transfer *t)
{
	return t->state <= KTFTP_LIFE_DONE;
}

static inline bool ktftp_transfer_ended(const struct ktftp_transfer *t)
{
	return t->state >= KTFTP_LIFE_DONE;
}

/*
 * The clock of round trips, to be subtracted only: it starts anew every 71 minutes. What is in flight is sent again
 * by the minute, or by the timeout that was agreed on, at most 255 s; and the time since the first of several copies
 * matters for the first second alone, KTFTP_RTO_LEARNED_US.
 */
static inline u32 ktftp_transfer_now_us(void)
{
	return ktime_to_us(ktime_get());
}

/* Jiffies since a time of which 32 bits were kept: a transfer is not forgotten for weeks. */
static inline unsigned long ktftp_transfer_since(u32 then)
{
	return (u32)jiffies - then;
}

/* life.c */
struct ktftp_transfer *ktftp_transfer_alloc(void);
bool ktftp_transfer_get(struct ktftp_transfer *t);
void ktftp_transfer_put(struct ktftp_transfer *t);
bool ktftp_transfer_is(const struct ktftp_transfer *t, const struct ktftp_table *table,
		       const struct ktftp_key *key);
bool ktftp_transfer_is_of_client(const struct ktftp_transfer *t, const struct ktftp_table *table,
				 const struct ktftp_key *key);
void ktftp_transfer_conclude(struct ktftp_transfer *t, enum ktftp_transfer_end how, enum ktftp_life next,
			     struct ktftp_ending *e);
void ktftp_transfer_finish(struct ktftp_ending *e);
void ktftp_transfer_bury(struct ktftp_transfer *t);
void ktftp_transfer_kill(struct ktftp_transfer *t, enum ktftp_transfer_end how);
u64 ktftp_transfer_bytes(const struct ktftp_transfer *t);

/* transfer.c */
void ktftp_transfer_send(struct ktftp_transfer *t, struct ktftp_table *table, const struct ktftp_key *key,
			 const struct ktftp_port *port, struct sk_buff *skbs);
void ktftp_transfer_expired(struct timer_list *timer);
bool ktftp_transfer_progressed(const struct ktftp_transfer *t);

/* segment.c */
struct ktftp_rto_limits ktftp_segment_limits(void);
unsigned long ktftp_segment_rto(const struct ktftp_transfer *t);
unsigned long ktftp_segment_unproven(void);
unsigned long ktftp_segment_first(const struct ktftp_transfer *t);
void ktftp_segment_deadline(struct ktftp_transfer *t, unsigned long wait);
bool ktftp_segment_is_due(const struct ktftp_transfer *t);
void ktftp_segment_not_sent(struct ktftp_transfer *t);
struct sk_buff *ktftp_segment_withdrawn(struct ktftp_transfer *t);
struct sk_buff *ktftp_segment_build(struct ktftp_transfer *t, struct sk_buff **spare);
int ktftp_segment_send(const struct ktftp_port *port, struct sk_buff *skb, u64 *first);
struct sk_buff *ktftp_segment_linger(struct ktftp_transfer *t, struct ktftp_leftover *left);

#endif
