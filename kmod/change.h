/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A change of the store: entries that come, entries that go, another stack of views; all or none, and at one moment
 * for those who look names up.
 *
 *   ktftp_change_begin()        room for it
 *   ktftp_change_add()          what comes, without the store's lock
 *   mutex_lock(&store->lock)
 *   ktftp_change_remove()       what goes
 *   ktftp_change_commit()
 *   mutex_unlock(&store->lock)
 *   ktftp_change_end()          drops what was not committed
 *
 * Where nothing goes but what is replaced, ktftp_change_make() is all that stands between add and end.
 */
#ifndef KTFTP_CHANGE_H
#define KTFTP_CHANGE_H

#include "store.h"

struct netlink_ext_ack;
struct nlattr;

/**
 * struct ktftp_coming - an entry that comes
 * @entry: entry, with a reference
 * @why: what asked for it, to be blamed
 */
struct ktftp_coming {
	struct ktftp_entry *entry;
	const struct nlattr *why;
};

/**
 * struct ktftp_change - a change that is being made; of one thread
 * @store: store
 * @coming: entries that come
 * @coming_count: how many
 * @inserted: how many of them are in the store
 * @going: entries that go, those that are replaced included
 * @going_count: how many
 * @leaving: how many of these, by sort
 * @stack: stack to have, or NULL for the one there is
 * @committed: it is done
 */
struct ktftp_change {
	struct ktftp_store *store;
	struct ktftp_coming *coming;
	unsigned int coming_count;
	unsigned int inserted;
	struct ktftp_entry **going;
	unsigned int going_count;
	unsigned int leaving[KTFTP_SORTS];
	struct ktftp_stack *stack;
	bool committed;
};

int ktftp_change_begin(struct ktftp_change *change, struct ktftp_store *store, unsigned int items);
void ktftp_change_add(struct ktftp_change *change, struct ktftp_entry *entry, const struct nlattr *why);
void ktftp_change_remove(struct ktftp_change *change, struct ktftp_entry *entry);
int ktftp_change_push_view(struct ktftp_change *change, const char *name, struct netlink_ext_ack *extack);
void ktftp_change_abandon(struct ktftp_change *change);
int ktftp_change_commit(struct ktftp_change *change, struct netlink_ext_ack *extack);
int ktftp_change_make(struct ktftp_change *change, struct netlink_ext_ack *extack);
void ktftp_change_end(struct ktftp_change *change);

#endif
