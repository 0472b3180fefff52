// SPDX-License-Identifier: GPL-2.0
/* See table.h. It doubles when there are as many items as buckets. */
#include <errno.h>
#include <stdlib.h>

#include "table.h"

#define ROOM_AT_FIRST 64

/**
 * table_hash() - go on hashing
 * @seed: TABLE_SEED, or the hash of what comes before
 * @bytes: what to hash
 * @count: how many
 */
uint64_t table_hash(uint64_t seed, const void *bytes, size_t count)
{
	const uint8_t *b = bytes;

	/* FNV-1a. Keys are made by who may write to the folders, not by who asks for names. */
	while (count--)
		seed = (seed ^ *b++) * 0x100000001b3ull;
	return seed;
}

static struct table_item **bucket_of(const struct table *table, uint64_t hash)
{
	return &table->buckets[(hash ^ hash >> 32) & (table->room - 1)];
}

static void grow(struct table *table)
{
	struct table bigger = { .room = table->room ? table->room * 2 : ROOM_AT_FIRST, .count = table->count };
	struct table_item *item, *next, **bucket;
	size_t i;

	bigger.buckets = calloc(bigger.room, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return;
	for (i = 0; i < table->room; i++) {
		for (item = table->buckets[i]; item; item = next) {
			next = item->next;
			bucket = bucket_of(&bigger, item->hash);
			item->next = *bucket;
			*bucket = item;
		}
	}
	free(table->buckets);
	*table = bigger;
}

/**
 * table_add() - add an item
 * @table: table
 * @item: item; it has to stay where it is
 * @hash: of its key
 *
 * Return: 0 or -ENOMEM.
 */
int table_add(struct table *table, struct table_item *item, uint64_t hash)
{
	struct table_item **bucket;

	/* Without memory for more buckets it goes on with those that it has. */
	if (table->count >= table->room)
		grow(table);
	if (!table->room)
		return -ENOMEM;
	item->hash = hash;
	bucket = bucket_of(table, hash);
	item->next = *bucket;
	*bucket = item;
	table->count++;
	return 0;
}

/**
 * table_remove() - take an item out
 * @table: table
 * @item: one that is in it
 */
void table_remove(struct table *table, struct table_item *item)
{
	struct table_item **at = bucket_of(table, item->hash);

	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	table->count--;
}

static struct table_item *of_hash(struct table_item *item, uint64_t hash)
{
	while (item && item->hash != hash)
		item = item->next;
	return item;
}

/**
 * table_first() - the first item of a hash; whether it is the one that is meant is for the caller to see
 * @table: table
 * @hash: hash
 */
struct table_item *table_first(const struct table *table, uint64_t hash)
{
	return table->room ? of_hash(*bucket_of(table, hash), hash) : NULL;
}

/**
 * table_next() - the next one of the same hash
 * @item: the one before
 */
struct table_item *table_next(const struct table_item *item)
{
	return of_hash(item->next, item->hash);
}

/**
 * table_each() - call a function for each item
 * @table: table
 * @fn: it may take out the item that it is called for, but no other, and add none
 * @context: for it
 */
void table_each(struct table *table, void (*fn)(struct table_item *item, void *context), void *context)
{
	struct table_item *item, *next;
	size_t i;

	for (i = 0; i < table->room; i++) {
		for (item = table->buckets[i]; item; item = next) {
			next = item->next;
			fn(item, context);
		}
	}
}

/**
 * table_free() - forget the buckets; the items are the caller's
 * @table: table
 */
void table_free(struct table *table)
{
	free(table->buckets);
	*table = (struct table){};
}
