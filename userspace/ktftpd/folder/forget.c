// SPDX-License-Identifier: GPL-2.0
/* What is not there any more, or not served any more, is forgotten: names, rows, contents, watches. */
#include "worker.h"

/**
 * version_release() - a content is not needed any more, by this file
 * @w: worker
 * @version: content
 */
void version_release(struct worker *w, struct version *version)
{
	if (version->known && !version->in_place)
		store_put(w->store, version->digest, clock_ms());
	*version = (struct version){};
}

/**
 * forget_name() - a node is not served any more; publish_names() tells
 * @w: worker
 * @node: node
 */
void forget_name(struct worker *w, struct node *node)
{
	version_release(w, &node->staged);
	version_release(w, &node->served);
	names_detach(&w->names, node);
	rows_remove(w, node);
	w->counted -= node->counted;
	node->counted = false;
}

/**
 * forget_dir() - what is in a directory is not there any more; a root's own directory stays
 * @w: worker
 * @dir: directory
 */
void forget_dir(struct worker *w, struct dir *dir)
{
	struct node *node;

	while ((node = TAILQ_FIRST(&dir->nodes)))
		forget_node(w, node);
	if (w->watches)
		watches_drop(w->watches, dir);
	if (dir->node)
		tree_remove_dir(&w->tree, dir);
}

/**
 * forget_node() - a node is not there any more, nor what is below it
 * @w: worker
 * @node: node
 */
void forget_node(struct worker *w, struct node *node)
{
	if (node->dir)
		forget_dir(w, node->dir);
	forget_name(w, node);
	w->left_out -= node->verdict != VERDICT_SERVED || node->error;
	w->unreadable -= node->error != 0;
	tree_remove(&w->tree, node);
}
