// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

/* Keeps the reason for the user. Returns -EINVAL, for the caller to return. */
int refuse(struct reason *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
	return -EINVAL;
}

void text_list_fini(struct text_list *list)
{
	while (list->count)
		free(list->items[--list->count]);
	free(list->items);
	list->items = NULL;
}

int text_list_add(struct text_list *list, const char *value)
{
	char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count] = strdup(value);
	if (!items[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

static int set_flag(const struct rule *rule, bool *field, const char *value, struct reason *reason)
{
	if (!value || !strcmp(value, "yes"))
		*field = true;
	else if (!strcmp(value, "no"))
		*field = false;
	else
		return refuse(reason, "%s is yes or no, not '%s'", rule->name, value);
	return 0;
}

/* Takes digits off *at; false where there are none, or too many. */
static bool take_digits(const char **at, uint64_t *number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*number = strtoull(*at, &end, 10);
	*at = end;
	return !errno;
}

static int check_limits(const struct rule *rule, uint64_t number, const char *value, struct reason *reason)
{
	if (number >= rule->min && number <= rule->max)
		return 0;
	return refuse(reason, "%s goes from %llu to %llu, not '%s'", rule->name, (unsigned long long)rule->min,
		      (unsigned long long)rule->max, value);
}

static int set_number(const struct rule *rule, uint64_t *field, const char *value, struct reason *reason)
{
	const char *at = value;
	uint64_t number;
	int err;

	if (!take_digits(&at, &number) || *at)
		return refuse(reason, "%s needs a number, not '%s'", rule->name, value);
	err = check_limits(rule, number, value, reason);
	if (!err)
		*field = number;
	return err;
}

static int set_range(const struct rule *rule, struct range *field, const char *value, struct reason *reason)
{
	const char *at = value;
	struct range range;
	bool good;
	int err;

	good = take_digits(&at, &range.min);
	range.max = range.min;
	if (good && *at == '-') {
		at++;
		good = take_digits(&at, &range.max);
	}
	if (!good || *at || range.max < range.min)
		return refuse(reason, "%s needs a number, or two as in 150-400, not '%s'", rule->name, value);
	err = check_limits(rule, range.min, value, reason);
	if (!err)
		err = check_limits(rule, range.max, value, reason);
	if (!err)
		*field = range;
	return err;
}

static int set_percent(const struct rule *rule, double *field, const char *value, struct reason *reason)
{
	double number;
	char *end;

	number = strtod(value, &end);
	if (end == value || *end || !(number >= 0 && number <= 100))
		return refuse(reason, "%s goes from 0 to 100 percent, not '%s'", rule->name, value);
	*field = number;
	return 0;
}

static int set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int set_choice(const struct rule *rule, unsigned int *field, const char *value, struct reason *reason)
{
	char words[128] = "";
	unsigned int i;

	for (i = 0; rule->words[i]; i++) {
		if (!strcmp(rule->words[i], value)) {
			*field = i;
			return 0;
		}
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", i ? ", " : "", rule->words[i]);
	}
	return refuse(reason, "%s is one of %s, not '%s'", rule->name, words, value);
}

/* Sets the field of @owner that @rule is about. Returns 0, or a negative error with the reason kept. */
int rule_apply(const struct rule *rule, void *owner, const char *value, struct reason *reason)
{
	void *field = (char *)owner + rule->offset;

	switch (rule->kind) {
	case RULE_FLAG:
		return set_flag(rule, field, value, reason);
	case RULE_NUMBER:
		return set_number(rule, field, value, reason);
	case RULE_RANGE:
		return set_range(rule, field, value, reason);
	case RULE_PERCENT:
		return set_percent(rule, field, value, reason);
	case RULE_TEXT:
		return set_text(field, value);
	case RULE_LIST:
		return text_list_add(field, value);
	case RULE_CHOICE:
		return set_choice(rule, field, value, reason);
	case RULE_HEADING:
		break;
	}
	return -EINVAL;
}

void rules_help(const struct rule *rules, size_t count)
{
	const struct rule *rule;
	char left[48];

	for (rule = rules; rule < rules + count; rule++) {
		if (rule->kind == RULE_HEADING) {
			printf("\n%s:\n", rule->name);
			continue;
		}
		snprintf(left, sizeof(left), "--%s %s", rule->name, rule->value ? rule->value : "");
		printf("  %-28s %s\n", left, rule->help);
	}
}
