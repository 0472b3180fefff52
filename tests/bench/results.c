// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "results.h"

/* clang-format off */
static const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_COMPLETED] = "completed",
	[OUTCOME_NOT_FOUND] = "not_found",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_ERROR] = "error",
	[OUTCOME_MISMATCH] = "mismatch",
	[OUTCOME_REFUSED] = "refused_oack",
};
/* clang-format on */

uint64_t results_finished(const struct results *results)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < OUTCOME_COUNT; i++)
		sum += results->outcomes[i];
	return sum;
}

uint64_t results_failed(const struct results *results, bool allow_not_found)
{
	uint64_t failed = results_finished(results) - results->outcomes[OUTCOME_COMPLETED];

	return allow_not_found ? failed - results->outcomes[OUTCOME_NOT_FOUND] : failed;
}

static double per_second(const struct results *results, uint64_t count)
{
	return results->elapsed_ns ? count * 1e9 / results->elapsed_ns : 0;
}

/* "timeout 3, error 1", with the codes of the errors; nothing when nothing failed. */
static void print_failures(const struct results *results)
{
	const char *comma = " (";
	int i;

	for (i = OUTCOME_COMPLETED + 1; i < OUTCOME_COUNT; i++) {
		if (!results->outcomes[i])
			continue;
		printf("%s%s %" PRIu64, comma, outcome_names[i], results->outcomes[i]);
		comma = ", ";
	}
	for (i = 0; i <= PACKET_ERROR_COUNT; i++) {
		if (results->errors[i])
			printf(", ERROR %d%s x %" PRIu64, i, i == PACKET_ERROR_COUNT ? " or above" : "",
			       results->errors[i]);
	}
	printf("%s\n", *comma == ',' ? ")" : "");
}

static void print_latency(const char *name, const struct histogram *histogram)
{
	if (!histogram->count)
		return;
	printf("%-17s p50 %.3f ms, p99 %.3f ms, max %.3f ms\n", name, histogram_quantile(histogram, 0.5) / 1e6,
	       histogram_quantile(histogram, 0.99) / 1e6, histogram->max / 1e6);
}

static void print_count(const char *what, uint64_t count)
{
	if (count)
		printf(", %" PRIu64 " %s", count, what);
}

void results_print(const struct results *results)
{
	const struct histogram *times = &results->transfer_ns;

	printf("%-17s %" PRIu64 " completed, %" PRIu64 " failed", "transfers", results->outcomes[OUTCOME_COMPLETED],
	       results_failed(results, false));
	print_failures(results);
	printf("%-17s %" PRIu64 " received, %" PRIu64 " bytes, %.3f s, %.0f blocks/s, %.3f MB/s\n", "blocks",
	       results->blocks, results->bytes, results->elapsed_ns / 1e9, per_second(results, results->blocks),
	       per_second(results, results->bytes) / 1e6);
	printf("%-17s %" PRIu64 " retransmissions by clients", "trouble", results->retransmissions);
	print_count("duplicate blocks", results->duplicates);
	print_count("blocks out of order", results->out_of_order);
	print_count("strays", results->strays);
	print_count("malformed", results->malformed);
	print_count("blocks with wrong content", results->mismatched_blocks);
	print_count("dropped on arrival", results->lost_rx);
	print_count("dropped on sending", results->lost_tx);
	print_count("could not be sent", results->send_errors);
	if (results->send_errors)
		printf(" (%s)", strerror(results->send_error));
	printf("%s\n", results->interrupted ? ", interrupted" : "");
	if (times->count)
		printf("%-17s min %.3f ms, median %.3f ms, p99 %.3f ms, max %.3f ms\n", "transfer time",
		       times->min / 1e6, histogram_quantile(times, 0.5) / 1e6, histogram_quantile(times, 0.99) / 1e6,
		       times->max / 1e6);
	print_latency("request to data", &results->request_ns);
	print_latency("ACK to next data", &results->reply_ns);
	if (results->blocks)
		printf("%-17s %.1f us of processor time per block\n", "tftpload itself",
		       results->cpu_ns / 1e3 / results->blocks);
}

static void json_count(const char *name, uint64_t count)
{
	printf(",\"%s\":%" PRIu64, name, count);
}

static void json_microseconds(const char *name, const char *which, uint64_t value_ns)
{
	printf(",\"%s_%s_us\":%.1f", name, which, value_ns / 1e3);
}

static void json_histogram(const char *name, const struct histogram *histogram)
{
	printf(",\"%s_count\":%" PRIu64, name, histogram->count);
	json_microseconds(name, "min", histogram->min);
	json_microseconds(name, "p50", histogram_quantile(histogram, 0.5));
	json_microseconds(name, "p99", histogram_quantile(histogram, 0.99));
	json_microseconds(name, "max", histogram->max);
}

static void json_errors(const struct results *results)
{
	int i;

	printf(",\"errors_by_code\":[");
	for (i = 0; i <= PACKET_ERROR_COUNT; i++)
		printf("%s%" PRIu64, i ? "," : "", results->errors[i]);
	printf("]");
}

/* Flat, one name a number, so that a shell script can take it apart. */
void results_print_json(const struct results *results)
{
	int i;

	printf("{\"transfers\":%" PRIu64, results_finished(results));
	for (i = 0; i < OUTCOME_COUNT; i++)
		json_count(outcome_names[i], results->outcomes[i]);
	json_count("failed", results_failed(results, false));
	json_errors(results);
	json_count("unfinished", results->begun - results_finished(results));
	json_count("retransmissions", results->retransmissions);
	json_count("blocks", results->blocks);
	json_count("bytes", results->bytes);
	json_count("duplicate_blocks", results->duplicates);
	json_count("out_of_order_blocks", results->out_of_order);
	json_count("strays", results->strays);
	json_count("malformed", results->malformed);
	json_count("mismatched_blocks", results->mismatched_blocks);
	json_count("lost_rx", results->lost_rx);
	json_count("lost_tx", results->lost_tx);
	json_count("send_errors", results->send_errors);
	printf(",\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"blocks_per_second\":%.1f,\"bytes_per_second\":%.1f",
	       results->elapsed_ns / 1e9, results->cpu_ns / 1e9, per_second(results, results->blocks),
	       per_second(results, results->bytes));
	json_histogram("transfer", &results->transfer_ns);
	json_histogram("request_to_data", &results->request_ns);
	json_histogram("ack_to_data", &results->reply_ns);
	printf(",\"interrupted\":%s}\n", results->interrupted ? "true" : "false");
}
