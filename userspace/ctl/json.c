// SPDX-License-Identifier: GPL-2.0
/* JSON on standard output: indented on a terminal, compact in a pipe, a line each. */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_ENSURE_ASCII | JSON_ENCODE_ANY | (isatty(STDOUT_FILENO) ? JSON_INDENT(2) : 0));
	putchar('\n');
	fflush(stdout);
}

/* JSON has no strings but Unicode ones, and a name may be any bytes: those that are no UTF-8 become "?". */
json_t *json_name(const char *name)
{
	json_t *value = json_string(name);
	char ascii[KTFTP_SOURCE_MAX + 1];
	size_t i;

	if (value)
		return value;
	for (i = 0; name[i] && i + 1 < sizeof(ascii); i++)
		ascii[i] = (unsigned char)name[i] < 0x80 ? name[i] : '?';
	ascii[i] = 0;
	return json_string(ascii);
}

/* A limit, or null for none: JSON's numbers do not reach that far. */
json_t *json_limit(uint64_t bytes)
{
	return bytes == KTFTP_NO_LIMIT ? json_null() : json_integer(bytes);
}

/* What transfers and events tell of a transfer. */
json_t *json_transfer(const struct ktftp_transfer *t)
{
	char client[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN];

	return json_pack("{s:s, s:i, s:s, s:i, s:o, s:I, s:I, s:i, s:i, s:i, s:i, s:I, s:I}",
			 "client", show_address(&t->client, client, sizeof(client)), "client_port", t->client_port,
			 "local", show_address(&t->local, local, sizeof(local)), "tid", t->tid,
			 "name", json_name(t->name),
			 "size", (json_int_t)t->size, "bytes", (json_int_t)t->bytes,
			 "blksize", (int)t->blksize, "windowsize", (int)t->windowsize,
			 "repeats", (int)t->repeats, "srtt_us", (int)t->srtt_us,
			 "age_ms", (json_int_t)t->age_ms, "listener", (json_int_t)t->listener);
}
