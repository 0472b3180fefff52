// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/options.c: what of a request makes sense, what of it is granted, and the OACK that says so, byte by byte;
 * requests cut anywhere, with junk between and behind.
 */
#include "unit.h"

#include <linux/bits.h>

#include "options.h"
#include "proto.h"
#include "random.h"

#define FILE_BYTES 5000
#define ROUNDS     100000

#define ALL_ASKED  (BIT(KTFTP_OPTION_COUNT) - 1)

/* What is written in a packet, RFC 2348, RFC 2349, RFC 7440 and tftp-hpa. */
static const char *const names[KTFTP_OPTION_COUNT] = {
	[KTFTP_OPTION_BLKSIZE] = "blksize",   [KTFTP_OPTION_BLKSIZE2] = "blksize2",
	[KTFTP_OPTION_TSIZE] = "tsize",       [KTFTP_OPTION_TIMEOUT] = "timeout",
	[KTFTP_OPTION_UTIMEOUT] = "utimeout", [KTFTP_OPTION_WINDOWSIZE] = "windowsize",
	[KTFTP_OPTION_ROLLOVER] = "rollover",
};

/* Bounds nothing that an option does not bound by itself. */
static const struct ktftp_option_limits generous = {
	.max_blksize = KTFTP_BLKSIZE_MAX,
	.max_windowsize = U16_MAX,
	.bytes = FILE_BYTES,
	.honor_timeout = true,
};

/* Options as text: names and values, each with its NUL. */
struct text {
	char bytes[1024];
	size_t count;
};

static void add_string(struct text *text, const char *string)
{
	const size_t bytes = strlen(string) + 1;

	assert_true(text->count + bytes <= sizeof(text->bytes));
	memcpy(text->bytes + text->count, string, bytes);
	text->count += bytes;
}

static void add_option(struct text *text, const char *name, const char *value)
{
	add_string(text, name);
	add_string(text, value);
}

static void add_number(struct text *text, const char *name, u64 value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	add_option(text, name, digits);
}

/* Parses a copy that ends where the request ends, into what was used before. */
static struct ktftp_options parse(const char *text, size_t bytes)
{
	u8 *copy = exact_copy(text, bytes);
	struct ktftp_options options;

	memset(&options, 0xa5, sizeof(options));
	ktftp_options_parse(&options, copy, bytes);
	free(copy);
	return options;
}

static struct ktftp_grant grant(const struct ktftp_options *options, const struct ktftp_option_limits *limits)
{
	struct ktftp_grant grant;

	memset(&grant, 0xa5, sizeof(grant));
	ktftp_options_grant(&grant, options, limits);
	return grant;
}

/* In exactly the room that there has to be. */
static struct text oack_of(const struct ktftp_grant *grant, u64 bytes)
{
	u8 *out = exact_room(KTFTP_OACK_MAX);
	struct text oack = { .count = ktftp_options_oack(out, grant, bytes) };

	assert_in_range(oack.count, 2, KTFTP_OACK_MAX);
	memcpy(oack.bytes, out, oack.count);
	free(out);
	return oack;
}

/* @text as options leads to an OACK with just the options @expected; "" for none. */
static void assert_answer(const struct ktftp_option_limits *limits, const char *text, size_t bytes,
			  const char *expected, size_t expected_bytes)
{
	const struct ktftp_options options = parse(text, bytes);
	const struct ktftp_grant granted = grant(&options, limits);
	const struct text oack = oack_of(&granted, limits->bytes);

	assert_int_equal(granted.granted != 0, expected_bytes != 0);
	assert_int_equal(oack.count, 2 + expected_bytes);
	assert_memory_equal(oack.bytes, "\0\6", 2);
	assert_memory_equal(oack.bytes + 2, expected, expected_bytes);
}

/* ---- what makes sense ---- */

/* Only that option was sent, with that value; NULL when it does not count. */
static void assert_value(enum ktftp_option which, const char *value, const u32 *expected)
{
	struct text text = {};
	struct ktftp_options options;

	add_option(&text, names[which], value);
	options = parse(text.bytes, text.count);
	assert_int_equal(options.asked, expected ? BIT(which) : 0);
	if (expected)
		assert_int_equal(options.value[which], *expected);
}

