// SPDX-License-Identifier: GPL-2.0
/* Commands for listeners. */
#include <linux/netdevice.h>
#include <net/ipv6.h>

#include "listener.h"
#include "netlink.h"
#include "netns.h"
#include "proto.h"

#define FLAGS	(KTFTP_LISTENER_FLAG_SINGLE_PORT | KTFTP_LISTENER_FLAG_NOTRACK)
#define DSCP_MAX	63

const struct nla_policy ktftp_listener_policy[KTFTP_A_LISTENER_MAX + 1] = {
	[KTFTP_A_LISTENER_ADDRESS] = { .type = NLA_BINARY, .len = sizeof(struct in6_addr) },
	[KTFTP_A_LISTENER_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KTFTP_A_LISTENER_DEVICE] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[KTFTP_A_LISTENER_FLAGS] = NLA_POLICY_MASK(NLA_U32, FLAGS),
	[KTFTP_A_LISTENER_TID_FIRST] = NLA_POLICY_MIN(NLA_U16, 1),
	[KTFTP_A_LISTENER_TID_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
	[KTFTP_A_LISTENER_DSCP] = NLA_POLICY_MAX(NLA_U8, DSCP_MAX),
	[KTFTP_A_LISTENER_MARK] = { .type = NLA_U32 },
	[KTFTP_A_LISTENER_NOW] = { .type = NLA_FLAG },
	[KTFTP_A_LISTENER_STATE] = NLA_POLICY_MAX(NLA_U32, KTFTP_LISTENER_STATE_DRAINING),
};

static int get_address(struct genl_info *info, struct in6_addr *address)
{
	const struct nlattr *attribute = info->attrs[KTFTP_A_LISTENER_ADDRESS];

	if (!attribute) {
		NL_SET_ERR_MSG(info->extack, "an address is needed");
		return -EINVAL;
	}
	return ktftp_get_address(attribute, address, info->extack);
}

static int get_ifindex(struct genl_info *info, int *ifindex)
{
	const struct nlattr *attribute = info->attrs[KTFTP_A_LISTENER_DEVICE];
	struct net_device *device;
	char name[IFNAMSIZ];

	*ifindex = 0;
	if (!attribute)
		return 0;
	nla_strscpy(name, attribute, sizeof(name));
	rcu_read_lock();
	device = dev_get_by_name_rcu(genl_info_net(info), name);
	if (device)
		*ifindex = device->ifindex;
	rcu_read_unlock();
	if (device)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attribute, "there is no such device");
	return -ENODEV;
}

static u16 get_u16(struct genl_info *info, int attribute, u16 absent)
{
	return info->attrs[attribute] ? nla_get_u16(info->attrs[attribute]) : absent;
}

static u32 get_u32(struct genl_info *info, int attribute)
{
	return info->attrs[attribute] ? nla_get_u32(info->attrs[attribute]) : 0;
}

static int get_listen(struct genl_info *info, struct ktftp_listen *listen)
{
	int err = get_address(info, &listen->address);

	if (!err)
		err = get_ifindex(info, &listen->ifindex);
	if (err)
		return err;
	listen->port = htons(get_u16(info, KTFTP_A_LISTENER_PORT, KTFTP_PORT));
	listen->flags = get_u32(info, KTFTP_A_LISTENER_FLAGS);
	listen->tid_first = get_u16(info, KTFTP_A_LISTENER_TID_FIRST, KTFTP_TID_FIRST);
	listen->tid_last = get_u16(info, KTFTP_A_LISTENER_TID_LAST, KTFTP_TID_LAST);
	listen->mark = get_u32(info, KTFTP_A_LISTENER_MARK);
	listen->draining = get_u32(info, KTFTP_A_LISTENER_STATE) == KTFTP_LISTENER_STATE_DRAINING;
	listen->dscp = info->attrs[KTFTP_A_LISTENER_DSCP] ? nla_get_u8(info->attrs[KTFTP_A_LISTENER_DSCP]) : 0;
	return 0;
}

