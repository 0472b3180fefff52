// SPDX-License-Identifier: GPL-2.0
/* See told.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "told.h"

/**
 * names_init() - no names
 * @names: names
 */
void names_init(struct names *names)
{
	*names = (struct names){};
	TAILQ_INIT(&names->touched);
}

static void free_name(struct table_item *item, void *context)
{
	(void)context;
	free(table_entry(item, struct name, item));
}

/**
 * names_free() - forget all
 * @names: names
 */
void names_free(struct names *names)
{
	table_each(&names->table, free_name, NULL);
	table_free(&names->table);
}

static uint64_t hash_of(const char *view, const char *canonical)
{
	char folded[KTFTP_NAME_MAX + 1];
	size_t bytes = ktftp_name_fold(canonical, strlen(canonical), folded);

	return table_hash(table_hash(TABLE_SEED, view, strlen(view)), folded, bytes);
}

/**
 * names_find() - a name
 * @names: names
 * @view: of the root
 * @canonical: name
 *
 * Return: it or NULL.
 */
struct name *names_find(const struct names *names, const char *view, const char *canonical)
{
	struct table_item *item = table_first(&names->table, hash_of(view, canonical));
	struct name *name;

	for (; item; item = table_next(item)) {
		name = table_entry(item, struct name, item);
		if (!strcmp(name->name, canonical) && !strcmp(name->view, view))
			return name;
	}
	return NULL;
}

/**
 * names_case_twin() - another name of the view that differs in case only
 * @names: names
 * @name: the one
 *
 * Return: the other or NULL.
 */
const struct name *names_case_twin(const struct names *names, const struct name *name)
{
	struct table_item *item = table_first(&names->table, name->item.hash);
	size_t bytes = strlen(name->name);
	const struct name *other;

	for (; item; item = table_next(item)) {
		other = table_entry(item, struct name, item);
		if (other != name && !strcmp(other->view, name->view) && strlen(other->name) == bytes &&
		    ktftp_name_same_folded(other->name, name->name, bytes))
			return other;
	}
	return NULL;
}

static struct name *find_or_add(struct names *names, const char *view, const char *canonical)
{
	struct name *name = names_find(names, view, canonical);
	size_t bytes = strlen(canonical);

	if (name)
		return name;
	name = calloc(1, sizeof(*name) + bytes + 1);
	if (!name)
		return NULL;
	memcpy(name->name, canonical, bytes + 1);
	snprintf(name->view, sizeof(name->view), "%s", view);
	if (!table_add(&names->table, &name->item, hash_of(view, canonical)))
		return name;
	free(name);
	return NULL;
}

/* By root, then by path. */
static bool comes_before(const struct node *a, const struct node *b)
{
	const struct root *of_a = a->parent->root, *of_b = b->parent->root;
	char *path_a, *path_b;
	bool before;

	if (of_a != of_b)
		return of_a->order < of_b->order;
	path_a = tree_relative(a);
	path_b = tree_relative(b);
	before = path_a && path_b && strcmp(path_a, path_b) < 0;
	free(path_a);
	free(path_b);
	return before;
}

static void insert(struct name *name, struct node *node)
{
	struct node **at = &name->first;

	while (*at && comes_before(*at, node))
		at = &(*at)->next_candidate;
	node->next_candidate = *at;
	*at = node;
}

/**
 * names_attach() - a file stands for a name
 * @names: names
 * @node: file that stands for none
 * @canonical: name
 *
 * Return: 0 or -ENOMEM.
 */
int names_attach(struct names *names, struct node *node, const char *canonical)
{
	struct name *name = find_or_add(names, node->parent->root->view, canonical);

	if (!name)
		return -ENOMEM;
	node->name = name;
	insert(name, node);
	return 0;
}

/**
 * names_detach() - it does no longer
 * @names: names
 * @node: file
 */
void names_detach(struct names *names, struct node *node)
{
	struct name *name = node->name;
	struct node **at;

	if (!name)
		return;
	for (at = &name->first; *at != node;)
		at = &(*at)->next_candidate;
	*at = node->next_candidate;
	node->next_candidate = NULL;
	node->name = NULL;
	names_touch(names, name);
}

static void reorder_one(struct table_item *item, void *context)
{
	struct name *name = table_entry(item, struct name, item);
	struct node *node, *next;

	if (!name->first || !name->first->next_candidate)
		return;
	node = name->first;
	name->first = NULL;
	for (; node; node = next) {
		next = node->next_candidate;
		insert(name, node);
	}
	names_touch(context, name);
}

/**
 * names_reorder() - the roots have another order
 * @names: names
 */
void names_reorder(struct names *names)
{
	table_each(&names->table, reorder_one, names);
}

/**
 * names_touch() - something of its files changed: names_collect() is to look at it
 * @names: names
 * @name: name
 */
void names_touch(struct names *names, struct name *name)
{
	if (name->is_touched)
		return;
	name->is_touched = true;
	TAILQ_INSERT_TAIL(&names->touched, name, touched);
}

