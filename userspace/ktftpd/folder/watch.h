/* SPDX-License-Identifier: GPL-2.0 */
/* inotify: which directories are watched, and what the kernel tells of them. */
#ifndef KTFTPD_WATCH_H
#define KTFTPD_WATCH_H

#include <stdint.h>

#include "tree.h"

struct watches;

/**
 * struct watch_hooks - what is made of events
 * @event: mask is inotify's; base is the name in the directory, NULL when the directory itself is meant. Nothing may
 *	be removed from the tree meanwhile
 * @gone: the directory is not watched any more, for it was deleted or unmounted
 * @overflow: events were lost
 * @context: for them
 */
struct watch_hooks {
	void (*event)(struct dir *dir, uint32_t mask, const char *base, void *context);
	void (*gone)(struct dir *dir, void *context);
	void (*overflow)(void *context);
	void *context;
};

int watches_new(const struct watch_hooks *hooks, struct watches **out);
void watches_free(struct watches *w);
int watches_fd(const struct watches *w);
size_t watches_count(const struct watches *w);
int watches_add(struct watches *w, struct dir *dir, int fd);
void watches_drop(struct watches *w, struct dir *dir);
int watches_read(struct watches *w);

#endif
