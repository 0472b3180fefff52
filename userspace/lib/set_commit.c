// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a set happen: one message, and another try where the kernel refused a file that can be held another
 * way, which is then done for all files that have the same against them.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <string.h>

#include "entry.h"
#include "file.h"
#include "set.h"

/* Items that go into one message. */
struct range {
	size_t first;
	size_t count;
};

static size_t string_bytes(const char *text)
{
	return text ? nla_total_size(strlen(text) + 1) : 0;
}

static size_t item_bytes(const struct set_item *item)
{
	/* Numbers, the digest and flags: what a few bytes too many are no harm for. */
	return nla_total_size(string_bytes(item->name) + string_bytes(item->view) + string_bytes(item->owner) +
			      string_bytes(item->source) + nla_total_size(KTFTP_DIGEST_BYTES) + 80);
}

static size_t message_bytes(const struct ktftp_set *set, struct range range)
{
	size_t bytes = set->stack_count * nla_total_size(KTFTP_LABEL_MAX + 1), i;

	for (i = 0; i < range.count; i++)
		bytes += item_bytes(set_item_at(set, range.first + i));
	return bytes;
}

static int put_published(struct nl_msg *msg, const struct set_item *item)
{
	const struct ktftp_properties properties = {
		.name = item->name,
		.view = item->view,
		.owner = item->owner,
		.source = item->source,
		.digest = item->has_digest ? item->digest : NULL,
		.while_attached = item->while_attached,
	};

	if (entry_put(msg, &properties, item->fd, item->kind))
		return -EMSGSIZE;
	/* Of a file of its own, the kernel takes the size while nobody can change it. */
	if (item->path && item->owns_fd)
		return 0;
	return nla_put_u64(msg, KTFTP_A_ENTRY_OFFSET, item->offset) ||
			       nla_put_u64(msg, KTFTP_A_ENTRY_SIZE, item->size) ?
		       -EMSGSIZE :
		       0;
}

static int put_withdrawn(struct nl_msg *msg, const struct set_item *item)
{
	if (nla_put_string(msg, KTFTP_A_ENTRY_NAME, item->name) || nla_put_flag(msg, KTFTP_A_ENTRY_GONE))
		return -EMSGSIZE;
	return item->view ? nla_put_string(msg, KTFTP_A_ENTRY_VIEW, item->view) : 0;
}

static int put_absent(struct nl_msg *msg, const struct set_item *item)
{
	if (nla_put_string(msg, KTFTP_A_ABSENT_GLOB, item->name) ||
	    (item->view && nla_put_string(msg, KTFTP_A_ABSENT_VIEW, item->view)))
		return -EMSGSIZE;
	if (item->change == SET_ABSENT_DEL)
		return nla_put_flag(msg, KTFTP_A_ABSENT_GONE);
	if ((item->owner && nla_put_string(msg, KTFTP_A_ABSENT_OWNER, item->owner)) ||
	    (item->for_s && nla_put_u32(msg, KTFTP_A_ABSENT_FOR_S, item->for_s)))
		return -EMSGSIZE;
	return 0;
}

static int put_item(struct nl_msg *msg, const struct set_item *item)
{
	bool is_entry = item->change == SET_PUBLISH || item->change == SET_WITHDRAW;
	struct nlattr *nest = nla_nest_start(msg, is_entry ? KTFTP_A_SET_ENTRY : KTFTP_A_SET_ABSENT);
	int err;

	if (!nest)
		return -EMSGSIZE;
	if (item->change == SET_PUBLISH)
		err = put_published(msg, item);
	else if (item->change == SET_WITHDRAW)
		err = put_withdrawn(msg, item);
	else
		err = put_absent(msg, item);
	return err ? err : nla_nest_end(msg, nest);
}

static int put_all(struct nl_msg *msg, const struct ktftp_set *set, struct range range)
{
	size_t i;

	for (i = 0; i < range.count; i++)
		if (put_item(msg, set_item_at(set, range.first + i)))
			return -EMSGSIZE;
	for (i = 0; i < set->stack_count; i++)
		if (nla_put_string(msg, KTFTP_A_SET_VIEW, set->stack[i]))
			return -EMSGSIZE;
	return 0;
}

