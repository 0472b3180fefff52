/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of a namespace and what they mean. An entry gives a name in a view a content, or says that there is
 * none (an absent, which may be a pattern of names). It never changes: publishing a name again puts a new entry in
 * its place, and downloads that run finish on the old one.
 *
 * Locking: writers hold the store's lock; readers are under RCU, retry when seq says that a change became visible
 * meanwhile, and take a reference on what they keep.
 * Lifetime: an entry is refcounted, the store holds one reference; memory goes after a grace period.
 */
#ifndef KTFTP_STORE_H
#define KTFTP_STORE_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/seqlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "labels.h"
#include "names.h"

struct ktftp_budget;
struct ktftp_content;
struct ktftp_holding;
struct netlink_ext_ack;
struct user_namespace;

/* View and owner of what names neither. */
#define KTFTP_DEFAULT_VIEW	"default"
#define KTFTP_DEFAULT_OWNER	"cli"

/**
 * enum ktftp_phase - where an entry stands in a change of the store
 * @KTFTP_PHASE_SETTLED: in no change
 * @KTFTP_PHASE_COMING: seen once the change is visible
 * @KTFTP_PHASE_GOING: seen until then
 */
enum ktftp_phase {
	KTFTP_PHASE_SETTLED,
	KTFTP_PHASE_COMING,
	KTFTP_PHASE_GOING,
};

/**
 * enum ktftp_sort - what an entry is; each sort has a limit of its own
 * @KTFTP_SORT_NAME: a published name
 * @KTFTP_SORT_ABSENT: an absent that is no pattern
 * @KTFTP_SORT_PATTERN: one that is
 * @KTFTP_SORTS: how many there are
 */
enum ktftp_sort {
	KTFTP_SORT_NAME,
	KTFTP_SORT_ABSENT,
	KTFTP_SORT_PATTERN,
	KTFTP_SORTS,
};

/**
 * struct ktftp_entry - a name and what it means
 * @node: in the store's table, keyed by the folded name, unless it is a pattern; names that differ in case or view
 *	only share a list
 * @pattern: in the store's list of patterns, if it is one
 * @ref: references
 * @id: key in the store's list of its kind, grows with every entry; 2^31 entries and it starts again
 * @view: the layer it is in; like @owner with a reference while it is in the store, and to be read no later
 *	than a grace period after that
 * @owner: who cares for it
 * @holding: what is served, with a reference; NULL for an absent
 * @content: the holding's
 * @offset: where in @content it begins, in bytes
 * @bytes: size
 * @published: when, ktime_get_ns()
 * @expires: when an absent ends, likewise; 0 for never
 * @hits: transfers started, or requests an absent answered
 * @gone_at: when it left the store, in jiffies, 1 for 0; 0 while it is there
 * @rcu: for freeing
 * @phase: enum ktftp_phase
 * @while_attached: withdrawn when the daemon goes
 * @has_digest: @digest is what the publisher said
 * @name_bytes: length of @name
 * @digest: SHA-256
 * @more: behind the name, terminated: where the content comes from, or the folded pattern; or NULL
 * @name: canonical name, terminated
 */
struct ktftp_entry {
	struct rhlist_head node;
	struct list_head pattern;
	refcount_t ref;
	u32 id;
	struct ktftp_label *view;
	struct ktftp_label *owner;
	struct ktftp_holding *holding;
	const struct ktftp_content *content;
	u64 offset;
	u64 bytes;
	u64 published;
	u64 expires;
	atomic64_t hits;
	unsigned long gone_at;
	struct rcu_head rcu;
	u8 phase;
	bool while_attached;
	bool has_digest;
	u8 name_bytes;
	u8 digest[KTFTP_DIGEST_BYTES];
	char *more;
	char name[];
};

/**
 * struct ktftp_stack - the views that clients see
 * @rcu: for freeing
 * @count: how many
 * @views: the uppermost first; with references
 */
struct ktftp_stack {
	struct rcu_head rcu;
	unsigned int count;
	struct ktftp_label *views[KTFTP_STACK_MAX];
};

/**
 * struct ktftp_store - what a namespace publishes
 * @lock: serialises writers, protects all that follows but what readers walk under RCU
 * @table: names and absents that are no patterns, by folded name
 * @patterns: absents that are patterns, oldest first
 * @entries: published names by id, in the order of publishing
 * @absents: absents by id
 * @stack: what clients see
 * @seq: changes when a change becomes visible, and when it is over; writers have softirqs and preemption off
 * @after: entries of the change that is being made are seen as they are after it
 * @views: the views there are
 * @owners: the owners there are
 * @next_entry: where the search for a free id begins
 * @next_absent: likewise
 * @count: entries by sort
 * @of_user: a user namespace other than the initial one owns the network namespace
 * @generation: changes with every change, never 0
 * @budget: what the contents may take
 * @expiry: ends absents whose time has come
 */
struct ktftp_store {
	struct mutex lock;
	struct rhltable table;
	struct list_head patterns;
	struct xarray entries;
	struct xarray absents;
	struct ktftp_stack __rcu *stack;
	seqcount_t seq;
	bool after;
	struct ktftp_labels views;
	struct ktftp_labels owners;
	u32 next_entry;
	u32 next_absent;
	unsigned int count[KTFTP_SORTS];
	bool of_user;
	u32 generation;
	struct ktftp_budget *budget;
	struct delayed_work expiry;
};

static inline bool ktftp_entry_is_absent(const struct ktftp_entry *entry)
{
	return !entry->holding;
}

static inline enum ktftp_sort ktftp_entry_sort(const struct ktftp_entry *entry)
{
	if (entry->holding)
		return KTFTP_SORT_NAME;
	return entry->more ? KTFTP_SORT_PATTERN : KTFTP_SORT_ABSENT;
}

static inline bool ktftp_entry_is_pattern(const struct ktftp_entry *entry)
{
	return ktftp_entry_sort(entry) == KTFTP_SORT_PATTERN;
}

int ktftp_store_init(struct ktftp_store *store, const struct user_namespace *owner);
void ktftp_store_fini(struct ktftp_store *store);

struct ktftp_entry *ktftp_store_lookup(struct ktftp_store *store, const char *name, size_t bytes);
struct ktftp_entry *ktftp_store_find(struct ktftp_store *store, const struct ktftp_label *view, const char *name,
				     size_t bytes, bool absent);
void ktftp_store_changed(struct ktftp_store *store);
int ktftp_store_insert(struct ktftp_store *store, struct ktftp_entry *entry, unsigned int leaving,
		       struct netlink_ext_ack *extack);
void ktftp_store_remove(struct ktftp_store *store, struct ktftp_entry *entry);
void ktftp_store_remove_attached(struct ktftp_store *store);
void ktftp_store_expire_at(struct ktftp_store *store, u64 expires);
void ktftp_store_settle(void);

#endif
