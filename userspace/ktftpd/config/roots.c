// SPDX-License-Identifier: GPL-2.0
/*
 * Folders, the views that their files are in, and names that are known not to exist.
 *
 * One folder outside of sections is the view "default"; of several, each is a view by its last component. Views count
 * in the order of the file, the first above the others. "default" is above them all where the file does not have it,
 * so that what an operator publishes by hand counts first.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reader.h"
#include "values.h"

#define DEFAULT_VIEW "default"

static struct layer *layer_at(const struct reader *r, size_t i)
{
	return (struct layer *)r->layers.items + i;
}

static struct layer *last_layer(const struct reader *r)
{
	return layer_at(r, r->layers.count - 1);
}

static struct layer *find_view(const struct reader *r, const char *view)
{
	size_t i;

	for (i = 0; i < r->layers.count; i++)
		if (!strcmp(layer_at(r, i)->view, view))
			return layer_at(r, i);
	return NULL;
}

static struct layer *add_layer(struct reader *r)
{
	struct layer *layer = vector_add(&r->layers);

	if (layer)
		layer->line = r->line;
	else
		conf_refuse_memory(r);
	return layer;
}

void conf_begin_view(struct reader *r, const char *title)
{
	const struct layer *other = find_view(r, title);
	struct layer *layer;

	if (!conf_is_label(title))
		conf_refuse(r, r->line,
			    "the name of a view has 1 to %d bytes, no spaces, commas or control characters, not '%s'",
			    KTFTP_LABEL_MAX, title);
	else if (other)
		conf_refuse(r, r->line, "the view '%s' is here a second time, after line %u; put both in one section",
			    title, other->line);
	layer = r->err ? NULL : add_layer(r);
	if (layer)
		strcpy(layer->view, title);
}

/* What is wrong with a folder that realpath() refused. */
static int refuse_folder(struct reader *r, const char *path, int err)
{
	if (err == ENOENT)
		return conf_refuse(r, r->line, "the root %s does not exist; mkdir -p makes it", path);
	return conf_refuse(r, r->line, "the root %s cannot be used: %s; it has to be a directory that can be read",
			   path, strerror(err));
}

static int set_root(struct reader *r, struct layer *layer, const char *text)
{
	struct stat status;

	if (*text != '/')
		return conf_refuse(r, r->line,
				   "the root '%s' is relative; an absolute path is needed, as \"/srv/tftp\"", text);
	layer->root_line = r->line;
	layer->root = realpath(text, NULL);
	if (!layer->root || stat(layer->root, &status))
		return errno == ENOMEM ? conf_refuse_memory(r) : refuse_folder(r, text, errno);
	if (!S_ISDIR(status.st_mode))
		return conf_refuse(r, r->line, "the root %s is no directory; name the one that it is in", text);
	if (!strcmp(layer->root, "/"))
		return conf_refuse(r, r->line,
				   "the root %s is the whole system; make a directory for what is to be served", text);
	return 0;
}

int conf_take_root(struct reader *r, const struct setting *setting, const char *text)
{
	struct layer *layer = add_layer(r);

	(void)setting;
	return layer ? set_root(r, layer, text) : r->err;
}

int conf_take_root_of_view(struct reader *r, const struct setting *setting, const char *text)
{
	(void)setting;
	return set_root(r, last_layer(r), text);
}

static bool has_absent(const struct reader *r, const char *view, const char *glob)
{
	const struct config_absent *all = r->absents.items;
	size_t i;

	for (i = 0; i < r->absents.count; i++)
		if (!strcmp(all[i].glob, glob) && !strcmp(all[i].view, view))
			return true;
	return false;
}

static int add_absent(struct reader *r, const struct setting *setting, const char *view, const char *text)
{
	char canonical[KTFTP_NAME_MAX + 1];
	struct config_absent *absent;

	if (!conf_is_glob(text) || ktftp_canonical(NULL, text, canonical))
		return conf_refuse(
			r, r->line,
			"%s has names, or patterns with *, ? and [...], of at most %d bytes and without \"..\", not "
			"'%s'",
			setting->name, KTFTP_NAME_MAX, text);
	if (has_absent(r, view, canonical))
		return 0;
	absent = vector_add(&r->absents);
	if (!absent)
		return conf_refuse_memory(r);
	strcpy(absent->view, view);
	return conf_keep_text(r, &absent->glob, canonical);
}

int conf_take_absent(struct reader *r, const struct setting *setting, const char *text)
{
	return add_absent(r, setting, DEFAULT_VIEW, text);
}

int conf_take_absent_of_view(struct reader *r, const struct setting *setting, const char *text)
{
	return add_absent(r, setting, last_layer(r)->view, text);
}

/* As much of it as a name may have, and what no name may have replaced. */
static void make_label(const char *text, char out[KTFTP_LABEL_MAX + 1])
{
	size_t i;

	for (i = 0; text[i] && i < KTFTP_LABEL_MAX; i++)
		out[i] = (unsigned char)text[i] <= ' ' || text[i] == 0x7f || text[i] == ',' ? '-' : text[i];
	/* No half of a character at the end. */
	while (text[i] && i && ((unsigned char)text[i] & 0xc0) == 0x80)
		i--;
	out[i] = 0;
}

/* The last component of the path; with a number behind it where it is taken. */
static void name_view(const struct reader *r, struct layer *layer)
{
	char label[KTFTP_LABEL_MAX + 1], name[KTFTP_LABEL_MAX + 1];
	unsigned int number = 1;

	make_label(strrchr(layer->root, '/') + 1, label);
	strcpy(name, label);
	while (find_view(r, name) || !strcmp(name, DEFAULT_VIEW))
		/* Ten digits at most, and a dash. */
		snprintf(name, sizeof(name), "%.*s-%u", KTFTP_LABEL_MAX - 11, label, ++number);
	strcpy(layer->view, name);
}

