// SPDX-License-Identifier: GPL-2.0
/* Names, labels and contents out of attributes. */
#include <linux/file.h>
#include <linux/fs.h>
#include <net/sock.h>

#include "budget.h"
#include "content.h"
#include "entry.h"
#include "netlink.h"
#include "nl_entry.h"

const struct nla_policy ktftp_entry_policy[KTFTP_A_ENTRY_MAX + 1] = {
	[KTFTP_A_ENTRY_NAME] = { .type = NLA_NUL_STRING, .len = KTFTP_NAME_ATTRIBUTE_MAX },
	[KTFTP_A_ENTRY_FD] = { .type = NLA_U32 },
	[KTFTP_A_ENTRY_KIND] = NLA_POLICY_MAX(NLA_U32, KTFTP_KIND_COPIED),
	[KTFTP_A_ENTRY_OFFSET] = { .type = NLA_U64 },
	[KTFTP_A_ENTRY_SIZE] = { .type = NLA_U64 },
	[KTFTP_A_ENTRY_ALL] = { .type = NLA_FLAG },
	[KTFTP_A_ENTRY_WHILE_ATTACHED] = { .type = NLA_FLAG },
	[KTFTP_A_ENTRY_VIEW] = { .type = NLA_NUL_STRING, .len = KTFTP_LABEL_MAX },
	[KTFTP_A_ENTRY_OWNER] = { .type = NLA_NUL_STRING, .len = KTFTP_LABEL_MAX },
	[KTFTP_A_ENTRY_DIGEST] = NLA_POLICY_EXACT_LEN(KTFTP_DIGEST_BYTES),
	[KTFTP_A_ENTRY_SOURCE] = { .type = NLA_NUL_STRING, .len = KTFTP_SOURCE_MAX },
	[KTFTP_A_ENTRY_GONE] = { .type = NLA_FLAG },
};

static struct netlink_range_validation lifetime = { .min = 1, .max = S32_MAX };

const struct nla_policy ktftp_absent_policy[KTFTP_A_ABSENT_MAX + 1] = {
	[KTFTP_A_ABSENT_GLOB] = { .type = NLA_NUL_STRING, .len = KTFTP_NAME_ATTRIBUTE_MAX },
	[KTFTP_A_ABSENT_VIEW] = { .type = NLA_NUL_STRING, .len = KTFTP_LABEL_MAX },
	[KTFTP_A_ABSENT_OWNER] = { .type = NLA_NUL_STRING, .len = KTFTP_LABEL_MAX },
	[KTFTP_A_ABSENT_FOR_S] = NLA_POLICY_FULL_RANGE(NLA_U32, &lifetime),
	[KTFTP_A_ABSENT_ALL] = { .type = NLA_FLAG },
	[KTFTP_A_ABSENT_GONE] = { .type = NLA_FLAG },
};

/**
 * ktftp_nl_get_name() - the canonical form of a name, or of a pattern of names
 * @attribute: the name as somebody wrote it
 * @name: where it goes
 * @extack: where the reason of a refusal goes
 *
 * Return: its length, or a negative errno.
 */
int ktftp_nl_get_name(const struct nlattr *attribute, char name[KTFTP_NAME_MAX + 1],
		      struct netlink_ext_ack *extack)
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

/* Of what people list with commas, and read in tables. */
static bool is_label(const char *text)
{
	const u8 *c;

	for (c = text; *c; c++)
		if (*c <= ' ' || *c == 0x7f || *c == ',')
			return false;
	return c != (const u8 *)text;
}

/**
 * ktftp_nl_get_label() - the name of a view or an owner
 * @attribute: attribute, or NULL
 * @otherwise: what it is when it is not given
 * @extack: where the reason of a refusal goes
 *
 * Return: the name, in the attribute's own memory; ERR_PTR(-EINVAL).
 */
const char *ktftp_nl_get_label(const struct nlattr *attribute, const char *otherwise, struct netlink_ext_ack *extack)
{
	if (!attribute)
		return otherwise;
	if (is_label(nla_data(attribute)))
		return nla_data(attribute);
	NL_SET_ERR_MSG_ATTR(extack, attribute,
			    "the name of a view or an owner has 1 to 31 bytes, no spaces, commas or control characters");
	return ERR_PTR(-EINVAL);
}

