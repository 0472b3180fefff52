// SPDX-License-Identifier: GPL-2.0
/* Repeats, what is learned from them, and clients that have gone away. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define PORT          69

/* A least wait that keeps the pauses of a slow machine out of what is counted. */
#define RTO_MIN_MS    200

/* A stall that is learned from, and one well below the floor that it leaves (1.25 x). */
#define LONG_STALL_MS 1500
#define STALL_MS      500

static const char *serve(void)
{
	uint8_t *bytes = pattern(20000);
	const char *why;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(set_param("rto_min_ms", RTO_MIN_MS));
	EXPECT_OK(listen_on("0.0.0.0", 0));
	EXPECT_OK(listen_on("::", 0));
	EXPECT(bytes);
	why = publish_bytes("file", bytes, 20000);
	free(bytes);
	return why;
}

static void stall(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

/* Begins a download and goes to block 2, so that there is a sample. */
static const char *reach_block_2(struct client *client, const char *address, struct packet *packet)
{
	EXPECT_OK(client_open(client, address, PORT));
	EXPECT_OK(client_request(client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(client, packet, 1));
	EXPECT_OK(client_ack(client, packet->from_port, 1));
	EXPECT_OK(client_expect_data(client, packet, 2));
	return NULL;
}

/* Answers what has come meanwhile, each copy, as a phone does that was busy. */
static const char *answer_all(struct client *client, uint16_t block, unsigned int *copies)
{
	struct packet packet;

	*copies = 0;
	/* One copy was taken before the stall. */
	EXPECT(client_receive(client, &packet, WAIT_MS));
	do {
		EXPECT(packet.opcode == DATA);
		if (packet.value != block)
			break;
		++*copies;
		EXPECT_OK(client_ack(client, packet.from_port, block));
	} while (client_receive(client, &packet, WAIT_MS));
	EXPECT(packet.value == block + 1);
	return NULL;
}

static uint64_t repeated(void)
{
	return stat_of(KTFTP_A_STATS_SEGMENTS_REPEATED);
}

/* Lets a download meet a stall that is answered twice. */
static const char *teach(struct client *client, const char *address, struct packet *packet)
{
	unsigned int copies;

	EXPECT_OK(reach_block_2(client, address, packet));
	stall(LONG_STALL_MS);
	EXPECT_OK(client_ack(client, packet->from_port, 2));
	EXPECT_OK(answer_all(client, 2, &copies));
	EXPECT(copies >= 1);
	EXPECT(stat_of(KTFTP_A_STATS_SEGMENTS_SPURIOUS) == 1);
	return NULL;
}

/* On a machine that itself stalls, a stall may be longer than was meant: what shows nothing is tried again. */
#define TRIES 5

/* Returns NULL when several stalls brought no repeat. */
static const char *gets_more_time(void)
{
	struct packet packet;
	struct client client;
	uint64_t before;
	int block;

	EXPECT_OK(serve());
	EXPECT_OK(teach(&client, "127.0.0.1", &packet));
	before = repeated();
	for (block = 3; block < 6; block++) {
		stall(STALL_MS);
		EXPECT_OK(client_ack(&client, packet.from_port, block));
		EXPECT_OK(client_expect_data(&client, &packet, block + 1));
	}
	client_close(&client);
	EXPECT(repeated() == before);
	return NULL;
}

static const char *one_of_several(const char *(*attempt)(void))
{
	const char *error = NULL;
	int i;

	for (i = 0; i < TRIES; i++) {
		error = attempt();
		if (!error)
			break;
	}
	return error;
}

static const char *a_client_that_was_slow_once_gets_more_time(void)
{
	return one_of_several(gets_more_time);
}

static const char *is_known_in_its_next_download(void)
{
	struct packet packet;
	struct client client;
	uint64_t before;

	EXPECT_OK(serve());
	EXPECT_OK(teach(&client, "127.0.0.1", &packet));
	EXPECT_OK(client_error(&client, packet.from_port, 0));
	client_close(&client);
	before = repeated();
	EXPECT_OK(reach_block_2(&client, "127.0.0.1", &packet));
	stall(STALL_MS);
	client_close(&client);
	EXPECT(repeated() == before);
	/* Another client is not known; its address is another one because the server's is. */
	EXPECT_OK(reach_block_2(&client, "::1", &packet));
	stall(STALL_MS);
	EXPECT(repeated() > before);
	client_close(&client);
	return NULL;
}

static const char *what_was_learned_of_a_client_is_known_in_its_next_download(void)
{
	return one_of_several(is_known_in_its_next_download);
}

static const char *a_duplicate_ack_of_a_block_sent_once_proves_nothing(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(serve());
	EXPECT_OK(reach_block_2(&client, "127.0.0.1", &packet));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT(stat_of(KTFTP_A_STATS_ACKS_DUPLICATE) == 2);
	EXPECT(stat_of(KTFTP_A_STATS_SEGMENTS_SPURIOUS) == 0);
	client_close(&client);
	return NULL;
}

static bool none_left(void)
{
	int tries;

	for (tries = 0; tries < 200; tries++) {
		if (transfers() == 0)
			return true;
		stall(50);
	}
	return false;
}

static const char *gone_while_downloading(const char *address)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(serve());
	EXPECT_OK(reach_block_2(&client, address, &packet));
	client_close(&client);
	EXPECT(none_left());
	EXPECT(reaches(KTFTP_A_STATS_ENDED_UNREACHABLE, 1));
	EXPECT(stat_of(KTFTP_A_STATS_UNREACHABLES_RECEIVED) == 3);
	return NULL;
}

static const char *three_port_unreachables_end_a_download_over_ipv4(void)
{
	return gone_while_downloading("127.0.0.1");
}

static const char *three_port_unreachables_end_a_download_over_ipv6(void)
{
	return gone_while_downloading("::1");
}

static const char *one_port_unreachable_ends_a_download_that_was_never_answered(void)
{
	static const char request[] = "\0\1file\0octet\0blksize\0001000";
	struct packet packet;
	struct client client;

	EXPECT_OK(serve());
	EXPECT_OK(client_open(&client, "127.0.0.1", PORT));
	EXPECT_OK(client_send(&client, PORT, request, sizeof(request)));
	EXPECT(client_receive(&client, &packet, WAIT_MS));
	EXPECT(packet.opcode == OACK);
	client_close(&client);
	EXPECT(none_left());
	EXPECT(reaches(KTFTP_A_STATS_ENDED_UNREACHABLE, 1));
	EXPECT(stat_of(KTFTP_A_STATS_UNREACHABLES_RECEIVED) == 1);
	return NULL;
}

static const char *an_ack_between_port_unreachables_begins_the_count_anew(void)
{
	struct packet packet;
	struct client client;
	uint16_t own_port = 40000;
	int round;

	EXPECT_OK(serve());
	EXPECT_OK(client_open_from(&client, "127.0.0.1", PORT, own_port));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	for (round = 1; round <= 4; round++) {
		uint64_t before = stat_of(KTFTP_A_STATS_UNREACHABLES_RECEIVED);
		int tries = 0;

		EXPECT_OK(client_ack(&client, packet.from_port, round));
		EXPECT_OK(client_expect_data(&client, &packet, round + 1));
		/* Gone for one repeat, and back. */
		client_close(&client);
		while (stat_of(KTFTP_A_STATS_UNREACHABLES_RECEIVED) == before && tries++ < 5000)
			stall(1);
		EXPECT_OK(client_open_from(&client, "127.0.0.1", PORT, own_port));
	}
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_UNREACHABLE) == 0);
	EXPECT(transfers() == 1);
	client_close(&client);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(a_client_that_was_slow_once_gets_more_time),
		TEST(what_was_learned_of_a_client_is_known_in_its_next_download),
		TEST(a_duplicate_ack_of_a_block_sent_once_proves_nothing),
		TEST(three_port_unreachables_end_a_download_over_ipv4),
		TEST(three_port_unreachables_end_a_download_over_ipv6),
		TEST(one_port_unreachable_ends_a_download_that_was_never_answered),
		TEST(an_ack_between_port_unreachables_begins_the_count_anew),
	};
	const unsigned int rto_min_ms = get_param("rto_min_ms");
	int status = ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);

	set_param("rto_min_ms", rto_min_ms);
	return status;
}
