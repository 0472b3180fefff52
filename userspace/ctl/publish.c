// SPDX-License-Identifier: GPL-2.0
/* ktftpctl publish: files to names. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

const char help_publish[] =
	"  publish FILE... [--name NAME] [--pin|--seal|--copy]\n"
	"                     serve FILE under NAME, or the file's own name\n"
	"  publish -r DIR... [--pin|--seal|--copy]\n"
	"                     serve every file below DIR under its path from there\n"
	"                     A file is pinned in place where its file system can and the\n"
	"                     caller may: nobody can write to it then (\"Text file busy\") and\n"
	"                     its mount stays busy; replace it by rename and publish again.\n"
	"                     Else a copy of it is served; --pin, --seal (a sealed memfd) and\n"
	"                     --copy (kernel memory) leave no choice.\n";

/**
 * struct publishing - one publish command
 * @ctl: the run
 * @hold: how files are to be held
 * @name: --name, or NULL
 * @recursive: -r
 * @count: files published
 * @bytes: their size
 * @skipped: what was no file
 * @total: files to publish, 0 when not known
 * @progress: show how far it is
 * @list: for -j
 * @status: worst of what happened
 */
struct publishing {
	struct ctl *ctl;
	enum ktftp_hold hold;
	const char *name;
	bool recursive;
	size_t count;
	uint64_t bytes;
	size_t skipped;
	size_t total;
	bool progress;
	json_t *list;
	int status;
};

static const char *kind_name(uint32_t kind)
{
	return enum_name(ktftp_kind_names, KTFTP_KIND_COPIED + 1, kind);
}

static void show_progress(const struct publishing *p, bool last)
{
	if (!p->progress || !(last || p->count % 16 == 0))
		return;
	fprintf(stderr, "\r%zu of %zu files%s", p->count, p->total, last ? "\n" : "");
	fflush(stderr);
}

static void report(struct publishing *p, const struct ktftp_entry *entry)
{
	char name[KTFTP_NAME_MAX + 1], size[32];

	p->count++;
	p->bytes += entry->size;
	if (p->list)
		json_array_append_new(p->list,
				      json_pack("{s:o, s:s, s:I}", "name", json_name(entry->name),
						"kind", kind_name(entry->kind), "size", (json_int_t)entry->size));
	else if (!p->recursive)
		printf("%s: %s, %s\n", show_name(entry->name, name, sizeof(name)), kind_name(entry->kind),
		       show_bytes(entry->size, size, sizeof(size)));
	show_progress(p, false);
}

static void publish_one(struct publishing *p, const char *name, const char *path)
{
	struct ktftp_entry entry;
	int err = ktftp_publish_file(p->ctl->k, name, AT_FDCWD, path, p->hold, &entry);

	if (!err) {
		report(p, &entry);
		return;
	}
	p->status = failed(p->ctl, "%s%s%s", strncmp(ktftp_error(p->ctl->k), path, strlen(path)) ? path : "",
			   strncmp(ktftp_error(p->ctl->k), path, strlen(path)) ? ": " : "", ktftp_error(p->ctl->k));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Below the folder, no link leads out of it. */
static bool leads_out(const char *root, const char *path)
{
	char *target = realpath(path, NULL), *base = realpath(root, NULL);
	bool out = true;
	size_t length;

	if (target && base) {
		length = strlen(base);
		out = strncmp(target, base, length) || (target[length] != '/' && strcmp(base, "/"));
	}
	free(target);
	free(base);
	return out;
}

static bool is_file(const char *root, const FTSENT *entry)
{
	struct stat status;

	if (entry->fts_info == FTS_F)
		return true;
	return entry->fts_info == FTS_SL && !stat(entry->fts_accpath, &status) && S_ISREG(status.st_mode) &&
	       !leads_out(root, entry->fts_path);
}

static void visit(struct publishing *p, const char *root, const FTSENT *entry, bool count_only)
{
	const char *relative = entry->fts_path + strlen(root);

	if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP)
		return;
	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
		if (!count_only)
			p->status = failed(p->ctl, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
		return;
	}
	if (!is_file(root, entry)) {
		p->skipped += !count_only;
		return;
	}
	if (count_only)
		p->total++;
	else
		publish_one(p, relative + strspn(relative, "/"), entry->fts_path);
}

static void walk(struct publishing *p, char *root, bool count_only)
{
	char *roots[] = { root, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	if (!tree) {
		p->status = failed(p->ctl, "%s: %s", root, strerror(errno));
		return;
	}
	while ((entry = fts_read(tree)))
		visit(p, root, entry, count_only);
	fts_close(tree);
}

static void publish_tree(struct publishing *p, char *root)
{
	struct stat status;

	if (stat(root, &status)) {
		p->status = failed(p->ctl, "%s: %s", root, strerror(errno));
		return;
	}
	if (!S_ISDIR(status.st_mode)) {
		p->status = failed(p->ctl, "%s: not a directory", root);
		return;
	}
	if (p->progress)
		walk(p, root, true);
	walk(p, root, false);
	show_progress(p, true);
}

static int parse(struct publishing *p, struct words *words, char **files, int *count)
{
	const char *word;

	while ((word = next_word(words))) {
		if (!strcmp(word, "--name")) {
			p->name = next_word(words);
			if (!p->name)
				return usage(p->ctl, "--name needs a name");
		} else if (!strcmp(word, "-r")) {
			p->recursive = true;
		} else if (!strcmp(word, "--pin")) {
			p->hold = KTFTP_HOLD_PIN;
		} else if (!strcmp(word, "--seal")) {
			p->hold = KTFTP_HOLD_SEAL;
		} else if (!strcmp(word, "--copy")) {
			p->hold = KTFTP_HOLD_COPY;
		} else if (*word == '-' && word[1]) {
			return usage(p->ctl, "publish has no option '%s' (see ktftpctl publish --help)", word);
		} else {
			files[(*count)++] = (char *)word;
		}
	}
	if (!*count)
		return usage(p->ctl, "which file?");
	if (p->name && (*count > 1 || p->recursive))
		return usage(p->ctl, "--name is for one file");
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
	if (!p->recursive)
		return;
	printf("%zu files, %s", p->count, show_bytes(p->bytes, size, sizeof(size)));
	if (p->skipped)
		printf(", %zu left out that are no regular files inside the folder", p->skipped);
	putchar('\n');
}

static int publish_all(struct publishing *p, char **files, int count)
{
	int i;

	p->list = p->ctl->json ? json_array() : NULL;
	p->progress = p->recursive && isatty(STDERR_FILENO);
	for (i = 0; i < count; i++) {
		if (p->recursive)
			publish_tree(p, files[i]);
		else
			publish_one(p, p->name ? p->name : base_name(files[i]), files[i]);
	}
	summarise(p);
	json_decref(p->list);
	return p->status;
}

int cmd_publish(struct ctl *ctl, struct words *words)
{
	char **files = calloc(words->left + 1, sizeof(*files));
	struct publishing p = { .ctl = ctl };
	int count = 0, status;

	if (!files)
		return failed(ctl, "out of memory");
	status = parse(&p, words, files, &count);
	if (!status)
		status = connect_module(ctl);
	if (!status)
		status = publish_all(&p, files, count);
	free(files);
	return status;
}
