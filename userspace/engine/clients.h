/* SPDX-License-Identifier: GPL-2.0 */
/* How many transfers each client has, while max_transfers_per_client bounds them: a client is an address. */
#ifndef TFTP_CLIENTS_H
#define TFTP_CLIENTS_H

#include "hash.h"
#include "index.h"
#include "key.h"

/**
 * struct tftp_clients - clients that have transfers
 * @index: of them, by address; who has none is not there
 */
struct tftp_clients {
	struct tftp_index index;
};

int tftp_clients_add(struct tftp_clients *clients, const struct tftp_hash_key *hash_key, const struct tftp_key *key,
		     uint32_t most);
void tftp_clients_remove(struct tftp_clients *clients, const struct tftp_hash_key *hash_key,
			 const struct tftp_key *key);
void tftp_clients_free(struct tftp_clients *clients);

#endif
