/* SPDX-License-Identifier: GPL-2.0 */
/* Who serves in this network namespace: the module, the daemon, or the daemon what the module does not. */
#ifndef KTFTP_CTL_SERVER_H
#define KTFTP_CTL_SERVER_H

#include <jansson.h>

#include "ctl.h"

/* As "engine" has it in JSON. */
#define ENGINE_KERNEL "kernel"
#define ENGINE_USER   "user"

/* Anything but 0 ends it and becomes its result. */
typedef int (*running_fn)(const struct ktftp_transfer *transfer, const char *engine, void *context);

/* The module where it is loaded: ctl->k is set then, and else the daemon is to be asked. Says so when neither is there. */
int connect_server(struct ctl *ctl);
/* Transfers under way, the module's first; connect_server() was called. What went wrong was said. */
int each_transfer(struct ctl *ctl, running_fn fn, void *context);
/*
 * What the daemon says of what it serves, by "transfers" or "list". *out is NULL when the module is there and no
 * daemon: there is nothing more to be listed. Says what went wrong.
 */
int ask_served(struct ctl *ctl, const char *command, json_t *arguments, json_t **out);
/* The other way round than json_transfer(). */
void parse_transfer(const json_t *object, struct ktftp_transfer *out);

#endif
