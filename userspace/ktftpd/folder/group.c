// SPDX-License-Identifier: GPL-2.0
/*
 * What changed together is served together. When a root's group is complete, all of it is examined and read, a bit at
 * a time so that events are not missed meanwhile; then the whole of it changes at one moment. If something of it
 * turns out not to be complete it waits for that, with what was read already staged, for no longer than settle_ms.
 *
 * Of a root that was never scanned there is no group: what is found is served in batches as it comes.
 */
#include <string.h>

#include "worker.h"

/* How much is done before events are looked at. */
#define SLICE_MS    20

/* Of a first scan. */
#define BATCH_NODES 4000
#define BATCH_BYTES (256ull << 20)

static size_t move_all(struct root *root, enum stage from, enum stage to, size_t most)
{
	struct node *node;
	size_t moved = 0;

	while (moved < most && (node = TAILQ_FIRST(&root->stages[from]))) {
		tree_set_stage(node, to);
		moved++;
	}
	return moved;
}

/* Nothing of it may have come to light after the group began: that is in the next one. */
static void see_whether_known(struct worker *w, struct root *root)
{
	if (TAILQ_EMPTY(&root->unread) && TAILQ_EMPTY(&w->tree.to_scan) && root->group_is_all)
		root->is_known = true;
}

static bool start_batch(struct worker *w, struct root *root)
{
	size_t moved;

	if (!TAILQ_EMPTY(&w->tree.to_scan) || root_open(root))
		return false;
	if (!root->found_all) {
		root->to_look_at = root->count[STAGE_DIRTY];
		root->group_is_all = TAILQ_EMPTY(&root->unread);
	}
	root->found_all = true;
	moved = move_all(root, STAGE_DIRTY, STAGE_GROUP,
			 root->to_look_at < BATCH_NODES ? root->to_look_at : BATCH_NODES);
	root->to_look_at -= moved;
	if (moved)
		return true;
	root->scanned = true;
	see_whether_known(w, root);
	/* What came meanwhile is a group like any other. */
	settle_done(&root->settle);
	if (root->count[STAGE_DIRTY])
		settle_changed(&root->settle, clock_ms());
	return false;
}

/* A link changes when what it leads to does. */
static void add_links(struct root *root)
{
	struct node *node;

	TAILQ_FOREACH(node, &root->links, links)
	if (node->stage == STAGE_REST)
		tree_set_stage(node, STAGE_DIRTY);
}

static bool start(struct worker *w, struct root *root)
{
	if (root->leaving || !root->dev)
		return false;
	if (!root->scanned)
		return start_batch(w, root);
	if (settle_wait_ms(&root->settle, clock_ms(), w->rules.quiet_ms, w->rules.settle_ms))
		return false;
	/* It is not there: when it is again all of it will be examined. */
	if (root_open(root)) {
		settle_done(&root->settle);
		return false;
	}
	root->was_disturbed = false;
	root->group_is_all = TAILQ_EMPTY(&root->unread);
	add_links(root);
	move_all(root, STAGE_DIRTY, STAGE_GROUP, SIZE_MAX);
	return true;
}

static void examine_some(struct worker *w, struct root *root)
{
	int64_t until = clock_ms() + SLICE_MS;
	struct node *node;

	while ((node = TAILQ_FIRST(&root->stages[STAGE_GROUP])) && !atomic_load(w->stop)) {
		tree_set_stage(node, STAGE_DONE);
		examine(w, node);
		if (clock_ms() >= until)
			break;
	}
}

static bool is_batch_full(struct worker *w, const struct root *root)
{
	return !root->scanned && w->ingested_bytes - root->batch_began_bytes >= BATCH_BYTES;
}

static bool is_complete(const struct root *root)
{
	const struct node *node;

	if (root->was_disturbed)
		return false;
	TAILQ_FOREACH(node, &root->stages[STAGE_DONE], queued)
	if (node->outcome == OUTCOME_LATER)
		return false;
	return true;
}

static void take(struct worker *w, struct node *node)
{
	version_release(w, &node->served);
	node->served = node->staged;
	node->staged = (struct version){};
	names_touch(&w->names, node->name);
}

