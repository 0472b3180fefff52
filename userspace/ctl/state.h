/* SPDX-License-Identifier: GPL-2.0 */
/* ktftpctl: what a namespace serves as a whole, as the kernel has it and as a file says it. */
#ifndef KTFTP_CTL_STATE_H
#define KTFTP_CTL_STATE_H

#include "ctl.h"
#include "vector.h"

#define STATE_FORMAT 1

/* The last line: what lacks it is not whole. */
#define STATE_END    "# end"
#define STATE_TITLE  "# ktftp state, format "

/**
 * struct state_listener - a listening port
 * @line: of the file, 0 in the kernel's state
 * @listener: it
 */
struct state_listener {
	size_t line;
	struct ktftp_listener listener;
};

/**
 * struct state_entry - a name that is published
 * @line: of the file, 0 in the kernel's state
 * @entry: it; in a file's, what is not in ktftpctl's words is not set
 * @hold: how it is held, or is to be
 * @error: why the source cannot be read, or 0
 * @changed_ns: when the source was changed last, in a file's
 */
struct state_entry {
	size_t line;
	struct ktftp_entry entry;
	enum ktftp_hold hold;
	int error;
	int64_t changed_ns;
};

/**
 * struct state_absent - a name, or a glob, that is known not to exist
 * @line: of the file, 0 in the kernel's state
 * @absent: it
 */
struct state_absent {
	size_t line;
	struct ktftp_absent absent;
};

/**
 * struct state - all of it
 * @listeners: struct state_listener
 * @stack: views that clients see, the uppermost first
 * @stack_count: how many
 * @stack_line: of the file
 * @entries: struct state_entry
 * @absents: struct state_absent
 * @taken_ns: when the kernel told
 */
struct state {
	struct vector listeners;
	char stack[KTFTP_STACK_MAX][KTFTP_LABEL_MAX + 1];
	size_t stack_count;
	size_t stack_line;
	struct vector entries;
	struct vector absents;
	int64_t taken_ns;
};

/* What differs between two states. */
enum state_object {
	STATE_LISTENER,
	STATE_STACK,
	STATE_ENTRY,
	STATE_ABSENT,
};

/**
 * struct difference - one of them
 * @sign: '+' for what is new, '-' for what goes, '~' for what changes
 * @object: what it is
 * @old: as the kernel has it, or NULL
 * @new: as the file says it, or NULL
 */
struct difference {
	char sign;
	enum state_object object;
	const void *old;
	const void *new;
};

void state_init(struct state *state);
void state_free(struct state *state);
uint16_t listener_port(const struct ktftp_listener *listener);
int compare_listeners(const void *a, const void *b);
int compare_entries(const void *a, const void *b);
int compare_absents(const void *a, const void *b);
const void **state_index(const struct vector *list, int (*compare)(const void *, const void *));
const void *state_find(const void *const *index, size_t count, const void *key,
		       int (*compare)(const void *, const void *));

/* state_kernel.c */
int state_from_kernel(struct ctl *ctl, struct state *state);
bool is_on_its_way_out(const struct ktftp_listener *listener);
const char *why_not_saved(const struct ktftp_entry *entry);

/* state_file.c */
int state_from_file(struct ctl *ctl, const char *path, struct state *state);

/* state_print.c */
void print_listener(FILE *out, const struct ktftp_listener *listener);
void print_stack(FILE *out, const struct state *state);
void print_entry(FILE *out, const struct ktftp_entry *entry, enum ktftp_hold hold);
void print_absent(FILE *out, const struct ktftp_absent *absent);

/* state_diff.c */
int state_diff(const struct state *now, const struct state *wanted, struct vector *differences);

#endif
