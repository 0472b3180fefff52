// SPDX-License-Identifier: GPL-2.0
/* See config.h. What is so when the file does not say, and a reading from its beginning to its end. */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader.h"

#define DAEMON_USER "ktftp"

/* Files that are on their way, or that an editor or a download leaves behind; hidden ones are left out anyway. */
static const char *const ignored_by_default[] = {
	"*~",           "*.bak",      "*.swp", "*.tmp", "*.temp", "*.part",   "*.partial", "*.filepart",
	"*.crdownload", "*.download", "*.new", "*.old", "*.orig", "*.dpkg-*", "#*#",       "lost+found",
};

int conf_refuse(struct reader *r, unsigned int line, const char *format, ...)
{
	char reason[1024];
	va_list arguments;

	if (r->err)
		return r->err;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	if (line)
		snprintf(r->why, r->room, "%s:%u: %s", r->path, line, reason);
	else
		snprintf(r->why, r->room, "%s: %s", r->path, reason);
	r->err = -EINVAL;
	return r->err;
}

int conf_refuse_memory(struct reader *r)
{
	if (!r->err) {
		snprintf(r->why, r->room, "%s: out of memory", r->path);
		r->err = -ENOMEM;
	}
	return r->err;
}

int conf_keep_text(struct reader *r, char **out, const char *text)
{
	free(*out);
	*out = strdup(text);
	return *out ? 0 : conf_refuse_memory(r);
}

static int set_ignored(struct reader *r)
{
	char **out;
	size_t i;

	for (i = 0; i < sizeof(ignored_by_default) / sizeof(ignored_by_default[0]); i++) {
		out = vector_add(&r->ignore);
		if (!out || conf_keep_text(r, out, ignored_by_default[i]))
			return conf_refuse_memory(r);
	}
	return 0;
}

/* Relative paths mean something else once the daemon is in another directory. */
static int set_path(struct reader *r)
{
	char *here;
	int err;

	if (*r->path == '/')
		return conf_keep_text(r, &r->config->path, r->path);
	here = getcwd(NULL, 0);
	if (!here)
		return conf_refuse(r, 0, "the path is relative, and the current directory is not known: %s",
				   strerror(errno));
	err = asprintf(&r->config->path, "%s/%s", strcmp(here, "/") ? here : "", r->path) < 0;
	free(here);
	if (!err)
		return 0;
	r->config->path = NULL;
	return conf_refuse_memory(r);
}

/* Root keeps nothing that it need not where the package made a user for the daemon. */
static int set_user(struct reader *r)
{
	return getpwnam(DAEMON_USER) ? conf_keep_text(r, &r->config->user, DAEMON_USER) : 0;
}

static int set_defaults(struct reader *r)
{
	struct config *config = r->config;

	config->engine = CONFIG_ENGINE_AUTO;
	config->world_readable = true;
	config->quiet_ms = 300;
	config->settle_ms = 10 * 1000;
	config->max_file_bytes = 4ull << 30;
	config->max_files = 1 << 18;
	config->pin_bytes = KTFTP_NO_LIMIT;
	config->budget_bytes = KTFTP_NO_LIMIT;
	engine_limits_default(&config->limits);
	config->limits.port_first = 64000;
	config->limits.port_last = 64999;
	config->journal = true;
	config->log_transfers = true;
	config->log_misses = true;
	config->log_per_s = 200;
	config->metrics = (struct ktftp_address){ .bytes = { 127, 0, 0, 1 }, .length = 4 };
	config->metrics_port = 9469;
	if (set_path(r) || set_ignored(r) || set_user(r) || conf_keep_text(r, &config->state_dir, "/var/lib/ktftp") ||
	    conf_keep_text(r, &config->run_dir, "/run/ktftp") ||
	    conf_keep_text(r, &config->admin_group, "ktftp-admin") ||
	    conf_keep_text(r, &config->read_group, "ktftp-read"))
		return r->err;
	return 0;
}

