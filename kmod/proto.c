// SPDX-License-Identifier: GPL-2.0
/*
 * Pure TFTP: requests taken apart, small packets put together. Callers are in softirq in the module; every
 * length comes from the network and is checked before use.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "proto.h"

/**
 * ktftp_cursor_string() - take the bytes up to the next NUL
 * @c: where to look; moves behind the NUL
 * @text: where a pointer to them goes
 * @bytes: where their number goes, the NUL not counted
 *
 * Context: any. Return: false when no NUL is left.
 */
bool ktftp_cursor_string(struct ktftp_cursor *c, const u8 **text, size_t *bytes)
{
	const u8 *nul = memchr(c->at, 0, c->end - c->at);

	if (!nul)
		return false;
	*text = c->at;
	*bytes = nul - c->at;
	c->at = nul + 1;
	return true;
}

static u8 lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/**
 * ktftp_proto_is_word() - is this the word, in any combination of upper and lower case
 * @text: what was sent, not terminated
 * @bytes: its length
 * @word: the word, in lower case
 *
 * RFC 1350 section 5 for modes, RFC 2347 for options.
 */
bool ktftp_proto_is_word(const u8 *text, size_t bytes, const char *word)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		if (!word[i] || lower(text[i]) != (u8)word[i])
			return false;
	return !word[i];
}

static enum ktftp_mode mode_of(const u8 *text, size_t bytes)
{
	if (ktftp_proto_is_word(text, bytes, "octet"))
		return KTFTP_MODE_OCTET;
	if (ktftp_proto_is_word(text, bytes, "netascii"))
		return KTFTP_MODE_NETASCII;
	return KTFTP_MODE_OTHER;
}

/**
 * ktftp_request_parse() - take an RRQ or WRQ apart
 * @rq: where the parts go; they point into @data
 * @data: UDP payload
 * @bytes: its length
 *
 * RFC 1350 section 5, RFC 2347. What follows the mode is for ktftp_options_parse().
 *
 * Context: any. Return: 0; -EBADMSG when it is an RRQ or WRQ that lacks a name, a mode or a NUL;
 * -ENOMSG when it is something else, which a listening port never answers.
 */
int ktftp_request_parse(struct ktftp_request *rq, const u8 *data, size_t bytes)
{
	struct ktftp_cursor c = { .at = data, .end = data + bytes };
	const u8 *mode;
	size_t mode_bytes;
	u16 opcode;

	if (bytes < sizeof(opcode))
		return -ENOMSG;
	opcode = get_unaligned_be16(c.at);
	if (opcode != KTFTP_OP_RRQ && opcode != KTFTP_OP_WRQ)
		return -ENOMSG;
	c.at += sizeof(opcode);

	if (!ktftp_cursor_string(&c, &rq->name, &rq->name_bytes) || !rq->name_bytes)
		return -EBADMSG;
	if (!ktftp_cursor_string(&c, &mode, &mode_bytes) || !mode_bytes)
		return -EBADMSG;
	rq->opcode = opcode;
	rq->mode = mode_of(mode, mode_bytes);
	rq->options = c.at;
	rq->options_bytes = c.end - c.at;
	return 0;
}

/**
 * ktftp_proto_header() - the first four bytes of a DATA, ACK or ERROR
 * @data: UDP payload
 * @bytes: its length
 * @opcode: where the opcode goes
 * @value: where the block number or error code goes
 *
 * Context: any. Return: 0, or -EBADMSG when the datagram is shorter than that.
 */
int ktftp_proto_header(const u8 *data, size_t bytes, u16 *opcode, u16 *value)
{
	if (bytes < KTFTP_HEADER_BYTES)
		return -EBADMSG;
	*opcode = get_unaligned_be16(data);
	*value = get_unaligned_be16(data + 2);
	return 0;
}

/**
 * ktftp_proto_put_header() - write the first four bytes of a DATA, ACK or ERROR
 * @out: room for KTFTP_HEADER_BYTES
 * @opcode: opcode
 * @value: block number or error code
 */
void ktftp_proto_put_header(u8 *out, enum ktftp_opcode opcode, u16 value)
{
	put_unaligned_be16(opcode, out);
	put_unaligned_be16(value, out + 2);
}

/**
 * ktftp_proto_error() - write an ERROR packet, RFC 1350 section 5
 * @out: where it goes
 * @room: bytes there
 * @code: error code
 * @text: what a person reads on the phone's display; cut to what fits
 *
 * Context: any. Return: length of the packet in bytes, 0 when not even the header and a NUL fit.
 */
size_t ktftp_proto_error(u8 *out, size_t room, enum ktftp_error code, const char *text)
{
	size_t bytes = strlen(text);

	if (room < KTFTP_HEADER_BYTES + 1)
		return 0;
	if (bytes > KTFTP_ERROR_TEXT_MAX)
		bytes = KTFTP_ERROR_TEXT_MAX;
	if (bytes > room - KTFTP_HEADER_BYTES - 1)
		bytes = room - KTFTP_HEADER_BYTES - 1;
	ktftp_proto_put_header(out, KTFTP_OP_ERROR, code);
	memcpy(out + KTFTP_HEADER_BYTES, text, bytes);
	out[KTFTP_HEADER_BYTES + bytes] = 0;
	return KTFTP_HEADER_BYTES + bytes + 1;
}

/**
 * ktftp_proto_would_loop() - is a port one of services that answer whatever they get, or of TFTP servers
 * @port: port that a request came from
 *
 * A request that pretends to come from there asks for two machines to talk to each other.
 *
 * Context: any.
 */
bool ktftp_proto_would_loop(u16 port)
{
	switch (port) {
	case 0:
	case 7:		/* echo */
	case 13:	/* daytime */
	case 17:	/* quote of the day */
	case 19:	/* character generator */
	case 37:	/* time */
	case 53:	/* DNS */
	case 69:	/* TFTP */
	case 123:	/* NTP */
		return true;
	default:
		return false;
	}
}
