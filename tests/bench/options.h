/* SPDX-License-Identifier: GPL-2.0 */
/* What the user asked for: how much of what, and the families of clients that are to do it. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "habits.h"

/* A habits file, and what the command line said, which has the last word. */
struct family_options {
	uint64_t share;
	struct habits habits;
};

struct options {
	char *server;
	uint64_t port;

	uint64_t clients;
	uint64_t transfers;
	uint64_t transfers_per_client;
	uint64_t seconds;
	uint64_t seed;

	struct family_options *families; /* at least one */
	unsigned int family_count;

	bool json;
	bool progress;
	bool help;

	struct reason reason; /* why something was refused; empty: it has been said already */
};

int options_init(struct options *options);
void options_fini(struct options *options);
int options_parse(struct options *options, int argc, char **argv);
void options_help(void);

#endif
