// SPDX-License-Identifier: GPL-2.0
/* Lines of /proc/net/udp and /proc/net/udp6. */
#include <arpa/inet.h>
#include <string.h>

#include "doctor.h"

/* Words of the host's byte order, each of which is four bytes of the address as they are. */
static bool parse_words(const char *hex, size_t words, uint8_t *out)
{
	uint32_t word;
	size_t i;

	for (i = 0; i < words; i++) {
		if (sscanf(hex + 8 * i, "%8x", &word) != 1)
			return false;
		memcpy(out + 4 * i, &word, sizeof(word));
	}
	return true;
}

/* "  12: 0100007F:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12345 ..." */
bool parse_udp_line(const char *line, char *address, size_t room, uint16_t *port, uint64_t *inode)
{
	unsigned long long number;
	char hex[33];
	uint8_t bytes[16];
	unsigned int local;

	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%4x %*32[0-9A-Fa-f]:%*x %*x %*x:%*x %*x:%*x %*x %*u %*d %llu", hex,
		   &local, &number) != 3)
		return false;
	if ((strlen(hex) != 8 && strlen(hex) != 32) || !parse_words(hex, strlen(hex) / 8, bytes))
		return false;
	*port = local;
	*inode = number;
	return inet_ntop(strlen(hex) == 8 ? AF_INET : AF_INET6, bytes, address, room);
}
