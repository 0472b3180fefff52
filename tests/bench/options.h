/* SPDX-License-Identifier: GPL-2.0 */
/* What the user asked for, from the command line and from habits files: the same names in both. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct text_list {
	char **items;
	unsigned int count;
};

struct options {
	char *server;
	uint64_t port;
	struct text_list files;
	struct text_list checks;
	char *mode;

	uint64_t clients;
	uint64_t transfers;
	uint64_t transfers_per_client;
	uint64_t seconds;
	uint64_t start_spread_ms;

	uint64_t blksize; /* 0: the option is not sent; likewise below */
	uint64_t windowsize;
	uint64_t timeout_option_s;
	bool tsize;

	uint64_t timeout_ms;
	uint64_t tries;
	uint64_t think_us;
	uint64_t source_port; /* 0: the kernel chooses */
	bool fixed_port;
	bool no_last_ack;
	bool answer_strays;
	bool allow_not_found;

	double loss_percent;
	double loss_tx_percent;
	uint64_t seed;

	bool json;
	bool progress;
	bool help;

	char message[256]; /* why something was refused */
};

int options_init(struct options *options);
void options_fini(struct options *options);
int options_parse(struct options *options, int argc, char **argv);
int options_set(struct options *options, const char *name, const char *value);
int options_refuse(struct options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));
void options_help(void);

#endif
