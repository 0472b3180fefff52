// SPDX-License-Identifier: GPL-2.0
/* Lines of the log, whatever a client asked for: in RFC 5424, in the journal, and how many of them. */
#include <syslog.h>

#include "unit.h"

#include "log/bucket.h"
#include "log/journal.h"
#include "log/line.h"
#include "log/rfc5424.h"

#define SAFE(literal, special) safe(literal, sizeof(literal) - 1, special)

/* 2024-02-29 12:34:56.000789 UTC */
#define A_TIME                 1709210096000789

/* The safe form of bytes, in a buffer that ends where it ends. */
static const char *safe(const char *bytes, size_t count, const char *special)
{
	static char *last;
	char *in = (char *)exact_copy(bytes, count);
	size_t length;

	free(last);
	last = exact_room(TEXT_SAFE_ROOM(count));
	length = text_safe(last, TEXT_SAFE_ROOM(count), in, count, special);
	assert_int_equal(length, strlen(last));
	free(in);
	return last;
}

static struct ktftp_transfer a_transfer(const char *name)
{
	struct ktftp_transfer t = {
		.client = { .bytes = { 192, 0, 2, 7 }, .length = 4 },
		.client_port = 50123,
		.end = KTFTP_TRANSFER_END_COMPLETE,
		.size = 70000,
		.bytes = 70000,
		.blksize = 1428,
		.windowsize = 4,
		.repeats = 3,
		.age_ms = 1042,
	};

	snprintf(t.name, sizeof(t.name), "%s", name);
	return t;
}

static struct ktftp_handed a_request(void)
{
	return (struct ktftp_handed){
		.client = { .bytes = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .length = 16 },
		.client_port = 2070,
	};
}

static const char *value_of(const struct line *line, const char *key)
{
	size_t i;

	for (i = 0; i < line->count; i++)
		if (!strcmp(line->fields[i].key, key))
			return line->fields[i].value;
	return NULL;
}

static const char *as_rfc5424(const struct line *line, const char *host, size_t max)
{
	const struct rfc5424_header header = { .host = host, .pid = 4711, .time_us = A_TIME, .sequence = 9 };
	static char out[RFC5424_ROOM];
	size_t length = rfc5424_format(out, line, &header, max);

	assert_int_equal(length, strlen(out));
	return out;
}

CASE(plain_text_stays_as_it_is)
{
	assert_string_equal(SAFE("SEP001122334455.cnf.xml", "\\"), "SEP001122334455.cnf.xml");
	assert_string_equal(SAFE("", "\\"), "");
	assert_string_equal(SAFE("M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x93\x9e", "\\"),
			    "M\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x93\x9e");
}

CASE(a_text_is_one_line_and_no_command_to_a_terminal)
{
	assert_string_equal(SAFE("a\nb\r\0c\x1b[2J\x7f", "\\"), "a\\x0ab\\x0d\\x00c\\x1b[2J\\x7f");
	/* C1 controls, next line, line separator, right-to-left override, zero-width space, BOM */
	assert_string_equal(SAFE("\xc2\x9b\xc2\x85", ""), "\\xc2\\x9b\\xc2\\x85");
	assert_string_equal(SAFE("\xe2\x80\xa8", ""), "\\xe2\\x80\\xa8");
	assert_string_equal(SAFE("\xe2\x80\xae", ""), "\\xe2\\x80\\xae");
	assert_string_equal(SAFE("\xe2\x80\x8b", ""), "\\xe2\\x80\\x8b");
	assert_string_equal(SAFE("\xef\xbb\xbf", ""), "\\xef\\xbb\\xbf");
}

