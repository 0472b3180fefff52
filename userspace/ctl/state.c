// SPDX-License-Identifier: GPL-2.0
/* What a namespace serves as a whole: its parts, and how they are found again. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define DEFAULT_PORT 69

void state_init(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->listeners.item_bytes = sizeof(struct state_listener);
	state->entries.item_bytes = sizeof(struct state_entry);
	state->absents.item_bytes = sizeof(struct state_absent);
}

void state_free(struct state *state)
{
	vector_free(&state->listeners);
	vector_free(&state->entries);
	vector_free(&state->absents);
}

uint16_t listener_port(const struct ktftp_listener *listener)
{
	return listener->port ? listener->port : DEFAULT_PORT;
}

/* What names a listener: address, port and device. */
int compare_listeners(const void *a, const void *b)
{
	const struct ktftp_listener *one = &((const struct state_listener *)a)->listener;
	const struct ktftp_listener *other = &((const struct state_listener *)b)->listener;
	int order = memcmp(&one->address, &other->address, sizeof(one->address));

	if (!order)
		order = listener_port(one) - listener_port(other);
	return order ? order : strcmp(one->device, other->device);
}

/* What names an entry: view and name. */
int compare_entries(const void *a, const void *b)
{
	const struct ktftp_entry *one = &((const struct state_entry *)a)->entry;
	const struct ktftp_entry *other = &((const struct state_entry *)b)->entry;
	int order = strcmp(one->view, other->view);

	return order ? order : strcmp(one->name, other->name);
}

/* What names an absent: view and glob. */
int compare_absents(const void *a, const void *b)
{
	const struct ktftp_absent *one = &((const struct state_absent *)a)->absent;
	const struct ktftp_absent *other = &((const struct state_absent *)b)->absent;
	int order = strcmp(one->view, other->view);

	return order ? order : strcmp(one->glob, other->glob);
}

/* qsort_r() gives pointers to the pointers. */
static int compare_pointers(const void *a, const void *b, void *compare)
{
	int (*const *items)(const void *, const void *) = compare;

	return (*items)(*(const void *const *)a, *(const void *const *)b);
}

/* The items of a list in order, to be freed; NULL for want of memory. */
const void **state_index(const struct vector *list, int (*compare)(const void *, const void *))
{
	const void **index = calloc(list->count + 1, sizeof(*index));
	size_t i;

	if (!index)
		return NULL;
	for (i = 0; i < list->count; i++)
		index[i] = (const char *)list->items + i * list->item_bytes;
	qsort_r(index, list->count, sizeof(*index), compare_pointers, &compare);
	return index;
}

/* The item of an index that is named as @key is, or NULL. */
const void *state_find(const void *const *index, size_t count, const void *key,
		       int (*compare)(const void *, const void *))
{
	size_t first = 0, middle;
	int order;

	while (first < count) {
		middle = first + (count - first) / 2;
		order = compare(key, index[middle]);
		if (!order)
			return index[middle];
		if (order < 0)
			count = middle;
		else
			first = middle + 1;
	}
	return NULL;
}
