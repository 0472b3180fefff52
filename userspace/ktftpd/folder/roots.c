// SPDX-License-Identifier: GPL-2.0
/*
 * Roots: folders that come and go, by the configuration or in the file system.
 *
 * A root is opened for as long as something is done and closed again, so that what is mounted there can be unmounted.
 * Each second it is looked at: a directory with another number has taken its place when it was made again, or when
 * something was mounted there. While there is none at all, or an empty one on another file system, which is what is
 * left where something was mounted, what was in it goes on being served: that is no reason to tell phones that their
 * files do not exist. Nor is it known then which names there are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "resolve.h"
#include "worker.h"

/* Not in linux/magic.h. */
#define CIFS_NUMBER 0xff534d42

static void close_root(struct root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

/**
 * root_open() - have a root open until roots_close()
 * @root: root
 *
 * Return: 0; -ESTALE when it is not what was scanned; another negative errno when it is not there.
 */
int root_open(struct root *root)
{
	struct stat status;
	int err = 0;

	if (root->fd >= 0)
		return 0;
	root->fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0)
		return -errno;
	free(root->real);
	root->real = realpath(root->path, NULL);
	if (!root->real || fstat(root->fd, &status))
		err = -errno;
	else if (root->dev != status.st_dev || root->ino != status.st_ino)
		err = -ESTALE;
	if (err)
		close_root(root);
	return err;
}

/**
 * roots_close() - something was done
 * @w: worker
 */
void roots_close(struct worker *w)
{
	struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	close_root(root);
}

