// SPDX-License-Identifier: GPL-2.0
/* The assertions of tests/unit in the kernel: what fails is told in KUnit's words, with the place in the test. */
#include <kunit/test-bug.h>

#include "in_kernel.h"

#define AT "%s:%d: %s"

void unit_assert_true(const struct unit_place *place, bool condition)
{
	KUNIT_ASSERT_TRUE_MSG(kunit_get_current_test(), condition, AT, place->file, place->line, place->text);
}

void unit_assert_equal(const struct unit_place *place, long long a, long long b)
{
	KUNIT_ASSERT_EQ_MSG(kunit_get_current_test(), a, b, AT, place->file, place->line, place->text);
}

void unit_assert_in_range(const struct unit_place *place, u64 value, u64 least, u64 most)
{
	KUNIT_ASSERT_GE_MSG(kunit_get_current_test(), value, least, AT, place->file, place->line, place->text);
	KUNIT_ASSERT_LE_MSG(kunit_get_current_test(), value, most, AT, place->file, place->line, place->text);
}

void unit_assert_memory(const struct unit_place *place, const void *a, const void *b, size_t bytes)
{
	if (bytes)
		KUNIT_ASSERT_MEMEQ_MSG(kunit_get_current_test(), a, b, bytes, AT, place->file, place->line,
				       place->text);
}

void unit_assert_string(const struct unit_place *place, const char *a, const char *b)
{
	KUNIT_ASSERT_STREQ_MSG(kunit_get_current_test(), a, b, AT, place->file, place->line, place->text);
}

MODULE_DESCRIPTION("Tests of the pure files of ktftp");
MODULE_LICENSE("GPL");
