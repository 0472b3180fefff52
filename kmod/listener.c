// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners: added, drained, deleted, and what becomes of them when their device or their namespace goes. Process
 * context, under the namespace's lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "listener.h"
#include "netns.h"
#include "params.h"
#include "ports.h"
#include "transfer.h"

/* Listeners of a network namespace that a user namespace owns. */
#define USER_LISTENERS	4

/* How often a closing listener is looked at, in jiffies. */
#define CLOSE_POLL	(HZ / 4)

static struct workqueue_struct *queue;

static void changed(struct ktftp_net *kn)
{
	lockdep_assert_held(&kn->lock);
	if (!++kn->generation)
		kn->generation = 1;
}

static void free_listener(struct work_struct *work)
{
	struct ktftp_listener *listener = container_of(to_rcu_work(work), struct ktftp_listener, free_work);

	pr_debug("listener %p destroyed\n", listener);
	ktftp_table_destroy(&listener->table);
	kvfree(listener);
}

/**
 * ktftp_listener_put() - give a reference back
 * @listener: listener
 *
 * Context: any; the memory goes after a grace period, on the module's workqueue.
 */
void ktftp_listener_put(struct ktftp_listener *listener)
{
	if (refcount_dec_and_test(&listener->ref))
		queue_rcu_work(queue, &listener->free_work);
}

/* What is left of a listener ends before the module does: see ktftp_exit(). */
static void release_module(struct ktftp_listener *listener)
{
	if (listener->keeps_module)
		module_put(THIS_MODULE);
	listener->keeps_module = false;
}

/*
 * A grace period after ktftp_ports_unhook(). Its sockets are gone when this returns; handlers of timers that ended
 * their transfers by themselves may still be on their way out.
 */
static void take_apart(struct ktftp_listener *listener)
{
	lockdep_assert_held(&listener->kn->lock);
	list_del_init(&listener->list);
	changed(listener->kn);
	if (cancel_delayed_work(&listener->close_work))
		ktftp_listener_put(listener);
	ktftp_transfer_flush(&listener->table);
	ktftp_ports_close(listener);
	release_module(listener);
	/* Frees it a grace period later. */
	ktftp_listener_put(listener);
}

static void destroy(struct ktftp_listener *listener)
{
	lockdep_assert_held(&listener->kn->lock);
	ktftp_ports_unhook(listener);
	synchronize_net();
	take_apart(listener);
}

/* The work owns a reference while it is queued; it passes it on when it queues itself again. */
static void close_when_done(struct work_struct *work)
{
	struct ktftp_listener *listener = container_of(to_delayed_work(work), struct ktftp_listener, close_work);
	struct ktftp_net *kn = listener->kn;
	bool again = false;

	mutex_lock(&kn->lock);
	if (!list_empty(&listener->list)) {
		again = atomic_read(&listener->table.active) && time_before(jiffies, listener->close_at) &&
			!kn->dying;
		if (again)
			queue_delayed_work(queue, &listener->close_work, CLOSE_POLL);
		else
			destroy(listener);
	}
	mutex_unlock(&kn->lock);
	if (!again)
		ktftp_listener_put(listener);
}

static struct ktftp_listener *new_listener(struct ktftp_net *kn, const struct ktftp_listen *listen)
{
	struct ktftp_listener *listener;
	int err;

	listener = kvzalloc(struct_size(listener, ports, KTFTP_TID_POOL + 1), GFP_KERNEL_ACCOUNT);
	if (!listener)
		return ERR_PTR(-ENOMEM);
	err = ktftp_table_init(&listener->table, kn);
	if (err) {
		kvfree(listener);
		return ERR_PTR(err);
	}
	refcount_set(&listener->ref, 1);
	INIT_LIST_HEAD(&listener->list);
	INIT_DELAYED_WORK(&listener->close_work, close_when_done);
	INIT_RCU_WORK(&listener->free_work, free_listener);
	listener->kn = kn;
	listener->listen = *listen;
	listener->state = listen->draining ? KTFTP_LISTENER_STATE_DRAINING : KTFTP_LISTENER_STATE_ACTIVE;
	/* A listener keeps the module: rmmod says that it is in use. But not everybody may keep it from going. */
	listener->keeps_module = kn->net->user_ns == &init_user_ns;
	if (listener->keeps_module)
		__module_get(THIS_MODULE);
	pr_debug("listener %p created\n", listener);
	return listener;
}

