// SPDX-License-Identifier: GPL-2.0
/* Changes of the store, all or none. Process context. */
#include <linux/bottom_half.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "change.h"
#include "entry.h"
#include "params.h"

/**
 * ktftp_change_begin() - room for a change
 * @change: change
 * @store: store
 * @items: how many entries come and go at most
 *
 * Return: 0; -ENOMEM, and there is nothing to end then.
 */
int ktftp_change_begin(struct ktftp_change *change, struct ktftp_store *store, unsigned int items)
{
	*change = (struct ktftp_change){ .store = store };
	change->coming = kvcalloc(max(items, 1u), sizeof(*change->coming), GFP_KERNEL_ACCOUNT);
	/* Whatever comes may replace something. */
	change->going = kvcalloc(max(items, 1u), sizeof(*change->going), GFP_KERNEL_ACCOUNT);
	if (change->coming && change->going)
		return 0;
	kvfree(change->coming);
	kvfree(change->going);
	return -ENOMEM;
}

/**
 * ktftp_change_add() - an entry comes
 * @change: change
 * @entry: entry; the reference is the change's now
 * @why: what asked for it
 */
void ktftp_change_add(struct ktftp_change *change, struct ktftp_entry *entry, const struct nlattr *why)
{
	entry->phase = KTFTP_PHASE_COMING;
	change->coming[change->coming_count++] = (struct ktftp_coming){ .entry = entry, .why = why };
}

/**
 * ktftp_change_remove() - an entry goes
 * @change: change; the store's lock is held from here to ktftp_change_commit()
 * @entry: entry of the store, in no change yet
 */
void ktftp_change_remove(struct ktftp_change *change, struct ktftp_entry *entry)
{
	lockdep_assert_held(&change->store->lock);
	WRITE_ONCE(entry->phase, KTFTP_PHASE_GOING);
	change->going[change->going_count++] = entry;
	change->leaving[ktftp_entry_sort(entry)]++;
}

/**
 * ktftp_change_push_view() - one more view that clients see, below those before it
 * @change: change
 * @name: name of the view
 * @extack: where the reason of a refusal goes
 *
 * Context: takes the store's lock. Return: 0; -EINVAL for one that is in it already or is one too many; -ENOSPC at
 * max_views; -ENOMEM.
 */
int ktftp_change_push_view(struct ktftp_change *change, const char *name, struct netlink_ext_ack *extack)
{
	struct ktftp_store *store = change->store;
	struct ktftp_label *view;
	unsigned int i;

	if (!change->stack)
		change->stack = kzalloc(sizeof(*change->stack), GFP_KERNEL_ACCOUNT);
	if (!change->stack)
		return -ENOMEM;
	if (change->stack->count == KTFTP_STACK_MAX) {
		NL_SET_ERR_MSG(extack, "clients see 16 views at most");
		return -EINVAL;
	}
	mutex_lock(&store->lock);
	view = ktftp_label_get(&store->views, name, ktftp_param(max_views), extack);
	mutex_unlock(&store->lock);
	if (IS_ERR(view))
		return PTR_ERR(view);
	change->stack->views[change->stack->count++] = view;
	for (i = 0; i + 1 < change->stack->count; i++)
		if (change->stack->views[i] == view) {
			NL_SET_ERR_MSG(extack, "this view is in the stack twice");
			return -EINVAL;
		}
	return 0;
}

/* What an entry replaces goes; it must not be of the same change. */
static int replace(struct ktftp_change *change, const struct ktftp_coming *coming, struct netlink_ext_ack *extack)
{
	struct ktftp_entry *entry = coming->entry, *old;

	old = ktftp_store_find(change->store, entry->view, entry->name, entry->name_bytes,
			       ktftp_entry_is_absent(entry));
	if (!old)
		return 0;
	if (old->phase == KTFTP_PHASE_COMING) {
		NL_SET_ERR_MSG_ATTR(extack, coming->why, "this name is in the set twice");
		return -EINVAL;
	}
	ktftp_change_remove(change, old);
	return 0;
}

static int insert_all(struct ktftp_change *change, struct netlink_ext_ack *extack)
{
	const struct ktftp_coming *coming;
	int err;

	while (change->inserted < change->coming_count) {
		coming = &change->coming[change->inserted];
		err = replace(change, coming, extack);
		if (err)
			return err;
		err = ktftp_store_insert(change->store, coming->entry,
					 change->leaving[ktftp_entry_sort(coming->entry)], extack);
		if (err) {
			NL_SET_BAD_ATTR(extack, coming->why);
			return err;
		}
		change->inserted++;
		if (coming->entry->expires)
			ktftp_store_expire_at(change->store, coming->entry->expires);
		cond_resched();
	}
	return 0;
}

