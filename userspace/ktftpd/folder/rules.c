// SPDX-License-Identifier: GPL-2.0
/* See rules.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "rules.h"

static char *folded(const char *glob)
{
	char *copy = strdup(glob);

	if (copy)
		ktftp_name_fold(copy, strlen(copy), copy);
	return copy;
}

/**
 * rules_copy() - take what is needed of a configuration
 * @rules: where it goes; to be freed by rules_free()
 * @config: configuration
 *
 * Return: 0 or -ENOMEM.
 */
int rules_copy(struct rules *rules, const struct config *config)
{
	*rules = (struct rules){
		.in_place = config->in_place,
		.world_readable = config->world_readable,
		.max_file_bytes = config->max_file_bytes,
		.max_files = config->max_files,
		.quiet_ms = config->quiet_ms,
		.settle_ms = config->settle_ms,
	};
	rules->ignore = calloc(config->ignore_count + 1, sizeof(*rules->ignore));
	if (!rules->ignore)
		return -ENOMEM;
	for (; rules->ignore_count < config->ignore_count; rules->ignore_count++) {
		rules->ignore[rules->ignore_count] = folded(config->ignore[rules->ignore_count]);
		if (rules->ignore[rules->ignore_count])
			continue;
		rules_free(rules);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rules_free() - forget them
 * @rules: rules
 */
void rules_free(struct rules *rules)
{
	while (rules->ignore_count)
		free(rules->ignore[--rules->ignore_count]);
	free(rules->ignore);
	rules->ignore = NULL;
}

/**
 * rules_same() - do they choose the same files; the times do not count
 * @a: rules
 * @b: others
 */
bool rules_same(const struct rules *a, const struct rules *b)
{
	size_t i;

	if (a->in_place != b->in_place || a->world_readable != b->world_readable ||
	    a->max_file_bytes != b->max_file_bytes || a->max_files != b->max_files ||
	    a->ignore_count != b->ignore_count)
		return false;
	for (i = 0; i < a->ignore_count; i++)
		if (strcmp(a->ignore[i], b->ignore[i]))
			return false;
	return true;
}

/**
 * rules_base() - may something of this name be served, file or directory
 * @rules: rules
 * @base: name without directories
 */
enum verdict rules_base(const struct rules *rules, const char *base)
{
	char name[KTFTP_NAME_MAX + 1];
	size_t bytes = strnlen(base, KTFTP_NAME_MAX), i;

	if (*base == '.')
		return VERDICT_HIDDEN;
	name[ktftp_name_fold(base, bytes, name)] = 0;
	for (i = 0; i < rules->ignore_count; i++)
		if (ktftp_name_matches(rules->ignore[i], name))
			return VERDICT_IGNORED;
	return VERDICT_SERVED;
}

/**
 * rules_name() - under which name a file is served
 * @relative: its path below the root
 * @out: the canonical name
 */
enum verdict rules_name(const char *relative, char out[KTFTP_NAME_MAX + 1])
{
	int bytes = ktftp_name_canonical((const uint8_t *)relative, strlen(relative), out);

	if (bytes == -ENAMETOOLONG)
		return VERDICT_LONG_NAME;
	return bytes < 0 ? VERDICT_BAD_NAME : VERDICT_SERVED;
}

/**
 * rules_file() - may this file be served
 * @rules: rules
 * @status: what it is
 */
enum verdict rules_file(const struct rules *rules, const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return VERDICT_NOT_REGULAR;
	if ((uint64_t)status->st_size > rules->max_file_bytes)
		return VERDICT_TOO_LARGE;
	if (rules->world_readable && !(status->st_mode & S_IROTH))
		return VERDICT_NOT_WORLD_READABLE;
	return VERDICT_SERVED;
}

/**
 * rules_why() - why a file is left out, and what to do
 * @verdict: verdict
 */
const char *rules_why(enum verdict verdict)
{
	static const char *const why[] = {
		[VERDICT_SERVED] = "served",
		[VERDICT_HIDDEN] = "hidden",
		[VERDICT_IGNORED] = "its name matches \"ignore\"",
		[VERDICT_LONG_NAME] = "a name has at most 255 bytes: shorten it, or move the file up",
		[VERDICT_BAD_NAME] = "its name contains control characters: rename it",
		[VERDICT_NOT_REGULAR] = "not a regular file",
		[VERDICT_TOO_LARGE] = "larger than max-file: raise that if it is meant to be served",
		[VERDICT_NOT_WORLD_READABLE] = "others may not read it: chmod o+r, or set world-readable = false",
		[VERDICT_TOO_MANY] = "there are more files than max-files: raise that, or move files away",
		[VERDICT_LEADS_OUT] = "the link leads out of the folder: copy the file, or mount its directory there",
		[VERDICT_LEADS_NOWHERE] = "the link leads to nothing that exists",
		[VERDICT_LOOP] = "the link leads to a directory that it is in itself",
		[VERDICT_TOO_MANY_DIRECTORIES] =
			"there are more directories than max-files: raise that, or do links "
			"multiply them?",
	};

	return why[verdict];
}
