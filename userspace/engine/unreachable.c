// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors about what was sent: a client that has gone away says so. What an error quotes is what we sent, or what
 * somebody made up: it must name a transfer exactly to mean anything.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <time.h>

#include <linux/errqueue.h>

#include "segment.h"

/* Errors taken at once; there may be more afterwards. */
#define ERRORS_MOST 64

static bool is_port_unreachable(const struct sock_extended_err *error)
{
	if (error->ee_origin == SO_EE_ORIGIN_ICMP)
		return error->ee_type == ICMP_DEST_UNREACH && error->ee_code == ICMP_PORT_UNREACH;
	return error->ee_origin == SO_EE_ORIGIN_ICMP6 && error->ee_type == ICMP6_DST_UNREACH &&
	       error->ee_code == ICMP6_DST_UNREACH_NOPORT;
}

static bool says_port_unreachable(struct msghdr *message)
{
	struct cmsghdr *control;
	int level, type;

	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
		level = control->cmsg_level;
		type = control->cmsg_type;
		if ((level == IPPROTO_IP && type == IP_RECVERR) || (level == IPPROTO_IPV6 && type == IPV6_RECVERR))
			return is_port_unreachable((const struct sock_extended_err *)CMSG_DATA(control));
	}
	return false;
}

/* Whom it was sent to from there; the error does not tell from which of our addresses. */
static struct tftp_transfer *find(const struct tftp_port *port, const union tftp_sockaddr *name)
{
	bool ipv4 = name->any.sa_family == AF_INET;
	struct tftp_key key = { .tid = port->number };

	key.peer_port = ntohs(ipv4 ? name->in.sin_port : name->in6.sin6_port);
	if (ipv4)
		tftp_map_ipv4(&key.peer, name->in.sin_addr.s_addr);
	else
		key.peer = name->in6.sin6_addr;
	if (!ipv4)
		key.scope = name->in6.sin6_scope_id;
	return tftp_transfer_find_peer(port->listener, &key);
}

static void take_error(struct tftp_port *port, struct msghdr *message)
{
	struct tftp_transfer *t;

	if (!says_port_unreachable(message))
		return;
	tftp_count(port->listener->engine, KTFTP_A_STATS_UNREACHABLES_RECEIVED);
	t = find(port, message->msg_name);
	if (t)
		tftp_transfer_unreachable(t);
}

/**
 * tftp_take_errors() - take what a socket's queue of errors has
 * @port: socket
 *
 * Context: between tftp_enter() and tftp_leave().
 */
void tftp_take_errors(struct tftp_port *port)
{
	union tftp_sockaddr name = {};
	_Alignas(8) uint8_t control[256];
	uint8_t quoted[64];
	struct iovec part = { quoted, sizeof(quoted) };
	struct msghdr message;
	int i;

	for (i = 0; i < ERRORS_MOST && port->fd >= 0; i++) {
		message = (struct msghdr){ .msg_name = &name,
					   .msg_namelen = sizeof(name),
					   .msg_iov = &part,
					   .msg_iovlen = 1,
					   .msg_control = control,
					   .msg_controllen = sizeof(control) };
		if (recvmsg(port->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		take_error(port, &message);
	}
}
