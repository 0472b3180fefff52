// SPDX-License-Identifier: GPL-2.0
/* How values look on a terminal. Each function writes into the caller's buffer and returns it. */
#include <arpa/inet.h>
#include <string.h>

#include "ctl.h"

const char *show_address(const struct ktftp_address *address, char *out, size_t room)
{
	if (!inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->bytes, out, room))
		snprintf(out, room, "?");
	return out;
}

const char *show_endpoint(const struct ktftp_address *address, uint16_t port, char *out, size_t room)
{
	char text[INET6_ADDRSTRLEN];

	show_address(address, text, sizeof(text));
	snprintf(out, room, address->length == 4 ? "%s:%u" : "[%s]:%u", text, port);
	return out;
}

const char *show_bytes(uint64_t bytes, char *out, size_t room)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, room, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return out;
}

const char *show_age(uint64_t ms, char *out, size_t room)
{
	unsigned long long s = ms / 1000;

	if (s < 60)
		snprintf(out, room, "%llu.%llus", s, (unsigned long long)ms % 1000 / 100);
	else if (s < 3600)
		snprintf(out, room, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, room, "%lluh%02llum", s / 3600, s / 60 % 60);
	else
		snprintf(out, room, "%llud%02lluh", s / 86400, s / 3600 % 24);
	return out;
}

const char *show_rate(uint64_t bytes, uint64_t ms, char *out, size_t room)
{
	char text[32];

	show_bytes(ms ? bytes * 1000 / ms : 0, text, sizeof(text));
	snprintf(out, room, "%s/s", text);
	return out;
}

/* A name may hold any bytes but control characters; some of those above 0x7f are that on some terminals. */
const char *show_name(const char *name, char *out, size_t room)
{
	size_t i;

	for (i = 0; name[i] && i + 1 < room; i++)
		out[i] = (unsigned char)name[i] < 0x20 || (unsigned char)name[i] == 0x7f ? '?' : name[i];
	out[i] = 0;
	return out;
}

/* A module newer than this program may know values that it does not. */
const char *enum_name(const char *const *names, size_t count, uint32_t value)
{
	return value < count && names[value] ? names[value] : "?";
}

const char *show_digest(const uint8_t digest[KTFTP_DIGEST_BYTES], char out[2 * KTFTP_DIGEST_BYTES + 1])
{
	size_t i;

	for (i = 0; i < KTFTP_DIGEST_BYTES; i++)
		sprintf(out + 2 * i, "%02x", digest[i]);
	return out;
}

const char *show_limit(uint64_t bytes, char *out, size_t room)
{
	if (bytes != KTFTP_NO_LIMIT)
		return show_bytes(bytes, out, room);
	snprintf(out, room, "no limit");
	return out;
}

const char *kind_name(uint32_t kind)
{
	return enum_name(ktftp_kind_names, KTFTP_KIND_COPIED + 1, kind);
}