/**
 * ktftp_change_abandon() - what was to go stays
 * @change: change; the store's lock is held since the first ktftp_change_remove()
 */
void ktftp_change_abandon(struct ktftp_change *change)
{
	unsigned int i;

	lockdep_assert_held(&change->store->lock);
	for (i = 0; i < change->going_count; i++)
		WRITE_ONCE(change->going[i]->phase, KTFTP_PHASE_SETTLED);
	change->going_count = 0;
	memset(change->leaving, 0, sizeof(change->leaving));
}

/* Nobody has seen what was inserted. */
static void undo(struct ktftp_change *change)
{
	unsigned int i;

	ktftp_change_abandon(change);
	for (i = 0; i < change->inserted; i++) {
		ktftp_store_remove(change->store, change->coming[i].entry);
		cond_resched();
	}
	/* Those are gone; the rest is dropped in the end. */
	change->coming_count -= change->inserted;
	memmove(change->coming, change->coming + change->inserted, change->coming_count * sizeof(*change->coming));
	change->inserted = 0;
}

/* Short, and nothing interrupts it: whoever looks a name up meanwhile spins. */
static void show(struct ktftp_store *store, bool after, struct ktftp_stack *stack)
{
	local_bh_disable();
	preempt_disable();
	write_seqcount_begin(&store->seq);
	WRITE_ONCE(store->after, after);
	if (stack)
		rcu_assign_pointer(store->stack, stack);
	write_seqcount_end(&store->seq);
	preempt_enable();
	local_bh_enable();
}

static void put_stack(struct ktftp_store *store, struct ktftp_stack *stack)
{
	unsigned int i;

	lockdep_assert_held(&store->lock);
	for (i = 0; i < stack->count; i++)
		ktftp_label_put(&store->views, stack->views[i]);
	kfree_rcu(stack, rcu);
}

/**
 * ktftp_change_commit() - make the change
 * @change: change; the store's lock is held
 * @extack: where the reason of a refusal goes
 *
 * What comes is put beside what goes, and seen by nobody; then both change places at one moment; then what goes is
 * taken out.
 *
 * Return: 0; -EINVAL for a name that comes twice, -ENOSPC when there are too many, -ENOMEM: nothing has changed then.
 */
int ktftp_change_commit(struct ktftp_change *change, struct netlink_ext_ack *extack)
{
	struct ktftp_store *store = change->store;
	struct ktftp_stack *old = NULL;
	unsigned int i;
	int err;

	lockdep_assert_held(&store->lock);
	err = insert_all(change, extack);
	if (err) {
		undo(change);
		return err;
	}
	if (change->stack)
		old = rcu_dereference_protected(store->stack, lockdep_is_held(&store->lock));
	show(store, true, change->stack);
	for (i = 0; i < change->coming_count; i++)
		WRITE_ONCE(change->coming[i].entry->phase, KTFTP_PHASE_SETTLED);
	for (i = 0; i < change->going_count; i++) {
		ktftp_store_remove(store, change->going[i]);
		cond_resched();
	}
	show(store, false, NULL);
	if (old)
		put_stack(store, old);
	ktftp_store_changed(store);
	change->stack = NULL;
	change->committed = true;
	return 0;
}

/**
 * ktftp_change_make() - commit a change from which nothing goes but what it replaces
 * @change: change
 * @extack: where the reason of a refusal goes
 *
 * Context: takes the store's lock. Return: as ktftp_change_commit().
 */
int ktftp_change_make(struct ktftp_change *change, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&change->store->lock);
	err = ktftp_change_commit(change, extack);
	mutex_unlock(&change->store->lock);
	return err;
}

/**
 * ktftp_change_end() - the change is made, or will not be
 * @change: change
 *
 * Context: takes the store's lock.
 */
void ktftp_change_end(struct ktftp_change *change)
{
	struct ktftp_store *store = change->store;
	unsigned int i;

	mutex_lock(&store->lock);
	for (i = 0; !change->committed && i < change->coming_count; i++)
		ktftp_entry_drop(store, change->coming[i].entry);
	if (change->stack)
		put_stack(store, change->stack);
	mutex_unlock(&store->lock);
	kvfree(change->coming);
	kvfree(change->going);
}
