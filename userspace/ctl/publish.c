// SPDX-License-Identifier: GPL-2.0
/* ktftpctl publish: files to names. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "publish.h"

const char help_publish[] =
	"  publish FILE... [--name NAME] [--view V] [--owner O] [--sha256 HEX]\n"
	"          [--pin|--seal|--copy] [--all-or-none]\n"
	"                     serve FILE under NAME, or the file's own name; --sha256 is what\n"
	"                     the content of one file must have\n"
	"  publish -r DIR... [--view V] [--owner O] [--pin|--seal|--copy] [--all-or-none]\n"
	"                     serve every file below DIR under its path from there\n"
	"                     A file is pinned in place where its file system can and the\n"
	"                     caller may: nobody can write to it then (\"Text file busy\") and\n"
	"                     its mount stays busy; replace it by rename and publish again.\n"
	"                     Else a copy of it is served; --pin, --seal (a sealed memfd) and\n"
	"                     --copy (kernel memory) leave no choice. With --all-or-none\n"
	"                     nothing is published when one file cannot be, and all appear\n"
	"                     at one moment.\n";

static void show_progress(const struct publishing *p)
{
	if (!p->progress)
		return;
	fprintf(stderr, "\r%zu of %zu files", p->count, p->total);
	fflush(stderr);
}

/* Counts a name that was published, and tells of it. */
void report_published(struct publishing *p, const struct ktftp_entry *entry)
{
	char name[KTFTP_NAME_MAX + 1], size[32];

	p->count++;
	p->bytes += entry->size;
	if (p->list)
		json_array_append_new(p->list, json_pack("{s:o, s:o, s:s, s:I}",
							 "name", json_name(entry->name),
							 "view", json_name(entry->view),
							 "kind", kind_name(entry->kind),
							 "size", (json_int_t)entry->size));
	else if (!p->line.recursive)
		printf("%s: %s, %s\n", show_name(entry->name, name, sizeof(name)), kind_name(entry->kind),
		       show_bytes(entry->size, size, sizeof(size)));
}

static struct ktftp_properties properties(const struct publish_line *line, const char *name)
{
	return (struct ktftp_properties){
		.name = name,
		.view = line->view,
		.owner = line->owner,
		.digest = line->has_digest ? line->digest : NULL,
	};
}

/* Says what went wrong with a file, whose name may be said already. */
static void complain_of(struct publishing *p, const char *path)
{
	const char *text = ktftp_error(p->ctl->k);

	if (!strncmp(text, path, strlen(path)))
		p->status = failed(p->ctl, "%s", text);
	else
		p->status = failed(p->ctl, "%s: %s", path, text);
}

static void publish_one(struct publishing *p, const char *name, const char *path)
{
	const struct ktftp_properties wanted = properties(&p->line, name);
	struct ktftp_entry entry;

	if (ktftp_publish_file(p->ctl->k, &wanted, AT_FDCWD, path, p->line.hold, &entry))
		complain_of(p, path);
	else
		report_published(p, &entry);
}

static int add_to_set(struct publishing *p, const char *name, const char *path)
{
	const struct ktftp_properties wanted = properties(&p->line, name);

	if (!p->set)
		p->set = ktftp_set_new(p->ctl->k);
	if (!p->set)
		return -ENOMEM;
	return ktftp_set_publish_file(p->set, &wanted, AT_FDCWD, path, p->line.hold);
}

/* Adds a file to what is published next. */
void publish_in_set(struct publishing *p, const char *name, const char *path)
{
	int err;

	if (p->stopped)
		return;
	err = add_to_set(p, name, path);
	/* Those that are open already need not wait for more. */
	if (err == -EMFILE && !p->line.all_or_none && ktftp_set_count(p->set)) {
		flush_set(p);
		err = p->stopped ? 0 : add_to_set(p, name, path);
	}
	if (err && !p->set) {
		p->status = failed(p->ctl, "out of memory");
		p->stopped = true;
	} else if (err) {
		complain_of(p, path);
		p->stopped = p->line.all_or_none;
	}
}

static int report_one(const struct ktftp_entry *entry, void *context)
{
	report_published(context, entry);
	return 0;
}

static void refused(size_t item, void *context)
{
	struct publishing *p = context;

	(void)item;
	p->status = module_failed(p->ctl);
}

