// SPDX-License-Identifier: GPL-2.0
/* See index.h. */
#include <errno.h>
#include <stdlib.h>

#include "index.h"

#define FIRST_BUCKETS 64

static void push(struct tftp_index *index, struct tftp_node *node)
{
	struct tftp_node **bucket = &index->buckets[node->hash & index->mask];

	node->next = *bucket;
	*bucket = node;
}

static int resize(struct tftp_index *index, size_t buckets)
{
	struct tftp_index larger = { .mask = buckets - 1, .count = index->count };
	struct tftp_node *node, *next;
	size_t i;

	larger.buckets = calloc(buckets, sizeof(*larger.buckets));
	if (!larger.buckets)
		return -ENOMEM;
	for (i = 0; index->buckets && i <= index->mask; i++) {
		for (node = index->buckets[i]; node; node = next) {
			next = node->next;
			push(&larger, node);
		}
	}
	free(index->buckets);
	*index = larger;
	return 0;
}

/**
 * tftp_index_insert() - put something into an index
 * @index: index
 * @node: in it; in no index yet
 * @hash: of its key
 *
 * Return: 0 or -ENOMEM.
 */
int tftp_index_insert(struct tftp_index *index, struct tftp_node *node, uint64_t hash)
{
	if (!index->buckets && resize(index, FIRST_BUCKETS))
		return -ENOMEM;
	/* Without memory for more buckets these will do. */
	if (index->count > index->mask)
		resize(index, 2 * (index->mask + 1));
	node->hash = hash;
	node->in = true;
	push(index, node);
	index->count++;
	return 0;
}

/**
 * tftp_index_remove() - take something out of an index, if it is in it
 * @index: index
 * @node: in no other index
 */
void tftp_index_remove(struct tftp_index *index, struct tftp_node *node)
{
	struct tftp_node **at;

	if (!node->in)
		return;
	for (at = &index->buckets[node->hash & index->mask]; *at != node; at = &(*at)->next)
		;
	*at = node->next;
	node->in = false;
	index->count--;
}

void tftp_index_free(struct tftp_index *index)
{
	free(index->buckets);
	*index = (struct tftp_index){};
}
