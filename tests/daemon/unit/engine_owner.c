// SPDX-License-Identifier: GPL-2.0
/* What the engine of user space does for its owner: listeners, limits, requests that the module handed over. */
#include <fcntl.h>

#include "engine_fixture.h"

CASE(a_request_that_its_owner_was_late_with_is_served_once)
{
	struct fixture f;
	struct client c;

	begin(&f, 2000);
	client_open(&c, &f);
	f.silent = true;
	ask(&c, "file\0octet");
	ask(&c, "file\0octet");
	until_count(&f, KTFTP_A_STATS_REQUESTS, 2);
	assert_int_equal(f.requests, 2);
	assert_int_equal(engine_serve(f.engine, NULL, &f.kept, "file", f.content), 0);
	expect_data(&c, 1, 512);
	ack(&c, 1);
	expect_data(&c, 2, 512);
	assert_int_equal(engine_serve(f.engine, NULL, &f.kept, "file", f.content), 0);
	assert_int_equal(f.starts, 1);
	expect_nothing(&c);
	client_close(&c);
	end(&f);
}

CASE(a_request_of_the_module_is_answered_from_ports_of_the_engines_own)
{
	struct fixture f;
	struct client c;
	struct ktftp_listener module = { .id = 7, .address.length = 4, .port = 69 };

	patient_limits(&f);
	f.limits.port_first = 40000;
	f.limits.port_last = 40100;
	begin_with(&f, 1000, 0);
	f.module = &module;
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	assert_in_range(ntohs(c.tid.sin_port), 40000, 40100);
	ack(&c, 1);
	expect_data(&c, 2, 488);
	ack(&c, 2);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_COMPLETE);
	ask(&c, "nothing\0octet");
	expect_error(&c, KTFTP_ERR_NOT_FOUND);
	assert_in_range(ntohs(c.tid.sin_port), 40000, 40100);
	client_close(&c);
	end(&f);
}

CASE(from_a_single_port_of_the_module_nothing_can_be_answered)
{
	const struct ktftp_listener module = { .address.length = 4, .flags = KTFTP_LISTENER_FLAG_SINGLE_PORT };
	struct fixture f;
	struct client c;

	begin(&f, 1000);
	f.module = &module;
	client_open(&c, &f);
	ask(&c, "file\0octet");
	until_count(&f, KTFTP_A_STATS_REQUESTS, 1);
	assert_int_equal(f.result, -EADDRNOTAVAIL);
	expect_nothing(&c);
	client_close(&c);
	end(&f);
}

CASE(what_is_no_read_request_is_not_served)
{
	struct ktftp_handed request = { .client = { { 127, 0, 0, 1 }, 4 }, .client_port = 9999, .bytes = 12 };
	struct fixture f;

	begin(&f, 1000);
	request.local = request.client;
	request.data = (const uint8_t *)"\0\2file\0octet";
	assert_int_equal(engine_serve(f.engine, NULL, &request, "file", f.content), -EBADMSG);
	request.data = (const uint8_t *)"\0\1fileoctet..";
	assert_int_equal(engine_serve(f.engine, NULL, &request, "file", f.content), -EBADMSG);
	/* Nor one that came to no listener. */
	request.data = (const uint8_t *)"\0\1file\0octet";
	request.bytes = 13;
	assert_int_equal(engine_serve(f.engine, NULL, &request, "file", f.content), -ENOENT);
	end(&f);
}

CASE(a_draining_listener_meets_requests_with_silence_and_lets_downloads_finish)
{
	struct fixture f;
	struct client c, late;

	begin(&f, 1000);
	client_open(&c, &f);
	client_open(&late, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	assert_int_equal(engine_listener_drain(f.engine, &f.listener, true), 0);
	ask(&late, "file\0octet");
	until_count(&f, KTFTP_A_STATS_REQUESTS_IGNORED, 1);
	expect_nothing(&late);
	ack(&c, 1);
	expect_data(&c, 2, 488);
	ack(&c, 2);
	until_ends(&f, 1);
	assert_int_equal(engine_listener_drain(f.engine, &f.listener, false), 0);
	ask(&late, "file\0octet");
	expect_data(&late, 1, 512);
	client_close(&late);
	client_close(&c);
	end(&f);
}

CASE(a_deleted_listener_frees_its_port_at_once_and_lets_downloads_finish)
{
	struct fixture f;
	struct client c;

	begin(&f, 1000);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	assert_int_equal(engine_listener_del(f.engine, &f.listener, false), 0);
	assert_int_equal(engine_listener_add(f.engine, &f.listener), 0);
	ack(&c, 1);
	expect_data(&c, 2, 488);
	ack(&c, 2);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_COMPLETE);
	client_close(&c);
	end(&f);
}

