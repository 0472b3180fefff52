/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of the folders: roots, the directories below them, and a node for each thing in a directory. Only
 * memory: who looks at the file system is scan.c, watch.c and examine.c.
 */
#ifndef KTFTPD_TREE_H
#define KTFTPD_TREE_H

#include <sys/queue.h>

#include "identity.h"
#include "ktftp.h"
#include "rules.h"
#include "settle.h"
#include "table.h"

struct dir;
struct name;
struct root;
struct watch;

/**
 * struct version - a content of a file
 * @known: there is one
 * @in_place: it is the file itself, no copy in the store
 * @young: its file was changed so shortly before that it may look the same after another change
 * @identity: the file when it was read
 * @digest: what was read
 */
struct version {
	bool known;
	bool in_place;
	bool young;
	struct identity identity;
	uint8_t digest[KTFTP_DIGEST_BYTES];
};

/* Where a node is on its way from a change to being served. */
enum stage {
	STAGE_REST,  /* nothing is to be done */
	STAGE_DIRTY, /* something happened to it: to be examined when its root's group is complete */
	STAGE_GROUP, /* it is one of the group that is being examined */
	STAGE_DONE,  /* it was examined: waits for the others of its group */
	STAGE_LATER, /* somebody writes to it, for longer than its group could wait */
	STAGES,
};

/* What examining it said. */
enum outcome {
	OUTCOME_KEEP,   /* as it was */
	OUTCOME_TAKE,   /* @staged is to be served */
	OUTCOME_DROP,   /* it is there, but left out: @verdict says why */
	OUTCOME_GONE,   /* it is not there any more */
	OUTCOME_LATER,  /* somebody writes to it */
	OUTCOME_FAILED, /* it could not be read or copied: what is served stays; @error says why */
};

/**
 * struct node - a thing in a directory
 * @item: in the tree's table, by directory and @base
 * @parent: the directory
 * @sibling: others in it
 * @queued: others in the same stage
 * @links: other links of the root, while @is_link
 * @dir: it is a directory, or a link to one
 * @name: under which it is served, when it is a file that may be
 * @next_candidate: the next one that stands for the same name
 * @served: what is served of it; of a file that is awaited, nothing
 * @staged: what is to be, with its group
 * @stage: enum stage
 * @outcome: of the last look at it
 * @verdict: why it is left out
 * @error: why it could not be read or copied; 0 when it could
 * @noted: what was told of @verdict or @error already
 * @is_link: a symbolic link
 * @is_dir: what it was when it was looked at last; @dir goes with the group of it that says otherwise
 * @writing: somebody wrote to it and has not closed it
 * @counted: it is one of max_files
 * @has_row: there is a row for it in the index
 * @unsaved: and that is not about @served
 * @event_ms: when something happened to it last, 0 for never
 * @base: its name in the directory
 */
struct node {
	struct table_item item;
	struct dir *parent;
	TAILQ_ENTRY(node) sibling;
	TAILQ_ENTRY(node) queued;
	TAILQ_ENTRY(node) links;
	struct dir *dir;
	struct name *name;
	struct node *next_candidate;
	struct version served;
	struct version staged;
	enum stage stage;
	enum outcome outcome;
	enum verdict verdict;
	int error;
	int noted;
	bool is_link;
	bool is_dir;
	bool writing;
	bool counted;
	bool has_row;
	bool unsaved;
	int64_t event_ms;
	char base[];
};

TAILQ_HEAD(node_list, node);

/**
 * struct dir - a directory, by one of the paths that lead to it
 * @root: the root it is below
 * @node: what it is in the directory above, NULL for the root's own
 * @nodes: what is in it
 * @path: below the root, empty for the root's own; names are made of it
 * @real: the same without links
 * @dev: file system, 0 until it was looked at
 * @ino: inode
 * @watch: tells of changes, or NULL
 * @of_watch: other paths to the same directory
 * @queued: others that wait to be scanned
 * @is_queued: it waits
 * @is_deep: and what is below it, too
 * @noted: why it could not be read, as was told; 0 when it could
 * @was_read: it was read once
 * @unread: why it was not, while that keeps its root from being known; 0 when it does not
 * @of_unread: others of the root
 */
