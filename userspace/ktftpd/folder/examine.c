// SPDX-License-Identifier: GPL-2.0
/* What became of a node: is it there, what is it, may it be served, and has it changed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolve.h"
#include "worker.h"

/* As many directories more than files: links may multiply them without end. */
#define SPARE_DIRS 1000ull

/**
 * examine_dirty() - something happened to a node: it is to be examined
 * @node: node
 */
void examine_dirty(struct node *node)
{
	struct root *root = node->parent->root;

	if (node->stage == STAGE_DONE || node->stage == STAGE_GROUP)
		root->was_disturbed = true;
	if (node->stage != STAGE_GROUP && node->stage != STAGE_DIRTY)
		tree_set_stage(node, STAGE_DIRTY);
	settle_changed(&root->settle, clock_ms());
}

static const char *what_to_do(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "ktftpd may not read it: chmod or chown it, or leave it out by \"ignore\"";
	case EIO:
		return "see the kernel's log, the disk may be failing";
	case ENOSPC:
	case EDQUOT:
		return "make room in state-dir";
	case ENOSYS:
		return "openat2() is refused here: the kernel or the container's seccomp profile is too old";
	default:
		return "it is tried again each minute";
	}
}

/* The path as somebody would type it; notes are all that needs it. */
static void tell(struct worker *w, const struct node *node)
{
	char *path = tree_absolute(node);

	if (path && node->error)
		note(&w->notes, LOG_WARNING, "%s: %s: %s%s", path, strerror(node->error), what_to_do(node->error),
		     node->served.known ? "; what it contained before is served" : "");
	else if (path)
		note(&w->notes, LOG_NOTICE, "%s is not served: %s", path, rules_why(node->verdict));
	free(path);
}

/* Tells of each reason once, and again only when there was none, or another, in between. */
static void judge(struct worker *w, struct node *node, enum verdict verdict, int error)
{
	int reason = error ? error : -(int)verdict;

	w->left_out -= node->verdict != VERDICT_SERVED || node->error;
	w->unreadable -= node->error != 0;
	node->verdict = verdict;
	node->error = error;
	w->left_out += verdict != VERDICT_SERVED || error;
	w->unreadable += error != 0;
	if (reason && reason != node->noted)
		tell(w, node);
	node->noted = reason;
}

static int stat_path(struct root *root, const char *path, int flags, struct stat *status)
{
	int fd = resolve_open(root->fd, root->real, path, O_PATH | flags), err = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, status))
		err = -errno;
	close(fd);
	return err;
}

/* Of a link, what it leads to; -ENOLINK when there is no such thing but the link is. */
static int stat_node(struct node *node, struct stat *status)
{
	struct root *root = node->parent->root;
	char *path = tree_real(node);
	int err = path ? stat_path(root, path, O_NOFOLLOW, status) : -ENOMEM;

	if (!err) {
		tree_set_link(node, S_ISLNK(status->st_mode));
		if (node->is_link)
			err = stat_path(root, path, 0, status);
		if (node->is_link && (err == -ENOENT || err == -ENOTDIR))
			err = -ENOLINK;
	}
	free(path);
	return err;
}

static bool is_loop(const struct dir *in, const struct stat *status)
{
	for (; in; in = in->node ? in->node->parent : NULL)
		if (in->dev == status->st_dev && in->ino == status->st_ino)
			return true;
	return false;
}

/**
 * examine_enter() - a node is a directory: it is to be scanned
 * @w: worker
 * @node: node
 * @deep: and what is below it
 */
void examine_enter(struct worker *w, struct node *node, bool deep)
{
	bool is_new = !node->dir;
	struct dir *dir;

	if (is_new && w->tree.dir_count >= w->rules.max_files + SPARE_DIRS) {
		judge(w, node, VERDICT_TOO_MANY_DIRECTORIES, 0);
		return;
	}
	dir = tree_make_dir(&w->tree, node);
	if (dir && (is_new || deep))
		tree_queue_scan(&w->tree, dir, true);
}

/**
 * examine_arriving() - a file was found: who asks for it is to wait until it was looked at
 * @w: worker
 * @node: file
 */
void examine_arriving(struct worker *w, struct node *node)
{
	char name[KTFTP_NAME_MAX + 1], *relative;

	if (!node->name) {
		relative = tree_relative(node);
		if (relative && rules_name(relative, name) == VERDICT_SERVED)
			names_attach(&w->names, node, name);
		free(relative);
	}
	if (node->name)
		names_arriving(&w->names, node->name, &w->outbox);
}

/**
 * examine_early() - see what a node is as soon as something is known of it
 * @w: worker
 * @node: node; its root is open
 *
 * A directory has to be watched at once, lest what happens in it is missed.
 *
 * Return: whether it is an empty file, and no second link to one: whoever makes a file begins with that.
 */
