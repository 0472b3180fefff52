// SPDX-License-Identifier: GPL-2.0
/* Directories are read, and what the kernel tells of them is understood. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "resolve.h"
#include "worker.h"

/* Of a link, where it leads to now. */
static char *real_path(const struct dir *dir, int *err)
{
	const struct root *root = dir->root;
	char *path, *real = NULL;

	*err = 0;
	if (!dir->node)
		return strdup("");
	path = tree_real(dir->node);
	if (!path || !dir->node->is_link)
		return path;
	*err = resolve_real(root->real, path, &real);
	free(path);
	return real;
}

static int open_dir(struct dir *dir)
{
	int err = root_open(dir->root);
	char *real = err ? NULL : real_path(dir, &err);

	if (!real)
		return err ? err : -ENOMEM;
	/* What is below has another path as well. */
	if (strcmp(real, dir->real))
		dir->is_deep = true;
	free(dir->real);
	dir->real = real;
	return resolve_open(dir->root->fd, dir->root->real, real, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
}

/* What index_each() looks for: a file that was served out of a directory. */
struct trace {
	const char *view;
	const char *path;
};

static int is_trace(const struct index_row *row, void *context)
{
	const struct trace *trace = context;

	return !strcmp(row->view, trace->view) && resolve_is_below(trace->path, row->path);
}

static bool was_served_from(struct worker *w, const struct dir *dir)
{
	struct trace trace = { .view = dir->root->view };
	char *path = dir->node ? tree_absolute(dir->node) : strdup(dir->root->path);
	int found = 1;

	trace.path = path;
	if (path)
		found = w->index ? index_each(w->index, is_trace, &trace) : 0;
	free(path);
	/* What cannot be found out may be so. */
	return found;
}

/*
 * May a name be in it that would be denied: in one that was read before the names are known, and stay. One that may
 * not be read is no fault, as lost+found is none, unless it is the root or something in it was served before.
 */
static bool may_hold_names(struct worker *w, struct dir *dir, int err)
{
	if (dir->root->is_known)
		return false;
	if (root_open(dir->root))
		return true;
	if (dir->was_read)
		return false;
	return !dir->node || (err != -EACCES && err != -EPERM) || was_served_from(w, dir);
}

static void cannot_read(struct worker *w, struct dir *dir, int err)
{
	bool is_gone = err == -ENOENT || err == -ENOTDIR || err == -EXDEV || err == -ELOOP || err == -ESTALE;

	if (dir->node)
		examine_dirty(dir->node);
	tree_set_unread(dir, may_hold_names(w, dir, err) ? err : 0);
	/* That is a problem, which roots_poll() tells of. */
	if (is_gone || dir->unread || dir->noted == err)
		return;
	dir->noted = err;
	note(&w->notes, LOG_WARNING, "%s/%s: %s: what is in it is not served; it is tried again each minute",
	     dir->root->path, dir->path, strerror(-err));
}

static void cannot_watch(struct worker *w, int err)
{
	if (err == -ENOSPC)
		problem_set(
			&w->notes, PROBLEM_WATCH,
			"more directories than may be watched: changes are found only every half a minute. Raise it: "
			"sysctl fs.inotify.max_user_watches=1048576");
	else
		problem_set(&w->notes, PROBLEM_WATCH,
			    "directories cannot be watched: %s: changes are found only every half a minute",
			    strerror(-err));
}

static void watch(struct worker *w, struct dir *dir, int fd)
{
	int err = w->watches ? watches_add(w->watches, dir, fd) : 0;

	if (err) {
		watches_drop(w->watches, dir);
		cannot_watch(w, err);
	}
}

/* What is known of it is to be examined: what is not there any more is found by that. */
static void doubt(struct dir *dir, bool deep, struct tree *tree)
{
	struct node *node;

	TAILQ_FOREACH(node, &dir->nodes, sibling)
	{
		examine_dirty(node);
		if (deep && node->dir)
			tree_queue_scan(tree, node->dir, true);
	}
}

/* Returns 0 or -ENOMEM. */
static int found(struct worker *w, struct dir *dir, const struct dirent *entry)
{
	struct node *node;

	if (rules_base(&w->rules, entry->d_name) != VERDICT_SERVED || tree_find(&w->tree, dir, entry->d_name))
		return 0;
	node = tree_add(&w->tree, dir, entry->d_name);
	if (!node)
		return -ENOMEM;
	if (entry->d_type == DT_DIR)
		examine_enter(w, node, true);
	else if (entry->d_type == DT_REG)
		examine_arriving(w, node);
	else
		examine_early(w, node);
	examine_dirty(node);
	/* It is entered when it is examined, or when this is read again. */
	return entry->d_type == DT_DIR && !node->dir && node->verdict == VERDICT_SERVED ? -ENOMEM : 0;
}

static int read_dir(struct worker *w, struct dir *dir, int fd)
{
	DIR *stream = fdopendir(fd);
	const struct dirent *entry;
	int err = 0, end;

	if (!stream) {
		err = -errno;
		close(fd);
		return err;
	}
	for (errno = 0; (entry = readdir(stream)) && !err && !atomic_load(w->stop); errno = 0)
		err = found(w, dir, entry);
	end = entry ? 0 : -errno;
	closedir(stream);
	return err ? err : end;
}

static void was_read(struct dir *dir)
{
	dir->noted = 0;
	dir->was_read = true;
	tree_set_unread(dir, 0);
}

static bool is_in_itself(const struct dir *dir)
{
	const struct node *node = dir->node;

	for (; node; node = node->parent->node)
		if (node->parent->dev == dir->dev && node->parent->ino == dir->ino)
			return true;
	return false;
}

/**
 * scan_dir() - read a directory
 * @w: worker
 * @dir: directory
 *
 * It is watched before it is read: what comes later is told of, what came before is found.
 */
void scan_dir(struct worker *w, struct dir *dir)
{
	struct stat status;
	int fd = open_dir(dir), err;
	bool deep;

	if (fd >= 0 && fstat(fd, &status)) {
		close(fd);
		fd = -errno;
	}
	if (fd < 0) {
		cannot_read(w, dir, fd);
		return;
	}
	deep = dir->is_deep || dir->dev != status.st_dev || dir->ino != status.st_ino;
	dir->is_deep = false;
	dir->dev = status.st_dev;
	dir->ino = status.st_ino;
	if (is_in_itself(dir)) {
		close(fd);
		was_read(dir);
		examine_dirty(dir->node);
		return;
	}
	watch(w, dir, fd);
	doubt(dir, deep, &w->tree);
	err = read_dir(w, dir, fd);
	if (err)
		cannot_read(w, dir, err);
	else
		was_read(dir);
}

/* A hidden thing is not served, but links may lead through it. */
static void hidden_event(struct dir *dir, uint32_t mask)
{
	const uint32_t counts = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE;

	if (mask & counts && !TAILQ_EMPTY(&dir->root->links))
		settle_changed(&dir->root->settle, clock_ms());
}

static void event_of_dir(struct worker *w, struct dir *dir, uint32_t mask)
{
	if (mask & IN_ATTRIB)
		tree_queue_scan(&w->tree, dir, false);
	if (!(mask & (IN_DELETE_SELF | IN_MOVE_SELF)))
		return;
	if (dir->node)
		examine_dirty(dir->node);
	else
		roots_poll(w);
}

static void event_of_node(struct worker *w, struct node *node, uint32_t mask)
{
	node->event_ms = clock_ms();
	if (mask & IN_MODIFY)
		node->writing = true;
	if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
		node->writing = false;
	/* Whoever writes for so long is waited for no more. */
	if (node->stage == STAGE_LATER && !(mask & ~IN_MODIFY))
		return;
	if (mask & (IN_CREATE | IN_MOVED_TO) || !(node->name || node->dir)) {
		/* Whoever makes a file has it open: the end will be told of. */
		if (examine_early(w, node) && mask & IN_CREATE)
			node->writing = true;
	}
	if (mask & IN_ATTRIB && node->dir)
		tree_queue_scan(&w->tree, node->dir, false);
	examine_dirty(node);
}

/**
 * scan_event() - something happened in a directory
 * @dir: directory
 * @mask: what, as inotify has it
 * @base: to what in it, or NULL for the directory itself
 * @context: worker
 */
void scan_event(struct dir *dir, uint32_t mask, const char *base, void *context)
{
	struct worker *w = context;
	struct node *node;

	worker_poke(w);
	if (!base) {
		event_of_dir(w, dir, mask);
		return;
	}
	if (rules_base(&w->rules, base) != VERDICT_SERVED) {
		hidden_event(dir, mask);
		return;
	}
	node = tree_find(&w->tree, dir, base);
	if (!node && !(mask & (IN_DELETE | IN_MOVED_FROM)))
		node = tree_add(&w->tree, dir, base);
	/* A root that is not there any more, or another one, is polled for. */
	if (node && !root_open(dir->root))
		event_of_node(w, node, mask);
}

/* What is called for each directory of the tree. */
static void each_dir(struct worker *w, struct dir *dir, void (*fn)(struct worker *w, struct dir *dir))
{
	struct node *node;

	fn(w, dir);
	TAILQ_FOREACH(node, &dir->nodes, sibling)
	if (node->dir)
		each_dir(w, node->dir, fn);
}

static void queue_unwatched(struct worker *w, struct dir *dir)
{
	w->unwatched += !dir->watch;
	if (!dir->watch || dir->root->is_remote)
		tree_queue_scan(&w->tree, dir, false);
}

static void queue_moved(struct worker *w, struct dir *dir)
{
	struct stat status;
	int fd;

	if (dir->noted || dir->unread)
		tree_queue_scan(&w->tree, dir, true);
	if (root_open(dir->root))
		return;
	fd = resolve_open(dir->root->fd, dir->root->real, dir->real, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return;
	if (!fstat(fd, &status) && (dir->dev != status.st_dev || dir->ino != status.st_ino))
		tree_queue_scan(&w->tree, dir, true);
	close(fd);
}

static void each(struct worker *w, void (*fn)(struct worker *w, struct dir *dir))
{
	struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (!root->leaving && root->dev)
		each_dir(w, root->top, fn);
}

/**
 * scan_unwatched() - read again what the kernel does not tell of
 * @w: worker
 */
void scan_unwatched(struct worker *w)
{
	w->unwatched = 0;
	each(w, queue_unwatched);
	if (!w->unwatched)
		problem_clear(&w->notes, PROBLEM_WATCH);
	worker_poke(w);
}

/**
 * scan_moved() - read again what something was mounted on, and what could not be read
 * @w: worker
 */
void scan_moved(struct worker *w)
{
	each(w, queue_moved);
	worker_poke(w);
}
