/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One file being received, as a pure state machine: a packet goes in, what to answer comes out. Sockets,
 * clocks and contents are the caller's.
 */
#ifndef BENCH_DOWNLOAD_H
#define BENCH_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

/* What a client does about a block that lies behind a missing one. */
enum gap_policy {
	GAP_ONCE,  /* acknowledges what it has, once per gap */
	GAP_EACH,  /* for each that is not the next one, repeated ones included */
	GAP_NEVER, /* waits for its timer */
};

/* What it does about a block that it has already. */
enum duplicate_policy {
	DUPLICATE_ACK,    /* acknowledges it again; with windows, where a window ends */
	DUPLICATE_ONCE,   /* acknowledges what it has, once before the next block comes */
	DUPLICATE_IGNORE, /* waits for its timer */
};

struct download_policy {
	enum gap_policy gap;
	enum duplicate_policy duplicate;
	bool ack_every_block;
};

struct download {
	struct packet_options ask;
	struct download_policy policy;
	struct packet_options granted;
	bool has_oack;
	unsigned int blksize;
	unsigned int windowsize;
	/* Blocks are counted from 1 and never wrap here. */
	uint64_t next;       /* the first one that is not here yet */
	uint64_t previous;   /* the one that came last, in order or not */
	uint64_t window_end; /* the one at which the server waits for an ACK */
	uint64_t limit;      /* the last one that our ACKs allow the server to send */
	bool done;           /* the last one is here */
	bool in_gap;
	bool gap_told;
	uint64_t bytes;
};

enum download_action {
	DOWNLOAD_WAIT,   /* nothing to say */
	DOWNLOAD_ACK,    /* acknowledge .block */
	DOWNLOAD_FINISH, /* the same, and the file is here */
	DOWNLOAD_REFUSE, /* ERROR 8: the server granted what was not asked */
	DOWNLOAD_FAIL,   /* the server said ERROR .block */
};

/* What the packet was. */
enum download_event {
	DOWNLOAD_OTHER,
	DOWNLOAD_BLOCK, /* the next block, its payload to be taken */
	DOWNLOAD_DUPLICATE,
	DOWNLOAD_AHEAD, /* a block behind the next one, which is missing */
	DOWNLOAD_MALFORMED,
};

struct download_step {
	enum download_action action;
	enum download_event event;
	uint16_t block;
	bool new_gap; /* DOWNLOAD_AHEAD, for the first time behind this one */
};

void download_init(struct download *download, const struct packet_options *ask, const struct download_policy *policy);
bool download_may_open(const struct packet *packet);
struct download_step download_take(struct download *download, const struct packet *packet);
uint16_t download_repeat(struct download *download);

#endif