static bool is_same(const struct ktftp_listen *a, const struct ktftp_listen *b)
{
	return ipv6_addr_equal(&a->address, &b->address) && a->port == b->port && a->ifindex == b->ifindex;
}

/* The listener of that address: one that is open, or else one that is closing. */
static struct ktftp_listener *find(struct ktftp_net *kn, const struct ktftp_listen *listen)
{
	struct ktftp_listener *listener, *closing = NULL;

	lockdep_assert_held(&kn->lock);
	list_for_each_entry(listener, &kn->listeners, list) {
		if (!is_same(&listener->listen, listen))
			continue;
		if (listener->state != KTFTP_LISTENER_STATE_CLOSING)
			return listener;
		closing = listener;
	}
	return closing;
}

static struct ktftp_listener *find_or_say(struct ktftp_net *kn, const struct ktftp_listen *listen,
					  struct netlink_ext_ack *extack)
{
	struct ktftp_listener *listener = find(kn, listen);

	if (!listener)
		NL_SET_ERR_MSG(extack, "there is no such listener");
	return listener;
}

/**
 * ktftp_listener_find_open() - the listener with that id, if it takes requests
 * @kn: namespace; its lock is held
 * @id: id
 *
 * Return: the listener, without a reference, or NULL.
 */
struct ktftp_listener *ktftp_listener_find_open(struct ktftp_net *kn, u32 id)
{
	struct ktftp_listener *listener;

	lockdep_assert_held(&kn->lock);
	list_for_each_entry(listener, &kn->listeners, list)
		if (listener->id == id && listener->state == KTFTP_LISTENER_STATE_ACTIVE)
			return listener;
	return NULL;
}

static unsigned int list_count(const struct list_head *list)
{
	const struct list_head *at;
	unsigned int count = 0;

	list_for_each(at, list)
		count++;
	return count;
}

/* A listener is a few hundred sockets: anybody may have a user namespace, and not thousands of those. */
static unsigned int most_listeners(const struct ktftp_net *kn)
{
	unsigned int most = ktftp_param(max_listeners);

	return kn->net->user_ns == &init_user_ns ? most : min_t(unsigned int, most, USER_LISTENERS);
}

static int check(const struct ktftp_listen *listen, struct netlink_ext_ack *extack)
{
	if (listen->tid_first > listen->tid_last || !listen->tid_first) {
		NL_SET_ERR_MSG(extack, "the range of ports for transfers is empty");
		return -EINVAL;
	}
	if (ipv6_addr_is_multicast(&listen->address) ||
	    (ktftp_listen_is_ipv4(listen) && (ipv4_is_multicast(listen->address.s6_addr32[3]) ||
					      ipv4_is_lbcast(listen->address.s6_addr32[3])))) {
		NL_SET_ERR_MSG(extack, "cannot listen on a multicast or broadcast address");
		return -EINVAL;
	}
	if (ipv6_addr_type(&listen->address) & IPV6_ADDR_LINKLOCAL && !listen->ifindex) {
		NL_SET_ERR_MSG(extack, "a link-local address needs a device");
		return -EINVAL;
	}
	return 0;
}

static bool has_device(const struct ktftp_net *kn, const struct ktftp_listen *listen)
{
	bool has;

	if (!listen->ifindex)
		return true;
	rcu_read_lock();
	has = dev_get_by_index_rcu(kn->net, listen->ifindex);
	rcu_read_unlock();
	return has;
}

/**
 * ktftp_listener_add() - open a listening port and its pool
 * @kn: namespace
 * @listen: what it is to be
 * @id: where its number goes
 * @extack: where the reason of a refusal goes
 *
 * Context: process; takes the namespace's lock. Return: 0; -EEXIST, -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL,
 * -ENODEV, -EAFNOSUPPORT, -ENOMEM.
 */