struct dir {
	struct root *root;
	struct node *node;
	struct node_list nodes;
	char *path;
	char *real;
	uint64_t dev;
	uint64_t ino;
	struct watch *watch;
	TAILQ_ENTRY(dir) of_watch;
	TAILQ_ENTRY(dir) queued;
	bool is_queued;
	bool is_deep;
	int noted;
	bool was_read;
	int unread;
	TAILQ_ENTRY(dir) of_unread;
};

TAILQ_HEAD(dir_list, dir);

/**
 * struct root - a folder that is served
 * @next: the next one; the first of the tree counts when a name is in several
 * @path: as configured
 * @view: of its names
 * @real: its path without links while @fd is open, else NULL or what it was
 * @order: its place among the roots
 * @fd: the directory, -1 when it is not open: it is only while something is done, so that it can be unmounted
 * @top: the directory
 * @dev: file system of the directory that was scanned, 0 for none yet
 * @ino: its inode
 * @stages: nodes by stage; those at rest are in no list
 * @count: how many
 * @links: symbolic links, which change when what they lead to does
 * @settle: the group that is not served yet
 * @was_disturbed: something happened to a node that had been examined
 * @to_look_at: of the first scan, how many nodes were found and not examined yet
 * @batch_began_bytes: how much had been read when the last batch of it was served
 * @found_all: every directory was read once
 * @scanned: and every file was looked at once, but for those in @unread
 * @unread: directories that were never read, and may hold names that somebody asks for
 * @group_is_all: there was none when the group began
 * @is_known: every file was looked at by the rules of now: a name that is not known does not exist
 * @leaving: it is no longer configured: stays until the others were scanned
 * @missing_ms: since when it is not there, 0 when it is
 * @is_remote: others may change it without our being told
 */
struct root {
	TAILQ_ENTRY(root) next;
	char *path;
	char view[KTFTP_LABEL_MAX + 1];
	char *real;
	unsigned int order;
	int fd;
	struct dir *top;
	uint64_t dev;
	uint64_t ino;
	struct node_list stages[STAGES];
	size_t count[STAGES];
	struct node_list links;
	struct settle settle;
	bool was_disturbed;
	size_t to_look_at;
	uint64_t batch_began_bytes;
	bool found_all;
	bool scanned;
	struct dir_list unread;
	bool group_is_all;
	bool is_known;
	bool leaving;
	int64_t missing_ms;
	bool is_remote;
};

TAILQ_HEAD(root_list, root);

/**
 * struct tree - everything
 * @roots: in their order
 * @nodes: by directory and base name
 * @to_scan: directories that are to be read
 * @dir_count: directories
 */
struct tree {
	struct root_list roots;
	struct table nodes;
	struct dir_list to_scan;
	size_t dir_count;
};

void tree_init(struct tree *tree);
struct root *tree_add_root(struct tree *tree, const char *path, const char *view);
void tree_remove_root(struct tree *tree, struct root *root);

struct node *tree_find(const struct tree *tree, const struct dir *dir, const char *base);
struct node *tree_find_path(const struct tree *tree, const struct root *root, const char *relative);
struct node *tree_add(struct tree *tree, struct dir *dir, const char *base);
void tree_remove(struct tree *tree, struct node *node);
struct dir *tree_make_dir(struct tree *tree, struct node *node);
/* What is in it has to be removed before, and its watch. */
void tree_remove_dir(struct tree *tree, struct dir *dir);

void tree_set_unread(struct dir *dir, int err);
void tree_queue_scan(struct tree *tree, struct dir *dir, bool deep);
void tree_set_stage(struct node *node, enum stage stage);
void tree_set_link(struct node *node, bool is_link);
char *tree_relative(const struct node *node);
char *tree_real(const struct node *node);
char *tree_absolute(const struct node *node);

#endif
