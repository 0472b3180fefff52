/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client that downloads by windows (RFC 7440): one that a test leads by the hand, block by block, or lets run
 * with habits that clients have. It checks every byte.
 */
#ifndef KTFTP_TEST_RECEIVER_H
#define KTFTP_TEST_RECEIVER_H

#include "client.h"

#define SERVER       "127.0.0.1"
#define SERVER6      "::1"

/* A file of so many blocks of 512 bytes, the last of them not full. */
#define OF_BLOCKS(n) ((n)*512 - 12)

/* A timeout, in seconds, that no test waits for: with it nothing is sent again but what an ACK asks for. */
#define NO_TIMEOUT_S 60

/* What is asked for, and has to be granted; 0 where an option is left out. */
struct terms {
	size_t length; /* of the file */
	size_t at;     /* where it begins in what is held */
	unsigned int blksize;
	unsigned int windowsize;
	unsigned int rollover;
	unsigned int timeout_s;
};

/* What a client does when a block comes that it does not expect. */
enum on_gap {
	GAP_ONCE,    /* acknowledges the last one in order, but only once there */
	GAP_EACH,    /* every time */
	GAP_IGNORED, /* waits until nothing comes any more */
};

struct habits {
	enum on_gap on_gap;
	bool every_block;     /* acknowledges each block */
	unsigned int copies;  /* of each acknowledgement, besides the first */
	unsigned int buffers; /* for packets, 0 for as many as come */
	unsigned int work_us; /* for a packet, before its buffer is free again */
	unsigned int patience_ms;
};

/* What became of a packet that was waited for. */
enum taken {
	NOTHING,   /* nothing came */
	IN_ORDER,  /* the block that was expected, or the OACK */
	NOT_NEXT,  /* another block */
	GOODBYE,   /* an ERROR */
	UNCHECKED, /* neither, or wrong bytes: the test fails */
};

/**
 * struct receiver - a download by windows
 * @base: blocks acknowledged last: the window begins behind them
 * @blocks: blocks taken, all in order
 * @number: of the last of them, on the wire
 * @all: the last one was short
 * @packets: DATA that arrived, with copies
 * @arrived_us: when the packet taken last came to this host
 */
struct receiver {
	struct client client;
	struct terms terms;
	uint8_t *content;
	uint16_t tid;
	uint64_t base;
	uint64_t blocks;
	uint16_t number;
	bool all;
	uint64_t packets;
	uint64_t arrived_us;
	struct packet packet;
};

const char *receiver_serve(const struct terms *terms, const char *address, uint32_t listener_flags);
const char *receiver_ask(struct receiver *r, const struct terms *terms, const char *address);
const char *receiver_begin(struct receiver *r, const struct terms *terms);
void receiver_end(struct receiver *r);
enum taken receiver_take(struct receiver *r, int wait_ms);
const char *receiver_take_to(struct receiver *r, uint64_t block);
const char *receiver_ack(struct receiver *r);
const char *receiver_reach(struct receiver *r, const struct terms *terms, uint64_t block);
const char *receiver_ack_of(struct receiver *r, uint64_t block);
const char *receiver_run(struct receiver *r, const struct habits *habits);
uint64_t receiver_blocks(const struct receiver *r);
uint16_t receiver_number(const struct receiver *r, uint64_t block);
const char *receiver_finish(struct receiver *r);

struct terms plain_terms(size_t length, unsigned int windowsize);
uint64_t blocks_sent(void);
uint64_t blocks_repeated(void);
bool none_left(void);
uint64_t settled(void);

#endif
