/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opening what lies below a root, and nothing else: links are followed as long as they stay inside. The kernel looks
 * to it at each step (openat2), so nobody can change a link between a check and its use. Any thread.
 */
#ifndef KTFTPD_RESOLVE_H
#define KTFTPD_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

int resolve_open(int root, const char *real, const char *path, int flags);
int resolve_real(const char *real, const char *path, char **out);

bool resolve_is_below(const char *root, const char *path);
int resolve_file(const char *root, const char *path, uint64_t size, int64_t mtime_ns);

#endif
