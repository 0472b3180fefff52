// SPDX-License-Identifier: GPL-2.0
/* Changes of many names, of the views that clients see, and of what the store may hold. */
#include <linux/sched/signal.h>
#include <net/sock.h>

#include "budget.h"
#include "change.h"
#include "netlink.h"
#include "netns.h"
#include "nl_entry.h"

const struct nla_policy ktftp_set_policy[KTFTP_A_SET_MAX + 1] = {
	[KTFTP_A_SET_ENTRY] = { .type = NLA_NESTED, .len = KTFTP_A_ENTRY_MAX, .nested_policy = ktftp_entry_policy },
	[KTFTP_A_SET_ABSENT] = { .type = NLA_NESTED, .len = KTFTP_A_ABSENT_MAX, .nested_policy = ktftp_absent_policy },
	[KTFTP_A_SET_VIEW] = { .type = NLA_NUL_STRING, .len = KTFTP_LABEL_MAX },
};

const struct nla_policy ktftp_view_policy[KTFTP_A_VIEW_MAX + 1] = {
	[KTFTP_A_VIEW_NAME] = { .type = NLA_NUL_STRING, .len = KTFTP_LABEL_MAX },
};

const struct nla_policy ktftp_info_policy[KTFTP_A_INFO_MAX + 1] = {
	[KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES] = { .type = NLA_U64 },
};

/* An item of a set, taken apart. */
struct item {
	const struct nlattr *attribute;
	bool absent;
	bool gone;
	union {
		struct nlattr *entry_attributes[KTFTP_A_ENTRY_MAX + 1];
		struct nlattr *absent_attributes[KTFTP_A_ABSENT_MAX + 1];
	};
	const struct nlattr *name;
	const struct nlattr *view;
};

static int parse_item(struct item *item, const struct nlattr *attribute, struct netlink_ext_ack *extack)
{
	int err;

	item->attribute = attribute;
	item->absent = nla_type(attribute) == KTFTP_A_SET_ABSENT;
	if (item->absent) {
		err = nla_parse_nested(item->absent_attributes, KTFTP_A_ABSENT_MAX, attribute, ktftp_absent_policy,
				       extack);
		if (err)
			return err;
		item->name = item->absent_attributes[KTFTP_A_ABSENT_GLOB];
		item->view = item->absent_attributes[KTFTP_A_ABSENT_VIEW];
		item->gone = nla_get_flag(item->absent_attributes[KTFTP_A_ABSENT_GONE]);
	} else {
		err = nla_parse_nested(item->entry_attributes, KTFTP_A_ENTRY_MAX, attribute, ktftp_entry_policy,
				       extack);
		if (err)
			return err;
		item->name = item->entry_attributes[KTFTP_A_ENTRY_NAME];
		item->view = item->entry_attributes[KTFTP_A_ENTRY_VIEW];
		item->gone = nla_get_flag(item->entry_attributes[KTFTP_A_ENTRY_GONE]);
	}
	if (item->name)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attribute, "a name is needed");
	return -EINVAL;
}

static bool is_item(const struct nlattr *attribute)
{
	return nla_type(attribute) == KTFTP_A_SET_ENTRY || nla_type(attribute) == KTFTP_A_SET_ABSENT;
}

static unsigned int count_items(const struct genl_info *info)
{
	const struct nlattr *attribute;
	unsigned int count = 0;
	int left;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left)
		count += is_item(attribute);
	return count;
}

static int add_item(struct sk_buff *skb, struct ktftp_change *change, struct item *item,
		    struct netlink_ext_ack *extack)
{
	struct ktftp_entry *entry;

	if (item->absent)
		entry = ktftp_nl_new_absent(change->store, item->name, item->absent_attributes, extack);
	else
		entry = ktftp_nl_new_entry(skb, change->store, item->entry_attributes, extack);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	ktftp_change_add(change, entry, item->attribute);
	return 0;
}

static int push_view(struct ktftp_change *change, const struct nlattr *attribute, struct netlink_ext_ack *extack)
{
	const char *name = ktftp_nl_get_label(attribute, NULL, extack);

	return IS_ERR(name) ? PTR_ERR(name) : ktftp_change_push_view(change, name, extack);
}

/* What comes: it takes time, and the store's lock is not held. */
static int gather_coming(struct sk_buff *skb, struct ktftp_change *change, struct genl_info *info)
{
	const struct nlattr *attribute;
	struct item item;
	int left, err;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attribute) == KTFTP_A_SET_VIEW) {
			err = push_view(change, attribute, info->extack);
		} else if (is_item(attribute)) {
			err = parse_item(&item, attribute, info->extack);
			if (!err && !item.gone)
				err = add_item(skb, change, &item, info->extack);
		} else {
			continue;
		}
		if (err) {
			/* What is to blame for certain is the item. */
			NL_SET_BAD_ATTR(info->extack, attribute);
			return err;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int remove_item(struct ktftp_change *change, const struct item *item, struct netlink_ext_ack *extack)
{
	const char *view = ktftp_nl_get_label(item->view, KTFTP_DEFAULT_VIEW, extack);
	struct ktftp_store *store = change->store;
	char name[KTFTP_NAME_MAX + 1];
	struct ktftp_entry *entry;
	int bytes;

	if (IS_ERR(view))
		return PTR_ERR(view);
	bytes = ktftp_nl_get_name(item->name, name, extack);
	if (bytes < 0)
		return bytes;
	entry = ktftp_store_find(store, ktftp_label_find(&store->views, view), name, bytes, item->absent);
	if (!entry)
		return ktftp_nl_not_there(item->name, item->absent, extack);
	ktftp_change_remove(change, entry);
	return 0;
}

/* What goes: under the store's lock, so that it is there until then. */
static int gather_going(struct ktftp_change *change, struct genl_info *info)
{
	const struct nlattr *attribute;
	struct item item;
	int left, err;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (!is_item(attribute))
			continue;
		err = parse_item(&item, attribute, info->extack);
		if (!err && item.gone)
			err = remove_item(change, &item, info->extack);
		if (err) {
			NL_SET_BAD_ATTR(info->extack, attribute);
			return err;
		}
		cond_resched();
	}
	return 0;
}

