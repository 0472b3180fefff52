/* SPDX-License-Identifier: GPL-2.0 */
/* Inside libktftp: a list that grows, and lists of the kernel's that have to be whole. */
#ifndef KTFTP_VECTOR_H
#define KTFTP_VECTOR_H

#include "connection.h"

/**
 * struct vector - items of one size
 * @items: them
 * @count: how many
 * @room: for how many there is memory
 * @item_bytes: size of one, set by who makes it
 */
struct vector {
	void *items;
	size_t count;
	size_t room;
	size_t item_bytes;
};

void *vector_add(struct vector *vector);
void vector_free(struct vector *vector);
int vector_dump(struct ktftp *k, uint8_t command, int max_attribute, ktftp_message_fn fn, struct vector *list);

#endif
