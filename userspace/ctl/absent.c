// SPDX-License-Identifier: GPL-2.0
/* ktftpctl absent: names that are known not to exist. */
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

const char help_absent[] =
	"  absent add GLOB... [--for SECONDS] [--view V] [--owner O]\n"
	"                     say \"file not found\" at once for these names, unless published;\n"
	"                     * matches / as well, case does not matter\n"
	"  absent del GLOB... [--view V]\n"
	"                     forget these, all or none\n"
	"  absent del --all [--view V] [--owner O]\n"
	"                     forget all; asks on a terminal, elsewhere it needs --yes\n"
	"  absent [list]      list them\n";

#define ROW "%-40s %-10s %-10s %8s %8s %8s\n"

static int parse_option(const struct ctl *ctl, const char *word, struct words *words, struct absent_line *line,
			bool adding)
{
	unsigned long seconds;

	if (!strcmp(word, "--view"))
		return take_label(ctl, words, word, &line->view);
	if (!strcmp(word, "--owner"))
		return take_label(ctl, words, word, &line->owner);
	if (adding && !strcmp(word, "--for")) {
		if (parse_number(ctl, "--for", next_word(words), 1, INT_MAX, &seconds))
			return CTL_USAGE;
		line->for_s = seconds;
		return CTL_OK;
	}
	if (adding || strcmp(word, "--all"))
		return usage(ctl, "absent %s has no option '%s' (see ktftpctl absent --help)", adding ? "add" : "del",
			     word);
	line->all = true;
	return CTL_OK;
}

static int parse(const struct ctl *ctl, struct words *words, struct absent_line *line, bool adding)
{
	bool only_globs = false;
	const char *word;
	int status = CTL_OK;

	while (!status && (word = next_word(words))) {
		if (only_globs || *word != '-')
			line->globs[line->count++] = word;
		else if (!strcmp(word, "--"))
			only_globs = true;
		else
			status = parse_option(ctl, word, words, line, adding);
	}
	return status;
}

/* What absent add says behind its verb; @line->globs has room for all words. */
int parse_absent_add(const struct ctl *ctl, struct words *words, struct absent_line *line)
{
	int status = parse(ctl, words, line, true);

	return !status && !line->count ? usage(ctl, "which name or glob?") : status;
}

static int absent_add(struct ctl *ctl, struct words *words)
{
	struct absent_line line = { .globs = calloc(words->left + 1, sizeof(*line.globs)) };
	int status;

	if (!line.globs)
		return failed(ctl, "out of memory");
	status = parse_absent_add(ctl, words, &line);
	if (!status)
		status = connect_module(ctl);
	if (!status && ktftp_absent_add(ctl->k, line.view, line.owner, line.for_s, line.globs, line.count))
		status = module_failed(ctl);
	free(line.globs);
	return status;
}

static int parse_del(struct ctl *ctl, struct words *words, struct absent_line *line)
{
	struct words rest = *words;
	int status, i;

	/* --yes may stand anywhere. */
	for (i = 0; i < rest.left && strcmp(rest.at[i], "--"); i++) {
		if (strcmp(rest.at[i], "--yes"))
			continue;
		ctl->yes = true;
		memmove(&rest.at[i], &rest.at[i + 1], (rest.left - i - 1) * sizeof(*rest.at));
		rest.left--;
		i--;
	}
	status = parse(ctl, &rest, line, false);
	if (status)
		return status;
	if (line->all && line->count)
		return usage(ctl, "globs or --all, not both");
	if (!line->all && !line->count)
		return usage(ctl, "which glob? (--all for all)");
	return line->owner && !line->all ? usage(ctl, "--owner goes with --all") : CTL_OK;
}

static int delete (struct ctl *ctl, const struct absent_line *line)
{
	uint32_t count = 0;
	json_t *answer;
	int err;

	if (line->all && !is_sure(ctl, "This forgets which names are known not to exist."))
		return failed(ctl, "nothing was deleted: absent del --all needs --yes");
	if (line->all)
		err = ktftp_absent_del_all(ctl->k, line->view, line->owner, &count);
	else
		err = ktftp_absent_del(ctl->k, line->view, line->globs, line->count, &count);
	if (err)
		return module_failed(ctl);
	if (ctl->json) {
		answer = json_pack("{s:i}", "deleted", (int)count);
		print_json(answer);
		json_decref(answer);
	} else if (line->all) {
		printf("%u absents deleted\n", count);
	}
	return CTL_OK;
}

static int absent_del(struct ctl *ctl, struct words *words)
{
	struct absent_line line = { .globs = calloc(words->left + 1, sizeof(*line.globs)) };
	bool was_sure = ctl->yes;
	int status;

	if (!line.globs)
		return failed(ctl, "out of memory");
	status = parse_del(ctl, words, &line);
	if (!status)
		status = connect_module(ctl);
	if (!status)
		status = delete (ctl, &line);
	ctl->yes = was_sure;
	free(line.globs);
	return status;
}

static int print_row(const struct ktftp_absent *a, void *context)
{
	char glob[KTFTP_NAME_MAX + 1], hits[32], left[32] = "-", age[32];

	(void)context;
	if (a->ends)
		show_age(a->left_ms, left, sizeof(left));
	snprintf(hits, sizeof(hits), "%llu", (unsigned long long)a->hits);
	printf(ROW, show_name(a->glob, glob, sizeof(glob)), a->view, a->owner[0] ? a->owner : "-", left, hits,
	       show_age(a->age_ms, age, sizeof(age)));
	return 0;
}

static int add_json(const struct ktftp_absent *a, void *context)
{
	json_t *item = json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I}",
				 "glob", json_name(a->glob), "view", json_name(a->view),
				 "owner", a->owner[0] ? json_name(a->owner) : json_null(),
				 "left_ms", a->ends ? json_integer(a->left_ms) : json_null(),
				 "hits", (json_int_t)a->hits, "age_ms", (json_int_t)a->age_ms,
				 "id", (json_int_t)a->id);

	return json_array_append_new(context, item);
}

static int list_json(struct ctl *ctl)
{
	json_t *array = json_array();
	int err = ktftp_absent_list(ctl->k, add_json, array);

	if (!err)
		print_json(array);
	json_decref(array);
	return err ? module_failed(ctl) : CTL_OK;
}

static int absent_list(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	if (ctl->json)
		return list_json(ctl);
	printf(ROW, "GLOB", "VIEW", "OWNER", "LEFT", "HITS", "AGE");
	return ktftp_absent_list(ctl->k, print_row, NULL) ? module_failed(ctl) : CTL_OK;
}

int cmd_absent(struct ctl *ctl, struct words *words)
{
	static const struct command verbs[] = {
		{ "add", absent_add, NULL },
		{ "list", absent_list, NULL },
		{ "del", absent_del, NULL },
		/* As ip(8) calls them, too. */
		{ "show", absent_list, NULL },
		{ "delete", absent_del, NULL },
		{ NULL, NULL, NULL },
	};
	const char *word = next_word(words);
	const struct command *verb;

	if (!word)
		return absent_list(ctl, words);
	verb = find_command(ctl, verbs, word);
	return verb ? verb->run(ctl, words) : CTL_USAGE;
}
