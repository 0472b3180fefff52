/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Very many TFTP clients, each with a download that goes on: each has its address and port, and what it says next.
 * They ask with the option "timeout", so that a server that keeps to it waits for them as they are.
 */
#ifndef KTFTP_SCALE_CROWD_H
#define KTFTP_SCALE_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

/**
 * struct crowd_settings - what is asked for by whom
 * @server: address of the server, in host order
 * @first: address of the first clients
 * @ports: clients of one address
 * @file: name of the file, whose byte number n is n % 251
 * @timeout_s: value of the option "timeout"
 * @interval_s: from one acknowledgement of a slow client to its next
 * @at_once: clients that may be waiting for the answer to their request
 */
struct crowd_settings {
	uint32_t server;
	uint32_t first;
	unsigned int ports;
	const char *file;
	unsigned int timeout_s;
	unsigned int interval_s;
	unsigned int at_once;
};

enum crowd_state {
	CROWD_SILENT,   /* has not asked */
	CROWD_ASKED,    /* no answer yet */
	CROWD_RUNNING,  /* got an answer */
	CROWD_REFUSED,  /* the answer was an ERROR */
	CROWD_COMPLETE, /* got the last block */
};

/**
 * struct crowd_client - one client
 * @state: enum crowd_state
 * @waits: it has sent an acknowledgement and hopes for an answer at once
 * @tid: the server's port
 * @acked: block that it acknowledged last, 0 for the OACK
 * @have: block that came last: @acked or the one after it
 * @sent_ms: when it sent something last
 */
struct crowd_client {
	uint8_t state;
	bool waits;
	uint16_t tid;
	uint16_t acked;
	uint16_t have;
	uint32_t sent_ms;
};

/* What happened since crowd_count_anew(). */
struct crowd_counts {
	uint64_t requests;   /* requests sent, repeats included */
	uint64_t blocks;     /* blocks that came for the first time */
	uint64_t repeated;   /* blocks that came again */
	uint64_t unanswered; /* acknowledgements without an answer for a second, sent again */
	uint64_t wrong;      /* packets that nobody should have sent */
	uint64_t errors;     /* ERROR packets */
};

struct crowd {
	struct crowd_settings settings;
	struct wire wire;
	struct crowd_client *clients;
	unsigned int count;   /* clients in memory */
	unsigned int asked;   /* of these, in order, have asked once */
	unsigned int waiting; /* of these have no answer */
	unsigned int running;
	unsigned int refused;
	unsigned int cursor; /* whose turn is next */
	unsigned int active; /* clients that answer at once; the first ones */
	bool in_turn;        /* an answer gives the turn to the next client */
	struct crowd_counts counts;
	char error[128]; /* text of the last ERROR */
};

int crowd_open(struct crowd *crowd, const struct crowd_settings *settings, const char *device,
	       const uint8_t server_mac[6], unsigned int most);
void crowd_close(struct crowd *crowd);
bool crowd_grow(struct crowd *crowd, unsigned int count, unsigned int seconds);
void crowd_idle(struct crowd *crowd, unsigned int seconds);
void crowd_in_lock_step(struct crowd *crowd, unsigned int active, unsigned int seconds);
void crowd_in_turn(struct crowd *crowd, unsigned int at_once, unsigned int seconds);
void crowd_abort(struct crowd *crowd);
uint32_t crowd_now_ms(void);

#endif
