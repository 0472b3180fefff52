// SPDX-License-Identifier: GPL-2.0
/* kmod/proto.c: requests whole, cut and senseless; headers; ERROR packets in any room. */
#include "unit.h"

#include "proto.h"

/* A request as it comes, and what it says. */
struct sample {
	const char *packet;
	size_t bytes;
	enum ktftp_opcode opcode;
	enum ktftp_mode mode;
	const char *name;
	size_t options_bytes;
};

/* Three digits after a backslash are one byte: "\0001428" is a NUL and "1428". */
static const struct sample samples[] = {
	{ BYTES("\0\1f\0octet\0"), KTFTP_OP_RRQ, KTFTP_MODE_OCTET, "f", 0 },
	{ BYTES("\0\2upload.bin\0octet\0"), KTFTP_OP_WRQ, KTFTP_MODE_OCTET, "upload.bin", 0 },
	{ BYTES("\0\1notes.txt\0NetASCII\0"), KTFTP_OP_RRQ, KTFTP_MODE_NETASCII, "notes.txt", 0 },
	{ BYTES("\0\1who@where\0mail\0"), KTFTP_OP_RRQ, KTFTP_MODE_OTHER, "who@where", 0 },
	{ BYTES("\0\1a\0octet\0blksize\0001428\0tsize\0000\0"), KTFTP_OP_RRQ, KTFTP_MODE_OCTET, "a", 21 },
	{ BYTES("\0\1SEP0011.cnf.xml\0octet\0\0"), KTFTP_OP_RRQ, KTFTP_MODE_OCTET, "SEP0011.cnf.xml", 1 },
	{ BYTES("\0\1pxelinux.0\0octet\0\xff\xff\xff\xff"), KTFTP_OP_RRQ, KTFTP_MODE_OCTET, "pxelinux.0", 4 },
	{ BYTES("\0\1a\0octet\0tsize\0000"), KTFTP_OP_RRQ, KTFTP_MODE_OCTET, "a", 7 },
	{ BYTES("\0\1..\\..\\\x01\x80\xff\0octet\0"), KTFTP_OP_RRQ, KTFTP_MODE_OCTET, "..\\..\\\x01\x80\xff", 0 },
};

/* Parses a copy that ends where the packet ends; @rq stays valid until the copy is freed. */
static int parse(struct ktftp_request *rq, u8 **copy, const void *packet, size_t bytes)
{
	*copy = exact_copy(packet, bytes);
	memset(rq, 0x5a, sizeof(*rq));
	return ktftp_request_parse(rq, *copy, bytes);
}

static int parse_only(const void *packet, size_t bytes)
{
	struct ktftp_request rq;
	u8 *copy;
	int err = parse(&rq, &copy, packet, bytes);

	free(copy);
	return err;
}

static enum ktftp_mode mode_of(const void *packet, size_t bytes)
{
	struct ktftp_request rq;
	u8 *copy;

	assert_int_equal(parse(&rq, &copy, packet, bytes), 0);
	free(copy);
	return rq.mode;
}

static size_t options_at(const struct sample *sample)
{
	return sample->bytes - sample->options_bytes;
}

/* The first @bytes of a sample, which reach at least to its mode's NUL. */
static void assert_says(const struct sample *sample, size_t bytes)
{
	struct ktftp_request rq;
	u8 *copy;

	assert_int_equal(parse(&rq, &copy, sample->packet, bytes), 0);
	assert_int_equal(rq.opcode, sample->opcode);
	assert_int_equal(rq.mode, sample->mode);
	assert_ptr_equal(rq.name, copy + 2);
	assert_int_equal(rq.name_bytes, strlen(sample->name));
	assert_memory_equal(rq.name, sample->name, rq.name_bytes);
	assert_ptr_equal(rq.options, copy + options_at(sample));
	assert_int_equal(rq.options_bytes, bytes - options_at(sample));
	free(copy);
}

CASE(request_is_taken_apart)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++)
		assert_says(&samples[i], samples[i].bytes);
}

CASE(request_cut_anywhere_before_its_end_is_refused)
{
	size_t i, bytes;

	for (i = 0; i < ARRAY_SIZE(samples); i++)
		for (bytes = 0; bytes < options_at(&samples[i]); bytes++)
			assert_int_equal(parse_only(samples[i].packet, bytes), bytes < 2 ? -ENOMSG : -EBADMSG);
}

CASE(request_cut_in_its_options_is_taken)
{
	size_t i, bytes;

	for (i = 0; i < ARRAY_SIZE(samples); i++)
		for (bytes = options_at(&samples[i]); bytes <= samples[i].bytes; bytes++)
			assert_says(&samples[i], bytes);
}

