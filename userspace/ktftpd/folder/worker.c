// SPDX-License-Identifier: GPL-2.0
/* The folder's thread: its loop, and what is done when. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "resolve.h"
#include "worker.h"

/* How long the reading of directories may go on before events are looked at. */
#define SLICE_MS     20

/* How often what the kernel does not tell of is looked at. */
#define UNWATCHED_S  30
#define MINUTE_S     60

/* So long a content may still be opened by who was told of it before it was replaced. */
#define GRACE_MS     600000

#define WATCH_ROUNDS 16

/**
 * worker_poke() - there is something to do at once
 * @w: worker
 */
void worker_poke(struct worker *w)
{
	event_active(w->work, EV_TIMEOUT, 1);
}

static void sleep_until_due(struct worker *w)
{
	int64_t wait = group_wait_ms(w);
	struct timeval in;

	if (wait == SETTLE_NEVER) {
		event_del(w->wake);
		return;
	}
	/* One more: a timer must not fire a moment too early, and then again and again. */
	wait++;
	in = (struct timeval){ .tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000 };
	event_add(w->wake, &in);
}

/* Returns whether there is more to read. */
static bool scan_some(struct worker *w)
{
	int64_t until = clock_ms() + SLICE_MS;
	struct dir *dir;

	while ((dir = TAILQ_FIRST(&w->tree.to_scan)) && !atomic_load(w->stop)) {
		TAILQ_REMOVE(&w->tree.to_scan, dir, queued);
		dir->is_queued = false;
		scan_dir(w, dir);
		if (clock_ms() >= until)
			break;
	}
	return !TAILQ_EMPTY(&w->tree.to_scan);
}

static void see_whether_scanned(struct worker *w)
{
	if (!roots_all_scanned(w))
		return;
	roots_leave(w);
	if (!w->scanned)
		publish_scanned(w);
	else if (w->tell_scanned)
		w->hooks.scanned(w->hooks.context);
	w->tell_scanned = false;
	if (roots_all_there(w))
		rows_tidy(w);
}

static void on_work(evutil_socket_t fd, short what, void *context)
{
	struct worker *w = context;
	bool more;

	(void)fd;
	(void)what;
	if (atomic_load(w->stop)) {
		event_base_loopbreak(w->base);
		return;
	}
	more = scan_some(w);
	publish_arriving(w);
	atomic_store(&w->behind, more);
	more = more || group_work(w);
	roots_close(w);
	publish_arriving(w);
	if (more) {
		worker_poke(w);
		return;
	}
	see_whether_scanned(w);
	sleep_until_due(w);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct worker *w = context;
	int i;

	(void)fd;
	(void)what;
	atomic_store(&w->behind, true);
	for (i = 0; i < WATCH_ROUNDS && !watches_read(w->watches); i++)
		;
	roots_close(w);
	publish_arriving(w);
	worker_poke(w);
}

static void on_gone(struct dir *dir, void *context)
{
	struct worker *w = context;

	tree_queue_scan(&w->tree, dir, true);
	if (!dir->node)
		roots_poll(w);
	worker_poke(w);
}

static void on_overflow(void *context)
{
	struct worker *w = context;

	w->overflows++;
	note(&w->notes, LOG_NOTICE,
	     "so much happened in the folders that events were lost: all is looked at anew "
	     "(sysctl fs.inotify.max_queued_events says how many are kept)");
	roots_rescan(w);
}

