/* SPDX-License-Identifier: GPL-2.0 */
/* File names that differ from client to client. */
#ifndef BENCH_NAMES_H
#define BENCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>

bool name_expand(char *out, size_t room, const char *pattern, unsigned int client);

#endif
