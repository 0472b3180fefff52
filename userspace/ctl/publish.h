/* SPDX-License-Identifier: GPL-2.0 */
/* ktftpctl publish: what single files and whole folders share. */
#ifndef KTFTP_CTL_PUBLISH_H
#define KTFTP_CTL_PUBLISH_H

#include "ctl.h"

/**
 * struct publishing - one publish command
 * @ctl: the run
 * @line: what it says
 * @set: what is published next, or NULL
 * @count: files published
 * @bytes: their size
 * @skipped: what was no file
 * @total: files to publish, 0 when not known
 * @progress: show how far it is
 * @list: for -j
 * @status: worst of what happened
 * @stopped: nothing more is tried
 */
struct publishing {
	struct ctl *ctl;
	struct publish_line line;
	struct ktftp_set *set;
	size_t count;
	uint64_t bytes;
	size_t skipped;
	size_t total;
	bool progress;
	struct json_t *list;
	int status;
	bool stopped;
};

void report_published(struct publishing *p, const struct ktftp_entry *entry);
void publish_in_set(struct publishing *p, const char *name, const char *path);
void flush_set(struct publishing *p);
void publish_tree(struct publishing *p, char *root);

#endif
