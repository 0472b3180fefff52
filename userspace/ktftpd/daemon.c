// SPDX-License-Identifier: GPL-2.0
/*
 * The daemon's life: what is begun in which order and ended in the other one, what a reload changes, and what each
 * part tells the others. See daemon.h for the parts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "absents.h"
#include "control/control.h"
#include "daemon.h"
#include "folder/folder.h"
#include "listeners.h"
#include "log/log.h"
#include "log/metrics.h"
#include "log/trail.h"
#include "module/handover.h"
#include "module/objects.h"
#include "serve/catalogue.h"
#include "serve/serve.h"
#include "start.h"
#include "system/system.h"

/* How often the folder's thread is told what the engine served. */
#define HITS_S 60

/* ---- what the parts tell ---- */

static void on_request(const struct ktftp_handed *request, void *context)
{
	struct daemon *d = context;

	serve_request(d->serve, NULL, request);
}

static void on_start(const struct ktftp_transfer *transfer, void *context)
{
	struct daemon *d = context;

	trail_transfer(d->trail, TRAIL_START, transfer, "user");
}

static void on_end(const struct ktftp_transfer *transfer, void *context)
{
	struct daemon *d = context;

	trail_transfer(d->trail, TRAIL_END, transfer, "user");
	log_transfer(d->log, transfer, "user");
}

static void on_changed(const struct folder_change *changes, size_t count, void *context)
{
	struct daemon *d = context;

	if (catalogue_apply(d->catalogue, changes, count)) {
		log_say(d->log, LOG_ERR,
			"out of memory: some names cannot be served, and nobody is told any more that one does not "
			"exist: restart the daemon with more memory");
		serve_lost_names(d->serve);
	}
	absents_changed(d, changes, count);
	serve_changed(d->serve);
}

static size_t stack_of(const struct config *config, const char *views[KTFTP_STACK_MAX])
{
	size_t i;

	for (i = 0; i < config->stack_count && i < KTFTP_STACK_MAX; i++)
		views[i] = config->stack[i];
	return i;
}

static int set_stack(struct catalogue *catalogue, const struct config *config)
{
	const char *views[KTFTP_STACK_MAX];
	size_t count = stack_of(config, views);

	return catalogue_set_stack(catalogue, views, count);
}

/* What was in views that are no longer configured is in others now, or gone. */
static void leave_old_views(struct daemon *d)
{
	const char *views[KTFTP_STACK_MAX];
	size_t count;

	if (!d->own_views)
		return;
	d->config->stack_count = d->own_views;
	d->own_views = 0;
	count = stack_of(d->config, views);
	catalogue_set_stack(d->catalogue, views, count);
	if (d->kernel && ktftp_view_set(d->kernel, views, count))
		log_say(d->log, LOG_ERR, "the views cannot be changed: %s", ktftp_error(d->kernel));
}

static void on_scanned(void *context)
{
	struct daemon *d = context;

	leave_old_views(d);
	absents_review(d);
	log_say(d->log, LOG_INFO, "the folders were read: %zu names", catalogue_count(d->catalogue));
	serve_scanned(d->serve);
}

static void on_note(int level, const char *text, void *context)
{
	struct daemon *d = context;

	log_say(d->log, level, "%s", text);
}

/* ---- hits ---- */

struct collection {
	struct folder_hits *hits;
	char *names;
	size_t count;
	size_t bytes;
	bool copy;
};

/* Once to know how much room is needed, once to fill it. */
static int collect(struct item *item, void *context)
{
	struct collection *c = context;
	size_t bytes = strlen(item->name) + 1;

	if (!item->hits)
		return 0;
	if (c->copy) {
		struct folder_hits *hits = &c->hits[c->count];

		strcpy(hits->view, item->view);
		hits->name = memcpy(c->names + c->bytes, item->name, bytes);
		hits->hits = item->hits;
		item->hits = 0;
	}
	c->count++;
	c->bytes += bytes;
	return 0;
}

static void on_hits(evutil_socket_t fd, short what, void *context)
{
	struct collection c = {};
	struct daemon *d = context;
	size_t count;

	(void)fd;
	(void)what;
	catalogue_each(d->catalogue, collect, &c);
	if (!c.count)
		return;
	count = c.count;
	c.hits = malloc(count * sizeof(*c.hits) + c.bytes);
	if (!c.hits)
		return;
	c.names = (char *)(c.hits + count);
	c.count = 0;
	c.bytes = 0;
	c.copy = true;
	catalogue_each(d->catalogue, collect, &c);
	folder_tell_hits(d->folder, c.hits, count);
}

/* ---- begin and end ---- */

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Without the module by its own hand: what an operator has to know. */
static void raise_alarm(struct daemon *d, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return;
	free(d->alarm);
	d->alarm = copy;
	log_say(d->log, LOG_ALERT, "%s", text);
}

static int no_memory(char *why, size_t room)
{
	snprintf(why, room, "out of memory");
	return -ENOMEM;
}

