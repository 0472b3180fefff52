// SPDX-License-Identifier: GPL-2.0
/* Names: publish, withdraw, list. */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>

#include "dump.h"
#include "entry.h"

static void get_digest(struct ktftp_entry *out, const struct nlattr *attribute)
{
	out->has_digest = attribute && nla_len(attribute) == sizeof(out->digest);
	if (out->has_digest)
		memcpy(out->digest, nla_data(attribute), sizeof(out->digest));
}

static void get_entry(struct nlattr *const *a, struct ktftp_entry *out)
{
	out->id = ktftp_get_u32(a[KTFTP_A_ENTRY_ID]);
	ktftp_get_string(out->name, sizeof(out->name), a[KTFTP_A_ENTRY_NAME]);
	ktftp_get_string(out->view, sizeof(out->view), a[KTFTP_A_ENTRY_VIEW]);
	ktftp_get_string(out->owner, sizeof(out->owner), a[KTFTP_A_ENTRY_OWNER]);
	ktftp_get_string(out->source, sizeof(out->source), a[KTFTP_A_ENTRY_SOURCE]);
	out->kind = ktftp_get_u32(a[KTFTP_A_ENTRY_KIND]);
	out->offset = ktftp_get_u64(a[KTFTP_A_ENTRY_OFFSET]);
	out->size = ktftp_get_u64(a[KTFTP_A_ENTRY_SIZE]);
	get_digest(out, a[KTFTP_A_ENTRY_DIGEST]);
	out->while_attached = a[KTFTP_A_ENTRY_WHILE_ATTACHED];
	out->hits = ktftp_get_u64(a[KTFTP_A_ENTRY_HITS]);
	out->age_ms = ktftp_get_u64(a[KTFTP_A_ENTRY_AGE_MS]);
}

static int take_one(struct nlattr *const *a, void *context)
{
	get_entry(a, context);
	return 0;
}

static bool is_short(const char *text, size_t most)
{
	return !text || strlen(text) <= most;
}

/**
 * entry_fits() - can these properties be put into a message at all
 * @k: connection
 * @properties: properties
 *
 * Whether they make sense is for the kernel to say.
 */
bool entry_fits(struct ktftp *k, const struct ktftp_properties *properties)
{
	if (is_short(properties->name, ENTRY_BYTES_MOST / 4) && is_short(properties->view, ENTRY_BYTES_MOST / 8) &&
	    is_short(properties->owner, ENTRY_BYTES_MOST / 8) && is_short(properties->source, KTFTP_SOURCE_MAX))
		return true;
	ktftp_fail(k, -ENAMETOOLONG, "a name has at most %d bytes, a view or an owner %d, a source %d", KTFTP_NAME_MAX,
		   KTFTP_LABEL_MAX, KTFTP_SOURCE_MAX);
	return false;
}

static int put_string(struct nl_msg *msg, int type, const char *text)
{
	return text && *text ? nla_put_string(msg, type, text) : 0;
}

/**
 * entry_put() - add what publishes a file
 * @msg: request, or item of a set
 * @properties: what the name is to be
 * @fd: file
 * @kind: how it is to be held
 *
 * Return: 0 or a negative number when there is no room.
 */
int entry_put(struct nl_msg *msg, const struct ktftp_properties *properties, int fd, enum ktftp_kind kind)
{
	if (nla_put_string(msg, KTFTP_A_ENTRY_NAME, properties->name) ||
	    put_string(msg, KTFTP_A_ENTRY_VIEW, properties->view) ||
	    put_string(msg, KTFTP_A_ENTRY_OWNER, properties->owner) ||
	    put_string(msg, KTFTP_A_ENTRY_SOURCE, properties->source) || nla_put_u32(msg, KTFTP_A_ENTRY_FD, fd) ||
	    nla_put_u32(msg, KTFTP_A_ENTRY_KIND, kind) ||
	    (properties->digest && nla_put(msg, KTFTP_A_ENTRY_DIGEST, KTFTP_DIGEST_BYTES, properties->digest)) ||
	    (properties->while_attached && nla_put_flag(msg, KTFTP_A_ENTRY_WHILE_ATTACHED)))
		return -EMSGSIZE;
	return 0;
}

/* An old module refuses attributes that it does not know. */
static int check_module(struct ktftp *k, const struct ktftp_properties *p)
{
	return p->view || p->owner || p->source || p->digest ? ktftp_need_sets(k) : 0;
}

/**
 * ktftp_publish_fd() - give the content of an open file to a name
 * @k: connection
 * @properties: what the name is to be; the canonical form of the name comes back in @entry
 * @fd: file, open for reading
 * @kind: how it is to be held
 * @entry: what became of it
 *
 * Return: 0; -EAGAIN when not all of the file is in memory; -ETXTBSY, -EPERM, -EOPNOTSUPP, -ENOSPC, -EBADMSG
 * when its SHA-256 is another one, ...
 */
int ktftp_publish_fd(struct ktftp *k, const struct ktftp_properties *properties, int fd, enum ktftp_kind kind,
		     struct ktftp_entry *entry)
{
	const struct ktftp_reply reply = { .max_attribute = KTFTP_A_ENTRY_MAX, .fn = take_one, .context = entry };
	struct nl_msg *msg;
	int err = check_module(k, properties);

	memset(entry, 0, sizeof(*entry));
	if (err)
		return err;
	if (!entry_fits(k, properties))
		return -ENAMETOOLONG;
	msg = ktftp_request(k, KTFTP_CMD_PUBLISH, NLM_F_ACK);
	if (!msg)
		return -ENOMEM;
	if (entry_put(msg, properties, fd, kind)) {
		nlmsg_free(msg);
		return ktftp_fail(k, -ENOMEM, "out of memory");
	}
	return ktftp_call(k, msg, &reply);
}

