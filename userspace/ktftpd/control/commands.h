/* SPDX-License-Identifier: GPL-2.0 */
/* What can be asked by the control socket. */
#ifndef KTFTPD_COMMANDS_H
#define KTFTPD_COMMANDS_H

#include <jansson.h>

#include "daemon.h"
#include "rights.h"

/*
 * Does what a line says, if who sent it may; the answer is {"ok": true, "result": ...} or {"ok": false, "error":
 * TEXT}. NULL for want of memory.
 */
json_t *command_answer(struct daemon *d, enum control_right right, const char *line, size_t length);
/* The second of those. */
json_t *command_refusal(const char *text);
/* What those hear who may not even look. */
json_t *command_stranger(const struct daemon *d);

/* values.c: how things look */
json_t *value_text(const char *text);
json_t *value_listeners(struct daemon *d);
json_t *value_transfers(struct daemon *d);
json_t *value_stats(const struct engine *e);
json_t *value_folder(struct daemon *d);
json_t *value_serve(struct daemon *d);
json_t *value_log(struct daemon *d);
/*
 * A piece of the list of names that match the glob, or of all for NULL: {"names": [...], "next": where the next piece
 * begins, null at the end, "of": all names there are}. Names that come or go between two pieces move the others.
 */
json_t *value_names(struct daemon *d, const char *glob, size_t from);

/* status.c */
json_t *value_status(struct daemon *d);

#endif
