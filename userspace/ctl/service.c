// SPDX-License-Identifier: GPL-2.0
/* ktftpctl reload, drain, undrain and guard: what the daemon is told. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"

const char help_reload[] = "  reload             let ktftpd read its configuration again; a bad one changes nothing\n";

const char help_drain[] =
	"  drain              take no new requests: they are met with silence, which sends phones\n"
	"                     to their second server; running transfers finish\n";

const char help_undrain[] = "  undrain            take requests again\n";

const char help_guard[] =
	"  guard [show]       whether the machine went down with the module in use\n"
	"  guard clear        let ktftpd use the module again after the machine went down with it\n";

/* Where the guard's marker is unless the configuration says otherwise. */
#define GUARD_FILE "/var/lib/ktftp/guard"

/* Asks for something that has nothing to be printed but in JSON. */
static int tell(struct ctl *ctl, const char *command)
{
	json_t *result = daemon_ask(ctl, command, NULL);

	if (!result)
		return CTL_FAILED;
	if (ctl->json)
		print_json(result);
	json_decref(result);
	return CTL_OK;
}

int cmd_reload(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);

	return status ? status : tell(ctl, "reload");
}

/* ---- drain ---- */

#define MOST_LISTENERS 4096

struct listeners {
	struct ktftp_listener *list;
	size_t count;
};

static int note_listener(const struct ktftp_listener *listener, void *context)
{
	struct listeners *all = context;
	struct ktftp_listener *list;

	/* One that was deleted takes no requests, and never will. */
	if (listener->state == KTFTP_LISTENER_STATE_CLOSING || all->count == MOST_LISTENERS)
		return 0;
	list = reallocarray(all->list, all->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list[all->count++] = *listener;
	all->list = list;
	return 0;
}

/* All listeners of the module, whoever made them. */
static int drain_module(struct ctl *ctl, bool drain)
{
	struct listeners all = {};
	int err = ktftp_listener_list(ctl->k, note_listener, &all);
	size_t i;

	for (i = 0; !err && i < all.count; i++)
		err = drain ? ktftp_listener_drain(ctl->k, &all.list[i]) : ktftp_listener_resume(ctl->k, &all.list[i]);
	free(all.list);
	if (err)
		return module_failed(ctl);
	if (ctl->json) {
		json_t *result = json_pack("{s:b}", "draining", drain);

		print_json(result);
		json_decref(result);
	}
	return CTL_OK;
}

/* Where there is a daemon it is asked, for it remembers; where it may not be asked it is not gone around. */
static int change_drain(struct ctl *ctl, struct words *words, bool drain)
{
	char no_daemon[1024], no_module[256];
	int status = end_of_line(ctl, words), err;

	if (status)
		return status;
	err = daemon_find(ctl, no_daemon, sizeof(no_daemon));
	if (!err)
		return tell(ctl, drain ? "drain" : "undrain");
	if (err != -ENOENT && err != -EXDEV)
		return failed(ctl, "%s", no_daemon);
	if (!try_module(ctl, no_module, sizeof(no_module)))
		return drain_module(ctl, drain);
	return failed(ctl, "%s, and %s", no_module, no_daemon);
}

int cmd_drain(struct ctl *ctl, struct words *words)
{
	return change_drain(ctl, words, true);
}

int cmd_undrain(struct ctl *ctl, struct words *words)
{
	return change_drain(ctl, words, false);
}

/* ---- guard ---- */

/* Without the daemon there is a file. */
static json_t *ask_guard(struct ctl *ctl, const char *command, const char *instead)
{
	json_t *result;
	char why[1024];
	int err;

	result = daemon_try(ctl, command, NULL, &err, why, sizeof(why));
	if (!result && err == -ENOENT)
		failed(ctl, "%s; without it: %s " GUARD_FILE ", or guard in its state-dir", why, instead);
	else if (!result)
		failed(ctl, "%s", why);
	return result;
}

static void print_guard(const json_t *guard)
{
	const char *state = get_text(guard, "guard");

	if (!strcmp(state, "clear"))
		printf("clear: the machine did not go down with the module in use\n");
	else if (!strcmp(state, "set"))
		printf("set: the module is in use, and ten quiet minutes are not over\n");
	else
		printf("tripped: the machine went down while the module was in use\n");
	if (*get_text(guard, "time"))
		printf("since %s, kernel %s, module %s\n", get_text(guard, "time"), get_text(guard, "kernel"),
		       get_text(guard, "module"));
}

static int guard_show(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);
	json_t *result;

	if (status)
		return status;
	result = ask_guard(ctl, "guard", "cat");
	if (result && ctl->json)
		print_json(result);
	else if (result)
		print_guard(result);
	status = result ? CTL_OK : CTL_FAILED;
	json_decref(result);
	return status;
}

static int guard_clear(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);
	json_t *result;

	if (status)
		return status;
	result = ask_guard(ctl, "guard-clear", "rm");
	if (result && ctl->json)
		print_json(result);
	status = result ? CTL_OK : CTL_FAILED;
	json_decref(result);
	return status;
}

int cmd_guard(struct ctl *ctl, struct words *words)
{
	static const struct command verbs[] = {
		{ "show", guard_show, NULL },
		{ "clear", guard_clear, NULL },
		{ NULL, NULL, NULL },
	};
	const char *word = next_word(words);
	const struct command *verb;

	if (!word)
		return guard_show(ctl, words);
	verb = find_command(ctl, verbs, word);
	return verb ? verb->run(ctl, words) : CTL_USAGE;
}
