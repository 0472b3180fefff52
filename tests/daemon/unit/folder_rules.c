// SPDX-License-Identifier: GPL-2.0
/* Which files are served, and under which name. */
#include "unit.h"

#include <sys/stat.h>

#include "folder/identity.h"
#include "folder/rules.h"

static char *globs[] = { "*.part", "*~", "lost+found" };

static const struct rules rules = {
	.ignore = globs,
	.ignore_count = ARRAY_SIZE(globs),
	.max_file_bytes = 1000,
};

static enum verdict name_verdict(const char *path, const char *expected)
{
	char name[KTFTP_NAME_MAX + 1];
	enum verdict verdict = rules_name(path, name);

	if (verdict == VERDICT_SERVED)
		assert_string_equal(name, expected);
	return verdict;
}

static enum verdict file_verdict(const struct rules *r, mode_t mode, off_t size)
{
	struct stat status = { .st_mode = mode, .st_size = size };

	return rules_file(r, &status);
}

CASE(hidden_things_are_left_out)
{
	assert_int_equal(rules_base(&rules, ".git"), VERDICT_HIDDEN);
	assert_int_equal(rules_base(&rules, ".file.Xa3f"), VERDICT_HIDDEN);
	assert_int_equal(rules_base(&rules, "a.git"), VERDICT_SERVED);
}

CASE(globs_of_the_configuration_leave_out)
{
	assert_int_equal(rules_base(&rules, "image.bin.part"), VERDICT_IGNORED);
	assert_int_equal(rules_base(&rules, "IMAGE.PART"), VERDICT_IGNORED);
	assert_int_equal(rules_base(&rules, "notes~"), VERDICT_IGNORED);
	assert_int_equal(rules_base(&rules, "lost+found"), VERDICT_IGNORED);
	assert_int_equal(rules_base(&rules, "image.bin"), VERDICT_SERVED);
	assert_int_equal(rules_base(&rules, "lost+found2"), VERDICT_SERVED);
}

CASE(files_are_served_under_their_canonical_name)
{
	assert_int_equal(name_verdict("a/b", "a/b"), VERDICT_SERVED);
	assert_int_equal(name_verdict("a\\b", "a/b"), VERDICT_SERVED);
	assert_int_equal(name_verdict("c:x", "x"), VERDICT_SERVED);
	assert_int_equal(name_verdict("\xc3\xa4 b", "\xc3\xa4 b"), VERDICT_SERVED);
}

CASE(names_that_nobody_can_ask_for_are_left_out)
{
	char path[KTFTP_NAME_MAX + 2] = "";

	assert_int_equal(name_verdict("a\nb", NULL), VERDICT_BAD_NAME);
	assert_int_equal(name_verdict("c:", NULL), VERDICT_BAD_NAME);
	memset(path, 'x', KTFTP_NAME_MAX + 1);
	assert_int_equal(name_verdict(path, NULL), VERDICT_LONG_NAME);
	assert_int_equal(name_verdict(path + 1, path + 1), VERDICT_SERVED);
}

CASE(only_regular_files_are_served)
{
	assert_int_equal(file_verdict(&rules, S_IFREG | 0644, 5), VERDICT_SERVED);
	assert_int_equal(file_verdict(&rules, S_IFIFO | 0644, 0), VERDICT_NOT_REGULAR);
	assert_int_equal(file_verdict(&rules, S_IFCHR | 0644, 0), VERDICT_NOT_REGULAR);
	assert_int_equal(file_verdict(&rules, S_IFSOCK | 0644, 0), VERDICT_NOT_REGULAR);
	assert_int_equal(file_verdict(&rules, S_IFDIR | 0755, 0), VERDICT_NOT_REGULAR);
}

CASE(largest_file_is_as_large_as_configured)
{
	assert_int_equal(file_verdict(&rules, S_IFREG | 0644, 1000), VERDICT_SERVED);
	assert_int_equal(file_verdict(&rules, S_IFREG | 0644, 1001), VERDICT_TOO_LARGE);
}

CASE(what_others_may_not_read_is_left_out_when_so_configured)
{
	struct rules strict = rules;

	assert_int_equal(file_verdict(&rules, S_IFREG | 0640, 5), VERDICT_SERVED);
	strict.world_readable = true;
	assert_int_equal(file_verdict(&strict, S_IFREG | 0640, 5), VERDICT_NOT_WORLD_READABLE);
	assert_int_equal(file_verdict(&strict, S_IFREG | 0644, 5), VERDICT_SERVED);
}

CASE(every_verdict_has_words)
{
	int verdict;

	for (verdict = 0; verdict <= VERDICT_TOO_MANY_DIRECTORIES; verdict++)
		assert_non_null(rules_why(verdict));
}

CASE(rules_are_the_same_when_they_choose_the_same_files)
{
	char *others[] = { "*.part", "*~", "lost-found" };
	struct rules other = rules;

	other.quiet_ms = 7;
	assert_true(rules_same(&rules, &other));
	other.ignore = others;
	assert_false(rules_same(&rules, &other));
	other = rules;
	other.ignore_count--;
	assert_false(rules_same(&rules, &other));
	other = rules;
	other.in_place = true;
	assert_false(rules_same(&rules, &other));
	other = rules;
	other.max_files++;
	assert_false(rules_same(&rules, &other));
}

/* A second change within a tick of the clock cannot be seen by it. */
CASE(file_that_was_just_changed_proves_nothing)
{
	struct identity fine = { .ctime_ns = 1700000000123456789 }, coarse = { .ctime_ns = 1700000000000000000 };

	assert_true(identity_is_young(&fine, fine.ctime_ns + 10000000));
	assert_false(identity_is_young(&fine, fine.ctime_ns + 100000000));
	assert_true(identity_is_young(&coarse, coarse.ctime_ns + 1900000000));
	assert_false(identity_is_young(&coarse, coarse.ctime_ns + 2200000000));
	assert_true(identity_is_young(&fine, fine.ctime_ns - 5));
}

static struct unit_case cases[] = {
	RUN(hidden_things_are_left_out),
	RUN(globs_of_the_configuration_leave_out),
	RUN(files_are_served_under_their_canonical_name),
	RUN(names_that_nobody_can_ask_for_are_left_out),
	RUN(only_regular_files_are_served),
	RUN(largest_file_is_as_large_as_configured),
	RUN(what_others_may_not_read_is_left_out_when_so_configured),
	RUN(every_verdict_has_words),
	RUN(rules_are_the_same_when_they_choose_the_same_files),
	RUN(file_that_was_just_changed_proves_nothing),
	{},
};

SUITE(folder_rules, cases);
