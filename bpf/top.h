/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The half of ktftp-top that runs as a process: main.c (options, the loop), collect.c (what happened in an interval,
 * out of the BPF maps), text.c and json.c (how it is shown).
 */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktftp_top.h"

/* What one client or one file had in an interval. */
struct top_row {
	uint32_t netns;
	uint64_t peer_high; /* of a client */
	uint64_t peer_low;
	const char *name;   /* of a file, else NULL; stays until the next interval is collected */
	uint64_t transfers; /* that ran at some time of it */
	uint64_t hits;      /* of these, begun in it */
	uint64_t blocks;
	uint64_t bytes;
	uint64_t repeats;
};

struct top_rows {
	struct top_row *row; /* the busiest first */
	size_t count;
};

struct top_interval {
	double seconds;
	uint64_t running; /* transfers at the end of it */
	struct top_totals totals;
	struct top_rows clients;
	struct top_rows files;
};

/* collect.c */
struct collector;

struct collector *collector_new(uint32_t only_netns, const char **error);
void collector_free(struct collector *collector);
int collect(struct collector *collector, struct top_interval *interval);

/* text.c, json.c */
void print_text(const struct top_interval *interval, bool terminal);
void print_json(const struct top_interval *interval);
const char *show_peer(const struct top_row *row, char *out, size_t room);

#endif