static int take_result(struct nlattr *const *a, void *context)
{
	struct ktftp_set_result *result = context;

	result->published += ktftp_get_u32(a[KTFTP_A_SET_PUBLISHED]);
	result->withdrawn += ktftp_get_u32(a[KTFTP_A_SET_WITHDRAWN]);
	return 0;
}

/* The item that a refusal was about, or -1. */
static long find_blamed(const struct ktftp_set *set, struct range range, struct nl_msg *msg)
{
	const struct nlattr *blamed = ktftp_blamed(set->k, msg);
	struct nlattr *attribute;
	size_t i = range.first;
	int left;

	if (!blamed)
		return range.count == 1 && !set->stack_count ? (long)range.first : -1;
	nlmsg_for_each_attr(attribute, nlmsg_hdr(msg), GENL_HDRLEN, left)
	{
		if (attribute == blamed)
			return nla_type(blamed) == KTFTP_A_SET_VIEW ? -1 : (long)i;
		i++;
	}
	return -1;
}

static int send_range(struct ktftp_set *set, struct range range, struct ktftp_set_result *result)
{
	const struct ktftp_reply reply = { .max_attribute = KTFTP_A_SET_MAX, .fn = take_result, .context = result };
	size_t bytes = message_bytes(set, range);
	struct nl_msg *msg;
	int err;

	set->blamed = -1;
	err = ktftp_prepare_to_send(set->k, bytes);
	if (err)
		return err;
	msg = ktftp_request_sized(set->k, KTFTP_CMD_PUBLISH_SET, NLM_F_ACK, bytes);
	if (!msg)
		return -ENOMEM;
	if (put_all(msg, set, range)) {
		nlmsg_free(msg);
		return ktftp_fail(set->k, -EMSGSIZE, "too much for one message");
	}
	nlmsg_get(msg);
	err = ktftp_call(set->k, msg, &reply);
	if (err)
		set->blamed = find_blamed(set, range, msg);
	nlmsg_free(msg);
	return err;
}

static int warm_all(struct ktftp_set *set, struct range range)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < range.count; i++) {
		const struct set_item *item = set_item_at(set, range.first + i);

		if (item->change == SET_PUBLISH && item->kind == KTFTP_KIND_PINNED && item->path)
			err = file_warm(set->k, item->path, item->fd);
	}
	return err;
}

/* Would the kernel refuse this one for the same reason? */
static bool has_the_same(const struct set_item *item, const struct set_item *blamed, int err)
{
	if (item->change != SET_PUBLISH || !item->may_copy || item->kind != blamed->kind)
		return false;
	if (item == blamed)
		return true;
	return err == -EPERM ? !file_is_writable(item->fd) : err == -EOPNOTSUPP && item->device == blamed->device;
}

static int copy_what_has_the_same(struct ktftp_set *set, struct range range, int reason)
{
	const struct set_item blamed = *set_item_at(set, set->blamed);
	struct set_item *item;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < range.count; i++) {
		item = set_item_at(set, range.first + i);
		if ((long)(range.first + i) == set->blamed || has_the_same(item, &blamed, reason))
			err = set_item_copy(set, item);
	}
	return err;
}

/*
 * Does what helps against a refusal. Return: 0 to try again, the refusal itself when nothing helps, or what
 * went wrong meanwhile.
 */
static int mend(struct ktftp_set *set, struct range range, int refusal, int *warmed)
{
	bool may_copy = set->blamed >= 0 && set_item_at(set, set->blamed)->may_copy;

	if (refusal == -EAGAIN && ++*warmed < WARM_TRIES)
		return warm_all(set, range);
	if (may_copy && (refusal == -EAGAIN || refusal == -EPERM || refusal == -EOPNOTSUPP))
		return copy_what_has_the_same(set, range, refusal);
	return set->blamed >= 0 ? ktftp_blame(set->k, refusal, set_item_at(set, set->blamed)->name) : refusal;
}

