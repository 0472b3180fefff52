// SPDX-License-Identifier: GPL-2.0
/* See outbox.h. What the network stack took has been sent; what a queue of this host had no room for goes again. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "port.h"
#include "segment.h"
#include "transfer.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Errors of earlier packets are told to whoever sends next: so often is a message tried again. */
#define TRIES 3

int tftp_outbox_init(struct tftp_outbox *outbox)
{
	outbox->arena = malloc(TFTP_OUTBOX_BYTES);
	return outbox->arena ? 0 : -ENOMEM;
}

void tftp_outbox_free(struct tftp_outbox *outbox)
{
	free(outbox->arena);
}

/**
 * tftp_outbox_room() - room for a message
 * @e: engine
 * @bytes: how much, at most TFTP_OUTBOX_BYTES
 *
 * May send what is there, and so find that something could not be sent. Return: where the message goes; it is in the
 * outbox only after tftp_outbox_add().
 */
uint8_t *tftp_outbox_room(struct engine *e, size_t bytes)
{
	struct tftp_outbox *box = &e->outbox;

	if (box->count == TFTP_OUTBOX_PACKETS || box->used + bytes > TFTP_OUTBOX_BYTES)
		tftp_outbox_flush(e);
	return box->arena + box->used;
}

static void *append(struct msghdr *message, uint8_t *room, int level, int type, size_t bytes)
{
	struct cmsghdr *control = (struct cmsghdr *)(room + message->msg_controllen);

	control->cmsg_level = level;
	control->cmsg_type = type;
	control->cmsg_len = CMSG_LEN(bytes);
	message->msg_control = room;
	message->msg_controllen += CMSG_SPACE(bytes);
	return memset(CMSG_DATA(control), 0, bytes);
}

/* The address that the client asked is the one that answers. */
static void say_source(struct msghdr *message, uint8_t *room, const struct tftp_key *key, uint32_t ifindex)
{
	struct in_pktinfo *in;
	struct in6_pktinfo *in6;

	if (tftp_is_ipv4(&key->local)) {
		in = append(message, room, IPPROTO_IP, IP_PKTINFO, sizeof(*in));
		in->ipi_ifindex = ifindex;
		in->ipi_spec_dst.s_addr = tftp_ipv4_of(&key->local);
	} else {
		in6 = append(message, room, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(*in6));
		in6->ipi6_ifindex = ifindex;
		in6->ipi6_addr = key->local;
	}
}

/**
 * tftp_outbox_add() - what was written into the room is a message
 * @e: engine
 * @key: who talks to whom
 * @ifindex: device or VRF that it leaves by, 0 for what the routes say
 * @packet: what it is
 */
void tftp_outbox_add(struct engine *e, const struct tftp_key *key, uint32_t ifindex, const struct tftp_packet *packet)
{
	struct tftp_outbox *box = &e->outbox;
	unsigned int i = box->count++;
	struct msghdr *message = &box->headers[i].msg_hdr;
	uint8_t *control = box->control[i].bytes;
	uint16_t *segment;

	box->packets[i] = *packet;
	box->parts[i] = (struct iovec){ box->arena + box->used, packet->bytes };
	box->used += packet->bytes;
	*message = (struct msghdr){ .msg_name = &box->names[i], .msg_iov = &box->parts[i], .msg_iovlen = 1 };
	message->msg_namelen = tftp_sockaddr(&box->names[i], &key->peer, key->peer_port, key->scope);
	if (packet->port->listener->wildcard || ifindex)
		say_source(message, control, key, ifindex);
	if (packet->segment) {
		segment = append(message, control, IPPROTO_UDP, UDP_SEGMENT, sizeof(*segment));
		*segment = packet->segment;
	}
}

static void was_sent(struct engine *e, const struct tftp_packet *packet)
{
	tftp_add(e, packet->counter, packet->packets);
	tftp_add(e, KTFTP_A_STATS_BYTES_SENT, packet->payload);
	tftp_add(e, KTFTP_A_STATS_SEGMENTS_REPEATED, packet->repeated);
}