static void start_watching(struct worker *w)
{
	const struct watch_hooks hooks = {
		.event = scan_event,
		.gone = on_gone,
		.overflow = on_overflow,
		.context = w,
	};
	int err = watches_new(&hooks, &w->watches);

	if (!err) {
		w->readable = event_new(w->base, watches_fd(w->watches), EV_READ | EV_PERSIST, on_readable, w);
		if (w->readable && !event_add(w->readable, NULL)) {
			atomic_store(&w->watch_fd, watches_fd(w->watches));
			return;
		}
		watches_free(w->watches);
		w->watches = NULL;
		err = -ENOMEM;
	}
	problem_set(&w->notes, PROBLEM_WATCH,
		    "the folders cannot be watched: %s: changes are found only every half a minute. Raise it: "
		    "sysctl fs.inotify.max_user_instances=1024",
		    strerror(-err));
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
	struct worker *w = context;

	(void)fd;
	(void)what;
	roots_poll(w);
	group_second(w);
	if (++w->seconds % UNWATCHED_S == 0) {
		if (!w->watches)
			start_watching(w);
		scan_unwatched(w);
	}
	roots_close(w);
	publish_status(w);
	worker_poke(w);
}

static void retry(struct table_item *item, void *context)
{
	struct node *node = table_entry(item, struct node, item);

	(void)context;
	if (node->error || node->verdict != VERDICT_SERVED || node->is_link ||
	    (node->unsaved && node->served.known && !node->served.young))
		examine_dirty(node);
}

static void on_minute(evutil_socket_t fd, short what, void *context)
{
	struct worker *w = context;

	(void)fd;
	(void)what;
	notes_minute(&w->notes);
	rows_minute(w);
	scan_moved(w);
	table_each(&w->tree.nodes, retry, NULL);
	store_sweep(w->store, clock_ms(), GRACE_MS);
	if (w->publisher && w->scanned)
		publisher_adjust(w->publisher);
	roots_close(w);
	worker_poke(w);
}

/**
 * worker_content() - open a content for reading
 * @w: worker
 * @file: content
 *
 * Return: descriptor or a negative errno.
 */
int worker_content(struct worker *w, const struct folder_file *file)
{
	const struct root *root;

	if (!file->in_place)
		return store_open(w->store, file->digest, file->size);
	TAILQ_FOREACH(root, &w->tree.roots, next)
	if (resolve_is_below(root->path, file->path))
		return resolve_file(root->path, file->path, file->size, file->mtime_ns);
	return -ENOENT;
}

static int open_content(const struct folder_file *file, void *context)
{
	return worker_content(context, file);
}

/* It is told that changes belong to somebody else: ours are copies. */
static void on_pinned(const struct folder_change *changes, size_t count, void *context)
{
	struct vector copies = { .item_bytes = sizeof(struct folder_change) };
	struct worker *w = context;
	struct name *name;
	size_t i;

	for (i = 0; i < count; i++) {
		name = names_find(&w->names, changes[i].view, changes[i].name);
		if (!name || name->told != TOLD_READY)
			continue;
		names_pinned(&w->names, name, changes[i].what == FOLDER_PINNED);
		change_add(&copies, changes[i].what, name);
	}
	if (copies.count)
		w->hooks.tell(copies.items, copies.count, w->hooks.context);
}

static void on_publisher_note(int level, const char *text, void *context)
{
	struct worker *w = context;

	note(&w->notes, level, "%s", text);
}

static int start_publishing(struct worker *w, uint64_t pin_bytes, char *why, size_t room)
{
	const struct publisher_hooks hooks = {
		.open = open_content,
		.pinned = on_pinned,
		.note = on_publisher_note,
		.context = w,
	};

	return publisher_new(pin_bytes, &hooks, &w->publisher, why, room);
}

static struct event *every(struct worker *w, unsigned int seconds, event_callback_fn fn)
{
	const struct timeval period = { .tv_sec = seconds };
	struct event *event = event_new(w->base, -1, EV_PERSIST, fn, w);

	if (event)
		event_add(event, &period);
	return event;
}

static int start_loop(struct worker *w)
{
	w->base = event_base_new();
	if (!w->base)
		return -ENOMEM;
	w->work = event_new(w->base, -1, 0, on_work, w);
	w->wake = event_new(w->base, -1, 0, on_work, w);
	w->second = every(w, 1, on_second);
	w->minute = every(w, MINUTE_S, on_minute);
	return w->work && w->wake && w->second && w->minute ? 0 : -ENOMEM;
}