bool examine_early(struct worker *w, struct node *node)
{
	struct stat status;

	if (stat_node(node, &status))
		return false;
	if (S_ISDIR(status.st_mode) && !is_loop(node->parent, &status))
		examine_enter(w, node, true);
	else if (rules_file(&w->rules, &status) == VERDICT_SERVED)
		examine_arriving(w, node);
	return S_ISREG(status.st_mode) && !status.st_size && status.st_nlink == 1 && !node->is_link;
}

static void not_there(struct worker *w, struct node *node, int err)
{
	node->is_dir = false;
	node->outcome = OUTCOME_DROP;
	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
		node->outcome = OUTCOME_GONE;
		return;
	case -ENOLINK:
		judge(w, node, VERDICT_LEADS_NOWHERE, 0);
		return;
	case -EXDEV:
		judge(w, node, VERDICT_LEADS_OUT, 0);
		return;
	case -ELOOP:
		judge(w, node, VERDICT_LOOP, 0);
		return;
	default:
		node->is_dir = node->dir;
		node->outcome = OUTCOME_FAILED;
		judge(w, node, VERDICT_SERVED, -err);
		if (node->name && !node->served.known)
			ingest_adopt_old(w, node);
	}
}

static void examine_dir(struct worker *w, struct node *node, const struct stat *status)
{
	node->is_dir = !is_loop(node->parent, status);
	/* A file that stood here before goes. */
	node->outcome = node->name || !node->is_dir ? OUTCOME_DROP : OUTCOME_KEEP;
	judge(w, node, node->is_dir ? VERDICT_SERVED : VERDICT_LOOP, 0);
	if (node->is_dir)
		examine_enter(w, node, false);
}

static bool is_current(const struct worker *w, const struct version *version, const struct identity *id)
{
	return version->known && !version->young && version->in_place == w->rules.in_place &&
	       identity_same(&version->identity, id);
}

static void tell_of_twin(struct worker *w, const struct node *node)
{
	const struct name *twin = names_case_twin(&w->names, node->name);

	if (twin)
		note(&w->notes, LOG_NOTICE, "%s and %s differ in case only: who writes it otherwise gets either",
		     node->name->name, twin->name);
}

static enum verdict name_file(struct worker *w, struct node *node)
{
	char name[KTFTP_NAME_MAX + 1], *relative;
	enum verdict verdict = VERDICT_SERVED;

	if (!node->name) {
		relative = tree_relative(node);
		verdict = relative ? rules_name(relative, name) : VERDICT_BAD_NAME;
		free(relative);
		if (verdict == VERDICT_SERVED && names_attach(&w->names, node, name))
			verdict = VERDICT_TOO_MANY;
	}
	if (verdict != VERDICT_SERVED || node->counted)
		return verdict;
	if (w->counted >= w->rules.max_files)
		return VERDICT_TOO_MANY;
	node->counted = true;
	w->counted++;
	tell_of_twin(w, node);
	return VERDICT_SERVED;
}

static void examine_content(struct worker *w, struct node *node, const struct stat *status)
{
	struct identity id = identity_of(status);
	int error = 0;

	if (is_current(w, &node->staged, &id))
		node->outcome = OUTCOME_TAKE;
	else if (is_current(w, &node->served, &id))
		node->outcome = OUTCOME_KEEP;
	else
		node->outcome = ingest(w, node, status, &error);
	judge(w, node, VERDICT_SERVED, error);
	if (node->outcome != OUTCOME_TAKE)
		version_release(w, &node->staged);
	if ((node->outcome == OUTCOME_LATER || node->outcome == OUTCOME_FAILED) && !node->served.known)
		ingest_adopt_old(w, node);
}

static void examine_file(struct worker *w, struct node *node, const struct stat *status)
{
	enum verdict verdict = rules_file(&w->rules, status);

	node->is_dir = false;
	if (verdict == VERDICT_SERVED)
		verdict = name_file(w, node);
	if (verdict == VERDICT_SERVED) {
		examine_content(w, node, status);
		return;
	}
	judge(w, node, verdict, 0);
	node->outcome = OUTCOME_DROP;
}

/**
 * examine() - see what became of a node
 * @w: worker
 * @node: node; its root is open. Its outcome is set; nothing that is served changes before its group is complete
 */
void examine(struct worker *w, struct node *node)
{
	struct stat status;
	int err;

	/* The rules may have changed since it was found. */
	if (rules_base(&w->rules, node->base) != VERDICT_SERVED) {
		node->outcome = OUTCOME_GONE;
		return;
	}
	err = stat_node(node, &status);
	if (err)
		not_there(w, node, err);
	else if (S_ISDIR(status.st_mode))
		examine_dir(w, node, &status);
	else
		examine_file(w, node, &status);
}
