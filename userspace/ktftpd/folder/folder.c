// SPDX-License-Identifier: GPL-2.0
/*
 * The main thread's side of the folder: it starts the thread, sends it orders and reads its news. Nothing is shared
 * but the flag that stops it, a copy of how it stands, and the store's directory, which does not change.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "mailbox.h"
#include "resolve.h"
#include "worker.h"

enum order_what {
	ORDER_CONFIGURE,
	ORDER_RESCAN,
	ORDER_HITS,
	ORDER_STOP,
};

/* How long until memory is asked for again. */
#define MEMORY_NS 20000000

/* To the thread. */
struct order {
	enum order_what what;
	uint64_t configuration;
	struct config config;
	struct folder_hits *hits;
	size_t count;
};

enum news_what {
	NEWS_CHANGES,
	NEWS_SCANNED,
	NEWS_NOTE,
};

/* From the thread. */
struct news {
	enum news_what what;
	uint64_t configuration;
	struct folder_change *changes;
	size_t count;
	int level;
	char *text;
};

/**
 * struct folder - see folder.h
 * @hooks: whom to tell
 * @worker: the thread's context; the main thread leaves it alone while the thread runs, but for the store
 * @thread: the thread
 * @orders: to it
 * @news: from it
 * @stop: it is to end
 * @lock: protects @status
 * @status: how it stands
 * @roots: paths of the roots, to open files in place
 * @root_count: how many
 * @configuration: number of the one that is to be followed
 * @followed: and of the one that is; the thread's
 */
struct folder {
	struct folder_hooks hooks;
	struct worker *worker;
	pthread_t thread;
	struct mailbox *orders;
	struct mailbox *news;
	atomic_bool stop;
	pthread_mutex_t lock;
	struct folder_status status;
	char **roots;
	size_t root_count;
	uint64_t configuration;
	uint64_t followed;
};

/* ---- configuration: what is needed of it, as a copy ---- */

static void free_config(struct config *config)
{
	size_t i;

	for (i = 0; i < config->root_count; i++)
		free(config->roots[i].path);
	for (i = 0; i < config->ignore_count; i++)
		free(config->ignore[i]);
	free(config->roots);
	free(config->ignore);
}

static int copy_config(struct config *copy, const struct config *config)
{
	*copy = (struct config){
		.in_place = config->in_place,
		.world_readable = config->world_readable,
		.quiet_ms = config->quiet_ms,
		.settle_ms = config->settle_ms,
		.max_file_bytes = config->max_file_bytes,
		.max_files = config->max_files,
		.pin_bytes = config->pin_bytes,
	};
	copy->roots = calloc(config->root_count + 1, sizeof(*copy->roots));
	copy->ignore = calloc(config->ignore_count + 1, sizeof(*copy->ignore));
	if (!copy->roots || !copy->ignore)
		return -ENOMEM;
	for (; copy->root_count < config->root_count; copy->root_count++) {
		copy->roots[copy->root_count] = config->roots[copy->root_count];
		copy->roots[copy->root_count].path = strdup(config->roots[copy->root_count].path);
		if (!copy->roots[copy->root_count].path)
			return -ENOMEM;
	}
	for (; copy->ignore_count < config->ignore_count; copy->ignore_count++) {
		copy->ignore[copy->ignore_count] = strdup(config->ignore[copy->ignore_count]);
		if (!copy->ignore[copy->ignore_count])
			return -ENOMEM;
	}
	return 0;
}

/* ---- the thread's side ---- */

static void drop_order(void *message)
{
	struct order *order = message;

	free_config(&order->config);
	free(order->hits);
	free(order);
}

static void configure(struct folder *f, const struct order *order)
{
	struct worker *w = f->worker;

	if (worker_configure(w, &order->config))
		note(&w->notes, LOG_ERR,
		     "out of memory: not all of the folders' new configuration is followed, and nobody is told that a "
		     "name "
		     "does not exist: reload it again");
	else
		f->followed = order->configuration;
}

static void on_order(void *message, void *context)
{
	struct order *order = message;
	struct folder *f = context;
	struct worker *w = f->worker;

	if (order->what == ORDER_CONFIGURE)
		configure(f, order);
	else if (order->what == ORDER_RESCAN)
		roots_rescan(w);
	else if (order->what == ORDER_HITS && w->publisher)
		publisher_hits(w->publisher, order->hits, order->count);
	/* To stop, it is enough to have woken up. */
	worker_poke(w);
	drop_order(order);
}

