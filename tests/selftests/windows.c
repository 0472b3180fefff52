// SPDX-License-Identifier: GPL-2.0
/*
 * Windows (RFC 7440), packet by packet: what is agreed on, which blocks come and in which order, what an ACK leads
 * to that stops short, comes twice, late or never, and how much is sent to a client that does not answer.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <time.h>

#include "ktap.h"
#include "receiver.h"

#define SERVER         "127.0.0.1"
#define SERVER6        "::1"

/* What is sent before any DATA is acknowledged, at most: 128 KiB and a burst. */
#define UNPROVEN_BYTES (160 << 10)

/* A file of so many blocks of 512 bytes, the last of them not full. */
#define OF_BLOCKS(n)   ((n)*512 - 12)

static void stall(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

static uint64_t sent(void)
{
	return stat_of(KTFTP_A_STATS_SEGMENTS_SENT);
}

static uint64_t repeated(void)
{
	return stat_of(KTFTP_A_STATS_SEGMENTS_REPEATED);
}

/* The counter is written a moment after the packet has arrived. */
static bool reaches(enum ktftp_a_stats which, uint64_t value)
{
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (stat_of(which) >= value)
			return stat_of(which) == value;
		stall(10);
	}
	return false;
}

static bool none_left(void)
{
	int tries;

	for (tries = 0; tries < 300; tries++) {
		if (transfers() == 0)
			return true;
		stall(50);
	}
	return false;
}

/* Until nothing more has been sent for a while, shorter than any repeat takes: the number of blocks sent by then. */
static uint64_t settled(void)
{
	uint64_t before;

	do {
		before = sent();
		stall(SILENCE_MS);
	} while (sent() != before);
	return before;
}

/* The rest of the file, by a client without faults. */
static const char *finish(struct receiver *r)
{
	static const struct habits none = { .on_gap = GAP_ONCE };

	EXPECT_OK(receiver_run(r, &none));
	EXPECT(r->blocks == receiver_blocks(r));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	receiver_end(r);
	return NULL;
}

/* A download whose blocks are of 512 bytes, in windows of that many; nothing is repeated for want of an answer. */
static struct terms plain(size_t length, unsigned int windowsize)
{
	return (struct terms){
		.length = length,
		.blksize = 512,
		.windowsize = windowsize,
		.timeout_s = NO_TIMEOUT_S,
	};
}

static const char *asks(unsigned int windowsize, unsigned int granted, uint32_t flags)
{
	static const char head[] = "\0\1file\0octet\0windowsize";
	char request[64], oack[64] = "\0\6windowsize";
	struct packet packet;
	struct client client;
	size_t length;

	memcpy(request, head, sizeof(head));
	length = sizeof(head) + sprintf(request + sizeof(head), "%u", windowsize) + 1;
	EXPECT_OK(receiver_serve(&(struct terms){ .length = 5000 }, "0.0.0.0", flags));
	EXPECT_OK(client_open(&client, SERVER, 69));
	EXPECT_OK(client_send(&client, 69, request, length));
	EXPECT(client_receive(&client, &packet, WAIT_MS));
	length = 13 + sprintf(oack + 13, "%u", granted) + 1;
	EXPECT(packet.length == length && !memcmp(packet.bytes, oack, length));
	EXPECT_OK(client_error(&client, packet.from_port, 8));
	client_close(&client);
	return NULL;
}

