// SPDX-License-Identifier: GPL-2.0
/* How an entry begins and ends. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netlink.h>
#include <linux/slab.h>

#include "budget.h"
#include "entry.h"
#include "params.h"

/* How long a download may go on with a file that was withdrawn, when room for other files is short. */
#define TIGHT_GRACE_S	10

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[");
}

static int get_labels(struct ktftp_store *store, struct ktftp_entry *entry, const struct ktftp_entry_spec *spec,
		      struct netlink_ext_ack *extack)
{
	struct ktftp_label *view, *owner;
	int err = 0;

	mutex_lock(&store->lock);
	view = ktftp_label_get(&store->views, spec->view, ktftp_param(max_views), extack);
	if (IS_ERR(view)) {
		err = PTR_ERR(view);
		goto unlock;
	}
	owner = ktftp_label_get(&store->owners, spec->owner, ktftp_param(max_owners), extack);
	if (IS_ERR(owner)) {
		ktftp_label_put(&store->views, view);
		err = PTR_ERR(owner);
		goto unlock;
	}
	entry->view = view;
	entry->owner = owner;
unlock:
	mutex_unlock(&store->lock);
	return err;
}

/* What stands behind the name: the folded pattern, or the source. */
static size_t more_bytes(const struct ktftp_entry_spec *spec)
{
	if (!spec->holding)
		return is_pattern(spec->name) ? spec->name_bytes + 1 : 0;
	return spec->source ? strlen(spec->source) + 1 : 0;
}

static void put_texts(struct ktftp_entry *entry, const struct ktftp_entry_spec *spec)
{
	entry->name_bytes = spec->name_bytes;
	memcpy(entry->name, spec->name, spec->name_bytes);
	if (!more_bytes(spec))
		return;
	entry->more = entry->name + spec->name_bytes + 1;
	if (spec->holding)
		memcpy(entry->more, spec->source, more_bytes(spec));
	else
		ktftp_name_fold(spec->name, spec->name_bytes, entry->more);
}

/**
 * ktftp_entry_new() - a name and what it means, not in the store yet
 * @store: store
 * @spec: what it is to be
 * @extack: where the reason of a refusal goes
 *
 * Context: process; takes the store's lock. Return: the entry with one reference, to be put into the store or
 * dropped by ktftp_entry_drop(); ERR_PTR(-ENOSPC), ERR_PTR(-ENOMEM).
 */
struct ktftp_entry *ktftp_entry_new(struct ktftp_store *store, const struct ktftp_entry_spec *spec,
				    struct netlink_ext_ack *extack)
{
	struct ktftp_entry *entry;
	int err;

	entry = kzalloc(struct_size(entry, name, spec->name_bytes + 1 + more_bytes(spec)), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	err = get_labels(store, entry, spec, extack);
	if (err) {
		kfree(entry);
		return ERR_PTR(err);
	}
	refcount_set(&entry->ref, 1);
	INIT_LIST_HEAD(&entry->pattern);
	put_texts(entry, spec);
	entry->holding = spec->holding;
	entry->content = spec->holding ? spec->holding->content : NULL;
	entry->offset = spec->offset;
	entry->bytes = spec->bytes;
	entry->published = ktime_get_ns();
	if (spec->lives_s)
		entry->expires = entry->published + spec->lives_s * (u64)NSEC_PER_SEC;
	pr_debug("entry %p created\n", entry);
	return entry;
}

/**
 * ktftp_entry_drop() - an entry is not, or not any more, in the store
 * @store: store; its lock is held
 * @entry: entry; the reference is given back
 */
void ktftp_entry_drop(struct ktftp_store *store, struct ktftp_entry *entry)
{
	lockdep_assert_held(&store->lock);
	ktftp_label_put(&store->views, entry->view);
	ktftp_label_put(&store->owners, entry->owner);
	ktftp_entry_put(entry);
}

static void free_entry(struct rcu_head *rcu)
{
	struct ktftp_entry *entry = container_of(rcu, struct ktftp_entry, rcu);

	pr_debug("entry %p destroyed\n", entry);
	if (entry->holding)
		ktftp_holding_put(entry->holding);
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

/**
 * ktftp_entry_overdue() - was it withdrawn or replaced so long ago that downloads of it end
 * @entry: entry
 *
 * grace_s, less when room for other files is short: one slow client must not keep old firmware for ever.
 *
 * Context: any.
 */
bool ktftp_entry_overdue(const struct ktftp_entry *entry)
{
	unsigned long gone_at = READ_ONCE(entry->gone_at);
	unsigned int grace_s;

	if (likely(!gone_at))
		return false;
	grace_s = ktftp_param(grace_s);
	if (ktftp_budget_is_tight())
		grace_s = min_t(unsigned int, grace_s, TIGHT_GRACE_S);
	return time_after_eq(jiffies, gone_at + (unsigned long)grace_s * HZ);
}
