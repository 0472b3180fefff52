// SPDX-License-Identifier: GPL-2.0
/* Requests that wait for their content. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serve/waiting.h"

static struct ktftp_handed from_port(uint16_t port, const char *data)
{
	return (struct ktftp_handed){
		.listener = 1,
		.client = { .bytes = { 192, 0, 2, 1 }, .length = 4 },
		.client_port = port,
		.data = (const uint8_t *)data,
		.bytes = strlen(data),
	};
}

static bool is_wanted(const struct waiter *waiter, void *context)
{
	return !strcmp(waiter->name, context);
}

static void who_asks_again_waits_once(void **state)
{
	const struct ktftp_handed first = from_port(1000, "a"), other = from_port(1000, "b"),
				  third = from_port(1001, "a");
	struct waiting *w = waiting_new();

	(void)state;
	assert_int_equal(waiting_add(w, NULL, &first, "a", 0), 1);
	assert_int_equal(waiting_add(w, NULL, &first, "a", 1), 0);
	assert_int_equal(waiting_add(w, NULL, &other, "b", 1), 1);
	assert_int_equal(waiting_add(w, NULL, &third, "a", 1), 1);
	assert_int_equal(waiting_count(w), 3);
	waiting_each(w, 2, is_wanted, (void *)"a");
	assert_int_equal(waiting_count(w), 1);
	assert_int_equal(waiting_add(w, NULL, &first, "a", 3), 1);
	assert_int_equal(waiting_count(w), 2);
	waiting_free(w);
}

static void who_asks_no_more_is_forgotten(void **state)
{
	const struct ktftp_handed first = from_port(1000, "a"), second = from_port(1001, "a");
	struct waiting *w = waiting_new();

	(void)state;
	assert_int_equal(waiting_add(w, NULL, &first, "a", 0), 1);
	assert_int_equal(waiting_add(w, NULL, &second, "a", 0), 1);
	assert_int_equal(waiting_add(w, NULL, &second, "a", 5), 0);
	waiting_each(w, WAITING_S, is_wanted, (void *)"nothing");
	assert_int_equal(waiting_count(w), 1);
	waiting_each(w, WAITING_S + 5, is_wanted, (void *)"nothing");
	assert_int_equal(waiting_count(w), 0);
	waiting_free(w);
}

static void no_more_than_so_many_wait(void **state)
{
	struct waiting *w = waiting_new();
	struct ktftp_handed request;
	int i;

	(void)state;
	for (i = 0; i < WAITING_MOST; i++) {
		request = from_port(i + 1, "a");
		assert_int_equal(waiting_add(w, NULL, &request, "a", 0), 1);
	}
	request = from_port(i + 1, "a");
	assert_int_equal(waiting_add(w, NULL, &request, "b", 0), 1);
	assert_int_equal(waiting_count(w), WAITING_MOST);
	/* The first one is forgotten, and may come again. */
	request = from_port(1, "a");
	assert_int_equal(waiting_add(w, NULL, &request, "a", 0), 1);
	waiting_each(w, 0, is_wanted, (void *)"a");
	assert_int_equal(waiting_count(w), 1);
	waiting_each(w, 0, is_wanted, (void *)"b");
	assert_int_equal(waiting_count(w), 0);
	assert_int_equal(waiting_add(w, NULL, &request, "a", 0), 1);
	waiting_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_again_waits_once),
		cmocka_unit_test(who_asks_no_more_is_forgotten),
		cmocka_unit_test(no_more_than_so_many_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
