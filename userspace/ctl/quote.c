// SPDX-License-Identifier: GPL-2.0
/* Lines and words: a line is cut as a shell does it, and a word is written so that it comes out the same. */
#include <string.h>

#include "ctl.h"

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

/* The words of a line, which is changed and has to stay; @list has room for MOST_WORDS. */
int split_line(const struct ctl *ctl, char *line, char **list, struct words *words)
{
	words->at = list;
	words->left = split(line, list);
	if (words->left == -1)
		return usage(ctl, "a quote is not closed");
	if (words->left == -2)
		return usage(ctl, "more than %d words", MOST_WORDS);
	/* A line written for a shell may name the program. */
	take_word(words, "ktftpctl");
	return CTL_OK;
}

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,@%+=-";

	if (!*word)
		return false;
	for (; *word; word++)
		if (!strchr(plain, *word) && (unsigned char)*word < 0x80)
			return false;
	return true;
}

/* Writes a word, in quotes where split_line() or a shell would take it for more than one. */
void put_word(FILE *out, const char *word)
{
	if (is_plain(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}
