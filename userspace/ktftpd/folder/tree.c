// SPDX-License-Identifier: GPL-2.0
/* See tree.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

/**
 * tree_init() - an empty tree
 * @tree: tree
 */
void tree_init(struct tree *tree)
{
	*tree = (struct tree){};
	TAILQ_INIT(&tree->roots);
	TAILQ_INIT(&tree->to_scan);
}

static struct dir *dir_new(struct tree *tree, struct root *root, char *path, char *real)
{
	struct dir *dir = calloc(1, sizeof(*dir));

	if (!dir || !path || !real) {
		free(dir);
		free(path);
		free(real);
		return NULL;
	}
	dir->root = root;
	dir->path = path;
	dir->real = real;
	TAILQ_INIT(&dir->nodes);
	tree->dir_count++;
	return dir;
}

/**
 * tree_add_root() - add a folder behind the others
 * @tree: tree
 * @path: its path
 * @view: of its names
 *
 * Return: the root, or NULL without memory.
 */
struct root *tree_add_root(struct tree *tree, const char *path, const char *view)
{
	struct root *root = calloc(1, sizeof(*root)), *last = TAILQ_LAST(&tree->roots, root_list);
	int i;

	if (!root)
		return NULL;
	for (i = 0; i < STAGES; i++)
		TAILQ_INIT(&root->stages[i]);
	TAILQ_INIT(&root->links);
	TAILQ_INIT(&root->unread);
	root->fd = -1;
	root->order = last ? last->order + 1 : 0;
	snprintf(root->view, sizeof(root->view), "%s", view);
	root->path = strdup(path);
	root->top = dir_new(tree, root, strdup(""), strdup(""));
	if (!root->path || !root->top) {
		if (root->top)
			tree_remove_dir(tree, root->top);
		free(root->path);
		free(root);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&tree->roots, root, next);
	return root;
}

/**
 * tree_remove_root() - forget a folder; what is in it has to be removed before
 * @tree: tree
 * @root: root
 */
void tree_remove_root(struct tree *tree, struct root *root)
{
	TAILQ_REMOVE(&tree->roots, root, next);
	tree_remove_dir(tree, root->top);
	if (root->fd >= 0)
		close(root->fd);
	free(root->real);
	free(root->path);
	free(root);
}

static uint64_t hash_of(const struct dir *dir, const char *base)
{
	return table_hash(table_hash(TABLE_SEED, &dir, sizeof(dir)), base, strlen(base));
}

/**
 * tree_find() - what is known of a name in a directory
 * @tree: tree
 * @dir: directory
 * @base: name
 *
 * Return: the node or NULL.
 */
struct node *tree_find(const struct tree *tree, const struct dir *dir, const char *base)
{
	struct table_item *item = table_first(&tree->nodes, hash_of(dir, base));
	struct node *node;

	for (; item; item = table_next(item)) {
		node = table_entry(item, struct node, item);
		if (node->parent == dir && !strcmp(node->base, base))
			return node;
	}
	return NULL;
}

/**
 * tree_find_path() - what is known of a path
 * @tree: tree
 * @root: root
 * @relative: path below it
 *
 * Return: the node or NULL.
 */
struct node *tree_find_path(const struct tree *tree, const struct root *root, const char *relative)
{
	char *path = strdup(relative), *rest = path, *base;
	struct dir *dir = root->top;
	struct node *node = NULL;

	while (path && dir && (base = strsep(&rest, "/"))) {
		node = tree_find(tree, dir, base);
		dir = node ? node->dir : NULL;
		if (!node)
			break;
	}
	/* A file on the way leads nowhere. */
	if (rest)
		node = NULL;
	free(path);
	return node;
}

/**
 * tree_add() - add a node
 * @tree: tree
 * @dir: directory
 * @base: name in it, of which nothing is known
 *
 * Return: the node, at rest, or NULL without memory.
 */
struct node *tree_add(struct tree *tree, struct dir *dir, const char *base)
{
	size_t length = strlen(base);
	struct node *node = calloc(1, sizeof(*node) + length + 1);

	if (!node || table_add(&tree->nodes, &node->item, hash_of(dir, base))) {
		free(node);
		return NULL;
	}
	memcpy(node->base, base, length + 1);
	node->parent = dir;
	TAILQ_INSERT_TAIL(&dir->nodes, node, sibling);
	return node;
}

