// SPDX-License-Identifier: GPL-2.0
/*
 * The names of a namespace. Softirq looks names up; netlink, in process context, changes what they mean.
 */
#include <linux/netlink.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "budget.h"
#include "content.h"
#include "entry.h"
#include "params.h"

/* Names that differ in case or view only, at most. */
#define MOST_ALIKE	256

/* Patterns of a namespace that anybody may have: whoever asks it for a name makes this host try them all. */
#define USER_GLOBS	16

/* How often a look-up begins anew because the store has changed meanwhile. */
#define LOOKS		100

/* What a look-up hashes and compares: a folded name, terminated. */
struct folded_name {
	char text[KTFTP_NAME_MAX + 1];
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
	key->text[bytes] = 0;
}

static bool is_exactly(const struct ktftp_entry *entry, const char *name)
{
	return !memcmp(entry->name, name, entry->name_bytes);
}

/* What a reader sees of the store at one moment. */
struct sight {
	const struct ktftp_stack *stack;
	bool after;
};

/* How far down the stack an entry is; the stack's height when it is not to be seen at all. */
static unsigned int depth(const struct ktftp_entry *entry, const struct sight *sight)
{
	const u8 phase = READ_ONCE(entry->phase);
	unsigned int i;

	if (phase == (sight->after ? KTFTP_PHASE_GOING : KTFTP_PHASE_COMING))
		return sight->stack->count;
	if (entry->expires && ktime_get_ns() >= entry->expires)
		return sight->stack->count;
	for (i = 0; i < sight->stack->count; i++)
		if (sight->stack->views[i] == entry->view)
			break;
	return i;
}

/* Of two names in one view: this very name goes first, else the first in byte order. */
static bool is_closer(const struct ktftp_entry *a, const struct ktftp_entry *b, const char *name)
{
	if (is_exactly(a, name) != is_exactly(b, name))
		return is_exactly(a, name);
	return strcmp(a->name, b->name) < 0;
}

/* The published name in the uppermost view, or, when there is none in any, an absent. */
static struct ktftp_entry *best_match(struct rhlist_head *list, const char *name, const struct sight *sight)
{
	unsigned int best = sight->stack->count, at;
	struct ktftp_entry *entry, *found = NULL, *absent = NULL;
	struct rhlist_head *node;

	rhl_for_each_entry_rcu(entry, node, list, node) {
		at = depth(entry, sight);
		if (at >= sight->stack->count)
			continue;
		if (ktftp_entry_is_absent(entry)) {
			absent = entry;
		} else if (at < best || (at == best && is_closer(entry, found, name))) {
			found = entry;
			best = at;
		}
	}
	return found ?: absent;
}

static struct ktftp_entry *match_pattern(const struct ktftp_store *store, const struct folded_name *name,
					 const struct sight *sight)
{
	struct ktftp_entry *entry;

	list_for_each_entry_rcu(entry, &store->patterns, pattern)
		if (ktftp_name_matches(entry->more, name->text) && depth(entry, sight) < sight->stack->count)
			return entry;
	return NULL;
}

static struct ktftp_entry *look(struct ktftp_store *store, const struct folded_name *key, const char *name)
{
	const struct sight sight = { .stack = rcu_dereference(store->stack), .after = READ_ONCE(store->after) };

	return best_match(rhltable_lookup(&store->table, key, table_params), name, &sight) ?:
	       match_pattern(store, key, &sight);
}

/**
 * ktftp_store_lookup() - what a client means
 * @store: store
 * @name: canonical name
 * @bytes: its length
 *
 * The first view of the stack that has the name counts. In a view, the exact name goes first, then one that differs
 * in case only: firmware is unpacked and asked for in different case. What is published nowhere may be known to be
 * absent.
 *
 * Context: softirq, under rcu_read_lock(). Return: the entry, an absent maybe, with a reference; NULL;
 * ERR_PTR(-EAGAIN) when the store changes faster than it can be looked at: whoever asks again may have more luck.
 */
struct ktftp_entry *ktftp_store_lookup(struct ktftp_store *store, const char *name, size_t bytes)
{
	struct ktftp_entry *found;
	struct folded_name key;
	unsigned int seq, i;

	fold(&key, name, bytes);
	for (i = 0; i < LOOKS; i++) {
		seq = read_seqcount_begin(&store->seq);
		found = look(store, &key, name);
		/* An entry whose last reference just went was replaced or withdrawn: the next look sees which. */
		if (!read_seqcount_retry(&store->seq, seq) && (!found || refcount_inc_not_zero(&found->ref)))
			return found;
	}
	return ERR_PTR(-EAGAIN);
}

static struct ktftp_entry *find_pattern(struct ktftp_store *store, const struct ktftp_label *view, const char *name)
{
	struct ktftp_entry *entry;

	list_for_each_entry(entry, &store->patterns, pattern)
		if (entry->view == view && entry->phase != KTFTP_PHASE_GOING && !strcmp(entry->name, name))
			return entry;
	return NULL;
}

