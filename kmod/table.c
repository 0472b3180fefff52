// SPDX-License-Identifier: GPL-2.0
/*
 * Where the transfers of a listener are found. Called by transfer.c in softirq and, when a listener ends, in
 * process context. Nothing here takes a transfer's lock.
 */
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "floors.h"
#include "table.h"
#include "transfer.h"

/* Clients choose most of a key: without a secret they could choose the chain as well. */
static siphash_key_t table_key __read_mostly;

static u32 hash_tid(const void *data, u32 len, u32 seed)
{
	const struct ktftp_key *key = data;

	return siphash_3u64(key->word[0] ^ seed, key->word[1], key->word[4], &table_key);
}

static u32 hash_client(const void *data, u32 len, u32 seed)
{
	const struct ktftp_key *key = data;

	return siphash_3u64(key->word[0] ^ seed, key->word[1], (__force u16)key->peer_port, &table_key);
}

static u32 hash_tid_of(const void *data, u32 len, u32 seed)
{
	const struct ktftp_transfer *t = data;

	return hash_tid(&t->key, len, seed);
}

static u32 hash_client_of(const void *data, u32 len, u32 seed)
{
	const struct ktftp_transfer *t = data;

	return hash_client(&t->key, len, seed);
}

static int compare_tid(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct ktftp_transfer *t = object;

	return !ktftp_key_equal(&t->key, arg->key);
}

static int compare_client(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct ktftp_transfer *t = object;

	return !ktftp_key_same_client(&t->key, arg->key);
}

static const struct rhashtable_params by_tid_params = {
	.head_offset = offsetof(struct ktftp_transfer, by_tid),
	.key_len = sizeof(struct ktftp_key),
	.hashfn = hash_tid,
	.obj_hashfn = hash_tid_of,
	.obj_cmpfn = compare_tid,
	.automatic_shrinking = true,
};

static const struct rhashtable_params by_client_params = {
	.head_offset = offsetof(struct ktftp_transfer, by_client),
	.key_len = sizeof(struct ktftp_key),
	.hashfn = hash_client,
	.obj_hashfn = hash_client_of,
	.obj_cmpfn = compare_client,
	.automatic_shrinking = true,
};

/**
 * ktftp_key_same_client() - do two keys differ in our TID at most
 * @a: one key
 * @b: the other
 */
bool ktftp_key_same_client(const struct ktftp_key *a, const struct ktftp_key *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->word[2] == b->word[2] &&
	       a->word[3] == b->word[3] && a->peer_port == b->peer_port && a->ifindex == b->ifindex;
}

/**
 * ktftp_table_find() - the transfer a datagram belongs to
 * @table: table of its listener
 * @key: who sent it to whom
 *
 * Context: rcu_read_lock(). Return: a transfer to be locked and checked, or NULL.
 */
struct ktftp_transfer *ktftp_table_find(struct ktftp_table *table, const struct ktftp_key *key)
{
	return rhashtable_lookup(&table->by_tid, key, by_tid_params);
}

/**
 * ktftp_table_find_client() - the latest transfer of a client port
 * @table: table of the listener
 * @key: who asks whom; the TID does not count
 *
 * Context: rcu_read_lock(). Return: a transfer to be locked and checked, or NULL.
 */
struct ktftp_transfer *ktftp_table_find_client(struct ktftp_table *table, const struct ktftp_key *key)
{
	return rhashtable_lookup(&table->by_client, key, by_client_params);
}

/**
 * ktftp_table_insert() - let a transfer be found by its datagrams
 * @table: table of its listener
 * @t: transfer
 *
 * Context: softirqs off. Return: 0; -EEXIST when a transfer has the same key; another error for want of memory.
 */
int ktftp_table_insert(struct ktftp_table *table, struct ktftp_transfer *t)
{
	return rhashtable_lookup_insert_key(&table->by_tid, &t->key, &t->by_tid, by_tid_params);
}

/**
 * ktftp_table_insert_client() - let a transfer be found by its client, unless another one is
 * @table: table of its listener
 * @t: transfer
 *
 * Context: softirqs off, rcu_read_lock(). Return: NULL when it went in; the transfer that is there, to be
 * locked and checked; ERR_PTR for want of memory.
 */
struct ktftp_transfer *ktftp_table_insert_client(struct ktftp_table *table, struct ktftp_transfer *t)
{
	return rhashtable_lookup_get_insert_key(&table->by_client, &t->key, &t->by_client, by_client_params);
}

/**
 * ktftp_table_replace_client() - let a transfer be found by its client instead of another one
 * @table: table of both
 * @old: the other one, with a reference
 * @t: transfer
 *
 * Return: 0, or -ENOENT when @old is not there any more.
 */
int ktftp_table_replace_client(struct ktftp_table *table, struct ktftp_transfer *old, struct ktftp_transfer *t)
{
	return rhashtable_replace_fast(&table->by_client, &old->by_client, &t->by_client, by_client_params);
}

/**
 * ktftp_table_remove() - take a transfer out, from wherever it is in
 * @table: its table
 * @t: transfer
 */
void ktftp_table_remove(struct ktftp_table *table, struct ktftp_transfer *t)
{
	rhashtable_remove_fast(&table->by_tid, &t->by_tid, by_tid_params);
	rhashtable_remove_fast(&table->by_client, &t->by_client, by_client_params);
}

/**
 * ktftp_table_init() - an empty table
 * @table: table
 * @kn: namespace of its listener
 *
 * Context: process. Return: 0 or a negative error.
 */
int ktftp_table_init(struct ktftp_table *table, struct ktftp_net *kn)
{
	int err;

	get_random_once(&table_key, sizeof(table_key));
	table->kn = kn;
	atomic_set(&table->active, 0);
	table->floors = ktftp_floors_alloc();
	if (!table->floors)
		return -ENOMEM;
	err = rhashtable_init(&table->by_tid, &by_tid_params);
	if (err)
		goto free_floors;
	err = rhashtable_init(&table->by_client, &by_client_params);
	if (err)
		goto destroy_by_tid;
	return 0;

destroy_by_tid:
	rhashtable_destroy(&table->by_tid);
free_floors:
	kvfree(table->floors);
	return err;
}

/**
 * ktftp_table_destroy() - end an empty table that nobody reads any more
 * @table: table
 *
 * Context: process.
 */
void ktftp_table_destroy(struct ktftp_table *table)
{
	WARN_ON(atomic_read(&table->by_tid.nelems));
	WARN_ON(atomic_read(&table->by_client.nelems));
	rhashtable_destroy(&table->by_client);
	rhashtable_destroy(&table->by_tid);
	kvfree(table->floors);
}
