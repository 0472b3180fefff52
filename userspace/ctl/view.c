// SPDX-License-Identifier: GPL-2.0
/* ktftpctl view: layers of names, and which of them clients see. */
#include <jansson.h>
#include <string.h>

#include "ctl.h"

const char help_view[] =
	"  view set V1[,V2...]\n"
	"                     let clients see these views, the uppermost first: of a name in\n"
	"                     several, the first counts; \"default\" alone at first. A view\n"
	"                     without names needs --yes: ktftpctl --yes view set V\n"
	"  view [list]        list them: those that clients see, from the uppermost down, and\n"
	"                     then the others\n";

#define ROW "%-32s %8s %8s %8s\n"

static bool is_among(const struct view_line *line, const char *name)
{
	size_t i;

	for (i = 0; i < line->count; i++)
		if (!strcmp(line->views[i], name))
			return true;
	return false;
}

/* What view set says behind its verb. */
int parse_view_set(const struct ctl *ctl, struct words *words, struct view_line *line)
{
	const char *word = next_word(words);
	char *rest = line->text, *name;

	if (!word || !*word)
		return usage(ctl, "which views? (as new,default)");
	if (strlen(word) >= sizeof(line->text))
		return usage(ctl, "clients see %d views at most, with names of at most %d bytes", KTFTP_STACK_MAX,
			     KTFTP_LABEL_MAX);
	strcpy(line->text, word);
	line->count = 0;
	while ((name = strsep(&rest, ","))) {
		if (!*name)
			return usage(ctl, "'%s': a view needs a name", word);
		if (check_label(ctl, "a view", name))
			return CTL_USAGE;
		if (line->count == KTFTP_STACK_MAX)
			return usage(ctl, "clients see %d views at most", KTFTP_STACK_MAX);
		if (is_among(line, name))
			return usage(ctl, "'%s': a view can be there once", word);
		line->views[line->count++] = name;
	}
	return end_of_line(ctl, words);
}

struct found_views {
	const struct view_line *line;
	bool found[KTFTP_STACK_MAX];
};

static int find_view(const struct ktftp_view *v, void *context)
{
	struct found_views *views = context;
	size_t i;

	for (i = 0; i < views->line->count; i++)
		if (v->entries && !strcmp(views->line->views[i], v->name))
			views->found[i] = true;
	return 0;
}

/* A slip in the name of a view would take every file away from the phones. */
static int check_views(const struct ctl *ctl, const struct view_line *line)
{
	struct found_views views = { .line = line };
	size_t i;

	if (ktftp_view_list(ctl->k, find_view, &views))
		return module_failed(ctl);
	for (i = 0; i < line->count; i++)
		if (!views.found[i] && strcmp(line->views[i], "default"))
			return failed(
				ctl,
				"nothing is published in the view '%s': publish first, or say --yes before the command",
				line->views[i]);
	return CTL_OK;
}

static int view_set(struct ctl *ctl, struct words *words)
{
	struct view_line line;
	int status = parse_view_set(ctl, words, &line);

	if (!status)
		status = connect_module(ctl);
	if (!status && !ctl->yes)
		status = check_views(ctl, &line);
	if (status)
		return status;
	return ktftp_view_set(ctl->k, line.views, line.count) ? module_failed(ctl) : CTL_OK;
}

static int print_row(const struct ktftp_view *v, void *context)
{
	char position[16] = "-", entries[16], absents[16];

	(void)context;
	if (v->position)
		snprintf(position, sizeof(position), "%u", v->position);
	snprintf(entries, sizeof(entries), "%u", v->entries);
	snprintf(absents, sizeof(absents), "%u", v->absents);
	printf(ROW, v->name, position, entries, absents);
	return 0;
}

static int add_json(const struct ktftp_view *v, void *context)
{
	json_t *item = json_pack("{s:o, s:o, s:I, s:I}",
				 "name", json_name(v->name),
				 "position", v->position ? json_integer(v->position) : json_null(),
				 "entries", (json_int_t)v->entries, "absents", (json_int_t)v->absents);

	return json_array_append_new(context, item);
}

static int list_json(struct ctl *ctl)
{
	json_t *array = json_array();
	int err = ktftp_view_list(ctl->k, add_json, array);

	if (!err)
		print_json(array);
	json_decref(array);
	return err ? module_failed(ctl) : CTL_OK;
}

static int view_list(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	if (ctl->json)
		return list_json(ctl);
	printf(ROW, "VIEW", "POSITION", "NAMES", "ABSENTS");
	return ktftp_view_list(ctl->k, print_row, NULL) ? module_failed(ctl) : CTL_OK;
}

int cmd_view(struct ctl *ctl, struct words *words)
{
	static const struct command verbs[] = {
		{ "set", view_set, NULL },
		{ "list", view_list, NULL },
		/* As ip(8) calls it, too. */
		{ "show", view_list, NULL },
		{ NULL, NULL, NULL },
	};
	const char *word = next_word(words);
	const struct command *verb;

	if (!word)
		return view_list(ctl, words);
	verb = find_command(ctl, verbs, word);
	return verb ? verb->run(ctl, words) : CTL_USAGE;
}