/**
 * change_add() - add to what is to be told
 * @changes: vector of struct folder_change
 * @what: what
 * @name: of which name
 *
 * Return: the change, or NULL without memory.
 */
struct folder_change *change_add(struct vector *changes, enum folder_what what, const struct name *name)
{
	char *text = strdup(name->name);
	struct folder_change *change = text ? vector_add(changes) : NULL;

	if (!change) {
		free(text);
		return NULL;
	}
	change->what = what;
	change->name = text;
	memcpy(change->view, name->view, sizeof(change->view));
	return change;
}

/**
 * changes_free() - forget what was told
 * @changes: changes
 * @count: how many
 */
void changes_free(struct folder_change *changes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(changes[i].name);
		free(changes[i].file.path);
	}
	free(changes);
}

static void set_told(struct names *names, struct name *name, enum told told)
{
	names->arriving -= name->told == TOLD_ARRIVING;
	names->arriving += told == TOLD_ARRIVING;
	if (name->told == TOLD_READY) {
		names->ready--;
		names->ready_bytes -= name->version.identity.size;
	}
	if (told == TOLD_READY) {
		names->ready++;
		names->ready_bytes += name->version.identity.size;
	}
	name->told = told;
}

/**
 * names_pinned() - the module serves a name, or no longer
 * @names: names
 * @name: name
 * @is_pinned: which
 */
void names_pinned(struct names *names, struct name *name, bool is_pinned)
{
	if (name->is_pinned == is_pinned)
		return;
	name->is_pinned = is_pinned;
	names->pinned += is_pinned ? 1 : -1;
	names->pinned_bytes += is_pinned ? name->version.identity.size : -name->version.identity.size;
}

/**
 * names_arriving() - a file is there, and its content will be: a change, unless more than that was told
 * @names: names
 * @name: name
 * @changes: where it goes
 *
 * Return: 0 or -ENOMEM.
 */
int names_arriving(struct names *names, struct name *name, struct vector *changes)
{
	if (name->told != TOLD_NOTHING)
		return 0;
	if (!change_add(changes, FOLDER_ARRIVING, name))
		return -ENOMEM;
	set_told(names, name, TOLD_ARRIVING);
	return 0;
}

static const struct node *winner_of(const struct name *name)
{
	const struct node *node = name->first;

	while (node && !node->served.known)
		node = node->next_candidate;
	return node;
}

/* Of a copy it matters what is in it; of a file in place, which file it is and in which state. */
static bool was_told(const struct name *name, const struct node *node)
{
	const struct version *told = &name->version, *is = &node->served;

	if (name->told != TOLD_READY || told->in_place != is->in_place ||
	    memcmp(told->digest, is->digest, sizeof(told->digest)))
		return false;
	return !is->in_place || (name->winner == node && identity_same(&told->identity, &is->identity));
}

static int tell_ready(struct names *names, struct name *name, const struct node *node, struct vector *changes)
{
	char *path = tree_absolute(node);
	struct folder_change *change = path ? change_add(changes, FOLDER_READY, name) : NULL;
	bool was_pinned = name->is_pinned;

	if (!change) {
		free(path);
		return -ENOMEM;
	}
	change->file = (struct folder_file){
		.size = node->served.identity.size,
		.mtime_ns = node->served.identity.mtime_ns,
		.in_place = node->served.in_place,
		.path = path,
	};
	memcpy(change->file.digest, node->served.digest, sizeof(change->file.digest));
	/* Sizes are those of the content that was told. */
	names_pinned(names, name, false);
	set_told(names, name, TOLD_NOTHING);
	name->version = node->served;
	name->winner = node;
	set_told(names, name, TOLD_READY);
	names_pinned(names, name, was_pinned);
	return 0;
}

static int tell_gone(struct names *names, struct name *name, struct vector *changes)
{
	if (name->told == TOLD_NOTHING)
		return 0;
	if (!change_add(changes, FOLDER_GONE, name))
		return -ENOMEM;
	names_pinned(names, name, false);
	set_told(names, name, TOLD_NOTHING);
	name->winner = NULL;
	return 0;
}

/* A name with files, none of which is served yet, goes on being awaited. */
static int collect_one(struct names *names, struct name *name, struct vector *changes)
{
	const struct node *winner = winner_of(name);

	if (winner)
		return was_told(name, winner) ? 0 : tell_ready(names, name, winner, changes);
	if (name->first && name->told != TOLD_READY)
		return 0;
	return tell_gone(names, name, changes);
}

static void forget(struct names *names, struct name *name)
{
	name->is_touched = false;
	TAILQ_REMOVE(&names->touched, name, touched);
	if (name->first)
		return;
	table_remove(&names->table, &name->item);
	free(name);
}

/**
 * names_collect() - what is to be told of names whose files changed
 * @names: names
 * @changes: where READY and GONE go
 *
 * Return: 0; -ENOMEM: the rest stays for the next time.
 */
int names_collect(struct names *names, struct vector *changes)
{
	struct name *name;
	int err;

	while ((name = TAILQ_FIRST(&names->touched))) {
		err = collect_one(names, name, changes);
		if (err)
			return err;
		forget(names, name);
	}
	return 0;
}