static enum ktftp_kind get_kind(struct nlattr **attributes, const struct file *file)
{
	if (attributes[KTFTP_A_ENTRY_KIND])
		return nla_get_u32(attributes[KTFTP_A_ENTRY_KIND]);
	return ktftp_content_is_memfd(file) ? KTFTP_KIND_SEALED : KTFTP_KIND_PINNED;
}

static struct ktftp_holding *hold(struct sk_buff *skb, struct ktftp_store *store, struct nlattr **attributes,
				  struct file *file, struct netlink_ext_ack *extack)
{
	const enum ktftp_kind kind = get_kind(attributes, file);
	const struct netlink_ext_ack before = *extack;
	struct ktftp_holding *holding;

	holding = ktftp_holding_get(store->budget, skb, file, kind, extack);
	if (holding != ERR_PTR(-ENOSPC) || ktftp_budget_check(store->budget, extack))
		return holding;
	/* What was replaced or withdrawn just now may be on its way out still. */
	ktftp_store_settle();
	*extack = before;
	return ktftp_holding_get(store->budget, skb, file, kind, extack);
}

static struct ktftp_holding *get_holding(struct sk_buff *skb, struct ktftp_store *store, struct nlattr **attributes,
					 struct netlink_ext_ack *extack)
{
	const struct nlattr *fd = attributes[KTFTP_A_ENTRY_FD];
	struct ktftp_holding *holding;
	struct file *file;

	if (!fd) {
		NL_SET_ERR_MSG(extack, "a file descriptor is needed");
		return ERR_PTR(-EINVAL);
	}
	file = fget(nla_get_u32(fd));
	if (!file) {
		NL_SET_ERR_MSG_ATTR(extack, fd, "no such file descriptor");
		return ERR_PTR(-EBADF);
	}
	holding = hold(skb, store, attributes, file, extack);
	fput(file);
	return holding;
}

/* The part of the content that is meant, which must lie inside it. */
static int get_range(struct nlattr **attributes, struct ktftp_entry_spec *spec, struct netlink_ext_ack *extack)
{
	const struct nlattr *offset = attributes[KTFTP_A_ENTRY_OFFSET], *size = attributes[KTFTP_A_ENTRY_SIZE];
	const u64 content_bytes = spec->holding->content->bytes;

	spec->offset = offset ? nla_get_u64(offset) : 0;
	if (spec->offset > content_bytes) {
		NL_SET_ERR_MSG_ATTR(extack, offset, "the file ends before this offset");
		return -EINVAL;
	}
	spec->bytes = content_bytes - spec->offset;
	if (!size)
		return 0;
	if (nla_get_u64(size) > spec->bytes) {
		NL_SET_ERR_MSG_ATTR(extack, size, "the file ends before this size");
		return -EINVAL;
	}
	spec->bytes = nla_get_u64(size);
	return 0;
}

static int check_digest(const struct nlattr *wanted, const struct ktftp_entry_spec *spec,
			struct netlink_ext_ack *extack)
{
	u8 digest[KTFTP_DIGEST_BYTES];
	int err;

	if (!wanted)
		return 0;
	err = ktftp_content_digest(spec->holding->content, spec->offset, spec->bytes, digest);
	if (err)
		return err;
	if (!memcmp(digest, nla_data(wanted), sizeof(digest)))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, wanted, "the content has another SHA-256");
	return -EBADMSG;
}

static int get_labels(struct ktftp_entry_spec *spec, const struct nlattr *view, const struct nlattr *owner,
		      struct netlink_ext_ack *extack)
{
	spec->view = ktftp_nl_get_label(view, KTFTP_DEFAULT_VIEW, extack);
	if (IS_ERR(spec->view))
		return PTR_ERR(spec->view);
	spec->owner = ktftp_nl_get_label(owner, KTFTP_DEFAULT_OWNER, extack);
	return PTR_ERR_OR_ZERO(spec->owner);
}

/* What the entry is to be, but for its name, its labels and its content. */
static struct ktftp_entry *make(struct ktftp_store *store, struct ktftp_entry_spec *spec,
				struct nlattr **attributes, struct netlink_ext_ack *extack)
{
	const struct nlattr *digest = attributes[KTFTP_A_ENTRY_DIGEST];
	struct ktftp_entry *entry;
	int err;

