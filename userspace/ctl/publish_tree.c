// SPDX-License-Identifier: GPL-2.0
/* ktftpctl publish -r: every file below a folder, many in a message. */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "publish.h"

/* In one message: so few that one which is refused costs little, so many that thousands take seconds. */
#define FILES_AT_ONCE 256
/* Copies that wait to be published are memory twice when they replace others. */
#define BYTES_AT_ONCE (64 << 20)

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

static void cannot_be_read(struct publishing *p, const char *path, const char *why)
{
	p->status = failed(p->ctl, "%s: %s", path, why);
	if (p->line.all_or_none)
		p->stopped = true;
}

static void add(struct publishing *p, const char *name, const char *path)
{
	publish_in_set(p, name, path);
	if (!p->line.all_or_none && p->set &&
	    (ktftp_set_count(p->set) >= FILES_AT_ONCE || ktftp_set_bytes(p->set) >= BYTES_AT_ONCE))
		flush_set(p);
}

static void visit(struct publishing *p, const char *root, const FTSENT *entry, bool count_only)
{
	const char *relative = entry->fts_path + strlen(root);

	if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP)
		return;
	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
		if (!count_only)
			cannot_be_read(p, entry->fts_path, strerror(entry->fts_errno));
		return;
	}
	if (!is_file(root, entry)) {
		p->skipped += !count_only;
		return;
	}
	if (count_only)
		p->total++;
	else
		add(p, relative + strspn(relative, "/"), entry->fts_path);
}

static void walk(struct publishing *p, char *root, bool count_only)
{
	char *roots[] = { root, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	if (!tree) {
		cannot_be_read(p, root, strerror(errno));
		return;
	}
	while (!p->stopped && (entry = fts_read(tree)))
		visit(p, root, entry, count_only);
	fts_close(tree);
}

/* Publishes what is below a folder, the last of it when flush_set() is called. */
void publish_tree(struct publishing *p, char *root)
{
	struct stat status;

	if (stat(root, &status)) {
		cannot_be_read(p, root, strerror(errno));
		return;
	}
	if (!S_ISDIR(status.st_mode)) {
		cannot_be_read(p, root, "not a directory");
		return;
	}
	if (p->progress)
		walk(p, root, true);
	walk(p, root, false);
}
