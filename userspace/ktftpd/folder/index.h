/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of files from earlier runs: STATE_DIR/index.db, a row for each that is served, so that nothing is
 * read again that did not change. It can be lost at any time: then everything is read once more. One thread.
 */
#ifndef KTFTPD_INDEX_H
#define KTFTPD_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "identity.h"
#include "ktftp.h"

struct index;

/**
 * struct index_row - a file
 * @view: of its root
 * @path: absolute, in the folder
 * @name: under which it is served
 * @identity: its state when it was read
 * @digest: what it contained then
 */
struct index_row {
	const char *view;
	const char *path;
	const char *name;
	struct identity identity;
	uint8_t digest[KTFTP_DIGEST_BYTES];
};

/* Anything but 0 ends it and becomes its result. */
typedef int (*index_fn)(const struct index_row *row, void *context);

int index_open(const char *state_dir, struct index **out, bool *put_aside, char *why, size_t room);
void index_close(struct index *index);
const char *index_error(const struct index *index);

int index_find(struct index *index, const struct identity *identity, uint8_t digest[KTFTP_DIGEST_BYTES]);
int index_find_path(struct index *index, const char *view, const char *path, struct identity *identity,
		    uint8_t digest[KTFTP_DIGEST_BYTES]);
int index_each(struct index *index, index_fn fn, void *context);
int64_t index_count(struct index *index);

/* Changes stand between these two; all or none. */
int index_begin(struct index *index);
int index_put(struct index *index, const struct index_row *row);
int index_remove(struct index *index, const char *view, const char *path);
int index_commit(struct index *index);

#endif
