/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure TFTP: requests taken apart, small packets put together. No kernel state and no allocation, so the
 * module, user space, the fuzzers and the unit tests build this same code.
 */
#ifndef KTFTP_PROTO_H
#define KTFTP_PROTO_H

#include <linux/types.h>

#define KTFTP_PORT		69	/* where servers listen, RFC 1350 section 4 */
#define KTFTP_BLKSIZE_DEFAULT	512	/* bytes of a full DATA block without options, RFC 1350 section 5 */
#define KTFTP_HEADER_BYTES	4	/* opcode and block number (DATA, ACK) or error code (ERROR) */
#define KTFTP_REQUEST_MAX	1500	/* bytes; RFC 2347 says 512, some clients pad beyond it */
#define KTFTP_ERROR_TEXT_MAX	128	/* bytes of the text in an ERROR, its NUL not counted */

enum ktftp_opcode {
	KTFTP_OP_RRQ	= 1,
	KTFTP_OP_WRQ	= 2,
	KTFTP_OP_DATA	= 3,
	KTFTP_OP_ACK	= 4,
	KTFTP_OP_ERROR	= 5,
	KTFTP_OP_OACK	= 6,
};

/* RFC 1350 appendix, RFC 2347 for 8. */
enum ktftp_error {
	KTFTP_ERR_UNDEFINED	= 0,
	KTFTP_ERR_NOT_FOUND	= 1,
	KTFTP_ERR_ACCESS	= 2,
	KTFTP_ERR_DISK_FULL	= 3,
	KTFTP_ERR_ILLEGAL	= 4,
	KTFTP_ERR_UNKNOWN_TID	= 5,
	KTFTP_ERR_EXISTS	= 6,
	KTFTP_ERR_NO_USER	= 7,
	KTFTP_ERR_OPTION	= 8,
};

enum ktftp_mode {
	KTFTP_MODE_OCTET,
	KTFTP_MODE_NETASCII,
	KTFTP_MODE_OTHER,	/* "mail" and whatever else somebody writes */
};

/**
 * struct ktftp_request - an RRQ or WRQ taken apart
 * @opcode: KTFTP_OP_RRQ or KTFTP_OP_WRQ
 * @mode: transfer mode
 * @name: file name as it was sent, inside the datagram, not terminated
 * @name_bytes: its length, at least 1
 * @options: what follows the mode's NUL, inside the datagram: options, padding or junk
 * @options_bytes: its length, often 0
 */
struct ktftp_request {
	enum ktftp_opcode opcode;
	enum ktftp_mode mode;
	const u8 *name;
	size_t name_bytes;
	const u8 *options;
	size_t options_bytes;
};

/**
 * struct ktftp_cursor - a place in a datagram that can only move forward
 * @at: where it is
 * @end: where the datagram ends
 */
struct ktftp_cursor {
	const u8 *at;
	const u8 *end;
};

bool ktftp_cursor_string(struct ktftp_cursor *c, const u8 **text, size_t *bytes);
bool ktftp_proto_is_word(const u8 *text, size_t bytes, const char *word);
int ktftp_request_parse(struct ktftp_request *rq, const u8 *data, size_t bytes);
int ktftp_proto_header(const u8 *data, size_t bytes, u16 *opcode, u16 *value);
void ktftp_proto_put_header(u8 *out, enum ktftp_opcode opcode, u16 value);
size_t ktftp_proto_error(u8 *out, size_t room, enum ktftp_error code, const char *text);
bool ktftp_proto_would_loop(u16 port);

#endif
