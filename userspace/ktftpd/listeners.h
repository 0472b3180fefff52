/* SPDX-License-Identifier: GPL-2.0 */
/* Where requests come in: listeners of the module or of the engine, and whether they take any. The main thread's. */
#ifndef KTFTPD_LISTENERS_H
#define KTFTPD_LISTENERS_H

#include "daemon.h"

/* At start; what else the configuration wants of the module as well. */
int listeners_begin(struct daemon *d, char *why, size_t room);
/* From d->config to config; a negative errno and the reason when nothing was changed. */
int listeners_reload(struct daemon *d, const struct config *config, char *why, size_t room);

#endif
