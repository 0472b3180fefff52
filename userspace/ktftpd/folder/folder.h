/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The folders that are served: a thread that watches them, copies what arrives into the content-addressed store,
 * and publishes it to the module. Functions here are the main thread's side.
 */
#ifndef KTFTPD_FOLDER_H
#define KTFTPD_FOLDER_H

#include <event2/event.h>

#include "change.h"
#include "config/config.h"

struct folder;

/**
 * struct folder_status - how it stands
 * @files: names that are served
 * @bytes: their size
 * @contents: different contents
 * @pinned: names that the module serves
 * @pinned_bytes: their size
 * @arriving: names whose content is awaited
 * @left_out: files that are not served, for whatever reason
 * @ingested: files that were copied since the start
 * @ingested_bytes: their size
 * @rescans: how often everything was looked at anew, the first time included
 * @overflows: how often events were lost
 * @watches: directories that are watched
 * @scanned: everything was looked at once
 * @problem: what is wrong, empty for nothing
 */
struct folder_status {
	uint64_t files;
	uint64_t bytes;
	uint64_t contents;
	uint64_t pinned;
	uint64_t pinned_bytes;
	uint64_t arriving;
	uint64_t left_out;
	uint64_t ingested;
	uint64_t ingested_bytes;
	uint64_t rescans;
	uint64_t overflows;
	uint64_t watches;
	bool scanned;
	char problem[256];
};

/**
 * struct folder_hooks - called in the main thread
 * @changed: names changed, at one moment
 * @scanned: every file of every root was looked at and told of: what is not known by now does not exist. Called once
 *	after the start and once after each folder_reconfigure() that returned 0, also when nothing was different; never
 *	for a configuration that another one has followed. Not called while a root is missing that was never looked at,
 *	or a directory in it cannot be read
 * @note: something an operator should know, e.g. why a file is left out; level as syslog's
 * @context: for them
 */
struct folder_hooks {
	void (*changed)(const struct folder_change *changes, size_t count, void *context);
	void (*scanned)(void *context);
	void (*note)(int level, const char *text, void *context);
	void *context;
};

/* How often a name was served by the engine. */
struct folder_hits {
	char view[KTFTP_LABEL_MAX + 1];
	char *name;
	uint64_t hits;
};

/* @kernel: publish to the module; without it everything is told as READY and nothing as PINNED. */
int folder_start(struct event_base *base, const struct config *config, bool kernel, const struct folder_hooks *hooks,
		 struct folder **out, char *why, size_t room);
/*
 * The configuration's roots and rules are those to follow from now on. Takes a copy of what it needs. What there is is
 * not known from the call on, until the hook scanned is called.
 */
int folder_reconfigure(struct folder *f, const struct config *config);
void folder_rescan(struct folder *f);
/* Takes them over, in one block of memory that free() frees, the names in it included. */
void folder_tell_hits(struct folder *f, struct folder_hits *hits, size_t count);
void folder_status_get(struct folder *f, struct folder_status *status);
/* Something happened in a folder that has not been told of yet: what is not known may be there. */
bool folder_is_behind(const struct folder *f);
/* Opens a content for reading: a descriptor, or a negative errno when it is no longer that. */
int folder_open(const struct folder *f, const struct folder_file *file);
/* Waits until the thread ended; nothing is withdrawn. */
void folder_stop(struct folder *f);

#endif
