// SPDX-License-Identifier: GPL-2.0
/* Commands for the store. */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <net/sock.h>

#include "content.h"
#include "netlink.h"
#include "netns.h"

/* A name as somebody writes it may be longer than its canonical form. */
#define NAME_ATTRIBUTE_MAX	512

const struct nla_policy ktftp_entry_policy[KTFTP_A_ENTRY_MAX + 1] = {
	[KTFTP_A_ENTRY_NAME] = { .type = NLA_NUL_STRING, .len = NAME_ATTRIBUTE_MAX },
	[KTFTP_A_ENTRY_FD] = { .type = NLA_U32 },
	[KTFTP_A_ENTRY_KIND] = NLA_POLICY_MAX(NLA_U32, KTFTP_KIND_COPIED),
	[KTFTP_A_ENTRY_OFFSET] = { .type = NLA_U64 },
	[KTFTP_A_ENTRY_SIZE] = { .type = NLA_U64 },
	[KTFTP_A_ENTRY_ALL] = { .type = NLA_FLAG },
	[KTFTP_A_ENTRY_WHILE_ATTACHED] = { .type = NLA_FLAG },
};

static int get_name(const struct nlattr *attribute, char name[KTFTP_NAME_MAX + 1], struct netlink_ext_ack *extack)
{
	int bytes;

	bytes = ktftp_name_canonical(nla_data(attribute), strnlen(nla_data(attribute), nla_len(attribute)), name);
	if (bytes == -ENAMETOOLONG)
		NL_SET_ERR_MSG_ATTR(extack, attribute, "a name has at most 255 bytes");
	else if (bytes < 0)
		NL_SET_ERR_MSG_ATTR(extack, attribute,
				    "a name must not be empty, contain \"..\" or control characters");
	return bytes;
}

/*
 * Who may keep others from writing a file: the administrator of the host, and who could write it. A network
 * administrator of some user namespace may not, and anybody can be that.
 */
static bool may_pin(struct sk_buff *skb, struct file *file)
{
	return netlink_capable(skb, CAP_NET_ADMIN) ||
	       (!file_permission(file, MAY_WRITE) && !__mnt_is_readonly(file->f_path.mnt));
}

static enum ktftp_kind get_kind(struct genl_info *info, const struct file *file)
{
	if (info->attrs[KTFTP_A_ENTRY_KIND])
		return nla_get_u32(info->attrs[KTFTP_A_ENTRY_KIND]);
	return ktftp_content_is_memfd(file) ? KTFTP_KIND_SEALED : KTFTP_KIND_PINNED;
}

/* What a content counts at least. */
static u64 content_bytes(struct genl_info *info, const struct file *file)
{
	return info->attrs[KTFTP_A_ENTRY_SIZE] ? nla_get_u64(info->attrs[KTFTP_A_ENTRY_SIZE]) :
						 i_size_read(file_inode(file));
}

static struct ktftp_content *get_content(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_store *store = &ktftp_net(genl_info_net(info))->store;
	struct ktftp_content *content;
	struct file *file;
	int err;

	if (!info->attrs[KTFTP_A_ENTRY_FD]) {
		NL_SET_ERR_MSG(info->extack, "a file descriptor is needed");
		return ERR_PTR(-EINVAL);
	}
	file = fget(nla_get_u32(info->attrs[KTFTP_A_ENTRY_FD]));
	if (!file) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[KTFTP_A_ENTRY_FD], "no such file descriptor");
		return ERR_PTR(-EBADF);
	}
	err = ktftp_store_check_size(store, content_bytes(info, file), info->extack);
	if (err)
		content = ERR_PTR(err);
	else
		content = ktftp_content_get(file, get_kind(info, file), may_pin(skb, file), info->extack);
	fput(file);
	return content;
}

/* The part of the content that is meant, which must lie inside it. */
static int get_range(struct genl_info *info, u64 content_bytes, u64 *offset, u64 *bytes)
{
	*offset = info->attrs[KTFTP_A_ENTRY_OFFSET] ? nla_get_u64(info->attrs[KTFTP_A_ENTRY_OFFSET]) : 0;
	if (*offset > content_bytes) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[KTFTP_A_ENTRY_OFFSET],
				    "the file ends before this offset");
		return -EINVAL;
	}
	*bytes = content_bytes - *offset;
	if (!info->attrs[KTFTP_A_ENTRY_SIZE])
		return 0;
	if (nla_get_u64(info->attrs[KTFTP_A_ENTRY_SIZE]) > *bytes) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[KTFTP_A_ENTRY_SIZE], "the file ends before this size");
		return -EINVAL;
	}
	*bytes = nla_get_u64(info->attrs[KTFTP_A_ENTRY_SIZE]);
	return 0;
}

static struct ktftp_entry *get_entry(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_content *content;
	struct ktftp_entry *entry;
	char name[KTFTP_NAME_MAX + 1];
	u64 offset, bytes;
	int name_bytes, err;

	if (!info->attrs[KTFTP_A_ENTRY_NAME]) {
		NL_SET_ERR_MSG(info->extack, "a name is needed");
		return ERR_PTR(-EINVAL);
	}
	name_bytes = get_name(info->attrs[KTFTP_A_ENTRY_NAME], name, info->extack);
	if (name_bytes < 0)
		return ERR_PTR(name_bytes);
	content = get_content(skb, info);
	if (IS_ERR(content))
		return ERR_CAST(content);
	err = get_range(info, content->bytes, &offset, &bytes);
	if (err) {
		ktftp_content_put(content);
		return ERR_PTR(err);
	}
	entry = ktftp_entry_new(name, name_bytes, content, offset, bytes);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	entry->while_attached = nla_get_flag(info->attrs[KTFTP_A_ENTRY_WHILE_ATTACHED]);
	return entry;
}

