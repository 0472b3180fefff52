/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The folder's names in the module: sets swapped at one moment, what fits the budget, what is asked for most. All of
 * it has the owner "folder"; nothing else is touched. The folder's thread; it has a connection of its own.
 */
#ifndef KTFTPD_PUBLISHER_H
#define KTFTPD_PUBLISHER_H

#include "change.h"
#include "folder.h"

#define PUBLISHER_OWNER "folder"

struct publisher;

/**
 * struct publisher_hooks - what a publisher needs, and tells
 * @open: a content, for reading: a descriptor or a negative errno
 * @pinned: names became PINNED or UNPINNED otherwise than by publisher_commit(), which says so by its return
 * @note: something an operator should know
 * @context: for them
 */
struct publisher_hooks {
	int (*open)(const struct folder_file *file, void *context);
	void (*pinned)(const struct folder_change *changes, size_t count, void *context);
	void (*note)(int level, const char *text, void *context);
	void *context;
};

/*
 * @pin_bytes: most to hold, KTFTP_NO_LIMIT for what the module allows; another limit takes effect with the next
 * publisher_adjust().
 *
 * What the module refuses is no failure of what follows: it is noted, it shows in what is pinned, and it is tried again
 * by publisher_adjust(). So it is when the module goes. They return 0 or -ENOMEM.
 */
int publisher_new(uint64_t pin_bytes, const struct publisher_hooks *hooks, struct publisher **out, char *why,
		  size_t room);
void publisher_free(struct publisher *p);
void publisher_set_limit(struct publisher *p, uint64_t pin_bytes);
/*
 * READY and GONE, at one moment where the module can, before the main thread is told: is_pinned says of each READY
 * whether the module serves it now. Content that is not new costs nothing. Before publisher_reconcile() nothing is
 * published yet: what the names are to be is noted. What somebody else published under one of the names by hand stays.
 */
int publisher_commit(struct publisher *p, const struct folder_change *changes, size_t count, bool *is_pinned);
/*
 * Everything that exists was committed: what the module has of it, by name, view, size and digest, stays as it is,
 * what it lacks or has otherwise is published, what no longer exists is withdrawn, without a gap for any name. Tells
 * @pinned.
 */
int publisher_reconcile(struct publisher *p);
/* Downloads by the engine, beside those that the module counts. */
void publisher_hits(struct publisher *p, const struct folder_hits *hits, size_t count);
/* From time to time: what is asked for most changes places with what is not. Tells @pinned. */
int publisher_adjust(struct publisher *p);
void publisher_totals(const struct publisher *p, uint64_t *pinned, uint64_t *pinned_bytes);

#endif
