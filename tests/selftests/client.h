/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TFTP client that can be told to misbehave, and a network namespace with a server for it. It shares no
 * code with the module.
 */
#ifndef KTFTP_TEST_CLIENT_H
#define KTFTP_TEST_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktftp.h"

#define PACKET_MAX 65536
#define WAIT_MS    8000 /* for what must come; generous, the machine may be slow */
#define SILENCE_MS 150  /* for what must not come */

enum { RRQ = 1, WRQ, DATA, ACK, ERROR, OACK };

/* A datagram that arrived. */
struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t length;
	uint16_t opcode;
	uint16_t value; /* block number or error code */
	struct sockaddr_storage from;
	uint16_t from_port;
};

/* A client's socket. */
struct client {
	int fd;
	struct sockaddr_storage server;
	socklen_t server_length;
};

/* namespace.c: a fresh network namespace with the module in it */
extern struct ktftp *k;
const char *fresh_namespace(void);
const char *listen_on(const char *address, uint32_t flags);
int sealed_memfd(const void *bytes, size_t length);
const char *publish_bytes(const char *name, const void *bytes, size_t length);
uint8_t *pattern(size_t length);
uint64_t stat_of(enum ktftp_a_stats which);
bool reaches_at_least(enum ktftp_a_stats which, uint64_t value);
bool reaches(enum ktftp_a_stats which, uint64_t value);
size_t transfers(void);
const char *set_param(const char *name, unsigned int value);
unsigned int get_param(const char *name);

/* client.c */
const char *client_open(struct client *client, const char *address, uint16_t server_port);
const char *client_open_from(struct client *client, const char *address, uint16_t server_port, uint16_t own_port);
void client_close(struct client *client);
const char *client_send(struct client *client, uint16_t port, const void *bytes, size_t length);
const char *client_request(struct client *client, uint16_t opcode, const char *name, const char *mode);
const char *client_ack(struct client *client, uint16_t port, uint16_t block);
const char *client_error(struct client *client, uint16_t port, uint16_t code);
bool client_receive(struct client *client, struct packet *packet, int wait_ms);
bool client_hears_nothing(struct client *client, int wait_ms);
const char *client_download(struct client *client, const char *name, const uint8_t *content, size_t length);
const char *client_expect_data(struct client *client, struct packet *packet, uint16_t block);
const char *client_expect_error(struct client *client, uint16_t code);

#endif
