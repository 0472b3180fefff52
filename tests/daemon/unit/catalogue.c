// SPDX-License-Identifier: GPL-2.0
/* The daemon's names: looked up as the module looks up its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serve/catalogue.h"

static struct folder_change change(enum folder_what what, const char *view, const char *name, uint64_t size)
{
	struct folder_change change = { .what = what, .name = (char *)name };

	strcpy(change.view, view);
	change.file.size = size;
	change.file.path = (char *)"/somewhere";
	return change;
}

static void apply(struct catalogue *c, enum folder_what what, const char *view, const char *name, uint64_t size)
{
	const struct folder_change one = change(what, view, name, size);

	assert_int_equal(catalogue_apply(c, &one, 1), 0);
}

static struct catalogue *with_stack(const char *first, const char *second)
{
	const char *views[] = { first, second };
	struct catalogue *c = catalogue_new();

	assert_non_null(c);
	assert_int_equal(catalogue_set_stack(c, views, second ? 2 : 1), 0);
	return c;
}

static uint64_t size_of(const struct catalogue *c, const char *name)
{
	const struct item *item = catalogue_find(c, name);

	return item ? item->file.size : 0;
}

static void the_exact_name_comes_before_one_of_another_case(void **state)
{
	struct catalogue *c = with_stack("default", NULL);

	(void)state;
	apply(c, FOLDER_READY, "default", "Jar41sip.loads", 1);
	assert_int_equal(size_of(c, "jar41SIP.loads"), 1);
	apply(c, FOLDER_READY, "default", "jar41sip.loads", 2);
	assert_int_equal(size_of(c, "jar41sip.loads"), 2);
	assert_int_equal(size_of(c, "Jar41sip.loads"), 1);
	assert_int_equal(catalogue_count(c), 2);
	apply(c, FOLDER_GONE, "default", "jar41sip.loads", 0);
	assert_int_equal(size_of(c, "jar41sip.loads"), 1);
	catalogue_free(c);
}

static void an_upper_view_hides_what_is_below_whatever_the_case(void **state)
{
	struct catalogue *c = with_stack("upper", "lower");

	(void)state;
	apply(c, FOLDER_READY, "lower", "file", 1);
	assert_int_equal(size_of(c, "file"), 1);
	apply(c, FOLDER_READY, "upper", "FILE", 2);
	assert_int_equal(size_of(c, "file"), 2);
	apply(c, FOLDER_READY, "unseen", "other", 3);
	assert_null(catalogue_find(c, "other"));
	apply(c, FOLDER_GONE, "upper", "FILE", 0);
	assert_int_equal(size_of(c, "file"), 1);
	catalogue_free(c);
}

static void what_arrives_keeps_its_content_until_the_new_one_is_there(void **state)
{
	struct catalogue *c = with_stack("default", NULL);

	(void)state;
	apply(c, FOLDER_ARRIVING, "default", "file", 0);
	assert_int_equal(catalogue_find(c, "file")->state, ITEM_ARRIVING);
	apply(c, FOLDER_READY, "default", "file", 1);
	apply(c, FOLDER_PINNED, "default", "file", 0);
	apply(c, FOLDER_ARRIVING, "default", "file", 0);
	assert_int_equal(catalogue_find(c, "file")->state, ITEM_READY);
	assert_true(catalogue_find(c, "file")->pinned);
	apply(c, FOLDER_READY, "default", "file", 2);
	assert_int_equal(size_of(c, "file"), 2);
	assert_false(catalogue_find(c, "file")->pinned);
	catalogue_free(c);
}

static void what_is_not_there_is_neither_pinned_nor_gone(void **state)
{
	struct catalogue *c = with_stack("default", NULL);

	(void)state;
	apply(c, FOLDER_PINNED, "default", "file", 0);
	apply(c, FOLDER_UNPINNED, "default", "file", 0);
	apply(c, FOLDER_GONE, "default", "file", 0);
	assert_int_equal(catalogue_count(c), 0);
	assert_null(catalogue_find(c, "file"));
	catalogue_free(c);
}

static int add_size(struct item *item, void *context)
{
	*(uint64_t *)context += item->file.size;
	return 0;
}

static void fifty_thousand_names_come_and_go(void **state)
{
	struct catalogue *c = with_stack("default", NULL);
	uint64_t sum = 0;
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "SEP%012d.cnf.xml", i);
		apply(c, FOLDER_READY, "default", name, 2);
	}
	assert_int_equal(catalogue_each(c, add_size, &sum), 0);
	assert_int_equal(sum, 100000);
	for (i = 0; i < 50000; i += 2) {
		snprintf(name, sizeof(name), "SEP%012d.cnf.xml", i);
		apply(c, FOLDER_GONE, "default", name, 0);
	}
	assert_int_equal(catalogue_count(c), 25000);
	assert_null(catalogue_find(c, "sep000000000002.cnf.xml"));
	assert_int_equal(size_of(c, "sep000000000001.cnf.xml"), 2);
	catalogue_free(c);
}

static void a_mistyped_name_has_a_near_one_that_clients_can_see(void **state)
{
	struct catalogue *c = with_stack("default", NULL);

	(void)state;
	apply(c, FOLDER_READY, "default", "jar45sccp.9-4-2.sbn", 1);
	apply(c, FOLDER_READY, "unseen", "term45.default.loads", 1);
	assert_string_equal(catalogue_nearest(c, "jar45sccp.9-4-3.sbn"), "jar45sccp.9-4-2.sbn");
	assert_null(catalogue_nearest(c, "term45.default.load"));
	assert_null(catalogue_nearest(c, "something else"));
	catalogue_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exact_name_comes_before_one_of_another_case),
		cmocka_unit_test(an_upper_view_hides_what_is_below_whatever_the_case),
		cmocka_unit_test(what_arrives_keeps_its_content_until_the_new_one_is_there),
		cmocka_unit_test(what_is_not_there_is_neither_pinned_nor_gone),
		cmocka_unit_test(fifty_thousand_names_come_and_go),
		cmocka_unit_test(a_mistyped_name_has_a_near_one_that_clients_can_see),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