static const char *any_window_is_granted(void)
{
	static const unsigned int sizes[] = { 1, 2, 16, 65535 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		EXPECT_OK(asks(sizes[i], sizes[i], 0));
	return asks(65536, 65535, 0);
}

static const char *a_window_is_no_larger_than_max_windowsize(void)
{
	EXPECT(get_param("max_windowsize") == 65535);
	EXPECT_OK(set_param("max_windowsize", 32));
	EXPECT_OK(asks(31, 31, 0));
	EXPECT_OK(asks(33, 32, 0));
	EXPECT_OK(asks(65535, 32, 0));
	EXPECT(set_param("max_windowsize", 0));
	EXPECT(set_param("max_windowsize", 65536));
	EXPECT(get_param("max_windowsize") == 32);
	return set_param("max_windowsize", 65535);
}

static const char *from_a_single_port_a_window_is_one_block(void)
{
	return asks(16, 1, KTFTP_LISTENER_FLAG_SINGLE_PORT);
}

/* Every block comes once and in order, and one acknowledgement for a window is enough. */
static const char *arrives(const struct terms *terms, const char *address)
{
	struct receiver r;

	EXPECT_OK(receiver_serve(terms, strchr(address, ':') ? "::" : "0.0.0.0", 0));
	EXPECT_OK(receiver_ask(&r, terms, address));
	EXPECT_OK(finish(&r));
	EXPECT(r.packets == receiver_blocks(&r));
	EXPECT(sent() == receiver_blocks(&r));
	EXPECT(repeated() == 0);
	return NULL;
}

static const char *files_of_every_length_arrive_by_windows_of_every_size(void)
{
	static const size_t lengths[] = { 0, 1, 511, 512, 513, 4 * 512, 5 * 512 - 1, 20000 };
	static const unsigned int sizes[] = { 2, 3, 5, 16, 64 };
	size_t i, j;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			const struct terms terms = plain(lengths[i], sizes[j]);

			EXPECT_OK(arrives(&terms, SERVER));
		}
	return NULL;
}

static const char *blocks_of_every_size_arrive_by_windows(const char *address)
{
	static const unsigned int sizes[] = { 8, 1000, 1428, 4096, 8192, 65464 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct terms terms = {
			.length = MIN(sizes[i] * 500 + 7, 2000000),
			.blksize = sizes[i],
			.windowsize = 12,
			.timeout_s = NO_TIMEOUT_S,
		};

		EXPECT_OK(arrives(&terms, address));
	}
	return NULL;
}

static const char *blocks_of_every_size_arrive_by_windows_over_ipv4(void)
{
	return blocks_of_every_size_arrive_by_windows(SERVER);
}

static const char *blocks_of_every_size_arrive_by_windows_over_ipv6(void)
{
	return blocks_of_every_size_arrive_by_windows(SERVER6);
}

static const char *a_window_of_65535_blocks_takes_a_whole_file(void)
{
	const struct terms terms = plain(200000, 65535);

	return arrives(&terms, SERVER);
}

/* Block numbers that wrap, also where an acknowledgement stops short around the wrap. */
static const char *wraps(unsigned int windowsize, unsigned int rollover)
{
	const struct terms terms = {
		.length = 8 * 66100 + 3,
		.blksize = 8,
		.windowsize = windowsize,
		.rollover = rollover,
		.timeout_s = NO_TIMEOUT_S,
	};
	const uint64_t gap = 65535 - (windowsize > 2 ? 1 : 0);
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	while (r.blocks < gap) {
		EXPECT_OK(receiver_take_to(&r, MIN(r.base + windowsize, gap)));
		EXPECT_OK(receiver_ack(&r));
	}
	EXPECT_OK(finish(&r));
	/* The acknowledgement in the middle of a window asked for the rest of it once more, and nothing else did. */
	EXPECT(repeated() < windowsize);
	return NULL;
}

static const char *block_0_follows_block_65535_in_windows_of_5(void)
{
	return wraps(5, 0);
}

static const char *block_0_follows_block_65535_in_windows_of_64(void)
{
	return wraps(64, 0);
}

static const char *block_1_follows_block_65535_in_windows_of_1000_with_rollover_1(void)
{
	return wraps(1000, 1);
}

/*
 * In the second window of 65535 blocks one number stands for the block before that window and for one in it: an
 * acknowledgement that comes late must not lose a block.
 */
static const char *a_late_ack_loses_nothing_where_block_0_follows_block_65535(void)
{
	const struct terms terms = {
		.length = 8 * 65800 + 3,
		.blksize = 8,
		.windowsize = 65535,
		.timeout_s = NO_TIMEOUT_S,
	};
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 65535));
	EXPECT_OK(receiver_ack(&r));
	/* Sent, and lost: all after it are not what is expected. */
	EXPECT(reaches(KTFTP_A_STATS_SEGMENTS_SENT, 65801) || sent() > 65800);
	EXPECT_OK(receiver_ack_of(&r, 0));
	while (receiver_take(&r, SILENCE_MS) != NOTHING)
		;
	r.blocks = 65535;
	r.all = false;
	return finish(&r);
}