static bool is_remote(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return false;
	switch ((unsigned long)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CIFS_NUMBER:
	case AFS_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case CODA_SUPER_MAGIC:
	case V9FS_MAGIC:
	case FUSE_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

/* Another directory than the one that was scanned, or the first. */
static void adopt(struct worker *w, struct root *root, const struct stat *status)
{
	bool was_remote = root->is_remote;

	close_root(root);
	root->dev = status->st_dev;
	root->ino = status->st_ino;
	root->is_remote = is_remote(root->path);
	if (root->is_remote && !was_remote)
		note(&w->notes, LOG_NOTICE,
		     "%s: changes made by other hosts are not told of here: it is looked at from time to time",
		     root->path);
	tree_queue_scan(&w->tree, root->top, true);
	worker_poke(w);
}

static bool is_empty(const char *path)
{
	const struct dirent *entry;
	DIR *stream = opendir(path);
	bool empty = true;

	if (!stream)
		return false;
	while (empty && (entry = readdir(stream)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(stream);
	return empty;
}

/* What index_each() looks for: a file that was served out of a root. */
struct trace {
	const struct root *root;
	uint64_t dev;
};

static int find_trace(const struct index_row *row, void *context)
{
	struct trace *trace = context;

	if (strcmp(row->view, trace->root->view) || !resolve_is_below(trace->root->path, row->path))
		return 0;
	trace->dev = row->identity.dev;
	return 1;
}

/* The file system that its files were on when they were served last, 0 when none was. */
static uint64_t former_dev(const struct worker *w, const struct root *root)
{
	struct trace trace = { .root = root };

	if (root->dev)
		return TAILQ_EMPTY(&root->top->nodes) ? 0 : root->dev;
	if (w->index)
		index_each(w->index, find_trace, &trace);
	return trace.dev;
}

/* Files were served out of it, and there is nothing in it and nothing mounted on it any more. */
static bool is_unmounted(const struct worker *w, const struct root *root, const struct stat *status)
{
	uint64_t dev;

	if (!is_empty(root->path))
		return false;
	dev = former_dev(w, root);
	return dev && dev != status->st_dev;
}

/* Returns 0 or why it is not there. */
static int poll_root(struct worker *w, struct root *root)
{
	int64_t missing_ms = root->missing_ms;
	struct stat status;
	int err = 0;

	if (stat(root->path, &status))
		err = errno;
	else if (!S_ISDIR(status.st_mode))
		err = ENOTDIR;
	else if ((root->dev != status.st_dev || root->ino != status.st_ino) && is_unmounted(w, root, &status))
		err = ENODATA;
	if (err) {
		if (!root->missing_ms)
			root->missing_ms = clock_ms();
		return err;
	}
	root->missing_ms = 0;
	/* What is mounted again has the numbers that it had, and nobody watches it. */
	if (missing_ms || root->dev != status.st_dev || root->ino != status.st_ino)
		adopt(w, root, &status);
	return 0;
}

static const char *cure_of(int reason)
{
	switch (reason) {
	case ENODATA:
		return "it is empty, and was on another file system: mount it (or, when nothing is to be served, put a "
		       "file there)";
	case ENOTDIR:
		return "it is no directory: make it one";
	default:
		return "it is not there, or cannot be reached: make it or mount it";
	}
}

/* A directory that was never read keeps everybody waiting: the first of them is told of. */
static void tell_of_unread(struct worker *w)
{
	const struct root *root;
	const struct dir *dir = NULL;
	int err;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (!dir && !root->leaving && !root->missing_ms)
		dir = TAILQ_FIRST(&root->unread);
	if (!dir) {
		problem_clear(&w->notes, PROBLEM_UNREAD);
		return;
	}
	err = -dir->unread;
	problem_set(&w->notes, PROBLEM_UNREAD,
		    "%s%s%s: %s: %s; until it could be read nobody is told that a name does not exist", dir->root->path,
		    *dir->path ? "/" : "", dir->path, strerror(err),
		    err == EACCES || err == EPERM ?
			    "files in it were served before: chmod or chown it, or leave it out by "
			    "\"ignore\"" :
			    "it is tried again each minute");
}

/**
 * roots_poll() - see whether the roots are there, and still the same
 * @w: worker
 */
void roots_poll(struct worker *w)
{
	const struct root *missing = NULL;
	int reason = 0, err;
	struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	{
		err = root->leaving ? 0 : poll_root(w, root);
		if (err && !missing) {
			missing = root;
			reason = err;
		}
	}
	if (missing)
		problem_set(&w->notes, PROBLEM_ROOT, "%s: %s; until then %s", missing->path, cure_of(reason),
			    missing->is_known ? "what was in it is served as it was" :
						"nobody is told that a name does not exist");
	else
		problem_clear(&w->notes, PROBLEM_ROOT);
	tell_of_unread(w);
}

/**
 * roots_all_scanned() - was everything looked at, so that what is not known does not exist
 * @w: worker
 */
bool roots_all_scanned(const struct worker *w)
{
	const struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (!root->leaving && !root->is_known)
		return false;
	return true;
}

/**
 * roots_all_there() - is there no root of which nothing is known
 * @w: worker
 */
bool roots_all_there(const struct worker *w)
{
	const struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (root->leaving || !root->is_known || root->missing_ms)
		return false;
	return true;
}

/**
 * roots_rescan() - look at everything anew
 * @w: worker
 */
void roots_rescan(struct worker *w)
{
	struct root *root;

	w->rescans++;
	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (root->dev && !root->leaving)
		tree_queue_scan(&w->tree, root->top, true);
	worker_poke(w);
}

/**
 * roots_doubt() - other rules: nothing is known before everything was looked at anew
 * @w: worker
 */
void roots_doubt(struct worker *w)
{
	struct root *root;

	roots_rescan(w);
	TAILQ_FOREACH(root, &w->tree.roots, next)
	{
		root->is_known = false;
		root->group_is_all = false;
	}
}

static struct root *find(const struct worker *w, const struct config_root *wanted)
{
	struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (!strcmp(root->path, wanted->path) && !strcmp(root->view, wanted->view))
		return root;
	return NULL;
}

/* Those that leave go behind the others: what both have is the others' already. */
static void set_order(struct worker *w, struct root *const *ordered, size_t count)
{
	struct root *root, *next;
	unsigned int order = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		TAILQ_REMOVE(&w->tree.roots, ordered[i], next);
		ordered[i]->order = order++;
	}
	TAILQ_FOREACH(root, &w->tree.roots, next)
	{
		root->leaving = true;
		root->order = order++;
	}
	while (count--) {
		next = ordered[count];
		next->leaving = false;
		TAILQ_INSERT_HEAD(&w->tree.roots, next, next);
	}
	names_reorder(&w->names);
}

/**
 * roots_change() - these are the roots from now on
 * @w: worker
 * @roots: them, the first counts when a name is in several
 * @count: how many
 *
 * Return: 0; -ENOMEM when some are missing.
 */
int roots_change(struct worker *w, const struct config_root *roots, size_t count)
{
	struct root **ordered = calloc(count + 1, sizeof(*ordered));
	size_t i, found = 0;

	if (!ordered)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		ordered[found] = find(w, &roots[i]);
		if (!ordered[found])
			ordered[found] = tree_add_root(&w->tree, roots[i].path, roots[i].view);
		found += ordered[found] != NULL;
	}
	set_order(w, ordered, found);
	free(ordered);
	roots_poll(w);
	worker_poke(w);
	return found == count ? 0 : -ENOMEM;
}

static struct root *first_to_leave(const struct worker *w)
{
	struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (root->leaving)
		return root;
	return NULL;
}

/**
 * roots_leave() - what is no longer configured goes, once all that is was scanned: then no name is missing meanwhile
 * @w: worker
 */
void roots_leave(struct worker *w)
{
	struct root *root;

	if (!first_to_leave(w) || !roots_all_scanned(w))
		return;
	rows_begin(w, false);
	while ((root = first_to_leave(w))) {
		forget_dir(w, root->top);
		tree_remove_root(&w->tree, root);
	}
	rows_commit(w);
	publish_names(w);
}
