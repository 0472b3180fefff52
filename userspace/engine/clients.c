// SPDX-License-Identifier: GPL-2.0
/* See clients.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"

/**
 * struct client - a client that has transfers
 * @node: in the index; first
 * @peer: its address
 * @scope: device, when that is link-local
 * @count: how many, at least 1
 */
struct client {
	struct tftp_node node;
	struct in6_addr peer;
	uint32_t scope;
	uint32_t count;
};

static uint64_t hash_of(const struct tftp_hash_key *hash_key, const struct tftp_key *key)
{
	return tftp_hash(hash_key, &key->peer, sizeof(key->peer)) + key->scope;
}

static struct client *find(const struct tftp_clients *clients, uint64_t hash, const struct tftp_key *key)
{
	struct tftp_node *node;
	struct client *client;

	for (node = tftp_index_first(&clients->index, hash); node; node = tftp_index_next(node)) {
		client = (struct client *)node;
		if (client->scope == key->scope && !memcmp(&client->peer, &key->peer, sizeof(key->peer)))
			return client;
	}
	return NULL;
}

static int add_new(struct tftp_clients *clients, uint64_t hash, const struct tftp_key *key)
{
	struct client *client = calloc(1, sizeof(*client));
	int err;

	if (!client)
		return -ENOMEM;
	client->peer = key->peer;
	client->scope = key->scope;
	client->count = 1;
	err = tftp_index_insert(&clients->index, &client->node, hash);
	if (err)
		free(client);
	return err;
}

/**
 * tftp_clients_add() - a client wants one more transfer
 * @clients: clients
 * @hash_key: for the index
 * @key: who asks whom; ports do not count
 * @most: how many it may have, at least 1
 *
 * Return: 0 when it may; -EDQUOT when it has as many; -ENOMEM.
 */
int tftp_clients_add(struct tftp_clients *clients, const struct tftp_hash_key *hash_key, const struct tftp_key *key,
		     uint32_t most)
{
	uint64_t hash = hash_of(hash_key, key);
	struct client *client = find(clients, hash, key);

	if (!client)
		return add_new(clients, hash, key);
	if (client->count >= most)
		return -EDQUOT;
	client->count++;
	return 0;
}

/**
 * tftp_clients_remove() - a client has one transfer less
 * @clients: clients
 * @hash_key: for the index
 * @key: who talked to whom, as it was added
 */
void tftp_clients_remove(struct tftp_clients *clients, const struct tftp_hash_key *hash_key, const struct tftp_key *key)
{
	struct client *client = find(clients, hash_of(hash_key, key), key);

	if (!client || --client->count)
		return;
	tftp_index_remove(&clients->index, &client->node);
	free(client);
}

/* After the last transfer. */
void tftp_clients_free(struct tftp_clients *clients)
{
	tftp_index_free(&clients->index);
}
