/* SPDX-License-Identifier: GPL-2.0 */
/* A client's socket, and what a bad network does to the packets that pass it, either way. */
#ifndef BENCH_NETWORK_H
#define BENCH_NETWORK_H

#include "client.h"

struct arrival {
	union address from;
	const uint8_t *packet;
	size_t bytes;
	uint64_t came_ns;
};

enum network_result {
	NETWORK_EMPTY, /* nothing to read */
	NETWORK_GONE,  /* lost, or held back */
	NETWORK_ARRIVED,
};

int network_init(struct client *client);
void network_fini(struct client *client);
int network_open(struct client *client);
void network_close(struct client *client);
void network_listen(struct client *client, bool listen);
void network_send(struct client *client, const union address *to, const uint8_t *packet, size_t bytes, uint64_t now_ns);
enum network_result network_receive(struct client *client, struct arrival *arrival);
void network_release(struct client *client, uint64_t now_ns);
bool network_take_held(struct client *client, struct arrival *arrival, uint64_t now_ns);
/* Where the client sends from, as far as its habits say. False when what they say is no address of the server's family. */
bool network_source(const struct client *client, union address *local);
in_port_t *network_port(union address *address);
bool network_same_host(const union address *a, const union address *b);

#endif
