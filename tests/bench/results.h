/* SPDX-License-Identifier: GPL-2.0 */
/* What happened, counted, and told as text or JSON. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>
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
	OUTCOME_COUNT,
};

struct results {
	uint64_t begun;
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t errors[PACKET_ERROR_COUNT + 1]; /* by code; the last: any higher one */
	uint64_t retransmissions;
	uint64_t blocks;
	uint64_t bytes;
	uint64_t duplicates;
	uint64_t out_of_order;
	uint64_t strays;
	uint64_t malformed;
	uint64_t mismatched_blocks;
	uint64_t lost_rx;
	uint64_t lost_tx;
	uint64_t send_errors;
	int send_error;               /* the last one's errno */
	struct histogram transfer_ns; /* completed ones */
	struct histogram request_ns;  /* request, first sending, to first block */
	struct histogram reply_ns;    /* ACK, first sending, to the next block */
	uint64_t elapsed_ns;
	uint64_t cpu_ns; /* spent by this process */
	bool interrupted;
};

uint64_t results_failed(const struct results *results, bool allow_not_found);
uint64_t results_finished(const struct results *results);
void results_print(const struct results *results);
void results_print_json(const struct results *results);

#endif
