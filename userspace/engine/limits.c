// SPDX-License-Identifier: GPL-2.0
/* How many transfers there may be: the counterpart of kmod/limits.c. */
#include <errno.h>

#include "segment.h"

/* One that is done and only swallows what comes late goes for one that begins. */
static bool has_place(struct engine *e)
{
	if (e->transfer_count >= e->limits.max_transfers && !TAILQ_EMPTY(&e->done))
		tftp_transfer_end(TAILQ_FIRST(&e->done), KTFTP_TRANSFER_END_COMPLETE, TFTP_LIFE_DEAD);
	return e->transfer_count < e->limits.max_transfers;
}

/**
 * tftp_limits_admit() - may there be one more transfer
 * @e: engine
 * @key: who asks whom
 * @counted: whether the client's transfers are counted; the new one remembers it
 *
 * Return: 0; -EDQUOT at max_transfers_per_client; -ENOSPC at max_transfers; -ENOMEM.
 */
int tftp_limits_admit(struct engine *e, const struct tftp_key *key, bool *counted)
{
	uint32_t most = e->limits.max_transfers_per_client;
	int err;

	*counted = false;
	if (!has_place(e))
		return -ENOSPC;
	if (!most)
		return 0;
	err = tftp_clients_add(&e->clients, &e->hash_key, key, most);
	*counted = !err;
	return err;
}

/* A transfer does not count against its client any more: it has ended, or lingers. */
void tftp_limits_uncount(struct tftp_transfer *t)
{
	if (t->counted)
		tftp_clients_remove(&t->engine->clients, &t->engine->hash_key, &t->key);
	t->counted = false;
}

/* Keeps to max_unproven: one has just begun. */
void tftp_limits_trim(struct engine *e)
{
	if (e->unproven_count <= e->limits.max_unproven)
		return;
	tftp_transfer_end(TAILQ_FIRST(&e->unproven), KTFTP_TRANSFER_END_UNPROVEN, TFTP_LIFE_DEAD);
	tftp_count(e, KTFTP_A_STATS_REQUESTS_OVERFLOW);
}