/* What needs nobody else. */
static int begin_parts(struct daemon *d, char *why, size_t room)
{
	const struct engine_hooks hooks = {
		.request = on_request,
		.start = on_start,
		.end = on_end,
		.context = d,
	};

	d->trail = trail_new(TRAIL_EVENTS);
	d->catalogue = catalogue_new();
	if (!d->trail || !d->catalogue || set_stack(d->catalogue, d->config))
		return no_memory(why, room);
	d->engine = engine_new(d->base, &d->config->limits, &hooks);
	d->serve = serve_new(d);
	return d->engine && d->serve ? 0 : no_memory(why, room);
}

static int begin_folder(struct daemon *d, char *why, size_t room)
{
	const struct folder_hooks hooks = {
		.changed = on_changed,
		.scanned = on_scanned,
		.note = on_note,
		.context = d,
	};

	return folder_start(d->base, d->config, d->kernel, &hooks, &d->folder, why, room);
}

/* Is somebody the daemon before the first request can come: a miss is answered by who knows, or not at all. */
static int begin_serving(struct daemon *d, char *why, size_t room)
{
	int err = 0;

	if (d->kernel) {
		err = handover_start(d, &d->handover, why, room);
		if (!err)
			serve_attached(d->serve);
		if (!err)
			err = events_start(d, &d->events, why, room);
	}
	if (!err)
		err = begin_folder(d, why, room);
	return err ? err : listeners_begin(d, why, room);
}

static int begin_timers(struct daemon *d, char *why, size_t room)
{
	static const struct timeval interval = { .tv_sec = HITS_S };

	d->hits = event_new(d->base, -1, EV_PERSIST, on_hits, d);
	if (!d->hits || event_add(d->hits, &interval) || system_watchdog_start(d->base))
		return no_memory(why, room);
	return d->kernel ? guard_watch(d->base, d->config) : 0;
}

/* A second daemon is told so before anything is touched. */
static int begin(struct daemon *d, char *why, size_t room)
{
	int err = begin_parts(d, why, room);

	if (!err)
		err = control_start(d, &d->control, why, room);
	if (!err)
		err = begin_serving(d, why, room);
	if (!err)
		err = metrics_start(d, d->config, &d->metrics, why, room);
	return err ? err : begin_timers(d, why, room);
}

/**
 * daemon_new() - begin to serve
 * @start: how it was begun
 * @config: its configuration, which is the daemon's from then on, also when it fails
 * @out: the daemon; to be freed in any case when it is not NULL
 * @why: the reason of a failure
 * @room: bytes for it
 *
 * Return: 0 or a negative errno.
 */
int daemon_new(const struct start *start, struct config *config, struct daemon **out, char *why, size_t room)
{
	struct daemon *d = calloc(1, sizeof(*d));
	int err;

	*out = d;
	if (!d) {
		config_free(config);
		return no_memory(why, room);
	}
	d->config = config;
	d->started = now_s();
	d->base = event_base_new();
	if (!d->base)
		return no_memory(why, room);
	d->log = log_new(d->base, config, start->foreground);
	if (!d->log)
		return no_memory(why, room);
	if (*start->note)
		log_say(d->log, LOG_WARNING, "%s", start->note);
	if (*start->alarm)
		raise_alarm(d, start->alarm);
	d->kernel = start->kernel;
	err = begin(d, why, room);
	if (err)
		return err;
	log_say(d->log, LOG_NOTICE, "ktftpd %s serves %zu folder%s, %s", KTFTP_VERSION, config->root_count,
		config->root_count == 1 ? "" : "s", d->kernel ? "by the kernel module" : "in user space");
	return 0;
}

/**
 * daemon_free() - end; what the module serves goes on being served
 * @d: daemon, or NULL
 */
void daemon_free(struct daemon *d)
{
	if (!d)
		return;
	metrics_stop(d->metrics);
	control_stop(d->control);
	events_stop(d->events);
	handover_stop(d->handover);
	if (d->folder)
		folder_stop(d->folder);
	if (d->hits)
		event_free(d->hits);
	serve_free(d->serve);
	engine_free(d->engine);
	catalogue_free(d->catalogue);
	trail_free(d->trail);
	log_free(d->log);
	ktftp_close(d->kernel);
	free(d->alarm);
	config_free(d->config);
	if (d->base)
		event_base_free(d->base);
	free(d);
}

void daemon_stop(struct daemon *d)
{
	system_stopping();
	event_base_loopbreak(d->base);
}

/* ---- reload ---- */

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What was decided at the start stays until the next one. */
static void keep(struct daemon *d, const char *what, bool same)
{
	if (!same)
		log_say(d->log, LOG_WARNING, "%s has changed, which takes effect when ktftpd is started again", what);
}

static void swap(char **a, char **b)
{
	char *was = *a;

	*a = *b;
	*b = was;
}

