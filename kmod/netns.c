// SPDX-License-Identifier: GPL-2.0
/*
 * What the module keeps for each network namespace: made when the namespace is, taken down with it.
 *
 * The end of a namespace, in this order and for this reason:
 *
 *  1. pre_exit: no netlink socket is left, so nobody adds a listener. Every socket's user data is cleared:
 *     a packet that arrives from now on finds no listener.
 *  2. The core waits for a grace period: packets that had found one are through.
 *  3. exit: transfers end, their timers are shut down; sockets are closed. What was found before is gone.
 *  4. exit: a grace period once more. A timer's handler that ended its transfer by itself, and so was not
 *     waited for in 3, is through.
 *  5. exit: work that closes listeners by itself is through (it takes the namespace's lock), and so is the work
 *     that looks for listeners without a device.
 *  6. exit: the work that withdraws what is served only while a daemon is attached is through.
 *  7. exit: store and counters go. Contents are released by the module's workqueue, which does not know
 *     namespaces.
 *
 * register_pernet_device, not _subsys: a subsystem's exit comes after all sockets must have gone.
 */
#include <linux/slab.h>

#include "listener.h"
#include "netns.h"

#define UNKNOWN_TID_PER_S	100
#define MISSES_PER_S		1000

unsigned int ktftp_net_id __read_mostly;

static int __net_init begin_net(struct net *net)
{
	struct ktftp_net *kn = ktftp_net(net);
	int err;

	kn->net = net;
	mutex_init(&kn->lock);
	spin_lock_init(&kn->events_lock);
	INIT_LIST_HEAD(&kn->listeners);
	ratelimit_state_init(&kn->unknown_tid_limit, HZ, UNKNOWN_TID_PER_S);
	/* Counted by us; not a line in the log for everybody who sends us junk. */
	ratelimit_set_flags(&kn->unknown_tid_limit, RATELIMIT_MSG_ON_RELEASE);
	ratelimit_state_init(&kn->miss_limit, HZ, MISSES_PER_S);
	ratelimit_set_flags(&kn->miss_limit, RATELIMIT_MSG_ON_RELEASE);
	ktftp_queue_init(&kn->unproven);
	ktftp_queue_init(&kn->done);
	ktftp_listeners_begin(kn);
	ktftp_handover_begin(kn);
	kn->stats = ktftp_stats_alloc();
	if (!kn->stats)
		return -ENOMEM;
	err = ktftp_store_init(&kn->store, net->user_ns);
	if (err)
		goto free_stats;
	err = ktftp_clients_init(&kn->clients);
	if (err)
		goto end_store;
	return 0;

end_store:
	ktftp_store_fini(&kn->store);
free_stats:
	free_percpu(kn->stats);
	return err;
}

static void __net_exit pre_exit_net(struct net *net)
{
	ktftp_listeners_unhook(ktftp_net(net));
}

static void __net_exit exit_nets(struct list_head *nets)
{
	bool listened = false;
	struct net *net;

	list_for_each_entry(net, nets, exit_list) {
		/* Most namespaces never had a listener. */
		if (!ktftp_net(net)->last_listener)
			continue;
		listened = true;
		ktftp_listeners_cut(ktftp_net(net));
	}
	if (listened) {
		synchronize_rcu();
		ktftp_listeners_settle();
	}
	list_for_each_entry(net, nets, exit_list) {
		cancel_work_sync(&ktftp_net(net)->devices_gone);
		ktftp_handover_end(ktftp_net(net));
		ktftp_store_fini(&ktftp_net(net)->store);
		WARN_ON(atomic_read(&ktftp_net(net)->transfers));
		ktftp_clients_fini(&ktftp_net(net)->clients);
		free_percpu(ktftp_net(net)->stats);
	}
}

static struct pernet_operations net_ops = {
	.init = begin_net,
	.pre_exit = pre_exit_net,
	.exit_batch = exit_nets,
	.id = &ktftp_net_id,
	.size = sizeof(struct ktftp_net),
};

int __init ktftp_netns_init(void)
{
	return register_pernet_device(&net_ops);
}

void ktftp_netns_exit(void)
{
	unregister_pernet_device(&net_ops);
}
