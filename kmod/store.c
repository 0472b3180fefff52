// SPDX-License-Identifier: GPL-2.0
/*
 * The names of a namespace. Softirq looks names up; netlink, in process context, publishes and withdraws.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netlink.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "content.h"
#include "store.h"

/* What a look-up hashes and compares: a folded name. */
struct folded_name {
	char text[KTFTP_NAME_MAX];
	size_t bytes;
};

static siphash_key_t name_key __read_mostly;

static u32 hash_folded(const char *text, size_t bytes, u32 seed)
{
	return siphash(text, bytes, &name_key) ^ seed;
}

static u32 hash_key(const void *data, u32 len, u32 seed)
{
	const struct folded_name *name = data;

	return hash_folded(name->text, name->bytes, seed);
}

static u32 hash_entry(const void *data, u32 len, u32 seed)
{
	const struct ktftp_entry *entry = data;
	char folded[KTFTP_NAME_MAX];

	ktftp_name_fold(entry->name, entry->name_bytes, folded);
	return hash_folded(folded, entry->name_bytes, seed);
}

static int compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct folded_name *name = arg->key;
	const struct ktftp_entry *entry = object;

	return entry->name_bytes != name->bytes ||
	       !ktftp_name_same_folded(entry->name, name->text, name->bytes);
}

static const struct rhashtable_params table_params = {
	.head_offset = offsetof(struct ktftp_entry, node),
	.key_len = sizeof(struct folded_name),
	.hashfn = hash_key,
	.obj_hashfn = hash_entry,
	.obj_cmpfn = compare,
	.automatic_shrinking = true,
};

static void fold(struct folded_name *key, const char *name, size_t bytes)
{
	key->bytes = ktftp_name_fold(name, bytes, key->text);
}

static bool is_exactly(const struct ktftp_entry *entry, const char *name)
{
	return !memcmp(entry->name, name, entry->name_bytes);
}

/**
 * ktftp_entry_new() - a name for a content
 * @name: canonical name
 * @name_bytes: its length
 * @content: content; the entry takes over the caller's reference, on failure too
 * @offset: where in @content it begins
 * @bytes: size; the caller has checked that it lies inside @content
 *
 * Context: process. Return: the entry with one reference, or NULL.
 */
struct ktftp_entry *ktftp_entry_new(const char *name, size_t name_bytes, struct ktftp_content *content,
				    u64 offset, u64 bytes)
{
	struct ktftp_entry *entry;

	entry = kzalloc(struct_size(entry, name, name_bytes + 1), GFP_KERNEL_ACCOUNT);
	if (!entry) {
		ktftp_content_put(content);
		return NULL;
	}
	refcount_set(&entry->ref, 1);
	entry->content = content;
	entry->offset = offset;
	entry->bytes = bytes;
	entry->charged_bytes = round_up(offset + bytes, PAGE_SIZE) - round_down(offset, PAGE_SIZE);
	entry->published = ktime_get_ns();
	entry->name_bytes = name_bytes;
	memcpy(entry->name, name, name_bytes);
	pr_debug("entry %p created\n", entry);
	return entry;
}

static void free_entry(struct rcu_head *rcu)
{
	struct ktftp_entry *entry = container_of(rcu, struct ktftp_entry, rcu);

	pr_debug("entry %p destroyed\n", entry);
	ktftp_content_put(entry->content);
	kfree(entry);
}

/**
 * ktftp_entry_put() - give a reference back
 * @entry: entry
 *
 * Context: any.
 */
void ktftp_entry_put(struct ktftp_entry *entry)
{
	if (refcount_dec_and_test(&entry->ref))
		call_rcu(&entry->rcu, free_entry);
}

/* Of names that are the same but for case: this very name, else the first in byte order. */
static struct ktftp_entry *best_match(struct rhlist_head *list, const char *name)
{
	struct ktftp_entry *entry, *found = NULL;
	struct rhlist_head *at;

