// SPDX-License-Identifier: GPL-2.0
/* Before the daemon is there: directories, the guard, the module, tunables, another user. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "module/objects.h"
#include "start.h"
#include "system/system.h"

/* Only root can load it. */
static void load_if_root(struct start *start)
{
	char why[256];

	if (module_is_loaded() || geteuid() != 0)
		return;
	if (module_load(why, sizeof(why)))
		snprintf(start->note, sizeof(start->note), "%s", why);
}

static void set_tunables_if_root(struct start *start, const struct config *config)
{
	char why[256];

	if (geteuid() != 0 || !config->tunable_count || !tunables_apply(config, why, sizeof(why)))
		return;
	snprintf(start->note, sizeof(start->note), "%s", why);
}

/* The module is wanted and may be used: a connection to it. */
static int connect_module(struct start *start, const struct config *config, char *why, size_t room)
{
	int err;

	load_if_root(start);
	err = ktftp_open(&start->kernel);
	if (!err) {
		set_tunables_if_root(start, config);
		return 0;
	}
	snprintf(why, room, "%s", start->kernel ? ktftp_error(start->kernel) : "out of memory");
	ktftp_close(start->kernel);
	start->kernel = NULL;
	return err;
}

/* engine = auto and kernel. */
static int choose_engine(struct start *start, const struct config *config, char *why, size_t room)
{
	char reason[256];
	int err;

	if (guard_begin(config, reason, sizeof(reason)) == GUARD_TRIPPED) {
		snprintf(start->alarm, sizeof(start->alarm), "%s", reason);
		return 0;
	}
	if (*reason)
		snprintf(start->note, sizeof(start->note), "%s", reason);
	err = connect_module(start, config, reason, sizeof(reason));
	if (!err)
		return 0;
	/* Not used after all. */
	guard_end(config);
	if (config->engine == CONFIG_ENGINE_KERNEL) {
		snprintf(why, room, "engine = kernel, but %s", reason);
		return err;
	}
	snprintf(start->alarm, sizeof(start->alarm), "everything is served in user space, slower: %s", reason);
	return 0;
}

int start_prepare(struct start *start, struct config *config, char *why, size_t room)
{
	int err = system_make_directories(config, start->note, sizeof(start->note));

	if (err) {
		snprintf(why, room, "%s", start->note);
		return err;
	}
	/* Files that are served in place are open once for each download. */
	ktftp_more_descriptors();
	if (config->engine != CONFIG_ENGINE_USER)
		err = choose_engine(start, config, why, room);
	if (!err)
		err = system_drop_privileges(config, why, room);
	if (err) {
		ktftp_close(start->kernel);
		start->kernel = NULL;
		guard_end(config);
	}
	return err;
}

/* A module that is there already is guarded by who uses it: a reload must not set the marker anew. */
static int load_guarded(const struct config *config, char *why, size_t room)
{
	int err;

	if (guard_begin(config, why, room) == GUARD_TRIPPED)
		return -EPERM;
	err = module_load(why, room);
	if (err)
		guard_end(config);
	return err;
}

int start_load_module(struct config *config, char *why, size_t room)
{
	int err;

	if (config->engine == CONFIG_ENGINE_USER)
		return 0;
	err = system_make_directories(config, why, room);
	if (!err && !module_is_loaded())
		err = load_guarded(config, why, room);
	return err ? err : tunables_apply(config, why, room);
}

int start_set_parameters(const struct config *config, char *why, size_t room)
{
	if (config->engine == CONFIG_ENGINE_USER || !module_is_loaded())
		return 0;
	return tunables_apply(config, why, room);
}
