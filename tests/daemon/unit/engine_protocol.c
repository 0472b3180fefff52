// SPDX-License-Identifier: GPL-2.0
/* What the engine of user space sends, and when: the rules that it shares with the module. */
#include "engine_fixture.h"

CASE(a_file_goes_block_by_block)
{
	struct fixture f;
	struct client c;

	begin(&f, 1024);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	expect_data(&c, 2, 512);
	assert_int_equal(c.packet[4], (uint8_t)(512 * 7 + 2));
	ack(&c, 2);
	expect_data(&c, 3, 0);
	ack(&c, 3);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_COMPLETE);
	assert_int_equal(f.ended.bytes, 1024);
	assert_int_equal(f.starts, 1);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_SEGMENTS_SENT), 3);
	client_close(&c);
	end(&f);
}

CASE(options_are_answered_exactly_and_none_that_was_not_asked_for)
{
	struct fixture f;
	struct client c;

	begin(&f, 3000);
	client_open(&c, &f);
	ask(&c, "file\0octet\0BLKSIZE\0001024\0tsize\0000\0timeout\0003\0multicast\0\0windowsize\0002");
	expect_oack(&c, "blksize\0001024\0tsize\0003000\0windowsize\0002");
	ack(&c, 0);
	expect_data(&c, 1, 1024);
	expect_data(&c, 2, 1024);
	ack(&c, 2);
	expect_data(&c, 3, 952);
	ack(&c, 3);
	until_ends(&f, 1);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_OACKS_SENT), 1);
	client_close(&c);
	end(&f);
}

CASE(a_timeout_is_agreed_on_where_it_is_to_be_kept)
{
	struct fixture f;
	struct client c;

	patient_limits(&f);
	f.limits.honor_timeout = true;
	begin_with(&f, 10, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet\0timeout\0003");
	expect_oack(&c, "timeout\0003");
	client_close(&c);
	end(&f);
}

CASE(a_block_that_nobody_asked_to_be_larger_is_not)
{
	struct fixture f;
	struct client c;

	patient_limits(&f);
	f.limits.max_blksize = 1000;
	f.limits.max_windowsize = 4;
	begin_with(&f, 10, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet\0blksize\00065464\0windowsize\00064");
	expect_oack(&c, "blksize\0001000\0windowsize\0004");
	client_close(&c);
	end(&f);
}

CASE(the_same_request_has_the_first_packet_again_from_the_same_port)
{
	struct fixture f;
	struct client c;
	uint16_t tid;

	begin(&f, 1024);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	tid = c.tid.sin_port;
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	assert_int_equal(c.tid.sin_port, tid);
	assert_int_equal(f.requests, 1);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_REQUESTS_REPEATED), 1);
	assert_int_equal(engine_transfers(f.engine), 1);
	client_close(&c);
	end(&f);
}

CASE(another_request_of_the_same_port_ends_the_download_before_when_it_is_proven)
{
	struct fixture f;
	struct client c;
	struct sockaddr_in old;

	begin(&f, 5000);
	client_open(&c, &f);
	ask(&c, "file1\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	expect_data(&c, 2, 512);
	old = c.tid;
	ask(&c, "file2\0octet");
	expect_data(&c, 1, 512);
	assert_int_equal(engine_transfers(f.engine), 2);
	send_to(&c, &old, "\0\4\0\2", 4);
	expect_data(&c, 3, 512);
	ask(&c, "file2\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	expect_data(&c, 2, 512);
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_REPLACED);
	assert_string_equal(f.ended.name, "file1");
	assert_int_equal(engine_transfers(f.engine), 1);
	client_close(&c);
	end(&f);
}

CASE(who_never_answers_is_sent_an_oack_a_few_times_more)
{
	struct fixture f;
	struct client c;

	quick_limits(&f);
	f.limits.unproven_retries = 1;
	begin_with(&f, 1024, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet\0tsize\0000");
	expect_oack(&c, "tsize\0001024");
	expect_oack(&c, "tsize\0001024");
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_UNPROVEN);
	expect_nothing(&c);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_OACKS_SENT), 2);
	client_close(&c);
	end(&f);
}

CASE(who_never_answers_is_sent_one_block_and_no_more)
{
	struct fixture f;
	struct client c;

	quick_limits(&f);
	f.limits.unproven_retries = 0;
	begin_with(&f, 1024, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_UNPROVEN);
	expect_nothing(&c);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_SEGMENTS_SENT), 1);
	client_close(&c);
	end(&f);
}

CASE(a_block_that_is_not_acknowledged_goes_again)
{
	struct fixture f;
	struct client c;

	begin_quick(&f, 2000);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	expect_data(&c, 2, 512);
	expect_data(&c, 2, 512);
	ack(&c, 2);
	expect_data(&c, 3, 512);
	assert_true(count_of(&f, KTFTP_A_STATS_SEGMENTS_REPEATED) >= 1);
	client_close(&c);
	end(&f);
}