static int take_count(struct nlattr *const *a, void *context)
{
	uint32_t *count = context;

	*count = ktftp_get_u32(a[KTFTP_A_ENTRY_COUNT]);
	return 0;
}

static int withdraw(struct ktftp *k, struct nl_msg *msg, uint32_t *withdrawn)
{
	const struct ktftp_reply reply = {
		.max_attribute = KTFTP_A_ENTRY_MAX,
		.fn = take_count,
		.context = withdrawn,
	};

	return ktftp_call_blaming(k, msg, &reply, KTFTP_A_ENTRY_NAME);
}

static int put_names(struct nl_msg *msg, const char *view, const char *const *names, size_t count)
{
	size_t i;
	int err = put_string(msg, KTFTP_A_ENTRY_VIEW, view);

	for (i = 0; !err && i < count; i++)
		err = nla_put_string(msg, KTFTP_A_ENTRY_NAME, names[i]);
	return err;
}

/**
 * ktftp_withdraw() - take names of a view back, all or none
 * @k: connection
 * @view: view, NULL for "default"
 * @names: names
 * @count: how many
 * @withdrawn: where the number of names that went goes
 *
 * Return: 0; -ENOENT when one is not published; ...
 */
int ktftp_withdraw(struct ktftp *k, const char *view, const char *const *names, size_t count, uint32_t *withdrawn)
{
	size_t bytes = view ? nla_total_size(strlen(view) + 1) : 0, i;
	struct nl_msg *msg;
	int err;

	*withdrawn = 0;
	err = view ? ktftp_need_sets(k) : 0;
	/* All of them in one message, so that all go or none. */
	for (i = 0; i < count; i++)
		bytes += nla_total_size(strlen(names[i]) + 1);
	if (!err)
		err = ktftp_prepare_to_send(k, bytes);
	if (err)
		return err;
	msg = ktftp_request_sized(k, KTFTP_CMD_WITHDRAW, NLM_F_ACK, bytes);
	if (!msg)
		return -ENOMEM;
	if (put_names(msg, view, names, count)) {
		nlmsg_free(msg);
		return ktftp_fail(k, -ENAMETOOLONG, "a name is too long");
	}
	return withdraw(k, msg, withdrawn);
}

/**
 * ktftp_withdraw_all() - take all names back
 * @k: connection
 * @view: of this view alone, or NULL
 * @owner: of this owner alone, or NULL
 * @withdrawn: where the number of names that went goes
 */
int ktftp_withdraw_all(struct ktftp *k, const char *view, const char *owner, uint32_t *withdrawn)
{
	struct nl_msg *msg;
	int err = view || owner ? ktftp_need_sets(k) : 0;

	*withdrawn = 0;
	if (err)
		return err;
	msg = ktftp_request(k, KTFTP_CMD_WITHDRAW, NLM_F_ACK);
	if (!msg)
		return -ENOMEM;
	if (nla_put_flag(msg, KTFTP_A_ENTRY_ALL) || put_string(msg, KTFTP_A_ENTRY_VIEW, view) ||
	    put_string(msg, KTFTP_A_ENTRY_OWNER, owner)) {
		nlmsg_free(msg);
		return ktftp_fail(k, -ENAMETOOLONG, "a view or an owner has at most %d bytes", KTFTP_LABEL_MAX);
	}
	return withdraw(k, msg, withdrawn);
}

static int add_entry(struct nlattr *const *a, void *context)
{
	struct ktftp_entry *out = vector_add(context);

	if (!out)
		return -ENOMEM;
	get_entry(a, out);
	return 0;
}

/**
 * ktftp_entry_list() - list what is published
 * @k: connection
 * @fn: called for each, oldest first
 * @context: for @fn
 *
 * Return: 0, what @fn returned, or a negative errno.
 */
int ktftp_entry_list(struct ktftp *k, ktftp_entry_fn fn, void *context)
{
	struct vector list = { .item_bytes = sizeof(struct ktftp_entry) };
	const struct ktftp_entry *all;
	size_t i;
	int err;

	err = vector_dump(k, KTFTP_CMD_ENTRY_GET, KTFTP_A_ENTRY_MAX, add_entry, &list);
	all = list.items;
	for (i = 0; !err && i < list.count; i++)
		err = fn(&all[i], context);
	vector_free(&list);
	return err;
}

struct entry_walk {
	ktftp_entry_fn fn;
	void *context;
};

static int walk_one(struct nlattr *const *a, void *context)
{
	const struct entry_walk *walk = context;
	struct ktftp_entry entry;

	get_entry(a, &entry);
	return walk->fn(&entry, walk->context);
}

/**
 * ktftp_entry_walk() - look at what is published, while the list passes by
 * @k: connection
 * @fn: called for each, oldest first
 * @context: for @fn
 *
 * As ktftp_entry_list(), without a list in memory: of very many names that is a lot.
 *
 * Return: 0; -EAGAIN when the list changed meanwhile: what was told so far is to be forgotten; what @fn returned; or a
 * negative errno.
 */
int ktftp_entry_walk(struct ktftp *k, ktftp_entry_fn fn, void *context)
{
	struct entry_walk walk = { .fn = fn, .context = context };
	const struct ktftp_reply reply = {
		.max_attribute = KTFTP_A_ENTRY_MAX,
		.fn = walk_one,
		.context = &walk,
	};

	return ktftp_dump(k, KTFTP_CMD_ENTRY_GET, &reply);
}