static void drop_news(void *message)
{
	struct news *news = message;

	changes_free(news->changes, news->count);
	free(news->text);
	free(news);
}

static struct news *copy_news(const struct news *what)
{
	struct news *news = malloc(sizeof(*news));

	if (news)
		*news = *what;
	return news;
}

/*
 * Changes build on each other: without memory for one, nothing goes on before there is some, for a phone would be told
 * what was true once for as long as the daemon runs. Only who is to end anyway gives up.
 */
static void send_news(struct folder *f, const struct news *what)
{
	const struct timespec pause = { .tv_nsec = MEMORY_NS };
	struct news *news;

	while (!(news = copy_news(what)) && !atomic_load(&f->stop))
		nanosleep(&pause, NULL);
	while (news && mailbox_send(f->news, news)) {
		if (atomic_load(&f->stop)) {
			drop_news(news);
			return;
		}
		nanosleep(&pause, NULL);
	}
	if (!news) {
		changes_free(what->changes, what->count);
		free(what->text);
	}
}

static void tell(struct folder_change *changes, size_t count, void *context)
{
	send_news(context, &(struct news){ .what = NEWS_CHANGES, .changes = changes, .count = count });
}

static void tell_scanned(void *context)
{
	struct folder *f = context;

	send_news(f, &(struct news){ .what = NEWS_SCANNED, .configuration = f->followed });
}

static void tell_note(int level, const char *text, void *context)
{
	send_news(context, &(struct news){ .what = NEWS_NOTE, .level = level, .text = strdup(text) });
}

static void tell_status(const struct folder_status *status, void *context)
{
	struct folder *f = context;

	pthread_mutex_lock(&f->lock);
	f->status = *status;
	pthread_mutex_unlock(&f->lock);
}

static void *run(void *context)
{
	struct folder *f = context;

	event_base_dispatch(f->worker->base);
	return NULL;
}

/* ---- the main thread's side ---- */

static void on_news(void *message, void *context)
{
	struct news *news = message;
	struct folder *f = context;

	if (news->what == NEWS_CHANGES)
		f->hooks.changed(news->changes, news->count, f->hooks.context);
	else if (news->what == NEWS_SCANNED && news->configuration == f->configuration)
		f->hooks.scanned(f->hooks.context);
	else if (news->text)
		f->hooks.note(news->level, news->text, f->hooks.context);
	drop_news(news);
}

static int send_order(struct folder *f, struct order *order)
{
	int err = mailbox_send(f->orders, order);

	if (err)
		drop_order(order);
	return err;
}

static void free_roots(struct folder *f)
{
	while (f->root_count)
		free(f->roots[--f->root_count]);
	free(f->roots);
	f->roots = NULL;
}

static int remember_roots(struct folder *f, const struct config *config)
{
	free_roots(f);
	f->roots = calloc(config->root_count + 1, sizeof(*f->roots));
	if (!f->roots)
		return -ENOMEM;
	for (; f->root_count < config->root_count; f->root_count++) {
		f->roots[f->root_count] = strdup(config->roots[f->root_count].path);
		if (!f->roots[f->root_count])
			return -ENOMEM;
	}
	return 0;
}