/* Neither this one left nor what follows it of the same transfer, which is not sent out of turn. */
static void had_no_room(struct engine *e, unsigned int i)
{
	struct tftp_outbox *box = &e->outbox;
	struct tftp_transfer *t = box->packets[i].transfer;
	unsigned int j;

	tftp_count(e, KTFTP_A_STATS_SEND_FAILED);
	if (!t)
		return;
	for (j = i + 1; j < box->count; j++)
		if (box->packets[j].transfer == t)
			box->packets[j].port = NULL;
	tftp_segment_lost_here(t, box->packets[i].first);
}

static bool is_lack_of_room(int err)
{
	return err == EAGAIN || err == ENOBUFS || err == ENOMEM;
}

/* The ways in which hosts say that they cannot take this message apart. */
static bool cannot_take_apart(const struct tftp_packet *packet, int err)
{
	return packet->segment &&
	       (err == EINVAL || err == EIO || err == EMSGSIZE || err == EOPNOTSUPP || err == ENOPROTOOPT);
}

/* What a host cannot take apart is sent packet by packet; the control message about that is the last one. */
static int send_apart(struct engine *e, unsigned int i)
{
	struct tftp_outbox *box = &e->outbox;
	struct tftp_packet *packet = &box->packets[i];
	struct msghdr message = box->headers[i].msg_hdr;
	struct iovec part = box->parts[i];
	uint8_t *end = (uint8_t *)part.iov_base + part.iov_len;

	if (packet->transfer)
		tftp_segment_never_together(packet->transfer);
	message.msg_iov = &part;
	message.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
	if (!message.msg_controllen)
		message.msg_control = NULL;
	for (; (uint8_t *)part.iov_base < end; part.iov_base = (uint8_t *)part.iov_base + packet->segment) {
		part.iov_len = end - (uint8_t *)part.iov_base;
		if (part.iov_len > packet->segment)
			part.iov_len = packet->segment;
		if (sendmsg(packet->port->fd, &message, MSG_DONTWAIT) < 0)
			return errno;
	}
	return 0;
}

/* What the network said about an earlier packet is told instead of an error of this one, once each. */
static bool may_be_of_another(int err)
{
	return err != EPERM && err != EINVAL;
}

/* One message was not taken. Returns whether it is to be tried again. */
static bool try_again(struct engine *e, unsigned int i, int err, unsigned int *tries)
{
	struct tftp_packet *packet = &e->outbox.packets[i];

	if (err == EINTR)
		return true;
	if (cannot_take_apart(packet, err)) {
		err = send_apart(e, i);
		if (!err) {
			was_sent(e, packet);
			return false;
		}
	}
	if (is_lack_of_room(err)) {
		had_no_room(e, i);
		return false;
	}
	if (may_be_of_another(err) && ++*tries < TRIES)
		return true;
	tftp_count(e, KTFTP_A_STATS_SEND_FAILED);
	return false;
}

/* How many messages from i on leave from the same socket. */
static unsigned int run_of(const struct tftp_outbox *box, unsigned int i)
{
	unsigned int end = i + 1;

	while (end < box->count && box->packets[end].port == box->packets[i].port)
		end++;
	return end - i;
}

/* Returns how many of them are dealt with. */
static unsigned int send_run(struct engine *e, unsigned int i, unsigned int count)
{
	struct tftp_outbox *box = &e->outbox;
	int fd = box->packets[i].port->fd, sent, err;
	unsigned int tries = 0, j;

	if (fd < 0)
		return count;
	do {
		/* A single one has a cheaper call. */
		if (count > 1)
			sent = sendmmsg(fd, &box->headers[i], count, MSG_DONTWAIT);
		else
			sent = sendmsg(fd, &box->headers[i].msg_hdr, MSG_DONTWAIT) < 0 ? -1 : 1;
		err = errno;
	} while (sent < 0 && try_again(e, i, err, &tries));
	if (sent <= 0)
		return 1;
	for (j = 0; j < (unsigned int)sent; j++)
		was_sent(e, &box->packets[i + j]);
	return sent;
}

/**
 * tftp_outbox_flush() - send everything
 * @e: engine
 */
void tftp_outbox_flush(struct engine *e)
{
	struct tftp_outbox *box = &e->outbox;
	unsigned int i = 0;

	while (i < box->count) {
		if (box->packets[i].port)
			i += send_run(e, i, run_of(box, i));
		else
			i++;
	}
	box->count = 0;
	box->used = 0;
}