static void keep_what_cannot_change(struct daemon *d, struct config *config)
{
	struct config *now = d->config;

	keep(d, "engine", config->engine == now->engine);
	keep(d, "state-dir", is_same(config->state_dir, now->state_dir) || now->state_moved);
	keep(d, "run-dir", is_same(config->run_dir, now->run_dir));
	keep(d, "user or group", is_same(config->user, now->user) && is_same(config->group, now->group));
	config->engine = now->engine;
	config->state_moved = now->state_moved;
	swap(&config->state_dir, &now->state_dir);
	swap(&config->run_dir, &now->run_dir);
}

/* Without root, the module's parameters stay as they are: that is said. */
static void set_tunables(struct daemon *d)
{
	char why[512];

	if (d->kernel && d->config->tunable_count && tunables_apply(d->config, why, sizeof(why)))
		log_say(d->log, LOG_WARNING, "%s", why);
}

/* ---- metrics at a reload: begun before anything else changes, in place of those before when all is well ---- */

static bool has_same_metrics(const struct config *a, const struct config *b)
{
	return a->metrics_port == b->metrics_port && !memcmp(&a->metrics, &b->metrics, sizeof(a->metrics));
}

static void restart_metrics(struct daemon *d)
{
	char why[256];

	if (metrics_start(d, d->config, &d->metrics, why, sizeof(why)))
		log_say(d->log, LOG_ERR, "metrics: %s", why);
}

/* Those that are there, when nothing has changed. */
static int begin_metrics(struct daemon *d, const struct config *config, struct metrics **out, char *why, size_t room)
{
	int err;

	*out = d->metrics;
	if (has_same_metrics(d->config, config))
		return 0;
	err = metrics_start(d, config, out, why, room);
	if (err != -EADDRINUSE || !d->metrics || config->metrics_port != d->config->metrics_port)
		return err;
	/* It may be our own socket that has the port, e.g. at all addresses. */
	metrics_stop(d->metrics);
	d->metrics = NULL;
	err = metrics_start(d, config, out, why, room);
	if (err)
		restart_metrics(d);
	return err;
}

static void take_metrics_back(struct daemon *d, struct metrics *new)
{
	if (new == d->metrics)
		return;
	metrics_stop(new);
	if (!d->metrics)
		restart_metrics(d);
}

static void swap_metrics(struct daemon *d, struct metrics *new)
{
	if (new == d->metrics)
		return;
	metrics_stop(d->metrics);
	d->metrics = new;
}

static bool has_view(const struct config *config, const char *view)
{
	size_t i;

	for (i = 0; i < config->stack_count; i++)
		if (!strcmp(config->stack[i], view))
			return true;
	return false;
}

/*
 * Clients go on seeing what is in the views there were, below the new ones, until these were filled: a name that moves
 * from one to the other is never missing.
 */
static int keep_old_views(const struct config *now, struct config *config, size_t *own)
{
	char(*stack)[KTFTP_LABEL_MAX + 1] = reallocarray(config->stack, KTFTP_STACK_MAX, sizeof(*stack));
	size_t i;

	if (!stack)
		return -ENOMEM;
	config->stack = stack;
	*own = config->stack_count;
	for (i = 0; i < now->stack_count && config->stack_count < KTFTP_STACK_MAX; i++)
		if (!has_view(config, now->stack[i]))
			strcpy(stack[config->stack_count++], now->stack[i]);
	if (config->stack_count == *own)
		*own = 0;
	return 0;
}

/* Everything was checked: from here on what fails is told, and the rest is done. */
static void put_in_force(struct daemon *d, struct config *config)
{
	struct config *before = d->config;

	keep_what_cannot_change(d, config);
	d->config = config;
	engine_set_limits(d->engine, &config->limits);
	serve_reloaded(d->serve);
	if (log_reconfigure(d->log, config) || set_stack(d->catalogue, config) || folder_reconfigure(d->folder, config))
		log_say(d->log, LOG_ERR, "out of memory: not all of the new configuration is in force");
	control_reconfigure(d->control, config);
	set_tunables(d);
	config_free(before);
}

/* What may be refused. */
static int change_sockets(struct daemon *d, const struct config *config, char *why, size_t room)
{
	struct metrics *metrics;
	int err = begin_metrics(d, config, &metrics, why, room);

	if (err)
		return err;
	err = listeners_reload(d, config, why, room);
	if (err)
		take_metrics_back(d, metrics);
	else
		swap_metrics(d, metrics);
	return err;
}

int daemon_reload(struct daemon *d, char *why, size_t room)
{
	struct config *config;
	size_t own = 0;
	int err;

	system_reloading();
	err = config_load(d->config->path, &config, why, room);
	if (!err) {
		err = keep_old_views(d->config, config, &own);
		if (err)
			no_memory(why, room);
		if (!err) {
			absents_expect(d, config);
			err = change_sockets(d, config, why, room);
		}
		if (err)
			config_free(config);
	}
	if (!err) {
		d->own_views = own;
		put_in_force(d, config);
		log_say(d->log, LOG_NOTICE, "the configuration was read again");
	} else {
		log_say(d->log, LOG_ERR, "the configuration is refused, nothing has changed: %s", why);
	}
	system_ready(err ? "the last reload was refused" : "serving");
	return err;
}
