/* SPDX-License-Identifier: GPL-2.0 */
/* What happened, counted. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"
#include "packet.h"

enum outcome {
	OUTCOME_COMPLETED,
	OUTCOME_NOT_FOUND, /* ERROR 1 */
	OUTCOME_TIMEOUT,
	OUTCOME_ERROR,    /* another ERROR */
	OUTCOME_MISMATCH, /* complete, but not what it should be */
	OUTCOME_REFUSED,  /* an OACK that grants what was not asked */
	OUTCOME_STOPPED,  /* left half-way, as was intended: neither complete nor failed */
	OUTCOME_COUNT,
};

struct results {
	uint64_t begun;
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t not_found_allowed;              /* of those not found */
	uint64_t errors[PACKET_ERROR_COUNT + 1]; /* by code; the last: any higher one */
	/* Counters: results.c has a table of them. */
	uint64_t unanswered; /* of the timeouts: nothing had come at all */
	uint64_t retransmissions;
	uint64_t request_retransmissions; /* of those */
	uint64_t blocks;
	uint64_t bytes;
	uint64_t duplicates;
	uint64_t out_of_order;
	uint64_t gaps;
	uint64_t gap_acks;
	uint64_t strays;
	uint64_t malformed;
	uint64_t mismatched_blocks;
	uint64_t lost_rx;
	uint64_t lost_tx;
	uint64_t duplicated_rx;
	uint64_t duplicated_tx;
	uint64_t reordered_rx;
	uint64_t reordered_tx;
	uint64_t overruns; /* packets that found no receive buffer */
	uint64_t flash_pauses;
	uint64_t last_block_repeats; /* answered while dallying */
	uint64_t probes;             /* sizes asked for and told */
	uint64_t http_connected;
	uint64_t http_refused;
	uint64_t http_timeouts;
	uint64_t send_errors;
	int send_error;               /* the last one's errno */
	struct histogram transfer_ns; /* completed ones */
	struct histogram answer_ns;   /* request, first sending, to the first answer, of whatever kind */
	struct histogram request_ns;  /* request, first sending, to first block */
	struct histogram reply_ns;    /* ACK, first sending, to the next block */
	struct histogram set_ns;      /* all files of a client, once each, whatever came of them, without the pauses */
};

struct results_counter {
	const char *json;
	const char *text; /* told as "N text" when it is not 0; NULL: told in another way */
	size_t offset;    /* of an uint64_t in struct results */
};

/* What belongs to the run as a whole. */
struct run_results {
	uint64_t elapsed_ns;
	uint64_t cpu_ns; /* spent by this process */
	bool interrupted;
};

/* One family of clients. */
struct named_results {
	const char *name;
	uint64_t clients;
	const struct results *results;
};

const struct results_counter *results_counters(size_t *count);
void results_add(struct results *sum, const struct results *one);
uint64_t results_failed(const struct results *results);
uint64_t results_finished(const struct results *results);

#endif
