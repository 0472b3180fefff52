// SPDX-License-Identifier: GPL-2.0
/*
 * The text of the file. libconfuse miscounts the lines of comments, takes none inside a list, and drops characters
 * that it does not know without a word: so comments become blanks before it sees them, and such characters are
 * refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader.h"

#define TEXT_BYTES_MOST (1 << 20)

/* What the system does not let us do is told by its own number. */
static void refuse_file(struct reader *r, int err, const char *what)
{
	conf_refuse(r, 0, "the file cannot be %s: %s", what, strerror(-err));
	r->err = err;
}

static int check_file(struct reader *r, const struct stat *status)
{
	if (S_ISDIR(status->st_mode))
		return conf_refuse(r, 0, "this is a directory; name the file in it");
	if (!S_ISREG(status->st_mode))
		return conf_refuse(r, 0, "this is no regular file, and could not be read again for a reload");
	if (status->st_size > TEXT_BYTES_MOST)
		return conf_refuse(r, 0, "the file has %lld bytes; %d are allowed, so this is no configuration",
				   (long long)status->st_size, TEXT_BYTES_MOST);
	return 0;
}

static ssize_t read_whole(int fd, char *to, size_t room)
{
	size_t have = 0;
	ssize_t got;

	while (have < room) {
		got = read(fd, to + have, room - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		have += got;
	}
	return have;
}

static char *read_text(struct reader *r, int fd)
{
	char *text = malloc(TEXT_BYTES_MOST + 2);
	ssize_t bytes;

	if (!text) {
		conf_refuse_memory(r);
		return NULL;
	}
	/* It may have grown since it was looked at. */
	bytes = read_whole(fd, text, TEXT_BYTES_MOST + 1);
	if (bytes >= 0 && bytes <= TEXT_BYTES_MOST && !memchr(text, 0, bytes)) {
		text[bytes] = 0;
		return text;
	}
	free(text);
	if (bytes < 0)
		refuse_file(r, bytes, "read");
	else if (bytes > TEXT_BYTES_MOST)
		conf_refuse(r, 0, "the file has more than %d bytes, so this is no configuration", TEXT_BYTES_MOST);
	else
		conf_refuse(r, 0, "the file contains NUL bytes; it has to be text");
	return NULL;
}

/* The file's text, or NULL and a complaint. */
char *conf_text_read(struct reader *r)
{
	/* Opening a FIFO would wait. */
	int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	char *text = NULL;

	if (fd < 0) {
		refuse_file(r, -errno, "opened");
		return NULL;
	}
	if (fstat(fd, &status))
		refuse_file(r, -errno, "looked at");
	else if (!check_file(r, &status))
		text = read_text(r, fd);
	close(fd);
	return text;
}

/* What ends an unquoted word. */
static bool ends_word(char c)
{
	return !c || strchr(" \t\r\n{}()=,\"'#", c);
}

/* Behind the string that begins here, or NULL and a complaint. */
static char *skip_string(struct reader *r, char *text, unsigned int line)
{
	char quote = *text++;

	while (*text != quote) {
		if (!*text || *text == '\n') {
			conf_refuse(r, line, "the string has no end; a %c is missing", quote);
			return NULL;
		}
		if (quote == '"' && !strncmp(text, "${", 2)) {
			conf_refuse(r, line, "variables of the environment are not known here; write ${ as \\${");
			return NULL;
		}
		if (*text == '\\' && text[1] && text[1] != '\n')
			text++;
		text++;
	}
	return text + 1;
}

static char *blank_line(char *text)
{
	while (*text && *text != '\n')
		*text++ = ' ';
	return text;
}

/* A comment that may have several lines. */
static char *blank_block(struct reader *r, char *text, unsigned int *line)
{
	unsigned int first = *line;
	char *end = strstr(text + 2, "*/");

	if (!end) {
		conf_refuse(r, first, "the comment has no end; a */ is missing");
		return NULL;
	}
	for (; text < end + 2; text++) {
		if (*text == '\n')
			++*line;
		else
			*text = ' ';
	}
	return text;
}

/* An unquoted word, or a character that is one. */
static char *skip_word(struct reader *r, char *text, unsigned int line)
{
	if (!strncmp(text, "+=", 2))
		return text + 2;
	for (;; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f || ends_word(*text))
			return text;
		if (*text == '*' || *text == '+' || *text == '$') {
			conf_refuse(r, line, "a word with %c belongs in quotes, as \"*.tmp\"", *text);
			return NULL;
		}
	}
}

/* Where braces are open: sections have lists in them, and no more. */
#define DEPTH_MOST 8

/**
 * struct scan - how far a text is known
 * @line: of what comes next
 * @depth: how many braces are open
 * @opened: the lines in which they are
 */
struct scan {
	unsigned int line;
	unsigned int depth;
	unsigned int opened[DEPTH_MOST];
};

/* libconfuse takes the end of the file for that of every section. */
static void count_brace(struct scan *scan, char c)
{
	if (c == '{') {
		if (scan->depth < DEPTH_MOST)
			scan->opened[scan->depth] = scan->line;
		scan->depth++;
	} else if (c == '}' && scan->depth) {
		scan->depth--;
	}
}

/* Steps over what begins here, or returns NULL and a complaint. */
static char *step(struct reader *r, char *text, struct scan *scan)
{
	if (*text == '\n') {
		scan->line++;
		return text + 1;
	}
	if (*text == '#' || !strncmp(text, "//", 2))
		return blank_line(text);
	if (!strncmp(text, "/*", 2))
		return blank_block(r, text, &scan->line);
	if (*text == '"' || *text == '\'')
		return skip_string(r, text, scan->line);
	count_brace(scan, *text);
	if (ends_word(*text))
		return text + 1;
	if ((unsigned char)*text < ' ' || *text == 0x7f) {
		conf_refuse(r, scan->line, "there is a control character (%#x); the file has to be text", *text);
		return NULL;
	}
	return skip_word(r, text, scan->line);
}

/* Comments become blanks, in place; what libconfuse would not see is refused. */
int conf_text_blank(struct reader *r, char *text)
{
	struct scan scan = { .line = 1 };

	while (*text) {
		text = step(r, text, &scan);
		if (!text)
			return r->err;
	}
	if (!scan.depth)
		return 0;
	return conf_refuse(r, scan.opened[(scan.depth < DEPTH_MOST ? scan.depth : DEPTH_MOST) - 1],
			   "the { in this line has no end; a } is missing");
}
