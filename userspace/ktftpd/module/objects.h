/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the configuration wants of the module, made so: listeners, absents (owner "config"), the stack of views, the
 * budget, tunables. Only what is the configuration's own is ever taken away. The main thread's.
 */
#ifndef KTFTPD_OBJECTS_H
#define KTFTPD_OBJECTS_H

#include "config/config.h"

/* What names a listener, for people: ADDR:PORT, [ADDR]:PORT, with the device behind it. */
#define OBJECTS_LISTENER_TEXT 96
const char *objects_listener_text(const struct ktftp_listener *listener, char out[OBJECTS_LISTENER_TEXT]);

/* Can all of it be done, as far as can be known without doing it? Return: 0 or a negative errno and the reason. */
int objects_check(struct ktftp *k, const struct config *config, char *why, size_t room);
/*
 * Makes it so. @before is what was in force, or NULL at start. A listener that @before has and @config lacks is
 * closed, its downloads finish. Goes on after a failure; why has the first one.
 */
int objects_apply(struct ktftp *k, const struct config *before, const struct config *config, char *why, size_t room);
/* Absents and the stack of views alone. */
int objects_apply_names(struct ktftp *k, const struct config *config, char *why, size_t room);
/* The module's parameters, in sysfs; to change one needs root. */
int tunables_apply(const struct config *config, char *why, size_t room);

/* left.c: what a daemon before left in the module, for one that serves in user space */
size_t objects_close_left(const struct config *config);
bool objects_left_at(uint16_t port, char text[OBJECTS_LISTENER_TEXT]);

#endif
