/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of named values: one rule says what a name takes and where in a structure it goes. */
#ifndef BENCH_RULES_H
#define BENCH_RULES_H

#include <stddef.h>
#include <stdint.h>

/* Why something was refused, for the user. */
struct reason {
	char text[512];
};

struct text_list {
	char **items;
	unsigned int count;
};

/* A value at random between both, or always the same one. */
struct range {
	uint64_t min;
	uint64_t max;
};

enum rule_kind {
	RULE_HEADING,
	RULE_FLAG,    /* bool */
	RULE_NUMBER,  /* uint64_t */
	RULE_RANGE,   /* struct range, "A" or "A-B" */
	RULE_PERCENT, /* double */
	RULE_TEXT,    /* char * */
	RULE_LIST,    /* struct text_list: given again, one more */
	RULE_CHOICE,  /* unsigned int, by its name in .words */
};

struct rule {
	enum rule_kind kind;
	const char *name;
	const char *value; /* how --help calls it */
	size_t offset;
	uint64_t min; /* of numbers and ranges */
	uint64_t max;
	const char *help;
	const char *const *words; /* of a choice, NULL at the end */
};

int refuse(struct reason *reason, const char *format, ...) __attribute__((format(printf, 2, 3)));
int rule_apply(const struct rule *rule, void *owner, const char *value, struct reason *reason);
void rules_help(const struct rule *rules, size_t count);
int text_list_add(struct text_list *list, const char *value);
void text_list_fini(struct text_list *list);

#endif
