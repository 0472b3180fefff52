// SPDX-License-Identifier: GPL-2.0
/* How many transfers each client has. Called when one begins and when it ends; softirqs are off. */
#include <linux/in6.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "clients.h"
#include "xmit.h"

struct who {
	struct in6_addr address;
	int ifindex;
};

/**
 * struct client - a client that has transfers
 * @node: in the table
 * @who: which client
 * @count: how many, at least 1
 * @rcu: the table's own work may stand on it for a grace period
 */
struct client {
	struct rhash_head node;
	struct who who;
	unsigned int count;
	struct rcu_head rcu;
};

/* Clients choose their addresses: without a secret they could choose the chain as well. */
static siphash_key_t clients_key __read_mostly;

static u32 hash_who(const void *data, u32 len, u32 seed)
{
	return siphash(data, sizeof(struct who), &clients_key) ^ seed;
}

static const struct rhashtable_params table_params = {
	.head_offset = offsetof(struct client, node),
	.key_offset = offsetof(struct client, who),
	.key_len = sizeof(struct who),
	.hashfn = hash_who,
	.automatic_shrinking = true,
};

static struct client *find(struct ktftp_clients *clients, const struct ktftp_key *key)
{
	const struct who who = { key->peer, key->ifindex };

	lockdep_assert_held(&clients->lock);
	return rhashtable_lookup_fast(&clients->table, &who, table_params);
}

static int add_new(struct ktftp_clients *clients, const struct ktftp_key *key)
{
	struct client *client = kmalloc(sizeof(*client), GFP_NOWAIT | __GFP_NOWARN);

	lockdep_assert_held(&clients->lock);
	if (!client)
		return -ENOMEM;
	client->who = (struct who){ key->peer, key->ifindex };
	client->count = 1;
	if (!rhashtable_insert_fast(&clients->table, &client->node, table_params))
		return 0;
	kfree(client);
	return -ENOMEM;
}

/**
 * ktftp_clients_add() - a client wants one more transfer
 * @clients: clients of the namespace
 * @key: who asks whom; ports do not count
 * @most: how many it may have, at least 1
 *
 * Return: 0 when it may; -EDQUOT when it has as many; -ENOMEM.
 */
int ktftp_clients_add(struct ktftp_clients *clients, const struct ktftp_key *key, unsigned int most)
{
	struct client *client;
	int err = 0;

	spin_lock(&clients->lock);
	client = find(clients, key);
	if (!client)
		err = add_new(clients, key);
	else if (client->count < most)
		client->count++;
	else
		err = -EDQUOT;
	spin_unlock(&clients->lock);
	return err;
}

/**
 * ktftp_clients_remove() - a client has one transfer less
 * @clients: clients of the namespace
 * @key: who talked to whom, as it was added
 */
void ktftp_clients_remove(struct ktftp_clients *clients, const struct ktftp_key *key)
{
	struct client *client;

	spin_lock(&clients->lock);
	client = find(clients, key);
	if (!WARN_ON_ONCE(!client) && !--client->count) {
		rhashtable_remove_fast(&clients->table, &client->node, table_params);
		kfree_rcu(client, rcu);
	}
	spin_unlock(&clients->lock);
}

/**
 * ktftp_clients_init() - no client yet
 * @clients: clients of a namespace that begins
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int ktftp_clients_init(struct ktftp_clients *clients)
{
	get_random_once(&clients_key, sizeof(clients_key));
	spin_lock_init(&clients->lock);
	return rhashtable_init(&clients->table, &table_params);
}

/**
 * ktftp_clients_fini() - no client any more
 * @clients: clients of a namespace that ends, after its transfers
 *
 * Context: process.
 */
void ktftp_clients_fini(struct ktftp_clients *clients)
{
	WARN_ON(atomic_read(&clients->table.nelems));
	rhashtable_destroy(&clients->table);
}