CASE(what_is_no_utf_8_becomes_what_is)
{
	assert_string_equal(SAFE("\xff\xfe", ""), "\\xff\\xfe");
	/* Alone, overlong, a surrogate, beyond Unicode, cut off */
	assert_string_equal(SAFE("\x80", ""), "\\x80");
	assert_string_equal(SAFE("\xc0\xaf", ""), "\\xc0\\xaf");
	assert_string_equal(SAFE("\xe0\x80\xaf", ""), "\\xe0\\x80\\xaf");
	assert_string_equal(SAFE("\xed\xa0\x80", ""), "\\xed\\xa0\\x80");
	assert_string_equal(SAFE("\xf4\x90\x80\x80", ""), "\\xf4\\x90\\x80\\x80");
	assert_string_equal(SAFE("a\xe2\x82", ""), "a\\xe2\\x82");
}

CASE(what_is_escaped_cannot_be_mistaken)
{
	assert_string_equal(SAFE("a\\x0ab", "\\"), "a\\\\x0ab");
	assert_string_equal(SAFE("say \"x\"", "\\\""), "say \\\"x\\\"");
}

CASE(what_does_not_fit_is_left_out_whole)
{
	char *out = exact_room(6);

	assert_int_equal(text_safe(out, 6, "ab\xe2\x82\xac\xe2\x82\xac", 8, ""), 5);
	assert_string_equal(out, "ab\xe2\x82\xac");
	assert_int_equal(text_safe(out, 6, "abc\nd", 5, ""), 3);
	assert_string_equal(out, "abc");
	assert_int_equal(text_safe(out, 6, "abc\xe2\x82\xac", 6, ""), 3);
	assert_string_equal(out, "abc");
	free(out);
	assert_int_equal(text_whole("a\xe2\x82\xac", 3), 1);
	assert_int_equal(text_whole("a\xe2\x82\xac", 4), 4);
	assert_int_equal(text_whole("abc", 9), 3);
}

CASE(a_download_has_a_text_and_fields)
{
	const struct ktftp_transfer t = a_transfer("SEP001122334455.cnf.xml");
	struct line line;

	line_transfer(&line, &t, "kernel");
	assert_int_equal(line.level, LOG_INFO);
	assert_string_equal(line.text.at,
			    "192.0.2.7 \"SEP001122334455.cnf.xml\" complete: 70000 bytes in 1.042 s, 3 repeats, "
			    "blksize 1428, windowsize 4, engine kernel, site -");
	assert_string_equal(value_of(&line, "client"), "192.0.2.7");
	assert_string_equal(value_of(&line, "port"), "50123");
	assert_string_equal(value_of(&line, "site"), "-");
	assert_string_equal(value_of(&line, "name"), "SEP001122334455.cnf.xml");
	assert_string_equal(value_of(&line, "bytes"), "70000");
	assert_string_equal(value_of(&line, "seconds"), "1.042");
	assert_string_equal(value_of(&line, "repeats"), "3");
	assert_string_equal(value_of(&line, "blksize"), "1428");
	assert_string_equal(value_of(&line, "end"), "complete");
	assert_string_equal(value_of(&line, "engine"), "kernel");
}

CASE(how_a_download_ended_is_told_and_weighed)
{
	struct ktftp_transfer t = a_transfer("a");
	struct line line;

	t.end = KTFTP_TRANSFER_END_TIMED_OUT;
	line_transfer(&line, &t, "user");
	assert_int_equal(line.level, LOG_NOTICE);
	assert_string_equal(value_of(&line, "end"), "timed-out");
	t.end = KTFTP_TRANSFER_END_ASSUMED;
	line_transfer(&line, &t, "user");
	assert_int_equal(line.level, LOG_INFO);
	t.end = 4000;
	line_transfer(&line, &t, "user");
	assert_string_equal(value_of(&line, "end"), "?");
}

/* A module from before windows were told says 0. */
CASE(what_is_not_known_of_a_download_has_no_field)
{
	struct ktftp_transfer t = a_transfer("a");
	struct line line;

	t.windowsize = 0;
	line_transfer(&line, &t, "kernel");
	assert_null(value_of(&line, "windowsize"));
	assert_null(strstr(line.text.at, "windowsize"));
}

