// SPDX-License-Identifier: GPL-2.0
/* See values.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "values.h"

int conf_bool(const char *text, bool *out)
{
	static const char *const words[][2] = {
		{ "true", "false" },
		{ "yes", "no" },
		{ "on", "off" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		*out = !strcasecmp(text, words[i][0]);
		if (*out || !strcasecmp(text, words[i][1]))
			return 0;
	}
	return -EINVAL;
}

/* Digits at the beginning of a text, and what is behind them. */
static int digits(const char *text, int base, uint64_t *out, char **end)
{
	/* strtoull() would take blanks and signs. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, end, base);
	return -errno;
}

int conf_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	bool is_hexadecimal = !strncasecmp(text, "0x", 2);
	char *end;
	int err = digits(text, is_hexadecimal ? 16 : 10, out, &end);

	if (err)
		return err;
	if (*end)
		return -EINVAL;
	return *out < least || *out > most ? -ERANGE : 0;
}

int conf_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	int shift = 0;
	char *end;
	int err = digits(text, 10, out, &end);

	if (err)
		return err;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
		if (!strcmp(end, "iB"))
			end += 2;
	}
	if (*end)
		return -EINVAL;
	if (*out > UINT64_MAX >> 1 >> shift)
		return -ERANGE;
	*out <<= shift;
	return 0;
}

int conf_time_ms(const char *text, uint64_t *out)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {
		{ "ms", 1 },
		{ "s", 1000 },
		{ "min", 60 * 1000 },
		{ "h", 60 * 60 * 1000 },
	};
	char *end;
	size_t i;
	int err = digits(text, 10, out, &end);

	for (i = 0; !err && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name))
			continue;
		return __builtin_mul_overflow(*out, units[i].ms, out) ? -ERANGE : 0;
	}
	return err ? err : -EINVAL;
}

static int parse_address(const char *text, struct ktftp_address *address)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, address->bytes) == 1)
		address->length = 4;
	else if (inet_pton(AF_INET6, text, address->bytes) == 1)
		address->length = 16;
	return address->length ? 0 : -EINVAL;
}

/* The address without its brackets, and the port behind it or NULL. */
static int split_address(const char *text, char *address, size_t room, const char **port)
{
	const char *colon = strchr(text, ':'), *end;
	size_t length = strlen(text);

	*port = NULL;
	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		length = end - text;
		if (end[1])
			*port = end + 2;
	} else if (colon && colon == strrchr(text, ':')) {
		length = colon - text;
		*port = colon + 1;
	}
	if (length >= room)
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = 0;
	return 0;
}

int conf_address(const char *text, struct ktftp_address *address, uint16_t *port)
{
	char alone[INET6_ADDRSTRLEN + 1];
	const char *behind;
	uint64_t number;
	int err = split_address(text, alone, sizeof(alone), &behind);

	*port = 0;
	if (!err)
		err = parse_address(alone, address);
	if (err || !behind)
		return err;
	if (conf_number(behind, 1, UINT16_MAX, &number))
		return -EINVAL;
	*port = number;
	return 0;
}

int conf_ports(const char *text, uint16_t *first, uint16_t *last)
{
	char *end;
	uint64_t a, b;

	if (digits(text, 10, &a, &end) || *end != '-' || conf_number(end + 1, 1, UINT16_MAX, &b))
		return -EINVAL;
	if (!a || a > b)
		return -ERANGE;
	*first = a;
	*last = b;
	return 0;
}

bool conf_is_label(const char *text)
{
	const char *c = text;

	while ((unsigned char)*c > ' ' && *c != 0x7f && *c != ',')
		c++;
	return !*c && c != text && c - text <= KTFTP_LABEL_MAX;
}

/* Behind the class that begins here, or NULL when it has no end; "]" at its beginning is one of the characters. */
static const char *end_of_class(const char *text)
{
	if (*text == '!' || *text == '^')
		text++;
	if (*text == ']')
		text++;
	text = strchr(text, ']');
	return text ? text + 1 : NULL;
}

bool conf_is_glob(const char *text)
{
	const char *c = text;

	while (c && *c)
		c = *c == '[' ? end_of_class(c + 1) : c + 1;
	return c && c != text && c - text <= KTFTP_NAME_MAX;
}
