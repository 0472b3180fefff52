/* SPDX-License-Identifier: GPL-2.0 */
/* What an operator is told, once, and not more at a time than somebody can read. */
#ifndef KTFTPD_NOTES_H
#define KTFTPD_NOTES_H

#include <stdint.h>
#include <syslog.h>

/* What can be wrong as a whole; the first that is stands in the status. */
enum problem {
	PROBLEM_ROOT,
	PROBLEM_UNREAD,
	PROBLEM_STORE,
	PROBLEM_WATCH,
	PROBLEM_INDEX,
	PROBLEM_PUBLISHER,
	PROBLEMS,
};

#define PROBLEM_BYTES 256

/**
 * struct notes - see above
 * @left: how many may be told until the next minute
 * @dropped: how many were not
 * @problem: what is wrong, empty for nothing
 * @tell: tells one
 * @context: for it
 */
struct notes {
	unsigned int left;
	uint64_t dropped;
	char problem[PROBLEMS][PROBLEM_BYTES];
	void (*tell)(int level, const char *text, void *context);
	void *context;
};

void notes_init(struct notes *notes, void (*tell)(int level, const char *text, void *context), void *context);
void notes_minute(struct notes *notes);
void note(struct notes *notes, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
void problem_set(struct notes *notes, enum problem which, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void problem_clear(struct notes *notes, enum problem which);
const char *problem_worst(const struct notes *notes);

#endif