/**
 * ktftp_store_find() - the entry with exactly this name, and in no change yet
 * @store: store; its lock is held
 * @view: view it is in; NULL finds nothing
 * @name: canonical name
 * @bytes: its length
 * @absent: an absent is meant, not a published name
 *
 * Return: the entry, without a reference, or NULL.
 */
struct ktftp_entry *ktftp_store_find(struct ktftp_store *store, const struct ktftp_label *view, const char *name,
				     size_t bytes, bool absent)
{
	struct ktftp_entry *entry, *found = NULL;
	struct rhlist_head *list, *at;
	struct folded_name key;

	lockdep_assert_held(&store->lock);
	if (!view)
		return NULL;
	fold(&key, name, bytes);
	rcu_read_lock();
	list = rhltable_lookup(&store->table, &key, table_params);
	rhl_for_each_entry_rcu(entry, at, list, node)
		if (entry->view == view && ktftp_entry_is_absent(entry) == absent && is_exactly(entry, name) &&
		    entry->phase != KTFTP_PHASE_GOING)
			found = entry;
	rcu_read_unlock();
	return found || !absent ? found : find_pattern(store, view, name);
}

/**
 * ktftp_store_changed() - dumps that were interrupted by it are to say so
 * @store: store; its lock is held
 */
void ktftp_store_changed(struct ktftp_store *store)
{
	lockdep_assert_held(&store->lock);
	if (!++store->generation)
		store->generation = 1;
}

/* How many entries of a sort there may be. */
static unsigned int most(const struct ktftp_store *store, enum ktftp_sort sort)
{
	switch (sort) {
	case KTFTP_SORT_PATTERN:
		return min(ktftp_param(max_globs), store->of_user ? USER_GLOBS : UINT_MAX);
	case KTFTP_SORT_ABSENT:
		return ktftp_param(max_absents);
	default:
		return ktftp_param(max_entries);
	}
}

static void count(struct ktftp_store *store, struct ktftp_entry *entry, int by)
{
	store->count[ktftp_entry_sort(entry)] += by;
	if (ktftp_entry_is_absent(entry))
		entry->view->absents += by;
	else
		entry->view->entries += by;
	ktftp_store_changed(store);
}

/* Names that differ in case or view only stand in one list, which whoever looks one of them up walks. */
static bool too_many_alike(struct ktftp_store *store, const struct folded_name *key)
{
	struct ktftp_entry *entry;
	struct rhlist_head *at;
	unsigned int alike = 0;

	rcu_read_lock();
	rhl_for_each_entry_rcu(entry, at, rhltable_lookup(&store->table, key, table_params), node)
		alike++;
	rcu_read_unlock();
	return alike >= MOST_ALIKE;
}

static int insert_name(struct ktftp_store *store, struct ktftp_entry *entry, struct netlink_ext_ack *extack)
{
	struct folded_name key;

	fold(&key, entry->name, entry->name_bytes);
	if (too_many_alike(store, &key)) {
		NL_SET_ERR_MSG(extack, "too many names that differ in case or view only");
		return -ENOSPC;
	}
	return rhltable_insert_key(&store->table, &key, &entry->node, table_params);
}

static int give_id(struct ktftp_store *store, struct ktftp_entry *entry)
{
	int err;

	if (ktftp_entry_is_absent(entry))
		err = xa_alloc_cyclic(&store->absents, &entry->id, entry, xa_limit_31b, &store->next_absent,
				      GFP_KERNEL_ACCOUNT);
	else
		err = xa_alloc_cyclic(&store->entries, &entry->id, entry, xa_limit_31b, &store->next_entry,
				      GFP_KERNEL_ACCOUNT);
	return min(err, 0);
}

static void take_id(struct ktftp_store *store, const struct ktftp_entry *entry)
{
	xa_erase(ktftp_entry_is_absent(entry) ? &store->absents : &store->entries, entry->id);
}

/**
 * ktftp_store_insert() - put an entry in
 * @store: store; its lock is held
 * @entry: an entry of its own phase; on success the store takes over the caller's reference
 * @leaving: entries of its sort that will have gone when this change is made
 * @extack: where the reason of a refusal goes
 *
 * Beside one that it replaces, which the caller removes.
 *
 * Return: 0; -ENOSPC when there are too many of its sort, or too many that differ in case or view only; -ENOMEM.
 */
int ktftp_store_insert(struct ktftp_store *store, struct ktftp_entry *entry, unsigned int leaving,
		       struct netlink_ext_ack *extack)
{
	const enum ktftp_sort sort = ktftp_entry_sort(entry);
	int err;

	lockdep_assert_held(&store->lock);
	if (store->count[sort] - leaving >= most(store, sort)) {
		NL_SET_ERR_MSG(extack, "there are too many already: see max_entries, max_absents and max_globs");
		return -ENOSPC;
	}
	err = give_id(store, entry);
	if (err)
		return err;
	if (sort == KTFTP_SORT_PATTERN)
		list_add_tail_rcu(&entry->pattern, &store->patterns);
	else
		err = insert_name(store, entry, extack);
	if (err)
		take_id(store, entry);
	else
		count(store, entry, 1);
	return err;
}

