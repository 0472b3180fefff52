/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: the options of RFC 2347, 2348, 2349 and 7440, and those that clients use without one: what a request
 * asks for, what of it is granted, and the OACK that says so.
 */
#ifndef KTFTP_OPTIONS_H
#define KTFTP_OPTIONS_H

#include <linux/types.h>

#define KTFTP_BLKSIZE_MIN	8	/* RFC 2348 */
#define KTFTP_BLKSIZE_MAX	65464
#define KTFTP_OACK_MAX		160	/* bytes; more than all options with their longest values */

/**
 * enum ktftp_option - the options that are understood
 * @KTFTP_OPTION_BLKSIZE: bytes of a full block, RFC 2348
 * @KTFTP_OPTION_BLKSIZE2: the same, a power of two (tftp-hpa)
 * @KTFTP_OPTION_TSIZE: size of the file, RFC 2349
 * @KTFTP_OPTION_TIMEOUT: retransmission interval in seconds, RFC 2349
 * @KTFTP_OPTION_UTIMEOUT: the same in microseconds (tftp-hpa)
 * @KTFTP_OPTION_WINDOWSIZE: blocks to an acknowledgement, RFC 7440
 * @KTFTP_OPTION_ROLLOVER: the block number after 65535, 0 or 1 (tftp-hpa)
 * @KTFTP_OPTION_COUNT: how many there are
 */
enum ktftp_option {
	KTFTP_OPTION_BLKSIZE,
	KTFTP_OPTION_BLKSIZE2,
	KTFTP_OPTION_TSIZE,
	KTFTP_OPTION_TIMEOUT,
	KTFTP_OPTION_UTIMEOUT,
	KTFTP_OPTION_WINDOWSIZE,
	KTFTP_OPTION_ROLLOVER,
	KTFTP_OPTION_COUNT,
};

/**
 * struct ktftp_options - what a request asks for
 * @asked: bit enum ktftp_option is set for each option that was sent with a value that makes sense
 * @value: the value of each of them, at most U32_MAX
 */
struct ktftp_options {
	u8 asked;
	u32 value[KTFTP_OPTION_COUNT];
};

/**
 * struct ktftp_option_limits - what bounds a grant
 * @max_blksize: bytes of a full block, at least KTFTP_BLKSIZE_MIN
 * @max_windowsize: blocks, at least 1
 * @bytes: size of the file
 * @honor_timeout: grant timeout and utimeout; else they are left out and the adaptive timer stays
 */
struct ktftp_option_limits {
	u32 max_blksize;
	u16 max_windowsize;
	u64 bytes;
	bool honor_timeout;
};

/**
 * struct ktftp_grant - what was agreed on
 * @granted: bit enum ktftp_option is set for each option that the OACK carries; 0: there is no OACK
 * @rollover: the block number after 65535
 * @windowsize: blocks to an acknowledgement
 * @blksize: bytes of a full block
 * @timeout_us: retransmission interval to keep to, 0 when the adaptive timer decides
 */
struct ktftp_grant {
	u8 granted;
	u8 rollover;
	u16 windowsize;
	u32 blksize;
	u32 timeout_us;
};

void ktftp_options_parse(struct ktftp_options *options, const u8 *data, size_t bytes);
void ktftp_options_grant(struct ktftp_grant *grant, const struct ktftp_options *options,
			 const struct ktftp_option_limits *limits);
size_t ktftp_options_oack(u8 out[KTFTP_OACK_MAX], const struct ktftp_grant *grant, u64 bytes);

#endif