int ktftp_nl_listener_add(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_listen listen;
	struct sk_buff *reply;
	void *header;
	u32 id;
	int err = get_listen(info, &listen);

	if (err)
		return err;
	/* First what can fail without trace. */
	reply = ktftp_nl_reply(info, KTFTP_CMD_LISTENER_ADD, &header);
	if (!reply)
		return -ENOMEM;
	err = ktftp_listener_add(ktftp_net(genl_info_net(info)), &listen, &id, info->extack);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	nla_put_u32(reply, KTFTP_A_LISTENER_ID, id);
	return ktftp_nl_send(info, reply, header);
}

int ktftp_nl_listener_del(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_listen listen;
	int err = get_listen(info, &listen);

	return err ?: ktftp_listener_del(ktftp_net(genl_info_net(info)), &listen,
					 nla_get_flag(info->attrs[KTFTP_A_LISTENER_NOW]), info->extack);
}

int ktftp_nl_listener_drain(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_listen listen;
	int err = get_listen(info, &listen);

	if (!info->attrs[KTFTP_A_LISTENER_STATE])
		listen.draining = true;
	return err ?: ktftp_listener_drain(ktftp_net(genl_info_net(info)), &listen, info->extack);
}

static int put_ifindex(struct sk_buff *skb, struct net *net, int ifindex)
{
	struct net_device *device;
	int err = 0;

	if (!ifindex)
		return 0;
	rcu_read_lock();
	device = dev_get_by_index_rcu(net, ifindex);
	if (device)
		err = nla_put_string(skb, KTFTP_A_LISTENER_DEVICE, device->name);
	rcu_read_unlock();
	return err;
}

static int put_listener(struct sk_buff *skb, const struct ktftp_listener *listener)
{
	const struct ktftp_listen *listen = &listener->listen;

	if (nla_put_u32(skb, KTFTP_A_LISTENER_ID, listener->id) ||
	    ktftp_put_address(skb, KTFTP_A_LISTENER_ADDRESS, &listen->address) ||
	    nla_put_u16(skb, KTFTP_A_LISTENER_PORT, ntohs(listen->port)) ||
	    put_ifindex(skb, listener->kn->net, listen->ifindex) ||
	    nla_put_u32(skb, KTFTP_A_LISTENER_FLAGS, listen->flags) ||
	    nla_put_u16(skb, KTFTP_A_LISTENER_TID_FIRST, listen->tid_first) ||
	    nla_put_u16(skb, KTFTP_A_LISTENER_TID_LAST, listen->tid_last) ||
	    nla_put_u8(skb, KTFTP_A_LISTENER_DSCP, listen->dscp) ||
	    nla_put_u32(skb, KTFTP_A_LISTENER_MARK, listen->mark) ||
	    nla_put_u32(skb, KTFTP_A_LISTENER_STATE, listener->state) ||
	    nla_put_u32(skb, KTFTP_A_LISTENER_TID_PORTS, listener->pool_count) ||
	    nla_put_u32(skb, KTFTP_A_LISTENER_TRANSFERS, atomic_read(&listener->table.active)))
		return -EMSGSIZE;
	return 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb, const struct ktftp_listener *listener)
{
	void *header = ktftp_nl_dump_item(skb, cb, KTFTP_CMD_LISTENER_GET);

	if (!header)
		return -EMSGSIZE;
	if (put_listener(skb, listener)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* cb->args[0] is the id of the last listener that was told. */
int ktftp_nl_listener_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ktftp_net *kn = ktftp_net(sock_net(skb->sk));
	struct ktftp_listener *listener;

	mutex_lock(&kn->lock);
	cb->seq = kn->generation;
	list_for_each_entry(listener, &kn->listeners, list) {
		if (listener->id <= cb->args[0])
			continue;
		if (dump_one(skb, cb, listener))
			break;
		cb->args[0] = listener->id;
	}
	mutex_unlock(&kn->lock);
	return skb->len;
}
