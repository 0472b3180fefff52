// SPDX-License-Identifier: GPL-2.0
/* What the module tells of itself: version and memory, counters, transfers. */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>

#include "connection.h"

static int take_info(struct nlattr *const *a, void *context)
{
	struct ktftp_info *out = context;

	ktftp_get_string(out->version, sizeof(out->version), a[KTFTP_A_INFO_VERSION]);
	out->features = ktftp_get_u32(a[KTFTP_A_INFO_FEATURES]);
	out->store_bytes = ktftp_get_u64(a[KTFTP_A_INFO_STORE_BYTES]);
	out->store_limit_bytes = ktftp_get_u64(a[KTFTP_A_INFO_STORE_LIMIT_BYTES]);
	out->namespace_bytes = ktftp_get_u64(a[KTFTP_A_INFO_NAMESPACE_BYTES]);
	out->namespace_limit_bytes = ktftp_get_u64(a[KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES]);
	return 0;
}

static int get(struct ktftp *k, uint8_t command, const struct ktftp_reply *reply)
{
	struct nl_msg *msg = ktftp_request(k, command, NLM_F_ACK);

	return msg ? ktftp_call(k, msg, reply) : -ENOMEM;
}

/**
 * ktftp_info_get() - version, features and memory of the module
 * @k: connection
 * @info: where they go
 */
int ktftp_info_get(struct ktftp *k, struct ktftp_info *info)
{
	const struct ktftp_reply reply = { .max_attribute = KTFTP_A_INFO_MAX, .fn = take_info, .context = info };

	memset(info, 0, sizeof(*info));
	return get(k, KTFTP_CMD_INFO_GET, &reply);
}

/* Does the module know views, owners, absents, digests and sets? */
bool ktftp_has_sets(struct ktftp *k)
{
	struct ktftp_info info;

	if (!k->knows_features && !ktftp_info_get(k, &info)) {
		k->features = info.features;
		k->knows_features = true;
	}
	return k->features & KTFTP_FEATURE_SETS;
}

/* 0, or -EOPNOTSUPP for a module from before there was such. */
int ktftp_need_sets(struct ktftp *k)
{
	if (ktftp_has_sets(k))
		return 0;
	return ktftp_fail(k, -EOPNOTSUPP, "the loaded module is too old: reload it (rmmod ktftp; modprobe ktftp)");
}

/**
 * ktftp_budget_set() - change what the store of the namespace may hold
 * @k: connection
 * @bytes: that much, or KTFTP_NO_LIMIT
 *
 * Return: 0; -EPERM for who is not root of the host; ...
 */
int ktftp_budget_set(struct ktftp *k, uint64_t bytes)
{
	struct nl_msg *msg;
	int err = ktftp_need_sets(k);

	if (err)
		return err;
	msg = ktftp_request(k, KTFTP_CMD_BUDGET_SET, NLM_F_ACK);
	if (!msg)
		return -ENOMEM;
	nla_put_u64(msg, KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES, bytes);
	return ktftp_call(k, msg, NULL);
}

static int take_stats(struct nlattr *const *a, void *context)
{
	struct ktftp_stats *out = context;
	int i;

	for (i = KTFTP_A_STATS_PAD + 1; i <= KTFTP_A_STATS_MAX; i++)
		out->value[i] = ktftp_get_u64(a[i]);
	return 0;
}

/**
 * ktftp_stats_get() - counters of the namespace
 * @k: connection
 * @stats: where they go
 */
int ktftp_stats_get(struct ktftp *k, struct ktftp_stats *stats)
{
	const struct ktftp_reply reply = { .max_attribute = KTFTP_A_STATS_MAX, .fn = take_stats, .context = stats };

	memset(stats, 0, sizeof(*stats));
	return get(k, KTFTP_CMD_STATS_GET, &reply);
}

/* Also of events, which tell the same. */
void ktftp_get_transfer(struct ktftp_transfer *out, struct nlattr *const *a)
{
	out->sequence = ktftp_get_u64(a[KTFTP_A_TRANSFER_SEQUENCE]);
	out->listener = ktftp_get_u32(a[KTFTP_A_TRANSFER_LISTENER]);
	ktftp_get_address(&out->client, a[KTFTP_A_TRANSFER_CLIENT]);
	out->client_port = ktftp_get_u16(a[KTFTP_A_TRANSFER_CLIENT_PORT]);
	ktftp_get_address(&out->local, a[KTFTP_A_TRANSFER_LOCAL]);
	out->tid = ktftp_get_u16(a[KTFTP_A_TRANSFER_TID]);
	ktftp_get_string(out->name, sizeof(out->name), a[KTFTP_A_TRANSFER_NAME]);
	out->state = ktftp_get_u32(a[KTFTP_A_TRANSFER_STATE]);
	out->end = ktftp_get_u32(a[KTFTP_A_TRANSFER_END]);
	out->size = ktftp_get_u64(a[KTFTP_A_TRANSFER_SIZE]);
	out->bytes = ktftp_get_u64(a[KTFTP_A_TRANSFER_BYTES]);
	out->blksize = ktftp_get_u32(a[KTFTP_A_TRANSFER_BLKSIZE]);
	out->windowsize = ktftp_get_u32(a[KTFTP_A_TRANSFER_WINDOWSIZE]);
	out->repeats = ktftp_get_u32(a[KTFTP_A_TRANSFER_REPEATS]);
	out->srtt_us = ktftp_get_u32(a[KTFTP_A_TRANSFER_SRTT_US]);
	out->age_ms = ktftp_get_u64(a[KTFTP_A_TRANSFER_AGE_MS]);
}

struct transfer_call {
	ktftp_transfer_fn fn;
	void *context;
};

static int take_transfer(struct nlattr *const *a, void *context)
{
	const struct transfer_call *call = context;
	struct ktftp_transfer transfer;

	ktftp_get_transfer(&transfer, a);
	return call->fn(&transfer, call->context);
}

/**
 * ktftp_transfer_list() - list the transfers of the namespace, as they are while the list passes by
 * @k: connection
 * @fn: called for each
 * @context: for @fn
 *
 * Return: 0, what @fn returned, or a negative errno.
 */
int ktftp_transfer_list(struct ktftp *k, ktftp_transfer_fn fn, void *context)
{
	struct transfer_call call = { .fn = fn, .context = context };
	const struct ktftp_reply reply = {
		.max_attribute = KTFTP_A_TRANSFER_MAX,
		.fn = take_transfer,
		.context = &call,
	};

	return ktftp_dump(k, KTFTP_CMD_TRANSFER_GET, &reply);
}