int ktftp_listener_add(struct ktftp_net *kn, const struct ktftp_listen *listen, u32 *id,
		       struct netlink_ext_ack *extack)
{
	struct ktftp_listener *listener;
	int err = check(listen, extack);

	if (err)
		return err;
	mutex_lock(&kn->lock);
	listener = find(kn, listen);
	if (listener && listener->state != KTFTP_LISTENER_STATE_CLOSING) {
		NL_SET_ERR_MSG(extack, "this listener exists");
		err = -EEXIST;
		goto unlock;
	}
	if (list_count(&kn->listeners) >= most_listeners(kn)) {
		NL_SET_ERR_MSG(extack,
			       "too many listeners in this network namespace: see the module's parameter max_listeners");
		err = -ENOSPC;
		goto unlock;
	}
	listener = new_listener(kn, listen);
	if (IS_ERR(listener)) {
		err = PTR_ERR(listener);
		goto unlock;
	}
	err = ktftp_ports_open(listener, extack);
	if (err) {
		ktftp_ports_close(listener);
		release_module(listener);
		ktftp_listener_put(listener);
		goto unlock;
	}
	WRITE_ONCE(kn->last_listener, kn->last_listener + 1);
	listener->id = kn->last_listener;
	list_add_tail(&listener->list, &kn->listeners);
	ktftp_ports_hook(listener);
	*id = listener->id;
	changed(kn);
	/* From here on it is found when its device goes: on_device_event() looks at last_listener after that. */
	smp_mb();
	if (!has_device(kn, listen)) {
		NL_SET_ERR_MSG(extack, "there is no such device any more");
		destroy(listener);
		err = -ENODEV;
	}
unlock:
	mutex_unlock(&kn->lock);
	return err;
}

/**
 * ktftp_listener_drain() - take no new requests, or take them again
 * @kn: namespace
 * @listen: address, port and device of the listener, and which of the two
 * @extack: where the reason of a refusal goes
 *
 * Context: process; takes the namespace's lock. Return: 0 or -ENOENT.
 */
int ktftp_listener_drain(struct ktftp_net *kn, const struct ktftp_listen *listen, struct netlink_ext_ack *extack)
{
	struct ktftp_listener *listener;

	mutex_lock(&kn->lock);
	listener = find_or_say(kn, listen, extack);
	if (listener && listener->state != KTFTP_LISTENER_STATE_CLOSING)
		WRITE_ONCE(listener->state, listen->draining ? KTFTP_LISTENER_STATE_DRAINING :
							       KTFTP_LISTENER_STATE_ACTIVE);
	mutex_unlock(&kn->lock);
	return listener ? 0 : -ENOENT;
}

/* Frees the listening port for others while transfers go on; in single-port mode they need it. */
static void begin_close(struct ktftp_listener *listener)
{
	if (listener->state == KTFTP_LISTENER_STATE_CLOSING)
		return;
	WRITE_ONCE(listener->state, KTFTP_LISTENER_STATE_CLOSING);
	if (!(listener->listen.flags & KTFTP_LISTENER_FLAG_SINGLE_PORT)) {
		ktftp_port_unhook(&listener->ports[0]);
		synchronize_net();
		ktftp_port_close(&listener->ports[0]);
	}
	listener->close_at = jiffies + KTFTP_DRAIN_S * HZ;
	refcount_inc(&listener->ref);
	queue_delayed_work(queue, &listener->close_work, CLOSE_POLL);
}

/**
 * ktftp_listener_del() - close a listening port
 * @kn: namespace
 * @listen: address, port and device of the listener
 * @now: end its transfers too; else they have KTFTP_DRAIN_S seconds
 * @extack: where the reason of a refusal goes
 *
 * Context: process; takes the namespace's lock, waits for a grace period. Return: 0 or -ENOENT.
 */
int ktftp_listener_del(struct ktftp_net *kn, const struct ktftp_listen *listen, bool now,
		       struct netlink_ext_ack *extack)
{
	struct ktftp_listener *listener;

	mutex_lock(&kn->lock);
	listener = find_or_say(kn, listen, extack);
	if (listener && (now || !atomic_read(&listener->table.active)))
		destroy(listener);
	else if (listener)
		begin_close(listener);
	mutex_unlock(&kn->lock);
	return listener ? 0 : -ENOENT;
}

