// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the daemon. Handing over is softirq; attaching and the end of a daemon's socket are process
 * context.
 */
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include "buckets.h"
#include "handover.h"
#include "netlink.h"
#include "netns.h"
#include "xmit.h"

/* Room for the attributes around the datagram. */
#define REQUEST_BYTES	256

/* Misses come in bursts when the power comes back; writes and conversions are rare and cost more. */
static const struct ktftp_bucket_rate rates[] = {
	[KTFTP_REQUEST_WHY_MISS] = { .interval_ns = NSEC_PER_SEC / 500, .burst = 1000 },
	[KTFTP_REQUEST_WHY_WRITE] = { .interval_ns = NSEC_PER_SEC / 100, .burst = 200 },
	[KTFTP_REQUEST_WHY_NETASCII] = { .interval_ns = NSEC_PER_SEC / 100, .burst = 200 },
};

static int put_request(struct sk_buff *skb, u32 listener, const struct ktftp_key *key, u64 sequence,
		       enum ktftp_request_why why, const u8 *data, unsigned int bytes)
{
	if (nla_put_u64_64bit(skb, KTFTP_A_REQUEST_SEQUENCE, sequence, KTFTP_A_REQUEST_PAD) ||
	    nla_put_u32(skb, KTFTP_A_REQUEST_LISTENER, listener) ||
	    nla_put_u32(skb, KTFTP_A_REQUEST_WHY, why) ||
	    ktftp_put_address(skb, KTFTP_A_REQUEST_CLIENT, &key->peer) ||
	    nla_put_u16(skb, KTFTP_A_REQUEST_CLIENT_PORT, ntohs(key->peer_port)) ||
	    ktftp_put_address(skb, KTFTP_A_REQUEST_LOCAL, &key->local) ||
	    nla_put_u32(skb, KTFTP_A_REQUEST_IFINDEX, key->ifindex) ||
	    nla_put(skb, KTFTP_A_REQUEST_DATA, bytes, data))
		return -EMSGSIZE;
	return 0;
}

static int send_request(struct ktftp_net *kn, u32 portid, u32 listener, const struct ktftp_key *key,
			enum ktftp_request_why why, const u8 *data, unsigned int bytes)
{
	u64 sequence = atomic64_inc_return(&kn->daemon.sequence);
	struct sk_buff *skb = genlmsg_new(REQUEST_BYTES + bytes, GFP_ATOMIC | __GFP_NOWARN);
	void *header;

	if (!skb)
		return -ENOMEM;
	header = genlmsg_put(skb, 0, 0, &ktftp_family, 0, KTFTP_CMD_REQUEST_NTF);
	if (!header || put_request(skb, listener, key, sequence, why, data, bytes)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return genlmsg_unicast(kn->net, skb, portid);
}

/**
 * ktftp_handover_request() - hand a request to the daemon, if there is one
 * @kn: namespace
 * @listener: id of the listener it came to
 * @key: who asks whom
 * @why: why the module does not serve it
 * @data: the datagram
 * @bytes: its length
 *
 * Each prefix has its share of the daemon's time, misses apart from the rest; what is beyond it, or beyond the
 * room in the daemon's socket, is counted and dropped. The client asks again.
 *
 * Context: softirq, rcu_read_lock().
 */
enum ktftp_handover ktftp_handover_request(struct ktftp_net *kn, u32 listener, const struct ktftp_key *key,
					   enum ktftp_request_why why, const u8 *data, unsigned int bytes)
{
	struct ktftp_daemon *daemon = &kn->daemon;
	u32 portid = smp_load_acquire(&daemon->portid);	/* pairs with attach: its buckets are there */

	if (!portid)
		return READ_ONCE(daemon->was_there) ? KTFTP_HANDOVER_ORPHAN : KTFTP_HANDOVER_NEVER;
	if (!ktftp_buckets_take(daemon->buckets[why], &key->peer, &rates[why]) ||
	    send_request(kn, portid, listener, key, why, data, bytes))
		ktftp_count(kn, KTFTP_A_STATS_REQUESTS_LOST);
	else
		ktftp_count(kn, KTFTP_A_STATS_REQUESTS_HANDED_OVER);
	return KTFTP_HANDOVER_DONE;
}

static int alloc_buckets(struct ktftp_daemon *daemon)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(daemon->buckets); i++) {
		if (!daemon->buckets[i])
			daemon->buckets[i] = ktftp_buckets_alloc();
		if (!daemon->buckets[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * ktftp_handover_attach() - a daemon is there
 * @kn: namespace
 * @portid: its netlink port
 * @extack: where the reason of a refusal goes
 *
 * Context: process; takes the namespace's lock. Return: 0, also when it is attached already; -EBUSY when another
 * one is; -ENOMEM.
 */
int ktftp_handover_attach(struct ktftp_net *kn, u32 portid, struct netlink_ext_ack *extack)
{
	struct ktftp_daemon *daemon = &kn->daemon;
	u32 before;
	int err;

	mutex_lock(&kn->lock);
	err = alloc_buckets(daemon);
	if (!err) {
		WRITE_ONCE(daemon->was_there, true);
		/* A full barrier: who sees the port sees the buckets. */
		before = cmpxchg(&daemon->portid, 0, portid);
		if (before && before != portid) {
			NL_SET_ERR_MSG(extack, "another daemon is attached in this network namespace");
			err = -EBUSY;
		}
	}
	/* What the end of the daemon before led to is done, and takes nothing away that this one publishes. */
	if (!err)
		flush_work(&daemon->gone);
	mutex_unlock(&kn->lock);
	return err;
}

static void withdraw_guests(struct work_struct *work)
{
	struct ktftp_net *kn = container_of(work, struct ktftp_net, daemon.gone);

	/* Unless the next daemon is there already: it has published them again, or will say what goes. */
	if (!READ_ONCE(kn->daemon.portid))
		ktftp_store_remove_attached(&kn->store);
}

/* A netlink socket closed, anybody's. Takes no lock: publishing waits for closing sockets. */
static int on_netlink_event(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;
	struct ktftp_net *kn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC || !notify->portid)
		return NOTIFY_DONE;
	kn = ktftp_net(notify->net);
	if (READ_ONCE(kn->daemon.portid) == notify->portid &&
	    cmpxchg(&kn->daemon.portid, notify->portid, 0) == notify->portid)
		schedule_work(&kn->daemon.gone);
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = on_netlink_event,
};

/**
 * ktftp_handover_begin() - no daemon yet
 * @kn: namespace that begins
 */
void ktftp_handover_begin(struct ktftp_net *kn)
{
	INIT_WORK(&kn->daemon.gone, withdraw_guests);
}

/**
 * ktftp_handover_end() - no daemon any more
 * @kn: namespace that ends; no packet and no netlink socket is left in it
 *
 * Context: process; sleeps.
 */
void ktftp_handover_end(struct ktftp_net *kn)
{
	unsigned int i;

	cancel_work_sync(&kn->daemon.gone);
	for (i = 0; i < ARRAY_SIZE(kn->daemon.buckets); i++)
		kvfree(kn->daemon.buckets[i]);
}

int __init ktftp_handover_init(void)
{
	return netlink_register_notifier(&netlink_notifier);
}

void ktftp_handover_exit(void)
{
	netlink_unregister_notifier(&netlink_notifier);
}
