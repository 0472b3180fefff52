/* SPDX-License-Identifier: GPL-2.0 */
/* What the probes share. */
#ifndef KTFTP_CTL_PROBE_H
#define KTFTP_CTL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first line of a file, without its end. Return: 0 or a negative errno; *line is empty then. */
int read_line(const char *path, char *line, size_t room);
/* A number in a file, or 0. */
uint64_t read_number(const char *path);

#endif
