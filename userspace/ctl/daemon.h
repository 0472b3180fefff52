/* SPDX-License-Identifier: GPL-2.0 */
/* ktftpctl's side of the control socket of ktftpd. */
#ifndef KTFTP_CTL_DAEMON_H
#define KTFTP_CTL_DAEMON_H

#include <jansson.h>

#include "ctl.h"

#define DAEMON_SOCKET    "/run/ktftp/ktftpd.sock"
/* In the environment, in its place. */
#define DAEMON_SOCKET_BY "KTFTP_SOCKET"

/* Where the daemon is looked for. */
const char *daemon_socket(const struct ctl *ctl);
/*
 * Asks, by a connection that stays; @arguments, or NULL, are taken over. What "result" is, or NULL and the reason in
 * @why; *err is -ENOENT then when no daemon answers, -EACCES when it may not be asked, -EREMOTEIO when it refused,
 * another negative errno.
 */
json_t *daemon_try(struct ctl *ctl, const char *command, json_t *arguments, int *err, char *why, size_t room);
/* The same; NULL after the reason was said. */
json_t *daemon_ask(struct ctl *ctl, const char *command, json_t *arguments);
/* Is there a daemon of this network namespace? 0; -ENOENT and the like of daemon_try(); -EXDEV when it is another one's. */
int daemon_find(struct ctl *ctl, char *why, size_t room);
/* Whether the last answer came from a daemon of this network namespace. */
bool daemon_is_here(const struct ctl *ctl);
/* Asks what is of this network namespace alone; a daemon of another one is none here, and said to be so. */
json_t *daemon_ask_here(struct ctl *ctl, const char *command, json_t *arguments);
/* What a daemon of this network namespace says; NULL, and nothing is said, when there is none that can be asked. */
json_t *daemon_ask_quietly(struct ctl *ctl, const char *command, json_t *arguments);
void daemon_close(struct ctl *ctl);

/* Members of objects; 0, false and "" where there is none. */
json_int_t get_integer(const json_t *object, const char *name);
bool get_flag(const json_t *object, const char *name);
const char *get_text(const json_t *object, const char *name);

#endif
