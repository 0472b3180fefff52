/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon wants of the system: systemd's protocol, another user and few capabilities, the module loaded, and
 * the guard: a marker that stands while the module has not run for ten quiet minutes; when it is found after a boot,
 * the kernel may have crashed because of the module, which is not loaded then. The main thread's.
 */
#ifndef KTFTPD_SYSTEM_H
#define KTFTPD_SYSTEM_H

#include "daemon.h"

/* systemd's: nothing happens where it is not there. */
void system_ready(const char *status);
void system_reloading(void);
void system_stopping(void);
void system_status(const char *status);
/* Keeps the watchdog quiet from the loop, for as long as that turns. */
int system_watchdog_start(struct event_base *base);

/*
 * Becomes the configuration's user, with CAP_NET_ADMIN, CAP_NET_BIND_SERVICE and CAP_LEASE, as far as they are there,
 * and no more; nothing but dropping capabilities when not started by root. After system_make_directories(), which
 * gives him his directories, and before any thread. Fails when something is left that should not be.
 */
int system_drop_privileges(const struct config *config, char *why, size_t room);

/*
 * Makes state_dir and run_dir, and when root does gives them to the configuration's user. A state_dir that cannot be
 * written to becomes one below run_dir, with a note in why, which is empty otherwise.
 */
int system_make_directories(struct config *config, char *why, size_t room);

enum guard_state {
	GUARD_CLEAR,
	GUARD_TRIPPED, /* the last boot ended badly with the module in use */
};

/* Before the module is loaded or used: sets the marker, unless it tripped. why is a note, or empty. */
enum guard_state guard_begin(const struct config *config, char *why, size_t room);
/* Clears the marker after ten minutes. */
int guard_watch(struct event_base *base, const struct config *config);
/* A clean end: the marker of this boot goes, one that tripped stays. */
int guard_end(const struct config *config);
/* The operator says so: whatever marker there is goes. */
int guard_clear(const struct config *config);

/* Loads the module unless it is there; 0, or a negative errno and the reason. */
int module_load(char *why, size_t room);
bool module_is_loaded(void);

#endif
