// SPDX-License-Identifier: GPL-2.0
/*
 * The sockets of a listener: its listening port, and its pool of ports for transfers. Process context, under the
 * namespace's lock.
 */
#include <linux/gcd.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <net/ipv6.h>
#include <net/udp_tunnel.h>

#include "icmp.h"
#include "listener.h"
#include "netns.h"
#include "ports.h"
#include "receive.h"

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

	if (ktftp_listen_is_ipv4(listen))
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

	err = sock_create_kern(kn->net, ktftp_listen_is_ipv4(listen) ? AF_INET : AF_INET6, SOCK_DGRAM, IPPROTO_UDP,
			       &sock);
	if (err)
		return err;
	if (!ktftp_listen_is_ipv4(listen))
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

/**
 * ktftp_port_unhook() - packets find a port no more, once a grace period has passed
 * @port: port
 */
void ktftp_port_unhook(struct ktftp_port *port)
{
	if (port->sock)
		rcu_assign_sk_user_data(ktftp_port_sk(port), NULL);
}

/**
 * ktftp_port_close() - close a port's socket, unless it is closed
 * @port: port, a grace period after ktftp_port_unhook()
 */
void ktftp_port_close(struct ktftp_port *port)
{
	if (!port->sock)
		return;
	kernel_sock_shutdown(port->sock, SHUT_RDWR);
	sock_release(port->sock);
	port->sock = NULL;
}

/**
 * ktftp_ports_close() - close all ports of a listener
 * @listener: listener, a grace period after ktftp_ports_unhook()
 */
void ktftp_ports_close(struct ktftp_listener *listener)
{
	unsigned int i;

	for (i = 0; i < listener->port_count; i++)
		ktftp_port_close(&listener->ports[i]);
}

/* Ports that are tried, of a range that others hold much of. */
#define POOL_TRIES	4096

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
	for (i = 0; i < min_t(unsigned int, range, POOL_TRIES) && listener->port_count <= want; i++) {
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

/**
 * ktftp_ports_open() - open the ports of a listener
 * @listener: listener without ports; what was opened is closed by ktftp_ports_close(), on failure too
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EADDRINUSE, -EADDRNOTAVAIL, -EAFNOSUPPORT, -ENODEV, -EACCES, ...
 */
int ktftp_ports_open(struct ktftp_listener *listener, struct netlink_ext_ack *extack)
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

/**
 * ktftp_ports_hook() - from here on packets arrive
 * @listener: listener with its ports open
 */
void ktftp_ports_hook(struct ktftp_listener *listener)
{
	unsigned int i;

	for (i = 0; i < listener->port_count; i++)
		hook(&listener->ports[i]);
}

/**
 * ktftp_ports_unhook() - packets find a listener no more, once a grace period has passed
 * @listener: listener
 */
void ktftp_ports_unhook(struct ktftp_listener *listener)
{
	unsigned int i;

	for (i = 0; i < listener->port_count; i++)
		ktftp_port_unhook(&listener->ports[i]);
}
