// SPDX-License-Identifier: GPL-2.0
/* Names: publish, withdraw, list. */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>

#include "connection.h"
#include "vector.h"

static void get_entry(struct nlattr *const *a, struct ktftp_entry *out)
{
	out->id = ktftp_get_u32(a[KTFTP_A_ENTRY_ID]);
	ktftp_get_string(out->name, sizeof(out->name), a[KTFTP_A_ENTRY_NAME]);
	out->kind = ktftp_get_u32(a[KTFTP_A_ENTRY_KIND]);
	out->size = ktftp_get_u64(a[KTFTP_A_ENTRY_SIZE]);
	out->hits = ktftp_get_u64(a[KTFTP_A_ENTRY_HITS]);
	out->age_ms = ktftp_get_u64(a[KTFTP_A_ENTRY_AGE_MS]);
}

static int take_one(struct nlattr *const *a, void *context)
{
	get_entry(a, context);
	return 0;
}

static int publish(struct ktftp *k, const char *name, int fd, enum ktftp_kind kind, bool while_attached,
		   struct ktftp_entry *entry)
{
	const struct ktftp_reply reply = { .max_attribute = KTFTP_A_ENTRY_MAX, .fn = take_one, .context = entry };
	struct nl_msg *msg = ktftp_request(k, KTFTP_CMD_PUBLISH, NLM_F_ACK);

	if (!msg)
		return -ENOMEM;
	memset(entry, 0, sizeof(*entry));
	if (nla_put_string(msg, KTFTP_A_ENTRY_NAME, name) || nla_put_u32(msg, KTFTP_A_ENTRY_FD, fd) ||
	    nla_put_u32(msg, KTFTP_A_ENTRY_KIND, kind) ||
	    (while_attached && nla_put_flag(msg, KTFTP_A_ENTRY_WHILE_ATTACHED))) {
		nlmsg_free(msg);
		return ktftp_fail(k, -ENAMETOOLONG, "the name is too long");
	}
	return ktftp_call(k, msg, &reply);
}

/**
 * ktftp_publish_fd() - give the content of an open file to a name
 * @k: connection
 * @name: name; the canonical form comes back in @entry
 * @fd: file, open for reading
 * @kind: how it is to be held
 * @entry: what became of it
 *
 * Return: 0; -EAGAIN when not all of the file is in memory; -ETXTBSY, -EPERM, -EOPNOTSUPP, -ENOSPC, ...
 */
int ktftp_publish_fd(struct ktftp *k, const char *name, int fd, enum ktftp_kind kind, struct ktftp_entry *entry)
{
	return publish(k, name, fd, kind, false, entry);
}

/**
 * ktftp_publish_while_attached() - give the content of a sealed memfd to a name, until the daemon goes
 * @k: connection
 * @name: name; the canonical form comes back in @entry
 * @fd: memfd
 * @entry: what became of it
 *
 * Return: as ktftp_publish_fd().
 */
int ktftp_publish_while_attached(struct ktftp *k, const char *name, int fd, struct ktftp_entry *entry)
{
	return publish(k, name, fd, KTFTP_KIND_SEALED, true, entry);
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

	*withdrawn = 0;
	return ktftp_call(k, msg, &reply);
}

/**
 * ktftp_withdraw() - take names back, all or none
 * @k: connection
 * @names: names
 * @count: how many
 * @withdrawn: where the number of names that went goes
 *
 * Return: 0; -ENOENT when one is not published; ...
 */
int ktftp_withdraw(struct ktftp *k, const char *const *names, size_t count, uint32_t *withdrawn)
{
	size_t bytes = NLMSG_ALIGN(GENL_HDRLEN), i;
	struct nl_msg *msg;

	/* All of them in one message, so that all go or none. */
	for (i = 0; i < count; i++)
		bytes += nla_total_size(strlen(names[i]) + 1);
	msg = ktftp_request_sized(k, KTFTP_CMD_WITHDRAW, NLM_F_ACK, bytes);
	if (!msg)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (!nla_put_string(msg, KTFTP_A_ENTRY_NAME, names[i]))
			continue;
		nlmsg_free(msg);
		return ktftp_fail(k, -EMSGSIZE, "too many names at once");
	}
	return withdraw(k, msg, withdrawn);
}

/**
 * ktftp_withdraw_all() - take every name of the namespace back
 * @k: connection
 * @withdrawn: where the number of names that went goes
 */
int ktftp_withdraw_all(struct ktftp *k, uint32_t *withdrawn)
{
	struct nl_msg *msg = ktftp_request(k, KTFTP_CMD_WITHDRAW, NLM_F_ACK);

	if (!msg)
		return -ENOMEM;
	nla_put_flag(msg, KTFTP_A_ENTRY_ALL);
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