CASE(a_miss_tells_what_may_have_been_meant)
{
	const struct ktftp_handed request = a_request();
	struct line line;

	line_miss(&line, &request, "SEP1.cnf", "SEP2.cnf", "error1");
	assert_string_equal(line.text.at,
			    "2001:db8::1 \"SEP1.cnf\" is not there, nearest \"SEP2.cnf\", answer error1, site -");
	assert_string_equal(value_of(&line, "nearest"), "SEP2.cnf");
	assert_string_equal(value_of(&line, "answer"), "error1");
	line_miss(&line, &request, "SEP1.cnf", NULL, "silence");
	assert_string_equal(line.text.at, "2001:db8::1 \"SEP1.cnf\" is not there, answer silence, site -");
	assert_null(value_of(&line, "nearest"));
}

CASE(a_name_cannot_pretend_to_be_more_than_a_name)
{
	const struct ktftp_transfer t = a_transfer("x\" complete: 0 bytes\nJan 1 root: \\");
	struct line line;

	line_transfer(&line, &t, "user");
	assert_non_null(
		strstr(line.text.at, "192.0.2.7 \"x\\\" complete: 0 bytes\\x0aJan 1 root: \\\\\" complete: 70000"));
	assert_string_equal(value_of(&line, "name"), "x\" complete: 0 bytes\\x0aJan 1 root: \\\\");
}

CASE(the_longest_and_worst_names_are_told_in_full)
{
	char name[KTFTP_NAME_MAX + 1];
	const struct ktftp_handed request = a_request();
	struct line line;

	memset(name, 1, KTFTP_NAME_MAX);
	name[KTFTP_NAME_MAX] = 0;
	line_miss(&line, &request, name, name, "error1");
	assert_false(line.text.cut);
	assert_false(line.values.cut);
	assert_int_equal(strlen(value_of(&line, "name")), 4 * KTFTP_NAME_MAX);
	assert_int_equal(strlen(value_of(&line, "nearest")), 4 * KTFTP_NAME_MAX);
	assert_string_equal(value_of(&line, "answer"), "error1");
	assert_non_null(strstr(as_rfc5424(&line, "h", RFC5424_NO_MAX), "answer error1, site -"));
}

CASE(what_the_daemon_says_is_one_line)
{
	struct line line;

	line_said(&line, LOG_WARNING, "cannot read \xff\nnor this\n\n");
	assert_string_equal(line.text.at, "cannot read \\xff\\x0anor this");
	assert_int_equal(line.count, 0);
	line_said(&line, LOG_WARNING, "");
	assert_string_equal(line.text.at, "");
}

CASE(a_line_is_as_rfc_5424_has_it)
{
	const struct ktftp_transfer t = a_transfer("a/b.cnf");
	struct line line;

	line_transfer(&line, &t, "user");
	assert_string_equal(
		as_rfc5424(&line, "tftp1.example", RFC5424_NO_MAX),
		"<30>1 2024-02-29T12:34:56.000789Z tftp1.example ktftpd 4711 TRANSFER "
		"[meta sequenceId=\"9\"][origin software=\"ktftpd\" swVersion=\"" KTFTP_VERSION
		"\"]"
		"[ktftp@32473 client=\"192.0.2.7\" port=\"50123\" site=\"-\" name=\"a/b.cnf\" bytes=\"70000\" "
		"size=\"70000\" seconds=\"1.042\" repeats=\"3\" blksize=\"1428\" windowsize=\"4\" end=\"complete\" "
		"engine=\"user\"] 192.0.2.7 \"a/b.cnf\" complete: 70000 bytes in 1.042 s, 3 repeats, "
		"blksize 1428, windowsize 4, engine user, site -");
	line_said(&line, LOG_ERR, "no");
	assert_string_equal(as_rfc5424(&line, "", RFC5424_NO_MAX),
			    "<27>1 2024-02-29T12:34:56.000789Z - ktftpd 4711 DAEMON [meta sequenceId=\"9\"]"
			    "[origin software=\"ktftpd\" swVersion=\"" KTFTP_VERSION "\"] no");
}

