/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests' words in the kernel, over KUnit, in whose words a failure is told. Each is a call of a function in
 * tests/kunit/assert.c: KUnit's own macros leave their arguments on the stack, some 200 bytes for each, and
 * KASAN lets nothing share the place.
 */
#ifndef KTFTP_UNIT_IN_KERNEL_H
#define KTFTP_UNIT_IN_KERNEL_H

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Who watches every access is slow. */
#define TIMES(count)   ((count) / 200)
#define STEP(width)    (width)

#define unit_case      kunit_case
#define CASE(sentence) static void sentence(struct kunit *test)
#define RUN(sentence)  KUNIT_CASE(sentence)

#define SUITE(suite, cases)                         \
	static struct kunit_suite suite##_suite = { \
		.name = "ktftp_" #suite,            \
		.test_cases = cases,                \
	};                                          \
	kunit_test_suite(suite##_suite)

/**
 * struct unit_place - an assertion in a test's source
 * @file: its name
 * @line: and line
 * @text: what was asserted
 */
struct unit_place {
	const char *file;
	int line;
	const char *text;
};

#define UNIT_PLACE(said)                                                                                     \
	({                                                                                                   \
		static const struct unit_place place = { .file = __FILE__, .line = __LINE__, .text = said }; \
		&place;                                                                                      \
	})

void unit_assert_true(const struct unit_place *place, bool condition);
void unit_assert_equal(const struct unit_place *place, long long a, long long b);
void unit_assert_in_range(const struct unit_place *place, u64 value, u64 least, u64 most);
void unit_assert_memory(const struct unit_place *place, const void *a, const void *b, size_t bytes);
void unit_assert_string(const struct unit_place *place, const char *a, const char *b);

#define assert_true(condition)  unit_assert_true(UNIT_PLACE(#condition), condition)
#define assert_false(condition) unit_assert_true(UNIT_PLACE("not " #condition), !(condition))
#define assert_int_equal(a, b)  unit_assert_equal(UNIT_PLACE(#a " == " #b), (long long)(a), (long long)(b))
#define assert_in_range(v, least, most) \
	unit_assert_in_range(UNIT_PLACE(#v " from " #least " to " #most), v, least, most)
#define assert_ptr_equal(a, b)       unit_assert_true(UNIT_PLACE(#a " == " #b), (const void *)(a) == (const void *)(b))
#define assert_memory_equal(a, b, n) unit_assert_memory(UNIT_PLACE(#a " is as " #b), a, b, n)
#define assert_string_equal(a, b)    unit_assert_string(UNIT_PLACE(#a " is as " #b), a, b)

/*
 * Room of exactly that many bytes, so that KASAN sees an access beyond them. What KUnit itself would hand out is
 * freed after a failure, too, but takes longer.
 */
static inline void *exact_room(size_t bytes)
{
	void *room = kmalloc(bytes, GFP_KERNEL);

	assert_true(room);
	return room;
}

#define free(room) kfree(room)

#endif
