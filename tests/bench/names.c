// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "names.h"

/* The first octet says: administered locally, for one host. */
#define MAC_PREFIX (0x02ull << 40)

/* Returns how many characters that took, as snprintf() does. */
static int expand_one(char *out, size_t room, char what, unsigned int client)
{
	switch (what) {
	case 'i':
		return snprintf(out, room, "%u", client);
	case 'm':
		return snprintf(out, room, "%012llx", MAC_PREFIX | client);
	case 'M':
		return snprintf(out, room, "%012llX", MAC_PREFIX | client);
	case '%':
		return snprintf(out, room, "%%");
	default:
		return snprintf(out, room, "%%%c", what);
	}
}

/*
 * Puts the number of @client for %i in @pattern, a MAC address made of it for %m, in capitals for %M, and % for %%.
 * False when there is no room for it.
 */
bool name_expand(char *out, size_t room, const char *pattern, unsigned int client)
{
	size_t used = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '%' && pattern[1])
			used += expand_one(out + used, room - used, *++pattern, client);
		else
			out[used++] = *pattern;
		if (used >= room)
			return false;
	}
	out[used] = 0;
	return true;
}
