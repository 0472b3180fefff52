// SPDX-License-Identifier: GPL-2.0
/* See ahead.h. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ahead.h"

static bool has(const struct tftp_ahead *ahead, uint64_t offset, size_t bytes)
{
	return ahead->bytes && offset >= ahead->offset && offset + bytes <= ahead->offset + ahead->length;
}

/* Room, while there is some for all; a small content needs none of it for long. */
static bool has_room(struct tftp_ahead *ahead, size_t *all)
{
	if (ahead->bytes)
		return true;
	if (*all + TFTP_AHEAD_BYTES > TFTP_AHEAD_ALL)
		return false;
	ahead->bytes = malloc(TFTP_AHEAD_BYTES);
	if (ahead->bytes)
		*all += TFTP_AHEAD_BYTES;
	return ahead->bytes;
}

/**
 * tftp_ahead_read() - read a block, or have it already
 * @ahead: what was read before
 * @all: room that all downloads have
 * @content: always the same
 * @offset: where to begin
 * @to: room for @bytes
 * @bytes: how many
 *
 * Return: as content_read().
 */
ssize_t tftp_ahead_read(struct tftp_ahead *ahead, size_t *all, struct content *content, uint64_t offset, void *to,
			size_t bytes)
{
	ssize_t got;

	if (!bytes || bytes > TFTP_AHEAD_BYTES / TFTP_AHEAD_LEAST)
		return content_read(content, offset, to, bytes);
	if (!has(ahead, offset, bytes)) {
		/* The first block may be all that anybody wants; the last ones are few. */
		if (!offset || offset + TFTP_AHEAD_LEAST * bytes > content_size(content) || !has_room(ahead, all))
			return content_read(content, offset, to, bytes);
		ahead->length = 0;
		got = content_read(content, offset, ahead->bytes, TFTP_AHEAD_BYTES);
		if (got < 0)
			return content_read(content, offset, to, bytes);
		ahead->offset = offset;
		ahead->length = got;
	}
	if (!has(ahead, offset, bytes))
		return content_read(content, offset, to, bytes);
	memcpy(to, ahead->bytes + (offset - ahead->offset), bytes);
	return bytes;
}

void tftp_ahead_drop(struct tftp_ahead *ahead, size_t *all)
{
	if (ahead->bytes)
		*all -= TFTP_AHEAD_BYTES;
	free(ahead->bytes);
	*ahead = (struct tftp_ahead){};
}
