// SPDX-License-Identifier: GPL-2.0
/* kmod/proto.c on any datagram: it reads nothing beyond, and says about it what a plain reading says. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "proto.h"

static const struct fuzz_seed seeds[] = {
	{ FUZZ_BYTES("\0\1f\0octet\0") },
	/* Three digits after a backslash are one byte: "\0001428" is a NUL and "1428". */
	{ FUZZ_BYTES("\0\1SEP001122334455.cnf.xml\0octet\0blksize\0001428\0tsize\0000\0windowsize\00016\0") },
	{ FUZZ_BYTES("\0\2upload\0NetASCII\0") },
	{ FUZZ_BYTES("\0\1pxelinux.0\0octet\0\xff\xff\xff\xff") },
	{ FUZZ_BYTES("\0\1a\0octet\0\0") },
	{ FUZZ_BYTES("\0\1who\0mail\0") },
	{ FUZZ_BYTES("\0\4\xff\xff") },
	{ FUZZ_BYTES("\0\5\0\1File not found\0") },
	{ FUZZ_BYTES("") },
};

const struct fuzz_target fuzz_target = {
	"no_datagram_is_misread",
	seeds,
	sizeof(seeds) / sizeof(seeds[0]),
};

/* Where the string that begins at @from ends; @size when no NUL follows. */
static size_t nul_from(const uint8_t *data, size_t size, size_t from)
{
	while (from < size && data[from])
		from++;
	return from;
}

static int plain_reading(const uint8_t *data, size_t size, size_t *name_end, size_t *mode_end)
{
	if (size < 2 || data[0] || (data[1] != 1 && data[1] != 2))
		return -ENOMSG;
	*name_end = nul_from(data, size, 2);
	if (*name_end == size || *name_end == 2)
		return -EBADMSG;
	*mode_end = nul_from(data, size, *name_end + 1);
	if (*mode_end == size || *mode_end == *name_end + 1)
		return -EBADMSG;
	return 0;
}

static enum ktftp_mode plain_mode(const uint8_t *mode)
{
	if (!strcasecmp((const char *)mode, "octet"))
		return KTFTP_MODE_OCTET;
	if (!strcasecmp((const char *)mode, "netascii"))
		return KTFTP_MODE_NETASCII;
	return KTFTP_MODE_OTHER;
}

static void check_request(const uint8_t *data, size_t size)
{
	struct ktftp_request rq = {};
	size_t name_end, mode_end;
	int expected = plain_reading(data, size, &name_end, &mode_end);

	FUZZ_CHECK(ktftp_request_parse(&rq, data, size) == expected);
	if (expected)
		return;
	FUZZ_CHECK(rq.opcode == data[1]);
	FUZZ_CHECK(rq.mode == plain_mode(data + name_end + 1));
	FUZZ_CHECK(rq.name == data + 2 && rq.name_bytes == name_end - 2);
	FUZZ_CHECK(rq.options == data + mode_end + 1 && rq.options_bytes == size - mode_end - 1);
}

static void check_header(const uint8_t *data, size_t size)
{
	uint8_t *again = fuzz_room(KTFTP_HEADER_BYTES);
	u16 opcode, value;
	int err = ktftp_proto_header(data, size, &opcode, &value);

	FUZZ_CHECK(err == (size < KTFTP_HEADER_BYTES ? -EBADMSG : 0));
	if (!err) {
		ktftp_proto_put_header(again, opcode, value);
		FUZZ_CHECK(!memcmp(again, data, KTFTP_HEADER_BYTES));
	}
	free(again);
}

/* The input as an ERROR's text, in as much room as its first byte says. */
static void check_error(const uint8_t *data, size_t size)
{
	size_t room = size ? data[0] : 0, bytes;
	char *text = fuzz_room(size + 1);
	uint8_t *out = fuzz_room(room);

	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	bytes = ktftp_proto_error(out, room, KTFTP_ERR_UNDEFINED, text);
	FUZZ_CHECK(bytes <= room && (bytes != 0) == (room >= KTFTP_HEADER_BYTES + 1));
	if (bytes) {
		FUZZ_CHECK(!memcmp(out, "\0\5\0\0", 4) && !out[bytes - 1]);
		FUZZ_CHECK(strlen((char *)out + 4) == bytes - 5);
		FUZZ_CHECK(!memcmp(out + 4, text, bytes - 5));
	}
	free(out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_request(data, size);
	check_header(data, size);
	check_error(data, size);
	return 0;
}
