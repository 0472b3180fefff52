/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: a picture of the daemon as Prometheus reads it, text format 0.0.4. */
#ifndef KTFTPD_METRICS_TEXT_H
#define KTFTPD_METRICS_TEXT_H

#include <event2/buffer.h>

#include "folder/folder.h"
#include "ktftp.h"
#include "log/log.h"
#include "serve/serve.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/**
 * struct metrics_snapshot - everything at one moment
 * @started: when, seconds since 1970
 * @wants_kernel: the configuration wants the module, or takes it where it is
 * @has_kernel: the module is in use and answers; else @info, @kernel do not count
 * @attached: requests of the module come to this daemon
 * @info: the module's version and memory
 * @kernel: the module's counters
 * @user: the engine's
 * @user_transfers: downloads that the engine has now
 * @folder: the folder
 * @serve: requests
 * @log: lines
 * @draining: new requests are met with silence
 * @alarm: there is something that an operator has to know
 */
struct metrics_snapshot {
	int64_t started;
	bool wants_kernel;
	bool has_kernel;
	bool attached;
	struct ktftp_info info;
	struct ktftp_stats kernel;
	struct ktftp_stats user;
	size_t user_transfers;
	struct folder_status folder;
	struct serve_counts serve;
	struct log_counts log;
	bool draining;
	bool alarm;
};

/* Return: 0 or -ENOMEM. */
int metrics_text(struct evbuffer *out, const struct metrics_snapshot *snapshot);

/* What a counter of the statistics means, by enum ktftp_a_stats, or NULL for none. */
const char *metrics_stats_help(unsigned int counter);

#endif
