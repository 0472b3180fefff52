/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names that the daemon answers for, and what they mean; looked up as the module looks up its own: views of the
 * stack from the uppermost down, in each the exact name, then one that differs in case. The main thread's.
 */
#ifndef KTFTPD_CATALOGUE_H
#define KTFTPD_CATALOGUE_H

#include <stdbool.h>

#include "content.h"
#include "folder/change.h"
#include "ktftp.h"

struct catalogue;

enum item_state {
	ITEM_ARRIVING, /* somebody is writing it, or it is being copied: ask again soon */
	ITEM_READY,
};

/**
 * struct item - a name and what it means
 * @view: the layer it is in
 * @name: canonical
 * @state: enum item_state
 * @pinned: the module serves it
 * @file: which content, while it is READY
 * @hits: downloads by the engine since the folder was last told
 */
struct item {
	char view[KTFTP_LABEL_MAX + 1];
	char *name;
	enum item_state state;
	bool pinned;
	struct folder_file file;
	uint64_t hits;
};

struct catalogue *catalogue_new(void);
void catalogue_free(struct catalogue *c);
/* Views that clients see, the uppermost first. */
int catalogue_set_stack(struct catalogue *c, const char *const *views, size_t count);
/* All of it or, for lack of memory, none: -ENOMEM. */
int catalogue_apply(struct catalogue *c, const struct folder_change *changes, size_t count);
struct item *catalogue_find(const struct catalogue *c, const char *canonical);
/* What a mistyped name may have meant, or NULL. Costs up to a scan of all names, at most some times a second. */
const char *catalogue_nearest(struct catalogue *c, const char *canonical);
/* Anything but 0 from fn ends it and becomes its result. */
int catalogue_each(const struct catalogue *c, int (*fn)(struct item *item, void *context), void *context);
size_t catalogue_count(const struct catalogue *c);

#endif
