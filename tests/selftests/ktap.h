/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTAP for test programs: tests are functions whose names are sentences; each says what went wrong by
 * returning a text, or NULL.
 */
#ifndef KTFTP_KTAP_H
#define KTFTP_KTAP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KSFT_PASS 0
#define KSFT_FAIL 1
#define KSFT_SKIP 4

struct ktap_test {
	const char *name;
	const char *(*run)(void);
};

/* It takes the braces for a block. */
/* clang-format off */
#define TEST(function)	{ #function, function }
/* clang-format on */

/* Returns from the test with the condition's text, and where it stands, when it does not hold. */
#define KTAP_TEXT2(x) #x
#define KTAP_TEXT(x)  KTAP_TEXT2(x)
#define EXPECT(condition)                                                            \
	do {                                                                         \
		if (!(condition))                                                    \
			return __FILE__ ":" KTAP_TEXT(__LINE__) ": not " #condition; \
	} while (0)

/* Calls a function that is a test itself. */
#define EXPECT_OK(call)                        \
	do {                                   \
		const char *why_not_ = (call); \
		if (why_not_)                  \
			return why_not_;       \
	} while (0)

/* Is a test wanted: all without a word, else those with the word in their name, or, after a "!", without it. */
static inline int ktap_wants(const char *name, const char *only)
{
	if (!only)
		return 1;
	return *only == '!' ? !strstr(name, only + 1) : !!strstr(name, only);
}

/* Runs the tests that the program's first argument chooses, see ktap_wants(). */
static inline int ktap_run(const struct ktap_test *tests, size_t count, const char *only)
{
	size_t i, number = 0, wanted = 0;
	int status = KSFT_PASS;
	const char *why;

	for (i = 0; i < count; i++)
		wanted += ktap_wants(tests[i].name, only);
	printf("TAP version 13\n1..%zu\n", wanted);
	for (i = 0; i < count; i++) {
		if (!ktap_wants(tests[i].name, only))
			continue;
		fflush(stdout);
		why = tests[i].run();
		if (why) {
			printf("# %s\n", why);
			status = KSFT_FAIL;
		}
		printf("%s %zu %s\n", why ? "not ok" : "ok", ++number, tests[i].name);
	}
	return status;
}

#endif
