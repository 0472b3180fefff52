// SPDX-License-Identifier: GPL-2.0
/* Requests that wait to be looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "module/arrivals.h"

static void add(struct arrivals *a, uint8_t client, uint16_t port, const char *data)
{
	const struct ktftp_handed request = {
		.listener = 1,
		.client = { .bytes = { 192, 0, 2, client }, .length = 4 },
		.client_port = port,
		.data = (const uint8_t *)data,
		.bytes = strlen(data),
	};

	arrivals_add(a, &request);
}

/* What was taken, a letter each. */
struct taken {
	char letters[ARRIVALS_MOST + 1];
	size_t count;
};

static void take(const struct ktftp_handed *request, void *context)
{
	struct taken *taken = context;

	taken->letters[taken->count++] = request->data[0];
}

static void the_newest_goes_first(void **state)
{
	struct arrivals *a = arrivals_new();
	struct taken taken = {};

	(void)state;
	add(a, 1, 1000, "a");
	add(a, 2, 1000, "b");
	add(a, 1, 1001, "c");
	arrivals_take(a, take, &taken);
	assert_string_equal(taken.letters, "cba");
	arrivals_take(a, take, &taken);
	assert_int_equal(taken.count, 3);
	arrivals_free(a);
}

static void of_one_port_the_last_request_counts(void **state)
{
	struct arrivals *a = arrivals_new();
	struct taken taken = {};

	(void)state;
	add(a, 1, 1000, "a");
	add(a, 2, 1000, "b");
	add(a, 1, 1000, "c");
	add(a, 1, 1000, "d");
	arrivals_take(a, take, &taken);
	assert_string_equal(taken.letters, "db");
	/* Nothing is left of them. */
	add(a, 1, 1000, "e");
	arrivals_take(a, take, &taken);
	assert_string_equal(taken.letters, "dbe");
	arrivals_free(a);
}

static void what_finds_no_room_is_dropped(void **state)
{
	static char large[ARRIVALS_BYTES + 2];
	struct arrivals *a = arrivals_new();
	struct taken taken = {};
	int i;

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	add(a, 1, 1, large);
	assert_false(arrivals_full(a));
	for (i = 0; i < ARRIVALS_MOST; i++)
		add(a, i % 200, 1 + i / 200, "y");
	assert_true(arrivals_full(a));
	add(a, 201, 1, "z");
	arrivals_take(a, take, &taken);
	assert_int_equal(taken.count, ARRIVALS_MOST);
	assert_null(strpbrk(taken.letters, "xz"));
	assert_false(arrivals_full(a));
	arrivals_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_goes_first),
		cmocka_unit_test(of_one_port_the_last_request_counts),
		cmocka_unit_test(what_finds_no_room_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
