/* SPDX-License-Identifier: GPL-2.0 */
/* What every unit test includes first: cmocka with what its header needs, and buffers that end where they end. */
#ifndef KTFTP_UNIT_H
#define KTFTP_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A literal and its length, the NUL that the compiler adds not counted. */
#define BYTES(literal)    (literal), sizeof(literal) - 1

/* Room of exactly that many bytes, so that the sanitizer sees an access beyond them. */
static inline void *exact_room(size_t bytes)
{
	void *room = malloc(bytes);

	assert_non_null(room);
	return room;
}

static inline u8 *exact_copy(const void *from, size_t bytes)
{
	u8 *copy = exact_room(bytes);

	if (bytes)
		memcpy(copy, from, bytes);
	return copy;
}

/* Results leave line by line: a sanitizer that ends the program must not take the earlier ones along. */
static inline void print_by_line(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

#endif
