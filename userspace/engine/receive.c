// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams in. All of this comes from anybody: lengths are checked before use, nothing is kept that did not lead to a
 * download, and what is malformed costs a counter.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "receive.h"
#include "segment.h"

/* Batches taken from one socket before others have their turn. */
#define BATCHES           4

#define STRAYS_ANSWERED_S 100

struct tftp_inbox *tftp_inbox_new(void)
{
	return calloc(1, sizeof(struct tftp_inbox));
}

static void prepare(struct tftp_inbox *box, unsigned int i)
{
	box->parts[i] = (struct iovec){ box->bytes[i], sizeof(box->bytes[i]) };
	box->headers[i].msg_hdr = (struct msghdr){
		.msg_name = &box->names[i],
		.msg_namelen = sizeof(box->names[i]),
		.msg_iov = &box->parts[i],
		.msg_iovlen = 1,
		.msg_control = box->control[i].bytes,
		.msg_controllen = sizeof(box->control[i].bytes),
	};
}

/* RFC 1123 4.2.3.5: what was sent to everybody is to be ignored silently. */
static void local_ipv4(struct tftp_datagram *in, const struct in_pktinfo *info)
{
	tftp_map_ipv4(&in->key.local, info->ipi_addr.s_addr);
	in->broadcast = info->ipi_addr.s_addr != info->ipi_spec_dst.s_addr;
}

static void local_ipv6(struct tftp_datagram *in, const struct in6_pktinfo *info)
{
	in->key.local = info->ipi6_addr;
	in->broadcast = IN6_IS_ADDR_MULTICAST(&info->ipi6_addr);
	if (tftp_key_has_link_local(&in->key))
		in->key.scope = info->ipi6_ifindex;
}

/* Which of our addresses it was sent to. A socket that is bound to one gets nothing else. */
static void take_local(struct tftp_datagram *in, struct msghdr *message)
{
	struct cmsghdr *control;

	in->key.local = in->port->listener->address;
	if (!in->port->listener->wildcard)
		return;
	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO)
			local_ipv4(in, (const struct in_pktinfo *)CMSG_DATA(control));
		else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO)
			local_ipv6(in, (const struct in6_pktinfo *)CMSG_DATA(control));
	}
}

static void take_peer(struct tftp_datagram *in, const union tftp_sockaddr *name)
{
	if (name->any.sa_family == AF_INET) {
		tftp_map_ipv4(&in->key.peer, name->in.sin_addr.s_addr);
		in->key.peer_port = ntohs(name->in.sin_port);
		return;
	}
	in->key.peer = name->in6.sin6_addr;
	in->key.peer_port = ntohs(name->in6.sin6_port);
	if (IN6_IS_ADDR_LINKLOCAL(&in->key.peer))
		in->key.scope = name->in6.sin6_scope_id;
}

/* RFC 1350 section 4: a stray packet is told so and disturbs nothing; rarely, and never a client of ours. */
static void stray(const struct tftp_datagram *in)
{
	struct tftp_listener *listener = in->port->listener;
	struct engine *e = listener->engine;

	tftp_count(e, KTFTP_A_STATS_UNKNOWN_TID);
	if (in->broadcast || !tftp_key_is_client(&in->key) || tftp_transfer_stray(listener, &in->key) ||
	    !tftp_rate_take(&e->strays_answered, e->now_us, STRAYS_ANSWERED_S))
		return;
	tftp_send_error(e, in->port, &in->key, 0, KTFTP_ERR_UNKNOWN_TID, "Unknown transfer ID");
}

static void segment(const struct tftp_datagram *in, uint16_t opcode, uint16_t value)
{
	struct tftp_listener *listener = in->port->listener;
	struct engine *e = listener->engine;

	switch (opcode) {
	case KTFTP_OP_ACK:
		if (!tftp_transfer_ack(listener, &in->key, value))
			stray(in);
		break;
	case KTFTP_OP_ERROR:
		tftp_count(e, KTFTP_A_STATS_ERRORS_RECEIVED);
		if (!tftp_transfer_abort(listener, &in->key))
			tftp_count(e, KTFTP_A_STATS_UNKNOWN_TID);
		break;
	default:
		tftp_count(e, KTFTP_A_STATS_UNKNOWN_TID);
		break;
	}
}

static bool is_segment(const struct tftp_port *port, uint16_t opcode)
{
	return !port->listening ||
	       (tftp_is_single_port(port->listener) && (opcode == KTFTP_OP_ACK || opcode == KTFTP_OP_ERROR));
}

static void datagram(struct tftp_port *port, struct mmsghdr *header)
{
	struct msghdr *message = &header->msg_hdr;
	struct tftp_datagram in = { .port = port, .data = message->msg_iov->iov_base, .bytes = header->msg_len };
	uint16_t opcode, value;

	take_peer(&in, message->msg_name);
	take_local(&in, message);
	in.key.tid = port->number;
	if (ktftp_proto_header(in.data, in.bytes, &opcode, &value))
		tftp_count(port->listener->engine,
			   port->listening ? KTFTP_A_STATS_REQUESTS_MALFORMED : KTFTP_A_STATS_UNKNOWN_TID);
	else if (is_segment(port, opcode))
		segment(&in, opcode, value);
	else
		tftp_request(&in);
}

/* Returns how many datagrams there were, or a negative errno. */
static int take_batch(struct tftp_port *port)
{
	struct tftp_inbox *box = port->listener->engine->inbox;
	int got = recvmmsg(port->fd, box->headers, TFTP_BATCH, MSG_DONTWAIT, NULL), i;

	if (got < 0)
		return -errno;
	tftp_look_at_clock(port->listener->engine);
	/* Whoever is told of a request may close the port it came to. */
	for (i = 0; i < got; i++) {
		if (port->fd >= 0)
			datagram(port, &box->headers[i]);
		prepare(box, i);
	}
	return got;
}

/* What there is, as long as that is not for ever. */
static void take_all(struct tftp_port *port)
{
	int i, got = 0;

	for (i = 0; i < BATCHES && port->fd >= 0; i++) {
		got = take_batch(port);
		/* It has something to say that is no datagram. */
		if (got < 0 && (got != -EAGAIN || !i))
			tftp_take_errors(port);
		if (got < TFTP_BATCH)
			break;
	}
}

/**
 * tftp_receive() - a socket has something
 * @port: socket
 */
void tftp_receive(struct tftp_port *port)
{
	struct engine *e = port->listener->engine;
	unsigned int i;

	/* It may have been used up to its end by nobody yet. */
	if (!e->inbox->parts[0].iov_base)
		for (i = 0; i < TFTP_BATCH; i++)
			prepare(e->inbox, i);
	tftp_enter(e);
	take_all(port);
	tftp_leave(e);
}
