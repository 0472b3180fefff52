// SPDX-License-Identifier: GPL-2.0
/* See catalogue.h: a tree by view and folded name; names that differ in case only stand in one list. */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalogue.h"
#include "names.h"
#include "nearest.h"

/* Look-ups of what a mistyped name may have meant, a second: each may look at every name. */
#define NEAREST_PER_S 5

/**
 * struct place - where names that differ in case only are kept; the key comes first, for the tree's comparison
 * @view: their layer
 * @folded: their folded name
 * @items: them
 * @count: how many
 */
struct place {
	char view[KTFTP_LABEL_MAX + 1];
	char folded[KTFTP_NAME_MAX + 1];
	struct item **items;
	size_t count;
};

/**
 * struct catalogue - all names
 * @places: tree of struct place
 * @count: names
 * @stack: views that clients see, the uppermost first
 * @stack_count: how many
 * @second: of the last look-ups of near names
 * @looked: how many there were in it
 */
struct catalogue {
	void *places;
	size_t count;
	char stack[KTFTP_STACK_MAX][KTFTP_LABEL_MAX + 1];
	size_t stack_count;
	time_t second;
	unsigned int looked;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *one = a, *other = b;
	int order = strcmp(one->view, other->view);

	return order ? order : strcmp(one->folded, other->folded);
}

static void free_item(struct item *item)
{
	free(item->name);
	free(item->file.path);
	free(item);
}

static void free_place(void *node)
{
	struct place *place = node;
	size_t i;

	for (i = 0; i < place->count; i++)
		free_item(place->items[i]);
	free(place->items);
	free(place);
}

/* The key of a place. Canonical names are never longer than it has room for. */
static int set_key(struct place *key, const char *view, const char *name)
{
	size_t bytes = strlen(name);

	if (bytes > KTFTP_NAME_MAX || strlen(view) > KTFTP_LABEL_MAX)
		return -ENAMETOOLONG;
	strcpy(key->view, view);
	key->folded[ktftp_name_fold(name, bytes, key->folded)] = 0;
	return 0;
}

static struct place *find_place(const struct catalogue *c, const char *view, const char *name)
{
	struct place key;
	void *node;

	if (set_key(&key, view, name))
		return NULL;
	node = tfind(&key, &c->places, compare_places);
	return node ? *(struct place **)node : NULL;
}

/* The exact name, else any that differs in case. */
static struct item *best_of(const struct place *place, const char *name)
{
	size_t i;

	for (i = 0; i < place->count; i++)
		if (!strcmp(place->items[i]->name, name))
			return place->items[i];
	return place->count ? place->items[0] : NULL;
}

static struct item *exact_of(const struct place *place, const char *name)
{
	struct item *item = best_of(place, name);

	return item && !strcmp(item->name, name) ? item : NULL;
}

static struct place *get_place(struct catalogue *c, const char *view, const char *name)
{
	struct place *place = find_place(c, view, name);

	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	if (set_key(place, view, name) || !tsearch(place, &c->places, compare_places)) {
		free(place);
		return NULL;
	}
	return place;
}

static void drop_place_if_empty(struct catalogue *c, struct place *place)
{
	if (place->count)
		return;
	tdelete(place, &c->places, compare_places);
	free_place(place);
}

static struct item *add_item(struct catalogue *c, struct place *place, const char *name)
{
	struct item **items = reallocarray(place->items, place->count + 1, sizeof(*items));
	struct item *item;

	if (!items)
		return NULL;
	place->items = items;
	item = calloc(1, sizeof(*item));
	if (item)
		item->name = strdup(name);
	if (!item || !item->name) {
		free(item);
		return NULL;
	}
	strcpy(item->view, place->view);
	items[place->count++] = item;
	c->count++;
	return item;
}

static void remove_item(struct catalogue *c, struct place *place, struct item *item)
{
	size_t i;

	for (i = 0; place->items[i] != item; i++)
		;
	memmove(&place->items[i], &place->items[i + 1], (place->count - i - 1) * sizeof(*place->items));
	place->count--;
	c->count--;
	free_item(item);
	drop_place_if_empty(c, place);
}

/* The item a change is about, made where there is none; NULL for lack of memory. */
static struct item *get_item(struct catalogue *c, const struct folder_change *change)
{
	struct place *place = get_place(c, change->view, change->name);
	struct item *item;

	if (!place)
		return NULL;
	item = exact_of(place, change->name);
	if (!item)
		item = add_item(c, place, change->name);
	if (!item)
		drop_place_if_empty(c, place);
	return item;
}

static int make_ready(struct catalogue *c, const struct folder_change *change)
{
	struct item *item = get_item(c, change);
	char *path;

	if (!item)
		return -ENOMEM;
	path = change->file.path ? strdup(change->file.path) : NULL;
	if (change->file.path && !path)
		return -ENOMEM;
	free(item->file.path);
	item->file = change->file;
	item->file.path = path;
	item->state = ITEM_READY;
	item->pinned = false;
	return 0;
}

