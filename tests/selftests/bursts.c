// SPDX-License-Identifier: GPL-2.0
/*
 * Windows (RFC 7440) in time: how their bursts grow, how little is sent to who does not answer, what ends a download
 * within a window, and clients that cannot take what comes at once.
 */
#include <sys/param.h>

#include "ktap.h"
#include "receiver.h"

/* What is sent before any DATA is acknowledged, at most: 128 KiB and a burst. */
#define UNPROVEN_BYTES (160 << 10)

/* When each of the first blocks came, after the acknowledgement of @from, which is a whole window. */
static const char *arrivals(struct receiver *r, uint64_t us[], size_t count)
{
	size_t i;

	EXPECT_OK(receiver_ack(r));
	for (i = 0; i < count; i++) {
		EXPECT(receiver_take(r, WAIT_MS) == IN_ORDER);
		us[i] = r->arrived_us;
	}
	return NULL;
}

/* Do blocks come in bursts of 2, 4, 8 and so on: is every pause between those longer than any within them. */
static bool are_doubling(const uint64_t us[], size_t count)
{
	uint64_t shortest_pause = UINT64_MAX, longest_within = 0;
	size_t i, next = 2, burst = 2;

	for (i = 1; i < count; i++) {
		if (i != next) {
			longest_within = MAX(longest_within, us[i] - us[i - 1]);
			continue;
		}
		shortest_pause = MIN(shortest_pause, us[i] - us[i - 1]);
		burst *= 2;
		next += burst;
	}
	return shortest_pause > longest_within;
}

/* A guest may stop for a while anywhere: of several downloads one has to be as it should. */
static const char *the_first_window_begins_with_bursts_that_double(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(100), 30);
	struct receiver r;
	bool seen = false;
	uint64_t us[30];
	int tries;

	for (tries = 0; tries < 20 && !seen; tries++) {
		EXPECT_OK(receiver_begin(&r, &terms));
		EXPECT_OK(arrivals(&r, us, 30));
		seen = are_doubling(us, 30);
		EXPECT_OK(receiver_finish(&r));
	}
	EXPECT(seen);
	return NULL;
}

/* How long the blocks of a window take to arrive, in all. */
static uint64_t spread_us(const uint64_t us[], size_t count)
{
	return us[count - 1] - us[0];
}

static const char *later_windows_leave_at_once(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(300), 64);
	uint64_t first[64], later[64];
	bool seen = false;
	struct receiver r;
	int tries;

	for (tries = 0; tries < 20 && !seen; tries++) {
		EXPECT_OK(receiver_begin(&r, &terms));
		EXPECT_OK(arrivals(&r, first, 64));
		EXPECT_OK(arrivals(&r, later, 64));
		EXPECT_OK(arrivals(&r, later, 64));
		EXPECT_OK(arrivals(&r, later, 64));
		seen = 2 * spread_us(later, 64) < spread_us(first, 64);
		EXPECT_OK(receiver_finish(&r));
	}
	EXPECT(seen);
	return NULL;
}

static const char *an_error_within_a_window_ends_it(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(20000), 16);
	struct receiver r;
	uint64_t before;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 3));
	EXPECT_OK(client_error(&r.client, r.tid, 3));
	EXPECT(none_left());
	before = blocks_sent();
	EXPECT_OK(receiver_ack_of(&r, 16));
	EXPECT(settled() == before);
	receiver_end(&r);
	return NULL;
}

static const char *a_file_that_is_withdrawn_ends_within_a_window(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(2000), 16);
	const char *const name = "file";
	unsigned int grace = get_param("grace_s");
	enum taken taken;
	struct receiver r;
	uint32_t count;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 10));
	EXPECT_OK(set_param("grace_s", 0));
	EXPECT(!ktftp_withdraw(k, NULL, &name, 1, &count));
	/* At the latest the acknowledgement of the window is answered so. */
	do {
		taken = receiver_take(&r, WAIT_MS);
		if (r.blocks == 16)
			EXPECT_OK(receiver_ack(&r));
	} while (taken == IN_ORDER);
	EXPECT(taken == GOODBYE);
	EXPECT(r.packet.value == 0);
	EXPECT(none_left());
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_COMPLETE) == 0);
	receiver_end(&r);
	return set_param("grace_s", grace);
}

