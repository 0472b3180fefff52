// SPDX-License-Identifier: GPL-2.0
/* See listeners.h. That the server drains outlives the daemon, in a file below run-dir. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listeners.h"
#include "log/log.h"
#include "module/objects.h"
#include "system/system.h"

/* ---- listeners of the engine ---- */

/* With everything that can be said of one. */
static bool is_identical(const struct ktftp_listener *a, const struct ktftp_listener *b)
{
	return config_is_same_listener(a, b) && a->flags == b->flags && a->tid_first == b->tid_first &&
	       a->tid_last == b->tid_last && a->dscp == b->dscp && a->mark == b->mark;
}

static const struct ktftp_listener *find(const struct config *config, const struct ktftp_listener *listener)
{
	size_t i;

	for (i = 0; config && i < config->listener_count; i++)
		if (config_is_same_listener(&config->listeners[i], listener))
			return &config->listeners[i];
	return NULL;
}

/* The module goes on serving when the daemon does not: an operator has to know which of the two he is up against. */
static void say_who_has_it(const struct ktftp_listener *listener, char *why, size_t room)
{
	char text[OBJECTS_LISTENER_TEXT];

	if (objects_left_at(listener->port, text))
		snprintf(why, room,
			 "port %u: the module ktftp listens there already, at %s, as ktftpctl listen shows; ktftpctl "
			 "listen del ADDR[:PORT] ends that, then restart ktftpd",
			 listener->port, text);
}

static int add(struct daemon *d, const struct ktftp_listener *listener, char *why, size_t room)
{
	static const struct ktftp_address any6 = { .length = 16 };
	int err = engine_listener_add(d->engine, listener);
	char text[OBJECTS_LISTENER_TEXT];

	/* Nobody asked for IPv6 by name. */
	if (err == -EAFNOSUPPORT && !memcmp(&listener->address, &any6, sizeof(any6))) {
		log_say(d->log, LOG_NOTICE, "this kernel has no IPv6: served over IPv4 alone");
		return 0;
	}
	if (err)
		snprintf(why, room, "listen %s: %s", objects_listener_text(listener, text), engine_error(d->engine));
	if (err == -EADDRINUSE)
		say_who_has_it(listener, why, room);
	return err;
}

static int compare_listener(const struct ktftp_listener *listener, void *context)
{
	return config_is_same_listener(listener, context) ? 1 : 0;
}

/* A reload that was refused may not have been able to open it again. */
static bool is_open(struct daemon *d, const struct ktftp_listener *listener)
{
	return engine_listener_list(d->engine, compare_listener, (void *)listener) == 1;
}

static void open_again(struct daemon *d, const struct ktftp_listener *was)
{
	if (engine_listener_add(d->engine, was))
		log_say(d->log, LOG_ERR,
			"a listener as it was before cannot be opened again: %s; the next reload tries",
			engine_error(d->engine));
}

/* Adds what before lacks or has otherwise; count says how many of config's were looked at. */
static int add_new(struct daemon *d, const struct config *before, const struct config *config, size_t *count, char *why,
		   size_t room)
{
	const struct ktftp_listener *was, *now;
	int err;

	for (*count = 0; *count < config->listener_count; ++*count) {
		now = &config->listeners[*count];
		was = find(before, now);
		if (was && is_identical(was, now) && is_open(d, was))
			continue;
		/* The port is taken by ourselves: its downloads are cut. */
		if (was)
			engine_listener_del(d->engine, was, true);
		err = add(d, now, why, room);
		if (err) {
			if (was)
				open_again(d, was);
			return err;
		}
	}
	return 0;
}

static void take_back(struct daemon *d, const struct config *before, const struct config *config, size_t count)
{
	const struct ktftp_listener *was;
	size_t i;

	for (i = 0; i < count; i++) {
		was = find(before, &config->listeners[i]);
		if (was && is_identical(was, &config->listeners[i]))
			continue;
		engine_listener_del(d->engine, &config->listeners[i], true);
		if (was)
			open_again(d, was);
	}
}

static void delete_old(struct daemon *d, const struct config *before, const struct config *config)
{
	size_t i;

	for (i = 0; i < before->listener_count; i++)
		if (!find(config, &before->listeners[i]))
			engine_listener_del(d->engine, &before->listeners[i], false);
}

static int change_engine(struct daemon *d, const struct config *before, const struct config *config, char *why,
			 size_t room)
{
	size_t count;
	int err = add_new(d, before, config, &count, why, room);

	if (err)
		take_back(d, before, config, count);
	else if (before)
		delete_old(d, before, config);
	return err;
}

/* ---- draining ---- */

