/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: a line of the log, as a text for people and as fields for machines. Whatever the network sent is safe in both
 * (text.h), so that every sink may write it as it is.
 */
#ifndef KTFTPD_LINE_H
#define KTFTPD_LINE_H

#include "ktftp.h"
#include "text.h"

/* Two names at their longest and what stands around them. */
#define LINE_TEXT   (2 * TEXT_SAFE_ROOM(KTFTP_NAME_MAX) + 512)
#define LINE_VALUES (2 * TEXT_SAFE_ROOM(KTFTP_NAME_MAX) + 512)
#define LINE_FIELDS 16

enum line_kind {
	LINE_SAID,     /* what the daemon itself has to say */
	LINE_TRANSFER, /* a download ended */
	LINE_MISS,     /* a name was not there */
	LINE_DROPPED,  /* lines beyond the rate */
};

struct line_field {
	const char *key; /* lower case */
	const char *value;
};

/**
 * struct line - a line
 * @kind: enum line_kind
 * @level: as syslog's
 * @text: for people
 * @values: where the values of @fields are
 * @count: how many @fields
 * @fields: for machines
 * @text_buffer: of @text
 * @values_buffer: of @values
 */
struct line {
	enum line_kind kind;
	int level;
	struct text text;
	struct text values;
	size_t count;
	struct line_field fields[LINE_FIELDS];
	char text_buffer[LINE_TEXT];
	char values_buffer[LINE_VALUES];
};

/* string: what the daemon says; control characters in it are made safe, an end of line at its end is dropped. */
void line_said(struct line *line, int level, const char *string);
void line_transfer(struct line *line, const struct ktftp_transfer *transfer, const char *engine);
void line_miss(struct line *line, const struct ktftp_handed *request, const char *name, const char *nearest,
	       const char *answer);
void line_dropped(struct line *line, uint64_t lines, uint64_t ms);

/* "debug" to "emergency". */
const char *line_level_name(int level);

#endif
