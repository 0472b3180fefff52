// SPDX-License-Identifier: GPL-2.0
/* ktftpctl status: the daemon as a whole. */
#include <jansson.h>
#include <string.h>

#include "daemon.h"

const char help_status[] =
	"  status             how ktftpd is: its module, where it listens, its folders, what it\n"
	"                     has done\n";

static long long number(const json_t *object, const char *name)
{
	return get_integer(object, name);
}

/* With names of files in it, perhaps, which are no commands for a terminal. */
static const char *words_of(const json_t *object, const char *name, char *out, size_t room)
{
	return show_name(get_text(object, name), out, room);
}

static const char *size(const json_t *object, const char *name, char *out, size_t room)
{
	return show_bytes(get_integer(object, name), out, room);
}

static void print_daemon(const json_t *s, bool here)
{
	char age[32], alarm[1024];

	printf("ktftpd     %s, pid %lld, up %s%s\n", get_text(s, "version"), number(s, "pid"),
	       show_age(get_integer(s, "uptime_s") * 1000, age, sizeof(age)),
	       here ? "" : ", in another network namespace");
	printf("config     %s\n", get_text(json_object_get(s, "config"), "path"));
	if (*get_text(s, "alarm"))
		printf("alarm      %s\n", words_of(s, "alarm", alarm, sizeof(alarm)));
	if (get_flag(s, "draining"))
		printf("draining   new requests are met with silence (ktftpctl undrain)\n");
}

static void print_engine(const json_t *s)
{
	const json_t *module = json_object_get(s, "module");
	char why[1024];

	if (get_flag(module, "used"))
		printf("engine     the kernel module, %s, %s (engine = %s)\n", get_text(module, "version"),
		       get_flag(module, "attached") ? "attached" : "not attached", get_text(s, "engine_wanted"));
	else
		printf("engine     user space: %s (engine = %s)\n", words_of(module, "why", why, sizeof(why)),
		       get_text(s, "engine_wanted"));
}

static void print_listeners(const json_t *listeners)
{
	const json_t *l;
	size_t i;

	if (!json_array_size(listeners))
		printf("listening  nowhere\n");
	json_array_foreach(listeners, i, l)
	{
		const char *address = get_text(l, "address"), *device = get_text(l, "device");
		bool brackets = strchr(address, ':');

		printf("listening  %s%s%s:%lld%s%s, %s, %s, %lld transfers\n", brackets ? "[" : "", address,
		       brackets ? "]" : "", number(l, "port"), *device ? " dev " : "", device, get_text(l, "engine"),
		       get_text(l, "state"), number(l, "transfers"));
	}
}

static void print_folder(const json_t *f)
{
	char all[32], pinned[32], problem[1024];

	if (!json_is_object(f))
		return;
	printf("folders    %lld files, %s; %lld in the module, %s; %lld arriving, %lld left out%s\n",
	       number(f, "files"), size(f, "bytes", all, sizeof(all)), number(f, "pinned"),
	       size(f, "pinned_bytes", pinned, sizeof(pinned)), number(f, "arriving"), number(f, "left_out"),
	       get_flag(f, "scanned") ? "" : "; not all of it was looked at yet");
	if (*get_text(f, "problem"))
		printf("problem    %s\n", words_of(f, "problem", problem, sizeof(problem)));
}

static void print_counts(const json_t *s)
{
	const json_t *r = json_object_get(s, "serve"), *log = json_object_get(s, "log");

	if (json_is_object(r))
		printf("requests   %lld: %lld given to the module, %lld served by the daemon, %lld waited, "
		       "%lld not found, %lld met with silence, %lld refused\n",
		       number(r, "requests"), number(r, "started"), number(r, "served"), number(r, "parked"),
		       number(r, "not_found"), number(r, "silent"), number(r, "refused"));
	printf("transfers  %lld by the daemon now\n", number(s, "transfers"));
	if (json_is_object(log))
		printf("log        %lld lines, %lld dropped, %lld not sent\n", number(log, "written"),
		       number(log, "dropped"), number(log, "unsent"));
}

int cmd_status(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);
	json_t *answer;

	if (status)
		return status;
	answer = daemon_ask(ctl, "status", NULL);
	if (!answer)
		return CTL_FAILED;
	if (ctl->json) {
		json_object_set_new(answer, "here", json_boolean(daemon_is_here(ctl)));
		print_json(answer);
	} else {
		print_daemon(answer, daemon_is_here(ctl));
		print_engine(answer);
		print_listeners(json_object_get(answer, "listeners"));
		print_folder(json_object_get(answer, "folder"));
		print_counts(answer);
	}
	json_decref(answer);
	return CTL_OK;
}
