/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktftpd: the one context of the daemon, and who does what.
 *
 *   config/   the configuration file, checked as a whole
 *   folder/   a thread of its own: watches the roots, copies into the store, publishes to the module
 *   serve/    the catalogue of names, and the one handler of requests
 *   module/   what the daemon wants of the module: listeners, absents, views, tunables; hand-over; events
 *   log/      lines about downloads and misses: journal, syslog; the trail that "ktftpctl trace" shows; metrics
 *   control/  the socket that ktftpctl speaks to
 *   system/   systemd, users and capabilities, loading the module, the guard against boot loops
 *
 * The main thread runs the event base: requests, the engine, control, metrics. The folder's thread runs one of its
 * own; the two talk by mailboxes alone.
 */
#ifndef KTFTPD_DAEMON_H
#define KTFTPD_DAEMON_H

#include <event2/event.h>

#include "config/config.h"
#include "engine.h"
#include "ktftp.h"

struct catalogue;
struct control;
struct events;
struct folder;
struct handover;
struct log;
struct metrics;
struct serve;
struct trail;

/**
 * struct daemon - everything
 * @base: the main thread's loop
 * @config: what is in force
 * @kernel: the main thread's connection to the module; NULL when everything is served by the engine
 * @engine: the engine of user space; always there
 * @catalogue: names and what they mean
 * @serve: the handler of requests
 * @folder: the folder's thread
 * @handover: requests of the module; NULL without it
 * @events: what the module tells; NULL without it
 * @log: where lines go
 * @trail: the last things that happened, for "ktftpctl trace"
 * @control: ktftpctl's socket
 * @metrics: Prometheus' socket, or NULL
 * @hits: tells the folder's thread what the engine served
 * @alarm: what an operator has to know, e.g. why the module is not used; NULL for nothing
 * @own_views: of the stack of @config, those that are its own; behind them stand views of the configuration before,
 *	until the folders were read as the new one has them; 0 when there are none of these
 * @absents_due: which absents the module may have is about to be looked at; absents.c
 * @started: when, CLOCK_MONOTONIC seconds
 * @draining: new requests are met with silence
 * @failed: the exit status is not to be 0
 */
struct daemon {
	struct event_base *base;
	struct config *config;
	struct ktftp *kernel;
	struct engine *engine;
	struct catalogue *catalogue;
	struct serve *serve;
	struct folder *folder;
	struct handover *handover;
	struct events *events;
	struct log *log;
	struct trail *trail;
	struct control *control;
	struct metrics *metrics;
	struct event *hits;
	char *alarm;
	size_t own_views;
	int64_t started;
	bool absents_due;
	bool draining;
	bool failed;
};

/* daemon.c: what control and signals ask for */

/* Checks the file and makes it so; -EINVAL and the reason in why, "FILE:LINE: ...", when nothing was changed. */
int daemon_reload(struct daemon *d, char *why, size_t room);
/* New requests are met with silence, or no longer; running downloads finish. */
int daemon_drain(struct daemon *d, bool drain, char *why, size_t room);
void daemon_stop(struct daemon *d);

#endif
