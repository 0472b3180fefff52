// SPDX-License-Identifier: GPL-2.0
/* Commands for absents: names that are known not to exist. */
#include <net/sock.h>

#include "change.h"
#include "netlink.h"
#include "netns.h"
#include "nl_entry.h"

static unsigned int count_globs(const struct genl_info *info)
{
	const struct nlattr *attribute;
	unsigned int count = 0;
	int left;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left)
		count += nla_type(attribute) == KTFTP_A_ABSENT_GLOB;
	return count;
}

static int add_globs(struct ktftp_change *change, struct genl_info *info)
{
	const struct nlattr *attribute;
	struct ktftp_entry *entry;
	int left;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attribute) != KTFTP_A_ABSENT_GLOB)
			continue;
		entry = ktftp_nl_new_absent(change->store, attribute, info->attrs, info->extack);
		if (IS_ERR(entry))
			return PTR_ERR(entry);
		ktftp_change_add(change, entry, attribute);
	}
	return 0;
}

int ktftp_nl_absent_add(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_store *store = &ktftp_net(genl_info_net(info))->store;
	struct ktftp_change change;
	int err;

	if (!info->attrs[KTFTP_A_ABSENT_GLOB]) {
		NL_SET_ERR_MSG(info->extack, "a name or a pattern of names is needed");
		return -EINVAL;
	}
	err = ktftp_change_begin(&change, store, count_globs(info));
	if (err)
		return err;
	err = add_globs(&change, info) ?: ktftp_change_make(&change, info->extack);
	ktftp_change_end(&change);
	return err;
}

int ktftp_nl_absent_del(struct sk_buff *skb, struct genl_info *info)
{
	static const struct ktftp_nl_words words = {
		.absents = true,
		.name = KTFTP_A_ABSENT_GLOB,
		.view = KTFTP_A_ABSENT_VIEW,
		.owner = KTFTP_A_ABSENT_OWNER,
		.all = KTFTP_A_ABSENT_ALL,
	};
	struct sk_buff *reply;
	unsigned int count;
	void *header;
	int err;

	reply = ktftp_nl_reply(info, KTFTP_CMD_ABSENT_DEL, &header);
	if (!reply)
		return -ENOMEM;
	err = ktftp_nl_take_out(&ktftp_net(genl_info_net(info))->store, info, &words, &count);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	nla_put_u32(reply, KTFTP_A_ABSENT_COUNT, count);
	return ktftp_nl_send(info, reply, header);
}

static int put_absent(struct sk_buff *skb, const struct ktftp_entry *entry, u64 now, bool private)
{
	if (nla_put_u32(skb, KTFTP_A_ABSENT_ID, entry->id) ||
	    nla_put_string(skb, KTFTP_A_ABSENT_GLOB, entry->name) ||
	    nla_put_string(skb, KTFTP_A_ABSENT_VIEW, entry->view->text) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ABSENT_HITS, atomic64_read(&entry->hits), KTFTP_A_ABSENT_PAD) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ABSENT_AGE_MS, div_u64(now - entry->published, NSEC_PER_MSEC),
			      KTFTP_A_ABSENT_PAD) ||
	    (entry->expires && nla_put_u64_64bit(skb, KTFTP_A_ABSENT_LEFT_MS,
						 div_u64(entry->expires - now, NSEC_PER_MSEC), KTFTP_A_ABSENT_PAD)) ||
	    (private && nla_put_string(skb, KTFTP_A_ABSENT_OWNER, entry->owner->text)))
		return -EMSGSIZE;
	return 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb, const struct ktftp_entry *entry, bool private)
{
	u64 now = ktime_get_ns();
	void *header;

	/* It goes as soon as somebody has time for that. */
	if (entry->expires && entry->expires <= now)
		return 0;
	header = ktftp_nl_dump_item(skb, cb, KTFTP_CMD_ABSENT_GET);
	if (!header)
		return -EMSGSIZE;
	if (put_absent(skb, entry, now, private)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* cb->args[0] is the id to go on from. */
int ktftp_nl_absent_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ktftp_store *store = &ktftp_net(sock_net(skb->sk))->store;
	bool private = netlink_ns_capable(cb->skb, sock_net(skb->sk)->user_ns, CAP_NET_ADMIN);
	struct ktftp_entry *entry;
	unsigned long id;

	mutex_lock(&store->lock);
	cb->seq = store->generation;
	xa_for_each_start(&store->absents, id, entry, cb->args[0]) {
		if (dump_one(skb, cb, entry, private))
			break;
		cb->args[0] = id + 1;
	}
	mutex_unlock(&store->lock);
	return skb->len;
}