	rhl_for_each_entry_rcu(entry, at, list, node) {
		if (is_exactly(entry, name))
			return entry;
		if (!found || strcmp(entry->name, found->name) < 0)
			found = entry;
	}
	return found;
}

/**
 * ktftp_store_lookup() - the entry a client means
 * @store: store
 * @name: canonical name
 * @bytes: its length
 *
 * The exact name goes first, then one that differs in case only: firmware is unpacked and asked for in
 * different case.
 *
 * Context: softirq, under rcu_read_lock(). Return: the entry with a reference, or NULL.
 */
struct ktftp_entry *ktftp_store_lookup(struct ktftp_store *store, const char *name, size_t bytes)
{
	struct ktftp_entry *found;
	struct folded_name key;

	fold(&key, name, bytes);
	/* An entry whose last reference just went was replaced or withdrawn: the next look sees which. */
	do {
		found = best_match(rhltable_lookup(&store->table, &key, table_params), name);
	} while (found && !refcount_inc_not_zero(&found->ref));
	return found;
}

/**
 * ktftp_store_find() - the entry with exactly this name
 * @store: store; its lock is held
 * @name: canonical name
 * @bytes: its length
 *
 * Return: the entry, without a reference, or NULL.
 */
struct ktftp_entry *ktftp_store_find(struct ktftp_store *store, const char *name, size_t bytes)
{
	struct ktftp_entry *entry, *found = NULL;
	struct rhlist_head *list, *at;
	struct folded_name key;

	lockdep_assert_held(&store->lock);
	fold(&key, name, bytes);
	rcu_read_lock();
	list = rhltable_lookup(&store->table, &key, table_params);
	rhl_for_each_entry_rcu(entry, at, list, node)
		if (is_exactly(entry, name))
			found = entry;
	rcu_read_unlock();
	return found;
}

static void changed(struct ktftp_store *store)
{
	if (!++store->generation)
		store->generation = 1;
}

/**
 * ktftp_store_remove() - take an entry out
 * @store: store; its lock is held
 * @entry: an entry of it; the store's reference is given back
 */
void ktftp_store_remove(struct ktftp_store *store, struct ktftp_entry *entry)
{
	lockdep_assert_held(&store->lock);
	WARN_ON(rhltable_remove(&store->table, &entry->node, table_params));
	xa_erase(&store->entries, entry->id);
	store->held_bytes -= entry->charged_bytes;
	changed(store);
	ktftp_entry_put(entry);
}

/**
 * ktftp_store_remove_all() - take every entry out
 * @store: store; its lock is held
 *
 * Return: how many there were.
 */
unsigned int ktftp_store_remove_all(struct ktftp_store *store)
{
	struct ktftp_entry *entry;
	unsigned int count = 0;
	unsigned long id;

	xa_for_each(&store->entries, id, entry) {
		ktftp_store_remove(store, entry);
		count++;
		cond_resched();
	}
	return count;
}

/**
 * ktftp_store_remove_attached() - take out what is served only while a daemon is attached
 * @store: store
 *
 * Context: process; takes the store's lock.
 */
void ktftp_store_remove_attached(struct ktftp_store *store)
{
	struct ktftp_entry *entry;
	unsigned long id;

	mutex_lock(&store->lock);
	xa_for_each(&store->entries, id, entry)
		if (entry->while_attached)
			ktftp_store_remove(store, entry);
	mutex_unlock(&store->lock);
}

static void say_what_may_be_held(u64 limit_bytes, struct netlink_ext_ack *extack)
{
	if (limit_bytes)
		NL_SET_ERR_MSG(extack, "beyond what the store of this namespace may hold");
	else
		NL_SET_ERR_MSG(extack, "this namespace belongs to a user namespace, which may publish nothing");
}