/* Publishes what was added. */
void flush_set(struct publishing *p)
{
	struct ktftp_set_result result;
	int err = 0;

	if (!p->set)
		return;
	if (!p->stopped && p->line.all_or_none)
		err = ktftp_set_commit(p->set, &result);
	else if (!p->stopped)
		err = ktftp_set_commit_each(p->set, refused, p, &result);
	if (err) {
		p->status = module_failed(p->ctl);
		p->stopped = true;
	}
	ktftp_set_published(p->set, report_one, p);
	ktftp_set_free(p->set);
	p->set = NULL;
	show_progress(p);
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int parse_hold(const struct ctl *ctl, const char *word, enum ktftp_hold *hold)
{
	const enum ktftp_hold before = *hold;

	if (!strcmp(word, "--pin"))
		*hold = KTFTP_HOLD_PIN;
	else if (!strcmp(word, "--seal"))
		*hold = KTFTP_HOLD_SEAL;
	else if (!strcmp(word, "--copy"))
		*hold = KTFTP_HOLD_COPY;
	else
		return usage(ctl, "publish has no option '%s' (see ktftpctl publish --help)", word);
	if (before != KTFTP_HOLD_AUTO && before != *hold)
		return usage(ctl, "one of --pin, --seal and --copy, not two");
	return CTL_OK;
}

static int parse_option(const struct ctl *ctl, const char *word, struct words *words, struct publish_line *line)
{
	const char *digest;

	if (!strcmp(word, "--name")) {
		line->name = next_word(words);
		return line->name ? CTL_OK : usage(ctl, "--name needs a name");
	}
	if (!strcmp(word, "--view"))
		return take_label(ctl, words, word, &line->view);
	if (!strcmp(word, "--owner"))
		return take_label(ctl, words, word, &line->owner);
	if (!strcmp(word, "--sha256")) {
		line->has_digest = true;
		return take_value(ctl, words, word, &digest) || parse_digest(ctl, digest, line->digest) ? CTL_USAGE :
													  CTL_OK;
	}
	if (!strcmp(word, "-r"))
		line->recursive = true;
	else if (!strcmp(word, "--all-or-none"))
		line->all_or_none = true;
	else
		return parse_hold(ctl, word, &line->hold);
	return CTL_OK;
}

/* What publish says; @line->files has room for all words. */
int parse_publish(const struct ctl *ctl, struct words *words, struct publish_line *line)
{
	bool only_files = false;
	const char *word;
	int status = CTL_OK;

	while (!status && (word = next_word(words))) {
		if (only_files || *word != '-' || !word[1])
			line->files[line->count++] = (char *)word;
		else if (!strcmp(word, "--"))
			only_files = true;
		else
			status = parse_option(ctl, word, words, line);
	}
	if (status)
		return status;
	if (!line->count)
		return usage(ctl, "which file?");
	if (line->name && (line->count > 1 || line->recursive))
		return usage(ctl, "--name is for one file");
	if (line->has_digest && (line->count > 1 || line->recursive))
		return usage(ctl, "--sha256 is for one file");
	return CTL_OK;
}

static void summarise(struct publishing *p)
{
	char size[32];

	/* What went wrong has been said. */
	if (p->status && !p->count && !p->list)
		return;
	if (p->list) {
		print_json(p->list);
		return;
	}
	if (!p->line.recursive)
		return;
	printf("%zu files, %s", p->count, show_bytes(p->bytes, size, sizeof(size)));
	if (p->skipped)
		printf(", %zu left out that are no regular files inside the folder", p->skipped);
	putchar('\n');
}

static int publish_all(struct publishing *p)
{
	const char *path;
	int i;

	p->list = p->ctl->json ? json_array() : NULL;
	p->progress = p->line.recursive && isatty(STDERR_FILENO);
	for (i = 0; i < p->line.count; i++) {
		path = p->line.files[i];
		if (p->line.recursive)
			publish_tree(p, p->line.files[i]);
		else if (p->line.all_or_none)
			publish_in_set(p, p->line.name ? p->line.name : base_name(path), path);
		else
			publish_one(p, p->line.name ? p->line.name : base_name(path), path);
	}
	flush_set(p);
	if (p->progress)
		fputc('\n', stderr);
	summarise(p);
	json_decref(p->list);
	return p->status;
}

int cmd_publish(struct ctl *ctl, struct words *words)
{
	struct publishing p = { .ctl = ctl };
	int status;

	p.line.files = calloc(words->left + 1, sizeof(*p.line.files));
	if (!p.line.files)
		return failed(ctl, "out of memory");
	status = parse_publish(ctl, words, &p.line);
	if (!status)
		status = connect_module(ctl);
	if (!status)
		status = publish_all(&p);
	free(p.line.files);
	return status;
}
