// SPDX-License-Identifier: GPL-2.0
/*
 * Pure: options. Called by receive.c and transfer.c in softirq; all that is parsed comes from the network.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "options.h"
#include "proto.h"

#define USEC_PER_SECOND	1000000u
#define UTIMEOUT_MIN_US	10000u
#define TIMEOUT_MAX_S	255u

/**
 * struct known - an option and which of its values make sense
 * @name: as it is written in an OACK; compared without regard to case (RFC 2347)
 * @least: smallest value
 * @most: largest value that is not cut
 * @cut: a larger one means @most; else it makes no sense
 */
struct known {
	const char *name;
	u32 least;
	u32 most;
	bool cut;
};

static const struct known known[KTFTP_OPTION_COUNT] = {
	[KTFTP_OPTION_BLKSIZE] = { "blksize", KTFTP_BLKSIZE_MIN, KTFTP_BLKSIZE_MAX, true },
	[KTFTP_OPTION_BLKSIZE2] = { "blksize2", KTFTP_BLKSIZE_MIN, KTFTP_BLKSIZE_MAX, true },
	/* A client writes 0; what it writes does not count. */
	[KTFTP_OPTION_TSIZE] = { "tsize", 0, U32_MAX, true },
	[KTFTP_OPTION_TIMEOUT] = { "timeout", 1, TIMEOUT_MAX_S, false },
	[KTFTP_OPTION_UTIMEOUT] = { "utimeout", UTIMEOUT_MIN_US, TIMEOUT_MAX_S * USEC_PER_SECOND, false },
	[KTFTP_OPTION_WINDOWSIZE] = { "windowsize", 1, U16_MAX, true },
	[KTFTP_OPTION_ROLLOVER] = { "rollover", 0, 1, false },
};

static enum ktftp_option option_of(const u8 *name, size_t bytes)
{
	unsigned int i;

	for (i = 0; i < KTFTP_OPTION_COUNT; i++)
		if (ktftp_proto_is_word(name, bytes, known[i].name))
			break;
	return i;
}

/* A decimal number and nothing else; beyond 32 bits it is U32_MAX. */
static bool parse_number(const u8 *text, size_t bytes, u32 *out)
{
	u64 value = 0;
	size_t i;

	for (i = 0; i < bytes; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = min_t(u64, value * 10 + (text[i] - '0'), U32_MAX);
	}
	*out = value;
	return bytes;
}

/* Takes an option in when it is known and its value makes sense; of one sent twice the first counts. */
static void take_option(struct ktftp_options *options, enum ktftp_option which, const u8 *text, size_t bytes)
{
	const struct known *k;
	u32 value;

	if (which == KTFTP_OPTION_COUNT || options->asked & BIT(which))
		return;
	k = &known[which];
	if (!parse_number(text, bytes, &value) || value < k->least || (value > k->most && !k->cut))
		return;
	options->asked |= BIT(which);
	options->value[which] = min_t(u32, value, k->most);
}

/**
 * ktftp_options_parse() - what a request asks for
 * @options: where it goes
 * @data: what follows the mode in a request
 * @bytes: its length
 *
 * RFC 2347. A number above an option's range counts as the largest, where an answer may be smaller; anything
 * else that makes no sense counts as not sent. Unknown options are skipped, and so is what is no option: phones
 * append a stray NUL, boot ROMs padding and 0xFF.
 *
 * Context: any.
 */
void ktftp_options_parse(struct ktftp_options *options, const u8 *data, size_t bytes)
{
	struct ktftp_cursor c = { .at = data, .end = data + bytes };
	size_t name_bytes, text_bytes;
	const u8 *name, *text;

	options->asked = 0;
	while (ktftp_cursor_string(&c, &name, &name_bytes)) {
		if (!name_bytes)
			continue;
		if (!ktftp_cursor_string(&c, &text, &text_bytes))
			break;
		take_option(options, option_of(name, name_bytes), text, text_bytes);
	}
}

static bool is_asked(const struct ktftp_options *options, enum ktftp_option which)
{
	return options->asked & BIT(which);
}

static u32 power_of_two_within(u32 value)
{
	u32 power = KTFTP_BLKSIZE_MIN;

	while (power <= value / 2)
		power *= 2;
	return power;
}

