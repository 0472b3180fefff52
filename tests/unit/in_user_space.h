/* SPDX-License-Identifier: GPL-2.0 */
/* The tests' words in user space: cmocka's own. A program is one suite; with --list it says what it would run. */
#ifndef KTFTP_UNIT_IN_USER_SPACE_H
#define KTFTP_UNIT_IN_USER_SPACE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* How often something random is tried. */
#define TIMES(count)      (count)
#define STEP(width)       1

#define unit_case         CMUnitTest
#define CASE(sentence)    static void sentence(void **state __attribute__((unused)))
#define RUN(sentence)     cmocka_unit_test(sentence)

#define SUITE(suite, cases)                                                                                      \
	int main(int argc, char **argv)                                                                          \
	{                                                                                                        \
		return run_suite(#suite, cases, ARRAY_SIZE(cases) - 1, argc == 2 && !strcmp(argv[1], "--list")); \
	}                                                                                                        \
	_Static_assert(ARRAY_SIZE(cases) > 1, "a suite without a test")

/* Results leave line by line: a sanitizer that ends the program must not take the earlier ones along. */
static inline int run_suite(const char *suite, const struct CMUnitTest *cases, size_t count, bool list)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!list)
		return _cmocka_run_group_tests(suite, cases, count, NULL, NULL);
	for (i = 0; i < count; i++)
		printf("%s\n", cases[i].name);
	return 0;
}

/* Room of exactly that many bytes, so that the sanitizer sees an access beyond them. */
static inline void *exact_room(size_t bytes)
{
	void *room = malloc(bytes);

	assert_non_null(room);
	return room;
}

#endif