static const char *within_its_grace_a_withdrawn_file_goes_on(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(200), 16);
	const char *const name = "file";
	struct receiver r;
	uint32_t count;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 10));
	EXPECT(!ktftp_withdraw(k, NULL, &name, 1, &count));
	EXPECT_OK(receiver_take_to(&r, 16));
	return receiver_finish(&r);
}

static const char *a_download_that_is_too_old_ends_within_a_window(void)
{
	struct terms terms = plain_terms(OF_BLOCKS(200), 16);
	unsigned int most = get_param("max_transfer_s");
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(set_param("max_transfer_s", 1));
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT(none_left());
	EXPECT(reaches(KTFTP_A_STATS_ENDED_TIMED_OUT, 1));
	receiver_end(&r);
	return set_param("max_transfer_s", most);
}

/* Without an answer to the last window it is repeated for a while, and then the file is assumed to be there. */
static const char *an_unanswered_last_window_lingers(void)
{
	struct terms terms = plain_terms(OF_BLOCKS(20), 16);
	unsigned int linger = get_param("linger_ms");
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(set_param("linger_ms", 3000));
	EXPECT_OK(receiver_reach(&r, &terms, 20));
	EXPECT(receiver_take(&r, WAIT_MS) == NOT_NEXT);
	EXPECT(none_left());
	EXPECT(reaches(KTFTP_A_STATS_ENDED_ASSUMED, 1));
	EXPECT(blocks_repeated() <= 4 * 4);
	receiver_end(&r);
	return set_param("linger_ms", linger);
}

static const char *a_late_answer_to_the_last_window_completes_it(void)
{
	struct terms terms = plain_terms(OF_BLOCKS(20), 16);
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(receiver_reach(&r, &terms, 20));
	EXPECT(receiver_take(&r, WAIT_MS) == NOT_NEXT);
	EXPECT_OK(receiver_ack(&r));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	receiver_end(&r);
	return NULL;
}

/* Anybody can answer an OACK that went to somebody else, if only by guessing a port. */
static const char *an_ack_0_without_another_brings_little(unsigned int blksize, unsigned int timeout_s)
{
	struct terms terms = {
		.length = 4 << 20,
		.blksize = blksize,
		.windowsize = 65535,
		.timeout_s = timeout_s,
	};
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	settled();
	EXPECT(stat_of(KTFTP_A_STATS_BYTES_SENT) <= UNPROVEN_BYTES);
	EXPECT(stat_of(KTFTP_A_STATS_BYTES_SENT) >= 2 * blksize);
	EXPECT_OK(receiver_take_to(&r, 2));
	receiver_end(&r);
	return NULL;
}

static const char *a_made_up_ack_0_brings_no_flood(void)
{
	EXPECT_OK(an_ack_0_without_another_brings_little(1428, NO_TIMEOUT_S));
	return an_ack_0_without_another_brings_little(65464, NO_TIMEOUT_S);
}

/* The client has to hear all of it: its host would say that nobody is there. */
static const char *repeats_after_a_made_up_ack_0_are_few(void)
{
	const struct terms terms = { .length = 4 << 20, .blksize = 1428, .windowsize = 65535 };
	unsigned int give_up = get_param("give_up_ms");
	struct receiver r;

	EXPECT_OK(set_param("give_up_ms", 3000));
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT(none_left());
	EXPECT(reaches(KTFTP_A_STATS_ENDED_TIMED_OUT, 1));
	EXPECT(blocks_repeated() > 0);
	printf("# %llu bytes sent\n", (unsigned long long)stat_of(KTFTP_A_STATS_BYTES_SENT));
	EXPECT(stat_of(KTFTP_A_STATS_BYTES_SENT) <= 3 * UNPROVEN_BYTES);
	receiver_end(&r);
	return set_param("give_up_ms", give_up);
}

