// SPDX-License-Identifier: GPL-2.0
/*
 * Listening ports and pools of transfer ports: opened, drained, closed. Process context, under the
 * namespace's lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gcd.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/udp_tunnel.h>

#include "icmp.h"
#include "listener.h"
#include "netns.h"
#include "params.h"
#include "receive.h"
#include "transfer.h"

/* Listeners of a network namespace that a user namespace owns. */
#define USER_LISTENERS	4

/* How often a closing listener is looked at, in jiffies. */
#define CLOSE_POLL	(HZ / 4)

static struct workqueue_struct *queue;

static bool is_ipv4(const struct ktftp_listen *listen)
{
	return ipv6_addr_v4mapped(&listen->address);
}

static int bind_socket(struct socket *sock, const struct ktftp_listen *listen, u16 number)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = listen->address.s6_addr32[3],
		.sin_port = htons(number),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = listen->address,
		.sin6_port = htons(number),
	};

	if (is_ipv4(listen))
		return kernel_bind(sock, (struct sockaddr *)&in, sizeof(in));
	if (ipv6_addr_type(&listen->address) & IPV6_ADDR_LINKLOCAL)
		in6.sin6_scope_id = listen->ifindex;
	return kernel_bind(sock, (struct sockaddr *)&in6, sizeof(in6));
}

/*
 * A socket that belongs to the kernel holds no reference on its namespace: the namespace ends us. udp_tunnel
 * is a module of its own, so its few lines are here: insmod works on a host where nothing else is loaded.
 */
static int open_socket(struct ktftp_net *kn, const struct ktftp_listen *listen, u16 number, struct socket **out)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(kn->net, is_ipv4(listen) ? AF_INET : AF_INET6, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return err;
	if (!is_ipv4(listen))
		ip6_sock_set_v6only(sock->sk);
	if (listen->ifindex)
		err = sock_bindtoindex(sock->sk, listen->ifindex, true);
	if (!err)
		err = bind_socket(sock, listen, number);
	if (err) {
		sock_release(sock);
		return err;
	}
	sock->sk->sk_allocation = GFP_ATOMIC;
	*out = sock;
	return 0;
}

static int open_port(struct ktftp_listener *listener, u16 number, bool listening)
{
	const struct ktftp_listen *listen = &listener->listen;
	struct ktftp_port *port = &listener->ports[listener->port_count];
	int err;

	err = open_socket(listener->kn, listen, number, &port->sock);
	if (err)
		return err;
	port->sk = port->sock->sk;
	port->listener = listener;
	port->number = htons(number);
	port->ifindex = listen->ifindex;
	port->mark = listen->mark;
	port->tos = listen->dscp << 2;
	port->notrack = listen->flags & KTFTP_LISTENER_FLAG_NOTRACK;
	port->listening = listening;
	listener->port_count++;
	return 0;
}

/* From here on packets arrive. */
static void hook(struct ktftp_port *port)
{
	struct sock *sk = ktftp_port_sk(port);

	rcu_assign_sk_user_data(sk, port);
	ktftp_icmp_hook(sk);
	WRITE_ONCE(udp_sk(sk)->encap_rcv, ktftp_receive);
	/* Any type will do that the stack does not know: it makes the stack call the hook. */
	WRITE_ONCE(udp_sk(sk)->encap_type, 1);
	udp_tunnel_encap_enable(sk);
}

static void unhook(struct ktftp_port *port)
{
	if (port->sock)
		rcu_assign_sk_user_data(ktftp_port_sk(port), NULL);
}

/* A grace period after unhook(). */
static void close_port(struct ktftp_port *port)
{
	if (!port->sock)
		return;
	kernel_sock_shutdown(port->sock, SHUT_RDWR);
	sock_release(port->sock);
	port->sock = NULL;
}

static void close_ports(struct ktftp_listener *listener)
{
	unsigned int i;

	for (i = 0; i < listener->port_count; i++)
		close_port(&listener->ports[i]);
}

static bool is_in_range(const struct ktftp_listen *listen, u16 number)
{
	return number >= listen->tid_first && number <= listen->tid_last;
}

/*
 * Takes ports of the range at random, going on from there past those that others hold. With a range smaller
 * than the pool, all of it will do.
 */
