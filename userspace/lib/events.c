// SPDX-License-Identifier: GPL-2.0
/* Events: what happened, as the kernel tells it. */
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>

#include "connection.h"

#define EVENT_BYTES (4 << 20)

struct delivery {
	struct ktftp *k;
	const struct ktftp_events *events;
};

/**
 * ktftp_events_open() - begin to listen to events
 * @k: connection
 *
 * Return: 0; -EPERM without CAP_NET_ADMIN; another negative errno.
 */
int ktftp_events_open(struct ktftp *k)
{
	struct nl_sock *socket;
	int group, err;

	if (ktftp_events_socket(k))
		return 0;
	socket = nl_socket_alloc();
	if (!socket)
		return ktftp_fail(k, -ENOMEM, "out of memory");
	nl_socket_disable_seq_check(socket);
	err = genl_connect(socket);
	if (err)
		goto fail;
	ktftp_set_room(socket, EVENT_BYTES);
	nl_socket_set_nonblocking(socket);
	group = genl_ctrl_resolve_grp(socket, KTFTP_FAMILY_NAME, KTFTP_MCGRP_EVENTS);
	err = group < 0 ? group : nl_socket_add_membership(socket, group);
	if (err)
		goto fail;
	ktftp_set_events_socket(k, socket);
	return 0;

fail:
	nl_socket_free(socket);
	if (err == -NLE_PERM)
		return ktftp_fail(k, -EPERM, "not permitted: events need CAP_NET_ADMIN (are you root?)");
	return ktftp_fail(k, -EIO, "cannot listen to events: %s", nl_geterror(err));
}

/**
 * ktftp_events_fd() - file descriptor to poll for events
 * @k: connection
 */
int ktftp_events_fd(const struct ktftp *k)
{
	return nl_socket_get_fd(ktftp_events_socket(k));
}

/* A gap in the numbers is what the kernel could not tell. */
static void check_sequence(const struct delivery *delivery, uint64_t sequence)
{
	uint64_t *last = ktftp_events_sequence(delivery->k);

	if (*last && sequence > *last + 1 && delivery->events->lost)
		delivery->events->lost(sequence - *last - 1, delivery->events->context);
	if (sequence > *last)
		*last = sequence;
}

static void deliver_transfer(const struct delivery *delivery, struct nlmsghdr *header,
			     void (*fn)(const struct ktftp_transfer *, void *))
{
	struct nlattr *attributes[KTFTP_A_TRANSFER_MAX + 1];
	struct ktftp_transfer transfer;

	if (genlmsg_parse(header, 0, attributes, KTFTP_A_TRANSFER_MAX, NULL))
		return;
	ktftp_get_transfer(&transfer, attributes);
	check_sequence(delivery, transfer.sequence);
	if (fn)
		fn(&transfer, delivery->events->context);
}

static void deliver_miss(const struct delivery *delivery, struct nlmsghdr *header)
{
	struct nlattr *attributes[KTFTP_A_MISS_MAX + 1];
	struct ktftp_miss miss = {};

	if (genlmsg_parse(header, 0, attributes, KTFTP_A_MISS_MAX, NULL))
		return;
	miss.sequence = ktftp_get_u64(attributes[KTFTP_A_MISS_SEQUENCE]);
	miss.listener = ktftp_get_u32(attributes[KTFTP_A_MISS_LISTENER]);
	ktftp_get_address(&miss.client, attributes[KTFTP_A_MISS_CLIENT]);
	miss.client_port = ktftp_get_u16(attributes[KTFTP_A_MISS_CLIENT_PORT]);
	ktftp_get_string(miss.name, sizeof(miss.name), attributes[KTFTP_A_MISS_NAME]);
	miss.answered = attributes[KTFTP_A_MISS_ANSWERED];
	check_sequence(delivery, miss.sequence);
	if (delivery->events->miss)
		delivery->events->miss(&miss, delivery->events->context);
}

static int on_event(struct nl_msg *msg, void *context)
{
	const struct delivery *delivery = context;
	struct nlmsghdr *header = nlmsg_hdr(msg);

	if (header->nlmsg_type != ktftp_family(delivery->k))
		return NL_OK;
	switch (((struct genlmsghdr *)nlmsg_data(header))->cmd) {
	case KTFTP_CMD_TRANSFER_START_NTF:
		deliver_transfer(delivery, header, delivery->events->start);
		break;
	case KTFTP_CMD_TRANSFER_END_NTF:
		deliver_transfer(delivery, header, delivery->events->end);
		break;
	case KTFTP_CMD_MISS_NTF:
		deliver_miss(delivery, header);
		break;
	}
	return NL_OK;
}

/**
 * ktftp_events_read() - take the events that have arrived
 * @k: connection; ktftp_events_open() was called
 * @events: what to do with them
 *
 * Does not wait. Return: 0, or a negative errno.
 */
int ktftp_events_read(struct ktftp *k, const struct ktftp_events *events)
{
	struct delivery delivery = { .k = k, .events = events };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb)
		return ktftp_fail(k, -ENOMEM, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &delivery);
	/* Events answer no request. */
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, ktftp_in_no_sequence, NULL);
	err = nl_recvmsgs(ktftp_events_socket(k), cb);
	nl_cb_put(cb);
	/* The socket was full: the numbers of the next events will show how many are missing. */
	if (err == -NLE_AGAIN || err == -NLE_NOMEM)
		return 0;
	return err < 0 ? ktftp_fail(k, -EIO, "events: %s", nl_geterror(err)) : 0;
}
