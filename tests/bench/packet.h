/* SPDX-License-Identifier: GPL-2.0 */
/* TFTP packets as a client writes and reads them (RFC 1350, 2347, 2348, 2349, 7440). */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_HEADER_BYTES 4
#define PACKET_BLOCK_MAX    65464
#define PACKET_BYTES_MAX    (PACKET_HEADER_BYTES + PACKET_BLOCK_MAX)
#define PACKET_REQUEST_MAX  768 /* RFC 2347 says 512; a longer name is the server's to judge */

enum packet_type {
	PACKET_RRQ = 1,
	PACKET_DATA = 3,
	PACKET_ACK = 4,
	PACKET_ERROR = 5,
	PACKET_OACK = 6,
};

enum packet_error {
	PACKET_ERROR_OTHER = 0,
	PACKET_ERROR_NOT_FOUND = 1,
	PACKET_ERROR_UNKNOWN_TID = 5,
	PACKET_ERROR_OPTIONS = 8,
	PACKET_ERROR_COUNT = 9,
};

#define PACKET_BLKSIZE    512
#define PACKET_WINDOWSIZE 1

/* What a request asks for, or an OACK grants. 0 and false: not mentioned. */
struct packet_options {
	unsigned int blksize;
	unsigned int windowsize;
	unsigned int timeout_s;
	bool has_tsize;
	uint64_t tsize;
	bool has_rollover;
	unsigned int rollover;
};

struct packet {
	enum packet_type type;
	uint16_t number;     /* DATA, ACK: block; ERROR: code */
	const uint8_t *body; /* DATA: payload; OACK: names and values */
	size_t body_bytes;
};

size_t packet_request(uint8_t out[PACKET_REQUEST_MAX], const char *file, const char *mode,
		      const struct packet_options *ask);
size_t packet_add(uint8_t out[PACKET_REQUEST_MAX], size_t bytes, const char *text);
size_t packet_ack(uint8_t *out, uint16_t block);
size_t packet_error(uint8_t *out, enum packet_error code, const char *text);
bool packet_parse(const uint8_t *data, size_t bytes, struct packet *packet);
bool packet_parse_oack(const struct packet *packet, struct packet_options *granted);

#endif