	err = get_range(attributes, spec, extack) ?: check_digest(digest, spec, extack);
	if (err)
		return ERR_PTR(err);
	if (attributes[KTFTP_A_ENTRY_SOURCE])
		spec->source = nla_data(attributes[KTFTP_A_ENTRY_SOURCE]);
	entry = ktftp_entry_new(store, spec, extack);
	if (IS_ERR(entry))
		return entry;
	entry->while_attached = nla_get_flag(attributes[KTFTP_A_ENTRY_WHILE_ATTACHED]);
	if (digest) {
		entry->has_digest = true;
		memcpy(entry->digest, nla_data(digest), sizeof(entry->digest));
	}
	return entry;
}

/**
 * ktftp_nl_new_entry() - a published name, not in the store yet
 * @skb: message
 * @store: store
 * @attributes: attributes of the entry
 * @extack: where the reason of a refusal goes
 *
 * Return: the entry, as of ktftp_entry_new(); or ERR_PTR.
 */
struct ktftp_entry *ktftp_nl_new_entry(struct sk_buff *skb, struct ktftp_store *store, struct nlattr **attributes,
				       struct netlink_ext_ack *extack)
{
	struct ktftp_entry_spec spec = {};
	char name[KTFTP_NAME_MAX + 1];
	struct ktftp_entry *entry;
	int bytes, err;

	if (!attributes[KTFTP_A_ENTRY_NAME]) {
		NL_SET_ERR_MSG(extack, "a name is needed");
		return ERR_PTR(-EINVAL);
	}
	if (attributes[KTFTP_A_ENTRY_ALL] || attributes[KTFTP_A_ENTRY_GONE]) {
		NL_SET_ERR_MSG(extack, "all and gone mean nothing where a name is published");
		return ERR_PTR(-EINVAL);
	}
	bytes = ktftp_nl_get_name(attributes[KTFTP_A_ENTRY_NAME], name, extack);
	if (bytes < 0)
		return ERR_PTR(bytes);
	spec.name = name;
	spec.name_bytes = bytes;
	err = get_labels(&spec, attributes[KTFTP_A_ENTRY_VIEW], attributes[KTFTP_A_ENTRY_OWNER], extack);
	if (err)
		return ERR_PTR(err);
	spec.holding = get_holding(skb, store, attributes, extack);
	if (IS_ERR(spec.holding))
		return ERR_CAST(spec.holding);
	entry = make(store, &spec, attributes, extack);
	if (IS_ERR(entry))
		ktftp_holding_put(spec.holding);
	return entry;
}

/**
 * ktftp_nl_new_absent() - an absent, not in the store yet
 * @store: store
 * @glob: its name or pattern
 * @attributes: attributes of absents
 * @extack: where the reason of a refusal goes
 *
 * Return: the entry, as of ktftp_entry_new(); or ERR_PTR.
 */
struct ktftp_entry *ktftp_nl_new_absent(struct ktftp_store *store, const struct nlattr *glob,
					struct nlattr **attributes, struct netlink_ext_ack *extack)
{
	struct ktftp_entry_spec spec = {};
	char name[KTFTP_NAME_MAX + 1];
	int bytes, err;

	bytes = ktftp_nl_get_name(glob, name, extack);
	if (bytes < 0)
		return ERR_PTR(bytes);
	spec.name = name;
	spec.name_bytes = bytes;
	err = get_labels(&spec, attributes[KTFTP_A_ABSENT_VIEW], attributes[KTFTP_A_ABSENT_OWNER], extack) ?:
	      ktftp_budget_check(store->budget, extack);
	if (err)
		return ERR_PTR(err);
	if (attributes[KTFTP_A_ABSENT_FOR_S])
		spec.lives_s = nla_get_u32(attributes[KTFTP_A_ABSENT_FOR_S]);
	return ktftp_entry_new(store, &spec, extack);
}

/* Tells that a name, or an absent, is not in the store; returns -ENOENT. */
int ktftp_nl_not_there(const struct nlattr *attribute, bool absent, struct netlink_ext_ack *extack)
{
	if (absent)
		NL_SET_ERR_MSG_ATTR(extack, attribute, "there is no such absent in this view");
	else
		NL_SET_ERR_MSG_ATTR(extack, attribute, "this name is not published in this view");
	return -ENOENT;
}

