// SPDX-License-Identifier: GPL-2.0
/* The options, and where their words go. What of them concerns listeners and folders is in listen.c and roots.c. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "values.h"

#define METRICS_PORT    9469
#define SYSLOG_UDP_PORT "514"
#define SYSLOG_TCP_PORT "601"

static void *at(const struct reader *r, const struct setting *setting)
{
	return (char *)r->config + setting->offset;
}

static int take_bool(struct reader *r, const struct setting *setting, const char *text)
{
	if (!conf_bool(text, at(r, setting)))
		return 0;
	return conf_refuse(r, r->line, "%s is true or false, not '%s'", setting->name, text);
}

static int take_number(struct reader *r, const struct setting *setting, const char *text)
{
	uint64_t number;

	if (conf_number(text, setting->least, setting->most, &number))
		return conf_refuse(r, r->line, "%s is a number, %" PRIu64 " to %" PRIu64 ", not '%s'", setting->name,
				   setting->least, setting->most, text);
	*(uint32_t *)at(r, setting) = number;
	return 0;
}

static int take_time(struct reader *r, const struct setting *setting, const char *text)
{
	uint64_t ms;

	if (conf_time_ms(text, &ms) || ms < setting->least || ms > setting->most)
		return conf_refuse(r, r->line,
				   "%s is a time, a number with ms, s or min, %" PRIu64 "ms to %" PRIu64 "ms, not '%s'",
				   setting->name, setting->least, setting->most, text);
	*(uint32_t *)at(r, setting) = ms;
	r->times_line = r->line;
	return 0;
}

static int take_size(struct reader *r, const struct setting *setting, const char *text)
{
	uint64_t size;

	if (conf_size(text, &size) || size < setting->least)
		return conf_refuse(r, r->line, "%s is a number of bytes, or one with K, M or G as 512M, %s, not '%s'",
				   setting->name, setting->least ? "at least 1" : "at least 0", text);
	*(uint64_t *)at(r, setting) = size;
	return 0;
}

static int take_directory(struct reader *r, const struct setting *setting, const char *text, unsigned int *line)
{
	if (*text != '/' || !text[strspn(text, "/")])
		return conf_refuse(r, r->line, "%s is the absolute path of a directory, as %s, not '%s'", setting->name,
				   *(char **)at(r, setting), text);
	*line = r->line;
	return conf_keep_text(r, at(r, setting), text);
}

static int take_state_dir(struct reader *r, const struct setting *setting, const char *text)
{
	return take_directory(r, setting, text, &r->state_dir_line);
}

static int take_run_dir(struct reader *r, const struct setting *setting, const char *text)
{
	return take_directory(r, setting, text, &r->run_dir_line);
}

static int take_user(struct reader *r, const struct setting *setting, const char *text)
{
	if (!getpwnam(text))
		return conf_refuse(r, r->line, "there is no user '%s'; useradd --system makes one", text);
	return conf_keep_text(r, at(r, setting), text);
}

static int take_group(struct reader *r, const struct setting *setting, const char *text)
{
	if (!getgrnam(text))
		return conf_refuse(r, r->line, "there is no group '%s'; groupadd --system makes one", text);
	return conf_keep_text(r, at(r, setting), text);
}

static int take_engine(struct reader *r, const struct setting *setting, const char *text)
{
	static const char *const words[] = {
		[CONFIG_ENGINE_AUTO] = "auto",
		[CONFIG_ENGINE_KERNEL] = "kernel",
		[CONFIG_ENGINE_USER] = "user",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]))
			continue;
		r->config->engine = i;
		return 0;
	}
	return conf_refuse(r, r->line, "%s is auto, kernel or user, not '%s'", setting->name, text);
}

static int take_daemon_ports(struct reader *r, const struct setting *setting, const char *text)
{
	struct engine_limits *limits = &r->config->limits;

	if (conf_ports(text, &limits->port_first, &limits->port_last))
		return conf_refuse(r, r->line, "%s is a range of ports, as 64000-64999, not '%s'", setting->name, text);
	r->daemon_ports_line = r->line;
	return 0;
}

static void forget_ignored(struct reader *r)
{
	char **globs = r->ignore.items;

	while (r->ignore.count)
		free(globs[--r->ignore.count]);
}

static int add_ignored(struct reader *r, const char *glob)
{
	char **out = vector_add(&r->ignore);

	return out ? conf_keep_text(r, out, glob) : conf_refuse_memory(r);
}

/* Of text NULL: the list is empty. What is there by default goes unless the file adds to it. */
static int take_ignored(struct reader *r, const struct setting *setting, const char *text)
{
	if (!text || r->is_first)
		forget_ignored(r);
	if (!text)
		return 0;
	if (!conf_is_glob(text) || strchr(text, '/'))
		return conf_refuse(r, r->line,
				   "%s has patterns of file names with *, ? and [...], without directories, not '%s'",
				   setting->name, text);
	return add_ignored(r, text);
}

