// SPDX-License-Identifier: GPL-2.0
/* kmod/options.c on any bytes: it reads them as a plain reading does, and grants nothing beyond them. */
#include <string.h>

#include <linux/bits.h>
#include <linux/limits.h>

#include "fuzz.h"
#include "options.h"
#include "proto.h"

/* Three digits after a backslash are one byte: "\0001428" is a NUL and "1428". */
static const struct fuzz_seed seeds[] = {
	{ FUZZ_BYTES("blksize\0001428\0tsize\0000\0") },
	{ FUZZ_BYTES("tsize\0000\0timeout\0003\0blksize\0001024\0windowsize\00016\0") },
	{ FUZZ_BYTES("BLKSIZE2\0001500\0UTimeout\000500000\0rollover\0001\0") },
	{ FUZZ_BYTES("blksize\0001000\0blksize\0002000\0") },
	{ FUZZ_BYTES("windowsize\00065536\0tsize\00018446744073709551616\0blksize\00099999999999999999999\0") },
	{ FUZZ_BYTES("multicast\0\0rollover\0000\0timeout\000255\0utimeout\000255000000\0") },
	{ FUZZ_BYTES("grandstream_ID\0000b82\0blksize2\0008\0x\0y\0") },
	{ FUZZ_BYTES("\0blksize\0001000\0\0\xff\xff\xff") },
	{ FUZZ_BYTES("") },
};

const struct fuzz_target fuzz_target = {
	"no_options_are_misread_and_no_grant_goes_beyond_them",
	seeds,
	sizeof(seeds) / sizeof(seeds[0]),
};

static const struct {
	const char *name;
	uint64_t least, most;
	bool clamped; /* a number above @most counts as @most */
} rules[KTFTP_OPTION_COUNT] = {
	{ "blksize", 8, 65464, true }, { "blksize2", 8, 65464, true },          { "tsize", 0, 4294967295, true },
	{ "timeout", 1, 255, false },  { "utimeout", 10000, 255000000, false }, { "windowsize", 1, 65535, true },
	{ "rollover", 0, 1, false },
};

/* The next string and its NUL, or NULL when no NUL is left. */
static const char *next_string(const uint8_t *data, size_t size, size_t *at)
{
	const char *string = (const char *)data + *at;

	while (*at < size && data[*at])
		++*at;
	return (*at)++ < size ? string : NULL;
}

/* More than 11 digits, zeros in front not counted, are beyond every range. */
static bool plain_number(const char *text, uint64_t *number)
{
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	text += strspn(text, "0");
	*number = strlen(text) > 11 ? UINT64_MAX : strtoull(text, NULL, 10);
	return true;
}

static void read_option(struct ktftp_options *read, const char *name, const char *text)
{
	uint64_t number;
	int i;

	for (i = 0; i < KTFTP_OPTION_COUNT; i++) {
		if (strcasecmp(name, rules[i].name) || read->asked >> i & 1 || !plain_number(text, &number))
			continue;
		if (number > rules[i].most && rules[i].clamped)
			number = rules[i].most;
		if (number < rules[i].least || number > rules[i].most)
			continue;
		read->asked |= 1 << i;
		read->value[i] = number;
	}
}

static struct ktftp_options plain_reading(const uint8_t *data, size_t size)
{
	struct ktftp_options read = {};
	const char *name, *text;
	size_t at = 0;

	while ((name = next_string(data, size, &at))) {
		if (!*name)
			continue;
		text = next_string(data, size, &at);
		if (!text)
			break;
		read_option(&read, name, text);
	}
	return read;
}

static void check_parse(const struct ktftp_options *options, const uint8_t *data, size_t size)
{
	const struct ktftp_options read = plain_reading(data, size);
	int i;

	FUZZ_CHECK(options->asked == read.asked);
	for (i = 0; i < KTFTP_OPTION_COUNT; i++)
		FUZZ_CHECK(!(read.asked >> i & 1) || options->value[i] == read.value[i]);
}

/* Limits that follow from the input, and change with every byte of it. */
static struct ktftp_option_limits limits_of(const uint8_t *data, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325;

	while (size--)
		hash = (hash ^ *data++) * 0x100000001b3;
	return (struct ktftp_option_limits){
		.max_blksize = KTFTP_BLKSIZE_MIN + hash % (KTFTP_BLKSIZE_MAX - KTFTP_BLKSIZE_MIN + 1),
		.max_windowsize = 1 + (hash >> 16) % U16_MAX,
		.bytes = hash >> 32 & 1 ? hash >> (hash >> 33) % 64 : 0,
		.honor_timeout = hash >> 40 & 1,
	};
}

