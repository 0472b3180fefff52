// SPDX-License-Identifier: GPL-2.0
/* Commands for published names. */
#include <net/sock.h>

#include "change.h"
#include "content.h"
#include "entry.h"
#include "netlink.h"
#include "netns.h"
#include "nl_entry.h"

/* What dumps and the answer to publish have in common. */
static int put_entry(struct sk_buff *skb, const struct ktftp_entry *entry, const char *view)
{
	if (nla_put_u32(skb, KTFTP_A_ENTRY_ID, entry->id) ||
	    nla_put_string(skb, KTFTP_A_ENTRY_NAME, entry->name) ||
	    nla_put_string(skb, KTFTP_A_ENTRY_VIEW, view) ||
	    nla_put_u32(skb, KTFTP_A_ENTRY_KIND, entry->content->kind) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ENTRY_SIZE, entry->bytes, KTFTP_A_ENTRY_PAD))
		return -EMSGSIZE;
	return 0;
}

static int publish(struct ktftp_store *store, struct ktftp_entry *entry, struct sk_buff *reply,
		   struct netlink_ext_ack *extack)
{
	struct ktftp_change change;
	int err;

	err = ktftp_change_begin(&change, store, 1);
	mutex_lock(&store->lock);
	if (err) {
		ktftp_entry_drop(store, entry);
		mutex_unlock(&store->lock);
		return err;
	}
	ktftp_change_add(&change, entry, NULL);
	err = ktftp_change_commit(&change, extack);
	if (!err)
		put_entry(reply, entry, entry->view->text);
	mutex_unlock(&store->lock);
	ktftp_change_end(&change);
	return err;
}

int ktftp_nl_publish(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_store *store = &ktftp_net(genl_info_net(info))->store;
	struct ktftp_entry *entry;
	struct sk_buff *reply;
	void *header;
	int err;

	reply = ktftp_nl_reply(info, KTFTP_CMD_PUBLISH, &header);
	if (!reply)
		return -ENOMEM;
	entry = ktftp_nl_new_entry(skb, store, info->attrs, info->extack);
	err = IS_ERR(entry) ? PTR_ERR(entry) : publish(store, entry, reply, info->extack);
	if (!err)
		return ktftp_nl_send(info, reply, header);
	nlmsg_free(reply);
	return err;
}

int ktftp_nl_withdraw(struct sk_buff *skb, struct genl_info *info)
{
	static const struct ktftp_nl_words words = {
		.name = KTFTP_A_ENTRY_NAME,
		.view = KTFTP_A_ENTRY_VIEW,
		.owner = KTFTP_A_ENTRY_OWNER,
		.all = KTFTP_A_ENTRY_ALL,
	};
	struct sk_buff *reply;
	unsigned int count;
	void *header;
	int err;

	reply = ktftp_nl_reply(info, KTFTP_CMD_WITHDRAW, &header);
	if (!reply)
		return -ENOMEM;
	err = ktftp_nl_take_out(&ktftp_net(genl_info_net(info))->store, info, &words, &count);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	if (count)
		ktftp_store_settle();
	nla_put_u32(reply, KTFTP_A_ENTRY_COUNT, count);
	return ktftp_nl_send(info, reply, header);
}

/* What tells of the host, and is not for everybody. */
static int put_private(struct sk_buff *skb, const struct ktftp_entry *entry)
{
	if (nla_put_string(skb, KTFTP_A_ENTRY_OWNER, entry->owner->text) ||
	    (entry->has_digest && nla_put(skb, KTFTP_A_ENTRY_DIGEST, sizeof(entry->digest), entry->digest)) ||
	    (entry->more && nla_put_string(skb, KTFTP_A_ENTRY_SOURCE, entry->more)))
		return -EMSGSIZE;
	return 0;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb, const struct ktftp_entry *entry, bool private)
{
	u64 age_ms = div_u64(ktime_get_ns() - entry->published, NSEC_PER_MSEC);
	void *header = ktftp_nl_dump_item(skb, cb, KTFTP_CMD_ENTRY_GET);

	if (!header)
		return -EMSGSIZE;
	if (put_entry(skb, entry, entry->view->text) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ENTRY_OFFSET, entry->offset, KTFTP_A_ENTRY_PAD) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ENTRY_HITS, atomic64_read(&entry->hits), KTFTP_A_ENTRY_PAD) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ENTRY_AGE_MS, age_ms, KTFTP_A_ENTRY_PAD) ||
	    (entry->while_attached && nla_put_flag(skb, KTFTP_A_ENTRY_WHILE_ATTACHED)) ||
	    (private && put_private(skb, entry))) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* cb->args[0] is the id to go on from. */
int ktftp_nl_entry_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ktftp_store *store = &ktftp_net(sock_net(skb->sk))->store;
	bool private = netlink_ns_capable(cb->skb, sock_net(skb->sk)->user_ns, CAP_NET_ADMIN);
	struct ktftp_entry *entry;
	unsigned long id;

	mutex_lock(&store->lock);
	cb->seq = store->generation;
	xa_for_each_start(&store->entries, id, entry, cb->args[0]) {
		if (dump_one(skb, cb, entry, private))
			break;
		cb->args[0] = id + 1;
	}
	mutex_unlock(&store->lock);
	return skb->len;
}
