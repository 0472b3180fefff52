// SPDX-License-Identifier: GPL-2.0
/* Absents: add, delete, list. */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>

#include "dump.h"

/* A request about globs; NULL and an error in the connection when there cannot be one. */
static struct nl_msg *request(struct ktftp *k, uint8_t command, const char *view, const char *owner,
			      const char *const *globs, size_t count)
{
	size_t bytes = 0, i;
	struct nl_msg *msg;
	int err;

	for (i = 0; i < count; i++)
		bytes += nla_total_size(strlen(globs[i]) + 1);
	bytes += (view ? nla_total_size(strlen(view) + 1) : 0) + (owner ? nla_total_size(strlen(owner) + 1) : 0);
	bytes += 2 * nla_total_size(sizeof(uint32_t));
	if (ktftp_need_sets(k) || ktftp_prepare_to_send(k, bytes))
		return NULL;
	msg = ktftp_request_sized(k, command, NLM_F_ACK, bytes);
	if (!msg)
		return NULL;
	err = view ? nla_put_string(msg, KTFTP_A_ABSENT_VIEW, view) : 0;
	if (!err && owner)
		err = nla_put_string(msg, KTFTP_A_ABSENT_OWNER, owner);
	for (i = 0; !err && i < count; i++)
		err = nla_put_string(msg, KTFTP_A_ABSENT_GLOB, globs[i]);
	if (!err)
		return msg;
	nlmsg_free(msg);
	ktftp_fail(k, -ENAMETOOLONG, "a glob has at most %d bytes, a view or an owner %d", KTFTP_NAME_MAX,
		   KTFTP_LABEL_MAX);
	return NULL;
}

static int take_count(struct nlattr *const *a, void *context)
{
	uint32_t *count = context;

	*count = ktftp_get_u32(a[KTFTP_A_ABSENT_COUNT]);
	return 0;
}

/**
 * ktftp_absent_add() - let names be known not to exist
 * @k: connection
 * @view: view, NULL for "default"
 * @owner: who cares for them, NULL for "cli"
 * @for_s: seconds they live, 0 for ever
 * @globs: names or globs
 * @count: how many
 *
 * Return: 0; -ENOSPC at a limit; -EINVAL for what is no glob; ...
 */
int ktftp_absent_add(struct ktftp *k, const char *view, const char *owner, uint32_t for_s, const char *const *globs,
		     size_t count)
{
	struct nl_msg *msg = request(k, KTFTP_CMD_ABSENT_ADD, view, owner, globs, count);

	if (!msg)
		return -EINVAL;
	if (for_s)
		nla_put_u32(msg, KTFTP_A_ABSENT_FOR_S, for_s);
	return ktftp_call_blaming(k, msg, NULL, KTFTP_A_ABSENT_GLOB);
}

static int del(struct ktftp *k, struct nl_msg *msg, uint32_t *deleted)
{
	const struct ktftp_reply reply = {
		.max_attribute = KTFTP_A_ABSENT_MAX,
		.fn = take_count,
		.context = deleted,
	};

	*deleted = 0;
	return msg ? ktftp_call_blaming(k, msg, &reply, KTFTP_A_ABSENT_GLOB) : -EINVAL;
}

/**
 * ktftp_absent_del() - delete absents of a view, all or none
 * @k: connection
 * @view: view, NULL for "default"
 * @globs: as they were added
 * @count: how many
 * @deleted: where the number of those that went goes
 *
 * Return: 0; -ENOENT when one is not there; ...
 */
int ktftp_absent_del(struct ktftp *k, const char *view, const char *const *globs, size_t count, uint32_t *deleted)
{
	return del(k, request(k, KTFTP_CMD_ABSENT_DEL, view, NULL, globs, count), deleted);
}

/**
 * ktftp_absent_del_all() - delete all absents
 * @k: connection
 * @view: of this view alone, or NULL
 * @owner: of this owner alone, or NULL
 * @deleted: where the number of those that went goes
 */
int ktftp_absent_del_all(struct ktftp *k, const char *view, const char *owner, uint32_t *deleted)
{
	struct nl_msg *msg = request(k, KTFTP_CMD_ABSENT_DEL, view, owner, NULL, 0);

	if (msg)
		nla_put_flag(msg, KTFTP_A_ABSENT_ALL);
	return del(k, msg, deleted);
}

static int take_absent(struct nlattr *const *a, void *context)
{
	struct ktftp_absent *out = vector_add(context);

	if (!out)
		return -ENOMEM;
	out->id = ktftp_get_u32(a[KTFTP_A_ABSENT_ID]);
	ktftp_get_string(out->glob, sizeof(out->glob), a[KTFTP_A_ABSENT_GLOB]);
	ktftp_get_string(out->view, sizeof(out->view), a[KTFTP_A_ABSENT_VIEW]);
	ktftp_get_string(out->owner, sizeof(out->owner), a[KTFTP_A_ABSENT_OWNER]);
	out->ends = a[KTFTP_A_ABSENT_LEFT_MS];
	out->left_ms = ktftp_get_u64(a[KTFTP_A_ABSENT_LEFT_MS]);
	out->hits = ktftp_get_u64(a[KTFTP_A_ABSENT_HITS]);
	out->age_ms = ktftp_get_u64(a[KTFTP_A_ABSENT_AGE_MS]);
	return 0;
}

/**
 * ktftp_absent_list() - list the absents of the namespace
 * @k: connection
 * @fn: called for each, oldest first
 * @context: for @fn
 *
 * Return: 0, what @fn returned, or a negative errno.
 */
int ktftp_absent_list(struct ktftp *k, ktftp_absent_fn fn, void *context)
{
	struct vector list = { .item_bytes = sizeof(struct ktftp_absent) };
	const struct ktftp_absent *all;
	size_t i;
	int err = ktftp_need_sets(k);

	if (!err)
		err = vector_dump(k, KTFTP_CMD_ABSENT_GET, KTFTP_A_ABSENT_MAX, take_absent, &list);
	all = list.items;
	for (i = 0; !err && i < list.count; i++)
		err = fn(&all[i], context);
	vector_free(&list);
	return err;
}
