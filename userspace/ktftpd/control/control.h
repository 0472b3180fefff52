/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket that ktftpctl speaks to: RUN_DIR/ktftpd.sock. A request is one line, a JSON object with "command"; the
 * answer is one line, {"ok": true, "result": ...} or {"ok": false, "error": TEXT}, each with "netns", the number of
 * the network namespace that the daemon serves. Who asks is known by SO_PEERCRED: root, the daemon's own user and the
 * admin group may change things, the read group may look. The main thread's.
 */
#ifndef KTFTPD_CONTROL_H
#define KTFTPD_CONTROL_H

#include "daemon.h"

/* -EADDRINUSE when another daemon answers there; a socket that nobody answers is replaced. */
int control_start(struct daemon *d, struct control **out, char *why, size_t room);
/* At a reload: the groups are looked up anew. */
void control_reconfigure(struct control *c, const struct config *config);
void control_stop(struct control *c);

#endif
