// SPDX-License-Identifier: GPL-2.0
/* Commands of the daemon. */
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "listener.h"
#include "netlink.h"
#include "netns.h"
#include "proto.h"
#include "receive.h"

/* A name as somebody writes it may be longer than its canonical form. */
#define NAME_ATTRIBUTE_MAX	512

const struct nla_policy ktftp_request_policy[KTFTP_A_REQUEST_MAX + 1] = {
	[KTFTP_A_REQUEST_LISTENER] = { .type = NLA_U32 },
	[KTFTP_A_REQUEST_CLIENT] = { .type = NLA_BINARY, .len = sizeof(struct in6_addr) },
	[KTFTP_A_REQUEST_CLIENT_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KTFTP_A_REQUEST_LOCAL] = { .type = NLA_BINARY, .len = sizeof(struct in6_addr) },
	[KTFTP_A_REQUEST_IFINDEX] = { .type = NLA_U32 },
	[KTFTP_A_REQUEST_DATA] = { .type = NLA_BINARY, .len = KTFTP_REQUEST_MAX },
	[KTFTP_A_REQUEST_NAME] = { .type = NLA_NUL_STRING, .len = NAME_ATTRIBUTE_MAX },
};

int ktftp_nl_attach(struct sk_buff *skb, struct genl_info *info)
{
	return ktftp_handover_attach(ktftp_net(genl_info_net(info)), info->snd_portid, info->extack);
}

static bool is_local_ipv4(struct net *net, const struct ktftp_key *key)
{
	struct net_device *device = key->ifindex ? dev_get_by_index_rcu(net, key->ifindex) : NULL;

	return inet_addr_type_dev_table(net, device, key->local.s6_addr32[3]) == RTN_LOCAL;
}

/* Under RCU: an answer must not leave from an address that is not ours. */
static bool is_local(struct net *net, const struct ktftp_listen *listen, const struct ktftp_key *key)
{
	bool any = ipv6_addr_any(&listen->address) ||
		   (ipv6_addr_v4mapped(&listen->address) && !listen->address.s6_addr32[3]);

	if (ipv6_addr_v4mapped(&listen->address) != ipv6_addr_v4mapped(&key->local))
		return false;
	if (!any && !ipv6_addr_equal(&listen->address, &key->local))
		return false;
	if (ipv6_addr_v4mapped(&key->local))
		return is_local_ipv4(net, key);
	return ipv6_chk_addr(net, &key->local, NULL, 0);
}

static int get_key(struct genl_info *info, struct ktftp_key *key)
{
	static const int needed[] = {
		KTFTP_A_REQUEST_LISTENER, KTFTP_A_REQUEST_CLIENT, KTFTP_A_REQUEST_CLIENT_PORT,
		KTFTP_A_REQUEST_LOCAL, KTFTP_A_REQUEST_DATA,
	};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		if (info->attrs[needed[i]])
			continue;
		NL_SET_ERR_MSG(info->extack, "listener, client, client-port, local and data are needed");
		return -EINVAL;
	}
	memset(key, 0, sizeof(*key));
	err = ktftp_get_address(info->attrs[KTFTP_A_REQUEST_CLIENT], &key->peer, info->extack) ?:
	      ktftp_get_address(info->attrs[KTFTP_A_REQUEST_LOCAL], &key->local, info->extack);
	if (err)
		return err;
	key->peer_port = htons(nla_get_u16(info->attrs[KTFTP_A_REQUEST_CLIENT_PORT]));
	if (info->attrs[KTFTP_A_REQUEST_IFINDEX])
		key->ifindex = nla_get_u32(info->attrs[KTFTP_A_REQUEST_IFINDEX]);
	if (ipv6_addr_v4mapped(&key->peer) != ipv6_addr_v4mapped(&key->local) || !ktftp_receive_is_client(key)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[KTFTP_A_REQUEST_CLIENT], "no client can be there");
		return -EINVAL;
	}
	return 0;
}

/* The name to serve: the one that is given, else the one in the datagram. */
static int get_name(struct genl_info *info, char name[KTFTP_NAME_MAX + 1])
{
	const struct nlattr *data = info->attrs[KTFTP_A_REQUEST_DATA], *given = info->attrs[KTFTP_A_REQUEST_NAME];
	struct ktftp_request rq;
	int bytes;

	if (ktftp_request_parse(&rq, nla_data(data), nla_len(data)) || rq.opcode != KTFTP_OP_RRQ) {
		NL_SET_ERR_MSG_ATTR(info->extack, data, "this is no read request");
		return -EBADMSG;
	}
	if (given)
		bytes = ktftp_name_canonical(nla_data(given), strnlen(nla_data(given), nla_len(given)), name);
	else
		bytes = ktftp_name_canonical(rq.name, rq.name_bytes, name);
	if (bytes < 0)
		NL_SET_ERR_MSG(info->extack, "a name has at most 255 bytes, no \"..\" and no control characters");
	return bytes;
}

static int start_on(struct ktftp_listener *listener, const struct ktftp_key *key, struct genl_info *info,
		    const char *name, int name_bytes)
{
	const struct nlattr *data = info->attrs[KTFTP_A_REQUEST_DATA];
	int err = -EADDRNOTAVAIL;

	local_bh_disable();
	rcu_read_lock();
	if (is_local(listener->kn->net, &listener->listen, key))
		err = ktftp_receive_again(listener, key, nla_data(data), nla_len(data), name, name_bytes);
	else
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[KTFTP_A_REQUEST_LOCAL],
				    "this is no address of the listener's");
	rcu_read_unlock();
	local_bh_enable();
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "this name is not published");
	else if (err == -EAGAIN)
		NL_SET_ERR_MSG(info->extack, "the store is changing: try again");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "too many transfers: see the module's parameter max_transfers");
	else if (err == -EDQUOT)
		NL_SET_ERR_MSG(info->extack,
			       "too many transfers of this client: see the module's parameter max_transfers_per_client");
	return err;
}

int ktftp_nl_start(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_net *kn = ktftp_net(genl_info_net(info));
	struct ktftp_listener *listener;
	char name[KTFTP_NAME_MAX + 1];
	struct ktftp_key key;
	int name_bytes, err;

	err = get_key(info, &key);
	if (err)
		return err;
	name_bytes = get_name(info, name);
	if (name_bytes < 0)
		return name_bytes;
	/* The listener cannot be taken apart while its namespace is locked. */
	mutex_lock(&kn->lock);
	listener = ktftp_listener_find_open(kn, nla_get_u32(info->attrs[KTFTP_A_REQUEST_LISTENER]));
	if (listener) {
		err = start_on(listener, &key, info, name, name_bytes);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[KTFTP_A_REQUEST_LISTENER],
				    "no listener with this id takes requests");
		err = -ENOENT;
	}
	mutex_unlock(&kn->lock);
	return err;
}