static int name_views(struct reader *r)
{
	const struct layer *other = find_view(r, DEFAULT_VIEW);
	struct layer *unnamed = NULL;
	size_t count = 0, i;

	for (i = 0; i < r->layers.count; i++) {
		if (layer_at(r, i)->view[0])
			continue;
		unnamed = layer_at(r, i);
		count++;
	}
	if (count == 1 && other)
		return conf_refuse(
			r, unnamed->line > other->line ? unnamed->line : other->line,
			"one root outside of sections is the view 'default', which is in line %u as well; name another "
			"one",
			unnamed->line > other->line ? other->line : unnamed->line);
	if (count == 1)
		strcpy(unnamed->view, DEFAULT_VIEW);
	for (i = 0; i < r->layers.count; i++)
		if (!layer_at(r, i)->view[0])
			name_view(r, layer_at(r, i));
	return 0;
}

/* Is the second the first, or within it? */
static bool contains(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	return !strncmp(directory, path, length) && (!path[length] || path[length] == '/');
}

/* By another path, as a bind mount has one. */
static bool is_same_directory(const char *a, const char *b)
{
	struct stat first, second;

	return !stat(a, &first) && !stat(b, &second) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static int check_pair(struct reader *r, const struct layer *a, const struct layer *b)
{
	if (is_same_directory(a->root, b->root))
		return conf_refuse(r, b->root_line, "the root %s is that of line %u as well; each is served once",
				   b->root, a->root_line);
	if (contains(a->root, b->root))
		return conf_refuse(r, b->root_line,
				   "the root %s is within %s of line %u; its files would be served twice", b->root,
				   a->root, a->root_line);
	if (contains(b->root, a->root))
		return conf_refuse(r, b->root_line,
				   "the root %s has %s of line %u within it; its files would be served twice", b->root,
				   a->root, a->root_line);
	return 0;
}

/* The path without links, as far as it exists; free() is for the caller. */
static char *resolve(const char *path)
{
	char *parent = strdup(path), *whole = NULL, *known;
	size_t length;

	known = parent ? realpath(path, NULL) : NULL;
	for (length = strlen(path); parent && !known && length > 1; known = realpath(parent, NULL)) {
		while (length > 1 && path[length - 1] == '/')
			length--;
		while (length > 1 && path[length - 1] != '/')
			length--;
		parent[length] = 0;
	}
	if (known && asprintf(&whole, "%s/%s", strcmp(known, "/") ? known : "", path + strlen(parent)) < 0)
		whole = NULL;
	for (length = whole ? strlen(whole) : 0; length > 1 && whole[length - 1] == '/'; length--)
		whole[length - 1] = 0;
	free(known);
	free(parent);
	return whole;
}

/* What the daemon writes for itself is not to be served, nor is anything that is served to be in its way. */
static int check_apart(struct reader *r, const struct layer *layer, const char *what, const char *path,
		       unsigned int line)
{
	char *resolved = resolve(path);
	int err = 0;

	if (!resolved)
		return conf_refuse_memory(r);
	if (contains(layer->root, resolved) || contains(resolved, layer->root))
		err = conf_refuse(r, line > layer->root_line ? line : layer->root_line,
				  "the root %s and the %s %s are one within the other; keep them apart", layer->root,
				  what, path);
	free(resolved);
	return err;
}

static int check_roots(struct reader *r)
{
	const struct config *config = r->config;
	size_t roots = 0, i, k;

	for (i = 0; i < r->layers.count; i++) {
		const struct layer *layer = layer_at(r, i);

		if (!layer->root)
			continue;
		roots++;
		for (k = 0; k < i; k++)
			if (layer_at(r, k)->root && check_pair(r, layer_at(r, k), layer))
				return r->err;
		if (check_apart(r, layer, "state-dir", config->state_dir, r->state_dir_line) ||
		    check_apart(r, layer, "run-dir", config->run_dir, r->run_dir_line))
			return r->err;
	}
	return roots ? 0 : conf_refuse(r, 0, "there is no root; write a line as root = \"/srv/tftp\"");
}

static int make_roots(struct reader *r)
{
	struct config *config = r->config;
	size_t i;

	config->roots = calloc(r->layers.count, sizeof(*config->roots));
	if (!config->roots)
		return conf_refuse_memory(r);
	for (i = 0; i < r->layers.count; i++) {
		struct layer *layer = layer_at(r, i);

		if (!layer->root)
			continue;
		strcpy(config->roots[config->root_count].view, layer->view);
		config->roots[config->root_count++].path = layer->root;
		layer->root = NULL;
	}
	return 0;
}

static int make_stack(struct reader *r)
{
	bool has_default = find_view(r, DEFAULT_VIEW);
	size_t count = r->layers.count + !has_default, i;
	struct config *config = r->config;

	if (count > KTFTP_STACK_MAX)
		return conf_refuse(r, layer_at(r, r->layers.count - 1)->line,
				   "these are %zu views, \"default\" included; clients see %d at most", count,
				   KTFTP_STACK_MAX);
	config->stack = calloc(count, sizeof(*config->stack));
	if (!config->stack)
		return conf_refuse_memory(r);
	if (!has_default)
		strcpy(config->stack[config->stack_count++], DEFAULT_VIEW);
	for (i = 0; i < r->layers.count; i++)
		strcpy(config->stack[config->stack_count++], layer_at(r, i)->view);
	return 0;
}

int conf_finish_roots(struct reader *r)
{
	int err = check_roots(r);

	if (!err)
		err = name_views(r);
	if (!err)
		err = make_roots(r);
	return err ? err : make_stack(r);
}
