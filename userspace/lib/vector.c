// SPDX-License-Identifier: GPL-2.0
/* A list that grows. */
#include <stdlib.h>
#include <string.h>

#include "vector.h"

/**
 * vector_add() - make room for one more item
 * @vector: list
 *
 * Return: the item, zeroed, or NULL.
 */
void *vector_add(struct vector *vector)
{
	size_t room = vector->room ? vector->room * 2 : 16;
	void *items;

	if (vector->count == vector->room) {
		items = reallocarray(vector->items, room, vector->item_bytes);
		if (!items)
			return NULL;
		vector->items = items;
		vector->room = room;
	}
	items = (char *)vector->items + vector->count++ * vector->item_bytes;
	return memset(items, 0, vector->item_bytes);
}

/**
 * vector_free() - forget the items
 * @vector: list
 */
void vector_free(struct vector *vector)
{
	free(vector->items);
	vector->items = NULL;
	vector->count = 0;
	vector->room = 0;
}
