// SPDX-License-Identifier: GPL-2.0
/* Many commands in one process: a line each, quoting as in a shell, "#" begins a comment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static int run_line(struct ctl *ctl, char *line)
{
	char *list[MOST_WORDS];
	struct words words;
	int status = split_line(ctl, line, list, &words);

	if (status)
		return status;
	return words.left ? run_command(ctl, &words) : CTL_OK;
}

static int run_lines(struct ctl *ctl, const char *name, FILE *file, bool force)
{
	int status = CTL_OK, result;
	size_t room = 0, number = 0;
	char *line = NULL;

	while (getline(&line, &room, file) >= 0) {
		snprintf(ctl->where, sizeof(ctl->where), "%s:%zu: ", name, ++number);
		result = run_line(ctl, line);
		fflush(stdout);
		if (result == CTL_OK)
			continue;
		status = result;
		if (!force)
			break;
	}
	free(line);
	ctl->where[0] = 0;
	return status;
}

/* Runs the commands of a file, or of standard input for "-". */
int run_batch(struct ctl *ctl, const char *path, bool force)
{
	bool is_stdin = !strcmp(path, "-");
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	int status;

	if (!file)
		return failed(ctl, "%s: %s", path, strerror(errno));
	status = run_lines(ctl, is_stdin ? "stdin" : path, file, force);
	if (!is_stdin)
		fclose(file);
	return status;
}