/* In the window at hand the client lacks a block: the acknowledgement of the one before it brings it at once. */
static const char *a_gap_is_filled_at_once(uint64_t lost)
{
	const struct terms terms = plain(OF_BLOCKS(100), 16);
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 32));
	/* As if it had not come, and nothing behind it. */
	r.blocks = lost - 1;
	EXPECT_OK(receiver_ack(&r));
	EXPECT(receiver_take(&r, WAIT_MS) == IN_ORDER);
	EXPECT(r.blocks == lost);
	EXPECT_OK(receiver_take_to(&r, lost + 15));
	EXPECT_OK(finish(&r));
	EXPECT(repeated() == 33 - lost);
	return NULL;
}

static const char *a_gap_in_a_window_is_filled_at_once(void)
{
	return a_gap_is_filled_at_once(20);
}

static const char *a_gap_behind_the_first_block_is_filled_at_once(void)
{
	return a_gap_is_filled_at_once(18);
}

static const char *a_missing_first_block_is_sent_at_once(void)
{
	const struct terms terms = plain(OF_BLOCKS(100), 16);
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 32));
	r.blocks = 16;
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 32));
	EXPECT_OK(finish(&r));
	EXPECT(repeated() <= 16);
	return NULL;
}

static const char *a_missing_last_block_is_sent_at_once(void)
{
	return a_gap_is_filled_at_once(32);
}

/* A client that tells of the same gap for every block behind it gets the missing ones once. */
static const char *a_gap_told_of_many_times_is_filled_once(void)
{
	const struct terms terms = plain(OF_BLOCKS(200), 16);
	struct receiver r;
	int i;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	r.blocks = 5;
	for (i = 0; i < 11; i++)
		EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(finish(&r));
	EXPECT(repeated() <= 11);
	EXPECT(sent() <= 200 + 11);
	return NULL;
}

/* Each of them loses something else, one after the other. */
static const char *every_window_may_lose_a_block(void)
{
	const struct terms terms = plain(OF_BLOCKS(300), 8);
	uint64_t lost = 0, block;
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	for (block = 8; block < 240; block += 8) {
		EXPECT_OK(receiver_take_to(&r, block));
		r.blocks = block - 1 - block / 8 % 7;
		lost += block - r.blocks;
		EXPECT_OK(receiver_ack(&r));
		block = r.blocks;
	}
	EXPECT_OK(finish(&r));
	EXPECT(repeated() == lost);
	return NULL;
}

/* An acknowledgement of a whole window is lost: the server sends it again, or a part of it, and is answered. */
static const char *a_lost_ack_costs_no_more_than_its_window(void)
{
	struct terms terms = plain(OF_BLOCKS(100), 16);
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 32));
	/* A copy of the window's first block: the last acknowledgement was the one before it. */
	EXPECT(receiver_take(&r, WAIT_MS) == NOT_NEXT);
	EXPECT(r.packet.value == 17);
	EXPECT_OK(finish(&r));
	EXPECT(repeated() >= 1 && repeated() <= 16);
	return NULL;
}

/* The end of a window is lost, and the client does not know that it was sent. */
static const char *a_lost_end_of_a_window_is_sent_again_after_a_timeout(void)
{
	struct terms terms = plain(OF_BLOCKS(100), 16);
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	r.blocks = 14;
	EXPECT(receiver_take(&r, WAIT_MS) == NOT_NEXT);
	EXPECT(r.packet.value == 1);
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(finish(&r));
	EXPECT(repeated() <= 2 * 16);
	return NULL;
}

