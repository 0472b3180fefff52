// SPDX-License-Identifier: GPL-2.0
/*
 * ktftpctl apply: makes the namespace serve what a file says, all or nothing. Files are opened, read and copied
 * first; then come new listeners, which can be taken back, and take no requests yet; then everything that has a name,
 * at one moment; then new listeners take requests, and those go that go.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* Of a listener that is not single-port. */
#define TID_PORTS 256

const char help_apply[] =
	"  apply [-n] [--skip-missing] FILE|-\n"
	"                     serve what FILE says, in the words of save, and nothing else; all\n"
	"                     or nothing, and a line for each difference: + new, - gone,\n"
	"                     ~ changed; with -n (--dry-run) the lines alone. What save\n"
	"                     cannot tell of stays. With --skip-missing a file that is not\n"
	"                     there is left out, and the exit status is 2.\n";

/**
 * struct application - one apply command
 * @ctl: the run
 * @path: what to call the file
 * @now: what is served
 * @wanted: what the file says
 * @differences: struct difference
 * @set: the changes that are made at one moment
 * @lines: of the file, by item of the set; size_t
 */
struct application {
	struct ctl *ctl;
	const char *path;
	struct state now;
	struct state wanted;
	struct vector differences;
	struct ktftp_set *set;
	struct vector lines;
};

static const struct difference *difference_at(const struct application *a, size_t i)
{
	return (const struct difference *)a->differences.items + i;
}

static void set_where(const struct application *a, size_t line)
{
	a->ctl->where[0] = 0;
	if (line)
		snprintf(a->ctl->where, sizeof(a->ctl->where), "%s:%zu: ", a->path, line);
}

/* The module's refusal of something in a line of the file, or of the kernel's state. */
static int refused(const struct application *a, size_t line)
{
	int status;

	set_where(a, line);
	status = module_failed(a->ctl);
	set_where(a, 0);
	return status;
}

static void print_object(FILE *out, const struct difference *d)
{
	const void *item = d->new ? d->new : d->old;
	const struct state_entry *entry = item;

	switch (d->object) {
	case STATE_LISTENER:
		print_listener(out, &((const struct state_listener *)item)->listener);
		break;
	case STATE_STACK:
		print_stack(out, item);
		break;
	case STATE_ENTRY:
		print_entry(out, &entry->entry, entry->hold);
		break;
	case STATE_ABSENT:
		print_absent(out, &((const struct state_absent *)item)->absent);
		break;
	}
}

static json_t *json_difference(const struct difference *d)
{
	const char sign[] = { d->sign, 0 };
	char *line = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&line, &bytes);
	json_t *item;

	if (!out)
		return NULL;
	print_object(out, d);
	fclose(out);
	if (bytes)
		line[bytes - 1] = 0;
	item = json_pack("{s:s, s:o}", "change", sign, "line", json_name(line));
	free(line);
	return item;
}

static void print_differences(const struct application *a)
{
	json_t *array = a->ctl->json ? json_array() : NULL;
	size_t i;

	for (i = 0; i < a->differences.count; i++) {
		if (array) {
			json_array_append_new(array, json_difference(difference_at(a, i)));
			continue;
		}
		printf("%c ", difference_at(a, i)->sign);
		print_object(stdout, difference_at(a, i));
	}
	if (array)
		print_json(array);
	json_decref(array);
}

static int add_published(const struct application *a, const struct state_entry *e)
{
	const struct ktftp_properties properties = {
		.name = e->entry.name,
		.view = e->entry.view,
		.owner = e->entry.owner,
		.digest = e->entry.has_digest ? e->entry.digest : NULL,
	};

	return ktftp_set_publish_file(a->set, &properties, AT_FDCWD, e->entry.source, e->hold);
}

static int add_entry(const struct application *a, const struct difference *d)
{
	const struct state_entry *old = d->old;

	if (d->new)
		return add_published(a, d->new);
	return ktftp_set_withdraw(a->set, old->entry.view, old->entry.name);
}

static int add_absent(const struct application *a, const struct difference *d)
{
	const struct state_absent *old = d->old, *new = d->new;

	if (!new)
		return ktftp_set_absent_del(a->set, old->absent.view, old->absent.glob);
	return ktftp_set_absent_add(a->set, new->absent.view, new->absent.owner, new->absent.left_ms / 1000,
				    new->absent.glob);
}

