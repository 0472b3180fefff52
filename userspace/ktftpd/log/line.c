// SPDX-License-Identifier: GPL-2.0
/* See line.h. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "line.h"

/* So long as there are no sites. */
#define NO_SITE "-"

static void begin(struct line *line, enum line_kind kind, int level)
{
	line->kind = kind;
	line->level = level;
	line->count = 0;
	text_init(&line->text, line->text_buffer, sizeof(line->text_buffer));
	text_init(&line->values, line->values_buffer, sizeof(line->values_buffer));
}

/* Values that did not fit as a whole have no field. */
static void __attribute__((format(printf, 3, 4))) field(struct line *line, const char *key, const char *format, ...)
{
	char value[TEXT_SAFE_ROOM(KTFTP_NAME_MAX)];
	const char *at = line->values.at + line->values.used;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	text_bytes(&line->values, value, strlen(value) + 1);
	if (!line->values.cut && line->count < LINE_FIELDS)
		line->fields[line->count++] = (struct line_field){ key, at };
}

/* In a text a name stands in quotes, so that one with blanks cannot pretend to be more than a name. */
static void quote(struct line *line, const char *name)
{
	char safe[TEXT_SAFE_ROOM(KTFTP_NAME_MAX)];

	text_safe(safe, sizeof(safe), name, strlen(name), "\\\"");
	text_format(&line->text, "\"%s\"", safe);
}

static void name_field(struct line *line, const char *key, const char *name)
{
	char safe[TEXT_SAFE_ROOM(KTFTP_NAME_MAX)];

	text_safe(safe, sizeof(safe), name, strlen(name), "\\");
	field(line, key, "%s", safe);
}

/* Who asked, and the beginning of the text. */
static void client(struct line *line, const struct ktftp_address *address, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text)))
		snprintf(text, sizeof(text), "?");
	text_format(&line->text, "%s ", text);
	field(line, "client", "%s", text);
	field(line, "port", "%u", port);
	field(line, "site", "%s", NO_SITE);
}

void line_said(struct line *line, int level, const char *string)
{
	size_t bytes = strlen(string);

	begin(line, LINE_SAID, level);
	while (bytes && string[bytes - 1] == '\n')
		bytes--;
	line->text.used = text_safe(line->text.at, line->text.room, string, bytes, "");
}

static const char *end_name(uint32_t end)
{
	/* A module newer than this program may know ends that it does not. */
	return end <= KTFTP_TRANSFER_END_WITHDRAWN && ktftp_transfer_end_names[end] ? ktftp_transfer_end_names[end] :
										      "?";
}

static bool ended_well(uint32_t end)
{
	return end == KTFTP_TRANSFER_END_COMPLETE || end == KTFTP_TRANSFER_END_ASSUMED;
}

void line_transfer(struct line *line, const struct ktftp_transfer *t, const char *engine)
{
	unsigned long long bytes = t->bytes, s = t->age_ms / 1000;
	unsigned int ms = t->age_ms % 1000;

	begin(line, LINE_TRANSFER, ended_well(t->end) ? LOG_INFO : LOG_NOTICE);
	client(line, &t->client, t->client_port);
	quote(line, t->name);
	text_format(&line->text, " %s: %llu bytes in %llu.%03u s, %u repeats, blksize %u, ", end_name(t->end), bytes, s,
		    ms, t->repeats, t->blksize);
	/* A module from before it was told does not say 1, but nothing. */
	if (t->windowsize)
		text_format(&line->text, "windowsize %u, ", t->windowsize);
	text_format(&line->text, "engine %s, site " NO_SITE, engine);
	name_field(line, "name", t->name);
	field(line, "bytes", "%llu", bytes);
	field(line, "size", "%llu", (unsigned long long)t->size);
	field(line, "seconds", "%llu.%03u", s, ms);
	field(line, "repeats", "%u", t->repeats);
	field(line, "blksize", "%u", t->blksize);
	if (t->windowsize)
		field(line, "windowsize", "%u", t->windowsize);
	field(line, "end", "%s", end_name(t->end));
	field(line, "engine", "%s", engine);
}

void line_miss(struct line *line, const struct ktftp_handed *request, const char *name, const char *nearest,
	       const char *answer)
{
	begin(line, LINE_MISS, LOG_INFO);
	client(line, &request->client, request->client_port);
	quote(line, name);
	text_format(&line->text, " is not there");
	if (nearest) {
		text_format(&line->text, ", nearest ");
		quote(line, nearest);
	}
	text_format(&line->text, ", answer %s, site " NO_SITE, answer);
	name_field(line, "name", name);
	if (nearest)
		name_field(line, "nearest", nearest);
	field(line, "answer", "%s", answer);
}

void line_dropped(struct line *line, uint64_t lines, uint64_t ms)
{
	unsigned long long s = ms ? (ms + 999) / 1000 : 1;

	begin(line, LINE_DROPPED, LOG_WARNING);
	text_format(&line->text, "%llu lines were dropped in the last %llu s", (unsigned long long)lines, s);
	field(line, "lines", "%llu", (unsigned long long)lines);
}

const char *line_level_name(int level)
{
	static const char *const names[] = { "emergency", "alert",  "critical", "error",
					     "warning",   "notice", "info",     "debug" };

	return names[level & LOG_PRIMASK];
}
