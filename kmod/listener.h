/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Listening ports and the pools of ports their transfers use; what arrives there is taken apart here and
 * handed to the transfers.
 *
 * Lifetime: refcounted; the namespace's list holds one reference, a dump that is under way another. Packets
 * find a listener through the user data of its sockets, under RCU: those are cleared first, a grace period
 * passes, then its transfers end, its sockets go, and after another grace period its memory.
 */
#ifndef KTFTP_LISTENER_H
#define KTFTP_LISTENER_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>

#include "port.h"
#include "table.h"
#include "uapi/ktftp.h"

struct ktftp_net;
struct netlink_ext_ack;

#define KTFTP_TID_FIRST		61000	/* default range of ports for transfers, beyond those that Linux */
#define KTFTP_TID_LAST		63999	/* gives to clients, so that firewall rules can name it */
#define KTFTP_TID_POOL		256	/* ports taken from the range */
#define KTFTP_DRAIN_S		30	/* seconds running transfers have when a listener is deleted */

/**
 * struct ktftp_listen - what a listener is asked to be
 * @address: local address, an IPv4 one mapped into IPv6; any is 0.0.0.0 mapped, or ::
 * @port: port
 * @ifindex: device or VRF to bind to, 0 for none
 * @flags: enum ktftp_listener_flag
 * @tid_first: first port for transfers
 * @tid_last: last port for transfers
 * @mark: routing mark of what is sent
 * @dscp: differentiated services code point of what is sent
 * @draining: it takes no requests yet
 */
struct ktftp_listen {
	struct in6_addr address;
	__be16 port;
	int ifindex;
	u32 flags;
	u16 tid_first;
	u16 tid_last;
	u32 mark;
	u8 dscp;
	bool draining;
};

/**
 * struct ktftp_listener - a listening port and what came to it
 * @list: in the namespace's list; protected by the namespace's lock
 * @ref: references
 * @kn: namespace
 * @id: number, never used twice
 * @keeps_module: the module cannot be unloaded while it exists
 * @state: enum ktftp_listener_state; written under the namespace's lock, read by softirq
 * @listen: what it was asked to be
 * @table: its transfers
 * @close_work: ends it when its transfers have ended, or at @close_at; owns a reference while queued
 * @close_at: when they are cut, in jiffies
 * @free_work: frees it, a grace period after nothing uses it
 * @pool: ports for transfers; in single-port mode the listening port
 * @pool_count: how many
 * @port_count: ports in @ports, the listening one included
 * @ports: the listening port, then those for transfers
 */
struct ktftp_listener {
	struct list_head list;
	refcount_t ref;
	struct ktftp_net *kn;
	u32 id;
	bool keeps_module;
	u32 state;
	struct ktftp_listen listen;
	struct ktftp_table table;
	struct delayed_work close_work;
	unsigned long close_at;
	struct rcu_work free_work;
	struct ktftp_port *pool;
	unsigned int pool_count;
	unsigned int port_count;
	struct ktftp_port ports[];
};

static inline bool ktftp_listen_is_ipv4(const struct ktftp_listen *listen)
{
	return ipv6_addr_v4mapped(&listen->address);
}

int ktftp_listener_add(struct ktftp_net *kn, const struct ktftp_listen *listen, u32 *id,
		       struct netlink_ext_ack *extack);
int ktftp_listener_drain(struct ktftp_net *kn, const struct ktftp_listen *listen, struct netlink_ext_ack *extack);
int ktftp_listener_del(struct ktftp_net *kn, const struct ktftp_listen *listen, bool now,
		       struct netlink_ext_ack *extack);
struct ktftp_listener *ktftp_listener_find_open(struct ktftp_net *kn, u32 id);
void ktftp_listener_put(struct ktftp_listener *listener);

void ktftp_listeners_begin(struct ktftp_net *kn);
void ktftp_listeners_unhook(struct ktftp_net *kn);
void ktftp_listeners_cut(struct ktftp_net *kn);
void ktftp_listeners_settle(void);
int ktftp_listeners_watch(void);
void ktftp_listeners_unwatch(void);

int ktftp_listener_init(void);
void ktftp_listener_exit(void);

#endif
