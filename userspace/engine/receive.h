/* SPDX-License-Identifier: GPL-2.0 */
/* Datagrams as they arrive. */
#ifndef TFTP_RECEIVE_H
#define TFTP_RECEIVE_H

#include "port.h"
#include "proto.h"

#define TFTP_DATAGRAM_ROOM (KTFTP_REQUEST_MAX + 1)

/**
 * struct tftp_inbox - room for a batch of datagrams
 * @headers: for recvmmsg()
 * @parts: likewise
 * @names: likewise, who sent it
 * @control: likewise, to which of our addresses
 * @bytes: likewise, what it says; one byte more than a request has
 */
struct tftp_inbox {
	struct mmsghdr headers[TFTP_BATCH];
	struct iovec parts[TFTP_BATCH];
	union tftp_sockaddr names[TFTP_BATCH];
	struct {
		_Alignas(8) uint8_t bytes[TFTP_CONTROL_BYTES];
	} control[TFTP_BATCH];
	uint8_t bytes[TFTP_BATCH][TFTP_DATAGRAM_ROOM];
};

/**
 * struct tftp_datagram - a datagram: who sent it to whom, and what it says
 * @port: where it arrived
 * @key: who talks to whom
 * @broadcast: it was not sent to us alone
 * @data: what it says
 * @bytes: its length, more than there is when it was cut
 */
struct tftp_datagram {
	struct tftp_port *port;
	struct tftp_key key;
	bool broadcast;
	const uint8_t *data;
	size_t bytes;
};

/* request.c */
void tftp_request(const struct tftp_datagram *in);
uint64_t tftp_request_hash(const struct engine *e, const uint8_t *data, size_t bytes);

#endif
