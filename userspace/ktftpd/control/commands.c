// SPDX-License-Identifier: GPL-2.0
/* Requests: taken apart, permitted, done. Each command is one function of the table. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "log/trail.h"
#include "serve/catalogue.h"
#include "system/marker.h"
#include "system/system.h"

/* NULL and the reason when it cannot be done. */
typedef json_t *(*command_fn)(struct daemon *d, const json_t *request, char *why, size_t room);

struct command {
	const char *name;
	enum control_right right;
	command_fn run;
};

static json_t *run_status(struct daemon *d, const json_t *request, char *why, size_t room)
{
	(void)request;
	(void)why;
	(void)room;
	return value_status(d);
}

static json_t *run_reload(struct daemon *d, const json_t *request, char *why, size_t room)
{
	(void)request;
	return daemon_reload(d, why, room) ? NULL : json_pack("{s:s}", "config", d->config->path);
}

static json_t *change_drain(struct daemon *d, bool drain, char *why, size_t room)
{
	return daemon_drain(d, drain, why, room) ? NULL : json_pack("{s:b}", "draining", drain);
}

static json_t *run_drain(struct daemon *d, const json_t *request, char *why, size_t room)
{
	(void)request;
	return change_drain(d, true, why, room);
}

static json_t *run_undrain(struct daemon *d, const json_t *request, char *why, size_t room)
{
	(void)request;
	return change_drain(d, false, why, room);
}

static json_t *run_trace(struct daemon *d, const json_t *request, char *why, size_t room)
{
	const json_t *pattern = json_object_get(request, "pattern"), *after = json_object_get(request, "after");
	json_t *events;

	if (!json_is_string(pattern) || !*json_string_value(pattern)) {
		snprintf(why, room, "trace needs a pattern, a text");
		return NULL;
	}
	if (after && (!json_is_integer(after) || json_integer_value(after) < 0)) {
		snprintf(why, room, "after is the number of an event");
		return NULL;
	}
	events = trail_find(d->trail, json_string_value(pattern), json_integer_value(after), why, room);
	return events ? json_pack("{s:o}", "events", events) : NULL;
}

static json_t *run_transfers(struct daemon *d, const json_t *request, char *why, size_t room)
{
	(void)request;
	(void)why;
	(void)room;
	return json_pack("{s:o}", "transfers", value_transfers(d));
}

static json_t *run_stats(struct daemon *d, const json_t *request, char *why, size_t room)
{
	(void)request;
	(void)why;
	(void)room;
	return json_pack("{s:o}", "stats", value_stats(d->engine));
}

static json_t *run_list(struct daemon *d, const json_t *request, char *why, size_t room)
{
	const json_t *glob = json_object_get(request, "glob"), *from = json_object_get(request, "from");

	if (glob && !json_is_string(glob)) {
		snprintf(why, room, "glob is a text");
		return NULL;
	}
	if (from && (!json_is_integer(from) || json_integer_value(from) < 0)) {
		snprintf(why, room, "from is the number of a name");
		return NULL;
	}
	return value_names(d, json_string_value(glob), json_integer_value(from));
}

/* "clear", "set" by this boot, or "tripped": left by another one. */
static const char *guard_name(int err, const struct marker *found)
{
	struct marker now;

	if (err == -ENOENT)
		return "clear";
	return !err && !marker_now(&now) && !strcmp(now.boot, found->boot) ? "set" : "tripped";
}

static json_t *run_guard(struct daemon *d, const json_t *request, char *why, size_t room)
{
	int directory = open(d->config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = -errno;
	struct marker found = {};

	(void)request;
	if (directory >= 0) {
		err = marker_read(directory, &found);
		close(directory);
	}
	if (err && err != -ENOENT && err != -EBADMSG) {
		snprintf(why, room, "cannot look at %s/" MARKER_NAME ": %s", d->config->state_dir, strerror(-err));
		return NULL;
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "guard", guard_name(err, &found), "time", value_text(found.time),
			 "kernel", value_text(found.kernel), "module", value_text(found.module));
}

static json_t *run_guard_clear(struct daemon *d, const json_t *request, char *why, size_t room)
{
	int err = guard_clear(d->config);

	(void)request;
	if (!err || err == -ENOENT)
		return json_object();
	snprintf(why, room, "cannot clear the guard in %s: %s", d->config->state_dir, strerror(-err));
	return NULL;
}

static const struct command commands[] = {
	{ "status", CONTROL_READ, run_status }, { "reload", CONTROL_CHANGE, run_reload },
	{ "drain", CONTROL_CHANGE, run_drain }, { "undrain", CONTROL_CHANGE, run_undrain },
	{ "trace", CONTROL_READ, run_trace },   { "transfers", CONTROL_READ, run_transfers },
	{ "stats", CONTROL_READ, run_stats },   { "list", CONTROL_READ, run_list },
	{ "guard", CONTROL_READ, run_guard },   { "guard-clear", CONTROL_CHANGE, run_guard_clear },
};

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

json_t *command_refusal(const char *text)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error", value_text(text));
}

static bool is_named(const char *group)
{
	return group && *group;
}

/* "root", "root and the group ktftp-admin", ... */
static void say_who(const struct config *config, enum control_right right, char *out, size_t room)
{
	const bool look = right == CONTROL_READ && is_named(config->read_group);

	if (is_named(config->admin_group) && look)
		snprintf(out, room, "root and the groups %s and %s", config->admin_group, config->read_group);
	else if (is_named(config->admin_group) || look)
		snprintf(out, room, "root and the group %s", look ? config->read_group : config->admin_group);
	else
		snprintf(out, room, "root");
}

static json_t *refuse_right(const struct daemon *d, const struct command *command)
{
	char who[160], text[256];

	say_who(d->config, command->right, who, sizeof(who));
	snprintf(text, sizeof(text), "not permitted: %s is for %s", command->name, who);
	return command_refusal(text);
}

json_t *command_stranger(const struct daemon *d)
{
	char who[160], text[256];

	say_who(d->config, CONTROL_READ, who, sizeof(who));
	snprintf(text, sizeof(text), "not permitted: the daemon tells things to %s", who);
	return command_refusal(text);
}

static json_t *run(struct daemon *d, const struct command *command, const json_t *request)
{
	char why[1024] = "out of memory";
	json_t *result = command->run(d, request, why, sizeof(why));

	return result ? json_pack("{s:b, s:o}", "ok", 1, "result", result) : command_refusal(why);
}

static json_t *answer(struct daemon *d, enum control_right right, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "command"));
	const struct command *command = name ? find_command(name) : NULL;

	if (!name)
		return command_refusal("a request is a JSON object with \"command\"");
	if (!command)
		return command_refusal("no such command: is ktftpctl newer than ktftpd?");
	if (right < command->right)
		return refuse_right(d, command);
	return run(d, command, request);
}

json_t *command_answer(struct daemon *d, enum control_right right, const char *line, size_t length)
{
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL), *result;

	result = answer(d, right, request);
	json_decref(request);
	return result;
}
