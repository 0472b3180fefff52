// SPDX-License-Identifier: GPL-2.0
/* See publisher_pins.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "publisher_pins.h"

#define BUCKETS_LEAST 256

/* FNV-1a. */
static size_t hash_on(size_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash * 0x100000001b3;
}

static struct pin **bucket_of(const struct pins *pins, const char *view, const char *name)
{
	size_t hash = hash_on(hash_on(0xcbf29ce484222325, view), name);

	return &pins->buckets[(hash ^ hash >> 32) & (pins->bucket_count - 1)];
}

/**
 * pins_find() - a pin by its name
 * @pins: table
 * @view: view
 * @name: canonical name
 *
 * Return: the pin, or NULL.
 */
struct pin *pins_find(const struct pins *pins, const char *view, const char *name)
{
	struct pin *pin = pins->bucket_count ? *bucket_of(pins, view, name) : NULL;

	while (pin && (strcmp(pin->name, name) || strcmp(pin->view, view)))
		pin = pin->next;
	return pin;
}

static void put_in(struct pins *pins, struct pin *pin)
{
	struct pin **bucket = bucket_of(pins, pin->view, pin->name);

	pin->next = *bucket;
	*bucket = pin;
}

/* A pin on average is in a bucket of its own. */
static int make_room(struct pins *pins)
{
	struct pins larger = { .bucket_count = pins->bucket_count ? 2 * pins->bucket_count : BUCKETS_LEAST };
	struct pin *pin, *next;
	size_t i;

	if (pins->count < pins->bucket_count)
		return 0;
	larger.buckets = calloc(larger.bucket_count, sizeof(*larger.buckets));
	if (!larger.buckets)
		return -ENOMEM;
	for (i = 0; i < pins->bucket_count; i++)
		for (pin = pins->buckets[i]; pin; pin = next) {
			next = pin->next;
			put_in(&larger, pin);
		}
	free(pins->buckets);
	larger.count = pins->count;
	*pins = larger;
	return 0;
}

/**
 * pins_get() - the pin of a name, a new one when there is none
 * @pins: table
 * @view: view
 * @name: canonical name
 *
 * Return: the pin; NULL for want of memory, or for a view whose name is too long.
 */
struct pin *pins_get(struct pins *pins, const char *view, const char *name)
{
	struct pin *pin = pins_find(pins, view, name);

	if (pin || strlen(view) > KTFTP_LABEL_MAX || make_room(pins))
		return pin;
	pin = calloc(1, sizeof(*pin) + strlen(name) + 1);
	if (!pin)
		return NULL;
	strcpy(pin->view, view);
	strcpy(pin->name, name);
	put_in(pins, pin);
	pins->count++;
	return pin;
}

static void free_pin(struct pin *pin)
{
	free(pin->file.path);
	free(pin);
}

/**
 * pins_drop() - forget a pin
 * @pins: table
 * @pin: pin of it
 */
void pins_drop(struct pins *pins, struct pin *pin)
{
	struct pin **at = bucket_of(pins, pin->view, pin->name);

	while (*at != pin)
		at = &(*at)->next;
	*at = pin->next;
	pins->count--;
	free_pin(pin);
}

void pins_free(struct pins *pins)
{
	struct pin *pin, *next;
	size_t i;

	for (i = 0; i < pins->bucket_count; i++)
		for (pin = pins->buckets[i]; pin; pin = next) {
			next = pin->next;
			free_pin(pin);
		}
	free(pins->buckets);
	memset(pins, 0, sizeof(*pins));
}

/**
 * pins_next() - goes through all of them
 * @pins: table
 * @pin: the one before, which is still in it; NULL at first
 *
 * Return: the next one, NULL at the end.
 */
struct pin *pins_next(const struct pins *pins, const struct pin *pin)
{
	size_t i = 0;

	if (pin && pin->next)
		return pin->next;
	if (pin)
		i = bucket_of(pins, pin->view, pin->name) - pins->buckets + 1;
	for (; i < pins->bucket_count; i++)
		if (pins->buckets[i])
			return pins->buckets[i];
	return NULL;
}

/**
 * pins_list() - those of a kind
 * @pins: table
 * @filter: says which
 * @list: where they go, in no order; its pins are to be freed
 *
 * Return: 0 or -ENOMEM.
 */
int pins_list(const struct pins *pins, pin_filter filter, struct pin_list *list)
{
	struct pin *pin;

	list->count = 0;
	list->pins = calloc(pins->count ? pins->count : 1, sizeof(*list->pins));
	if (!list->pins)
		return -ENOMEM;
	for (pin = pins_next(pins, NULL); pin; pin = pins_next(pins, pin))
		if (filter(pin))
			list->pins[list->count++] = pin;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct pin *one = *(struct pin *const *)a, *other = *(struct pin *const *)b;
	int order = strcmp(one->view, other->view);

	return order ? order : strcmp(one->name, other->name);
}

/**
 * pin_list_sort() - puts what is in one directory together
 * @list: list
 */
void pin_list_sort(struct pin_list *list)
{
	qsort(list->pins, list->count, sizeof(*list->pins), compare);
}

static bool is_same_content(const struct folder_file *a, const struct folder_file *b)
{
	return a->size == b->size && !memcmp(a->digest, b->digest, sizeof(a->digest));
}

/**
 * pin_set_file() - a name is to have this content from now on
 * @pin: pin
 * @file: content; copied
 *
 * What the module has is the same as before only when the bytes are.
 *
 * Return: 0 or -ENOMEM.
 */
int pin_set_file(struct pin *pin, const struct folder_file *file)
{
	char *path = file->path ? strdup(file->path) : NULL;

	if (file->path && !path)
		return -ENOMEM;
	if (!pin->exists || !is_same_content(&pin->file, file)) {
		pin->refusal = 0;
		if (pin->held == PIN_SAME)
			pin->held = PIN_OTHER;
	}
	free(pin->file.path);
	pin->file = *file;
	pin->file.path = path;
	pin->exists = true;
	return 0;
}