/* All acknowledgements arrive several times, as over a network that repeats packets. */
static const char *doubled_acks_double_nothing(void)
{
	static const struct habits habits = { .copies = 2 };
	static const unsigned int windows[] = { 2, 8, 64 };
	struct receiver r;
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		const struct terms terms = plain(OF_BLOCKS(1000), windows[i]);

		EXPECT_OK(receiver_begin(&r, &terms));
		EXPECT_OK(receiver_run(&r, &habits));
		EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
		EXPECT(5 * sent() < 6 * receiver_blocks(&r));
		EXPECT(5 * r.packets < 6 * receiver_blocks(&r));
		receiver_end(&r);
	}
	return NULL;
}

/* ... and every block as well, to a client that tells of each block it does not expect. */
static const char *a_client_that_answers_every_copy_starts_no_flood(void)
{
	static const struct habits habits = { .on_gap = GAP_EACH, .copies = 1 };
	const struct terms terms = plain(OF_BLOCKS(1000), 16);
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_run(&r, &habits));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	EXPECT(5 * sent() < 6 * receiver_blocks(&r));
	receiver_end(&r);
	return NULL;
}

static const char *late_acks_bring_nothing(void)
{
	const struct terms terms = plain(OF_BLOCKS(200), 16);
	struct receiver r;
	uint64_t before;
	int i;

	EXPECT_OK(receiver_begin(&r, &terms));
	for (i = 0; i < 5; i++) {
		EXPECT_OK(receiver_ack(&r));
		EXPECT_OK(receiver_take_to(&r, r.base + 16));
	}
	before = settled();
	for (i = 0; i < 64; i++)
		EXPECT_OK(receiver_ack_of(&r, i));
	/* What was never sent cannot be acknowledged. */
	EXPECT_OK(receiver_ack_of(&r, 100));
	EXPECT_OK(receiver_ack_of(&r, 40000));
	EXPECT(settled() == before);
	EXPECT_OK(finish(&r));
	EXPECT(repeated() == 0);
	return NULL;
}

/* Some clients agree on a window and then acknowledge each block. */
static const char *a_client_that_acknowledges_every_block_gets_its_file(void)
{
	static const struct habits habits = { .every_block = true };
	static const unsigned int windows[] = { 2, 4, 16, 64 };
	struct receiver r;
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		const struct terms terms = plain(OF_BLOCKS(500), windows[i]);

		EXPECT_OK(receiver_begin(&r, &terms));
		EXPECT_OK(receiver_run(&r, &habits));
		EXPECT(r.blocks == 500);
		EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
		EXPECT(sent() < 3 * receiver_blocks(&r));
		receiver_end(&r);
	}
	return NULL;
}

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
	const struct terms terms = plain(OF_BLOCKS(100), 30);
	struct receiver r;
	bool seen = false;
	uint64_t us[30];
	int tries;

	for (tries = 0; tries < 20 && !seen; tries++) {
		EXPECT_OK(receiver_begin(&r, &terms));
		EXPECT_OK(arrivals(&r, us, 30));
		seen = are_doubling(us, 30);
		EXPECT_OK(finish(&r));
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
	const struct terms terms = plain(OF_BLOCKS(300), 64);
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
		EXPECT_OK(finish(&r));
	}
	EXPECT(seen);
	return NULL;
}

static const char *an_error_within_a_window_ends_it(void)
{
	const struct terms terms = plain(OF_BLOCKS(20000), 16);
	struct receiver r;
	uint64_t before;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 3));
	EXPECT_OK(client_error(&r.client, r.tid, 3));
	EXPECT(none_left());
	before = sent();
	EXPECT_OK(receiver_ack_of(&r, 16));
	EXPECT(settled() == before);
	receiver_end(&r);
	return NULL;
}

static const char *a_file_that_is_withdrawn_ends_within_a_window(void)
{
	const struct terms terms = plain(OF_BLOCKS(2000), 16);
	const char *const name = "file";
	unsigned int grace = get_param("grace_s");
	struct receiver r;
	uint32_t count;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 10));
	EXPECT_OK(set_param("grace_s", 0));
	EXPECT(!ktftp_withdraw(k, NULL, &name, 1, &count));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT_OK(receiver_ack(&r));
	EXPECT(receiver_take(&r, WAIT_MS) == GOODBYE);
	EXPECT(r.packet.value == 0);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 0));
	receiver_end(&r);
	return set_param("grace_s", grace);
}

