// SPDX-License-Identifier: GPL-2.0
/* Views: list them, and set which of them clients see. */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>

#include "dump.h"

/**
 * ktftp_view_set() - change which views clients see
 * @k: connection
 * @views: their names, the uppermost first
 * @count: how many
 *
 * Return: 0; -EINVAL, ...
 */
int ktftp_view_set(struct ktftp *k, const char *const *views, size_t count)
{
	struct nl_msg *msg;
	size_t i;
	int err = ktftp_need_sets(k);

	if (err)
		return err;
	msg = ktftp_request(k, KTFTP_CMD_VIEW_SET, NLM_F_ACK);
	if (!msg)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		if (!nla_put_string(msg, KTFTP_A_VIEW_NAME, views[i]))
			continue;
		nlmsg_free(msg);
		return ktftp_fail(k, -E2BIG, "clients see %d views at most, with names of at most %d bytes",
				  KTFTP_STACK_MAX, KTFTP_LABEL_MAX);
	}
	return ktftp_call_blaming(k, msg, NULL, KTFTP_A_VIEW_NAME);
}

static int take_view(struct nlattr *const *a, void *context)
{
	struct ktftp_view *out = vector_add(context);

	if (!out)
		return -ENOMEM;
	ktftp_get_string(out->name, sizeof(out->name), a[KTFTP_A_VIEW_NAME]);
	out->position = ktftp_get_u32(a[KTFTP_A_VIEW_POSITION]);
	out->entries = ktftp_get_u32(a[KTFTP_A_VIEW_ENTRIES]);
	out->absents = ktftp_get_u32(a[KTFTP_A_VIEW_ABSENTS]);
	return 0;
}

/**
 * ktftp_view_list() - list the views of the namespace
 * @k: connection
 * @fn: called for each, those that clients see first, from the uppermost down
 * @context: for @fn
 *
 * Return: 0, what @fn returned, or a negative errno.
 */
int ktftp_view_list(struct ktftp *k, ktftp_view_fn fn, void *context)
{
	struct vector list = { .item_bytes = sizeof(struct ktftp_view) };
	const struct ktftp_view *all;
	size_t i;
	int err = ktftp_need_sets(k);

	if (!err)
		err = vector_dump(k, KTFTP_CMD_VIEW_GET, KTFTP_A_VIEW_MAX, take_view, &list);
	all = list.items;
	for (i = 0; !err && i < list.count; i++)
		err = fn(&all[i], context);
	vector_free(&list);
	return err;
}
