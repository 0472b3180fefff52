// SPDX-License-Identifier: GPL-2.0
/* The index, kept as the tree is. When it fails the tree does without, and writes it anew when it can again. */
#include <stdlib.h>
#include <string.h>

#include "resolve.h"
#include "worker.h"

static void fail(struct worker *w)
{
	problem_set(
		&w->notes, PROBLEM_INDEX,
		"%s/index.db: %s: unless it can be written before the next start, every file is read once more then",
		w->state_dir, index_error(w->index));
	index_close(w->index);
	w->index = NULL;
}

/**
 * rows_begin() - changes follow
 * @w: worker
 * @can_put: contents are on the disk, so that rows may say so
 */
void rows_begin(struct worker *w, bool can_put)
{
	w->can_put = can_put;
	if (w->index && index_begin(w->index))
		fail(w);
}

/**
 * rows_put() - remember what is served of a file, unless that is known
 * @w: worker
 * @node: file
 *
 * What cannot be remembered must not be what it was before: a row names a content that is there.
 */
void rows_put(struct worker *w, struct node *node)
{
	struct index_row row = { .view = node->parent->root->view, .identity = node->served.identity };
	char *path;

	if (!w->index || !node->unsaved || !node->served.known)
		return;
	if (!w->can_put || node->served.young) {
		rows_remove(w, node);
		return;
	}
	path = tree_absolute(node);
	if (!path)
		return;
	row.path = path;
	row.name = node->name->name;
	memcpy(row.digest, node->served.digest, sizeof(row.digest));
	if (index_put(w->index, &row)) {
		fail(w);
	} else {
		node->has_row = true;
		node->unsaved = false;
	}
	free(path);
}

/**
 * rows_remove() - a file is not served any more
 * @w: worker
 * @node: file
 */
void rows_remove(struct worker *w, struct node *node)
{
	char *path;

	if (!w->index || !node->has_row)
		return;
	path = tree_absolute(node);
	if (path && index_remove(w->index, node->parent->root->view, path))
		fail(w);
	node->has_row = false;
	free(path);
}

/**
 * rows_commit() - these were the changes
 * @w: worker
 */
void rows_commit(struct worker *w)
{
	if (w->index && index_commit(w->index))
		fail(w);
}

static void set_unsaved(struct table_item *item, void *context)
{
	struct node *node = table_entry(item, struct node, item);

	(void)context;
	if (!node->served.known)
		return;
	node->unsaved = true;
	examine_dirty(node);
}

/**
 * rows_minute() - try again to have an index
 * @w: worker
 */
void rows_minute(struct worker *w)
{
	char why[256];
	bool put_aside;

	if (w->index || index_open(w->state_dir, &w->index, &put_aside, why, sizeof(why)))
		return;
	problem_clear(&w->notes, PROBLEM_INDEX);
	table_each(&w->tree.nodes, set_unsaved, NULL);
	w->tidied = false;
}

/* A row that is about nothing that is served. */
struct stale {
	char *view;
	char *path;
};

/* What rows_tidy() hands down. */
struct tidying {
	struct worker *worker;
	struct vector stale;
};

static const struct root *root_of(const struct worker *w, const char *view, const char *path, const char **relative)
{
	const struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	{
		if (strcmp(root->view, view) || !resolve_is_below(root->path, path))
			continue;
		*relative = path + (strcmp(root->path, "/") ? strlen(root->path) : 0) + 1;
		return root;
	}
	return NULL;
}

static bool is_needed(const struct worker *w, const struct index_row *row)
{
	const char *relative;
	const struct root *root = root_of(w, row->view, row->path, &relative);
	const struct node *node = root ? tree_find_path(&w->tree, root, relative) : NULL;

	return node && (node->served.known || node->stage != STAGE_REST || node->error);
}

static int collect_stale(const struct index_row *row, void *context)
{
	struct tidying *tidying = context;
	struct stale *stale;

	if (is_needed(tidying->worker, row))
		return 0;
	stale = vector_add(&tidying->stale);
	if (stale) {
		stale->view = strdup(row->view);
		stale->path = strdup(row->path);
	}
	return 0;
}

/* A row vouches for its content, and has to find it. */
static int keep_content(const struct index_row *row, void *context)
{
	struct worker *w = context;

	if (!store_get(w->store, row->digest))
		store_put(w->store, row->digest, clock_ms());
	return 0;
}

static void remove_stale(struct worker *w, const struct stale *stale, size_t count)
{
	size_t i;

	rows_begin(w, false);
	for (i = 0; i < count && w->index; i++)
		if (stale[i].view && stale[i].path && index_remove(w->index, stale[i].view, stale[i].path))
			fail(w);
	rows_commit(w);
}

/**
 * rows_tidy() - forget what was remembered of files that are not there any more, and contents that nobody needs
 * @w: worker; every root was scanned, and is there
 */
void rows_tidy(struct worker *w)
{
	struct tidying tidying = { .worker = w, .stale.item_bytes = sizeof(struct stale) };
	struct stale *stale;
	size_t i;

	if (!w->index || w->tidied)
		return;
	w->tidied = true;
	index_each(w->index, collect_stale, &tidying);
	stale = tidying.stale.items;
	if (tidying.stale.count)
		remove_stale(w, stale, tidying.stale.count);
	for (i = 0; i < tidying.stale.count; i++) {
		free(stale[i].view);
		free(stale[i].path);
	}
	vector_free(&tidying.stale);
	if (w->index && (w->rules.in_place || !index_each(w->index, keep_content, w)))
		store_sweep_unknown(w->store);
}