CASE(a_copy_of_an_acknowledgement_is_not_answered)
{
	struct fixture f;
	struct client c;

	begin(&f, 2000);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	ack(&c, 1);
	ack(&c, 1);
	expect_data(&c, 2, 512);
	until_count(&f, KTFTP_A_STATS_ACKS_DUPLICATE, 2);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_SEGMENTS_SENT), 2);
	expect_nothing(&c);
	client_close(&c);
	end(&f);
}

CASE(a_gap_in_a_window_is_filled_at_once)
{
	struct fixture f;
	struct client c;
	unsigned int i;

	begin(&f, 512 * 40);
	client_open(&c, &f);
	ask(&c, "file\0octet\0windowsize\0004");
	expect_oack(&c, "windowsize\0004");
	ack(&c, 0);
	for (i = 1; i <= 4; i++)
		expect_data(&c, i, 512);
	ack(&c, 2);
	expect_data(&c, 3, 512);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_ACKS_GAP), 1);
	client_close(&c);
	end(&f);
}

CASE(the_last_block_is_repeated_and_late_acknowledgements_are_swallowed)
{
	struct fixture f;
	struct client c;

	begin_quick(&f, 600);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	expect_data(&c, 2, 88);
	expect_data(&c, 2, 88);
	assert_int_equal(c.packet[4], (uint8_t)(512 * 7 + 2));
	ack(&c, 2);
	ack(&c, 2);
	ack(&c, 1);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_COMPLETE);
	/* Nobody is told that he is unknown; what was asked for meanwhile is answered after them. */
	ask(&c, "nothing\0octet");
	do {
		receive(&c);
	} while (opcode_of(&c) == KTFTP_OP_DATA);
	assert_int_equal(value_of(&c), KTFTP_ERR_NOT_FOUND);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_UNKNOWN_TID), 0);
	client_close(&c);
	end(&f);
}

CASE(a_client_that_took_the_last_block_and_went_is_assumed_to_have_it)
{
	struct fixture f;
	struct client c;

	quick_limits(&f);
	f.limits.linger_ms = 300;
	begin_with(&f, 600, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_ASSUMED);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_REQUESTS_PROCESSED), 1);
	client_close(&c);
	end(&f);
}

CASE(a_client_that_falls_silent_is_given_up)
{
	struct fixture f;
	struct client c;

	quick_limits(&f);
	f.limits.give_up_ms = 300;
	begin_with(&f, 6000, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_TIMED_OUT);
	client_close(&c);
	end(&f);
}

CASE(an_error_of_the_client_ends_it_silently)
{
	struct fixture f;
	struct client c;

	begin(&f, 6000);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	error(&c);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_ABORTED);
	/* Nor is an ERROR of nobody answered. */
	error(&c);
	until_count(&f, KTFTP_A_STATS_UNKNOWN_TID, 1);
	expect_nothing(&c);
	client_close(&c);
	end(&f);
}

CASE(an_acknowledgement_of_nothing_is_told_so)
{
	struct fixture f;
	struct client c, stranger;

	begin(&f, 6000);
	client_open(&c, &f);
	client_open(&stranger, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	stranger.tid = c.tid;
	ack(&stranger, 1);
	expect_error(&stranger, KTFTP_ERR_UNKNOWN_TID);
	assert_int_equal(engine_transfers(f.engine), 1);
	client_close(&stranger);
	client_close(&c);
	end(&f);
}

CASE(a_port_that_nobody_listens_at_ends_a_download_that_was_never_answered)
{
	struct fixture f;
	struct client c;

	begin(&f, 6000);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	client_close(&c);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_UNREACHABLE);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_UNREACHABLES_RECEIVED), 1);
	end(&f);
}

CASE(a_client_that_died_in_the_midst_is_given_up_after_three_errors)
{
	struct fixture f;
	struct client c, other;

	begin_quick(&f, 60000);
	client_open(&c, &f);
	client_open(&other, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	expect_data(&c, 2, 512);
	client_close(&c);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_UNREACHABLE);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_UNREACHABLES_RECEIVED), 3);
	/* The port that it shared serves others as before. */
	ask(&other, "file\0octet");
	expect_data(&other, 1, 512);
	ack(&other, 1);
	expect_data(&other, 2, 512);
	client_close(&other);
	end(&f);
}

CASE(a_single_port_answers_from_where_it_was_asked_and_opens_no_window)
{
	struct fixture f;
	struct client c;

	patient_limits(&f);
	begin_with(&f, 1000, KTFTP_LISTENER_FLAG_SINGLE_PORT);
	client_open(&c, &f);
	ask(&c, "file\0octet\0windowsize\0008");
	expect_oack(&c, "windowsize\0001");
	assert_int_equal(ntohs(c.tid.sin_port), f.listener.port);
	ack(&c, 0);
	expect_data(&c, 1, 512);
	/* While it moves no request can end it. */
	ask(&c, "file\0octet");
	until_count(&f, KTFTP_A_STATS_REQUESTS_REPEATED, 1);
	ack(&c, 1);
	expect_data(&c, 2, 488);
	ack(&c, 2);
	until_ends(&f, 1);
	client_close(&c);
	end(&f);
}

