/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every file of tests begins with. They are written once and run in two places: in user space by cmocka,
 * under sanitizers (tests/unit/run), and in the kernel by KUnit (tests/kunit/run). Both have:
 *
 *   CASE(sentence) { ... }                              a test
 *   struct unit_case cases[] = { RUN(sentence), {} };   all of a file
 *   SUITE(name, cases);                                 at the end of it
 *
 *   assert_int_equal() and its like, as cmocka calls them: the first that fails ends the test
 *   exact_room(), exact_copy(), free()                  buffers that end where they end
 *
 * No floating point, and of the C library only what the kernel has as well.
 */
#ifndef KTFTP_UNIT_H
#define KTFTP_UNIT_H

#ifdef __KERNEL__
#include "in_kernel.h"
#else
#include "in_user_space.h"
#endif

#include <linux/limits.h>
#include <linux/types.h>

/* A literal and its length, the NUL that the compiler adds not counted. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static inline u8 *exact_copy(const void *from, size_t bytes)
{
	u8 *copy = exact_room(bytes);

	if (bytes)
		memcpy(copy, from, bytes);
	return copy;
}

#endif