CASE(what_is_not_a_decimal_number_counts_as_not_sent)
{
	static const char *const values[] = {
		"",        "-1",      "+512",  " 512", "512 ", "5 12",  "0x200", "1e3",    "512.0", "abc",
		"512a",    "a512",    "512;",  ":512", "/512", "512\n", "\t512", "-0",     "1,000", "1_0",
		"512\377", "\377512", "\0018", "\262", "1/0",  "1:2",   "0b11",  "10 000", "'512'", "\"8\"",
	};
	size_t i;
	int which;

	for (which = 0; which < KTFTP_OPTION_COUNT; which++)
		for (i = 0; i < ARRAY_SIZE(values); i++)
			assert_value(which, values[i], NULL);
}

CASE(numbers_that_make_no_sense_count_as_not_sent)
{
	static const struct {
		enum ktftp_option which;
		const char *value;
	} table[] = {
		{ KTFTP_OPTION_BLKSIZE, "0" },
		{ KTFTP_OPTION_BLKSIZE, "7" },
		{ KTFTP_OPTION_BLKSIZE, "00007" },
		{ KTFTP_OPTION_BLKSIZE2, "0" },
		{ KTFTP_OPTION_BLKSIZE2, "7" },
		{ KTFTP_OPTION_TIMEOUT, "0" },
		{ KTFTP_OPTION_TIMEOUT, "256" },
		{ KTFTP_OPTION_TIMEOUT, "257" },
		{ KTFTP_OPTION_TIMEOUT, "65537" },
		{ KTFTP_OPTION_TIMEOUT, "4294967297" },
		{ KTFTP_OPTION_TIMEOUT, "18446744073709551617" },
		{ KTFTP_OPTION_UTIMEOUT, "0" },
		{ KTFTP_OPTION_UTIMEOUT, "9999" },
		{ KTFTP_OPTION_UTIMEOUT, "255000001" },
		{ KTFTP_OPTION_UTIMEOUT, "4294977296" },
		{ KTFTP_OPTION_UTIMEOUT, "18446744073709561616" },
		{ KTFTP_OPTION_WINDOWSIZE, "0" },
		{ KTFTP_OPTION_ROLLOVER, "2" },
		{ KTFTP_OPTION_ROLLOVER, "256" },
		{ KTFTP_OPTION_ROLLOVER, "4294967296" },
		{ KTFTP_OPTION_ROLLOVER, "18446744073709551617" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_value(table[i].which, table[i].value, NULL);
}

CASE(numbers_in_their_range_count_as_they_are)
{
	static const struct {
		enum ktftp_option which;
		const char *value;
		u32 number;
	} table[] = {
		{ KTFTP_OPTION_BLKSIZE, "8", 8 },
		{ KTFTP_OPTION_BLKSIZE, "1428", 1428 },
		{ KTFTP_OPTION_BLKSIZE, "65464", 65464 },
		{ KTFTP_OPTION_BLKSIZE, "00000000000000000000000000000000000001428", 1428 },
		{ KTFTP_OPTION_BLKSIZE2, "8", 8 },
		{ KTFTP_OPTION_BLKSIZE2, "65464", 65464 },
		{ KTFTP_OPTION_TSIZE, "0", 0 },
		{ KTFTP_OPTION_TSIZE, "4294967295", U32_MAX },
		{ KTFTP_OPTION_TIMEOUT, "1", 1 },
		{ KTFTP_OPTION_TIMEOUT, "255", 255 },
		{ KTFTP_OPTION_UTIMEOUT, "10000", 10000 },
		{ KTFTP_OPTION_UTIMEOUT, "255000000", 255000000 },
		{ KTFTP_OPTION_WINDOWSIZE, "1", 1 },
		{ KTFTP_OPTION_WINDOWSIZE, "65535", 65535 },
		{ KTFTP_OPTION_ROLLOVER, "0", 0 },
		{ KTFTP_OPTION_ROLLOVER, "1", 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_value(table[i].which, table[i].value, &table[i].number);
}

/* Also those that are small when they are cut to 16, 32 or 64 bits. */
CASE(numbers_above_a_range_that_may_be_answered_smaller_are_clamped)
{
	static const struct {
		enum ktftp_option which;
		u32 most;
	} table[] = {
		{ KTFTP_OPTION_BLKSIZE, KTFTP_BLKSIZE_MAX },
		{ KTFTP_OPTION_BLKSIZE2, KTFTP_BLKSIZE_MAX },
		{ KTFTP_OPTION_WINDOWSIZE, U16_MAX },
		{ KTFTP_OPTION_TSIZE, U32_MAX },
	};
	static const char *const values[] = {
		"4294967295",           "4294967296",           "4294967304",
		"4294968808",           "4295032832",           "18446744073709551615",
		"18446744073709551616", "18446744073709552128", "99999999999999999999999999999999999999999999999999",
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		for (j = 0; j < ARRAY_SIZE(values); j++)
			assert_value(table[i].which, values[j], &table[i].most);
	for (i = 0; i < 2; i++) {
		assert_value(table[i].which, "65465", &table[i].most);
		assert_value(table[i].which, "65536", &table[i].most);
		assert_value(table[i].which, "66048", &table[i].most);
	}
	assert_value(KTFTP_OPTION_WINDOWSIZE, "65536", &table[2].most);
	assert_value(KTFTP_OPTION_WINDOWSIZE, "65537", &table[2].most);
}

/* ---- names ---- */

static u8 asked_by_name(const char *name)
{
	struct text text = {};

	add_option(&text, name, "1");
	add_option(&text, name, "10000"); /* one of both makes sense for every option */
	return parse(text.bytes, text.count).asked;
}

/* Bit n of the number is the case of letter n. */
CASE(names_are_known_in_any_case)
{
	unsigned int which, capitals;
	size_t i;

	for (which = 0; which < KTFTP_OPTION_COUNT; which++) {
		for (capitals = 0; capitals < 1u << strlen(names[which]); capitals++) {
			char name[16] = "";

			for (i = 0; names[which][i]; i++)
				name[i] = names[which][i] - (capitals >> i & 1 && names[which][i] >= 'a' ? 32 : 0);
			assert_int_equal(asked_by_name(name), BIT(which));
		}
	}
}

static unsigned int which_is(const char *name)
{
	unsigned int which = 0;

	while (which < KTFTP_OPTION_COUNT && strcasecmp(name, names[which]))
		which++;
	return which;
}

/* Every byte of a name replaced by every other, and one more behind it. */
CASE(names_with_any_other_letter_are_unknown)
{
	unsigned int which, other;
	size_t at;
	int c;

	for (which = 0; which < KTFTP_OPTION_COUNT; which++) {
		for (at = 0; at <= strlen(names[which]); at++) {
			for (c = 1; c < 256; c += STEP(5)) {
				char name[16] = "";

				strcpy(name, names[which]);
				name[at] = c;
				other = which_is(name);
				assert_int_equal(asked_by_name(name), other < KTFTP_OPTION_COUNT ? BIT(other) : 0);
			}
		}
	}
}

CASE(shorter_and_longer_names_are_unknown)
{
	static const char *const others[] = { "b",           "blksiz",    "blksize ",    " blksize", "blksize22",
					      "blksize\xff", "blocksize", "size",        "tsiz",     "timeouts",
					      "utimeou",     "windowsiz", "windowsizes", "roll",     "octet",
					      "multicast",   "512",       "\xff\xff" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(asked_by_name(others[i]), 0);
}

CASE(unknown_options_are_skipped_with_their_values)
{
	assert_answer(&generous, BYTES("grandstream_ID\0000b82\0BlkSize\000512\0x\0y\0"), BYTES("blksize\000512\0"));
	assert_answer(&generous, BYTES("multicast\0\0blksize\000512\0"), BYTES("blksize\000512\0"));
	assert_answer(&generous, BYTES("x\0blksize\0blksize\000512\0"), BYTES("blksize\000512\0"));
	assert_answer(&generous, BYTES("x\0blksize\000512\0blksize\0"), BYTES(""));
	assert_answer(&generous, BYTES("a\0b\0c\0d\0"), BYTES(""));
}

CASE(of_an_option_sent_twice_the_first_that_makes_sense_counts)
{
	assert_answer(&generous, BYTES("blksize\0001000\0blksize\0002000\0"), BYTES("blksize\0001000\0"));
	assert_answer(&generous, BYTES("blksize\0002000\0BLKSIZE\0001000\0"), BYTES("blksize\0002000\0"));
	assert_answer(&generous, BYTES("blksize\0001000\0tsize\0000\0blksize\0002000\0"),
		      BYTES("blksize\0001000\0tsize\0005000\0"));
	assert_answer(&generous, BYTES("blksize\0005\0blksize\0002000\0blksize\00010\0"), BYTES("blksize\0002000\0"));
	assert_answer(&generous, BYTES("blksize\0001000\0blksize\0x\0"), BYTES("blksize\0001000\0"));
	assert_answer(&generous, BYTES("rollover\0000\0rollover\0001\0"), BYTES("rollover\0000\0"));
}

/* ---- what is no option ---- */

CASE(stray_nuls_and_junk_are_passed_over)
{
	static const char padded[516] = "blksize\0001000";

	assert_answer(&generous, BYTES("blksize\0001000\0\0"), BYTES("blksize\0001000\0"));
	assert_answer(&generous, BYTES("\0blksize\0001000\0"), BYTES("blksize\0001000\0"));
	assert_answer(&generous, BYTES("\0\0\0blksize\0001000\0\0\0tsize\0000\0\0"),
		      BYTES("blksize\0001000\0tsize\0005000\0"));
	assert_answer(&generous, padded, sizeof(padded), BYTES("blksize\0001000\0"));
	assert_answer(&generous, BYTES("blksize\0001000\0\xff\xff\xff"), BYTES("blksize\0001000\0"));
	assert_answer(&generous, BYTES("\xff\xff\xff\xff"), BYTES(""));
	assert_answer(&generous, BYTES("\0\0\0\0"), BYTES(""));
	assert_answer(&generous, BYTES("\0"), BYTES(""));
	assert_answer(&generous, BYTES(""), BYTES(""));
	assert_answer(&generous, BYTES("blksize\0\0001000\0tsize\0000\0"), BYTES(""));
}

/* All options in the order of their numbers, each with its NUL. */
static const char everything[] =
	"blksize\0001428\0blksize2\0001024\0tsize\0000\0timeout\0003\0utimeout\000500000\0"
	"windowsize\00016\0rollover\0001";

CASE(option_counts_only_with_the_nul_behind_its_value)
{
	size_t bytes, nuls = 0;

	for (bytes = 0; bytes <= sizeof(everything); bytes++) {
		if (bytes && !everything[bytes - 1])
			nuls++;
		assert_int_equal(parse(everything, bytes).asked, BIT(nuls / 2) - 1);
	}
	assert_int_equal(nuls, 2 * KTFTP_OPTION_COUNT);
}

/* The NUL is missing where the datagram ends, whatever follows it in memory. */
CASE(request_cut_anywhere_is_answered_by_what_is_whole)
{
	size_t bytes;

	for (bytes = 0; bytes < sizeof("tsize\0000\0blksize\0001428"); bytes++) {
		if (bytes < 8)
			assert_answer(&generous, "tsize\0000\0blksize\0001428", bytes, BYTES(""));
		else
			assert_answer(&generous, "tsize\0000\0blksize\0001428", bytes, BYTES("tsize\0005000\0"));
	}
}

/* ---- what is granted ---- */

CASE(without_options_nothing_is_granted)
{
	static const struct ktftp_option_limits limits[] = {
		{ .max_blksize = KTFTP_BLKSIZE_MAX, .max_windowsize = U16_MAX, .bytes = 1, .honor_timeout = true },
		{ .max_blksize = KTFTP_BLKSIZE_MIN, .max_windowsize = 1 },
	};
	/* As the stack may have it: values of what was not asked for mean nothing. */
	const struct ktftp_options options = { .value = { 1000, 1000, 1000, 100, 20000, 100, 1 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct ktftp_grant granted = grant(&options, &limits[i]);

		assert_int_equal(granted.granted, 0);
		assert_int_equal(granted.blksize, 512);
		assert_int_equal(granted.windowsize, 1);
		assert_int_equal(granted.timeout_us, 0);
		assert_int_equal(granted.rollover, 0);
	}
}

CASE(block_size_is_what_was_asked_for_or_the_most_there_is)
{
	struct ktftp_option_limits limits = generous;

	assert_answer(&limits, BYTES("blksize\0008\0"), BYTES("blksize\0008\0"));
	assert_answer(&limits, BYTES("blksize\00065464\0"), BYTES("blksize\00065464\0"));
	assert_answer(&limits, BYTES("blksize\00065465\0"), BYTES("blksize\00065464\0"));
	limits.max_blksize = 1468;
	assert_answer(&limits, BYTES("blksize\0001467\0"), BYTES("blksize\0001467\0"));
	assert_answer(&limits, BYTES("blksize\0001468\0"), BYTES("blksize\0001468\0"));
	assert_answer(&limits, BYTES("blksize\0001469\0"), BYTES("blksize\0001468\0"));
	limits.max_blksize = KTFTP_BLKSIZE_MIN;
	assert_answer(&limits, BYTES("blksize\00065464\0"), BYTES("blksize\0008\0"));
	assert_answer(&limits, BYTES("blksize2\00065464\0"), BYTES("blksize2\0008\0"));
}

static void assert_blksize2(u32 asked, u32 most)
{
	const struct ktftp_options options = {
		.asked = BIT(KTFTP_OPTION_BLKSIZE2),
		.value = { [KTFTP_OPTION_BLKSIZE2] = asked },
	};
	const struct ktftp_option_limits limits = { .max_blksize = most, .max_windowsize = 1 };
	const struct ktftp_grant granted = grant(&options, &limits);
	const u32 room = asked < most ? asked : most;

	assert_int_equal(granted.granted, BIT(KTFTP_OPTION_BLKSIZE2));
	assert_int_equal(granted.blksize & (granted.blksize - 1), 0);
	assert_in_range(granted.blksize, room / 2 + 1, room);
}

CASE(blksize2_is_the_greatest_power_of_two_there_is_room_for)
{
	static const u32 most[] = { 8, 9, 511, 512, 513, 1428, 1468, 32767, 32768, KTFTP_BLKSIZE_MAX };
	u32 asked;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(most); i++)
		for (asked = KTFTP_BLKSIZE_MIN; asked <= KTFTP_BLKSIZE_MAX; asked++)
			assert_blksize2(asked, most[i]);
}

CASE(of_both_block_sizes_blksize_is_granted)
{
	assert_answer(&generous, BYTES("blksize2\0001024\0blksize\0001428\0"), BYTES("blksize\0001428\0"));
	assert_answer(&generous, BYTES("blksize\0001428\0blksize2\0001024\0"), BYTES("blksize\0001428\0"));
	assert_answer(&generous, BYTES("blksize\0007\0blksize2\0001500\0"), BYTES("blksize2\0001024\0"));
}

CASE(size_is_that_of_the_file_whatever_was_asked)
{
	struct ktftp_option_limits limits = generous;

	assert_answer(&limits, BYTES("tsize\0000\0"), BYTES("tsize\0005000\0"));
	assert_answer(&limits, BYTES("tsize\000123456\0"), BYTES("tsize\0005000\0"));
	limits.bytes = 1;
	assert_answer(&limits, BYTES("tsize\0000\0"), BYTES("tsize\0001\0"));
	limits.bytes = 1ull << 32;
	assert_answer(&limits, BYTES("tsize\0000\0"), BYTES("tsize\0004294967296\0"));
	limits.bytes = U64_MAX;
	assert_answer(&limits, BYTES("tsize\0000\0"), BYTES("tsize\00018446744073709551615\0"));
}

CASE(size_of_an_empty_file_is_left_out)
{
	struct ktftp_option_limits limits = generous;

	limits.bytes = 0;
	assert_answer(&limits, BYTES("tsize\0000\0"), BYTES(""));
	assert_answer(&limits, BYTES("tsize\0000\0blksize\0001400\0"), BYTES("blksize\0001400\0"));
}

CASE(timeout_is_echoed_equal_or_left_out)
{
	struct ktftp_option_limits limits = generous;

	assert_answer(&limits, BYTES("timeout\0001\0"), BYTES("timeout\0001\0"));
	assert_answer(&limits, BYTES("timeout\000255\0"), BYTES("timeout\000255\0"));
	assert_answer(&limits, BYTES("utimeout\00010000\0"), BYTES("utimeout\00010000\0"));
	assert_answer(&limits, BYTES("utimeout\000254999999\0"), BYTES("utimeout\000254999999\0"));
	assert_answer(&limits, BYTES("utimeout\0001500000\0timeout\0003\0"), BYTES("timeout\0003\0"));
	assert_answer(&limits, BYTES("timeout\0000\0utimeout\0001500000\0"), BYTES("utimeout\0001500000\0"));
	limits.honor_timeout = false;
	assert_answer(&limits, BYTES("timeout\0001\0utimeout\00010000\0"), BYTES(""));
	assert_answer(&limits, BYTES("timeout\0001\0blksize\0001400\0"), BYTES("blksize\0001400\0"));
}

static u32 timeout_granted(const char *text, size_t bytes, bool honor)
{
	const struct ktftp_options options = parse(text, bytes);
	struct ktftp_option_limits limits = generous;

	limits.honor_timeout = honor;
	return grant(&options, &limits).timeout_us;
}

CASE(timeout_is_kept_to_only_when_it_is_granted)
{
	assert_int_equal(timeout_granted(BYTES("timeout\0003\0"), true), 3000000);
	assert_int_equal(timeout_granted(BYTES("timeout\000255\0"), true), 255000000);
	assert_int_equal(timeout_granted(BYTES("utimeout\00010001\0"), true), 10001);
	assert_int_equal(timeout_granted(BYTES("utimeout\00010001\0timeout\0003\0"), true), 3000000);
	assert_int_equal(timeout_granted(BYTES("timeout\0003\0utimeout\00010001\0"), false), 0);
	assert_int_equal(timeout_granted(BYTES("timeout\000256\0"), true), 0);
}

CASE(window_is_what_was_asked_for_or_the_most_there_is)
{
	struct ktftp_option_limits limits = generous;

	assert_answer(&limits, BYTES("windowsize\0001\0"), BYTES("windowsize\0001\0"));
	assert_answer(&limits, BYTES("windowsize\00065535\0"), BYTES("windowsize\00065535\0"));
	assert_answer(&limits, BYTES("windowsize\00065536\0"), BYTES("windowsize\00065535\0"));
	limits.max_windowsize = 16;
	assert_answer(&limits, BYTES("windowsize\00015\0"), BYTES("windowsize\00015\0"));
	assert_answer(&limits, BYTES("windowsize\00017\0"), BYTES("windowsize\00016\0"));
	limits.max_windowsize = 1;
	assert_answer(&limits, BYTES("windowsize\00099999999999\0"), BYTES("windowsize\0001\0"));
}

CASE(rollover_is_granted_as_it_was_asked_for)
{
	assert_answer(&generous, BYTES("rollover\0000\0"), BYTES("rollover\0000\0"));
	assert_answer(&generous, BYTES("rollover\0001\0"), BYTES("rollover\0001\0"));
}

/* ---- the OACK ---- */

static const char *const some_values[KTFTP_OPTION_COUNT] = { "1428", "1024", "0", "3", "500000", "16", "1" };

/* All options in the order that @number says, 0 to 7! - 1. */
static struct text everything_in_order(unsigned int number)
{
	unsigned int left[KTFTP_OPTION_COUNT] = { 0, 1, 2, 3, 4, 5, 6 }, count = KTFTP_OPTION_COUNT, at;
	struct text text = {};

	for (; count; count--) {
		at = number % count;
		number /= count;
		add_option(&text, names[left[at]], some_values[left[at]]);
		left[at] = left[count - 1];
	}
	return text;
}

CASE(order_of_a_request_does_not_matter)
{
	unsigned int number;

	for (number = 0; number < 5040; number += STEP(17)) {
		const struct text text = everything_in_order(number);

		assert_int_equal(parse(text.bytes, text.count).asked, ALL_ASKED);
		assert_answer(&generous, text.bytes, text.count,
			      BYTES("blksize\0001428\0tsize\0005000\0timeout\0003\0windowsize\00016\0rollover\0001\0"));
	}
}

/* What an OACK of @grant has to be. */
static struct text expected_oack(const struct ktftp_grant *grant, u64 bytes)
{
	const u64 values[KTFTP_OPTION_COUNT] = {
		grant->blksize,    grant->blksize,    bytes,          grant->timeout_us / 1000000,
		grant->timeout_us, grant->windowsize, grant->rollover
	};
	struct text text = { .bytes = "\0\6", .count = 2 };
	int which;

	for (which = 0; which < KTFTP_OPTION_COUNT; which++)
		if (grant->granted >> which & 1)
			add_number(&text, names[which], values[which]);
	return text;
}

static void assert_oack_exact(const struct ktftp_grant *grant, u64 bytes)
{
	const struct text oack = oack_of(grant, bytes), expected = expected_oack(grant, bytes);

	assert_int_equal(oack.count, expected.count);
	assert_memory_equal(oack.bytes, expected.bytes, expected.count);
}

CASE(oack_of_any_grant_is_exact)
{
	unsigned int granted;

	for (granted = 0; granted <= ALL_ASKED; granted++) {
		const struct ktftp_grant grant = {
			.granted = granted,
			.blksize = 1024,
			.windowsize = 16,
			.timeout_us = 3000000,
			.rollover = 1,
		};

		assert_oack_exact(&grant, 5000);
	}
}

/* The greatest numbers that the fields hold, no matter that none of them is ever granted. */
CASE(oack_of_the_greatest_values_fits)
{
	const struct ktftp_grant grant = {
		.granted = U8_MAX,
		.blksize = U32_MAX,
		.windowsize = U16_MAX,
		.timeout_us = U32_MAX,
		.rollover = U8_MAX,
	};

	assert_oack_exact(&grant, U64_MAX);
}

/* ---- anything ---- */

static u32 random_number(struct random *random)
{
	return random_next(random) >> 32 >> random_below(random, 32);
}

static struct ktftp_option_limits random_limits(struct random *random)
{
	return (struct ktftp_option_limits){
		.max_blksize = KTFTP_BLKSIZE_MIN + random_number(random) % (KTFTP_BLKSIZE_MAX - KTFTP_BLKSIZE_MIN + 1),
		.max_windowsize = 1 + random_number(random) % U16_MAX,
		.bytes = random_one_in(random, 4) ? 0 : random_next(random) >> random_below(random, 64),
		.honor_timeout = random_one_in(random, 2),
	};
}

/* Some options, some of them twice or senseless. */
static struct text random_text(struct random *random)
{
	struct text text = {};
	size_t left = random_below(random, 12);

	while (left--)
		add_number(&text, names[random_below(random, KTFTP_OPTION_COUNT)], random_number(random));
	return text;
}

static void assert_no_more_than(const struct ktftp_options *options, enum ktftp_option which, u64 value)
{
	assert_true(options->asked >> which & 1);
	assert_true(value <= options->value[which]);
}

/* @grant against what was asked for: RFC 2347, 2348, 2349, 7440. */
static void assert_fair(const struct ktftp_grant *grant, const struct ktftp_options *options,
			const struct ktftp_option_limits *limits)
{
	const u8 sizes = BIT(KTFTP_OPTION_BLKSIZE) | BIT(KTFTP_OPTION_BLKSIZE2);
	const u8 times = BIT(KTFTP_OPTION_TIMEOUT) | BIT(KTFTP_OPTION_UTIMEOUT);

	assert_int_equal(grant->granted & ~options->asked, 0);
	assert_true((grant->granted & sizes) != sizes);
	assert_true((grant->granted & times) != times);
	/* What may be left out, and for want of what. */
	assert_int_equal((grant->granted & sizes) != 0, (options->asked & sizes) != 0);
	assert_int_equal((grant->granted & times) != 0, limits->honor_timeout && options->asked & times);
	assert_int_equal(grant->granted >> KTFTP_OPTION_TSIZE & 1,
			 limits->bytes && options->asked >> KTFTP_OPTION_TSIZE & 1);
	assert_int_equal((grant->granted ^ options->asked) & BIT(KTFTP_OPTION_WINDOWSIZE), 0);
	assert_int_equal((grant->granted ^ options->asked) & BIT(KTFTP_OPTION_ROLLOVER), 0);
}

static void assert_bounded(const struct ktftp_grant *grant, const struct ktftp_options *options,
			   const struct ktftp_option_limits *limits)
{
	const u8 granted = grant->granted;

	if (granted & (BIT(KTFTP_OPTION_BLKSIZE) | BIT(KTFTP_OPTION_BLKSIZE2)))
		assert_in_range(grant->blksize, KTFTP_BLKSIZE_MIN, limits->max_blksize);
	else
		assert_int_equal(grant->blksize, 512);
	if (granted & BIT(KTFTP_OPTION_BLKSIZE))
		assert_no_more_than(options, KTFTP_OPTION_BLKSIZE, grant->blksize);
	if (granted & BIT(KTFTP_OPTION_BLKSIZE2))
		assert_no_more_than(options, KTFTP_OPTION_BLKSIZE2, grant->blksize);
	assert_in_range(grant->windowsize, 1, limits->max_windowsize);
	if (granted & BIT(KTFTP_OPTION_WINDOWSIZE))
		assert_no_more_than(options, KTFTP_OPTION_WINDOWSIZE, grant->windowsize);
	else
		assert_int_equal(grant->windowsize, 1);
}

/* A client that reads the OACK finds just what was granted. */
static void assert_understood(const struct ktftp_grant *grant, u64 bytes)
{
	const struct text oack = oack_of(grant, bytes);
	const struct ktftp_options seen = parse(oack.bytes + 2, oack.count - 2);

	assert_int_equal(seen.asked, grant->granted);
	assert_oack_exact(grant, bytes);
}

CASE(nothing_is_granted_beyond_what_was_asked_for)
{
	struct random random = random_from(7);
	size_t i, oacks = 0;

	for (i = 0; i < TIMES(ROUNDS); i++) {
		const struct ktftp_option_limits limits = random_limits(&random);
		const struct text text = random_text(&random);
		const struct ktftp_options options = parse(text.bytes, text.count);
		const struct ktftp_grant granted = grant(&options, &limits);

		assert_fair(&granted, &options, &limits);
		assert_bounded(&granted, &options, &limits);
		assert_understood(&granted, limits.bytes);
		oacks += granted.granted != 0;
	}
	assert_in_range(oacks, TIMES(ROUNDS) / 4, TIMES(ROUNDS) - 1);
}

static struct unit_case cases[] = {
	RUN(what_is_not_a_decimal_number_counts_as_not_sent),
	RUN(numbers_that_make_no_sense_count_as_not_sent),
	RUN(numbers_in_their_range_count_as_they_are),
	RUN(numbers_above_a_range_that_may_be_answered_smaller_are_clamped),
	RUN(names_are_known_in_any_case),
	RUN(names_with_any_other_letter_are_unknown),
	RUN(shorter_and_longer_names_are_unknown),
	RUN(unknown_options_are_skipped_with_their_values),
	RUN(of_an_option_sent_twice_the_first_that_makes_sense_counts),
	RUN(stray_nuls_and_junk_are_passed_over),
	RUN(option_counts_only_with_the_nul_behind_its_value),
	RUN(request_cut_anywhere_is_answered_by_what_is_whole),
	RUN(without_options_nothing_is_granted),
	RUN(block_size_is_what_was_asked_for_or_the_most_there_is),
	RUN(blksize2_is_the_greatest_power_of_two_there_is_room_for),
	RUN(of_both_block_sizes_blksize_is_granted),
	RUN(size_is_that_of_the_file_whatever_was_asked),
	RUN(size_of_an_empty_file_is_left_out),
	RUN(timeout_is_echoed_equal_or_left_out),
	RUN(timeout_is_kept_to_only_when_it_is_granted),
	RUN(window_is_what_was_asked_for_or_the_most_there_is),
	RUN(rollover_is_granted_as_it_was_asked_for),
	RUN(order_of_a_request_does_not_matter),
	RUN(oack_of_any_grant_is_exact),
	RUN(oack_of_the_greatest_values_fits),
	RUN(nothing_is_granted_beyond_what_was_asked_for),
	{},
};

SUITE(options, cases);
