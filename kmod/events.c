// SPDX-License-Identifier: GPL-2.0
/* What happened, told to the multicast group "events" of the namespace. Softirq or process context. */
#include <net/ipv6.h>

#include "events.h"
#include "netlink.h"
#include "netns.h"

/* Room for any event: fixed attributes, addresses and a name. */
#define EVENT_BYTES	(512 + KTFTP_NAME_MAX)

/**
 * ktftp_events_wanted() - does anybody listen
 * @kn: namespace
 */
bool ktftp_events_wanted(const struct ktftp_net *kn)
{
	return genl_has_listeners(&ktftp_family, kn->net, KTFTP_MCGRP_INDEX_EVENTS);
}

static int put_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, KTFTP_A_TRANSFER_PAD);
}

/**
 * ktftp_put_transfer() - what dumps and events have in common
 * @skb: message
 * @view: transfer
 *
 * Return: 0 or -EMSGSIZE.
 */
int ktftp_put_transfer(struct sk_buff *skb, const struct ktftp_transfer_view *view)
{
	if (nla_put_u32(skb, KTFTP_A_TRANSFER_LISTENER, view->listener) ||
	    ktftp_put_address(skb, KTFTP_A_TRANSFER_CLIENT, &view->key.peer) ||
	    nla_put_u16(skb, KTFTP_A_TRANSFER_CLIENT_PORT, ntohs(view->key.peer_port)) ||
	    ktftp_put_address(skb, KTFTP_A_TRANSFER_LOCAL, &view->key.local) ||
	    nla_put_u16(skb, KTFTP_A_TRANSFER_TID, ntohs(view->key.tid)) ||
	    nla_put_string(skb, KTFTP_A_TRANSFER_NAME, view->name) ||
	    put_u64(skb, KTFTP_A_TRANSFER_SIZE, view->bytes) ||
	    put_u64(skb, KTFTP_A_TRANSFER_BYTES, view->acked_bytes) ||
	    nla_put_u32(skb, KTFTP_A_TRANSFER_BLKSIZE, view->blksize) ||
	    nla_put_u32(skb, KTFTP_A_TRANSFER_REPEATS, view->repeats) ||
	    nla_put_u32(skb, KTFTP_A_TRANSFER_SRTT_US, view->srtt_us) ||
	    put_u64(skb, KTFTP_A_TRANSFER_AGE_MS, view->age_ms) ||
	    nla_put_u32(skb, KTFTP_A_TRANSFER_WINDOWSIZE, view->windowsize))
		return -EMSGSIZE;
	return 0;
}

/*
 * Events leave one after the other, so that they arrive in the order of their numbers. One that cannot be told for
 * want of memory leaves a gap, which listeners can see.
 */
struct event {
	struct ktftp_net *kn;
	struct sk_buff *skb;
	void *header;
};

static void begin_event(struct event *event, struct ktftp_net *kn, u8 command, int sequence_attribute, int pad)
	__acquires(&kn->events_lock)
{
	u64 sequence;

	*event = (struct event){ .kn = kn };
	spin_lock_bh(&kn->events_lock);
	sequence = ++kn->events;
	event->skb = genlmsg_new(EVENT_BYTES, GFP_ATOMIC | __GFP_NOWARN);
	if (!event->skb)
		return;
	event->header = genlmsg_put(event->skb, 0, 0, &ktftp_family, 0, command);
	if (event->header && !nla_put_u64_64bit(event->skb, sequence_attribute, sequence, pad))
		return;
	nlmsg_free(event->skb);
	event->skb = NULL;
}

/* Tells the event if all of it could be put into the message. */
static void end_event(struct event *event, int err)
	__releases(&event->kn->events_lock)
{
	if (err) {
		nlmsg_free(event->skb);
	} else if (event->skb) {
		genlmsg_end(event->skb, event->header);
		genlmsg_multicast_netns(&ktftp_family, event->kn->net, event->skb, 0, KTFTP_MCGRP_INDEX_EVENTS,
					GFP_ATOMIC);
	}
	spin_unlock_bh(&event->kn->events_lock);
}

/**
 * ktftp_event_start() - a transfer began
 * @kn: namespace
 * @view: transfer
 */
void ktftp_event_start(struct ktftp_net *kn, const struct ktftp_transfer_view *view)
{
	struct event event;

	begin_event(&event, kn, KTFTP_CMD_TRANSFER_START_NTF, KTFTP_A_TRANSFER_SEQUENCE, KTFTP_A_TRANSFER_PAD);
	end_event(&event, event.skb ? ktftp_put_transfer(event.skb, view) : 0);
}

/**
 * ktftp_event_end() - a transfer ended
 * @kn: namespace
 * @view: transfer, with how it ended
 */
void ktftp_event_end(struct ktftp_net *kn, const struct ktftp_transfer_view *view)
{
	struct event event;
	int err = 0;

	begin_event(&event, kn, KTFTP_CMD_TRANSFER_END_NTF, KTFTP_A_TRANSFER_SEQUENCE, KTFTP_A_TRANSFER_PAD);
	if (event.skb)
		err = ktftp_put_transfer(event.skb, view) ?: nla_put_u32(event.skb, KTFTP_A_TRANSFER_END, view->end);
	end_event(&event, err);
}

/* A name as a client sent it, made fit to be shown. */
static void make_printable(char out[KTFTP_NAME_MAX + 1], const u8 *name, size_t bytes)
{
	size_t i;

	bytes = min_t(size_t, bytes, KTFTP_NAME_MAX);
	for (i = 0; i < bytes; i++)
		out[i] = name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i];
	out[bytes] = 0;
}

static int put_miss(struct sk_buff *skb, u32 listener, const struct ktftp_key *key, const u8 *name,
		    size_t name_bytes, bool answered)
{
	char printable[KTFTP_NAME_MAX + 1];

	make_printable(printable, name, name_bytes);
	if (nla_put_u32(skb, KTFTP_A_MISS_LISTENER, listener) ||
	    ktftp_put_address(skb, KTFTP_A_MISS_CLIENT, &key->peer) ||
	    nla_put_u16(skb, KTFTP_A_MISS_CLIENT_PORT, ntohs(key->peer_port)) ||
	    nla_put_string(skb, KTFTP_A_MISS_NAME, printable) ||
	    (answered && nla_put_flag(skb, KTFTP_A_MISS_ANSWERED)))
		return -EMSGSIZE;
	return 0;
}

/**
 * ktftp_event_miss() - a name was asked for that is not published
 * @kn: namespace
 * @listener: id of the listener
 * @key: who asked
 * @name: name as it was sent
 * @name_bytes: its length
 * @answered: it is known that there is no such name, and the client was told
 */
void ktftp_event_miss(struct ktftp_net *kn, u32 listener, const struct ktftp_key *key, const u8 *name,
		      size_t name_bytes, bool answered)
{
	struct event event;

	if (!ktftp_events_wanted(kn))
		return;
	/* Telling costs more than answering; a gap in the numbers says that there were more. */
	if (!__ratelimit(&kn->miss_limit)) {
		spin_lock_bh(&kn->events_lock);
		kn->events++;
		spin_unlock_bh(&kn->events_lock);
		return;
	}
	begin_event(&event, kn, KTFTP_CMD_MISS_NTF, KTFTP_A_MISS_SEQUENCE, KTFTP_A_MISS_PAD);
	end_event(&event, event.skb ? put_miss(event.skb, listener, key, name, name_bytes, answered) : 0);
}