static int start_storing(struct worker *w, char *why, size_t room)
{
	bool put_aside;
	int err;

	if (mkdir(w->state_dir, 0700) && errno != EEXIST) {
		err = -errno;
		snprintf(why, room, "%s: %s: make it, or set another state-dir", w->state_dir, strerror(errno));
		return err;
	}
	/* It is locked first, so that the store is one daemon's. */
	err = index_open(w->state_dir, &w->index, &put_aside, why, room);
	if (!err)
		err = store_new(w->state_dir, &w->store, why, room);
	if (!err && put_aside)
		note(&w->notes, LOG_WARNING,
		     "%s/index.db was broken or not ours, and is index.db.broken now: every file is read once more",
		     w->state_dir);
	return err;
}

/**
 * worker_new() - the thread's context, made before the thread runs
 * @config: what to follow
 * @kernel: publish to the module
 * @hooks: how it tells the main thread
 * @stop: see struct worker
 * @out: where it goes
 * @why: the reason when it fails
 * @room: for it
 *
 * Return: 0 or a negative errno.
 */
int worker_new(const struct config *config, bool kernel, const struct worker_hooks *hooks, const atomic_bool *stop,
	       struct worker **out, char *why, size_t room)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err = -ENOMEM;

	snprintf(why, room, "out of memory");
	if (!w)
		return err;
	w->hooks = *hooks;
	w->stop = stop;
	w->started_ms = clock_ms();
	atomic_init(&w->watch_fd, -1);
	w->outbox.item_bytes = sizeof(struct folder_change);
	tree_init(&w->tree);
	names_init(&w->names);
	notes_init(&w->notes, hooks->note, hooks->context);
	w->state_dir = strdup(config->state_dir);
	if (w->state_dir)
		err = start_storing(w, why, room);
	if (!err)
		err = start_loop(w);
	if (!err && kernel)
		err = start_publishing(w, config->pin_bytes, why, room);
	if (!err) {
		start_watching(w);
		err = worker_configure(w, config);
	}
	if (err)
		worker_free(w);
	else
		*out = w;
	return err;
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

/**
 * worker_free() - forget everything; what the module serves it goes on serving
 * @w: worker
 */
void worker_free(struct worker *w)
{
	struct root *root;

	/* Nothing of it is to be forgotten by the index. */
	index_close(w->index);
	w->index = NULL;
	while ((root = TAILQ_FIRST(&w->tree.roots))) {
		if (w->store)
			forget_dir(w, root->top);
		tree_remove_root(&w->tree, root);
	}
	table_free(&w->tree.nodes);
	names_free(&w->names);
	changes_free(w->outbox.items, w->outbox.count);
	if (w->publisher)
		publisher_free(w->publisher);
	free_event(w->readable);
	watches_free(w->watches);
	free_event(w->work);
	free_event(w->wake);
	free_event(w->second);
	free_event(w->minute);
	if (w->base)
		event_base_free(w->base);
	store_free(w->store);
	rules_free(&w->rules);
	free(w->state_dir);
	free(w);
}

/**
 * worker_configure() - follow other rules, or other roots
 * @w: worker
 * @config: what to follow; the state directory stays what it is
 *
 * Everything configured was looked at: that is told once more when it is so.
 *
 * Return: 0; -ENOMEM when not all of it is followed, and then that is not told.
 */
int worker_configure(struct worker *w, const struct config *config)
{
	struct rules rules;
	int err = rules_copy(&rules, config);

	if (err)
		return err;
	if (!rules_same(&w->rules, &rules) && w->rules.ignore)
		roots_doubt(w);
	rules_free(&w->rules);
	w->rules = rules;
	if (w->publisher)
		publisher_set_limit(w->publisher, config->pin_bytes);
	err = roots_change(w, config->roots, config->root_count);
	w->tell_scanned = !err;
	return err;
}
