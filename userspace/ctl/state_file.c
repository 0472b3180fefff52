// SPDX-License-Identifier: GPL-2.0
/*
 * What a namespace is to serve, as a file says it: lines in the words of ktftpctl's own commands. All of the file
 * is read before anything is done, and everything that is wrong with it is said.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "state.h"

#define DEFAULT_VIEW  "default"
#define DEFAULT_OWNER "cli"

/**
 * struct reading - a file that is read
 * @ctl: the run; its where is the line
 * @state: what it says
 * @path: what to call it
 * @line: number of the line
 * @status: worst of what happened
 */
struct reading {
	struct ctl *ctl;
	struct state *state;
	const char *path;
	size_t line;
	int status;
};

static void set_where(struct reading *r, size_t line)
{
	snprintf(r->ctl->where, sizeof(r->ctl->where), "%s:%zu: ", r->path, line);
}

static int out_of_memory(const struct reading *r)
{
	return failed(r->ctl, "out of memory");
}

static int set_label(const struct reading *r, const char *what, char *out, const char *text)
{
	int status = check_label(r->ctl, what, text);

	if (!status)
		strcpy(out, text);
	return status;
}

static int read_listener(struct reading *r, struct words *words)
{
	struct state_listener *out = vector_add(&r->state->listeners);

	if (!out)
		return out_of_memory(r);
	out->line = r->line;
	return parse_listen_add(r->ctl, words, &out->listener);
}

static int read_stack(struct reading *r, struct words *words)
{
	struct view_line line;
	int status = parse_view_set(r->ctl, words, &line);
	size_t i;

	if (!status && r->state->stack_count)
		status = usage(r->ctl, "view set is given in line %zu already", r->state->stack_line);
	for (i = 0; !status && i < line.count; i++)
		status = set_label(r, "a view", r->state->stack[i], line.views[i]);
	r->state->stack_count = i;
	r->state->stack_line = r->line;
	return status;
}

/* What the file is now: where, how large, and changed when. */
static int look_at_source(const struct reading *r, const char *path, struct state_entry *out)
{
	char *real = realpath(path, NULL);
	struct stat status;

	if (!real || stat(real, &status))
		out->error = errno;
	else if (!S_ISREG(status.st_mode))
		out->error = EISDIR;
	if (!out->error) {
		out->entry.size = status.st_size;
		/* Its contents may be older than the name it has now. */
		out->changed_ns = status.st_ctim.tv_sec * 1000000000ll + status.st_ctim.tv_nsec;
	}
	if (strlen(real ? real : path) > KTFTP_SOURCE_MAX) {
		free(real);
		return usage(r->ctl, "a path has at most %d bytes here", KTFTP_SOURCE_MAX);
	}
	strcpy(out->entry.source, real ? real : path);
	free(real);
	return CTL_OK;
}

/* In the form in which the module knows it. */
static int set_name(const struct reading *r, char out[KTFTP_NAME_MAX + 1], const char *name)
{
	int err = ktftp_canonical(NULL, name, out);

	if (err == -ENAMETOOLONG)
		return usage(r->ctl, "a name has at most %d bytes", KTFTP_NAME_MAX);
	return err ? usage(r->ctl, "'%s': a name must not be empty, contain \"..\" or control characters", name) :
		     CTL_OK;
}

static int add_entry(struct reading *r, const struct publish_line *line, const char *path)
{
	struct state_entry *out = vector_add(&r->state->entries);
	int status;

	if (!out)
		return out_of_memory(r);
	out->line = r->line;
	out->hold = line->hold;
	out->entry.has_digest = line->has_digest;
	memcpy(out->entry.digest, line->digest, sizeof(line->digest));
	status = set_name(r, out->entry.name, line->name ? line->name : base_name(path));
	if (!status)
		status = set_label(r, "a view", out->entry.view, line->view ? line->view : DEFAULT_VIEW);
	if (!status)
		status = set_label(r, "an owner", out->entry.owner, line->owner ? line->owner : DEFAULT_OWNER);
	return status ? status : look_at_source(r, path, out);
}

static int read_publish(struct reading *r, struct words *words)
{
	char *files[MOST_WORDS];
	struct publish_line line = { .files = files };
	int status = parse_publish(r->ctl, words, &line), i;

	if (!status && line.recursive)
		status = usage(r->ctl, "publish -r is no state: ktftpctl save writes a line for each file");
	for (i = 0; !status && i < line.count; i++)
		status = add_entry(r, &line, line.files[i]);
	return status;
}