CASE(writes_and_names_that_are_not_there_are_refused_from_another_port)
{
	struct fixture f;
	struct client c;

	begin(&f, 10);
	client_open(&c, &f);
	ask(&c, "SEP001122334455.cnf.xml\0octet");
	expect_error(&c, KTFTP_ERR_NOT_FOUND);
	assert_int_not_equal(ntohs(c.tid.sin_port), f.listener.port);
	wish(&c, "file\0octet");
	expect_error(&c, KTFTP_ERR_ACCESS);
	ask(&c, "file\0mail");
	expect_error(&c, KTFTP_ERR_ILLEGAL);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_REQUESTS_NOT_FOUND), 1);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_NOT_FOUND_SEP), 1);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_WRITES_REFUSED), 1);
	assert_int_equal(count_of(&f, KTFTP_A_STATS_MODES_REFUSED), 1);
	client_close(&c);
	end(&f);
}

CASE(who_tries_our_ports_has_no_window_opened)
{
	struct sockaddr_in other;
	struct fixture f;
	struct client c;
	unsigned int i;

	patient_limits(&f);
	f.tid_first = free_port();
	f.tid_last = f.tid_first + 1;
	begin_with(&f, 100000, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet\0windowsize\00064");
	expect_oack(&c, "windowsize\00064");
	ack(&c, 0);
	expect_data(&c, 1, 512);
	other = c.tid;
	other.sin_port = htons(f.tid_first + f.tid_last - ntohs(c.tid.sin_port));
	for (i = 0; i < 8; i++)
		send_to(&c, &other, "\0\4\0\2", 4);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_UNPROVEN);
	client_close(&c);
	end(&f);
}

CASE(a_single_port_reflects_little)
{
	struct fixture f;
	struct client c;

	set_limits(&f, 4);
	f.limits.rto_max_ms = 8;
	begin_with(&f, 100000, KTFTP_LISTENER_FLAG_SINGLE_PORT);
	client_open(&c, &f);
	ask(&c, "file\0octet\0tsize\0000");
	expect_oack(&c, "tsize\000100000");
	ack(&c, 0);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_TIMED_OUT);
	assert_in_range(count_of(&f, KTFTP_A_STATS_SEGMENTS_SENT), 2, 10);
	client_close(&c);
	end(&f);
}

CASE(a_download_takes_no_longer_than_is_allowed)
{
	struct fixture f;
	struct client c;

	quick_limits(&f);
	f.limits.max_transfer_s = 1;
	begin_with(&f, 100000, 0);
	client_open(&c, &f);
	ask(&c, "file\0octet");
	expect_data(&c, 1, 512);
	ack(&c, 1);
	until_ends(&f, 1);
	assert_int_equal(f.ended.end, KTFTP_TRANSFER_END_TIMED_OUT);
	client_close(&c);
	end(&f);
}

struct unit_case cases[] = {
	RUN(a_file_goes_block_by_block),
	RUN(options_are_answered_exactly_and_none_that_was_not_asked_for),
	RUN(a_timeout_is_agreed_on_where_it_is_to_be_kept),
	RUN(a_block_that_nobody_asked_to_be_larger_is_not),
	RUN(the_same_request_has_the_first_packet_again_from_the_same_port),
	RUN(another_request_of_the_same_port_ends_the_download_before_when_it_is_proven),
	RUN(who_never_answers_is_sent_an_oack_a_few_times_more),
	RUN(who_never_answers_is_sent_one_block_and_no_more),
	RUN(a_block_that_is_not_acknowledged_goes_again),
	RUN(a_copy_of_an_acknowledgement_is_not_answered),
	RUN(a_gap_in_a_window_is_filled_at_once),
	RUN(the_last_block_is_repeated_and_late_acknowledgements_are_swallowed),
	RUN(a_client_that_took_the_last_block_and_went_is_assumed_to_have_it),
	RUN(a_client_that_falls_silent_is_given_up),
	RUN(an_error_of_the_client_ends_it_silently),
	RUN(an_acknowledgement_of_nothing_is_told_so),
	RUN(a_port_that_nobody_listens_at_ends_a_download_that_was_never_answered),
	RUN(a_client_that_died_in_the_midst_is_given_up_after_three_errors),
	RUN(a_single_port_answers_from_where_it_was_asked_and_opens_no_window),
	RUN(who_tries_our_ports_has_no_window_opened),
	RUN(a_single_port_reflects_little),
	RUN(a_download_takes_no_longer_than_is_allowed),
	RUN(writes_and_names_that_are_not_there_are_refused_from_another_port),
	{},
};

SUITE(engine_protocol, cases);
