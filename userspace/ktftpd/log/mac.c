// SPDX-License-Identifier: GPL-2.0
/* See mac.h. */
#include <stdio.h>
#include <string.h>

#include "mac.h"

#define DIGITS (2 * MAC_BYTES)

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Reads one from the beginning of a text. All of its parts are as long as the first one, and the same sign is between
 * them. Returns how many bytes it takes, 0 for none.
 */
static size_t read_mac(const char *text, size_t bytes, uint8_t mac[MAC_BYTES])
{
	size_t at = 0, digits = 0, part = 0;
	char separator = 0;
	int value;

	memset(mac, 0, MAC_BYTES);
	while (at < bytes && digits < DIGITS) {
		value = digit(text[at]);
		if (value < 0) {
			if (!separator && (digits == 2 || digits == 4) && strchr(":-.", text[at])) {
				separator = text[at];
				part = digits;
			}
			if (!separator || text[at] != separator || digits % part || digit(text[at - 1]) < 0)
				return 0;
			at++;
			continue;
		}
		/* Where the sign should be, there is none. */
		if (separator && digits % part == 0 && text[at - 1] != separator)
			return 0;
		mac[digits / 2] |= value << (digits % 2 ? 0 : 4);
		digits++;
		at++;
	}
	return digits == DIGITS ? at : 0;
}

bool mac_parse(const char *text, uint8_t mac[MAC_BYTES])
{
	size_t bytes = strlen(text);

	return bytes && read_mac(text, bytes, mac) == bytes;
}

bool mac_is_in(const uint8_t mac[MAC_BYTES], const char *text, size_t bytes)
{
	uint8_t found[MAC_BYTES];
	size_t at;

	for (at = 0; at + DIGITS <= bytes; at++)
		if (digit(text[at]) == mac[0] >> 4 && read_mac(text + at, bytes - at, found) &&
		    !memcmp(found, mac, MAC_BYTES))
			return true;
	return false;
}

const char *mac_format(const uint8_t mac[MAC_BYTES], char out[MAC_TEXT])
{
	snprintf(out, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return out;
}
