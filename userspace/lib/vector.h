/* SPDX-License-Identifier: GPL-2.0 */
/* A list that grows; also for who uses libktftp. */
#ifndef KTFTP_VECTOR_H
#define KTFTP_VECTOR_H

#include <stddef.h>

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

#endif
