// SPDX-License-Identifier: GPL-2.0
/* The daemon as a whole, for "ktftpctl status" and "ktftpctl doctor". */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "serve/catalogue.h"

#define MODULE_VERSION_FILE "/sys/module/ktftp/version"

static const char *wanted_name(enum config_engine engine)
{
	static const char *const names[] = { "auto", "kernel", "user" };

	return names[engine];
}

/* Of the loaded module, used or not; NULL when there is none. */
static json_t *module_version(struct daemon *d)
{
	struct ktftp_info info;
	char text[32] = "";
	FILE *file;

	if (d->kernel && !ktftp_info_get(d->kernel, &info))
		return json_string(info.version);
	file = fopen(MODULE_VERSION_FILE, "re");
	if (!file)
		return json_null();
	if (fgets(text, sizeof(text), file))
		text[strcspn(text, "\n")] = 0;
	fclose(file);
	return value_text(text);
}

static json_t *why_no_module(const struct daemon *d)
{
	if (d->kernel)
		return json_null();
	if (d->config->engine == CONFIG_ENGINE_USER)
		return json_string("the module is not wanted");
	return value_text(d->alarm ?: "it is not loaded");
}

static json_t *value_module(struct daemon *d)
{
	return json_pack("{s:o, s:b, s:b, s:o}", "version", module_version(d), "used", d->kernel != NULL,
			 "attached", d->handover != NULL, "why", why_no_module(d));
}

static int64_t uptime_s(const struct daemon *d)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - d->started;
}

static json_t *value_config(const struct daemon *d)
{
	const struct config *c = d->config;

	return json_pack("{s:o, s:o, s:o, s:i, s:i}", "path", value_text(c->path ?: ""),
			 "state_dir", value_text(c->state_dir ?: ""), "run_dir", value_text(c->run_dir ?: ""),
			 "daemon_port_first", c->limits.port_first, "daemon_port_last", c->limits.port_last);
}

json_t *value_status(struct daemon *d)
{
	return json_pack("{s:s, s:I, s:I, s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:I, s:I, s:o, s:o}",
			 "version", KTFTP_VERSION, "pid", (json_int_t)getpid(),
			 "uptime_s", (json_int_t)uptime_s(d),
			 "engine", d->kernel ? "kernel" : "user",
			 "engine_wanted", wanted_name(d->config->engine),
			 "module", value_module(d),
			 "alarm", d->alarm ? value_text(d->alarm) : json_null(),
			 "draining", d->draining,
			 "config", value_config(d),
			 "listeners", value_listeners(d),
			 "folder", value_folder(d),
			 "names", (json_int_t)catalogue_count(d->catalogue),
			 "transfers", (json_int_t)engine_transfers(d->engine),
			 "serve", value_serve(d),
			 "log", value_log(d));
}