static unsigned int count_entries(const struct ktftp_change *change)
{
	unsigned int i, count = 0;

	for (i = 0; i < change->coming_count; i++)
		count += !ktftp_entry_is_absent(change->coming[i].entry);
	return count;
}

static int change_store(struct sk_buff *skb, struct ktftp_store *store, struct genl_info *info, u32 *published,
			u32 *withdrawn)
{
	struct ktftp_change change;
	int err;

	err = ktftp_change_begin(&change, store, count_items(info));
	if (err)
		return err;
	err = gather_coming(skb, &change, info);
	if (!err) {
		*published = count_entries(&change);
		mutex_lock(&store->lock);
		err = gather_going(&change, info);
		*withdrawn = change.going_count;
		if (err)
			ktftp_change_abandon(&change);
		else
			err = ktftp_change_commit(&change, info->extack);
		mutex_unlock(&store->lock);
	}
	ktftp_change_end(&change);
	return err;
}

int ktftp_nl_publish_set(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_store *store = &ktftp_net(genl_info_net(info))->store;
	u32 published = 0, withdrawn = 0;
	struct sk_buff *reply;
	void *header;
	int err;

	reply = ktftp_nl_reply(info, KTFTP_CMD_PUBLISH_SET, &header);
	if (!reply)
		return -ENOMEM;
	err = change_store(skb, store, info, &published, &withdrawn);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	if (withdrawn)
		ktftp_store_settle();
	nla_put_u32(reply, KTFTP_A_SET_PUBLISHED, published);
	nla_put_u32(reply, KTFTP_A_SET_WITHDRAWN, withdrawn);
	return ktftp_nl_send(info, reply, header);
}

static int push_views(struct ktftp_change *change, struct genl_info *info)
{
	const struct nlattr *attribute;
	int left, err;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attribute) != KTFTP_A_VIEW_NAME)
			continue;
		err = push_view(change, attribute, info->extack);
		if (err) {
			NL_SET_BAD_ATTR(info->extack, attribute);
			return err;
		}
	}
	return 0;
}

int ktftp_nl_view_set(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_store *store = &ktftp_net(genl_info_net(info))->store;
	struct ktftp_change change;
	int err;

	if (!info->attrs[KTFTP_A_VIEW_NAME]) {
		NL_SET_ERR_MSG(info->extack, "the views that clients see are needed");
		return -EINVAL;
	}
	err = ktftp_change_begin(&change, store, 0);
	if (err)
		return err;
	err = push_views(&change, info) ?: ktftp_change_make(&change, info->extack);
	ktftp_change_end(&change);
	return err;
}

static int put_view(struct sk_buff *skb, struct netlink_callback *cb, const struct ktftp_label *view, u32 position)
{
	void *header = ktftp_nl_dump_item(skb, cb, KTFTP_CMD_VIEW_GET);

	if (!header)
		return -EMSGSIZE;
	if (nla_put_string(skb, KTFTP_A_VIEW_NAME, view->text) ||
	    (position && nla_put_u32(skb, KTFTP_A_VIEW_POSITION, position)) ||
	    nla_put_u32(skb, KTFTP_A_VIEW_ENTRIES, view->entries) ||
	    nla_put_u32(skb, KTFTP_A_VIEW_ABSENTS, view->absents)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static u32 position_of(const struct ktftp_stack *stack, const struct ktftp_label *view)
{
	unsigned int i;

	for (i = 0; i < stack->count; i++)
		if (stack->views[i] == view)
			return i + 1;
	return 0;
}

/* cb->args[0] is how many were told: first those of the stack, then the others. */
static void dump_views(struct sk_buff *skb, struct netlink_callback *cb, struct ktftp_store *store)
{
	const struct ktftp_stack *stack = rcu_dereference_protected(store->stack, lockdep_is_held(&store->lock));
	const struct ktftp_label *view;
	long at = 0;

	cb->seq = store->generation;
	for (; at < stack->count; at++) {
		if (at < cb->args[0])
			continue;
		if (put_view(skb, cb, stack->views[at], at + 1))
			return;
		cb->args[0] = at + 1;
	}
	list_for_each_entry(view, &store->views.list, list) {
		if (position_of(stack, view) || at++ < cb->args[0])
			continue;
		if (put_view(skb, cb, view, 0))
			return;
		cb->args[0] = at;
	}
}

int ktftp_nl_view_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ktftp_store *store = &ktftp_net(sock_net(skb->sk))->store;

	mutex_lock(&store->lock);
	dump_views(skb, cb, store);
	mutex_unlock(&store->lock);
	return skb->len;
}

int ktftp_nl_budget_set(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *limit = info->attrs[KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES];

	if (!netlink_capable(skb, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(info->extack, "what a store may hold is set by root of the host");
		return -EPERM;
	}
	if (!limit) {
		NL_SET_ERR_MSG(info->extack, "namespace-limit-bytes is needed");
		return -EINVAL;
	}
	ktftp_budget_set_limit(ktftp_net(genl_info_net(info))->store.budget, nla_get_u64(limit));
	return 0;
}
