// SPDX-License-Identifier: GPL-2.0
/* Listeners: add, delete, drain, list. */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>

#include "dump.h"

/* What names a listener in every command. */
static int put_identity(struct nl_msg *msg, const struct ktftp_listener *listener)
{
	if (nla_put(msg, KTFTP_A_LISTENER_ADDRESS, listener->address.length, listener->address.bytes))
		return -ENOMEM;
	if (listener->port && nla_put_u16(msg, KTFTP_A_LISTENER_PORT, listener->port))
		return -ENOMEM;
	if (listener->device[0] && nla_put_string(msg, KTFTP_A_LISTENER_DEVICE, listener->device))
		return -ENOMEM;
	return 0;
}

static int put_properties(struct nl_msg *msg, const struct ktftp_listener *listener)
{
	if (listener->flags && nla_put_u32(msg, KTFTP_A_LISTENER_FLAGS, listener->flags))
		return -ENOMEM;
	if (listener->tid_first && nla_put_u16(msg, KTFTP_A_LISTENER_TID_FIRST, listener->tid_first))
		return -ENOMEM;
	if (listener->tid_last && nla_put_u16(msg, KTFTP_A_LISTENER_TID_LAST, listener->tid_last))
		return -ENOMEM;
	if (listener->dscp && nla_put_u8(msg, KTFTP_A_LISTENER_DSCP, listener->dscp))
		return -ENOMEM;
	if (listener->mark && nla_put_u32(msg, KTFTP_A_LISTENER_MARK, listener->mark))
		return -ENOMEM;
	if (listener->state == KTFTP_LISTENER_STATE_DRAINING &&
	    nla_put_u32(msg, KTFTP_A_LISTENER_STATE, listener->state))
		return -ENOMEM;
	return 0;
}

static int send_or_free(struct ktftp *k, struct nl_msg *msg, int err)
{
	if (!err)
		return ktftp_call(k, msg, NULL);
	nlmsg_free(msg);
	return ktftp_fail(k, err, "out of memory");
}

/**
 * ktftp_listener_add() - open a listening port
 * @k: connection
 * @listener: what it is to be
 *
 * Return: 0; -EADDRINUSE, -EADDRNOTAVAIL, -EEXIST, -EINVAL, -ENODEV, -EPERM, ...
 */
int ktftp_listener_add(struct ktftp *k, const struct ktftp_listener *listener)
{
	struct nl_msg *msg = ktftp_request(k, KTFTP_CMD_LISTENER_ADD, NLM_F_ACK);

	if (!msg)
		return -ENOMEM;
	return send_or_free(k, msg, put_identity(msg, listener) || put_properties(msg, listener) ? -ENOMEM : 0);
}

/**
 * ktftp_listener_del() - close a listening port
 * @k: connection
 * @listener: its address, port and device
 * @now: end running transfers, too
 *
 * Return: 0; -ENOENT, ...
 */
int ktftp_listener_del(struct ktftp *k, const struct ktftp_listener *listener, bool now)
{
	struct nl_msg *msg = ktftp_request(k, KTFTP_CMD_LISTENER_DEL, NLM_F_ACK);
	int err;

	if (!msg)
		return -ENOMEM;
	err = put_identity(msg, listener);
	if (!err && now)
		err = nla_put_flag(msg, KTFTP_A_LISTENER_NOW);
	return send_or_free(k, msg, err ? -ENOMEM : 0);
}

static int set_state(struct ktftp *k, const struct ktftp_listener *listener, uint32_t state)
{
	struct nl_msg *msg = ktftp_request(k, KTFTP_CMD_LISTENER_DRAIN, NLM_F_ACK);
	int err;

	if (!msg)
		return -ENOMEM;
	err = put_identity(msg, listener);
	/* What an older module knows is said in its words. */
	if (!err && state != KTFTP_LISTENER_STATE_DRAINING)
		err = nla_put_u32(msg, KTFTP_A_LISTENER_STATE, state);
	return send_or_free(k, msg, err ? -ENOMEM : 0);
}

/**
 * ktftp_listener_drain() - let a listener take no new requests
 * @k: connection
 * @listener: its address, port and device
 *
 * Return: 0; -ENOENT, ...
 */
int ktftp_listener_drain(struct ktftp *k, const struct ktftp_listener *listener)
{
	return set_state(k, listener, KTFTP_LISTENER_STATE_DRAINING);
}

/**
 * ktftp_listener_resume() - let a draining listener take requests again
 * @k: connection
 * @listener: its address, port and device
 *
 * Return: 0; -ENOENT, ...
 */
int ktftp_listener_resume(struct ktftp *k, const struct ktftp_listener *listener)
{
	return set_state(k, listener, KTFTP_LISTENER_STATE_ACTIVE);
}

static int take_listener(struct nlattr *const *a, void *context)
{
	struct ktftp_listener *out = vector_add(context);

	if (!out)
		return -ENOMEM;
	out->id = ktftp_get_u32(a[KTFTP_A_LISTENER_ID]);
	ktftp_get_address(&out->address, a[KTFTP_A_LISTENER_ADDRESS]);
	out->port = ktftp_get_u16(a[KTFTP_A_LISTENER_PORT]);
	ktftp_get_string(out->device, sizeof(out->device), a[KTFTP_A_LISTENER_DEVICE]);
	out->flags = ktftp_get_u32(a[KTFTP_A_LISTENER_FLAGS]);
	out->tid_first = ktftp_get_u16(a[KTFTP_A_LISTENER_TID_FIRST]);
	out->tid_last = ktftp_get_u16(a[KTFTP_A_LISTENER_TID_LAST]);
	out->dscp = ktftp_get_u8(a[KTFTP_A_LISTENER_DSCP]);
	out->mark = ktftp_get_u32(a[KTFTP_A_LISTENER_MARK]);
	out->state = ktftp_get_u32(a[KTFTP_A_LISTENER_STATE]);
	out->tid_ports = ktftp_get_u32(a[KTFTP_A_LISTENER_TID_PORTS]);
	out->transfers = ktftp_get_u32(a[KTFTP_A_LISTENER_TRANSFERS]);
	return 0;
}

/**
 * ktftp_listener_list() - list the listeners of the namespace
 * @k: connection
 * @fn: called for each, oldest first
 * @context: for @fn
 *
 * Return: 0, what @fn returned, or a negative errno.
 */
int ktftp_listener_list(struct ktftp *k, ktftp_listener_fn fn, void *context)
{
	struct vector list = { .item_bytes = sizeof(struct ktftp_listener) };
	const struct ktftp_listener *all;
	size_t i;
	int err;

	err = vector_dump(k, KTFTP_CMD_LISTENER_GET, KTFTP_A_LISTENER_MAX, take_listener, &list);
	all = list.items;
	for (i = 0; !err && i < list.count; i++)
		err = fn(&all[i], context);
	vector_free(&list);
	return err;
}