static void grant_blksize(struct ktftp_grant *grant, const struct ktftp_options *options, u32 max_blksize)
{
	if (is_asked(options, KTFTP_OPTION_BLKSIZE)) {
		grant->granted |= BIT(KTFTP_OPTION_BLKSIZE);
		grant->blksize = min_t(u32, options->value[KTFTP_OPTION_BLKSIZE], max_blksize);
	} else if (is_asked(options, KTFTP_OPTION_BLKSIZE2)) {
		grant->granted |= BIT(KTFTP_OPTION_BLKSIZE2);
		grant->blksize = power_of_two_within(min_t(u32, options->value[KTFTP_OPTION_BLKSIZE2],
							   max_blksize));
	}
}

/* A timeout cannot be negotiated down: it is echoed equal and kept to, or left out (RFC 2349). */
static void grant_timeout(struct ktftp_grant *grant, const struct ktftp_options *options)
{
	if (is_asked(options, KTFTP_OPTION_TIMEOUT)) {
		grant->granted |= BIT(KTFTP_OPTION_TIMEOUT);
		grant->timeout_us = options->value[KTFTP_OPTION_TIMEOUT] * USEC_PER_SECOND;
	} else if (is_asked(options, KTFTP_OPTION_UTIMEOUT)) {
		grant->granted |= BIT(KTFTP_OPTION_UTIMEOUT);
		grant->timeout_us = options->value[KTFTP_OPTION_UTIMEOUT];
	}
}

/**
 * ktftp_options_grant() - decide what is granted
 * @grant: where it goes
 * @options: what was asked for
 * @limits: what there is to give
 *
 * Nothing is granted that was not asked for, and nothing is larger than it was asked for. tsize of an empty file
 * is left out: curl takes a size of 0 for an error.
 *
 * Context: any.
 */
void ktftp_options_grant(struct ktftp_grant *grant, const struct ktftp_options *options,
			 const struct ktftp_option_limits *limits)
{
	*grant = (struct ktftp_grant){ .blksize = KTFTP_BLKSIZE_DEFAULT, .windowsize = 1 };
	grant_blksize(grant, options, limits->max_blksize);
	if (limits->honor_timeout)
		grant_timeout(grant, options);
	if (is_asked(options, KTFTP_OPTION_TSIZE) && limits->bytes)
		grant->granted |= BIT(KTFTP_OPTION_TSIZE);
	if (is_asked(options, KTFTP_OPTION_WINDOWSIZE)) {
		grant->granted |= BIT(KTFTP_OPTION_WINDOWSIZE);
		grant->windowsize = min_t(u32, options->value[KTFTP_OPTION_WINDOWSIZE], limits->max_windowsize);
	}
	if (is_asked(options, KTFTP_OPTION_ROLLOVER)) {
		grant->granted |= BIT(KTFTP_OPTION_ROLLOVER);
		grant->rollover = options->value[KTFTP_OPTION_ROLLOVER];
	}
}

static u64 value_of(const struct ktftp_grant *grant, enum ktftp_option which, u64 bytes)
{
	switch (which) {
	case KTFTP_OPTION_BLKSIZE:
	case KTFTP_OPTION_BLKSIZE2:
		return grant->blksize;
	case KTFTP_OPTION_TSIZE:
		return bytes;
	case KTFTP_OPTION_TIMEOUT:
		return grant->timeout_us / USEC_PER_SECOND;
	case KTFTP_OPTION_UTIMEOUT:
		return grant->timeout_us;
	case KTFTP_OPTION_WINDOWSIZE:
		return grant->windowsize;
	default:
		return grant->rollover;
	}
}

/**
 * ktftp_options_oack() - write an OACK, RFC 2347
 * @out: room for KTFTP_OACK_MAX bytes
 * @grant: what it says
 * @bytes: size of the file, for tsize
 *
 * Exactly what was granted, no padding: Cisco switches and U-Boot refuse an OACK with a NUL too many.
 *
 * Context: any. Return: its length.
 */
size_t ktftp_options_oack(u8 out[KTFTP_OACK_MAX], const struct ktftp_grant *grant, u64 bytes)
{
	size_t used = sizeof(u16);
	unsigned int i;

	put_unaligned_be16(KTFTP_OP_OACK, out);
	for (i = 0; i < KTFTP_OPTION_COUNT; i++) {
		if (!(grant->granted & BIT(i)))
			continue;
		used += snprintf((char *)out + used, KTFTP_OACK_MAX - used, "%s", known[i].name) + 1;
		used += snprintf((char *)out + used, KTFTP_OACK_MAX - used, "%llu",
				 (unsigned long long)value_of(grant, i, bytes)) + 1;
	}
	return used;
}
