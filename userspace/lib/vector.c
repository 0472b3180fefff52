// SPDX-License-Identifier: GPL-2.0
/* A list that grows, and lists of the kernel's that have to be whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vector.h"

/* How often a list that changed while it was read is read again. */
#define DUMP_TRIES 10

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

/**
 * vector_dump() - take a list of the kernel's as it was at one moment
 * @k: connection
 * @command: enum ktftp_cmd
 * @max_attribute: of its attribute set
 * @fn: adds one message to the list, which is its context
 * @list: where the items go
 *
 * A list that never stands still is taken as it was told the last time: each item was true when it was.
 *
 * Return: 0 or a negative errno.
 */
int vector_dump(struct ktftp *k, uint8_t command, int max_attribute, ktftp_message_fn fn, struct vector *list)
{
	const struct ktftp_reply reply = { .max_attribute = max_attribute, .fn = fn, .context = list };
	int tries, err = -EAGAIN;

	for (tries = 0; tries < DUMP_TRIES && err == -EAGAIN; tries++) {
		list->count = 0;
		err = ktftp_dump(k, command, &reply);
	}
	return err == -EAGAIN ? 0 : err;
}
