/* SPDX-License-Identifier: GPL-2.0 */
/* A configuration that a test writes: in a directory of its own, with the folders "a" and "b" beside it. */
#ifndef KTFTP_CONFIG_LIB_H
#define KTFTP_CONFIG_LIB_H

#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "config/config.h"

#define WHY_BYTES 512

/**
 * struct written - a test's files
 * @directory: where they are, without links
 * @path: of the configuration
 * @config: what was read, or NULL
 * @why: why it was refused
 */
struct written {
	char directory[PATH_MAX - 64];
	char path[PATH_MAX];
	struct config *config;
	char why[WHY_BYTES];
};

static inline void make_directory(const struct written *w, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", w->directory, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static inline int set_up(void **state)
{
	struct written *w = calloc(1, sizeof(*w));
	char template[] = "/tmp/ktftp-config.XXXXXX";

	assert_non_null(w);
	assert_non_null(mkdtemp(template));
	assert_non_null(realpath(template, w->directory));
	snprintf(w->path, sizeof(w->path), "%s/ktftpd.conf", w->directory);
	make_directory(w, "a");
	make_directory(w, "b");
	*state = w;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline int tear_down(void **state)
{
	struct written *w = *state;

	config_free(w->config);
	nftw(w->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

/* Writes the text, "@" in it being the directory, and reads it. */
static inline int load(struct written *w, const char *text)
{
	FILE *file = fopen(w->path, "w");
	int err;

	assert_non_null(file);
	for (; *text; text++) {
		if (*text == '@')
			fputs(w->directory, file);
		else
			fputc(*text, file);
	}
	fclose(file);
	config_free(w->config);
	w->config = NULL;
	strcpy(w->why, "nothing");
	err = config_load(w->path, &w->config, w->why, sizeof(w->why));
	assert_true(!err == !!w->config);
	return err;
}

static inline const struct config *accepted(struct written *w, const char *text)
{
	if (load(w, text))
		fail_msg("refused: %s", w->why);
	return w->config;
}

/* Refused in this line, 0 for the file as a whole, with a reason that has this part. */
static inline void refused(struct written *w, const char *text, unsigned int line, const char *part)
{
	char where[PATH_MAX + 16];

	if (!load(w, text))
		fail_msg("not refused: %s", text);
	if (line)
		snprintf(where, sizeof(where), "%s:%u: ", w->path, line);
	else
		snprintf(where, sizeof(where), "%s: ", w->path);
	if (strncmp(w->why, where, strlen(where)) || !strstr(w->why, part))
		fail_msg("refused by '%s', not in line %u by '%s'", w->why, line, part);
}

#undef RUN
#define RUN(sentence) cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

#undef CASE
#define CASE(sentence) static void sentence(void **state)

/* The tree, where documents are. */
static inline const char *in_tree(const char *path, char out[PATH_MAX])
{
	const char *tree = getenv("KTFTP_TREE");

	snprintf(out, PATH_MAX, "%s/%s", tree ? tree : ".", path);
	return out;
}

static inline char *read_whole(const char *path)
{
	char name[PATH_MAX];
	size_t room = 1 << 20, bytes;
	FILE *file = fopen(in_tree(path, name), "r");
	char *text = calloc(1, room);

	if (!file)
		fail_msg("cannot open %s: is this the top of the tree?", name);
	assert_non_null(text);
	bytes = fread(text, 1, room - 1, file);
	assert_true(bytes > 0 && bytes < room - 1);
	fclose(file);
	return text;
}

#endif