static int check_times(struct reader *r)
{
	if (r->config->settle_ms < r->config->quiet_ms)
		return conf_refuse(r, r->times_line,
				   "settle, %ums, is shorter than quiet, %ums; it has to be as long at least",
				   r->config->settle_ms, r->config->quiet_ms);
	return 0;
}

/* Lists go over to the configuration, complete or not, so that they go with it. */
static void hand_over(struct reader *r)
{
	struct config *config = r->config;

	config->ignore = r->ignore.items;
	config->ignore_count = r->ignore.count;
	config->absents = r->absents.items;
	config->absent_count = r->absents.count;
	config->tunables = r->tunables.items;
	config->tunable_count = r->tunables.count;
	config->syslog = r->syslog.items;
	config->syslog_count = r->syslog.count;
}

static void read_file(struct reader *r)
{
	char *text = set_defaults(r) ? NULL : conf_text_read(r);

	if (text && !conf_text_blank(r, text))
		conf_parse(r, text);
	free(text);
	if (!r->err && !check_times(r) && !conf_finish_listeners(r))
		conf_finish_roots(r);
	hand_over(r);
}

static void forget(struct reader *r)
{
	struct layer *layers = r->layers.items;
	size_t i;

	for (i = 0; i < r->layers.count; i++)
		free(layers[i].root);
	vector_free(&r->layers);
	vector_free(&r->seen);
	vector_free(&r->listeners);
	vector_free(&r->listener_lines);
}

static void init_lists(struct reader *r)
{
	r->seen.item_bytes = sizeof(struct seen);
	r->listeners.item_bytes = sizeof(struct ktftp_listener);
	r->listener_lines.item_bytes = sizeof(unsigned int);
	r->layers.item_bytes = sizeof(struct layer);
	r->absents.item_bytes = sizeof(struct config_absent);
	r->tunables.item_bytes = sizeof(struct config_tunable);
	r->syslog.item_bytes = sizeof(struct config_syslog);
	r->ignore.item_bytes = sizeof(char *);
}

/**
 * config_load() - read a configuration and check it
 * @path: file
 * @out: where the configuration goes
 * @why: where "FILE:LINE: REASON" goes when it is refused; "FILE: REASON" for the file as a whole
 * @room: of @why
 *
 * Uses libconfuse, which is not reentrant: one thread at a time. Return: 0 or a negative errno.
 */
int config_load(const char *path, struct config **out, char *why, size_t room)
{
	struct reader r = { .path = path, .why = why, .room = room };

	*out = NULL;
	init_lists(&r);
	r.config = calloc(1, sizeof(*r.config));
	if (!r.config)
		return conf_refuse_memory(&r);
	read_file(&r);
	forget(&r);
	if (r.err)
		config_free(r.config);
	else
		*out = r.config;
	return r.err;
}

static void free_lists(struct config *config)
{
	size_t i;

	for (i = 0; i < config->root_count; i++)
		free(config->roots[i].path);
	for (i = 0; i < config->ignore_count; i++)
		free(config->ignore[i]);
	for (i = 0; i < config->absent_count; i++)
		free(config->absents[i].glob);
	for (i = 0; i < config->tunable_count; i++) {
		free(config->tunables[i].name);
		free(config->tunables[i].value);
	}
	for (i = 0; i < config->syslog_count; i++) {
		free(config->syslog[i].host);
		free(config->syslog[i].port);
	}
	free(config->listeners);
	free(config->roots);
	free(config->stack);
	free(config->ignore);
	free(config->absents);
	free(config->tunables);
	free(config->syslog);
}

/**
 * config_free() - forget a configuration
 * @config: configuration, or NULL
 */
void config_free(struct config *config)
{
	if (!config)
		return;
	free_lists(config);
	free(config->path);
	free(config->state_dir);
	free(config->run_dir);
	free(config->user);
	free(config->group);
	free(config->admin_group);
	free(config->read_group);
	free(config);
}
