// SPDX-License-Identifier: GPL-2.0
/* See rfc5424.h. */
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "rfc5424.h"

#define HOST_MAX 255
#define BOM      "\xef\xbb\xbf"

static void put_time(struct text *out, int64_t time_us)
{
	time_t s = time_us / 1000000;
	struct tm utc;
	char text[32];

	if (!gmtime_r(&s, &utc) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc)) {
		text_format(out, "-");
		return;
	}
	text_format(out, "%s.%06dZ", text, (int)(time_us % 1000000));
}

/* Printable ASCII without blanks, or the sign for "not known". */
static void put_host(struct text *out, const char *host)
{
	char name[HOST_MAX + 1];
	size_t used = 0;

	for (; *host && used < HOST_MAX; host++)
		if (*host > ' ' && *host < 0x7f)
			name[used++] = *host;
	name[used] = 0;
	text_format(out, "%s", used ? name : "-");
}

static const char *message_id(enum line_kind kind)
{
	static const char *const ids[] = {
		[LINE_SAID] = "DAEMON",
		[LINE_TRANSFER] = "TRANSFER",
		[LINE_MISS] = "MISS",
		[LINE_DROPPED] = "DROPPED",
	};

	return ids[kind];
}

static void put_structured_data(struct text *out, const struct line *line, uint32_t sequence)
{
	size_t i;

	text_format(out, "[meta sequenceId=\"%u\"][origin software=\"ktftpd\" swVersion=\"" KTFTP_VERSION "\"]",
		    sequence);
	if (!line->count)
		return;
	text_format(out, "[" RFC5424_SD_ID);
	for (i = 0; i < line->count; i++) {
		text_format(out, " %s=\"", line->fields[i].key);
		text_escaped(out, line->fields[i].value, "\"\\]");
		text_format(out, "\"");
	}
	text_format(out, "]");
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* A text with more than ASCII in it says by a BOM that it is UTF-8 (RFC 5424, 6.4). */
static void put_message(struct text *out, const char *message, size_t max)
{
	const char *mark = is_ascii(message) ? "" : BOM;
	size_t taken = out->used + 1 + strlen(mark), bytes;

	if (taken >= max)
		return;
	bytes = text_whole(message, max - taken);
	text_format(out, " %s", mark);
	text_bytes(out, message, bytes);
}

size_t rfc5424_format(char out[RFC5424_ROOM], const struct line *line, const struct rfc5424_header *header, size_t max)
{
	struct text text;

	text_init(&text, out, RFC5424_ROOM);
	text_format(&text, "<%d>1 ", LOG_MAKEPRI(LOG_DAEMON, line->level & LOG_PRIMASK));
	put_time(&text, header->time_us);
	text_format(&text, " ");
	put_host(&text, header->host);
	text_format(&text, " ktftpd %ld %s ", header->pid, message_id(line->kind));
	put_structured_data(&text, line, header->sequence);
	put_message(&text, line->text.at, max);
	return text.used;
}
