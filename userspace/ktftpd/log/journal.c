// SPDX-License-Identifier: GPL-2.0
/* See journal.h. */
#include <ctype.h>
#include <syslog.h>

#include "journal.h"

static const char *message_id(enum line_kind kind)
{
	static const char *const ids[] = {
		[LINE_SAID] = JOURNAL_ID_SAID,
		[LINE_TRANSFER] = JOURNAL_ID_TRANSFER,
		[LINE_MISS] = JOURNAL_ID_MISS,
		[LINE_DROPPED] = JOURNAL_ID_DROPPED,
	};

	return ids[kind];
}

static void put_key(struct text *out, const char *key)
{
	char upper;

	text_format(out, "KTFTP_");
	for (; *key; key++) {
		upper = toupper((unsigned char)*key);
		text_bytes(out, &upper, 1);
	}
}

size_t journal_format(char out[JOURNAL_ROOM], const struct line *line)
{
	struct text text;
	size_t i;

	text_init(&text, out, JOURNAL_ROOM);
	text_format(&text, "MESSAGE=%s\nPRIORITY=%d\nMESSAGE_ID=%s\n", line->text.at, line->level & LOG_PRIMASK,
		    message_id(line->kind));
	text_format(&text, "SYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=ktftpd\n", LOG_FAC(LOG_DAEMON));
	for (i = 0; i < line->count; i++) {
		put_key(&text, line->fields[i].key);
		text_format(&text, "=%s\n", line->fields[i].value);
	}
	return text.used;
}