static void finish_node(struct worker *w, struct node *node)
{
	enum stage next = STAGE_REST;

	if (node->outcome == OUTCOME_GONE) {
		forget_node(w, node);
		return;
	}
	if (node->dir && !node->is_dir)
		forget_dir(w, node->dir);
	if (node->outcome == OUTCOME_TAKE)
		take(w, node);
	if (node->outcome == OUTCOME_DROP)
		forget_name(w, node);
	if (node->outcome == OUTCOME_TAKE || node->outcome == OUTCOME_KEEP)
		rows_put(w, node);
	/* What was read too soon after a change is read once more. */
	if (node->outcome == OUTCOME_LATER || node->served.young)
		next = STAGE_LATER;
	tree_set_stage(node, next);
}

static void commit(struct worker *w, struct root *root)
{
	int err = store_sync(w->store);
	struct node *node;

	if (err)
		problem_set(&w->notes, PROBLEM_STORE, "%s: %s: see the kernel's log, the disk may be failing",
			    w->state_dir, strerror(-err));
	rows_begin(w, !err);
	while ((node = TAILQ_FIRST(&root->stages[STAGE_DONE])))
		finish_node(w, node);
	rows_commit(w);
	publish_names(w);
}

static void finish(struct worker *w, struct root *root)
{
	if (!root->scanned) {
		commit(w, root);
		root->batch_began_bytes = w->ingested_bytes;
		return;
	}
	if (!is_complete(root) && !settle_is_over(&root->settle, clock_ms(), w->rules.settle_ms)) {
		if (!root->was_disturbed)
			settle_hold(&root->settle);
		move_all(root, STAGE_DONE, STAGE_DIRTY, SIZE_MAX);
		return;
	}
	commit(w, root);
	see_whether_known(w, root);
	settle_done(&root->settle);
	if (root->count[STAGE_DIRTY])
		settle_changed(&root->settle, clock_ms());
}

/**
 * group_work() - do a bit of what is to be done
 * @w: worker
 *
 * Return: whether there may be more.
 */
bool group_work(struct worker *w)
{
	struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	{
		if (!root->count[STAGE_GROUP] && !start(w, root))
			continue;
		if (!root_open(root))
			examine_some(w, root);
		else
			move_all(root, STAGE_GROUP, STAGE_DIRTY, SIZE_MAX);
		if (!atomic_load(w->stop) && (!root->count[STAGE_GROUP] || is_batch_full(w, root)))
			finish(w, root);
		return true;
	}
	return false;
}

/**
 * group_wait_ms() - how long until there is something to do
 * @w: worker
 *
 * Return: milliseconds, or SETTLE_NEVER.
 */
int64_t group_wait_ms(const struct worker *w)
{
	int64_t now = clock_ms(), least = SETTLE_NEVER, wait;
	const struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	{
		if (root->leaving || !root->dev || !root->scanned)
			continue;
		wait = settle_wait_ms(&root->settle, now, w->rules.quiet_ms, w->rules.settle_ms);
		if (wait < least)
			least = wait;
	}
	return least;
}

static void look_at_writers(struct worker *w, struct root *root)
{
	struct node *node, *next;

	if (!root->count[STAGE_LATER] || root->leaving || root_open(root))
		return;
	for (node = TAILQ_FIRST(&root->stages[STAGE_LATER]); node; node = next) {
		next = TAILQ_NEXT(node, queued);
		if (!ingest_is_written(w, node))
			examine_dirty(node);
	}
}

/* What could not be read has been by now, or is gone, and there was nothing in it: a group without files ends that. */
static void look_at_unknown(struct root *root)
{
	if (root->scanned && !root->is_known && !root->leaving && TAILQ_EMPTY(&root->unread) && !root->settle.pending)
		settle_changed(&root->settle, clock_ms());
}

/**
 * group_second() - see whether those who wrote for too long have ended, for that is not always told
 * @w: worker
 */
void group_second(struct worker *w)
{
	struct root *root;

	TAILQ_FOREACH(root, &w->tree.roots, next)
	{
		look_at_writers(w, root);
		look_at_unknown(root);
	}
}