/* Which entries go: all of a view or an owner, or those that are named. */
struct choice {
	const struct ktftp_nl_words *words;
	const char *view;
	const char *owner;
	bool all;
};

static int get_choice(struct genl_info *info, const struct ktftp_nl_words *words, struct choice *choice)
{
	*choice = (struct choice){ .words = words, .all = nla_get_flag(info->attrs[words->all]) };
	if (choice->all != !info->attrs[words->name]) {
		NL_SET_ERR_MSG(info->extack, "names are needed, or all");
		return -EINVAL;
	}
	if (!choice->all && info->attrs[words->owner]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[words->owner], "an owner goes with all, not with names");
		return -EINVAL;
	}
	choice->view = ktftp_nl_get_label(info->attrs[words->view], choice->all ? NULL : KTFTP_DEFAULT_VIEW,
					  info->extack);
	if (IS_ERR(choice->view))
		return PTR_ERR(choice->view);
	choice->owner = ktftp_nl_get_label(info->attrs[words->owner], NULL, info->extack);
	return PTR_ERR_OR_ZERO(choice->owner);
}

static struct ktftp_entry *find_named(struct ktftp_store *store, const struct nlattr *attribute,
				      const struct choice *choice, struct netlink_ext_ack *extack)
{
	char name[KTFTP_NAME_MAX + 1];
	int bytes = ktftp_nl_get_name(attribute, name, extack);

	if (bytes < 0)
		return ERR_PTR(bytes);
	return ktftp_store_find(store, ktftp_label_find(&store->views, choice->view), name, bytes,
				choice->words->absents);
}

static int check_named(struct ktftp_store *store, struct genl_info *info, const struct choice *choice)
{
	const struct nlattr *attribute;
	struct ktftp_entry *entry;
	int left;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attribute) != choice->words->name)
			continue;
		cond_resched();
		entry = find_named(store, attribute, choice, info->extack);
		if (IS_ERR(entry))
			return PTR_ERR(entry);
		if (!entry)
			return ktftp_nl_not_there(attribute, choice->words->absents, info->extack);
	}
	return 0;
}

static unsigned int remove_named(struct ktftp_store *store, struct genl_info *info, const struct choice *choice)
{
	const struct nlattr *attribute;
	struct ktftp_entry *entry;
	unsigned int count = 0;
	int left;

	nlmsg_for_each_attr(attribute, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attribute) != choice->words->name)
			continue;
		cond_resched();
		entry = find_named(store, attribute, choice, info->extack);
		/* A name that was given twice is gone the second time. */
		if (IS_ERR_OR_NULL(entry))
			continue;
		ktftp_store_remove(store, entry);
		count++;
	}
	return count;
}

static unsigned int remove_all(struct ktftp_store *store, const struct choice *choice)
{
	struct ktftp_entry *entry;
	unsigned int count = 0;
	unsigned long id;

	xa_for_each(choice->words->absents ? &store->absents : &store->entries, id, entry) {
		cond_resched();
		if ((choice->view && strcmp(entry->view->text, choice->view)) ||
		    (choice->owner && strcmp(entry->owner->text, choice->owner)))
			continue;
		ktftp_store_remove(store, entry);
		count++;
	}
	return count;
}

/**
 * ktftp_nl_take_out() - remove entries from the store, all that are named or none
 * @store: store; its lock is taken
 * @info: command
 * @words: how it says which
 * @count: where the number of those that went goes
 *
 * Return: 0; -ENOENT when one that is named is not there; -EINVAL, -ENAMETOOLONG.
 */
int ktftp_nl_take_out(struct ktftp_store *store, struct genl_info *info, const struct ktftp_nl_words *words,
		      unsigned int *count)
{
	struct choice choice;
	int err = get_choice(info, words, &choice);

	if (err)
		return err;
	mutex_lock(&store->lock);
	if (choice.all)
		*count = remove_all(store, &choice);
	else
		err = check_named(store, info, &choice);
	if (!err && !choice.all)
		*count = remove_named(store, info, &choice);
	mutex_unlock(&store->lock);
	return err;
}