static void drain_path(const struct daemon *d, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/drained", d->config->run_dir);
}

static int note_drain(const struct daemon *d, bool drain)
{
	char path[PATH_MAX];
	int fd;

	drain_path(d, path);
	if (!drain)
		return unlink(path) && errno != ENOENT ? -errno : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Listeners of the module or of the engine: a list is not to change while it is read. */
struct draining {
	struct ktftp_listener *listeners;
	size_t count;
};

static int keep_listener(const struct ktftp_listener *listener, void *context)
{
	struct draining *all = context;
	struct ktftp_listener *listeners = reallocarray(all->listeners, all->count + 1, sizeof(*listeners));

	if (!listeners)
		return -ENOMEM;
	all->listeners = listeners;
	listeners[all->count++] = *listener;
	return 0;
}

static int drain_one(struct daemon *d, const struct ktftp_listener *listener, bool drain)
{
	/* It takes none already, and will not again. */
	if (listener->state == KTFTP_LISTENER_STATE_CLOSING)
		return 0;
	if (!d->kernel)
		return engine_listener_drain(d->engine, listener, drain);
	return drain ? ktftp_listener_drain(d->kernel, listener) : ktftp_listener_resume(d->kernel, listener);
}

static int drain_all(struct daemon *d, bool drain, char *why, size_t room)
{
	struct draining all = {};
	int err, one;
	size_t i;

	err = d->kernel ? ktftp_listener_list(d->kernel, keep_listener, &all) :
			  engine_listener_list(d->engine, keep_listener, &all);
	for (i = 0; i < all.count; i++) {
		one = drain_one(d, &all.listeners[i], drain);
		if (!err)
			err = one;
	}
	free(all.listeners);
	if (err)
		snprintf(why, room, "%s", d->kernel ? ktftp_error(d->kernel) : engine_error(d->engine));
	return err;
}

int daemon_drain(struct daemon *d, bool drain, char *why, size_t room)
{
	int err = note_drain(d, drain);

	if (err) {
		snprintf(why, room, "cannot note it below %s: %s", d->config->run_dir, strerror(-err));
		return err;
	}
	d->draining = drain;
	err = drain_all(d, drain, why, room);
	log_say(d->log, LOG_NOTICE, drain ? "drained: new requests meet silence" : "no longer drained");
	system_status(drain ? "drained" : "serving");
	return err;
}

static int drain_as_before(struct daemon *d, char *why, size_t room)
{
	char path[PATH_MAX];

	drain_path(d, path);
	if (access(path, F_OK))
		return 0;
	d->draining = true;
	log_say(d->log, LOG_WARNING, "drained, as before the start: ktftpctl undrain ends that");
	return drain_all(d, true, why, room);
}

/* ---- both ---- */

static int count_listener(const struct ktftp_listener *listener, void *context)
{
	(void)listener;
	++*(size_t *)context;
	return 0;
}

/* The module may refuse some of it; with no listener at all there is nothing to serve. */
static int begin_module(struct daemon *d, char *why, size_t room)
{
	size_t count = 0;
	int err = objects_apply(d->kernel, NULL, d->config, why, room);

	if (!err)
		return 0;
	log_say(d->log, LOG_ERR, "%s", why);
	ktftp_listener_list(d->kernel, count_listener, &count);
	return count ? 0 : err;
}

/* With engine = user the module is not to serve what it did for the daemon before; otherwise it may be wanted again. */
static int begin_engine(struct daemon *d, char *why, size_t room)
{
	size_t closed = d->config->engine == CONFIG_ENGINE_USER ? objects_close_left(d->config) : 0;

	if (closed)
		log_say(d->log, LOG_NOTICE, "engine = user: %zu listeners that ktftpd had in the module are closed",
			closed);
	return change_engine(d, NULL, d->config, why, room);
}

int listeners_begin(struct daemon *d, char *why, size_t room)
{
	int err = d->kernel ? begin_module(d, why, room) : begin_engine(d, why, room);

	return err ? err : drain_as_before(d, why, room);
}

int listeners_reload(struct daemon *d, const struct config *config, char *why, size_t room)
{
	int err;

	if (d->kernel) {
		err = objects_check(d->kernel, config, why, room);
		if (err)
			return err;
		if (objects_apply(d->kernel, d->config, config, why, room))
			log_say(d->log, LOG_ERR, "%s", why);
	} else {
		err = change_engine(d, d->config, config, why, room);
		if (err)
			return err;
	}
	if (d->draining && drain_all(d, true, why, room))
		log_say(d->log, LOG_ERR, "new listeners are not drained: %s", why);
	return 0;
}
