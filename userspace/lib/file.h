/* SPDX-License-Identifier: GPL-2.0 */
/* Inside libktftp: files that are to be published, and copies of them in sealed memfds. */
#ifndef KTFTP_FILE_H
#define KTFTP_FILE_H

#include <sys/stat.h>

#include "connection.h"

/* Memory may be so short that pages go as fast as they come: then it is copied. */
#define WARM_TRIES 3

int file_check(struct ktftp *k, const char *path, int fd, struct stat *status);
int file_open(struct ktftp *k, int directory, const char *path, struct stat *status);
int file_warm(struct ktftp *k, const char *path, int fd);
void file_source(int fd, char out[KTFTP_SOURCE_MAX + 1]);
bool file_is_sealed(int fd);
bool file_is_writable(int fd);
bool file_can_be_pinned(int fd);

int memfd_new(struct ktftp *k);
int memfd_seal(struct ktftp *k, int fd);
int file_copy(struct ktftp *k, const char *path, int from, int to, uint64_t at, uint64_t *size);
int file_sealed_copy(struct ktftp *k, const char *path, int from, uint64_t *size);

#endif
