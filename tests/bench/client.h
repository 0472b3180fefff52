/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client: a socket, one download at a time, a deadline. It does not choose what to download next: when a
 * download has ended it rests, and its owner (load.c) begins another one.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <netinet/in.h>
#include <stdint.h>
#include <time.h>

#include "buffers.h"
#include "download.h"
#include "options.h"
#include "reference.h"
#include "results.h"
#include "timers.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* What all clients share. */
struct scene {
	const struct options *options;
	union address server;
	socklen_t server_bytes;
	uint64_t random;
	int poll_fd;
	uint8_t packet[PACKET_BYTES_MAX + 1]; /* what arrives, one at a time */
};

/* What the clients of one family share. */
struct family {
	const struct habits *habits;
	struct packet_options ask;
	struct download_policy policy;
	struct reference *references; /* one per file, or NULL */
	const char *folder;           /* with a copy of every file, or NULL */
	unsigned int clients;
	struct results results;
};

enum client_state {
	CLIENT_RESTING,    /* no transfer; its owner says what is next */
	CLIENT_PAUSING,    /* no transfer before wake_ns */
	CLIENT_CONNECTING, /* tries HTTP, until wake_ns */
	CLIENT_WAITING,    /* for a packet, until wake_ns */
	CLIENT_THINKING,   /* has an answer, will send it at wake_ns */
	CLIENT_DALLYING,   /* has everything, stays until wake_ns */
	CLIENT_DONE,       /* has had enough */
};

/* A packet that the network holds back. */
struct held {
	uint64_t until_ns; /* TIMER_NEVER: there is none */
	union address other;
	uint8_t *packet; /* NULL: it holds none of that direction */
	size_t bytes;
	size_t room;
};

struct client {
	struct scene *scene;
	struct family *family;
	unsigned int index;
	enum client_state state;
	struct timer timer;
	uint64_t wake_ns;
	uint64_t transfers; /* begun */
	unsigned int file;
	int failure; /* a negative error that ends the run */

	int fd;
	union address peer; /* the server, at the port of this transfer once that is known */
	bool peer_known;
	struct held in;
	struct held out;
	uint8_t out_room[PACKET_HEADER_BYTES];
	struct buffers buffers;

	const struct reference *reference;
	struct reference copy; /* in the folder: it is the reference then */
	struct download download;
	bool probing; /* wants the size alone */
	bool mismatch;
	bool finishing;                     /* the answer being thought about is the last one */
	uint8_t packet[PACKET_REQUEST_MAX]; /* sent last, and again after a timeout */
	size_t packet_bytes;
	unsigned int sends; /* of that, without anything new */
	uint64_t begun_ns;
	uint64_t set_ns;   /* that all transfers took until now, without the pauses between them */
	uint64_t file_ns;  /* when the transfer that is under way was begun, HTTP included */
	uint64_t asked_ns; /* when the block that comes next was asked for; 0: it was not */
};

int client_init(struct client *client, struct scene *scene, struct family *family, unsigned int index);
void client_fini(struct client *client);
void client_begin(struct client *client, unsigned int file, uint64_t now_ns);
void client_read(struct client *client);
void client_wake(struct client *client, uint64_t now_ns);
uint64_t client_deadline(const struct client *client);

/* Whether it takes what arrives. */
static inline bool client_listens(const struct client *client)
{
	return client->state == CLIENT_WAITING || client->state == CLIENT_DALLYING;
}

static inline uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static inline uint64_t clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

#endif
