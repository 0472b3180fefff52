// SPDX-License-Identifier: GPL-2.0
/*
 * Windows (RFC 7440), packet by packet: what is agreed on, which blocks come and in which order, what an ACK leads
 * to that stops short, comes twice, late or never, and how much is sent to a client that does not answer.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "ktap.h"
#include "receiver.h"

/* More is not sent before one is acknowledged; then a timeout has to come. */
#define UNPROVEN_BLOCKS 256

#define SERVER          "127.0.0.1"
#define SERVER6         "::1"

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
	EXPECT_OK(receiver_finish(&r));
	EXPECT(r.packets == receiver_blocks(&r));
	EXPECT(blocks_sent() == receiver_blocks(&r));
	EXPECT(blocks_repeated() == 0);
	return NULL;
}

static const char *files_of_every_length_arrive_by_windows_of_every_size(void)
{
	static const size_t lengths[] = { 0, 1, 511, 512, 513, 4 * 512, 5 * 512 - 1, 20000 };
	static const unsigned int sizes[] = { 2, 3, 5, 16, 64 };
	size_t i, j;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			const struct terms terms = plain_terms(lengths[i], sizes[j]);

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

/* Small files share the pages of one memfd, and begin anywhere. */
static const char *files_that_begin_within_a_page_arrive_by_windows(void)
{
	static const size_t places[] = { 1, 2049, 4095, 4097, 9999 };
	static const unsigned int sizes[] = { 512, 1428, 3000, 4096, 8192 };
	size_t i, j;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++)
		for (j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			struct terms terms = plain_terms(50000 + i, 16);

			terms.at = places[i];
			terms.blksize = sizes[j];
			EXPECT_OK(arrives(&terms, j % 2 ? SERVER6 : SERVER));
		}
	return NULL;
}

static const char *a_window_of_65535_blocks_takes_a_whole_file(void)
{
	const struct terms terms = plain_terms(100000, 65535);

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
		.timeout_s = windowsize > UNPROVEN_BLOCKS ? 1 : NO_TIMEOUT_S,
	};
	const uint64_t gap = 65535 - (windowsize > 2 ? 1 : 0);
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	while (r.blocks < gap) {
		/* Before it is proven it is sent less than such a window, and says what it has. */
		const uint64_t most = r.base ? windowsize : MIN(windowsize, UNPROVEN_BLOCKS);

		EXPECT_OK(receiver_take_to(&r, MIN(r.base + most, gap)));
		EXPECT_OK(receiver_ack(&r));
	}
	EXPECT_OK(receiver_finish(&r));
	printf("# windows of %u: %llu blocks repeated\n", windowsize, (unsigned long long)blocks_repeated());
	/* The acknowledgement in the middle of a window asked for the rest of it once more, and nothing else did. */
	EXPECT(blocks_repeated() < windowsize + (windowsize > UNPROVEN_BLOCKS ? UNPROVEN_BLOCKS : 0));
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

/* In the window at hand the client lacks a block: the acknowledgement of the one before it brings it at once. */
static const char *a_gap_is_filled_at_once(uint64_t lost)
{
	const struct terms terms = plain_terms(OF_BLOCKS(100), 16);
	struct receiver r;

	EXPECT_OK(receiver_reach(&r, &terms, 32));
	/* As if it had not come, and nothing behind it. */
	r.blocks = lost - 1;
	EXPECT_OK(receiver_ack(&r));
	EXPECT(receiver_take(&r, WAIT_MS) == IN_ORDER);
	EXPECT(r.blocks == lost);
	EXPECT_OK(receiver_take_to(&r, lost + 15));
	EXPECT_OK(receiver_finish(&r));
	EXPECT(blocks_repeated() == 33 - lost);
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
	const struct terms terms = plain_terms(OF_BLOCKS(100), 16);
	struct receiver r;

	EXPECT_OK(receiver_reach(&r, &terms, 32));
	r.blocks = 16;
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 32));
	EXPECT_OK(receiver_finish(&r));
	EXPECT(blocks_repeated() <= 16);
	return NULL;
}

static const char *a_missing_last_block_is_sent_at_once(void)
{
	return a_gap_is_filled_at_once(32);
}

/* A client that tells of the same gap for every block behind it gets the missing ones once. */
static const char *a_gap_told_of_many_times_is_filled_once(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(200), 16);
	struct receiver r;
	int i;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	r.blocks = 5;
	for (i = 0; i < 11; i++)
		EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_finish(&r));
	EXPECT(blocks_repeated() <= 11);
	EXPECT(blocks_sent() <= 200 + 11);
	return NULL;
}

