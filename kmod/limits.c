// SPDX-License-Identifier: GPL-2.0
/* How many transfers there may be. Called when one begins and when one ends; softirqs are off. */
#include "life.h"
#include "limits.h"
#include "netns.h"
#include "params.h"
#include "table.h"

/*
 * The oldest transfer of a queue that has more than so many ends, unless it left that state meanwhile. Returns
 * whether it did.
 */
static bool end_oldest(struct ktftp_queue *queue, unsigned int most, u8 state, enum ktftp_transfer_end how)
{
	struct ktftp_transfer *t = ktftp_queue_oldest(queue, most);
	struct ktftp_ending e;
	bool ends;

	if (likely(!t))
		return false;
	spin_lock(&t->lock);
	ends = t->state == state;
	if (ends)
		ktftp_transfer_conclude(t, how, KTFTP_LIFE_DEAD, &e);
	spin_unlock(&t->lock);
	if (ends) {
		ktftp_transfer_finish(&e);
		ktftp_transfer_bury(t);
	}
	ktftp_transfer_put(t);
	return ends;
}

/* One more transfer in the namespace; false when that is one too many. */
static bool take_place(struct ktftp_net *kn)
{
	int most = ktftp_param(max_transfers);
	int now = atomic_read(&kn->transfers);

	do {
		if (now >= most)
			return false;
	} while (!atomic_try_cmpxchg(&kn->transfers, &now, now + 1));
	return true;
}

/* One that is done and only swallows what comes late goes for one that begins. */
static bool make_place(struct ktftp_net *kn)
{
	return end_oldest(&kn->done, 0, KTFTP_LIFE_DONE, KTFTP_TRANSFER_END_COMPLETE) && take_place(kn);
}

/**
 * ktftp_limits_admit() - may there be one more transfer
 * @kn: namespace
 * @key: who asks whom
 * @counted: whether the client's transfers are counted; the new one remembers it
 *
 * Context: no transfer's lock held. Return: 0, to be undone by ktftp_limits_dismiss() or, when it has begun, by its
 * end; -EDQUOT at max_transfers_per_client; -ENOSPC at max_transfers; -ENOMEM.
 */
int ktftp_limits_admit(struct ktftp_net *kn, const struct ktftp_key *key, bool *counted)
{
	unsigned int most = ktftp_param(max_transfers_per_client);
	int err;

	*counted = most;
	if (most) {
		err = ktftp_clients_add(&kn->clients, key, most);
		if (err)
			return err;
	}
	if (likely(take_place(kn)) || make_place(kn))
		return 0;
	if (most)
		ktftp_clients_remove(&kn->clients, key);
	return -ENOSPC;
}

/**
 * ktftp_limits_dismiss() - undo ktftp_limits_admit() for what does not become a transfer
 * @kn: namespace
 * @key: who asked whom
 * @counted: as it was said
 */
void ktftp_limits_dismiss(struct ktftp_net *kn, const struct ktftp_key *key, bool counted)
{
	if (counted)
		ktftp_clients_remove(&kn->clients, key);
	atomic_dec(&kn->transfers);
}

/**
 * ktftp_limits_uncount() - a transfer does not count against its client any more: it has ended, or lingers
 * @t: transfer; its lock is held, or nobody knows it
 */
void ktftp_limits_uncount(struct ktftp_transfer *t)
{
	if (t->counted)
		ktftp_clients_remove(&t->table->kn->clients, &t->key);
	t->counted = false;
}

/**
 * ktftp_limits_trim() - keep to max_unproven
 * @kn: namespace in which a transfer has just begun
 *
 * Context: no transfer's lock held.
 */
void ktftp_limits_trim(struct ktftp_net *kn)
{
	if (end_oldest(&kn->unproven, ktftp_param(max_unproven), KTFTP_TRANSFER_STATE_UNPROVEN,
		       KTFTP_TRANSFER_END_UNPROVEN))
		ktftp_count(kn, KTFTP_A_STATS_REQUESTS_OVERFLOW);
}
