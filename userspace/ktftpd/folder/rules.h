/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: which files are served, and under which name. */
#ifndef KTFTPD_RULES_H
#define KTFTPD_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "config/config.h"

/* Why a file is left out. */
enum verdict {
	VERDICT_SERVED,
	VERDICT_HIDDEN,
	VERDICT_IGNORED,
	VERDICT_LONG_NAME,
	VERDICT_BAD_NAME,
	VERDICT_NOT_REGULAR,
	VERDICT_TOO_LARGE,
	VERDICT_NOT_WORLD_READABLE,
	VERDICT_TOO_MANY,
	VERDICT_LEADS_OUT,
	VERDICT_LEADS_NOWHERE,
	VERDICT_LOOP,
	VERDICT_TOO_MANY_DIRECTORIES,
};

/**
 * struct rules - what of the configuration the folder follows
 * @ignore: globs of base names that are left out, folded: case does not matter
 * @ignore_count: how many
 * @in_place: no copies
 * @world_readable: leave out what others may not read
 * @max_file_bytes: larger files are left out
 * @max_files: most files, and about as many directories
 * @quiet_ms: see struct config
 * @settle_ms: likewise
 */
struct rules {
	char **ignore;
	size_t ignore_count;
	bool in_place;
	bool world_readable;
	uint64_t max_file_bytes;
	uint32_t max_files;
	uint32_t quiet_ms;
	uint32_t settle_ms;
};

int rules_copy(struct rules *rules, const struct config *config);
void rules_free(struct rules *rules);
bool rules_same(const struct rules *a, const struct rules *b);

enum verdict rules_base(const struct rules *rules, const char *base);
enum verdict rules_name(const char *relative, char out[KTFTP_NAME_MAX + 1]);
enum verdict rules_file(const struct rules *rules, const struct stat *status);
const char *rules_why(enum verdict verdict);

#endif