static int take_metrics(struct reader *r, const struct setting *setting, const char *text)
{
	struct config *config = r->config;

	if (!strcmp(text, "off")) {
		config->metrics.length = 0;
		return 0;
	}
	if (conf_address(text, &config->metrics, &config->metrics_port))
		return conf_refuse(r, r->line,
				   "%s is an address and a port, as 127.0.0.1:9469 or [::1]:9469, or off, not '%s'",
				   setting->name, text);
	if (!config->metrics_port)
		config->metrics_port = METRICS_PORT;
	return 0;
}

/* HOST, HOST:PORT, [ADDR] or [ADDR]:PORT; names are for who uses them. */
static int split_host(const char *text, const char **end, const char **port)
{
	uint64_t number;

	*port = NULL;
	if (*text == '[') {
		*end = strchr(text, ']');
		if (!*end || ((*end)[1] && (*end)[1] != ':'))
			return -EINVAL;
		if ((*end)[1])
			*port = *end + 2;
	} else {
		*end = text + strcspn(text, ":/");
		if (**end)
			*port = *end + 1;
		if (**end == '/')
			return -EINVAL;
	}
	return *port ? conf_number(*port, 1, UINT16_MAX, &number) : 0;
}

static int take_syslog(struct reader *r, const struct setting *setting, const char *text)
{
	bool tcp = !strncmp(text, "tcp://", 6);
	const char *host = text + 6, *end, *port;
	struct config_syslog *server;

	if ((!tcp && strncmp(text, "udp://", 6)) || split_host(host, &end, &port) || end == host)
		return conf_refuse(r, r->line, "%s has servers, as udp://HOST:514 or tcp://HOST:601, not '%s'",
				   setting->name, text);
	if (*host == '[')
		host++;
	server = vector_add(&r->syslog);
	if (!server)
		return conf_refuse_memory(r);
	server->tcp = tcp;
	server->host = strndup(host, end - host);
	server->port = strdup(port ? port : tcp ? SYSLOG_TCP_PORT : SYSLOG_UDP_PORT);
	return server->host && server->port ? 0 : conf_refuse_memory(r);
}

#define OPTION(option, function, member, ...)                                                              \
	{                                                                                                  \
		.name = option, .take = (function), .offset = offsetof(struct config, member), __VA_ARGS__ \
	}

static const struct setting top_settings[] = {
	{ .name = "root", .take = conf_take_root, .is_list = true },
	{ .name = "absent", .take = conf_take_absent, .is_list = true },
	{ .name = "engine", .take = take_engine },
	{ .name = "daemon-ports", .take = take_daemon_ports },
	OPTION("in-place", take_bool, in_place),
	OPTION("world-readable", take_bool, world_readable),
	OPTION("quiet", take_time, quiet_ms, .least = 10, .most = 60 * 1000),
	OPTION("settle", take_time, settle_ms, .least = 100, .most = 60 * 60 * 1000),
	{ .name = "ignore", .take = take_ignored, .is_list = true, .has_default = true },
	OPTION("max-file", take_size, max_file_bytes, .least = 1),
	OPTION("max-files", take_number, max_files, .least = 1, .most = 1 << 26),
	OPTION("state-dir", take_state_dir, state_dir),
	OPTION("run-dir", take_run_dir, run_dir),
	OPTION("pin-limit", take_size, pin_bytes),
	OPTION("budget", take_size, budget_bytes, .least = 1),
	OPTION("user", take_user, user),
	OPTION("group", take_group, group),
	OPTION("admin-group", take_group, admin_group),
	OPTION("read-group", take_group, read_group),
	{ .name = "metrics", .take = take_metrics },
};

static const struct setting view_settings[] = {
	{ .name = "root", .take = conf_take_root_of_view },
	{ .name = "absent", .take = conf_take_absent_of_view, .is_list = true },
};

static const struct setting log_settings[] = {
	OPTION("journal", take_bool, journal),
	OPTION("transfers", take_bool, log_transfers),
	OPTION("misses", take_bool, log_misses),
	OPTION("per-second", take_number, log_per_s, .least = 1, .most = 1000 * 1000),
	{ .name = "syslog", .take = take_syslog, .is_list = true },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct section_form *conf_section(enum section section)
{
	static const struct section_form forms[] = {
		[SECTION_TOP] = { NULL, NULL, top_settings, COUNT(top_settings) },
		[SECTION_VIEW] = { "view", conf_begin_view, view_settings, COUNT(view_settings) },
		[SECTION_LISTEN] = { "listen", conf_begin_listen, conf_listen_settings, LISTEN_SETTINGS },
		[SECTION_MODULE] = { "module", NULL, conf_module_settings, MODULE_SETTINGS },
		[SECTION_LOG] = { "log", NULL, log_settings, COUNT(log_settings) },
	};

	return &forms[section];
}
