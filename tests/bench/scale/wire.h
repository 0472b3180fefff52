/* SPDX-License-Identifier: GPL-2.0 */
/*
 * UDP over IPv4 over Ethernet through one packet socket, for very many addresses and ports that are nobody's: they
 * need no sockets of their own. Packets out are kept until they are flushed, or many.
 */
#ifndef KTFTP_SCALE_WIRE_H
#define KTFTP_SCALE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define WIRE_BATCH 64   /* packets to a system call */
#define WIRE_FRAME 2048 /* bytes of the longest frame */

/* Who sent a datagram to whom, in host order, and what it says. */
struct wire_datagram {
	uint32_t from;
	uint32_t to;
	uint16_t from_port;
	uint16_t to_port;
	const uint8_t *data;
	size_t bytes;
};

struct wire {
	int fd;
	uint8_t own_mac[6];
	uint8_t server_mac[6];
	unsigned int waiting;  /* frames in out */
	unsigned long dropped; /* that this host did not take */
	struct mmsghdr out_messages[WIRE_BATCH];
	struct iovec out_parts[WIRE_BATCH];
	uint8_t out[WIRE_BATCH][WIRE_FRAME];
	struct mmsghdr in_messages[WIRE_BATCH];
	struct iovec in_parts[WIRE_BATCH];
	uint8_t in[WIRE_BATCH][WIRE_FRAME];
};

int wire_open(struct wire *wire, const char *device, const uint8_t server_mac[6]);
void wire_close(struct wire *wire);
void wire_send(struct wire *wire, const struct wire_datagram *datagram);
void wire_flush(struct wire *wire);
int wire_receive(struct wire *wire, int wait_ms, void (*take)(void *context, const struct wire_datagram *datagram),
		 void *context);

#endif