/* Somebody who pretends to be a client hears no port, and tries all there are: that ends what it has begun. */
static const char *who_tries_all_ports_is_sent_nothing_more(void)
{
	const struct terms terms = { .length = 4 << 20, .blksize = 1428, .windowsize = 64 };
	uint64_t sent;
	struct receiver r;
	uint16_t port;

	EXPECT_OK(receiver_begin(&r, &terms));
	for (port = 61000; port <= 63999; port++)
		if (port != r.tid)
			EXPECT_OK(client_ack(&r.client, port, 0));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_UNPROVEN, 1));
	sent = stat_of(KTFTP_A_STATS_BYTES_SENT);
	EXPECT_OK(receiver_ack(&r));
	EXPECT(receiver_take(&r, SILENCE_MS) != IN_ORDER);
	EXPECT(stat_of(KTFTP_A_STATS_BYTES_SENT) == sent);
	receiver_end(&r);
	return NULL;
}

/* It answered for a while, so it is real; now it is gone, and its port is still open. */
static const char *a_dead_client_is_sent_little(void)
{
	const struct terms terms = { .length = 4 << 20, .blksize = 1428, .windowsize = 64 };
	unsigned int give_up = get_param("give_up_ms");
	struct receiver r;
	int i;

	EXPECT_OK(set_param("give_up_ms", 5000));
	EXPECT_OK(receiver_begin(&r, &terms));
	for (i = 1; i <= 5; i++) {
		EXPECT_OK(receiver_ack(&r));
		EXPECT_OK(receiver_take_to(&r, 64 * i));
	}
	EXPECT(none_left());
	EXPECT(reaches(KTFTP_A_STATS_ENDED_TIMED_OUT, 1));
	EXPECT(blocks_repeated() > 0);
	printf("# %llu blocks sent again, of windows of 64\n", (unsigned long long)blocks_repeated());
	EXPECT(blocks_repeated() <= 6 * 64);
	receiver_end(&r);
	return set_param("give_up_ms", give_up);
}

/*
 * Boot loaders and small network cards have few buffers, and what comes while they are full is lost: the end of
 * every large burst, which the client cannot know of.
 */
static const char *few_buffers(const struct habits *habits, unsigned int windowsize)
{
	const struct terms terms = { .length = OF_BLOCKS(1000), .blksize = 512, .windowsize = windowsize };
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_run(&r, habits));
	EXPECT(r.blocks == 1000);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	printf("# windowsize %u: %llu blocks sent again for 1000\n", windowsize, (unsigned long long)blocks_repeated());
	/* In bursts as large as the window it would be some 15 times the file. */
	EXPECT(2 * blocks_repeated() < 1000);
	receiver_end(&r);
	return NULL;
}

static const char *a_client_with_4_buffers_loses_little(void)
{
	static const struct habits habits = { .on_gap = GAP_ONCE, .buffers = 4, .work_us = 500, .patience_ms = 3000 };

	EXPECT_OK(few_buffers(&habits, 8));
	EXPECT_OK(few_buffers(&habits, 16));
	return few_buffers(&habits, 64);
}

static const char *a_client_with_4_buffers_that_tells_of_no_gap_loses_little(void)
{
	static const struct habits habits = { .on_gap = GAP_EACH, .buffers = 4, .work_us = 500, .patience_ms = 3000 };

	return few_buffers(&habits, 32);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(the_first_window_begins_with_bursts_that_double),
		TEST(later_windows_leave_at_once),
		TEST(an_error_within_a_window_ends_it),
		TEST(a_file_that_is_withdrawn_ends_within_a_window),
		TEST(within_its_grace_a_withdrawn_file_goes_on),
		TEST(a_download_that_is_too_old_ends_within_a_window),
		TEST(an_unanswered_last_window_lingers),
		TEST(a_late_answer_to_the_last_window_completes_it),
		TEST(a_made_up_ack_0_brings_no_flood),
		TEST(repeats_after_a_made_up_ack_0_are_few),
		TEST(who_tries_all_ports_is_sent_nothing_more),
		TEST(a_dead_client_is_sent_little),
		TEST(a_client_with_4_buffers_loses_little),
		TEST(a_client_with_4_buffers_that_tells_of_no_gap_loses_little),
	};
	const unsigned int honor_timeout = get_param("honor_timeout");
	int status = ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);

	set_param("honor_timeout", honor_timeout);
	return status;
}
