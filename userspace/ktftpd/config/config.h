/* SPDX-License-Identifier: GPL-2.0 */
/* ktftpd.conf, read and checked as a whole: what a struct config says can be done, as far as the file tells. */
#ifndef KTFTPD_CONFIG_H
#define KTFTPD_CONFIG_H

#include "engine.h"
#include "ktftp.h"

#define CONFIG_PATH "/etc/ktftp/ktftpd.conf"

enum config_engine {
	CONFIG_ENGINE_AUTO,   /* the module where it is loaded, else user space, loudly */
	CONFIG_ENGINE_KERNEL, /* the module or nothing */
	CONFIG_ENGINE_USER,   /* user space, the module is left alone */
};

/* A folder whose files are served. */
struct config_root {
	char *path; /* absolute, canonical */
	char view[KTFTP_LABEL_MAX + 1];
};

enum config_absent_state {
	CONFIG_ABSENT_UNKNOWN, /* the module keeps it if it has it; it depends on names that are not known yet */
	CONFIG_ABSENT_GIVEN,   /* the module has it */
	CONFIG_ABSENT_HELD,    /* there is a name that it would deny */
};

/**
 * struct config_absent - a name or pattern that is answered with "not found" at once
 * @glob: it
 * @view: the layer it is in
 * @state: whether the module answers; absents.c
 */
struct config_absent {
	char *glob;
	char view[KTFTP_LABEL_MAX + 1];
	enum config_absent_state state;
};

/* A parameter of the module, docs/ABI; what is not in the file is left as it is. */
struct config_tunable {
	char *name;
	char *value;
	unsigned int line;
};

/* A syslog server. */
struct config_syslog {
	char *host;
	char *port;
	bool tcp;
};

/**
 * struct config - one configuration
 * @path: the file
 * @engine: who serves
 * @listeners: where; never none: all addresses, IPv4 and IPv6, port 69, when the file names none
 * @listener_count: how many
 * @roots: folders, the first counts when a name is in several
 * @root_count: how many
 * @stack: views that clients see, the uppermost first; those of the roots, and "default"
 * @stack_count: how many
 * @in_place: pin the folders' own files instead of copies
 * @world_readable: leave out what others may not read
 * @quiet_ms: how long nothing must have happened in a folder before it is served as it is then
 * @settle_ms: most that is waited for that
 * @ignore: globs of base names that are left out
 * @ignore_count: how many
 * @max_file_bytes: larger files are left out
 * @max_files: most files of all roots
 * @state_dir: where the store, its index and the guard are
 * @state_moved: it is below @run_dir, because where it was to be nothing can be written
 * @run_dir: where the control socket is
 * @pin_bytes: most that is to be held in the module, KTFTP_NO_LIMIT for what its budget allows
 * @budget_bytes: the namespace's budget to set, KTFTP_NO_LIMIT to leave it
 * @absents: names that are known not to exist
 * @absent_count: how many
 * @tunables: parameters of the module
 * @tunable_count: how many
 * @limits: the engine's; the tunables that it has as well
 * @user: whom to become when started by root, or NULL for nobody else; "ktftp" when the file has none and there is one
 * @group: his group, or NULL for his own
 * @admin_group: who may change things by the control socket, beside root and @user
 * @read_group: who may look
 * @journal: log to the journal or, in the foreground, to standard error
 * @log_transfers: a line for each download that ended
 * @log_misses: a line for each name that was not there
 * @log_per_s: most lines a second; what is beyond is counted
 * @syslog: servers to log to as well
 * @syslog_count: how many
 * @metrics: address to listen on for Prometheus, length 0 for none
 * @metrics_port: its port
 */
struct config {
	char *path;
	enum config_engine engine;
	struct ktftp_listener *listeners;
	size_t listener_count;
	struct config_root *roots;
	size_t root_count;
	char (*stack)[KTFTP_LABEL_MAX + 1];
	size_t stack_count;
	bool in_place;
	bool world_readable;
	uint32_t quiet_ms;
	uint32_t settle_ms;
	char **ignore;
	size_t ignore_count;
	uint64_t max_file_bytes;
	uint32_t max_files;
	char *state_dir;
	bool state_moved;
	char *run_dir;
	uint64_t pin_bytes;
	uint64_t budget_bytes;
	struct config_absent *absents;
	size_t absent_count;
	struct config_tunable *tunables;
	size_t tunable_count;
	struct engine_limits limits;
	char *user;
	char *group;
	char *admin_group;
	char *read_group;
	bool journal;
	bool log_transfers;
	bool log_misses;
	uint32_t log_per_s;
	struct config_syslog *syslog;
	size_t syslog_count;
	struct ktftp_address metrics;
	uint16_t metrics_port;
};

/* Return: 0 and the configuration, or a negative errno and "FILE:LINE: REASON" in why. */
int config_load(const char *path, struct config **out, char *why, size_t room);
void config_free(struct config *config);
/* Is it the same listener, whatever its properties: by address, port and device. */
bool config_is_same_listener(const struct ktftp_listener *a, const struct ktftp_listener *b);

#endif
