/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One UDP socket of the module's: a listening port or a port of the pool for transfers, and what everything
 * sent from it has in common.
 */
#ifndef KTFTP_PORT_H
#define KTFTP_PORT_H

#include <linux/net.h>
#include <net/sock.h>

struct ktftp_listener;

/**
 * struct ktftp_port - one UDP socket
 * @listener: whose port it is
 * @sock: the socket, NULL once it is closed; its user data points here while packets are taken
 * @sk: the same as what packets are sent from; stays set, for a timer's handler may be late: the socket's memory
 *	goes a grace period after it was closed, and handlers are under RCU
 * @number: bound port
 * @ifindex: device or VRF it is bound to, 0 for none
 * @mark: routing mark of what is sent
 * @tos: DSCP of what is sent, where IPv4 and IPv6 have it in a byte
 * @notrack: what is sent passes connection tracking by
 * @listening: takes requests; in single-port mode it takes all else as well
 *
 * Nothing changes between construction and release. It stays valid for a grace period after its listener
 * was unhooked.
 */
struct ktftp_port {
	struct ktftp_listener *listener;
	struct socket *sock;
	struct sock *sk;
	__be16 number;
	int ifindex;
	u32 mark;
	u8 tos;
	bool notrack;
	bool listening;
};

static inline struct sock *ktftp_port_sk(const struct ktftp_port *port)
{
	return port->sk;
}

#endif
