// SPDX-License-Identifier: GPL-2.0
/* The publisher's table of names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "folder/publisher_pins.h"

#define MANY 50000

static void names_are_found_in_their_view(void **state)
{
	struct pins pins = {};
	struct pin *pin;

	(void)state;
	assert_null(pins_find(&pins, "default", "file"));
	pin = pins_get(&pins, "default", "file");
	assert_non_null(pin);
	assert_ptr_equal(pins_get(&pins, "default", "file"), pin);
	assert_ptr_not_equal(pins_get(&pins, "staged", "file"), pin);
	assert_null(pins_find(&pins, "default", "File"));
	assert_null(pins_get(&pins, "a view whose name is too long to be one", "file"));
	assert_int_equal(pins.count, 2);
	pins_drop(&pins, pin);
	assert_null(pins_find(&pins, "default", "file"));
	assert_non_null(pins_find(&pins, "staged", "file"));
	pins_free(&pins);
}

static bool is_wanted(const struct pin *pin)
{
	return pin->is_wanted;
}

static void many_names_are_gone_through_once_each(void **state)
{
	struct pins pins = {};
	struct pin_list list;
	struct pin *pin;
	char name[16];
	size_t i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		pins_get(&pins, "default", name)->is_wanted = i % 5 == 0;
	}
	for (pin = pins_next(&pins, NULL); pin; pin = pins_next(&pins, pin))
		pin->score++;
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		assert_int_equal(pins_find(&pins, "default", name)->score, 1);
	}
	assert_int_equal(pins_list(&pins, is_wanted, &list), 0);
	assert_int_equal(list.count, MANY / 5);
	for (i = 0; i < list.count; i++)
		pins_drop(&pins, list.pins[i]);
	free(list.pins);
	assert_int_equal(pins.count, MANY - MANY / 5);
	assert_null(pins_find(&pins, "default", "100"));
	assert_non_null(pins_find(&pins, "default", "101"));
	pins_free(&pins);
}

static void what_is_in_one_directory_stands_together(void **state)
{
	static const char *const names[] = { "b/x", "a/2", "b/y", "a/1", "c" };
	static const char *const sorted[] = { "a/1", "a/2", "b/x", "b/y", "c" };
	struct pins pins = {};
	struct pin *of_set[6];
	struct pin_list list = { .pins = of_set, .count = 6 };
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		of_set[i] = pins_get(&pins, "default", names[i]);
	of_set[5] = pins_get(&pins, "another", "z");
	pin_list_sort(&list);
	assert_string_equal(of_set[0]->view, "another");
	for (i = 0; i < 5; i++)
		assert_string_equal(of_set[i + 1]->name, sorted[i]);
	pins_free(&pins);
}

static void only_other_bytes_make_the_module_s_content_another(void **state)
{
	struct folder_file file = { .size = 5, .digest = { 1 }, .path = (char *)"/folder/file" };
	struct pins pins = {};
	struct pin *pin = pins_get(&pins, "default", "file");

	(void)state;
	assert_int_equal(pin_set_file(pin, &file), 0);
	assert_true(pin->exists);
	pin->held = PIN_SAME;
	pin->refusal = -EPERM;
	file.path = (char *)"/elsewhere/file";
	file.mtime_ns = 1;
	assert_int_equal(pin_set_file(pin, &file), 0);
	assert_int_equal(pin->held, PIN_SAME);
	assert_int_equal(pin->refusal, -EPERM);
	assert_string_equal(pin->file.path, "/elsewhere/file");
	file.digest[0]++;
	assert_int_equal(pin_set_file(pin, &file), 0);
	assert_int_equal(pin->held, PIN_OTHER);
	assert_int_equal(pin->refusal, 0);
	pin->held = PIN_SAME;
	file.size++;
	assert_int_equal(pin_set_file(pin, &file), 0);
	assert_int_equal(pin->held, PIN_OTHER);
	pins_free(&pins);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_in_their_view),
		cmocka_unit_test(many_names_are_gone_through_once_each),
		cmocka_unit_test(what_is_in_one_directory_stands_together),
		cmocka_unit_test(only_other_bytes_make_the_module_s_content_another),
	};

	return cmocka_run_group_tests_name("publisher_pins", tests, NULL, NULL);
}