/* Each of them loses something else, one after the other. */
static const char *every_window_may_lose_a_block(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(300), 8);
	uint64_t lost = 0, block;
	unsigned int i = 0;
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	for (block = 8; block < 240; block += 8) {
		EXPECT_OK(receiver_take_to(&r, block));
		r.blocks = block - 1 - i++ % 6;
		lost += block - r.blocks;
		EXPECT_OK(receiver_ack(&r));
		block = r.blocks;
	}
	EXPECT_OK(receiver_finish(&r));
	EXPECT(blocks_repeated() == lost);
	return NULL;
}

/* An acknowledgement of a whole window is lost: the server sends it again, or a part of it, and is answered. */
static const char *a_lost_ack_costs_no_more_than_its_window(void)
{
	struct terms terms = plain_terms(OF_BLOCKS(100), 16);
	struct receiver r;

	terms.timeout_s = 3;
	EXPECT_OK(receiver_reach(&r, &terms, 32));
	/* A copy of the window's first block: the last acknowledgement was the one before it. */
	EXPECT(receiver_take(&r, WAIT_MS) == NOT_NEXT);
	EXPECT(r.packet.value == 17);
	EXPECT_OK(receiver_finish(&r));
	EXPECT(blocks_repeated() >= 1 && blocks_repeated() <= 16);
	return NULL;
}

/* The end of a window is lost, and the client does not know that it was sent. */
static const char *a_lost_end_of_a_window_is_sent_again_after_a_timeout(void)
{
	struct terms terms = plain_terms(OF_BLOCKS(100), 16);
	struct receiver r;

	terms.timeout_s = 1;
	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_take_to(&r, 16));
	r.blocks = 14;
	EXPECT(receiver_take(&r, WAIT_MS) == NOT_NEXT);
	EXPECT(r.packet.value == 1);
	EXPECT_OK(receiver_ack(&r));
	EXPECT_OK(receiver_finish(&r));
	EXPECT(blocks_repeated() <= 2 * 16);
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
		const struct terms terms = plain_terms(OF_BLOCKS(1000), windows[i]);

		EXPECT_OK(receiver_begin(&r, &terms));
		EXPECT_OK(receiver_run(&r, &habits));
		EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
		printf("# windows of %u: %llu blocks sent for %llu\n", windows[i], (unsigned long long)blocks_sent(),
		       (unsigned long long)receiver_blocks(&r));
		EXPECT(5 * blocks_sent() < 6 * receiver_blocks(&r));
		EXPECT(5 * r.packets < 6 * receiver_blocks(&r));
		receiver_end(&r);
	}
	return NULL;
}

/* ... and every block as well, to a client that tells of each block it does not expect. */
static const char *a_client_that_answers_every_copy_starts_no_flood(void)
{
	static const struct habits habits = { .on_gap = GAP_EACH, .copies = 1 };
	const struct terms terms = plain_terms(OF_BLOCKS(1000), 16);
	struct receiver r;

	EXPECT_OK(receiver_begin(&r, &terms));
	EXPECT_OK(receiver_run(&r, &habits));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	EXPECT(5 * blocks_sent() < 6 * receiver_blocks(&r));
	receiver_end(&r);
	return NULL;
}

static const char *late_acks_bring_nothing(void)
{
	const struct terms terms = plain_terms(OF_BLOCKS(200), 16);
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
	EXPECT_OK(receiver_finish(&r));
	EXPECT(blocks_repeated() == 0);
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
		const struct terms terms = plain_terms(OF_BLOCKS(500), windows[i]);

		EXPECT_OK(receiver_begin(&r, &terms));
		EXPECT_OK(receiver_run(&r, &habits));
		EXPECT(r.blocks == 500);
		EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
		EXPECT(blocks_sent() < 3 * receiver_blocks(&r));
		receiver_end(&r);
	}
	return NULL;
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
		TEST(files_that_begin_within_a_page_arrive_by_windows),
		TEST(a_window_of_65535_blocks_takes_a_whole_file),
		TEST(block_0_follows_block_65535_in_windows_of_5),
		TEST(block_0_follows_block_65535_in_windows_of_64),
		TEST(block_1_follows_block_65535_in_windows_of_1000_with_rollover_1),
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
	};
	const unsigned int honor_timeout = get_param("honor_timeout");
	int status = ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);

	set_param("honor_timeout", honor_timeout);
	return status;
}
