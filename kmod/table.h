/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the transfers of a listener are found: by what a client's datagrams carry, and by client alone.
 */
#ifndef KTFTP_TABLE_H
#define KTFTP_TABLE_H

#include <linux/atomic.h>
#include <linux/rhashtable.h>

#include "xmit.h"

struct ktftp_floors;
struct ktftp_net;
struct ktftp_transfer;

/**
 * struct ktftp_table - the transfers of one listener
 * @kn: namespace
 * @by_tid: by struct ktftp_key
 * @by_client: by the key without our TID; of several transfers of one client port the latest
 * @active: transfers that have not ended
 * @floors: what was learned of clients
 *
 * Readers are under RCU. What they find may be dead, or even another transfer by now: its lock tells.
 */
struct ktftp_table {
	struct ktftp_net *kn;
	struct rhashtable by_tid;
	struct rhashtable by_client;
	atomic_t active;
	struct ktftp_floors *floors;
};

int ktftp_table_init(struct ktftp_table *table, struct ktftp_net *kn);
void ktftp_table_destroy(struct ktftp_table *table);

struct ktftp_transfer *ktftp_table_find(struct ktftp_table *table, const struct ktftp_key *key);
struct ktftp_transfer *ktftp_table_find_client(struct ktftp_table *table, const struct ktftp_key *key);
int ktftp_table_insert(struct ktftp_table *table, struct ktftp_transfer *t);
struct ktftp_transfer *ktftp_table_insert_client(struct ktftp_table *table, struct ktftp_transfer *t);
int ktftp_table_replace_client(struct ktftp_table *table, struct ktftp_transfer *old, struct ktftp_transfer *t);
void ktftp_table_remove(struct ktftp_table *table, struct ktftp_transfer *t);
bool ktftp_key_same_client(const struct ktftp_key *a, const struct ktftp_key *b);

#endif
