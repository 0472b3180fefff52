// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "packet.h"

static void put16(uint8_t *out, uint16_t value)
{
	out[0] = value >> 8;
	out[1] = value;
}

static uint16_t get16(const uint8_t *data)
{
	return data[0] << 8 | data[1];
}

/* Adds a string with its NUL at *used. What does not fit makes *used larger than a request can be. */
static __attribute__((format(printf, 3, 4))) void put_text(uint8_t *out, size_t *used, const char *format, ...)
{
	va_list args;
	int bytes;

	if (*used >= PACKET_REQUEST_MAX)
		return;
	va_start(args, format);
	bytes = vsnprintf((char *)out + *used, PACKET_REQUEST_MAX - *used, format, args);
	va_end(args);
	*used += bytes + 1;
}

static void put_option(uint8_t *out, size_t *used, const char *name, unsigned int value)
{
	put_text(out, used, "%s", name);
	put_text(out, used, "%u", value);
}

/* Returns the length of the request; 0 when it would be too long. */
size_t packet_request(uint8_t out[PACKET_REQUEST_MAX], const char *file, const char *mode,
		      const struct packet_options *ask)
{
	size_t used = 2;

	put16(out, PACKET_RRQ);
	put_text(out, &used, "%s", file);
	put_text(out, &used, "%s", mode);
	if (ask->has_tsize)
		put_option(out, &used, "tsize", 0);
	if (ask->blksize)
		put_option(out, &used, "blksize", ask->blksize);
	if (ask->timeout_s)
		put_option(out, &used, "timeout", ask->timeout_s);
	if (ask->windowsize)
		put_option(out, &used, "windowsize", ask->windowsize);
	if (ask->has_rollover)
		put_option(out, &used, "rollover", ask->rollover);
	return used <= PACKET_REQUEST_MAX ? used : 0;
}

/* Adds a string with its NUL to a request of @bytes bytes. Returns its length then; 0 when it would be too long. */
size_t packet_add(uint8_t out[PACKET_REQUEST_MAX], size_t bytes, const char *text)
{
	if (!bytes)
		return 0;
	put_text(out, &bytes, "%s", text);
	return bytes <= PACKET_REQUEST_MAX ? bytes : 0;
}

size_t packet_ack(uint8_t *out, uint16_t block)
{
	put16(out, PACKET_ACK);
	put16(out + 2, block);
	return PACKET_HEADER_BYTES;
}

size_t packet_error(uint8_t *out, enum packet_error code, const char *text)
{
	size_t bytes = strlen(text) + 1;

	put16(out, PACKET_ERROR);
	put16(out + 2, code);
	memcpy(out + PACKET_HEADER_BYTES, text, bytes);
	return PACKET_HEADER_BYTES + bytes;
}

/* Takes apart what a server may send; false for anything else. */
bool packet_parse(const uint8_t *data, size_t bytes, struct packet *packet)
{
	size_t header = PACKET_HEADER_BYTES;

	if (bytes < 2)
		return false;
	packet->type = get16(data);
	switch (packet->type) {
	case PACKET_DATA:
	case PACKET_ERROR:
		break;
	case PACKET_OACK:
		header = 2;
		break;
	default:
		return false;
	}
	if (bytes < header)
		return false;
	packet->number = header == 2 ? 0 : get16(data + 2);
	packet->body = data + header;
	packet->body_bytes = bytes - header;
	return true;
}

/* Takes the next NUL-terminated string off an OACK; NULL when there is no whole one. */
static const char *next_text(const uint8_t **at, const uint8_t *end)
{
	const char *text = (const char *)*at;
	const uint8_t *nul = memchr(*at, 0, end - *at);

	if (!nul)
		return NULL;
	*at = nul + 1;
	return text;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= max;
}

static bool take_option(const char *name, const char *text, struct packet_options *granted)
{
	uint64_t value;

	if (!parse_number(text, UINT64_MAX, &value))
		return false;
	if (!strcasecmp(name, "tsize")) {
		granted->has_tsize = true;
		granted->tsize = value;
		return true;
	}
	if (!strcasecmp(name, "rollover")) {
		granted->has_rollover = true;
		granted->rollover = value;
		return value <= 1;
	}
	if (!value || value > 65535)
		return false;
	if (!strcasecmp(name, "blksize"))
		granted->blksize = value;
	else if (!strcasecmp(name, "windowsize"))
		granted->windowsize = value;
	else if (!strcasecmp(name, "timeout"))
		granted->timeout_s = value;
	else
		return false;
	return true;
}

/* False when the OACK is malformed, or names an option that no request of ours ever does. */
bool packet_parse_oack(const struct packet *packet, struct packet_options *granted)
{
	const uint8_t *at = packet->body, *end = at + packet->body_bytes;
	const char *name, *value;

	memset(granted, 0, sizeof(*granted));
	while (at < end) {
		name = next_text(&at, end);
		value = name ? next_text(&at, end) : NULL;
		if (!value || !take_option(name, value, granted))
			return false;
	}
	return true;
}
