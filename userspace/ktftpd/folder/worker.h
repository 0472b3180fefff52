/* SPDX-License-Identifier: GPL-2.0 */
/* Inside the folder's thread: what its parts share. */
#ifndef KTFTPD_WORKER_H
#define KTFTPD_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "folder.h"
#include "index.h"
#include "notes.h"
#include "publisher.h"
#include "store.h"
#include "told.h"
#include "tree.h"
#include "vector.h"
#include "watch.h"

/**
 * struct worker_hooks - how the thread tells the main one; called in the thread
 * @tell: changes, which are the hook's from then on: changes_free()
 * @scanned: see struct folder_hooks
 * @note: likewise
 * @status: how it stands
 * @context: for them
 */
struct worker_hooks {
	void (*tell)(struct folder_change *changes, size_t count, void *context);
	void (*scanned)(void *context);
	void (*note)(int level, const char *text, void *context);
	void (*status)(const struct folder_status *status, void *context);
	void *context;
};

/**
 * struct worker - the thread's context
 * @base: its loop
 * @hooks: how it tells the main one
 * @stop: set by the main thread: everything that takes long is to be given up
 * @rules: what to follow
 * @tree: the folders
 * @names: and their names
 * @watches: inotify, NULL where it cannot be had
 * @store: contents
 * @index: what is known of earlier runs; NULL while it cannot be used
 * @publisher: the module, or NULL
 * @notes: what the operator is told
 * @outbox: ARRIVING that waits to be told, struct folder_change
 * @work: there is something to do at once
 * @wake: a group may be complete
 * @second: every second
 * @minute: every minute
 * @readable: inotify
 * @state_dir: where store and index are
 * @started_ms: when
 * @counted: files of max_files
 * @left_out: files that are left out or could not be read
 * @unreadable: of these, those that could not be read
 * @ingested: files that were copied, or read in place
 * @ingested_bytes: their size
 * @rescans: how often everything was looked at
 * @overflows: how often events were lost
 * @unwatched: directories that the kernel tells nothing of
 * @seconds: since the start, for what is done less often
 * @scanned: everything was looked at once
 * @tell_scanned: the main thread is to be told so again
 * @can_put: rows may be written now
 * @tidied: what is left of earlier runs was removed
 * @behind: not all that was told of directories has been looked at; the main thread reads it
 * @watch_fd: inotify, or -1; likewise
 */
struct worker {
	struct event_base *base;
	struct worker_hooks hooks;
	const atomic_bool *stop;
	struct rules rules;
	struct tree tree;
	struct names names;
	struct watches *watches;
	struct store *store;
	struct index *index;
	struct publisher *publisher;
	struct notes notes;
	struct vector outbox;
	struct event *work;
	struct event *wake;
	struct event *second;
	struct event *minute;
	struct event *readable;
	char *state_dir;
	int64_t started_ms;
	uint64_t counted;
	uint64_t left_out;
	uint64_t unreadable;
	uint64_t ingested;
	uint64_t ingested_bytes;
	uint64_t rescans;
	uint64_t overflows;
	uint64_t unwatched;
	uint64_t seconds;
	bool scanned;
	bool tell_scanned;
	bool can_put;
	bool tidied;
	atomic_bool behind;
	atomic_int watch_fd;
};

static inline int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* roots.c: folders that come and go */
int root_open(struct root *root);
void roots_close(struct worker *w);
void roots_poll(struct worker *w);
int roots_change(struct worker *w, const struct config_root *roots, size_t count);
void roots_leave(struct worker *w);
void roots_rescan(struct worker *w);
void roots_doubt(struct worker *w);
bool roots_all_scanned(const struct worker *w);
bool roots_all_there(const struct worker *w);

/* scan.c: directories are read, and events understood */
void scan_dir(struct worker *w, struct dir *dir);
void scan_event(struct dir *dir, uint32_t mask, const char *base, void *context);
void scan_unwatched(struct worker *w);
void scan_moved(struct worker *w);

/* examine.c: what became of a node */
void examine(struct worker *w, struct node *node);
bool examine_early(struct worker *w, struct node *node);
void examine_arriving(struct worker *w, struct node *node);
void examine_enter(struct worker *w, struct node *node, bool deep);
void examine_dirty(struct node *node);

/* forget.c: what is not there any more */
void forget_name(struct worker *w, struct node *node);
void forget_node(struct worker *w, struct node *node);
void forget_dir(struct worker *w, struct dir *dir);
void version_release(struct worker *w, struct version *version);

/* ingest.c: a file is read */
enum outcome ingest(struct worker *w, struct node *node, const struct stat *status, int *error);
bool ingest_is_written(struct worker *w, struct node *node);
void ingest_adopt_old(struct worker *w, struct node *node);

/* group.c: what changed together is served together */
bool group_work(struct worker *w);
int64_t group_wait_ms(const struct worker *w);
void group_second(struct worker *w);

/* publish.c: what is told to the module and to the main thread */
void publish_names(struct worker *w);
void publish_arriving(struct worker *w);
void publish_status(struct worker *w);
void publish_scanned(struct worker *w);

/* rows.c: the index */
void rows_begin(struct worker *w, bool can_put);
void rows_put(struct worker *w, struct node *node);
void rows_remove(struct worker *w, struct node *node);
void rows_commit(struct worker *w);
void rows_minute(struct worker *w);
void rows_tidy(struct worker *w);

/* worker.c */
int worker_new(const struct config *config, bool kernel, const struct worker_hooks *hooks, const atomic_bool *stop,
	       struct worker **out, char *why, size_t room);
void worker_free(struct worker *w);
int worker_configure(struct worker *w, const struct config *config);
int worker_content(struct worker *w, const struct folder_file *file);
void worker_poke(struct worker *w);

#endif
