/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a family of clients does: what it asks for, how long it waits, how slow it is, what its network loses. The
 * same names on the command line and, as "name = value" lines, in habits files.
 */
#ifndef BENCH_HABITS_H
#define BENCH_HABITS_H

#include <stdbool.h>
#include <stdint.h>

#include "download.h"
#include "rules.h"

#define ROLLOVER_UNASKED 2

struct habits {
	char *name; /* of the family, in the results */

	struct text_list files;
	struct text_list checks;
	char *mode;
	struct range between_files_ms;
	uint64_t start_spread_ms;

	uint64_t blksize; /* 0: the option is not sent; likewise below */
	uint64_t windowsize;
	uint64_t timeout_option_s;
	bool tsize;
	uint64_t rollover; /* 0 or 1, or ROLLOVER_UNASKED */
	struct text_list extra_options;
	bool stray_nul;
	bool size_probe;

	uint64_t timeout_ms;
	uint64_t timeout_max_ms; /* 0: it does not grow */
	uint64_t tries;

	unsigned int gap;
	unsigned int duplicate;
	bool ack_every_block;
	bool no_last_ack;
	uint64_t dally_ms;
	uint64_t stop_after_bytes; /* 0: takes the whole file */
	bool answer_strays;
	bool allow_not_found;

	char *source_address; /* NULL: the kernel chooses */
	uint64_t source_port; /* 0: the kernel chooses */
	bool fixed_port;

	uint64_t think_us;
	uint64_t packet_us;
	uint64_t receive_buffers; /* 0: as many as it takes */
	uint64_t flash_every_bytes;
	struct range flash_pause_ms;

	uint64_t http_port; /* 0: TFTP at once */
	uint64_t http_timeout_ms;

	double loss_percent;
	double loss_tx_percent;
	double duplicate_percent;
	double duplicate_tx_percent;
	double reorder_percent;
	double reorder_tx_percent;
	uint64_t reorder_ms;
};

int habits_init(struct habits *habits);
void habits_fini(struct habits *habits);
const struct rule *habits_rule(const char *name);
const struct rule *habits_rules(size_t *count);
int habits_set(struct habits *habits, const char *name, const char *value, struct reason *reason);
int habits_read(struct habits *habits, const char *path, struct reason *reason);
/* A folder to compare with, or NULL: the files, or nothing. */
const char *habits_check_folder(const struct habits *habits);
int habits_check(struct habits *habits, struct reason *reason);

#endif