static void free_folder(struct folder *f)
{
	mailbox_free(f->orders);
	if (f->worker)
		worker_free(f->worker);
	mailbox_free(f->news);
	free_roots(f);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* Signals are the main thread's. */
static int start_thread(struct folder *f)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

static int start(struct folder *f, const struct config *config, bool kernel, char *why, size_t room)
{
	const struct worker_hooks hooks = {
		.tell = tell,
		.scanned = tell_scanned,
		.note = tell_note,
		.status = tell_status,
		.context = f,
	};
	int err = worker_new(config, kernel, &hooks, &f->stop, &f->worker, why, room);

	if (err)
		return err;
	f->orders = mailbox_new(f->worker->base, on_order, drop_order, f);
	err = f->orders ? remember_roots(f, config) : -ENOMEM;
	if (!err)
		err = start_thread(f);
	if (err)
		snprintf(why, room, "the folder's thread: %s", strerror(-err));
	return err;
}

/**
 * folder_start() - watch the folders and serve what is in them
 * @base: the main thread's loop
 * @config: what to follow; copied
 * @kernel: publish to the module
 * @hooks: whom to tell
 * @out: where it goes
 * @why: the reason when it fails
 * @room: for it
 *
 * Return: 0 or a negative errno.
 */
int folder_start(struct event_base *base, const struct config *config, bool kernel, const struct folder_hooks *hooks,
		 struct folder **out, char *why, size_t room)
{
	struct folder *f = calloc(1, sizeof(*f));
	int err = -ENOMEM;

	snprintf(why, room, "out of memory");
	if (!f)
		return err;
	f->hooks = *hooks;
	pthread_mutex_init(&f->lock, NULL);
	f->news = mailbox_new(base, on_news, drop_news, f);
	if (f->news)
		err = start(f, config, kernel, why, room);
	if (err)
		free_folder(f);
	else
		*out = f;
	return err;
}

/**
 * folder_reconfigure() - follow other roots or rules
 * @f: folder
 * @config: what to follow; the state directory stays what it was at the start
 *
 * Return: 0, and the hook scanned is called once all of it was looked at; -ENOMEM, and nothing was changed: it is not.
 */
int folder_reconfigure(struct folder *f, const struct config *config)
{
	struct order *order = calloc(1, sizeof(*order));
	int err;

	if (!order)
		return -ENOMEM;
	order->what = ORDER_CONFIGURE;
	order->configuration = f->configuration + 1;
	if (copy_config(&order->config, config)) {
		drop_order(order);
		return -ENOMEM;
	}
	remember_roots(f, config);
	err = send_order(f, order);
	if (!err)
		f->configuration++;
	return err;
}

/**
 * folder_rescan() - look at everything anew
 * @f: folder
 */
void folder_rescan(struct folder *f)
{
	struct order *order = calloc(1, sizeof(*order));

	if (!order)
		return;
	order->what = ORDER_RESCAN;
	send_order(f, order);
}

/**
 * folder_tell_hits() - how often the engine served names
 * @f: folder
 * @hits: one block of memory, the folder's from now on
 * @count: how many
 */
void folder_tell_hits(struct folder *f, struct folder_hits *hits, size_t count)
{
	struct order *order = calloc(1, sizeof(*order));

	if (!order) {
		free(hits);
		return;
	}
	order->what = ORDER_HITS;
	order->hits = hits;
	order->count = count;
	send_order(f, order);
}

/**
 * folder_status_get() - how it stands
 * @f: folder
 * @status: where it goes
 */
void folder_status_get(struct folder *f, struct folder_status *status)
{
	pthread_mutex_lock(&f->lock);
	*status = f->status;
	pthread_mutex_unlock(&f->lock);
}

/**
 * folder_is_behind() - is something to be looked at
 * @f: folder
 *
 * While the thread copies a large file, events wait to be read.
 */
bool folder_is_behind(const struct folder *f)
{
	int fd = atomic_load(&f->worker->watch_fd), bytes = 0;

	return atomic_load(&f->worker->behind) || (fd >= 0 && !ioctl(fd, FIONREAD, &bytes) && bytes > 0);
}

/**
 * folder_open() - open a content for reading
 * @f: folder
 * @file: content
 *
 * Return: descriptor; a negative errno when it is no longer that.
 */
int folder_open(const struct folder *f, const struct folder_file *file)
{
	size_t i;

	if (!file->in_place)
		return store_open(f->worker->store, file->digest, file->size);
	for (i = 0; i < f->root_count; i++)
		if (resolve_is_below(f->roots[i], file->path))
			return resolve_file(f->roots[i], file->path, file->size, file->mtime_ns);
	return -ENOENT;
}

/**
 * folder_stop() - end the thread; what the module serves it goes on serving
 * @f: folder or NULL
 */
void folder_stop(struct folder *f)
{
	struct order *order = calloc(1, sizeof(*order));

	if (!f) {
		free(order);
		return;
	}
	atomic_store(&f->stop, true);
	if (order) {
		order->what = ORDER_STOP;
		send_order(f, order);
	}
	pthread_join(f->thread, NULL);
	free_folder(f);
}