static int add_absent(struct reading *r, const struct absent_line *line, const char *glob)
{
	struct state_absent *out = vector_add(&r->state->absents);
	int status;

	if (!out)
		return out_of_memory(r);
	out->line = r->line;
	out->absent.ends = line->for_s;
	out->absent.left_ms = line->for_s * 1000ull;
	status = set_name(r, out->absent.glob, glob);
	if (!status)
		status = set_label(r, "a view", out->absent.view, line->view ? line->view : DEFAULT_VIEW);
	return status ? status : set_label(r, "an owner", out->absent.owner, line->owner ? line->owner : DEFAULT_OWNER);
}

static int read_absent(struct reading *r, struct words *words)
{
	const char *globs[MOST_WORDS];
	struct absent_line line = { .globs = globs };
	int status = parse_absent_add(r->ctl, words, &line);
	size_t i;

	for (i = 0; !status && i < line.count; i++)
		status = add_absent(r, &line, globs[i]);
	return status;
}

static int read_command(struct reading *r, struct words *words)
{
	const char *object = next_word(words), *verb = "";

	if (!strcmp(object, "publish"))
		return read_publish(r, words);
	if (words->left)
		verb = next_word(words);
	if (!strcmp(object, "listen") && !strcmp(verb, "add"))
		return read_listener(r, words);
	if (!strcmp(object, "view") && !strcmp(verb, "set"))
		return read_stack(r, words);
	if (!strcmp(object, "absent") && !strcmp(verb, "add"))
		return read_absent(r, words);
	return usage(r->ctl, "'%s%s%s' is no state: there are listen add, view set, publish, absent add", object,
		     *verb ? " " : "", verb);
}

static int check_title(const struct reading *r, const char *line)
{
	const size_t length = strlen(STATE_TITLE);

	if (strncmp(line, STATE_TITLE, length) || atoi(line + length) <= STATE_FORMAT)
		return CTL_OK;
	return failed(r->ctl, "this is format %d, and this ktftpctl knows no later than %d: take a newer one",
		      atoi(line + length), STATE_FORMAT);
}

static int read_line(struct reading *r, char *line)
{
	char *list[MOST_WORDS];
	struct words words;
	int status = r->line == 1 ? check_title(r, line) : CTL_OK;

	if (!status)
		status = split_line(r->ctl, line, list, &words);
	return !status && words.left ? read_command(r, &words) : status;
}

static void read_lines(struct reading *r, FILE *file)
{
	bool ended = false;
	char *line = NULL;
	size_t room = 0;
	int status;

	while (getline(&line, &room, file) >= 0) {
		set_where(r, ++r->line);
		ended = !strcmp(line, STATE_END "\n") || !strcmp(line, STATE_END);
		status = read_line(r, line);
		if (status)
			r->status = status;
	}
	if (ferror(file))
		r->status = failed(r->ctl, "%s", strerror(errno));
	/* What was cut off, or never written, would take away what is served. */
	if (!r->status && !ended)
		r->status = failed(r->ctl, "the last line is not \"" STATE_END "\": this is not the whole of a state");
	free(line);
}

/* Nothing may be said twice. Every item begins with its line. */
static void check_twice(struct reading *r, const struct vector *list, int (*compare)(const void *, const void *))
{
	const void **index = state_index(list, compare);
	size_t i, line, other;

	if (!index)
		r->status = out_of_memory(r);
	for (i = 1; index && i < list->count; i++) {
		if (compare(index[i - 1], index[i]))
			continue;
		line = *(const size_t *)index[i - 1];
		other = *(const size_t *)index[i];
		set_where(r, line > other ? line : other);
		r->status = usage(r->ctl, "this is given in line %zu already", line > other ? other : line);
	}
	free(index);
}

static void check(struct reading *r)
{
	struct state *state = r->state;

	check_twice(r, &state->listeners, compare_listeners);
	check_twice(r, &state->entries, compare_entries);
	check_twice(r, &state->absents, compare_absents);
	if (!state->stack_count)
		strcpy(state->stack[state->stack_count++], DEFAULT_VIEW);
}

/* Fills @state, which is initialised. */
int state_from_file(struct ctl *ctl, const char *path, struct state *state)
{
	bool is_stdin = !strcmp(path, "-");
	struct reading r = { .ctl = ctl, .state = state, .path = is_stdin ? "stdin" : path };
	FILE *file = is_stdin ? stdin : fopen(path, "re");

	if (!file)
		return failed(ctl, "%s: %s", path, strerror(errno));
	read_lines(&r, file);
	if (!r.status)
		check(&r);
	ctl->where[0] = 0;
	if (!is_stdin)
		fclose(file);
	return r.status;
}