/* What dumps and the answer to publish have in common. */
static int put_entry(struct sk_buff *skb, const struct ktftp_entry *entry)
{
	if (nla_put_u32(skb, KTFTP_A_ENTRY_ID, entry->id) ||
	    nla_put_string(skb, KTFTP_A_ENTRY_NAME, entry->name) ||
	    nla_put_u32(skb, KTFTP_A_ENTRY_KIND, entry->content->kind) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ENTRY_SIZE, entry->bytes, KTFTP_A_ENTRY_PAD))
		return -EMSGSIZE;
	return 0;
}

int ktftp_nl_publish(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_net *kn = ktftp_net(genl_info_net(info));
	struct ktftp_entry *entry;
	struct sk_buff *reply;
	void *header;
	int err;

	reply = ktftp_nl_reply(info, KTFTP_CMD_PUBLISH, &header);
	if (!reply)
		return -ENOMEM;
	entry = get_entry(skb, info);
	if (IS_ERR(entry)) {
		err = PTR_ERR(entry);
		goto free_reply;
	}
	/* One reference for the store, one to tell of it. */
	refcount_inc(&entry->ref);
	err = ktftp_store_publish(&kn->store, entry, info->extack);
	if (err) {
		ktftp_entry_put(entry);
		ktftp_entry_put(entry);
		goto free_reply;
	}
	put_entry(reply, entry);
	ktftp_entry_put(entry);
	return ktftp_nl_send(info, reply, header);

free_reply:
	nlmsg_free(reply);
	return err;
}

static struct ktftp_entry *find_named(struct ktftp_store *store, const struct nlattr *attribute,
				      struct netlink_ext_ack *extack)
{
	char name[KTFTP_NAME_MAX + 1];
	int bytes = get_name(attribute, name, extack);

	return bytes < 0 ? ERR_PTR(bytes) : ktftp_store_find(store, name, bytes);
}

static int check_named(struct ktftp_store *store, struct genl_info *info)
{
	const struct nlattr *attribute;
	struct ktftp_entry *entry;
	int left;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attribute) != KTFTP_A_ENTRY_NAME)
			continue;
		entry = find_named(store, attribute, info->extack);
		if (IS_ERR(entry))
			return PTR_ERR(entry);
		if (!entry) {
			NL_SET_ERR_MSG_ATTR(info->extack, attribute, "this name is not published");
			return -ENOENT;
		}
	}
	return 0;
}

static unsigned int remove_named(struct ktftp_store *store, struct genl_info *info)
{
	const struct nlattr *attribute;
	struct ktftp_entry *entry;
	unsigned int count = 0;
	int left;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attribute) != KTFTP_A_ENTRY_NAME)
			continue;
		entry = find_named(store, attribute, info->extack);
		/* A name that was given twice is gone the second time. */
		if (IS_ERR_OR_NULL(entry))
			continue;
		ktftp_store_remove(store, entry);
		count++;
	}
	return count;
}

int ktftp_nl_withdraw(struct sk_buff *skb, struct genl_info *info)
{
	struct ktftp_store *store = &ktftp_net(genl_info_net(info))->store;
	bool all = nla_get_flag(info->attrs[KTFTP_A_ENTRY_ALL]);
	struct sk_buff *reply;
	unsigned int count;
	void *header;
	int err;

	if (!all && !info->attrs[KTFTP_A_ENTRY_NAME]) {
		NL_SET_ERR_MSG(info->extack, "names are needed, or all");
		return -EINVAL;
	}
	reply = ktftp_nl_reply(info, KTFTP_CMD_WITHDRAW, &header);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&store->lock);
	err = all ? 0 : check_named(store, info);
	if (!err)
		count = all ? ktftp_store_remove_all(store) : remove_named(store, info);
	mutex_unlock(&store->lock);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	if (count)
		ktftp_store_settle();
	nla_put_u32(reply, KTFTP_A_ENTRY_COUNT, count);
	return ktftp_nl_send(info, reply, header);
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb, const struct ktftp_entry *entry)
{
	u64 age_ms = div_u64(ktime_get_ns() - entry->published, NSEC_PER_MSEC);
	void *header = ktftp_nl_dump_item(skb, cb, KTFTP_CMD_ENTRY_GET);

	if (!header)
		return -EMSGSIZE;
	if (put_entry(skb, entry) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ENTRY_HITS, atomic64_read(&entry->hits), KTFTP_A_ENTRY_PAD) ||
	    nla_put_u64_64bit(skb, KTFTP_A_ENTRY_AGE_MS, age_ms, KTFTP_A_ENTRY_PAD) ||
	    (entry->while_attached && nla_put_flag(skb, KTFTP_A_ENTRY_WHILE_ATTACHED))) {
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
	struct ktftp_entry *entry;
	unsigned long id;

	mutex_lock(&store->lock);
	cb->seq = store->generation;
	xa_for_each_start(&store->entries, id, entry, cb->args[0]) {
		if (dump_one(skb, cb, entry))
			break;
		cb->args[0] = id + 1;
	}
	mutex_unlock(&store->lock);
	return skb->len;
}