/**
 * ktftp_listeners_unhook() - no packet finds a listener of this namespace, once a grace period has passed
 * @kn: namespace that is going away
 *
 * Context: process, before the grace period that the namespace's end waits for.
 */
void ktftp_listeners_unhook(struct ktftp_net *kn)
{
	struct ktftp_listener *listener;

	mutex_lock(&kn->lock);
	WRITE_ONCE(kn->dying, true);
	list_for_each_entry(listener, &kn->listeners, list)
		ktftp_ports_unhook(listener);
	mutex_unlock(&kn->lock);
}

/**
 * ktftp_listeners_cut() - end all listeners of a namespace
 * @kn: namespace that is going away, a grace period after ktftp_listeners_unhook()
 *
 * Context: process; sleeps.
 */
void ktftp_listeners_cut(struct ktftp_net *kn)
{
	struct ktftp_listener *listener, *next;

	mutex_lock(&kn->lock);
	list_for_each_entry_safe(listener, next, &kn->listeners, list)
		take_apart(listener);
	mutex_unlock(&kn->lock);
}

/**
 * ktftp_listeners_settle() - wait for work that closes listeners
 *
 * Context: process. Afterwards no work uses a namespace whose listeners were cut.
 */
void ktftp_listeners_settle(void)
{
	flush_workqueue(queue);
}

/* Its device is gone: nothing arrives any more, and nobody could name it. */
static void close_without_device(struct ktftp_listener *listener)
{
	WRITE_ONCE(listener->state, KTFTP_LISTENER_STATE_CLOSING);
	listener->close_at = jiffies;
	refcount_inc(&listener->ref);
	/* The work that waits already owns a reference. */
	if (!queue_delayed_work(queue, &listener->close_work, 0))
		ktftp_listener_put(listener);
}

static void close_without_devices(struct work_struct *work)
{
	struct ktftp_net *kn = container_of(work, struct ktftp_net, devices_gone);
	struct ktftp_listener *listener;

	mutex_lock(&kn->lock);
	list_for_each_entry(listener, &kn->listeners, list)
		if (!kn->dying && !has_device(kn, &listener->listen))
			close_without_device(listener);
	mutex_unlock(&kn->lock);
}

/**
 * ktftp_listeners_begin() - no listener yet
 * @kn: namespace that begins
 */
void ktftp_listeners_begin(struct ktftp_net *kn)
{
	INIT_WORK(&kn->devices_gone, close_without_devices);
}

/*
 * A device goes, or moves to another namespace. The namespace may be one that could not begin, without anything of
 * ours. Under RTNL, which must not wait for a namespace's lock: its owner decides how long that is held.
 */
static int on_device_event(struct notifier_block *block, unsigned long event, void *data)
{
	const struct net_device *device = netdev_notifier_info_to_dev(data);
	struct ktftp_net *kn = ktftp_net(dev_net(device));

	if (event != NETDEV_UNREGISTER || !kn)
		return NOTIFY_DONE;
	/* The grace period before the namespace's end comes after this. */
	rcu_read_lock();
	if (READ_ONCE(kn->last_listener) && !READ_ONCE(kn->dying))
		queue_work(queue, &kn->devices_gone);
	rcu_read_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = on_device_event,
};

/**
 * ktftp_listeners_watch() - close listeners whose device goes
 *
 * Context: process, when namespaces are known. Return: 0 or a negative error.
 */
int __init ktftp_listeners_watch(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/**
 * ktftp_listeners_unwatch() - undo ktftp_listeners_watch()
 */
void ktftp_listeners_unwatch(void)
{
	unregister_netdevice_notifier(&device_notifier);
}

int __init ktftp_listener_init(void)
{
	queue = alloc_workqueue("ktftp", WQ_UNBOUND, 0);
	return queue ? 0 : -ENOMEM;
}

/* After rcu_barrier(): the last listener's memory is on its way to the queue through RCU. */
void ktftp_listener_exit(void)
{
	destroy_workqueue(queue);
}
