/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table of things that have a node in them. It grows, and never shrinks. */
#ifndef TFTP_INDEX_H
#define TFTP_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct tftp_node - a place in an index
 * @next: in the same bucket
 * @hash: of the key
 * @in: it is in an index
 */
struct tftp_node {
	struct tftp_node *next;
	uint64_t hash;
	bool in;
};

/**
 * struct tftp_index - a hash table
 * @buckets: first node of each, NULL before anything was inserted
 * @mask: buckets, a power of two, less one
 * @count: nodes
 */
struct tftp_index {
	struct tftp_node **buckets;
	size_t mask;
	size_t count;
};

int tftp_index_insert(struct tftp_index *index, struct tftp_node *node, uint64_t hash);
void tftp_index_remove(struct tftp_index *index, struct tftp_node *node);
void tftp_index_free(struct tftp_index *index);

/* Nodes with that hash: compare the keys. */
static inline struct tftp_node *tftp_index_same(struct tftp_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

static inline struct tftp_node *tftp_index_first(const struct tftp_index *index, uint64_t hash)
{
	return index->buckets ? tftp_index_same(index->buckets[hash & index->mask], hash) : NULL;
}

static inline struct tftp_node *tftp_index_next(const struct tftp_node *node)
{
	return tftp_index_same(node->next, node->hash);
}

#endif
