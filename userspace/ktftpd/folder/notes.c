// SPDX-License-Identifier: GPL-2.0
/* See notes.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notes.h"

#define NOTES_A_MINUTE 32

/**
 * notes_init() - nothing is wrong yet
 * @notes: notes
 * @tell: tells one
 * @context: for it
 */
void notes_init(struct notes *notes, void (*tell)(int level, const char *text, void *context), void *context)
{
	*notes = (struct notes){ .left = NOTES_A_MINUTE, .tell = tell, .context = context };
}

/**
 * notes_minute() - a minute is over
 * @notes: notes
 */
void notes_minute(struct notes *notes)
{
	char text[128];

	notes->left = NOTES_A_MINUTE;
	if (!notes->dropped)
		return;
	snprintf(text, sizeof(text), "the folder: %llu more notes like the last ones were left out",
		 (unsigned long long)notes->dropped);
	notes->dropped = 0;
	notes->tell(LOG_NOTICE, text, notes->context);
}

/**
 * note() - tell something
 * @notes: notes
 * @level: as syslog's
 * @format: text
 */
void note(struct notes *notes, int level, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	if (!notes->left) {
		notes->dropped++;
		return;
	}
	notes->left--;
	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	notes->tell(level, text, notes->context);
	free(text);
}

/**
 * problem_set() - something is wrong as a whole; told when it was not so before
 * @notes: notes
 * @which: which
 * @format: reason, and the way out
 */
void problem_set(struct notes *notes, enum problem which, const char *format, ...)
{
	char text[PROBLEM_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!strcmp(text, notes->problem[which]))
		return;
	memcpy(notes->problem[which], text, sizeof(text));
	notes->tell(LOG_ERR, text, notes->context);
}

/**
 * problem_clear() - it is no longer
 * @notes: notes
 * @which: which
 */
void problem_clear(struct notes *notes, enum problem which)
{
	char text[PROBLEM_BYTES + 32];

	if (!notes->problem[which][0])
		return;
	snprintf(text, sizeof(text), "no longer so: %s", notes->problem[which]);
	notes->problem[which][0] = 0;
	notes->tell(LOG_NOTICE, text, notes->context);
}

/**
 * problem_worst() - what to show of what is wrong; empty for nothing
 * @notes: notes
 */
const char *problem_worst(const struct notes *notes)
{
	int i;

	for (i = 0; i < PROBLEMS - 1; i++)
		if (notes->problem[i][0])
			break;
	return notes->problem[i];
}
