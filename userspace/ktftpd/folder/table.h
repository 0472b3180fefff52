/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table of items that are part of what they find: no memory of its own but the buckets. */
#ifndef KTFTPD_TABLE_H
#define KTFTPD_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_SEED                       0xcbf29ce484222325ull

/* What an item is part of. */
#define table_entry(found, type, member) ((type *)((char *)(found)-offsetof(type, member)))

/**
 * struct table_item - part of what is found
 * @next: in the same bucket
 * @hash: of the key
 */
struct table_item {
	struct table_item *next;
	uint64_t hash;
};

/**
 * struct table - items by hash; all zero is an empty one
 * @buckets: lists
 * @room: how many buckets, a power of two
 * @count: items
 */
struct table {
	struct table_item **buckets;
	size_t room;
	size_t count;
};

uint64_t table_hash(uint64_t seed, const void *bytes, size_t count);
int table_add(struct table *table, struct table_item *item, uint64_t hash);
void table_remove(struct table *table, struct table_item *item);
struct table_item *table_first(const struct table *table, uint64_t hash);
struct table_item *table_next(const struct table_item *item);
void table_each(struct table *table, void (*fn)(struct table_item *item, void *context), void *context);
void table_free(struct table *table);

#endif
