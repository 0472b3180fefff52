// SPDX-License-Identifier: GPL-2.0
/* See text.h. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

void text_init(struct text *text, char *buffer, size_t room)
{
	*text = (struct text){ .at = buffer, .room = room };
	*buffer = 0;
}

void text_bytes(struct text *text, const char *bytes, size_t count)
{
	if (text->cut || count >= text->room - text->used) {
		text->cut = true;
		return;
	}
	memcpy(text->at + text->used, bytes, count);
	text->used += count;
	text->at[text->used] = 0;
}

void text_format(struct text *text, const char *format, ...)
{
	size_t left = text->room - text->used;
	va_list arguments;
	int count;

	if (text->cut)
		return;
	va_start(arguments, format);
	count = vsnprintf(text->at + text->used, left, format, arguments);
	va_end(arguments);
	if (count >= 0 && (size_t)count < left) {
		text->used += count;
		return;
	}
	text->at[text->used] = 0;
	text->cut = true;
}

void text_escaped(struct text *text, const char *string, const char *special)
{
	size_t plain;

	while (*string) {
		plain = strcspn(string, special);
		text_bytes(text, string, plain);
		string += plain;
		if (!*string)
			return;
		text_bytes(text, "\\", 1);
		text_bytes(text, string++, 1);
	}
}

/* Bytes of a character by the first of them, 0 for none that begins one. */
static size_t sequence_bytes(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* The character that begins there and its length in bytes; 0 when that is no UTF-8. */
static size_t decode(const uint8_t *in, size_t left, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t bytes = sequence_bytes(*in), i;

	if (!bytes || bytes > left)
		return 0;
	*point = bytes == 1 ? *in : *in & (0xff >> (bytes + 1));
	for (i = 1; i < bytes; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (in[i] & 0x3f);
	}
	if (*point < least[bytes] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return bytes;
}

static bool is_harmless(uint32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point < 0xa0))
		return false;
	/* Ends of lines and paragraphs, what is not seen, and what makes letters change places. */
	if (point >= 0x200b && point <= 0x200f)
		return false;
	if ((point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f))
		return false;
	return point != 0x061c && point != 0xfeff;
}

size_t text_safe(char *out, size_t room, const char *in, size_t bytes, const char *special)
{
	const uint8_t *at = (const uint8_t *)in, *end = at + bytes;
	struct text text;
	uint32_t point;
	size_t count;

	text_init(&text, out, room);
	while (at < end && !text.cut) {
		count = decode(at, end - at, &point);
		if (!count || !is_harmless(point)) {
			text_format(&text, "\\x%02x", *at++);
			continue;
		}
		if (count == 1 && strchr(special, *at))
			text_format(&text, "\\%c", *at);
		else
			text_bytes(&text, (const char *)at, count);
		at += count;
	}
	return text.used;
}

size_t text_whole(const char *text, size_t bytes)
{
	size_t length = strlen(text);

	if (length <= bytes)
		return length;
	while (bytes && ((uint8_t)text[bytes] & 0xc0) == 0x80)
		bytes--;
	return bytes;
}