static const char *within_its_grace_a_withdrawn_file_goes_on(void)
{
	const struct terms terms = plain(OF_BLOCKS(200), 16);
	const char *const name = "file";
	struct receiver r;
	uint32_t count;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 10));
	EXPECT(!ktftp_withdraw(k, NULL, &name, 1, &count));
	EXPECT_OK(receiver_take_to(&r, 16));
	return finish(&r);
}

static const char *a_download_that_is_too_old_ends_within_a_window(void)
{
	struct terms terms = plain(OF_BLOCKS(200), 16);
	unsigned int most = get_param("max_transfer_s");
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(set_param("max_transfer_s", 1));
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT(none_left());
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_TIMED_OUT) == 1);
	receiver_end(&r);
	return set_param("max_transfer_s", most);
}

/* Without an answer to the last window it is repeated for a while, and then the file is assumed to be there. */
static const char *an_unanswered_last_window_lingers(void)
{
	struct terms terms = plain(OF_BLOCKS(20), 16);
	unsigned int linger = get_param("linger_ms");
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(set_param("linger_ms", 3000));
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 20));
	EXPECT(receiver_take(&r, WAIT_MS) == NOT_NEXT);
	EXPECT(none_left());
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_ASSUMED) == 1);
	EXPECT(repeated() <= 4 * 4);
	receiver_end(&r);
	return set_param("linger_ms", linger);
}

static const char *a_late_answer_to_the_last_window_completes_it(void)
{
	struct terms terms = plain(OF_BLOCKS(20), 16);
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 20));
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
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_TIMED_OUT) == 1);
	EXPECT(repeated() > 0);
	EXPECT(stat_of(KTFTP_A_STATS_BYTES_SENT) <= 3 * UNPROVEN_BYTES);
	receiver_end(&r);
	return set_param("give_up_ms", give_up);
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
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_TIMED_OUT) == 1);
	EXPECT(repeated() > 0);
	EXPECT(repeated() <= 4 * 64);
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
	printf("# windowsize %u: %llu blocks sent again for 1000\n", windowsize, (unsigned long long)repeated());
	EXPECT(4 * repeated() < 1000);
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
		TEST(any_window_is_granted),
		TEST(a_window_is_no_larger_than_max_windowsize),
		TEST(from_a_single_port_a_window_is_one_block),
		TEST(files_of_every_length_arrive_by_windows_of_every_size),
		TEST(blocks_of_every_size_arrive_by_windows_over_ipv4),
		TEST(blocks_of_every_size_arrive_by_windows_over_ipv6),
		TEST(a_window_of_65535_blocks_takes_a_whole_file),
		TEST(block_0_follows_block_65535_in_windows_of_5),
		TEST(block_0_follows_block_65535_in_windows_of_64),
		TEST(block_1_follows_block_65535_in_windows_of_1000_with_rollover_1),
		TEST(a_late_ack_loses_nothing_where_block_0_follows_block_65535),
		TEST(a_gap_in_a_window_is_filled_at_once),
		TEST(a_gap_behind_the_first_block_is_filled_at_once),
		TEST(a_missing_first_block_is_sent_at_once),
		TEST(a_missing_last_block_is_sent_at_once),
		TEST(a_gap_told_of_many_times_is_filled_once),
		TEST(every_window_may_lose_a_block),
		TEST(a_lost_ack_costs_no_more_than_its_window),
		TEST(a_lost_end_of_a_window_is_sent_again_after_a_timeout),
		TEST(doubled_acks_double_nothing),
		TEST(a_client_that_answers_every_copy_starts_no_flood),
		TEST(late_acks_bring_nothing),
		TEST(a_client_that_acknowledges_every_block_gets_its_file),
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
		TEST(a_dead_client_is_sent_little),
		TEST(a_client_with_4_buffers_loses_little),
		TEST(a_client_with_4_buffers_that_tells_of_no_gap_loses_little),
	};
	const unsigned int honor_timeout = get_param("honor_timeout");
	int status = ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);

	set_param("honor_timeout", honor_timeout);
	return status;
}
