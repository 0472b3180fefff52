// SPDX-License-Identifier: GPL-2.0
/* What is served now: told to the module first, then to the main thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

static struct name *name_of(const struct worker *w, const struct folder_change *change)
{
	return names_find(&w->names, change->view, change->name);
}

static void hand_on(struct worker *w, struct vector *changes)
{
	if (changes->count)
		w->hooks.tell(changes->items, changes->count, w->hooks.context);
	else
		free(changes->items);
	*changes = (struct vector){ .item_bytes = sizeof(struct folder_change) };
}

/**
 * publish_arriving() - tell of names that are awaited
 * @w: worker
 */
void publish_arriving(struct worker *w)
{
	if (w->outbox.count)
		hand_on(w, &w->outbox);
}

static void add_pinned(struct worker *w, struct vector *changes, const struct folder_change *ready, bool is_pinned)
{
	struct name *name = name_of(w, ready);

	if (!name)
		return;
	names_pinned(&w->names, name, is_pinned);
	/* Who hears of a new content takes it for one that the module does not serve. */
	if (is_pinned)
		change_add(changes, FOLDER_PINNED, name);
}

/* The module has it before anybody is told that it has. */
static void commit_to_module(struct worker *w, struct vector *changes)
{
	size_t count = changes->count, i;
	bool *is_pinned = calloc(count, sizeof(*is_pinned));
	/* The module's: what is added to the others may move them. */
	const struct folder_change *change;

	if (!is_pinned)
		return;
	publisher_commit(w->publisher, changes->items, count, is_pinned);
	for (i = 0; i < count; i++) {
		change = (struct folder_change *)changes->items + i;
		if (change->what == FOLDER_READY)
			add_pinned(w, changes, change, is_pinned[i]);
	}
	free(is_pinned);
}

/**
 * publish_names() - tell of names whose files changed, all at one moment
 * @w: worker
 */
void publish_names(struct worker *w)
{
	struct vector changes = { .item_bytes = sizeof(struct folder_change) };

	publish_arriving(w);
	names_collect(&w->names, &changes);
	if (changes.count && w->publisher)
		commit_to_module(w, &changes);
	hand_on(w, &changes);
	publish_status(w);
}

/**
 * publish_scanned() - everything was looked at once
 * @w: worker
 */
void publish_scanned(struct worker *w)
{
	publish_names(w);
	w->scanned = true;
	if (w->publisher)
		publisher_reconcile(w->publisher);
	publish_status(w);
	w->hooks.scanned(w->hooks.context);
}

/**
 * publish_status() - how it stands
 * @w: worker
 */
void publish_status(struct worker *w)
{
	struct folder_status status = {
		.files = w->names.ready,
		.bytes = w->names.ready_bytes,
		.contents = w->rules.in_place ? w->names.ready : store_count(w->store),
		.pinned = w->names.pinned,
		.pinned_bytes = w->names.pinned_bytes,
		.arriving = w->names.arriving,
		.left_out = w->left_out,
		.ingested = w->ingested,
		.ingested_bytes = w->ingested_bytes,
		.rescans = w->rescans,
		.overflows = w->overflows,
		.watches = w->watches ? watches_count(w->watches) : 0,
		.scanned = w->scanned,
	};

	if (w->publisher)
		publisher_totals(w->publisher, &status.pinned, &status.pinned_bytes);
	memcpy(status.problem, problem_worst(&w->notes), sizeof(status.problem));
	/* Each of them was told of by itself. */
	if (!*status.problem && w->unreadable)
		snprintf(status.problem, sizeof(status.problem),
			 "%llu files or directories cannot be read, the log says which and why; clients that ask for "
			 "such a file are met with silence",
			 (unsigned long long)w->unreadable);
	w->hooks.status(&status, w->hooks.context);
}
