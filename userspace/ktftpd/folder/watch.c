// SPDX-License-Identifier: GPL-2.0
/* See watch.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "watch.h"

#define MASK                                                                                            \
	(IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_EXCL_UNLINK | IN_ONLYDIR)

/* Events are read in pieces of this size, so that other work has its turn. */
#define ROOM_BYTES (64 << 10)

/**
 * struct watch - a directory; several paths may lead to it
 * @item: in the table, by number
 * @number: inotify's
 * @dirs: the paths
 */
struct watch {
	struct table_item item;
	int number;
	struct dir_list dirs;
};

/**
 * struct watches - all of them
 * @fd: inotify
 * @table: by number
 * @hooks: what is made of events
 */
struct watches {
	int fd;
	struct table table;
	struct watch_hooks hooks;
};

/**
 * watches_new() - watch nothing yet
 * @hooks: what is made of events
 * @out: where it goes
 *
 * Return: 0; -EMFILE when there are too many that watch; another negative errno.
 */
int watches_new(const struct watch_hooks *hooks, struct watches **out)
{
	struct watches *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->hooks = *hooks;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0) {
		*out = w;
		return 0;
	}
	err = -errno;
	free(w);
	return err;
}

static void free_watch(struct table_item *item, void *context)
{
	(void)context;
	free(table_entry(item, struct watch, item));
}

/**
 * watches_free() - watch no longer; directories that are watched must be gone, or go without being dropped
 * @w: watches or NULL
 */
void watches_free(struct watches *w)
{
	if (!w)
		return;
	table_each(&w->table, free_watch, NULL);
	table_free(&w->table);
	close(w->fd);
	free(w);
}

/**
 * watches_fd() - readable when something happened
 * @w: watches
 */
int watches_fd(const struct watches *w)
{
	return w->fd;
}

/**
 * watches_count() - how many directories are watched
 * @w: watches
 */
size_t watches_count(const struct watches *w)
{
	return w->table.count;
}

static struct watch *find(const struct watches *w, int number)
{
	struct table_item *item = table_first(&w->table, number);

	return item ? table_entry(item, struct watch, item) : NULL;
}

static struct watch *find_or_add(struct watches *w, int number)
{
	struct watch *watch = find(w, number);

	if (watch)
		return watch;
	watch = calloc(1, sizeof(*watch));
	if (!watch || table_add(&w->table, &watch->item, number)) {
		free(watch);
		inotify_rm_watch(w->fd, number);
		return NULL;
	}
	watch->number = number;
	TAILQ_INIT(&watch->dirs);
	return watch;
}

/**
 * watches_add() - watch a directory from now on
 * @w: watches
 * @dir: by one of its paths; may be watched already, or have been another directory when it was
 * @fd: the directory itself, for a path may lead elsewhere by now
 *
 * Return: 0; -ENOSPC when the kernel wants no more watches; another negative errno.
 */
int watches_add(struct watches *w, struct dir *dir, int fd)
{
	struct watch *watch;
	char path[32];
	int number;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	number = inotify_add_watch(w->fd, path, MASK);
	if (number < 0)
		return -errno;
	watch = find_or_add(w, number);
	if (!watch)
		return -ENOMEM;
	if (dir->watch == watch)
		return 0;
	watches_drop(w, dir);
	TAILQ_INSERT_TAIL(&watch->dirs, dir, of_watch);
	dir->watch = watch;
	return 0;
}

/**
 * watches_drop() - watch it no longer
 * @w: watches
 * @dir: by this path; others to the same directory stay watched
 */
void watches_drop(struct watches *w, struct dir *dir)
{
	struct watch *watch = dir->watch;

	if (!watch)
		return;
	TAILQ_REMOVE(&watch->dirs, dir, of_watch);
	dir->watch = NULL;
	if (!TAILQ_EMPTY(&watch->dirs))
		return;
	inotify_rm_watch(w->fd, watch->number);
	table_remove(&w->table, &watch->item);
	free(watch);
}

/* The kernel has forgotten it. */
static void lost(struct watches *w, struct watch *watch)
{
	struct dir *dir;

	while ((dir = TAILQ_FIRST(&watch->dirs))) {
		TAILQ_REMOVE(&watch->dirs, dir, of_watch);
		dir->watch = NULL;
		w->hooks.gone(dir, w->hooks.context);
	}
	table_remove(&w->table, &watch->item);
	free(watch);
}

static void dispatch(struct watches *w, const struct inotify_event *event)
{
	struct watch *watch;
	struct dir *dir;

	if (event->mask & IN_Q_OVERFLOW) {
		w->hooks.overflow(w->hooks.context);
		return;
	}
	watch = find(w, event->wd);
	if (!watch)
		return;
	if (event->mask & IN_IGNORED) {
		lost(w, watch);
		return;
	}
	TAILQ_FOREACH(dir, &watch->dirs, of_watch)
	w->hooks.event(dir, event->mask, event->len ? event->name : NULL, w->hooks.context);
}

/**
 * watches_read() - call the hooks for what happened
 * @w: watches
 *
 * Return: 0; -EAGAIN when there is no more; another negative errno.
 */
int watches_read(struct watches *w)
{
	char room[ROOM_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	ssize_t n = read(w->fd, room, sizeof(room));
	char *at;

	if (n < 0)
		return -errno;
	for (at = room; at < room + n; at += sizeof(*event) + event->len) {
		event = (const struct inotify_event *)at;
		dispatch(w, event);
	}
	return 0;
}