/**
 * ktftp_store_remove() - take an entry out
 * @store: store; its lock is held
 * @entry: an entry of it; the store's reference is given back
 */
void ktftp_store_remove(struct ktftp_store *store, struct ktftp_entry *entry)
{
	lockdep_assert_held(&store->lock);
	if (ktftp_entry_is_pattern(entry))
		list_del_rcu(&entry->pattern);
	else
		WARN_ON(rhltable_remove(&store->table, &entry->node, table_params));
	take_id(store, entry);
	count(store, entry, -1);
	WRITE_ONCE(entry->gone_at, jiffies ?: 1);
	ktftp_entry_drop(store, entry);
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
	xa_for_each(&store->entries, id, entry) {
		if (entry->while_attached)
			ktftp_store_remove(store, entry);
		cond_resched();
	}
	mutex_unlock(&store->lock);
}

/**
 * ktftp_store_expire_at() - see to it that an absent goes when its time has come
 * @store: store; its lock is held
 * @expires: when, ktime_get_ns()
 *
 * Nobody sees it from then on anyway; this gives its memory back.
 */
void ktftp_store_expire_at(struct ktftp_store *store, u64 expires)
{
	u64 now = ktime_get_ns();
	unsigned long wait = expires > now ? nsecs_to_jiffies(expires - now) : 0;

	lockdep_assert_held(&store->lock);
	/* Not more often than every second. */
	wait = round_jiffies_up_relative(wait + 1);
	if (!delayed_work_pending(&store->expiry) || time_before(jiffies + wait, store->expiry.timer.expires))
		mod_delayed_work(system_unbound_wq, &store->expiry, wait);
}

static void expire(struct work_struct *work)
{
	struct ktftp_store *store = container_of(to_delayed_work(work), struct ktftp_store, expiry);
	u64 now = ktime_get_ns(), next = U64_MAX;
	struct ktftp_entry *entry;
	unsigned long id;

	mutex_lock(&store->lock);
	xa_for_each(&store->absents, id, entry) {
		if (entry->expires && entry->expires <= now)
			ktftp_store_remove(store, entry);
		else if (entry->expires)
			next = min(next, entry->expires);
		cond_resched();
	}
	if (next != U64_MAX)
		ktftp_store_expire_at(store, next);
	mutex_unlock(&store->lock);
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

static int default_stack(struct ktftp_store *store)
{
	struct ktftp_stack *stack = kzalloc(sizeof(*stack), GFP_KERNEL_ACCOUNT);
	struct ktftp_label *view;

	if (!stack)
		return -ENOMEM;
	view = ktftp_label_get(&store->views, KTFTP_DEFAULT_VIEW, 1, NULL);
	if (IS_ERR(view)) {
		kfree(stack);
		return PTR_ERR(view);
	}
	stack->views[0] = view;
	stack->count = 1;
	RCU_INIT_POINTER(store->stack, stack);
	return 0;
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
	seqcount_init(&store->seq);
	INIT_LIST_HEAD(&store->patterns);
	xa_init_flags(&store->entries, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	xa_init_flags(&store->absents, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	ktftp_labels_init(&store->views);
	ktftp_labels_init(&store->owners);
	INIT_DELAYED_WORK(&store->expiry, expire);
	store->next_entry = 1;
	store->next_absent = 1;
	store->generation = 1;
	store->of_user = owner != &init_user_ns;
	if (default_stack(store))
		return -ENOMEM;
	store->budget = ktftp_budget_new(store->of_user ? 0 : U64_MAX);
	if (!store->budget)
		goto free_stack;
	if (!rhltable_init(&store->table, &table_params))
		return 0;
	ktftp_budget_put(store->budget);
free_stack:
	ktftp_label_put(&store->views, rcu_access_pointer(store->stack)->views[0]);
	kfree(rcu_access_pointer(store->stack));
	return -ENOMEM;
}

static void remove_all(struct ktftp_store *store, struct xarray *list)
{
	struct ktftp_entry *entry;
	unsigned long id;

	xa_for_each(list, id, entry) {
		ktftp_store_remove(store, entry);
		cond_resched();
	}
	xa_destroy(list);
}

/**
 * ktftp_store_fini() - end a store; nobody looks names up any more
 * @store: store
 *
 * Context: process; sleeps.
 */
void ktftp_store_fini(struct ktftp_store *store)
{
	struct ktftp_stack *stack;
	unsigned int i;

	cancel_delayed_work_sync(&store->expiry);
	mutex_lock(&store->lock);
	remove_all(store, &store->entries);
	remove_all(store, &store->absents);
	stack = rcu_dereference_protected(store->stack, lockdep_is_held(&store->lock));
	for (i = 0; i < stack->count; i++)
		ktftp_label_put(&store->views, stack->views[i]);
	mutex_unlock(&store->lock);
	kfree(stack);
	rhltable_destroy(&store->table);
	ktftp_budget_put(store->budget);
}
