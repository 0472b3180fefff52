// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: its operations, and what concerns the namespace as a whole. Version and
 * features tell an older or newer user space what it may ask for.
 */
#include <linux/module.h>
#include <net/ipv6.h>

#include "budget.h"
#include "listener.h"
#include "netlink.h"
#include "netns.h"
#include "params.h"

#define FEATURES	(KTFTP_FEATURE_PINNED | KTFTP_FEATURE_COPIED | KTFTP_FEATURE_OPTIONS |	\
			 KTFTP_FEATURE_HANDOVER | KTFTP_FEATURE_SETS)

/**
 * ktftp_nl_reply() - begin the answer to a command
 * @info: command
 * @command: what it is
 * @header: where the message's header goes
 *
 * Return: message, or NULL.
 */
struct sk_buff *ktftp_nl_reply(struct genl_info *info, u8 command, void **header)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, info, &ktftp_family, 0, command);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/**
 * ktftp_nl_send() - send the answer to a command
 * @info: command
 * @skb: message; consumed
 * @header: its header
 */
int ktftp_nl_send(struct genl_info *info, struct sk_buff *skb, void *header)
{
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

/**
 * ktftp_nl_dump_item() - begin an item of a dump
 * @skb: message
 * @cb: dump
 * @command: what it is
 *
 * Return: header, or NULL when the message is full.
 */
void *ktftp_nl_dump_item(struct sk_buff *skb, struct netlink_callback *cb, u8 command)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &ktftp_family,
				   NLM_F_MULTI, command);

	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

/**
 * ktftp_get_address() - an address of 4 or 16 bytes
 * @attribute: attribute
 * @address: where it goes, an IPv4 one mapped into IPv6
 * @extack: where the reason of a refusal goes
 *
 * Return: 0 or -EINVAL.
 */
