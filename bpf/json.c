// SPDX-License-Identifier: GPL-2.0
/* An interval as JSON, on one line. */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "top.h"

/* JSON has no strings but Unicode ones, and a name may be any bytes: those that are no UTF-8 become "?". */
static json_t *name_json(const char *name)
{
	json_t *value = json_string(name);
	char ascii[TOP_NAME];
	size_t i;

	if (value)
		return value;
	for (i = 0; name[i] && i + 1 < sizeof(ascii); i++)
		ascii[i] = (unsigned char)name[i] < 0x80 ? name[i] : '?';
	ascii[i] = 0;
	return json_string(ascii);
}

static json_t *label_json(const struct top_row *row)
{
	char peer[INET6_ADDRSTRLEN];

	return row->name ? name_json(row->name) : json_string(show_peer(row, peer, sizeof(peer)));
}

static json_t *row_json(const struct top_row *row, double seconds, const char *label)
{
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f}",
			 label, label_json(row),
			 "netns", (json_int_t)row->netns,
			 "transfers", (json_int_t)row->transfers, "new", (json_int_t)row->hits,
			 "blocks", (json_int_t)row->blocks, "bytes", (json_int_t)row->bytes,
			 "repeats", (json_int_t)row->repeats,
			 "blocks_per_s", row->blocks / seconds, "bytes_per_s", row->bytes / seconds);
}

static json_t *rows_json(const struct top_rows *rows, double seconds, const char *label)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < rows->count; i++)
		json_array_append_new(array, row_json(&rows->row[i], seconds, label));
	return array;
}

/* The buckets that have something. */
static json_t *round_trips_json(const struct top_totals *sum)
{
	json_t *array = json_array();
	int i;

	for (i = 0; i < TOP_BUCKETS; i++)
		if (sum->rtt[i])
			json_array_append_new(array, json_pack("{s:I, s:I, s:I}",
							       "from_us", (json_int_t)1 << i,
							       "below_us", (json_int_t)2 << i,
							       "acks", (json_int_t)sum->rtt[i]));
	return array;
}

static json_t *totals_json(const struct top_totals *sum)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "requests", (json_int_t)sum->requests,
			 "started", (json_int_t)sum->starts, "ended", (json_int_t)sum->ends,
			 "blocks", (json_int_t)sum->blocks, "bytes", (json_int_t)sum->bytes,
			 "repeats", (json_int_t)sum->repeats, "oacks", (json_int_t)sum->oacks,
			 "acks", (json_int_t)sum->acks, "acks_stray", (json_int_t)sum->stray_acks,
			 "rtt_samples", (json_int_t)sum->samples, "untold", (json_int_t)sum->untold);
}

/**
 * print_json() - show an interval to a program
 * @interval: interval
 */
void print_json(const struct top_interval *interval)
{
	json_t *object = json_pack("{s:I, s:f, s:I, s:o, s:o, s:o, s:o}",
				   "time", (json_int_t)time(NULL), "seconds", interval->seconds,
				   "running", (json_int_t)interval->running,
				   "totals", totals_json(&interval->totals),
				   "clients", rows_json(&interval->clients, interval->seconds, "client"),
				   "files", rows_json(&interval->files, interval->seconds, "name"),
				   "rtt", round_trips_json(&interval->totals));

	json_dumpf(object, stdout, JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(object);
}