/**
 * ktftp_store_check_size() - is there any sense in holding a content of that size
 * @store: store
 * @bytes: its size
 * @extack: where the reason of a refusal goes
 *
 * Before the first page is taken, for namespaces that may hold little or nothing.
 *
 * Context: process; takes the store's lock. Return: 0 or -ENOSPC.
 */
int ktftp_store_check_size(struct ktftp_store *store, u64 bytes, struct netlink_ext_ack *extack)
{
	u64 limit_bytes;

	mutex_lock(&store->lock);
	limit_bytes = store->limit_bytes;
	mutex_unlock(&store->lock);
	if (limit_bytes && bytes <= limit_bytes)
		return 0;
	say_what_may_be_held(limit_bytes, extack);
	return -ENOSPC;
}

static int check_limit(const struct ktftp_store *store, const struct ktftp_entry *entry,
		       const struct ktftp_entry *old, struct netlink_ext_ack *extack)
{
	u64 others = store->held_bytes - (old ? old->charged_bytes : 0);

	if (store->limit_bytes && entry->charged_bytes <= store->limit_bytes &&
	    others <= store->limit_bytes - entry->charged_bytes)
		return 0;
	say_what_may_be_held(store->limit_bytes, extack);
	return -ENOSPC;
}

/**
 * ktftp_store_publish() - put an entry in, in place of one with the same name
 * @store: store
 * @entry: entry; on success the store takes over the caller's reference
 * @extack: where the reason of a refusal goes
 *
 * A reader sees the old entry or the new one, or both, never neither: the new one goes in first.
 *
 * Context: process; takes the store's lock. Return: 0; -ENOSPC beyond the namespace's limit; -ENOMEM;
 * nothing has changed then.
 */
int ktftp_store_publish(struct ktftp_store *store, struct ktftp_entry *entry, struct netlink_ext_ack *extack)
{
	struct ktftp_entry *old;
	struct folded_name key;
	int err;

	mutex_lock(&store->lock);
	old = ktftp_store_find(store, entry->name, entry->name_bytes);
	err = check_limit(store, entry, old, extack);
	if (err)
		goto unlock;
	err = xa_alloc_cyclic(&store->entries, &entry->id, entry, xa_limit_31b, &store->next_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		goto unlock;
	fold(&key, entry->name, entry->name_bytes);
	err = rhltable_insert_key(&store->table, &key, &entry->node, table_params);
	if (err) {
		xa_erase(&store->entries, entry->id);
		goto unlock;
	}
	store->held_bytes += entry->charged_bytes;
	if (old)
		ktftp_store_remove(store, old);
	changed(store);
unlock:
	mutex_unlock(&store->lock);
	return err;
}

/**
 * ktftp_store_settle() - wait until the contents of removed entries are released
 *
 * What a running transfer still uses stays.
 *
 * Context: process.
 */
void ktftp_store_settle(void)
{
	rcu_barrier();
	ktftp_content_flush();
}

/**
 * ktftp_store_init() - an empty store
 * @store: zeroed store
 * @owner: user namespace that owns the network namespace
 *
 * Anybody may have a user namespace on Debian: memory of the host is not theirs to pin.
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int ktftp_store_init(struct ktftp_store *store, const struct user_namespace *owner)
{
	get_random_once(&name_key, sizeof(name_key));
	mutex_init(&store->lock);
	xa_init_flags(&store->entries, XA_FLAGS_ALLOC1);
	store->next_id = 1;
	store->generation = 1;
	store->limit_bytes = owner == &init_user_ns ? S64_MAX : 0;
	return rhltable_init(&store->table, &table_params);
}

/**
 * ktftp_store_fini() - end a store; nobody looks names up any more
 * @store: store
 */
void ktftp_store_fini(struct ktftp_store *store)
{
	mutex_lock(&store->lock);
	ktftp_store_remove_all(store);
	mutex_unlock(&store->lock);
	xa_destroy(&store->entries);
	rhltable_destroy(&store->table);
}
