// SPDX-License-Identifier: GPL-2.0
#include "results.h"

#define FIELD(name) offsetof(struct results, name)

static const struct results_counter counters[] = {
	{ "timeouts_unanswered", NULL, FIELD(unanswered) },
	{ "retransmissions", NULL, FIELD(retransmissions) },
	{ "request_retransmissions", "of them requests", FIELD(request_retransmissions) },
	{ "blocks", NULL, FIELD(blocks) },
	{ "bytes", NULL, FIELD(bytes) },
	{ "duplicate_blocks", "duplicate blocks", FIELD(duplicates) },
	{ "out_of_order_blocks", "blocks out of order", FIELD(out_of_order) },
	{ "gaps", "gaps", FIELD(gaps) },
	{ "gap_acks", "ACKs because of a gap", FIELD(gap_acks) },
	{ "strays", "strays", FIELD(strays) },
	{ "malformed", "malformed", FIELD(malformed) },
	{ "mismatched_blocks", "blocks with wrong content", FIELD(mismatched_blocks) },
	{ "lost_rx", "dropped on arrival", FIELD(lost_rx) },
	{ "lost_tx", "dropped on sending", FIELD(lost_tx) },
	{ "duplicated_rx", "doubled on arrival", FIELD(duplicated_rx) },
	{ "duplicated_tx", "doubled on sending", FIELD(duplicated_tx) },
	{ "reordered_rx", "held back on arrival", FIELD(reordered_rx) },
	{ "reordered_tx", "held back on sending", FIELD(reordered_tx) },
	{ "overruns", "without a receive buffer", FIELD(overruns) },
	{ "flash_pauses", "flash pauses", FIELD(flash_pauses) },
	{ "last_block_repeats", "repeats of a last block answered", FIELD(last_block_repeats) },
	{ "probes", "sizes asked for", FIELD(probes) },
	{ "http_connected", "connected for HTTP", FIELD(http_connected) },
	{ "http_refused", "HTTP refused", FIELD(http_refused) },
	{ "http_timeouts", "HTTP timed out", FIELD(http_timeouts) },
	{ "send_errors", "could not be sent", FIELD(send_errors) },
};

#define COUNTER_COUNT (sizeof(counters) / sizeof(counters[0]))

const struct results_counter *results_counters(size_t *count)
{
	*count = COUNTER_COUNT;
	return counters;
}

static uint64_t *counter_of(const struct results *results, const struct results_counter *counter)
{
	return (uint64_t *)((char *)results + counter->offset);
}

void results_add(struct results *sum, const struct results *one)
{
	unsigned int i;

	sum->begun += one->begun;
	for (i = 0; i < OUTCOME_COUNT; i++)
		sum->outcomes[i] += one->outcomes[i];
	sum->not_found_allowed += one->not_found_allowed;
	for (i = 0; i <= PACKET_ERROR_COUNT; i++)
		sum->errors[i] += one->errors[i];
	for (i = 0; i < COUNTER_COUNT; i++)
		*counter_of(sum, &counters[i]) += *counter_of(one, &counters[i]);
	if (one->send_error)
		sum->send_error = one->send_error;
	histogram_merge(&sum->transfer_ns, &one->transfer_ns);
	histogram_merge(&sum->answer_ns, &one->answer_ns);
	histogram_merge(&sum->request_ns, &one->request_ns);
	histogram_merge(&sum->reply_ns, &one->reply_ns);
	histogram_merge(&sum->set_ns, &one->set_ns);
}

uint64_t results_finished(const struct results *results)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < OUTCOME_COUNT; i++)
		sum += results->outcomes[i];
	return sum;
}

uint64_t results_failed(const struct results *results)
{
	return results_finished(results) - results->outcomes[OUTCOME_COMPLETED] - results->outcomes[OUTCOME_STOPPED] -
	       results->not_found_allowed;
}