CASE(values_of_structured_data_are_escaped)
{
	const struct ktftp_transfer t = a_transfer("q\"b]s\\n\ne");
	struct line line;

	line_transfer(&line, &t, "user");
	/* The backslashes that make the name safe are escaped once more. */
	assert_non_null(strstr(as_rfc5424(&line, "h", RFC5424_NO_MAX), " name=\"q\\\"b\\]s\\\\\\\\n\\\\x0ae\" "));
}

CASE(more_than_ascii_is_marked_as_utf_8)
{
	struct line line;

	line_said(&line, LOG_INFO, "M\xc3\xbcnchen");
	assert_non_null(strstr(as_rfc5424(&line, "h", RFC5424_NO_MAX), "] \xef\xbb\xbfM\xc3\xbcnchen"));
	line_said(&line, LOG_INFO, "plain");
	assert_null(strstr(as_rfc5424(&line, "h", RFC5424_NO_MAX), "\xef\xbb\xbf"));
}

CASE(a_text_too_long_for_a_datagram_is_cut_between_characters)
{
	char text[LINE_TEXT];
	struct line line;
	const char *out;
	size_t i;

	for (i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[i] = 0;
	line_said(&line, LOG_INFO, text);
	for (i = 0; i < 3; i++) {
		out = as_rfc5424(&line, "host" + i, RFC5424_UDP);
		assert_in_range(strlen(out), RFC5424_UDP - 2, RFC5424_UDP);
		assert_string_equal(out + strlen(out) - 3, "\xe2\x82\xac");
	}
}

CASE(a_host_name_has_no_blanks_and_is_not_too_long)
{
	char host[301];
	struct line line;

	memset(host, 'a', 300);
	host[300] = 0;
	line_said(&line, LOG_INFO, "x");
	assert_non_null(strstr(as_rfc5424(&line, "a b\xc3\xbc]\n", RFC5424_NO_MAX), "Z ab] ktftpd "));
	assert_int_equal(strcspn(strstr(as_rfc5424(&line, host, RFC5424_NO_MAX), "Z ") + 2, " "), 255);
}

CASE(the_journal_gets_a_field_a_line)
{
	const struct ktftp_transfer t = a_transfer("a\nPRIORITY=0");
	char out[JOURNAL_ROOM];
	struct line line;
	size_t length;

	line_transfer(&line, &t, "user");
	length = journal_format(out, &line);
	assert_int_equal(length, strlen(out));
	assert_string_equal(out,
			    "MESSAGE=192.0.2.7 \"a\\x0aPRIORITY=0\" complete: 70000 bytes in 1.042 s, 3 repeats, "
			    "blksize 1428, windowsize 4, engine user, site -\n"
			    "PRIORITY=6\nMESSAGE_ID=" JOURNAL_ID_TRANSFER
			    "\n"
			    "SYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=ktftpd\n"
			    "KTFTP_CLIENT=192.0.2.7\nKTFTP_PORT=50123\nKTFTP_SITE=-\nKTFTP_NAME=a\\x0aPRIORITY=0\n"
			    "KTFTP_BYTES=70000\nKTFTP_SIZE=70000\nKTFTP_SECONDS=1.042\nKTFTP_REPEATS=3\n"
			    "KTFTP_BLKSIZE=1428\nKTFTP_WINDOWSIZE=4\nKTFTP_END=complete\nKTFTP_ENGINE=user\n");
}

CASE(dropped_lines_are_told_with_their_number)
{
	struct line line;

	line_dropped(&line, 9000, 1001);
	assert_string_equal(line.text.at, "9000 lines were dropped in the last 2 s");
	assert_string_equal(value_of(&line, "lines"), "9000");
	line_dropped(&line, 10, 1000);
	assert_string_equal(line.text.at, "10 lines were dropped in the last 1 s");
	line_dropped(&line, 10, 0);
	assert_string_equal(line.text.at, "10 lines were dropped in the last 1 s");
}

static unsigned int taken(struct bucket *bucket, int64_t now_ms)
{
	unsigned int count = 0;

	while (bucket_take(bucket, now_ms))
		count++;
	return count;
}

CASE(a_bucket_holds_what_a_second_brings)
{
	struct bucket bucket;

	bucket_init(&bucket, 100, 5000);
	assert_int_equal(taken(&bucket, 5000), 100);
	assert_int_equal(taken(&bucket, 5009), 0);
	assert_int_equal(taken(&bucket, 5010), 1);
	assert_int_equal(taken(&bucket, 5260), 25);
	assert_int_equal(taken(&bucket, 5000000), 100);
}

CASE(a_bucket_loses_nothing_to_rounding)
{
	struct bucket bucket;
	unsigned int count = 0;
	int64_t ms;

	bucket_init(&bucket, 3, 0);
	assert_int_equal(taken(&bucket, 0), 3);
	for (ms = 1; ms <= 10000; ms++)
		count += taken(&bucket, ms);
	assert_int_equal(count, 30);
}

CASE(a_clock_that_goes_back_fills_no_bucket)
{
	struct bucket bucket;

	bucket_init(&bucket, 10, 1000);
	assert_int_equal(taken(&bucket, 1000), 10);
	assert_int_equal(taken(&bucket, 500), 0);
	assert_int_equal(taken(&bucket, 1000), 0);
	assert_int_equal(taken(&bucket, 1100), 1);
}

CASE(a_bucket_may_change_its_rate_or_have_none)
{
	struct bucket bucket;

	bucket_init(&bucket, 100, 0);
	bucket_set_rate(&bucket, 10, 0);
	assert_int_equal(taken(&bucket, 0), 10);
	bucket_set_rate(&bucket, 1000, 0);
	assert_int_equal(taken(&bucket, 0), 0);
	assert_int_equal(taken(&bucket, 10), 10);
	bucket_set_rate(&bucket, 0, 10);
	assert_true(bucket_take(&bucket, 10));
	assert_true(bucket_take(&bucket, 10));
}

static struct unit_case cases[] = {
	RUN(plain_text_stays_as_it_is),
	RUN(a_text_is_one_line_and_no_command_to_a_terminal),
	RUN(what_is_no_utf_8_becomes_what_is),
	RUN(what_is_escaped_cannot_be_mistaken),
	RUN(what_does_not_fit_is_left_out_whole),
	RUN(a_download_has_a_text_and_fields),
	RUN(how_a_download_ended_is_told_and_weighed),
	RUN(what_is_not_known_of_a_download_has_no_field),
	RUN(a_miss_tells_what_may_have_been_meant),
	RUN(a_name_cannot_pretend_to_be_more_than_a_name),
	RUN(the_longest_and_worst_names_are_told_in_full),
	RUN(what_the_daemon_says_is_one_line),
	RUN(a_line_is_as_rfc_5424_has_it),
	RUN(values_of_structured_data_are_escaped),
	RUN(more_than_ascii_is_marked_as_utf_8),
	RUN(a_text_too_long_for_a_datagram_is_cut_between_characters),
	RUN(a_host_name_has_no_blanks_and_is_not_too_long),
	RUN(the_journal_gets_a_field_a_line),
	RUN(dropped_lines_are_told_with_their_number),
	RUN(a_bucket_holds_what_a_second_brings),
	RUN(a_bucket_loses_nothing_to_rounding),
	RUN(a_clock_that_goes_back_fills_no_bucket),
	RUN(a_bucket_may_change_its_rate_or_have_none),
	{},
};

SUITE(log_lines, cases);
