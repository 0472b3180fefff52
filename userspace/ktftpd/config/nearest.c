// SPDX-License-Identifier: GPL-2.0
/* What a mistyped name may have meant. */
#include <string.h>

#include "reader.h"

#define LENGTH_MOST 48

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many letters have to be added, left out or changed to make one of the other. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[LENGTH_MOST + 1], diagonal, above;
	size_t length = strlen(b), i, k;

	for (k = 0; k <= length; k++)
		row[k] = k;
	for (i = 0; a[i]; i++) {
		diagonal = row[0]++;
		for (k = 0; k < length; k++) {
			above = row[k + 1];
			row[k + 1] = least(least(above, row[k]) + 1, diagonal + (a[i] != b[k]));
			diagonal = above;
		}
	}
	return row[length];
}

static unsigned int distance_at_most(const char *a, const char *b, unsigned int most)
{
	size_t la = strlen(a), lb = strlen(b);

	if (la > LENGTH_MOST || lb > LENGTH_MOST || la > lb + most || lb > la + most)
		return most + 1;
	return distance(a, b);
}

const char *conf_nearest(const char *name, const char *const *names, size_t count)
{
	unsigned int best = 1 + strlen(name) / 3, d;
	const char *found = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		d = distance_at_most(name, names[i], best);
		if (d > best || (found && d == best))
			continue;
		found = names[i];
		best = d;
	}
	return found;
}
