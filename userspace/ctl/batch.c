// SPDX-License-Identifier: GPL-2.0
/* Many commands in one process: a line each, quoting as in a shell, "#" begins a comment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define MOST_WORDS 1024

/* Cuts a line into words in place; returns how many, -1 for an open quote, -2 for too many words. */
static int split(char *line, char **words)
{
	char *in = line, *out = line, quote;
	int count = 0;

	for (;;) {
		in += strspn(in, " \t\r\n");
		if (!*in || *in == '#')
			return count;
		if (count == MOST_WORDS)
			return -2;
		words[count++] = out;
		quote = 0;
		while (*in && (quote || !strchr(" \t\r\n", *in))) {
			if (quote && *in == quote)
				quote = 0;
			else if (!quote && (*in == '"' || *in == '\''))
				quote = *in;
			else if (*in == '\\' && quote != '\'' && in[1])
				*out++ = *++in;
			else
				*out++ = *in;
			in++;
		}
		if (quote)
			return -1;
		if (*in)
			in++;
		*out++ = 0;
	}
}

static int run_line(struct ctl *ctl, char *line)
{
	char *list[MOST_WORDS];
	struct words words = { .at = list, .left = split(line, list) };

	if (words.left == -1)
		return usage(ctl, "a quote is not closed");
	if (words.left == -2)
		return usage(ctl, "more than %d words", MOST_WORDS);
	/* A batch written for a shell may name the program. */
	take_word(&words, "ktftpctl");
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
