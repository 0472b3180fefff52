/* SPDX-License-Identifier: GPL-2.0 */
/* The guard's marker: a file in the state directory, whole or not there. Directories are descriptors. */
#ifndef KTFTPD_MARKER_H
#define KTFTPD_MARKER_H

#include <stdbool.h>

#define MARKER_NAME  "guard"
#define MARKER_FIELD 64

/**
 * struct marker - which boot used the module
 * @boot: the kernel's id of that boot
 * @time: when it was written, UTC
 * @kernel: release of the kernel that ran
 * @module: version of the module, or "not loaded"
 */
struct marker {
	char boot[MARKER_FIELD];
	char time[MARKER_FIELD];
	char kernel[MARKER_FIELD];
	char module[MARKER_FIELD];
};

/* One of this boot and moment. Return: 0, or a negative errno when the kernel does not tell. */
int marker_now(struct marker *marker);
/* Return: 0; -ENOENT; -EBADMSG when it cannot be understood; another negative errno. */
int marker_read(int directory, struct marker *marker);
/* It is on disk when this returns 0. */
int marker_write(int directory, const struct marker *marker);
/* Return: 0, also when there was none, or a negative errno. */
int marker_remove(int directory);

#endif