/* The value of an option, as the OACK has to say it. */
static uint64_t granted_value(const struct ktftp_grant *grant, int which, uint64_t bytes)
{
	const uint64_t values[] = {
		grant->blksize,    grant->blksize,    bytes,           grant->timeout_us / 1000000,
		grant->timeout_us, grant->windowsize, grant->rollover,
	};

	return values[which];
}

/* Equal where the other side cannot be asked to take less, else no more; tsize is an answer, not a grant. */
static void check_value(uint64_t value, int which, uint64_t asked)
{
	FUZZ_CHECK(value >= rules[which].least);
	if (which != KTFTP_OPTION_TSIZE)
		FUZZ_CHECK(rules[which].clamped ? value <= asked : value == asked);
}

static void check_grant(const struct ktftp_grant *grant, const struct ktftp_options *options,
			const struct ktftp_option_limits *limits)
{
	const u8 timeouts = BIT(KTFTP_OPTION_TIMEOUT) | BIT(KTFTP_OPTION_UTIMEOUT);
	const u8 sizes = BIT(KTFTP_OPTION_BLKSIZE) | BIT(KTFTP_OPTION_BLKSIZE2);
	int i;

	FUZZ_CHECK(!(grant->granted & ~options->asked));
	for (i = 0; i < KTFTP_OPTION_COUNT; i++)
		if (grant->granted >> i & 1)
			check_value(granted_value(grant, i, limits->bytes ?: 1), i, options->value[i]);
	FUZZ_CHECK(grant->granted & sizes ? grant->blksize <= limits->max_blksize : grant->blksize == 512);
	FUZZ_CHECK((grant->granted & sizes) != sizes && (grant->granted & timeouts) != timeouts);
	FUZZ_CHECK(!(grant->granted & BIT(KTFTP_OPTION_BLKSIZE2)) || !(grant->blksize & (grant->blksize - 1)));
	FUZZ_CHECK(grant->windowsize >= 1 && grant->windowsize <= limits->max_windowsize);
	FUZZ_CHECK(grant->windowsize == 1 || grant->granted & BIT(KTFTP_OPTION_WINDOWSIZE));
	FUZZ_CHECK(!grant->rollover || grant->granted & BIT(KTFTP_OPTION_ROLLOVER));
	FUZZ_CHECK(!grant->timeout_us == !(grant->granted & timeouts));
	FUZZ_CHECK(limits->honor_timeout || !(grant->granted & timeouts));
	FUZZ_CHECK(limits->bytes || !(grant->granted & BIT(KTFTP_OPTION_TSIZE)));
}

/* Each granted option once, in order, its name and its number; nothing else. */
static void check_oack(const struct ktftp_grant *grant, uint64_t bytes)
{
	uint8_t *out = fuzz_room(KTFTP_OACK_MAX);
	size_t count = ktftp_options_oack(out, grant, bytes), at = 2;
	const char *name, *text;
	char number[24];
	int i;

	FUZZ_CHECK(count >= 2 && count <= KTFTP_OACK_MAX && !out[0] && out[1] == KTFTP_OP_OACK);
	for (i = 0; i < KTFTP_OPTION_COUNT; i++) {
		if (!(grant->granted >> i & 1))
			continue;
		name = next_string(out, count, &at);
		text = next_string(out, count, &at);
		snprintf(number, sizeof(number), "%llu", (unsigned long long)granted_value(grant, i, bytes));
		FUZZ_CHECK(name && text && !strcmp(name, rules[i].name) && !strcmp(text, number));
	}
	FUZZ_CHECK(at == count);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ktftp_option_limits limits = limits_of(data, size);
	struct ktftp_options options;
	struct ktftp_grant grant;

	memset(&options, 0xa5, sizeof(options));
	ktftp_options_parse(&options, data, size);
	check_parse(&options, data, size);
	ktftp_options_grant(&grant, &options, &limits);
	check_grant(&grant, &options, &limits);
	check_oack(&grant, limits.bytes);
	return 0;
}