CASE(a_listener_that_is_deleted_now_cuts_its_downloads)
{
	struct fixture f;
	struct client c;

	begin(&f, 1000);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	assert_int_equal(engine_listener_del(f.engine, &f.listener, true), 0);
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_CUT);
	assert_int_equal(engine_listener_del(f.engine, &f.listener, true), -ENOENT);
	client_close(&c);
	end(&f);
}

static void delete_it(const struct ktftp_handed *request, void *context)
{
	struct fixture *f = context;

	f->requests++;
	f->result = engine_serve(f->engine, NULL, request, "file", f->content);
	engine_listener_del(f->engine, &f->listener, true);
}

CASE(an_owner_may_delete_the_listener_that_asks_him)
{
	struct fixture f;
	struct client c;
	const struct engine_hooks hooks = { .request = delete_it, .end = on_end, .context = &f };

	begin(&f, 1000);
	engine_free(f.engine);
	f.engine = engine_new(f.base, &f.limits, &hooks);
	assert_int_equal(engine_listener_add(f.engine, &f.listener), 0);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.ends, 1);
	client_close(&c);
	end(&f);
}

CASE(listeners_that_cannot_be_say_why)
{
	struct ktftp_listener other;
	struct fixture f;

	begin(&f, 0);
	assert_int_equal(engine_listener_add(f.engine, &f.listener), -EEXIST);
	other = (struct ktftp_listener){ .address = { { 192, 0, 2, 1 }, 4 }, .port = 1069 };
	assert_int_equal(engine_listener_add(f.engine, &other), -EADDRNOTAVAIL);
	assert_non_null(strstr(engine_error(f.engine), "not one of ours"));
	other = (struct ktftp_listener){ .address = { { 239, 0, 0, 1 }, 4 }, .port = 1069 };
	assert_int_equal(engine_listener_add(f.engine, &other), -EINVAL);
	other = (struct ktftp_listener){ .address = { { 127, 0, 0, 1 }, 4 }, .port = 1069, .device = "nowhere" };
	assert_int_equal(engine_listener_add(f.engine, &other), -ENODEV);
	other = (struct ktftp_listener){ .address = { { 0xfe, 0x80, [15] = 1 }, 16 }, .port = 1069 };
	assert_int_equal(engine_listener_add(f.engine, &other), -EINVAL);
	end(&f);
}

CASE(a_port_that_another_server_has_is_not_shared)
{
	struct ktftp_listener other;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t bytes = sizeof(at);
	struct fixture f;

	begin(&f, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
	other = (struct ktftp_listener){ .address = { { 127, 0, 0, 1 }, 4 }, .port = ntohs(at.sin_port) };
	assert_int_equal(engine_listener_add(f.engine, &other), -EADDRINUSE);
	assert_non_null(strstr(engine_error(f.engine), "another TFTP server"));
	close(fd);
	end(&f);
}

CASE(there_are_no_more_downloads_than_are_allowed)
{
	struct client one, two, three;
	struct fixture f;

	patient_limits(&f);
	f.limits.max_transfers = 2;
	begin_with(&f, 100, 0);
	client_open(&one, &f);
	client_open(&two, &f);
	client_open(&three, &f);
	ask(&one, "file\0octet");
	expect_data(&one, 1, 100);
	ask(&two, "file\0octet");
	expect_data(&two, 1, 100);
	ask(&three, "file\0octet");
	expect_error(&three, KTFTP_ERR_UNDEFINED);
	assert_int_equal(f.result, -ENOSPC);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_REQUESTS_OVERFLOW), 1);
	/* One that is complete makes room, though it still swallows what comes late. */
	ack(&one, 1);
	until_ends(&f, 1);
	ask(&three, "file\0octet");
	expect_data(&three, 1, 100);
	client_close(&three);
	client_close(&two);
	client_close(&one);
	end(&f);
}

