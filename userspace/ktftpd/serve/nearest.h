/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: what a name that is not there may have meant. Case does not count; up to two mistakes do, or another
 * directory.
 */
#ifndef KTFTPD_NEAREST_H
#define KTFTPD_NEAREST_H

#include <stddef.h>

#include "ktftp.h"

/* Mistakes that are looked for, at most. */
#define NEAREST_MOST 2

/**
 * struct nearest - a look at many names for the one that is nearest to another
 * @best: the nearest one so far, as it was given; NULL for none
 * @far: how far it is: only what is nearer replaces it
 * @most: mistakes that a name of this length may have
 * @bytes: length of @name
 * @base: where in @name its last component begins
 * @name: the name, in lower case
 */
struct nearest {
	const char *best;
	unsigned int far;
	unsigned int most;
	size_t bytes;
	size_t base;
	char name[KTFTP_NAME_MAX + 1];
};

/* A longer name than there can be has no near one. */
void nearest_begin(struct nearest *n, const char *name);
/* One of the names; it has to stay what it is as long as @best may be looked at. */
void nearest_consider(struct nearest *n, const char *name);

/*
 * Letters to be inserted, deleted, replaced or swapped with their neighbour so that a becomes b, case aside; no place
 * is mended twice. most + 1 when there are more than most, which is at most NEAREST_MOST.
 */
unsigned int nearest_distance(const char *a, const char *b, unsigned int most);

#endif