static int open_pool(struct ktftp_listener *listener, struct netlink_ext_ack *extack)
{
	const struct ktftp_listen *listen = &listener->listen;
	unsigned int range = listen->tid_last - listen->tid_first + 1, i, step = 1;
	unsigned int want = min_t(unsigned int, range - is_in_range(listen, ntohs(listen->port)), KTFTP_TID_POOL);
	u16 number;
	int err;

	/* A step that shares no factor with the range reaches every port of it once. */
	do {
		step = 1 + get_random_u32_below(range);
	} while (gcd(step, range) != 1);
	number = get_random_u32_below(range);
	for (i = 0; i < range && listener->port_count <= want; i++) {
		err = open_port(listener, listen->tid_first + number, false);
		if (err && err != -EADDRINUSE && err != -EACCES) {
			NL_SET_ERR_MSG(extack, "cannot open a port for transfers");
			return err;
		}
		number = (number + step) % range;
		cond_resched();
	}
	if (!want || listener->port_count <= want) {
		NL_SET_ERR_MSG(extack,
			       "too many ports of the range for transfers are taken: see tid-first and tid-last");
		return -EADDRINUSE;
	}
	listener->pool = &listener->ports[1];
	listener->pool_count = want;
	return 0;
}

static void changed(struct ktftp_net *kn)
{
	lockdep_assert_held(&kn->lock);
	if (!++kn->generation)
		kn->generation = 1;
}

static void say_why_not_bound(int err, struct netlink_ext_ack *extack)
{
	switch (err) {
	case -EADDRINUSE:
		NL_SET_ERR_MSG(extack, "the port is taken: is another TFTP server, or inetd, listening there?");
		break;
	case -EADDRNOTAVAIL:
		NL_SET_ERR_MSG(extack, "this address is not one of ours");
		break;
	case -EAFNOSUPPORT:
		NL_SET_ERR_MSG(extack, "this host has no IPv6");
		break;
	case -ENODEV:
		NL_SET_ERR_MSG(extack, "there is no such device");
		break;
	case -EACCES:
		NL_SET_ERR_MSG(extack, "a port below 1024 needs CAP_NET_BIND_SERVICE");
		break;
	default:
		NL_SET_ERR_MSG(extack, "cannot open the listening port");
		break;
	}
}

static int open_ports(struct ktftp_listener *listener, struct netlink_ext_ack *extack)
{
	int err = open_port(listener, ntohs(listener->listen.port), true);

	if (err) {
		say_why_not_bound(err, extack);
		return err;
	}
	if (listener->listen.flags & KTFTP_LISTENER_FLAG_SINGLE_PORT) {
		listener->pool = listener->ports;
		listener->pool_count = 1;
		return 0;
	}
	return open_pool(listener, extack);
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

/* First step of the end: packets find it no more, once a grace period has passed. */
static void unhook_all(struct ktftp_listener *listener)
{
	unsigned int i;

	for (i = 0; i < listener->port_count; i++)
		unhook(&listener->ports[i]);
}

/*
 * A grace period after unhook_all(). Its sockets are gone when this returns; handlers of timers that ended
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
	close_ports(listener);
	release_module(listener);
	/* Frees it a grace period later. */
	ktftp_listener_put(listener);
}

static void destroy(struct ktftp_listener *listener)
{
	lockdep_assert_held(&listener->kn->lock);
	unhook_all(listener);
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
	err = ktftp_table_init(&listener->table);
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
	listener->state = KTFTP_LISTENER_STATE_ACTIVE;
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
	    (is_ipv4(listen) && (ipv4_is_multicast(listen->address.s6_addr32[3]) ||
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
	unsigned int i;
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
	err = open_ports(listener, extack);
	if (err) {
		close_ports(listener);
		release_module(listener);
		ktftp_listener_put(listener);
		goto unlock;
	}
	listener->id = ++kn->last_listener;
	list_add_tail(&listener->list, &kn->listeners);
	for (i = 0; i < listener->port_count; i++)
		hook(&listener->ports[i]);
	*id = listener->id;
	changed(kn);
unlock:
	mutex_unlock(&kn->lock);
	return err;
}

/**
 * ktftp_listener_drain() - take no new requests
 * @kn: namespace
 * @listen: address, port and device of the listener
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
		WRITE_ONCE(listener->state, KTFTP_LISTENER_STATE_DRAINING);
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
		unhook(&listener->ports[0]);
		synchronize_net();
		close_port(&listener->ports[0]);
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
	kn->dying = true;
	list_for_each_entry(listener, &kn->listeners, list)
		unhook_all(listener);
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

/* A device goes, or moves to another namespace. */
static int on_device_event(struct notifier_block *block, unsigned long event, void *data)
{
	const struct net_device *device = netdev_notifier_info_to_dev(data);
	struct ktftp_net *kn = ktftp_net(dev_net(device));
	struct ktftp_listener *listener;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&kn->lock);
	list_for_each_entry(listener, &kn->listeners, list)
		if (listener->listen.ifindex == device->ifindex)
			close_without_device(listener);
	mutex_unlock(&kn->lock);
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
