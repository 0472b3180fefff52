/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module keeps for one network namespace.
 */
#ifndef KTFTP_NETNS_H
#define KTFTP_NETNS_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "clients.h"
#include "handover.h"
#include "queue.h"
#include "stats.h"
#include "store.h"

/**
 * struct ktftp_net - one network namespace
 * @net: the namespace; we hold no reference, it ends us before it ends
 * @lock: serialises changes of listeners; taken before the store's lock, if both
 * @dying: the namespace is going away; protected by @lock, and read under RCU
 * @listeners: listeners, oldest first; protected by @lock
 * @last_listener: id of the latest listener, 0 before the first; protected by @lock, and read under RCU
 * @generation: changes with every change of @listeners, never 0; protected by @lock
 * @store: names and contents
 * @stats: counters
 * @transfers: transfers in memory
 * @clients: how many each client has, while that is bounded
 * @unproven: those whose client has not answered yet, bounded
 * @done: those that are done and only swallow what comes late
 * @events_lock: keeps events in the order of their numbers; protects @events
 * @events: number of the last event
 * @unknown_tid_limit: how often a stray packet is answered
 * @miss_limit: how often a miss is told
 * @devices_gone: the work that closes listeners whose device went
 * @daemon: who is handed what the module does not serve
 */
struct ktftp_net {
	struct net *net;
	struct mutex lock;
	bool dying;
	struct list_head listeners;
	u32 last_listener;
	u32 generation;
	struct ktftp_store store;
	struct ktftp_stats __percpu *stats;
	atomic_t transfers;
	struct ktftp_clients clients;
	struct ktftp_queue unproven;
	struct ktftp_queue done;
	spinlock_t events_lock;
	u64 events;
	struct ratelimit_state unknown_tid_limit;
	struct ratelimit_state miss_limit;
	struct work_struct devices_gone;
	struct ktftp_daemon daemon;
};

extern unsigned int ktftp_net_id;

static inline struct ktftp_net *ktftp_net(const struct net *net)
{
	return net_generic(net, ktftp_net_id);
}

static inline void ktftp_count(const struct ktftp_net *kn, enum ktftp_a_stats which)
{
	ktftp_stats_inc(kn->stats, which);
}

int ktftp_netns_init(void);
void ktftp_netns_exit(void);

#endif