CASE(longest_request_is_taken_and_one_without_nul_refused)
{
	u8 packet[KTFTP_REQUEST_MAX] = { 0, KTFTP_OP_RRQ };

	memset(packet + 2, 'n', sizeof(packet) - 2);
	assert_int_equal(parse_only(packet, sizeof(packet)), -EBADMSG);
	memcpy(packet + sizeof(packet) - 7, "\0octet", 7);
	assert_int_equal(mode_of(packet, sizeof(packet)), KTFTP_MODE_OCTET);
}

CASE(only_opcodes_1_and_2_are_requests)
{
	u8 packet[] = "\0\0name\0octet";
	u32 opcode;

	for (opcode = 0; opcode <= 0xffff; opcode += opcode < 512 ? 1 : STEP(127)) {
		packet[0] = opcode >> 8;
		packet[1] = opcode & 0xff;
		assert_int_equal(parse_only(packet, sizeof(packet)), opcode == 1 || opcode == 2 ? 0 : -ENOMSG);
	}
}

CASE(missing_parts_are_refused)
{
	static const struct {
		const char *packet;
		size_t bytes;
	} table[] = {
		{ BYTES("\0\1") },
		{ BYTES("\0\2") },
		{ BYTES("\0\1\0") },
		{ BYTES("\0\1\0\0") },
		{ BYTES("\0\1\0octet\0") },
		{ BYTES("\0\1\0\0octet\0") },
		{ BYTES("\0\1name") },
		{ BYTES("\0\1name\0") },
		{ BYTES("\0\1name\0\0") },
		{ BYTES("\0\1name\0octet") },
		{ BYTES("\0\1nameoctet\0") },
		{ BYTES("\0\1name\0\0octet\0") },
		{ BYTES("\0\1name\377octet\377") },
		{ BYTES("\0\1name\0octet\xff\xff\xff") },
		{ BYTES("\0\1\xff\xff\xff\xff\xff") },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(parse_only(table[i].packet, table[i].bytes), -EBADMSG);
}

/* A read request for "f" whose mode is @word. */
static enum ktftp_mode mode_named(const char *word, size_t bytes)
{
	u8 packet[64] = { 0, KTFTP_OP_RRQ, 'f' };

	assert_true(bytes < sizeof(packet) - 5);
	memcpy(packet + 4, word, bytes);
	return mode_of(packet, 4 + bytes + 1);
}

/* Bit n of @capitals is the case of letter n. */
static void assert_mode_in_case(const char *word, unsigned int capitals, enum ktftp_mode mode)
{
	char mixed[16] = "";
	size_t i;

	for (i = 0; word[i]; i++)
		mixed[i] = capitals >> i & 1 ? word[i] - 'a' + 'A' : word[i];
	assert_int_equal(mode_named(mixed, strlen(word)), mode);
}

CASE(modes_are_known_in_any_case)
{
	unsigned int capitals;

	for (capitals = 0; capitals < 1 << 5; capitals++)
		assert_mode_in_case("octet", capitals, KTFTP_MODE_OCTET);
	for (capitals = 0; capitals < 1 << 8; capitals++)
		assert_mode_in_case("netascii", capitals, KTFTP_MODE_NETASCII);
}

CASE(mode_with_any_other_letter_is_another_mode)
{
	char word[] = "octet";
	size_t at;
	int c;

	for (at = 0; at < 5; at++) {
		for (c = 1; c < 256; c++) {
			const bool same = c == "octet"[at] || c == "OCTET"[at];

			word[at] = c;
			assert_int_equal(mode_named(word, 5), same ? KTFTP_MODE_OCTET : KTFTP_MODE_OTHER);
		}
		word[at] = "octet"[at];
	}
}

CASE(longer_and_shorter_modes_are_other_modes)
{
	static const char *const words[] = {
		"o",         "octe",         "octets", "octet ", " octet", "octetoctet", "netasci",
		"netasciii", "netascii\xff", "mail",   "binary", "image",  "ascii",      "octet\xff\xff",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(mode_named(words[i], strlen(words[i])), KTFTP_MODE_OTHER);
}

CASE(header_has_network_order)
{
	u8 *out = exact_room(KTFTP_HEADER_BYTES);
	u16 opcode, value;

	ktftp_proto_put_header(out, KTFTP_OP_DATA, 0x1234);
	assert_memory_equal(out, "\0\3\x12\x34", 4);
	free(out);

	out = exact_copy("\x02\x04\xfe\xdc", 4);
	assert_int_equal(ktftp_proto_header(out, 4, &opcode, &value), 0);
	assert_int_equal(opcode, 0x0204);
	assert_int_equal(value, 0xfedc);
	free(out);
}

CASE(header_comes_back_as_it_was_put)
{
	u8 *packet = exact_room(KTFTP_HEADER_BYTES);
	u32 put_opcode, put_value;
	u16 opcode, value;

	for (put_opcode = KTFTP_OP_RRQ; put_opcode <= KTFTP_OP_OACK; put_opcode++) {
		for (put_value = 0; put_value <= 0xffff; put_value++) {
			ktftp_proto_put_header(packet, put_opcode, put_value);
			assert_int_equal(ktftp_proto_header(packet, KTFTP_HEADER_BYTES, &opcode, &value), 0);
			assert_int_equal(opcode, put_opcode);
			assert_int_equal(value, put_value);
		}
	}
	free(packet);
}

CASE(header_shorter_than_four_bytes_is_refused)
{
	u16 opcode = 7, value = 8;
	size_t bytes;
	u8 *packet;

	for (bytes = 0; bytes < KTFTP_HEADER_BYTES; bytes++) {
		packet = exact_copy("\0\4\0\1", bytes);
		assert_int_equal(ktftp_proto_header(packet, bytes, &opcode, &value), -EBADMSG);
		free(packet);
	}
	assert_int_equal(opcode, 7);
	assert_int_equal(value, 8);
}

CASE(error_is_header_text_and_nul)
{
	u8 out[64];

	assert_int_equal(ktftp_proto_error(out, sizeof(out), KTFTP_ERR_NOT_FOUND, "File not found"), 19);
	assert_memory_equal(out, "\0\5\0\1File not found", 19);
	assert_int_equal(ktftp_proto_error(out, sizeof(out), KTFTP_ERR_OPTION, ""), 5);
	assert_memory_equal(out, "\0\5\0\10", 5);
}

/* @text in exactly @room bytes: cut to what fits, ended by a NUL, nothing written beyond. */
static void assert_error_fits(const char *text, size_t room)
{
	u8 *out = exact_room(room);
	size_t bytes = ktftp_proto_error(out, room, KTFTP_ERR_ACCESS, text);
	size_t cut = strlen(text) < KTFTP_ERROR_TEXT_MAX ? strlen(text) : KTFTP_ERROR_TEXT_MAX;

	if (room < 5) {
		assert_int_equal(bytes, 0);
		free(out);
		return;
	}
	cut = cut < room - 5 ? cut : room - 5;
	assert_int_equal(bytes, 4 + cut + 1);
	assert_memory_equal(out, "\0\5\0\2", 4);
	assert_memory_equal(out + 4, text, cut);
	assert_int_equal(out[bytes - 1], 0);
	free(out);
}

CASE(error_is_cut_to_any_room)
{
	char text[KTFTP_ERROR_TEXT_MAX + 3] = "";
	size_t length, room;

	for (length = 0; length < sizeof(text); length++) {
		for (room = length % STEP(7); room < sizeof(text) + 8; room += STEP(7))
			assert_error_fits(text, room);
		if (length < sizeof(text) - 1)
			text[length] = 'a' + length % 26;
	}
}

CASE(error_text_has_a_greatest_length)
{
	u8 out[1024];
	char text[513];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(ktftp_proto_error(out, sizeof(out), KTFTP_ERR_UNDEFINED, text), 4 + KTFTP_ERROR_TEXT_MAX + 1);
	assert_int_equal(strlen((char *)out + 4), KTFTP_ERROR_TEXT_MAX);
}

static struct unit_case cases[] = {
	RUN(request_is_taken_apart),
	RUN(request_cut_anywhere_before_its_end_is_refused),
	RUN(request_cut_in_its_options_is_taken),
	RUN(longest_request_is_taken_and_one_without_nul_refused),
	RUN(only_opcodes_1_and_2_are_requests),
	RUN(missing_parts_are_refused),
	RUN(modes_are_known_in_any_case),
	RUN(mode_with_any_other_letter_is_another_mode),
	RUN(longer_and_shorter_modes_are_other_modes),
	RUN(header_has_network_order),
	RUN(header_comes_back_as_it_was_put),
	RUN(header_shorter_than_four_bytes_is_refused),
	RUN(error_is_header_text_and_nul),
	RUN(error_is_cut_to_any_room),
	RUN(error_text_has_a_greatest_length),
	{},
};

SUITE(proto, cases);
