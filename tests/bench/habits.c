// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "habits.h"

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return text;
}

/* A # begins a comment at the start of a line or after a blank, so that a file name may contain one. */
static void cut_comment(char *line)
{
	char *at;

	for (at = line; *at; at++) {
		if (*at == '#' && (at == line || isspace((unsigned char)at[-1]))) {
			*at = 0;
			return;
		}
	}
}

static int take_line(struct options *options, char *line)
{
	char *equals, *name;

	cut_comment(line);
	name = trim(line);
	if (!*name)
		return 0;
	equals = strchr(name, '=');
	if (!equals)
		return options_refuse(options, "'%s' is not 'name = value'", name);
	*equals = 0;
	return options_set(options, trim(name), trim(equals + 1));
}

/* Puts the file and the line before the reason. */
static int refuse_line(struct options *options, const char *path, unsigned int number)
{
	char reason[sizeof(options->message)];

	memcpy(reason, options->message, sizeof(reason));
	return options_refuse(options, "%s:%u: %s", path, number, reason);
}

/* Takes every line of @path as an option. Returns 0 or a negative error with options->message set. */
int habits_read(struct options *options, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!file)
		return options_refuse(options, "cannot read %s: %s", path, strerror(errno));
	while (!err && getline(&line, &room, file) >= 0) {
		number++;
		err = take_line(options, line);
	}
	if (err)
		err = refuse_line(options, path, number);
	else if (ferror(file))
		err = options_refuse(options, "cannot read %s: %s", path, strerror(errno));
	free(line);
	fclose(file);
	return err;
}