static int add_stack(const struct application *a)
{
	const char *views[KTFTP_STACK_MAX];
	size_t i;

	for (i = 0; i < a->wanted.stack_count; i++)
		views[i] = a->wanted.stack[i];
	return ktftp_set_stack(a->set, views, a->wanted.stack_count);
}

/* Every item of a state begins with its line. */
static size_t line_of(const struct difference *d)
{
	return d->new ? *(const size_t *)d->new : 0;
}

static int add_to_set(struct application *a, const struct difference *d)
{
	size_t *line;
	int err;

	if (d->object == STATE_LISTENER)
		return CTL_OK;
	if (d->object == STATE_STACK)
		return add_stack(a) ? refused(a, a->wanted.stack_line) : CTL_OK;
	err = d->object == STATE_ENTRY ? add_entry(a, d) : add_absent(a, d);
	if (err)
		return refused(a, line_of(d));
	line = vector_add(&a->lines);
	if (!line)
		return failed(a->ctl, "out of memory");
	*line = line_of(d);
	return CTL_OK;
}

/* Opens, reads and copies the files; nothing has changed yet. */
static int prepare(struct application *a)
{
	int status = CTL_OK;
	size_t i;

	a->set = ktftp_set_new(a->ctl->k);
	if (!a->set)
		return failed(a->ctl, "out of memory");
	for (i = 0; !status && i < a->differences.count; i++)
		status = add_to_set(a, difference_at(a, i));
	return status;
}

static void take_listeners_back(const struct application *a, size_t count)
{
	const struct state_listener *new;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct difference *d = difference_at(a, i);

		new = d->new;
		if (d->object == STATE_LISTENER && d->sign == '+')
			ktftp_listener_del(a->ctl->k, &new->listener, true);
	}
}

static int add_listeners(const struct application *a)
{
	const struct state_listener *new;
	struct ktftp_listener listener;
	int status;
	size_t i;

	for (i = 0; i < a->differences.count; i++) {
		const struct difference *d = difference_at(a, i);

		new = d->new;
		if (d->object != STATE_LISTENER || d->sign != '+')
			continue;
		listener = new->listener;
		listener.state = KTFTP_LISTENER_STATE_DRAINING;
		if (!ktftp_listener_add(a->ctl->k, &listener))
			continue;
		status = refused(a, new->line);
		take_listeners_back(a, i);
		return status;
	}
	return CTL_OK;
}

static bool has_stack(const struct application *a)
{
	size_t i;

	for (i = 0; i < a->differences.count; i++)
		if (difference_at(a, i)->object == STATE_STACK)
			return true;
	return false;
}

static int commit(const struct application *a)
{
	const size_t *lines = a->lines.items;
	struct ktftp_set_result result;
	long blamed;

	if (!ktftp_set_count(a->set) && !has_stack(a))
		return CTL_OK;
	if (!ktftp_set_commit(a->set, &result))
		return CTL_OK;
	blamed = ktftp_set_blamed(a->set);
	return refused(a, blamed >= 0 ? lines[blamed] : 0);
}

/* Would it keep ports that the new one needs, for as long as its transfers run? */
static bool keeps_ports(const struct ktftp_listener *listener)
{
	return listener->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT ||
	       listener->tid_last - listener->tid_first < 2 * TID_PORTS;
}

/* A port cannot be had twice: the old one goes first. */
static int replace_listener(const struct application *a, const struct difference *d)
{
	const struct state_listener *old = d->old, *new = d->new;
	int status;

	if (ktftp_listener_del(a->ctl->k, &old->listener, keeps_ports(&old->listener)))
		return refused(a, new->line);
	if (!ktftp_listener_add(a->ctl->k, &new->listener))
		return CTL_OK;
	status = refused(a, new->line);
	if (ktftp_listener_add(a->ctl->k, &old->listener))
		status = refused(a, new->line);
	return status;
}

static int settle_listeners(const struct application *a)
{
	const struct state_listener *old, *new;
	int status = CTL_OK;
	size_t i;

	for (i = 0; i < a->differences.count; i++) {
		const struct difference *d = difference_at(a, i);

		old = d->old;
		new = d->new;
		if (d->object != STATE_LISTENER)
			continue;
		if (d->sign == '+' && ktftp_listener_resume(a->ctl->k, &new->listener))
			status = refused(a, new->line);
		if (d->sign == '~' && replace_listener(a, d))
			status = CTL_FAILED;
		if (d->sign == '-' && ktftp_listener_del(a->ctl->k, &old->listener, false))
			status = refused(a, 0);
	}
	return status;
}

