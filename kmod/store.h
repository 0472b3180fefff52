/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of a namespace and what they mean. An entry never changes: publishing a name again puts a new
 * entry in its place, and downloads that run finish on the old one.
 *
 * Locking: writers hold the store's lock; readers are under RCU and take a reference on what they keep.
 * Lifetime: an entry is refcounted, the table holds one reference; memory goes after a grace period.
 */
#ifndef KTFTP_STORE_H
#define KTFTP_STORE_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/xarray.h>

#include "names.h"

struct ktftp_content;
struct netlink_ext_ack;
struct user_namespace;

/**
 * struct ktftp_entry - a name and the content it stands for
 * @node: in the store's table, keyed by the folded name; names that differ in case only share a list
 * @ref: references
 * @id: key in the store's list, grows with every entry; U32_MAX entries and it starts again
 * @content: what is served, with a reference
 * @offset: where in @content it begins, in bytes
 * @bytes: size
 * @charged_bytes: what it counts for the namespace's limit
 * @published: when, ktime_get_ns()
 * @hits: transfers started
 * @rcu: for freeing
 * @while_attached: withdrawn when the daemon goes
 * @name_bytes: length of @name
 * @name: canonical name, terminated
 */
struct ktftp_entry {
	struct rhlist_head node;
	refcount_t ref;
	u32 id;
	struct ktftp_content *content;
	u64 offset;
	u64 bytes;
	u64 charged_bytes;
	u64 published;
	atomic64_t hits;
	struct rcu_head rcu;
	bool while_attached;
	u8 name_bytes;
	char name[];
};

/**
 * struct ktftp_store - what a namespace publishes
 * @lock: serialises writers, protects all that follows but @table, which readers walk under RCU
 * @table: entries by folded name
 * @entries: entries by id, in the order of publishing
 * @next_id: where the search for a free id begins
 * @generation: changes with every change, never 0
 * @held_bytes: memory of the entries, in whole pages
 * @limit_bytes: what they may hold; S64_MAX without a limit but the host's
 */
struct ktftp_store {
	struct mutex lock;
	struct rhltable table;
	struct xarray entries;
	u32 next_id;
	u32 generation;
	u64 held_bytes;
	u64 limit_bytes;
};

int ktftp_store_init(struct ktftp_store *store, const struct user_namespace *owner);
void ktftp_store_fini(struct ktftp_store *store);

struct ktftp_entry *ktftp_store_lookup(struct ktftp_store *store, const char *name, size_t bytes);
struct ktftp_entry *ktftp_entry_new(const char *name, size_t name_bytes, struct ktftp_content *content,
				    u64 offset, u64 bytes);
void ktftp_entry_put(struct ktftp_entry *entry);
int ktftp_store_check_size(struct ktftp_store *store, u64 bytes, struct netlink_ext_ack *extack);
int ktftp_store_publish(struct ktftp_store *store, struct ktftp_entry *entry, struct netlink_ext_ack *extack);

struct ktftp_entry *ktftp_store_find(struct ktftp_store *store, const char *name, size_t bytes);
void ktftp_store_remove(struct ktftp_store *store, struct ktftp_entry *entry);
unsigned int ktftp_store_remove_all(struct ktftp_store *store);
void ktftp_store_remove_attached(struct ktftp_store *store);
void ktftp_store_settle(void);

#endif
