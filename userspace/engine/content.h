/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes that are served: of an open file that nobody changes, or of memory. Counted references; the last one closes
 * it. One thread.
 */
#ifndef KTFTP_CONTENT_H
#define KTFTP_CONTENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct content;

/* Takes the descriptor over, also when it fails: NULL and errno. The file's size is taken now. */
struct content *content_of_file(int fd);
/* Takes what was allocated by malloc() over. */
struct content *content_of_memory(void *bytes, size_t size);
struct content *content_get(struct content *content);
void content_put(struct content *content);
uint64_t content_size(const struct content *content);
/* Up to bytes from offset on; less at the end alone. Negative errno when the file cannot be read or was changed. */
ssize_t content_read(struct content *content, uint64_t offset, void *to, size_t bytes);
/* The same into several places, one after the other. */
ssize_t content_read_parts(struct content *content, uint64_t offset, const struct iovec *parts, int count);

#endif
