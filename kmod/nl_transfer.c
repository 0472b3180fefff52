// SPDX-License-Identifier: GPL-2.0
/* The list of transfers. */
#include <linux/slab.h>

#include "events.h"
#include "listener.h"
#include "netlink.h"
#include "netns.h"
#include "transfer.h"

/**
 * struct cursor - where a dump is
 * @listener: listener whose table is walked, with a reference so that the table stays; or NULL
 * @last: id of the listener walked last
 * @iter: place in its table
 * @held: a transfer that did not fit the last message, as a view; its name is in @name
 * @name: copy of the name
 * @is_held: there is one
 */
struct cursor {
	struct ktftp_listener *listener;
	u32 last;
	struct rhashtable_iter iter;
	struct ktftp_transfer_view held;
	char name[KTFTP_NAME_MAX + 1];
	bool is_held;
};

static struct cursor **cursor_of(struct netlink_callback *cb)
{
	return (struct cursor **)&cb->args[0];
}

int ktftp_nl_transfer_start(struct netlink_callback *cb)
{
	struct cursor *cursor = kzalloc(sizeof(*cursor), GFP_KERNEL);

	if (!cursor)
		return -ENOMEM;
	*cursor_of(cb) = cursor;
	return 0;
}

static void leave(struct cursor *cursor)
{
	if (!cursor->listener)
		return;
	rhashtable_walk_exit(&cursor->iter);
	ktftp_listener_put(cursor->listener);
	cursor->listener = NULL;
}

/* Goes to the next listener; false when there is none. */
static bool enter_next(struct ktftp_net *kn, struct cursor *cursor)
{
	struct ktftp_listener *listener;

	leave(cursor);
	mutex_lock(&kn->lock);
	list_for_each_entry(listener, &kn->listeners, list) {
		if (listener->id <= cursor->last)
			continue;
		refcount_inc(&listener->ref);
		cursor->listener = listener;
		cursor->last = listener->id;
		break;
	}
	mutex_unlock(&kn->lock);
	if (!cursor->listener)
		return false;
	rhashtable_walk_enter(&cursor->listener->table.by_tid, &cursor->iter);
	return true;
}

/* What there is to tell of a transfer, if it is still one of this listener's. */
static bool look_at(struct cursor *cursor, struct ktftp_transfer *t)
{
	bool shown;

	spin_lock_bh(&t->lock);
	shown = t->table == &cursor->listener->table && ktftp_transfer_view(t, &cursor->held);
	if (shown) {
		strscpy(cursor->name, cursor->held.name, sizeof(cursor->name));
		cursor->held.name = cursor->name;
	}
	spin_unlock_bh(&t->lock);
	return shown;
}

/* Transfers looked at in one section of RCU. */
#define WALK_AT_ONCE	256

/* Puts the next transfer of the listener into the cursor; false at the end of its table. */
static bool hold_next(struct cursor *cursor)
{
	struct ktftp_transfer *t;
	unsigned int seen = 0;

	rhashtable_walk_start(&cursor->iter);
	do {
		/* There may be very many that are not shown. */
		if (!(++seen % WALK_AT_ONCE)) {
			rhashtable_walk_stop(&cursor->iter);
			cond_resched();
			rhashtable_walk_start(&cursor->iter);
		}
		t = rhashtable_walk_next(&cursor->iter);
	} while (t && (IS_ERR(t) || !look_at(cursor, t)));
	rhashtable_walk_stop(&cursor->iter);
	cursor->is_held = t;
	return t;
}

static int dump_held(struct sk_buff *skb, struct netlink_callback *cb, const struct cursor *cursor)
{
	void *header = ktftp_nl_dump_item(skb, cb, KTFTP_CMD_TRANSFER_GET);

	if (!header)
		return -EMSGSIZE;
	if (ktftp_put_transfer(skb, &cursor->held) ||
	    nla_put_u32(skb, KTFTP_A_TRANSFER_STATE, cursor->held.state)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

int ktftp_nl_transfer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ktftp_net *kn = ktftp_net(sock_net(skb->sk));
	struct cursor *cursor = *cursor_of(cb);

	for (;;) {
		if (!cursor->is_held && !(cursor->listener && hold_next(cursor))) {
			if (!enter_next(kn, cursor))
				return skb->len;
			continue;
		}
		if (dump_held(skb, cb, cursor))
			return skb->len;
		cursor->is_held = false;
	}
}

int ktftp_nl_transfer_done(struct netlink_callback *cb)
{
	struct cursor *cursor = *cursor_of(cb);

	leave(cursor);
	kfree(cursor);
	return 0;
}
