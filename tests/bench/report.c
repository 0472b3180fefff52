// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

/* clang-format off */
static const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_COMPLETED] = "completed",
	[OUTCOME_NOT_FOUND] = "not_found",
	[OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_ERROR] = "error",
	[OUTCOME_MISMATCH] = "mismatch",
	[OUTCOME_REFUSED] = "refused_oack",
	[OUTCOME_STOPPED] = "stopped",
};

static const struct quantile {
	const char *name;
	double share;
} quantiles[] = {
	{ "p50", 0.5 },
	{ "p90", 0.9 },
	{ "p99", 0.99 },
};
/* clang-format on */

#define QUANTILE_COUNT (sizeof(quantiles) / sizeof(quantiles[0]))

static double per_second(const struct run_results *run, uint64_t count)
{
	return run->elapsed_ns ? count * 1e9 / run->elapsed_ns : 0;
}

static uint64_t value_of(const struct results *results, const struct results_counter *counter)
{
	return *(const uint64_t *)((const char *)results + counter->offset);
}

/* "timeout 3, error 1", with the codes of the errors; nothing when all are complete. */
static void print_outcomes(const struct results *results)
{
	const char *comma = " (";
	int i;

	for (i = OUTCOME_COMPLETED + 1; i < OUTCOME_COUNT; i++) {
		if (!results->outcomes[i])
			continue;
		printf("%s%s %" PRIu64, comma, outcome_names[i], results->outcomes[i]);
		comma = ", ";
	}
	if (results->unanswered)
		printf(", without any answer %" PRIu64, results->unanswered);
	for (i = 0; i <= PACKET_ERROR_COUNT; i++) {
		if (results->errors[i])
			printf(", ERROR %d%s x %" PRIu64, i, i == PACKET_ERROR_COUNT ? " or above" : "",
			       results->errors[i]);
	}
	printf("%s\n", *comma == ',' ? ")" : "");
}

static void print_latency(const char *name, const struct histogram *histogram)
{
	unsigned int i;

	if (!histogram->count)
		return;
	printf("%-17s ", name);
	for (i = 0; i < QUANTILE_COUNT; i++)
		printf("%s %.3f ms, ", quantiles[i].name, histogram_quantile(histogram, quantiles[i].share) / 1e6);
	printf("max %.3f ms\n", histogram->max / 1e6);
}

static void print_trouble(const struct run_results *run, const struct results *results)
{
	const struct results_counter *counter;
	size_t count;

	printf("%-17s %" PRIu64 " retransmissions by clients", "trouble", results->retransmissions);
	for (counter = results_counters(&count); count--; counter++) {
		if (counter->text && value_of(results, counter))
			printf(", %" PRIu64 " %s", value_of(results, counter), counter->text);
	}
	if (results->send_errors)
		printf(" (%s)", strerror(results->send_error));
	printf("%s\n", run->interrupted ? ", interrupted" : "");
}

static void print_results(const struct run_results *run, const struct results *results)
{
	printf("%-17s %" PRIu64 " completed, %" PRIu64 " failed", "transfers", results->outcomes[OUTCOME_COMPLETED],
	       results_failed(results));
	print_outcomes(results);
	printf("%-17s %" PRIu64 " received, %" PRIu64 " bytes, %.3f s, %.0f blocks/s, %.3f MB/s\n", "blocks",
	       results->blocks, results->bytes, run->elapsed_ns / 1e9, per_second(run, results->blocks),
	       per_second(run, results->bytes) / 1e6);
	print_trouble(run, results);
	print_latency("transfer time", &results->transfer_ns);
	print_latency("request to answer", &results->answer_ns);
	print_latency("request to data", &results->request_ns);
	print_latency("ACK to next data", &results->reply_ns);
	print_latency("all its files", &results->set_ns);
}

/* The sum last, and before it each family when there are several; in JSON as well. */
void report_text(const struct run_results *run, const struct results *sum, const struct named_results *families,
		 unsigned int count)
{
	unsigned int i;

	for (i = 0; count > 1 && i < count; i++) {
		printf("== %s: %" PRIu64 " clients\n", families[i].name, families[i].clients);
		print_results(run, families[i].results);
	}
	if (count > 1)
		printf("== all\n");
	print_results(run, sum);
	if (sum->blocks)
		printf("%-17s %.1f us of processor time per block\n", "tftpload itself",
		       run->cpu_ns / 1e3 / sum->blocks);
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
	unsigned int i;

	printf(",\"%s_count\":%" PRIu64, name, histogram->count);
	json_microseconds(name, "min", histogram->min);
	for (i = 0; i < QUANTILE_COUNT; i++)
		json_microseconds(name, quantiles[i].name, histogram_quantile(histogram, quantiles[i].share));
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

static void json_results(const struct run_results *run, const struct results *results)
{
	const struct results_counter *counter;
	size_t count;
	int i;

	printf("\"transfers\":%" PRIu64, results_finished(results));
	for (i = 0; i < OUTCOME_COUNT; i++)
		json_count(outcome_names[i], results->outcomes[i]);
	json_count("failed", results_failed(results));
	json_errors(results);
	json_count("unfinished", results->begun - results_finished(results));
	for (counter = results_counters(&count); count--; counter++)
		json_count(counter->json, value_of(results, counter));
	printf(",\"blocks_per_second\":%.1f,\"bytes_per_second\":%.1f", per_second(run, results->blocks),
	       per_second(run, results->bytes));
	json_histogram("transfer", &results->transfer_ns);
	json_histogram("request_to_answer", &results->answer_ns);
	json_histogram("request_to_data", &results->request_ns);
	json_histogram("ack_to_data", &results->reply_ns);
	json_histogram("set", &results->set_ns);
}

/* A name of a file: what JSON cannot hold as it is becomes an underscore. */
static void json_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < ' ' || *name == '"' || *name == '\\' ? '_' : *name);
}

/* Flat, one name a number, so that a shell script can take it apart: with several families, the last of a name. */
void report_json(const struct run_results *run, const struct results *sum, const struct named_results *families,
		 unsigned int count)
{
	unsigned int i;

	printf("{");
	for (i = 0; count > 1 && i < count; i++) {
		printf("%s{\"name\":\"", i ? "," : "\"families\":[");
		json_name(families[i].name);
		printf("\",\"clients\":%" PRIu64 ",", families[i].clients);
		json_results(run, families[i].results);
		printf("}%s", i + 1 == count ? "]," : "");
	}
	json_results(run, sum);
	printf(",\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"interrupted\":%s}\n", run->elapsed_ns / 1e9, run->cpu_ns / 1e9,
	       run->interrupted ? "true" : "false");
}
