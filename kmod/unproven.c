// SPDX-License-Identifier: GPL-2.0
/* Transfers whose client has not answered yet. Softirqs are off. */
#include "life.h"
#include "netns.h"
#include "params.h"
#include "table.h"

void ktftp_unproven_init(struct ktftp_unproven *unproven)
{
	spin_lock_init(&unproven->lock);
	INIT_LIST_HEAD(&unproven->list);
	unproven->count = 0;
}

/**
 * ktftp_unproven_add() - a transfer begins
 * @t: transfer; its lock is held
 */
void ktftp_unproven_add(struct ktftp_transfer *t)
{
	struct ktftp_unproven *unproven = &t->table->kn->unproven;

	lockdep_assert_held(&t->lock);
	spin_lock(&unproven->lock);
	list_add_tail(&t->unproven, &unproven->list);
	unproven->count++;
	spin_unlock(&unproven->lock);
}

/**
 * ktftp_unproven_remove() - its client has answered, or it ends
 * @t: transfer that was added; its lock is held
 */
void ktftp_unproven_remove(struct ktftp_transfer *t)
{
	struct ktftp_unproven *unproven = &t->table->kn->unproven;

	lockdep_assert_held(&t->lock);
	spin_lock(&unproven->lock);
	list_del(&t->unproven);
	unproven->count--;
	spin_unlock(&unproven->lock);
}

/* The oldest, with a reference, when there are too many. */
static struct ktftp_transfer *one_too_many(struct ktftp_unproven *unproven)
{
	struct ktftp_transfer *t = NULL;

	spin_lock(&unproven->lock);
	if (unproven->count > ktftp_param(max_unproven)) {
		t = list_first_entry(&unproven->list, struct ktftp_transfer, unproven);
		/* It leaves the list before its table puts its reference. */
		refcount_inc(&t->ref);
	}
	spin_unlock(&unproven->lock);
	return t;
}

/**
 * ktftp_unproven_trim() - keep to max_unproven
 * @kn: namespace in which a transfer has just begun
 *
 * Context: softirqs off, no transfer's lock held.
 */
void ktftp_unproven_trim(struct ktftp_net *kn)
{
	struct ktftp_transfer *t = one_too_many(&kn->unproven);
	struct ktftp_ending e;
	bool ends;

	if (likely(!t))
		return;
	spin_lock(&t->lock);
	ends = t->state == KTFTP_TRANSFER_STATE_UNPROVEN;
	if (ends)
		ktftp_transfer_conclude(t, KTFTP_TRANSFER_END_UNPROVEN, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (ends) {
		ktftp_count(kn, KTFTP_A_STATS_REQUESTS_OVERFLOW);
		ktftp_transfer_finish(&e);
		ktftp_transfer_bury(t);
	}
	ktftp_transfer_put(t);
}
