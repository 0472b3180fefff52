/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that leave together: built one after the other, sent by as few system calls as their sockets allow. */
#ifndef TFTP_OUTBOX_H
#define TFTP_OUTBOX_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "key.h"

#define TFTP_OUTBOX_PACKETS 64
#define TFTP_OUTBOX_BYTES   (512 << 10)
#define TFTP_SEGMENTS_MAX   64    /* DATA packets that one message may be taken apart into */
#define TFTP_DATAGRAM_BYTES 65464 /* of one message, whatever it is taken apart into: UDP's and IP's headers fit */
#define TFTP_CONTROL_BYTES  128

struct engine;
struct tftp_port;
struct tftp_transfer;

/**
 * struct tftp_packet - one message
 * @port: where it leaves from
 * @transfer: whose it is, or NULL
 * @first: its first block; 0 for an OACK and for what is of no transfer
 * @counter: enum ktftp_a_stats that it counts for
 * @packets: DATA packets in it
 * @repeated: how many of them were sent before
 * @payload: their bytes without headers
 * @bytes: of the message
 * @segment: bytes of each packet but the last, when there are several; else 0
 */
struct tftp_packet {
	struct tftp_port *port;
	struct tftp_transfer *transfer;
	uint64_t first;
	int counter;
	uint16_t packets;
	uint16_t repeated;
	uint32_t payload;
	uint32_t bytes;
	uint16_t segment;
};

/**
 * struct tftp_outbox - what was not sent yet
 * @count: messages
 * @used: bytes of @arena
 * @packets: messages
 * @arena: what they say
 * @headers: for sendmmsg()
 * @parts: likewise
 * @names: likewise, whom to
 * @control: likewise, which address from, and how to take them apart
 */
struct tftp_outbox {
	unsigned int count;
	size_t used;
	struct tftp_packet packets[TFTP_OUTBOX_PACKETS];
	uint8_t *arena;
	struct mmsghdr headers[TFTP_OUTBOX_PACKETS];
	struct iovec parts[TFTP_OUTBOX_PACKETS];
	union tftp_sockaddr names[TFTP_OUTBOX_PACKETS];
	struct {
		_Alignas(8) uint8_t bytes[TFTP_CONTROL_BYTES];
	} control[TFTP_OUTBOX_PACKETS];
};

int tftp_outbox_init(struct tftp_outbox *outbox);
void tftp_outbox_free(struct tftp_outbox *outbox);
uint8_t *tftp_outbox_room(struct engine *e, size_t bytes);
void tftp_outbox_add(struct engine *e, const struct tftp_key *key, uint32_t ifindex, const struct tftp_packet *packet);
void tftp_outbox_flush(struct engine *e);

#endif