int ktftp_get_address(const struct nlattr *attribute, struct in6_addr *address, struct netlink_ext_ack *extack)
{
	if (nla_len(attribute) == sizeof(__be32)) {
		ipv6_addr_set_v4mapped(nla_get_in_addr(attribute), address);
		return 0;
	}
	if (nla_len(attribute) == sizeof(*address)) {
		*address = nla_get_in6_addr(attribute);
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(extack, attribute, "an address has 4 or 16 bytes");
	return -EINVAL;
}

/**
 * ktftp_put_address() - an address, as 4 or 16 bytes
 * @skb: message
 * @attribute: attribute
 * @address: address, an IPv4 one mapped into IPv6
 */
int ktftp_put_address(struct sk_buff *skb, int attribute, const struct in6_addr *address)
{
	if (ipv6_addr_v4mapped(address))
		return nla_put(skb, attribute, sizeof(__be32), &address->s6_addr32[3]);
	return nla_put(skb, attribute, sizeof(*address), address);
}

static int put_info(struct sk_buff *skb, struct ktftp_net *kn)
{
	u64 limit = (u64)ktftp_param(store_limit_mb) << 20;
	u64 held, own_limit;

	ktftp_budget_show(kn->store.budget, &held, &own_limit);
	if (nla_put_string(skb, KTFTP_A_INFO_VERSION, KTFTP_VERSION) ||
	    nla_put_u32(skb, KTFTP_A_INFO_FEATURES, FEATURES) ||
	    nla_put_u64_64bit(skb, KTFTP_A_INFO_STORE_BYTES, ktftp_budget_host_bytes(), KTFTP_A_INFO_PAD) ||
	    nla_put_u64_64bit(skb, KTFTP_A_INFO_STORE_LIMIT_BYTES, limit, KTFTP_A_INFO_PAD) ||
	    nla_put_u64_64bit(skb, KTFTP_A_INFO_NAMESPACE_BYTES, held, KTFTP_A_INFO_PAD) ||
	    nla_put_u64_64bit(skb, KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES, own_limit, KTFTP_A_INFO_PAD))
		return -EMSGSIZE;
	return 0;
}

static int get_info(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	void *header;

	reply = ktftp_nl_reply(info, KTFTP_CMD_INFO_GET, &header);
	if (!reply)
		return -ENOMEM;
	if (put_info(reply, ktftp_net(genl_info_net(info)))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	return ktftp_nl_send(info, reply, header);
}

static u64 in_progress(struct ktftp_net *kn)
{
	struct ktftp_listener *listener;
	u64 sum = 0;

	mutex_lock(&kn->lock);
	list_for_each_entry(listener, &kn->listeners, list)
		sum += atomic_read(&listener->table.active);
	mutex_unlock(&kn->lock);
	return sum;
}

static int put_stats(struct sk_buff *skb, struct ktftp_net *kn)
{
	u64 sum[KTFTP_A_STATS_MAX + 1];
	int i;

	ktftp_stats_sum(kn->stats, sum);
	sum[KTFTP_A_STATS_REQUESTS_IN_PROGRESS] = in_progress(kn);
	for (i = KTFTP_A_STATS_PAD + 1; i <= KTFTP_A_STATS_MAX; i++)
		if (nla_put_u64_64bit(skb, i, sum[i], KTFTP_A_STATS_PAD))
			return -EMSGSIZE;
	return 0;
}

static int get_stats(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	void *header;

	reply = ktftp_nl_reply(info, KTFTP_CMD_STATS_GET, &header);
	if (!reply)
		return -ENOMEM;
	if (put_stats(reply, ktftp_net(genl_info_net(info)))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	return ktftp_nl_send(info, reply, header);
}

static const struct genl_ops ops[] = {
	{
		.cmd = KTFTP_CMD_INFO_GET,
		.doit = get_info,
	},
	{
		.cmd = KTFTP_CMD_LISTENER_ADD,
		.doit = ktftp_nl_listener_add,
		.policy = ktftp_listener_policy,
		.maxattr = KTFTP_A_LISTENER_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_LISTENER_DEL,
		.doit = ktftp_nl_listener_del,
		.policy = ktftp_listener_policy,
		.maxattr = KTFTP_A_LISTENER_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_LISTENER_DRAIN,
		.doit = ktftp_nl_listener_drain,
		.policy = ktftp_listener_policy,
		.maxattr = KTFTP_A_LISTENER_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_LISTENER_GET,
		.dumpit = ktftp_nl_listener_dump,
	},
	{
		.cmd = KTFTP_CMD_PUBLISH,
		.doit = ktftp_nl_publish,
		.policy = ktftp_entry_policy,
		.maxattr = KTFTP_A_ENTRY_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_WITHDRAW,
		.doit = ktftp_nl_withdraw,
		.policy = ktftp_entry_policy,
		.maxattr = KTFTP_A_ENTRY_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_ENTRY_GET,
		.dumpit = ktftp_nl_entry_dump,
	},
	{
		.cmd = KTFTP_CMD_TRANSFER_GET,
		.start = ktftp_nl_transfer_start,
		.dumpit = ktftp_nl_transfer_dump,
		.done = ktftp_nl_transfer_done,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_STATS_GET,
		.doit = get_stats,
	},
	{
		.cmd = KTFTP_CMD_ATTACH,
		.doit = ktftp_nl_attach,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_START,
		.doit = ktftp_nl_start,
		.policy = ktftp_request_policy,
		.maxattr = KTFTP_A_REQUEST_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_PUBLISH_SET,
		.doit = ktftp_nl_publish_set,
		.policy = ktftp_set_policy,
		.maxattr = KTFTP_A_SET_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_ABSENT_ADD,
		.doit = ktftp_nl_absent_add,
		.policy = ktftp_absent_policy,
		.maxattr = KTFTP_A_ABSENT_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_ABSENT_DEL,
		.doit = ktftp_nl_absent_del,
		.policy = ktftp_absent_policy,
		.maxattr = KTFTP_A_ABSENT_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_ABSENT_GET,
		.dumpit = ktftp_nl_absent_dump,
	},
	{
		.cmd = KTFTP_CMD_VIEW_GET,
		.dumpit = ktftp_nl_view_dump,
	},
	{
		.cmd = KTFTP_CMD_VIEW_SET,
		.doit = ktftp_nl_view_set,
		.policy = ktftp_view_policy,
		.maxattr = KTFTP_A_VIEW_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = KTFTP_CMD_BUDGET_SET,
		.doit = ktftp_nl_budget_set,
		.policy = ktftp_info_policy,
		.maxattr = KTFTP_A_INFO_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

/* Events name clients and what they fetch: not for everybody. */
static const struct genl_multicast_group groups[] = {
	[KTFTP_MCGRP_INDEX_EVENTS] = {
		.name = KTFTP_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family ktftp_family __ro_after_init = {
	.name = KTFTP_FAMILY_NAME,
	.version = KTFTP_FAMILY_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int __init ktftp_netlink_init(void)
{
	return genl_register_family(&ktftp_family);
}

void ktftp_netlink_exit(void)
{
	genl_unregister_family(&ktftp_family);
}
