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
	    put_u64(skb, KTFTP_A_TRANSFER_AGE_MS, view->age_ms))
		return -EMSGSIZE;
	return 0;
}

/* A message with its number in it; NULL leaves a gap in the numbers that listeners can see. */
static struct sk_buff *new_event(struct ktftp_net *kn, u8 command, int sequence_attribute, int pad, void **header)
{
	u64 sequence = atomic64_inc_return(&kn->events);
	struct sk_buff *skb = genlmsg_new(EVENT_BYTES, GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	*header = genlmsg_put(skb, 0, 0, &ktftp_family, 0, command);
	if (*header && !nla_put_u64_64bit(skb, sequence_attribute, sequence, pad))
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static void tell(struct ktftp_net *kn, struct sk_buff *skb, void *header)
{
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&ktftp_family, kn->net, skb, 0, KTFTP_MCGRP_INDEX_EVENTS, GFP_ATOMIC);
}

/**
 * ktftp_event_start() - a transfer began
 * @kn: namespace
 * @view: transfer
 */
void ktftp_event_start(struct ktftp_net *kn, const struct ktftp_transfer_view *view)
{
	struct sk_buff *skb;
	void *header;

	skb = new_event(kn, KTFTP_CMD_TRANSFER_START_NTF, KTFTP_A_TRANSFER_SEQUENCE, KTFTP_A_TRANSFER_PAD,
			&header);
	if (!skb)
		return;
	if (ktftp_put_transfer(skb, view))
		nlmsg_free(skb);
	else
		tell(kn, skb, header);
}

/**
 * ktftp_event_end() - a transfer ended
 * @kn: namespace
 * @view: transfer, with how it ended
 */
void ktftp_event_end(struct ktftp_net *kn, const struct ktftp_transfer_view *view)
{
	struct sk_buff *skb;
	void *header;

	skb = new_event(kn, KTFTP_CMD_TRANSFER_END_NTF, KTFTP_A_TRANSFER_SEQUENCE, KTFTP_A_TRANSFER_PAD,
			&header);
	if (!skb)
		return;
	if (ktftp_put_transfer(skb, view) || nla_put_u32(skb, KTFTP_A_TRANSFER_END, view->end))
		nlmsg_free(skb);
	else
		tell(kn, skb, header);
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

/**
 * ktftp_event_miss() - a name was asked for that is not published
 * @kn: namespace
 * @listener: id of the listener
 * @key: who asked
 * @name: name as it was sent
 * @name_bytes: its length
 */
void ktftp_event_miss(struct ktftp_net *kn, u32 listener, const struct ktftp_key *key, const u8 *name,
		      size_t name_bytes)
{
	char printable[KTFTP_NAME_MAX + 1];
	struct sk_buff *skb;
	void *header;

	if (!ktftp_events_wanted(kn))
		return;
	skb = new_event(kn, KTFTP_CMD_MISS_NTF, KTFTP_A_MISS_SEQUENCE, KTFTP_A_MISS_PAD, &header);
	if (!skb)
		return;
	make_printable(printable, name, name_bytes);
	if (nla_put_u32(skb, KTFTP_A_MISS_LISTENER, listener) ||
	    ktftp_put_address(skb, KTFTP_A_MISS_CLIENT, &key->peer) ||
	    nla_put_u16(skb, KTFTP_A_MISS_CLIENT_PORT, ntohs(key->peer_port)) ||
	    nla_put_string(skb, KTFTP_A_MISS_NAME, printable))
		nlmsg_free(skb);
	else
		tell(kn, skb, header);
}