static int commit_range(struct ktftp_set *set, struct range range, struct ktftp_set_result *result)
{
	int warmed = 0, err;
	size_t i;

	do {
		err = set_seal_packs(set);
		if (err)
			return err;
		err = send_range(set, range, result);
		if (!err)
			break;
		err = mend(set, range, err, &warmed);
		if (err)
			return err;
	} while (true);
	for (i = 0; i < range.count; i++)
		set_item_at(set, range.first + i)->done = true;
	return 0;
}

/**
 * ktftp_set_commit() - make all changes of a set, or none
 * @set: set
 * @result: where it goes what happened
 *
 * Return: 0, or a negative errno; ktftp_error() names the item that was refused, and ktftp_set_blamed() tells
 * which it is.
 */
int ktftp_set_commit(struct ktftp_set *set, struct ktftp_set_result *result)
{
	const struct range all = { .count = set->items.count };
	int err = ktftp_need_sets(set->k);

	memset(result, 0, sizeof(*result));
	return err ? err : commit_range(set, all, result);
}

/* A refusal that no smaller set escapes. */
static bool is_final(const struct ktftp_set *set, int err)
{
	return set->blamed < 0 && err != -ENOSPC && err != -EMSGSIZE;
}

/* Halves what is refused, until only those are left out that are. */
static int commit_each(struct ktftp_set *set, struct range range, ktftp_set_failure_fn fn, void *context,
		       struct ktftp_set_result *result)
{
	struct range half = range;
	int err = commit_range(set, range, result);

	if (!err)
		return 0;
	if (range.count == 1 && !is_final(set, err)) {
		fn(range.first, context);
		return 0;
	}
	if (range.count <= 1 || is_final(set, err))
		return err;
	half.count = range.count / 2;
	err = commit_each(set, half, fn, context, result);
	half.first += half.count;
	half.count = range.count - half.count;
	return err ? err : commit_each(set, half, fn, context, result);
}

/**
 * ktftp_set_commit_each() - make the changes of a set that can be made
 * @set: set
 * @fn: called for each one that is refused; ktftp_error() says why
 * @context: for @fn
 * @result: where it goes what happened
 *
 * All at one moment when none is refused. Return: 0, or a negative errno when no more could be tried.
 */
int ktftp_set_commit_each(struct ktftp_set *set, ktftp_set_failure_fn fn, void *context,
			  struct ktftp_set_result *result)
{
	const struct range all = { .count = set->items.count };
	int err = ktftp_need_sets(set->k);

	memset(result, 0, sizeof(*result));
	if (err || !all.count)
		return err;
	return commit_each(set, all, fn, context, result);
}

/**
 * ktftp_set_blamed() - the item that the last refusal was about
 * @set: set
 *
 * Return: its number, or -1 when it was about none.
 */
long ktftp_set_blamed(const struct ktftp_set *set)
{
	return set->blamed;
}

/**
 * ktftp_set_published() - tell of the names that a committed set published
 * @set: set
 * @fn: called for each, with its name as it was given
 * @context: for @fn
 *
 * Return: 0 or what @fn returned.
 */
int ktftp_set_published(const struct ktftp_set *set, ktftp_entry_fn fn, void *context)
{
	struct ktftp_entry entry;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < set->items.count; i++) {
		const struct set_item *item = set_item_at(set, i);

		if (!item->done || item->change != SET_PUBLISH)
			continue;
		memset(&entry, 0, sizeof(entry));
		strncpy(entry.name, item->name, sizeof(entry.name) - 1);
		strncpy(entry.view, item->view ? item->view : "default", sizeof(entry.view) - 1);
		strncpy(entry.owner, item->owner ? item->owner : "cli", sizeof(entry.owner) - 1);
		strncpy(entry.source, item->source ? item->source : "", sizeof(entry.source) - 1);
		entry.kind = item->kind;
		entry.offset = item->offset;
		entry.size = item->size;
		err = fn(&entry, context);
	}
	return err;
}
