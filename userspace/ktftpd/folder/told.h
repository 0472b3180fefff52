/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names, the files that stand for them, and what the main thread was told of each. Of several files with one name
 * that of the first root counts, and within a root the first by path.
 */
#ifndef KTFTPD_TOLD_H
#define KTFTPD_TOLD_H

#include <sys/queue.h>

#include "change.h"
#include "table.h"
#include "tree.h"
#include "vector.h"

enum told {
	TOLD_NOTHING,
	TOLD_ARRIVING,
	TOLD_READY,
};

/**
 * struct name - a name in a view
 * @item: in the table, by view and folded name
 * @touched: others whose files changed
 * @is_touched: they did
 * @first: the files that stand for it, by their order
 * @told: what the main thread knows
 * @winner: and of which file, while TOLD_READY; only to compare with
 * @version: and which content of it
 * @is_pinned: and that the module serves it
 * @view: of the root
 * @name: canonical
 */
struct name {
	struct table_item item;
	TAILQ_ENTRY(name) touched;
	bool is_touched;
	struct node *first;
	enum told told;
	const struct node *winner;
	struct version version;
	bool is_pinned;
	char view[KTFTP_LABEL_MAX + 1];
	char name[];
};

TAILQ_HEAD(name_list, name);

/**
 * struct names - all of them
 * @table: by view and folded name
 * @touched: those that are to be looked at
 * @arriving: how many are TOLD_ARRIVING
 * @ready: how many are TOLD_READY
 * @ready_bytes: their size
 * @pinned: how many the module serves
 * @pinned_bytes: their size
 */
struct names {
	struct table table;
	struct name_list touched;
	uint64_t arriving;
	uint64_t ready;
	uint64_t ready_bytes;
	uint64_t pinned;
	uint64_t pinned_bytes;
};

void names_init(struct names *names);
void names_free(struct names *names);

int names_attach(struct names *names, struct node *node, const char *canonical);
void names_detach(struct names *names, struct node *node);
void names_reorder(struct names *names);
void names_touch(struct names *names, struct name *name);
struct name *names_find(const struct names *names, const char *view, const char *canonical);
const struct name *names_case_twin(const struct names *names, const struct name *name);

int names_arriving(struct names *names, struct name *name, struct vector *changes);
int names_collect(struct names *names, struct vector *changes);
void names_pinned(struct names *names, struct name *name, bool is_pinned);

/* struct folder_change, as what is told is made of. */
struct folder_change *change_add(struct vector *changes, enum folder_what what, const struct name *name);
void changes_free(struct folder_change *changes, size_t count);

#endif
