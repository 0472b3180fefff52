/* SPDX-License-Identifier: GPL-2.0 */
/* How the daemon was begun, and by which engine it serves. */
#ifndef KTFTPD_START_H
#define KTFTPD_START_H

#include "daemon.h"

/**
 * struct start - what is known before the daemon is there
 * @foreground: -f
 * @kernel: connection to the module, NULL to serve in user space; the daemon's when there is one
 * @note: something to be told, empty for nothing
 * @alarm: why the module is not used although it may be, empty for nothing
 */
struct start {
	bool foreground;
	struct ktftp *kernel;
	char note[512];
	char alarm[512];
};

/* Decides who serves, loads the module where that is to be, becomes the configuration's user. */
int start_prepare(struct start *start, struct config *config, char *why, size_t room);
/* ktftpd --load-module: guard, module, tunables; for who is root. */
int start_load_module(struct config *config, char *why, size_t room);
/* ktftpd --set-parameters: tunables alone, of a module that is there; nothing is loaded, so there is no guard to set. */
int start_set_parameters(const struct config *config, char *why, size_t room);

int daemon_new(const struct start *start, struct config *config, struct daemon **out, char *why, size_t room);
void daemon_free(struct daemon *d);

#endif