/**
 * tree_remove() - forget a node that is no directory any more, and has no name
 * @tree: tree
 * @node: node
 */
void tree_remove(struct tree *tree, struct node *node)
{
	tree_set_stage(node, STAGE_REST);
	tree_set_link(node, false);
	table_remove(&tree->nodes, &node->item);
	TAILQ_REMOVE(&node->parent->nodes, node, sibling);
	free(node);
}

static char *join(const char *path, const char *base)
{
	char *joined;

	return asprintf(&joined, "%s%s%s", path, *path ? "/" : "", base) < 0 ? NULL : joined;
}

/**
 * tree_make_dir() - a node is a directory
 * @tree: tree
 * @node: node
 *
 * Return: the directory, which may have been there, or NULL without memory.
 */
struct dir *tree_make_dir(struct tree *tree, struct node *node)
{
	if (node->dir)
		return node->dir;
	node->dir = dir_new(tree, node->parent->root, tree_relative(node), tree_real(node));
	if (node->dir)
		node->dir->node = node;
	return node->dir;
}

/**
 * tree_remove_dir() - forget a directory
 * @tree: tree
 * @dir: directory, empty and not watched
 */
void tree_remove_dir(struct tree *tree, struct dir *dir)
{
	tree_set_unread(dir, 0);
	if (dir->is_queued)
		TAILQ_REMOVE(&tree->to_scan, dir, queued);
	if (dir->node)
		dir->node->dir = NULL;
	tree->dir_count--;
	free(dir->path);
	free(dir->real);
	free(dir);
}

/**
 * tree_set_unread() - a directory keeps its root from being known, or no longer
 * @dir: directory
 * @err: why it could not be read, a negative errno; 0 for no longer
 */
void tree_set_unread(struct dir *dir, int err)
{
	struct root *root = dir->root;

	if (dir->unread && !err)
		TAILQ_REMOVE(&root->unread, dir, of_unread);
	if (!dir->unread && err)
		TAILQ_INSERT_TAIL(&root->unread, dir, of_unread);
	dir->unread = err;
}

/**
 * tree_queue_scan() - a directory is to be read
 * @tree: tree
 * @dir: directory
 * @deep: and what is below it
 */
void tree_queue_scan(struct tree *tree, struct dir *dir, bool deep)
{
	dir->is_deep |= deep;
	if (dir->is_queued)
		return;
	dir->is_queued = true;
	TAILQ_INSERT_TAIL(&tree->to_scan, dir, queued);
}

/**
 * tree_set_stage() - move a node on its way
 * @node: node
 * @stage: where it is from now on
 */
void tree_set_stage(struct node *node, enum stage stage)
{
	struct root *root = node->parent->root;

	if (node->stage != STAGE_REST) {
		TAILQ_REMOVE(&root->stages[node->stage], node, queued);
		root->count[node->stage]--;
	}
	node->stage = stage;
	if (stage != STAGE_REST) {
		TAILQ_INSERT_TAIL(&root->stages[stage], node, queued);
		root->count[stage]++;
	}
}

/**
 * tree_set_link() - a node is a symbolic link, or no longer
 * @node: node
 * @is_link: which
 */
void tree_set_link(struct node *node, bool is_link)
{
	struct root *root = node->parent->root;

	if (node->is_link && !is_link)
		TAILQ_REMOVE(&root->links, node, links);
	if (!node->is_link && is_link)
		TAILQ_INSERT_TAIL(&root->links, node, links);
	node->is_link = is_link;
}

/**
 * tree_relative() - the path of a node below its root, by which it is served
 * @node: node
 *
 * Return: to be freed; NULL without memory.
 */
char *tree_relative(const struct node *node)
{
	return join(node->parent->path, node->base);
}

/**
 * tree_real() - the same, without links on the way; it may be a link itself
 * @node: node
 *
 * Return: to be freed; NULL without memory.
 */
char *tree_real(const struct node *node)
{
	return join(node->parent->real, node->base);
}

/**
 * tree_absolute() - the path of a node
 * @node: node
 *
 * Return: to be freed; NULL without memory.
 */
char *tree_absolute(const struct node *node)
{
	const struct dir *dir = node->parent;
	const char *path = dir->root->path;
	char *absolute;

	if (asprintf(&absolute, "%s/%s%s%s", strcmp(path, "/") ? path : "", dir->path, *dir->path ? "/" : "",
		     node->base) < 0)
		return NULL;
	return absolute;
}
