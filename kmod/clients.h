/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many transfers each client has, while max_transfers_per_client bounds them: a client is an address, whatever
 * its port, in a VRF or, where it is link-local, on a device. Counted for the namespace, like all that is bounded:
 * more listeners are not more memory.
 *
 * Who has no transfer is not known here, so this is never more than there are transfers.
 *
 * Locking: one lock, which nests inside the lock of a transfer; nobody reads without it.
 */
#ifndef KTFTP_CLIENTS_H
#define KTFTP_CLIENTS_H

#include <linux/rhashtable.h>
#include <linux/spinlock.h>

struct ktftp_key;

/**
 * struct ktftp_clients - clients of a namespace that have transfers
 * @lock: protects what follows
 * @table: clients by address
 */
struct ktftp_clients {
	spinlock_t lock;
	struct rhashtable table;
};

int ktftp_clients_init(struct ktftp_clients *clients);
void ktftp_clients_fini(struct ktftp_clients *clients);
int ktftp_clients_add(struct ktftp_clients *clients, const struct ktftp_key *key, unsigned int most);
void ktftp_clients_remove(struct ktftp_clients *clients, const struct ktftp_key *key);

#endif