/* A name that has a content keeps it until the new one is there. */
static int announce(struct catalogue *c, const struct folder_change *change)
{
	return get_item(c, change) ? 0 : -ENOMEM;
}

static void make_gone(struct catalogue *c, const struct folder_change *change)
{
	struct place *place = find_place(c, change->view, change->name);
	struct item *item = place ? exact_of(place, change->name) : NULL;

	if (item)
		remove_item(c, place, item);
}

static void set_pinned(struct catalogue *c, const struct folder_change *change, bool pinned)
{
	struct place *place = find_place(c, change->view, change->name);
	struct item *item = place ? exact_of(place, change->name) : NULL;

	if (item)
		item->pinned = pinned;
}

static int apply_one(struct catalogue *c, const struct folder_change *change)
{
	switch (change->what) {
	case FOLDER_ARRIVING:
		return announce(c, change);
	case FOLDER_READY:
		return make_ready(c, change);
	case FOLDER_GONE:
		make_gone(c, change);
		return 0;
	case FOLDER_PINNED:
	case FOLDER_UNPINNED:
		set_pinned(c, change, change->what == FOLDER_PINNED);
		return 0;
	}
	return 0;
}

/**
 * catalogue_apply() - names changed
 * @c: catalogue
 * @changes: what changed, in order
 * @count: how many
 *
 * Return: 0, or -ENOMEM when some of it could not be noted; the rest was.
 */
int catalogue_apply(struct catalogue *c, const struct folder_change *changes, size_t count)
{
	int err = 0, one;
	size_t i;

	for (i = 0; i < count; i++) {
		one = apply_one(c, &changes[i]);
		if (!err)
			err = one;
	}
	return err;
}

/**
 * catalogue_find() - what a client means
 * @c: catalogue
 * @canonical: canonical name
 *
 * Return: the name in the uppermost view that has it, whatever the case; NULL when none has.
 */
struct item *catalogue_find(const struct catalogue *c, const char *canonical)
{
	struct place *place;
	size_t i;

	for (i = 0; i < c->stack_count; i++) {
		place = find_place(c, c->stack[i], canonical);
		if (place && place->count)
			return best_of(place, canonical);
	}
	return NULL;
}

struct walk {
	int (*fn)(struct item *item, void *context);
	void *context;
	int result;
};

static void walk_place(const void *node, VISIT visit, void *closure)
{
	const struct place *place = *(const struct place *const *)node;
	struct walk *walk = closure;
	size_t i;

	if (visit != postorder && visit != leaf)
		return;
	for (i = 0; i < place->count && !walk->result; i++)
		walk->result = walk->fn(place->items[i], walk->context);
}

/**
 * catalogue_each() - all names, by view and name
 * @c: catalogue
 * @fn: called for each; must not change the catalogue
 * @context: for @fn
 */
int catalogue_each(const struct catalogue *c, int (*fn)(struct item *item, void *context), void *context)
{
	struct walk walk = { .fn = fn, .context = context };

	twalk_r(c->places, walk_place, &walk);
	return walk.result;
}

static bool is_seen(const struct catalogue *c, const char *view)
{
	size_t i;

	for (i = 0; i < c->stack_count; i++)
		if (!strcmp(c->stack[i], view))
			return true;
	return false;
}

struct search {
	const struct catalogue *c;
	struct nearest nearest;
};

static int consider(struct item *item, void *context)
{
	struct search *search = context;

	if (is_seen(search->c, item->view))
		nearest_consider(&search->nearest, item->name);
	return 0;
}

static bool may_look(struct catalogue *c)
{
	time_t now = time(NULL);

	if (c->second != now) {
		c->second = now;
		c->looked = 0;
	}
	return c->looked++ < NEAREST_PER_S;
}

/**
 * catalogue_nearest() - what a mistyped name may have meant
 * @c: catalogue
 * @canonical: name that is not there
 *
 * Return: a name that is, valid until the catalogue changes; NULL when none is near, or when it was asked too often.
 */
const char *catalogue_nearest(struct catalogue *c, const char *canonical)
{
	struct search search = { .c = c };

	if (!may_look(c))
		return NULL;
	nearest_begin(&search.nearest, canonical);
	catalogue_each(c, consider, &search);
	return search.nearest.best;
}

int catalogue_set_stack(struct catalogue *c, const char *const *views, size_t count)
{
	size_t i;

	if (count > KTFTP_STACK_MAX)
		return -E2BIG;
	for (i = 0; i < count; i++)
		if (strlen(views[i]) > KTFTP_LABEL_MAX)
			return -ENAMETOOLONG;
	for (i = 0; i < count; i++)
		strcpy(c->stack[i], views[i]);
	c->stack_count = count;
	return 0;
}

size_t catalogue_count(const struct catalogue *c)
{
	return c->count;
}

struct catalogue *catalogue_new(void)
{
	return calloc(1, sizeof(struct catalogue));
}

void catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	tdestroy(c->places, free_place);
	free(c);
}
