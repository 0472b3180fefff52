// SPDX-License-Identifier: GPL-2.0
/* Who may do what by the control socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/rights.h"

#define ADMIN 700
#define READ  701
#define OTHER 702

static const struct rights both = { .own = 500, .admin = ADMIN, .read = READ, .has_admin = true, .has_read = true };

static enum control_right right_of(const struct rights *rights, uid_t user, gid_t first, gid_t second)
{
	const gid_t groups[] = { first, second };

	return rights_of(rights, user, groups, 2);
}

static void root_and_the_own_user_may_change_things(void **state)
{
	(void)state;
	assert_int_equal(right_of(&both, 0, OTHER, OTHER), CONTROL_CHANGE);
	assert_int_equal(right_of(&both, 500, OTHER, OTHER), CONTROL_CHANGE);
	assert_int_equal(right_of(&both, 501, OTHER, OTHER), CONTROL_NONE);
}

static void members_of_the_admin_group_may_change_things(void **state)
{
	(void)state;
	assert_int_equal(right_of(&both, 1000, ADMIN, OTHER), CONTROL_CHANGE);
	assert_int_equal(right_of(&both, 1000, OTHER, ADMIN), CONTROL_CHANGE);
	assert_int_equal(right_of(&both, 1000, READ, ADMIN), CONTROL_CHANGE);
}

static void members_of_the_read_group_may_look(void **state)
{
	(void)state;
	assert_int_equal(right_of(&both, 1000, READ, OTHER), CONTROL_READ);
	assert_int_equal(right_of(&both, 1000, OTHER, READ), CONTROL_READ);
}

/* A group that is not there has the number 0 in the structure, which is root's group. */
static void groups_that_do_not_exist_give_no_right(void **state)
{
	struct rights none;

	(void)state;
	memset(&none, 0xff, sizeof(none));
	rights_init(&none, "no-such-group-here", NULL);
	assert_false(none.has_admin);
	assert_false(none.has_read);
	assert_int_equal(right_of(&none, 1000, 0, (gid_t)-1), CONTROL_NONE);
	assert_int_equal(rights_of(&none, 1000, NULL, 0), CONTROL_NONE);
}

static void groups_are_found_by_name(void **state)
{
	struct rights rights;

	(void)state;
	rights_init(&rights, "root", "daemon");
	assert_true(rights.has_admin);
	assert_int_equal(rights.admin, 0);
	assert_true(rights.has_read);
	assert_int_not_equal(rights.read, 0);
	assert_int_equal(rights.own, geteuid());
}

static void who_made_both_ends_is_known_as_itself(void **state)
{
	const struct rights own = { .own = geteuid() };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(rights_of_peer(ends[0], &own), CONTROL_CHANGE);
	close(ends[0]);
	close(ends[1]);
}

static void what_is_no_socket_has_no_right(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(rights_of_peer(ends[0], &both), CONTROL_NONE);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_the_own_user_may_change_things),
		cmocka_unit_test(members_of_the_admin_group_may_change_things),
		cmocka_unit_test(members_of_the_read_group_may_look),
		cmocka_unit_test(groups_that_do_not_exist_give_no_right),
		cmocka_unit_test(groups_are_found_by_name),
		cmocka_unit_test(who_made_both_ends_is_known_as_itself),
		cmocka_unit_test(what_is_no_socket_has_no_right),
	};

	return cmocka_run_group_tests_name("control_rights", tests, NULL, NULL);
}