CASE(one_address_has_no_more_downloads_than_are_allowed)
{
	struct client one, two;
	struct fixture f;

	patient_limits(&f);
	f.limits.max_transfers_per_client = 1;
	begin_with(&f, 100, 0);
	client_open(&one, &f);
	client_open(&two, &f);
	ask(&one, "file\0octet");
	expect_data(&one, 1, 100);
	ask(&two, "file\0octet");
	expect_error(&two, KTFTP_ERR_UNDEFINED);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW), 1);
	ack(&one, 1);
	until_ends(&f, 1);
	ask(&two, "file\0octet");
	expect_data(&two, 1, 100);
	client_close(&two);
	client_close(&one);
	end(&f);
}

CASE(of_those_who_never_answered_the_oldest_goes)
{
	struct client c[3];
	struct fixture f;
	unsigned int i;

	patient_limits(&f);
	f.limits.max_unproven = 2;
	begin_with(&f, 100, 0);
	for (i = 0; i < 3; i++) {
		client_open(&c[i], &f);
		ask(&c[i], "file\0octet");
		expect_data(&c[i], 1, 100);
	}
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_UNPROVEN);
	ack(&c[0], 1);
	until_count(&f, KTFTP_A_STATS_UNKNOWN_TID, 1);
	ack(&c[2], 1);
	until_ends(&f, 2);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_COMPLETE);
	for (i = 0; i < 3; i++)
		client_close(&c[i]);
	end(&f);
}

CASE(a_file_that_becomes_shorter_ends_its_downloads_and_nothing_else)
{
	static const char bytes[3000];
	char path[] = "/tmp/engine-XXXXXX";
	int fd = mkstemp(path);
	struct client c, other;
	struct fixture f;

	begin(&f, 2000);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	content_put(f.content);
	f.content = content_of_file(open(path, O_RDONLY));
	client_open(&c, &f);
	client_open(&other, &f);
	ask(&c, "file\0octet\0blksize\0001000\0windowsize\0002");
	expect_oack(&c, "blksize\0001000\0windowsize\0002");
	assert_int_equal(ftruncate(fd, 1500), 0);
	ack(&c, 0);
	expect_error(&c, KTFTP_ERR_UNDEFINED);
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_WITHDRAWN);
	content_put(f.content);
	f.content = pattern(10);
	ask(&other, "file\0octet");
	expect_data(&other, 1, 10);
	client_close(&other);
	client_close(&c);
	close(fd);
	unlink(path);
	end(&f);
}

static int count_it(const struct ktftp_transfer *t, void *context)
{
	unsigned int *count = context;

	++*count;
	assert_string_equal(t->name, "file");
	return 0;
}

CASE(lists_show_what_is_there)
{
	unsigned int count = 0;
	struct fixture f;
	struct client c;

	begin(&f, 1000);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	assert_int_equal(engine_transfer_list(f.engine, count_it, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_REQUESTS_IN_PROGRESS), 1);
	client_close(&c);
	end(&f);
}

struct unit_case cases[] = {
	RUN(a_request_that_its_owner_was_late_with_is_served_once),
	RUN(a_request_of_the_module_is_answered_from_ports_of_the_engines_own),
	RUN(from_a_single_port_of_the_module_nothing_can_be_answered),
	RUN(what_is_no_read_request_is_not_served),
	RUN(a_draining_listener_meets_requests_with_silence_and_lets_downloads_finish),
	RUN(a_deleted_listener_frees_its_port_at_once_and_lets_downloads_finish),
	RUN(a_listener_that_is_deleted_now_cuts_its_downloads),
	RUN(an_owner_may_delete_the_listener_that_asks_him),
	RUN(listeners_that_cannot_be_say_why),
	RUN(a_port_that_another_server_has_is_not_shared),
	RUN(there_are_no_more_downloads_than_are_allowed),
	RUN(one_address_has_no_more_downloads_than_are_allowed),
	RUN(of_those_who_never_answered_the_oldest_goes),
	RUN(a_file_that_becomes_shorter_ends_its_downloads_and_nothing_else),
	RUN(lists_show_what_is_there),
	{},
};

SUITE(engine_owner, cases);