static int make_it_so(struct application *a)
{
	int status = prepare(a);

	if (!status)
		status = add_listeners(a);
	if (status)
		return status;
	status = commit(a);
	if (status) {
		take_listeners_back(a, a->differences.count);
		return status;
	}
	return settle_listeners(a);
}

static bool is_missing(const struct difference *d)
{
	const struct state_entry *new = d->new;

	return d->object == STATE_ENTRY && new &&new->error;
}

/* What cannot be read is as if the file did not speak of it: what is published stays. */
static void skip_missing(struct application *a)
{
	struct difference *all = a->differences.items;
	size_t i, kept = 0;

	for (i = 0; i < a->differences.count; i++)
		if (!is_missing(&all[i]))
			all[kept++] = all[i];
	a->differences.count = kept;
}

/* Files that cannot be read: refused where they are needed, told where what is served can stay. */
static int check_sources(const struct application *a)
{
	const struct state_entry *e = a->wanted.entries.items;
	int status = CTL_OK;
	size_t i;

	for (i = 0; i < a->differences.count; i++) {
		const struct difference *d = difference_at(a, i);
		const struct state_entry *new = d->new;

		if (!is_missing(d))
			continue;
		set_where(a, new->line);
		status = failed(a->ctl, "%s: %s", new->entry.source,
				new->error == EISDIR ? "not a regular file" : strerror(new->error));
	}
	for (i = 0; !status && i < a->wanted.entries.count; i++) {
		if (!e[i].error)
			continue;
		set_where(a, e[i].line);
		failed(a->ctl, "%s: %s; what is published stays", e[i].entry.source, strerror(e[i].error));
	}
	set_where(a, 0);
	return status;
}

static int apply(struct application *a, bool dry_run, bool skip)
{
	int skipped = CTL_OK, status = state_from_file(a->ctl, a->path, &a->wanted);

	if (!status)
		status = state_from_kernel(a->ctl, &a->now);
	if (!status && state_diff(&a->now, &a->wanted, &a->differences))
		status = failed(a->ctl, "out of memory");
	if (!status)
		status = check_sources(a);
	if (status && skip && a->differences.count) {
		skip_missing(a);
		skipped = status;
		status = CTL_OK;
	}
	if (!status && !dry_run && a->differences.count)
		status = make_it_so(a);
	if (!status)
		print_differences(a);
	return status ? status : skipped;
}

static int parse(const struct ctl *ctl, struct words *words, struct application *a, bool *dry_run, bool *skip)
{
	const char *word;

	while ((word = next_word(words))) {
		if (!strcmp(word, "-n") || !strcmp(word, "--dry-run"))
			*dry_run = true;
		else if (!strcmp(word, "--skip-missing"))
			*skip = true;
		else if (*word == '-' && word[1])
			return usage(ctl, "apply has no option '%s' (see ktftpctl apply --help)", word);
		else if (a->path)
			return usage(ctl, "what is '%s' for? (see --help)", word);
		else
			a->path = word;
	}
	return a->path ? CTL_OK : usage(ctl, "which file? (- for standard input)");
}

int cmd_apply(struct ctl *ctl, struct words *words)
{
	struct application a = { .ctl = ctl };
	bool dry_run = false, skip = false;
	char where[sizeof(ctl->where)];
	int status;

	/* In a batch, the line of the batch is named again afterwards. */
	memcpy(where, ctl->where, sizeof(where));
	state_init(&a.now);
	state_init(&a.wanted);
	a.differences.item_bytes = sizeof(struct difference);
	a.lines.item_bytes = sizeof(size_t);
	status = parse(ctl, words, &a, &dry_run, &skip);
	if (!status)
		status = apply(&a, dry_run, skip);
	memcpy(ctl->where, where, sizeof(where));
	ktftp_set_free(a.set);
	vector_free(&a.differences);
	vector_free(&a.lines);
	state_free(&a.now);
	state_free(&a.wanted);
	return status;
}
