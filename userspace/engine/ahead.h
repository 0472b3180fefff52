/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading ahead: a download in small blocks reads several of them by one system call, as long as there is memory for
 * that. The content never changes, so what was read stays true.
 */
#ifndef TFTP_AHEAD_H
#define TFTP_AHEAD_H

#include <stdint.h>
#include <sys/types.h>

#include "content.h"

#define TFTP_AHEAD_BYTES 8192         /* of one download */
#define TFTP_AHEAD_LEAST 4            /* blocks that are worth it */
#define TFTP_AHEAD_ALL   (32ul << 20) /* of all downloads */

/**
 * struct tftp_ahead - what was read of one content
 * @bytes: room of TFTP_AHEAD_BYTES, or NULL
 * @offset: where in the content it begins
 * @length: how much is there
 */
struct tftp_ahead {
	uint8_t *bytes;
	uint64_t offset;
	uint32_t length;
};

ssize_t tftp_ahead_read(struct tftp_ahead *ahead, size_t *all, struct content *content, uint64_t offset, void *to,
			size_t bytes);
void tftp_ahead_drop(struct tftp_ahead *ahead, size_t *all);

#endif
