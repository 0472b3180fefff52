// SPDX-License-Identifier: GPL-2.0
/* What goes over the wire, packet by packet: each test in a network namespace of its own. */
#include <string.h>

#include "client.h"
#include "ktap.h"

#define SERVER "127.0.0.1"
#define PORT   69

static const char hello[] = "hello";

/* A server at SERVER with "file" of that length, and a client. */
static const char *begin(struct client *client, size_t length)
{
	uint8_t *bytes = pattern(length);
	const char *why;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on(SERVER, 0));
	EXPECT(bytes);
	why = publish_bytes("file", bytes, length);
	free(bytes);
	EXPECT_OK(why);
	return client_open(client, SERVER, PORT);
}

/* Downloads "file" and compares it with the pattern. */
static const char *download(struct client *client, size_t length)
{
	uint8_t *bytes = pattern(length);
	const char *why;

	EXPECT(bytes);
	why = client_download(client, "file", bytes, length);
	free(bytes);
	return why;
}

static const char *one_size(const char *address, uint32_t flags, size_t length)
{
	uint8_t *bytes = pattern(length);
	struct client client;
	const char *why;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on(strchr(address, ':') ? "::" : "0.0.0.0", flags));
	EXPECT(bytes);
	why = publish_bytes("file", bytes, length);
	free(bytes);
	EXPECT_OK(why);
	EXPECT_OK(client_open(&client, address, PORT));
	EXPECT_OK(download(&client, length));
	client_close(&client);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_IN_PROGRESS) == 0);
	EXPECT(transfers() == 0);
	return NULL;
}

static const char *every_size(const char *address, uint32_t flags)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 1024, 4095, 4096, 4097, 70000 };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		EXPECT_OK(one_size(address, flags, sizes[i]));
	return NULL;
}

static const char *every_size_arrives_whole_over_ipv4(void)
{
	return every_size("127.0.0.1", 0);
}

static const char *every_size_arrives_whole_over_ipv6(void)
{
	return every_size("::1", 0);
}

static const char *every_size_arrives_whole_from_a_single_port(void)
{
	return every_size("127.0.0.1", KTFTP_LISTENER_FLAG_SINGLE_PORT);
}

static const char *data_comes_from_a_port_of_the_range(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 600));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(packet.from_port >= 61000 && packet.from_port <= 63999);
	client_close(&client);
	return NULL;
}

static const char *a_single_port_listener_answers_from_its_port(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on(SERVER, KTFTP_LISTENER_FLAG_SINGLE_PORT));
	EXPECT_OK(publish_bytes("file", hello, sizeof(hello)));
	EXPECT_OK(client_open(&client, SERVER, PORT));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(packet.from_port == PORT);
	EXPECT_OK(client_ack(&client, PORT, 1));
	client_close(&client);
	return NULL;
}

static const char *mode_is_case_insensitive_and_a_stray_nul_is_tolerated(void)
{
	static const char request[] = "\0\1file\0OcTeT\0";
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 5));
	/* sizeof counts one NUL more than the mode's. */
	EXPECT_OK(client_send(&client, PORT, request, sizeof(request)));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	client_close(&client);
	return NULL;
}

static const char *a_drained_listener_is_silent_until_it_is_resumed(void)
{
	struct ktftp_listener listener = { .address = { .bytes = { 127, 0, 0, 1 }, .length = 4 } }, later = listener;
	struct client client;

	EXPECT_OK(begin(&client, 2000));
	EXPECT(!ktftp_listener_drain(k, &listener));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(!ktftp_listener_resume(k, &listener));
	EXPECT_OK(client_request(&client, RRQ, "missing", "octet"));
	EXPECT_OK(client_expect_error(&client, 1));
	client_close(&client);

	/* One that is added so takes none before that either. */
	later.port = 6969;
	later.state = KTFTP_LISTENER_STATE_DRAINING;
	EXPECT(!ktftp_listener_add(k, &later));
	EXPECT_OK(client_open(&client, "127.0.0.1", 6969));
	EXPECT_OK(client_request(&client, RRQ, "missing", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(!ktftp_listener_resume(k, &later));
	EXPECT_OK(client_request(&client, RRQ, "missing", "octet"));
	EXPECT_OK(client_expect_error(&client, 1));
	client_close(&client);
	return NULL;
}

static const char *a_missing_name_gets_error_1(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(client_request(&client, RRQ, "nothing", "octet"));
	EXPECT_OK(client_expect_error(&client, 1));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_NOT_FOUND) == 1);
	client_close(&client);
	return NULL;
}

static const char *a_name_that_leads_upwards_gets_error_1(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(client_request(&client, RRQ, "../file", "octet"));
	EXPECT_OK(client_expect_error(&client, 1));
	client_close(&client);
	return NULL;
}

static const char *a_write_gets_error_2(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(client_request(&client, WRQ, "file", "octet"));
	EXPECT_OK(client_expect_error(&client, 2));
	EXPECT(stat_of(KTFTP_A_STATS_WRITES_REFUSED) == 1);
	client_close(&client);
	return NULL;
}

static const char *an_unknown_mode_gets_error_4(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(client_request(&client, RRQ, "file", "mail"));
	EXPECT_OK(client_expect_error(&client, 4));
	EXPECT_OK(client_request(&client, RRQ, "file", "netascii"));
	EXPECT_OK(client_expect_error(&client, 0));
	client_close(&client);
	return NULL;
}

static const char *a_malformed_request_gets_error_4(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(client_send(&client, PORT, "\0\1file\0octet", 12));
	EXPECT_OK(client_expect_error(&client, 4));
	client_close(&client);
	return NULL;
}

static const char *names_are_found_however_phones_write_them(void)
{
	static const char *const names[] = {
		"Phones/jar41.sbn",  "/Phones/jar41.sbn",     "//Phones//jar41.sbn",  "phones/JAR41.SBN",
		"Phones\\jar41.sbn", "C:\\Phones\\jar41.sbn", "./Phones/./jar41.sbn",
	};
	struct client client;
	size_t i;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(publish_bytes("Phones/jar41.sbn", hello, sizeof(hello)));
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		EXPECT_OK(client_download(&client, names[i], (const uint8_t *)hello, sizeof(hello)));
	client_close(&client);
	return NULL;
}

static const char *the_exact_name_goes_before_one_of_other_case(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(publish_bytes("Name", "upper", 5));
	EXPECT_OK(publish_bytes("name", "lower", 5));
	EXPECT_OK(client_download(&client, "name", (const uint8_t *)"lower", 5));
	EXPECT_OK(client_download(&client, "Name", (const uint8_t *)"upper", 5));
	client_close(&client);
	return NULL;
}

static const char *a_lost_block_comes_again(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	/* As if it had been lost: the timer sends it again, and again. */
	EXPECT(client_receive(&client, &packet, WAIT_MS));
	EXPECT(packet.opcode == DATA && packet.value == 2);
	EXPECT(client_receive(&client, &packet, WAIT_MS));
	EXPECT(packet.opcode == DATA && packet.value == 2);
	EXPECT_OK(client_ack(&client, packet.from_port, 2));
	EXPECT_OK(client_expect_data(&client, &packet, 3));
	EXPECT(stat_of(KTFTP_A_STATS_SEGMENTS_REPEATED) >= 2);
	client_close(&client);
	return NULL;
}

static const char *a_duplicate_ack_is_never_answered(void)
{
	unsigned int floor_ms = get_param("rto_min_ms");
	struct packet packet;
	struct client client;

	/* So that the timer has no part in it. */
	EXPECT_OK(set_param("rto_min_ms", 200));
	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT(stat_of(KTFTP_A_STATS_ACKS_DUPLICATE) == 1);
	EXPECT(stat_of(KTFTP_A_STATS_SEGMENTS_SENT) - stat_of(KTFTP_A_STATS_SEGMENTS_REPEATED) == 2);
	client_close(&client);
	return set_param("rto_min_ms", floor_ms);
}

static const char *an_ack_from_the_future_changes_nothing(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 3));
	EXPECT_OK(client_ack(&client, packet.from_port, 65535));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT(stat_of(KTFTP_A_STATS_ACKS_STALE) == 2);
	client_close(&client);
	return NULL;
}

static const char *a_clients_error_ends_its_transfer_silently(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT_OK(client_error(&client, packet.from_port, 0));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(transfers() == 0);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_ABORTED) == 1);
	client_close(&client);
	return NULL;
}

static const char *the_same_request_again_gets_block_1_again(void)
{
	struct packet first, second;
	struct client client;

	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &first, 1));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT(client_receive(&client, &second, WAIT_MS));
	EXPECT(second.opcode == DATA && second.value == 1);
	EXPECT(second.from_port == first.from_port);
	EXPECT(transfers() == 1);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_REPEATED) == 1);
	client_close(&client);
	return NULL;
}

static const char *a_client_that_never_answers_gets_one_block_and_no_more(void)
{
	unsigned int retries = get_param("unproven_retries");
	struct packet packet;
	struct client client;

	EXPECT_OK(set_param("unproven_retries", 0));
	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(client_hears_nothing(&client, 2000));
	EXPECT(transfers() == 0);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_UNPROVEN, 1));
	EXPECT(stat_of(KTFTP_A_STATS_SEGMENTS_SENT) == 1);
	client_close(&client);
	return set_param("unproven_retries", retries);
}

/* Somebody spoofs a request from the address and port of a client that is being served. */
static const char *another_request_from_the_same_port_runs_beside_the_first(void)
{
	struct packet first, other, packet;
	struct client client;

	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(publish_bytes("other", hello, sizeof(hello)));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &first, 1));
	EXPECT_OK(client_ack(&client, first.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT_OK(client_request(&client, RRQ, "other", "octet"));
	do {
		EXPECT(client_receive(&client, &other, WAIT_MS));
	} while (other.from_port == first.from_port);
	EXPECT(other.opcode == DATA && other.value == 1);
	EXPECT(transfers() == 2);
	/* The first goes on. */
	EXPECT_OK(client_ack(&client, first.from_port, 2));
	EXPECT_OK(client_expect_data(&client, &packet, 3));
	EXPECT(packet.from_port == first.from_port);
	/* Once the second is proven, the first is over. */
	EXPECT_OK(client_ack(&client, other.from_port, 1));
	EXPECT(transfers() == 0);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_ABORTED) == 1);
	client_close(&client);
	return NULL;
}

static const char *on_a_single_port_no_request_ends_a_running_download(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on(SERVER, KTFTP_LISTENER_FLAG_SINGLE_PORT));
	EXPECT_OK(publish_bytes("file", hello, sizeof(hello)));
	EXPECT_OK(publish_bytes("long", pattern(2000), 2000));
	EXPECT_OK(client_open(&client, SERVER, PORT));
	EXPECT_OK(client_request(&client, RRQ, "long", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, PORT, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_ack(&client, PORT, 2));
	EXPECT_OK(client_expect_data(&client, &packet, 3));
	EXPECT(packet.length == 516);
	client_close(&client);
	return NULL;
}

static const char *a_packet_of_no_transfer_gets_error_5(void)
{
	struct packet packet;
	struct client client, stranger;

	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_open(&stranger, SERVER, PORT));
	EXPECT_OK(client_ack(&stranger, packet.from_port, 1));
	EXPECT_OK(client_expect_error(&stranger, 5));
	/* Errors are never answered, whoever sends them. */
	EXPECT_OK(client_error(&stranger, packet.from_port, 0));
	EXPECT(client_hears_nothing(&stranger, SILENCE_MS));
	/* And the client is not disturbed. */
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT(stat_of(KTFTP_A_STATS_UNKNOWN_TID) == 2);
	client_close(&stranger);
	client_close(&client);
	return NULL;
}

static const char *a_late_ack_of_a_complete_transfer_is_swallowed(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 5));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_UNKNOWN_TID) == 0);
	EXPECT(transfers() == 0);
	client_close(&client);
	return NULL;
}

static const char *a_lost_ack_of_the_last_block_is_assumed_in_the_end(void)
{
	unsigned int linger_ms = get_param("linger_ms");
	struct packet packet;
	struct client client;
	int copies = 0;

	EXPECT_OK(set_param("linger_ms", 1000));
	EXPECT_OK(begin(&client, 700));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	/* The client saw it, and its ACK was lost: the block comes again, the same each time, for a while. */
	while (client_receive(&client, &packet, 3000)) {
		EXPECT(packet.opcode == DATA && packet.value == 2 && packet.length == 4 + 700 - 512);
		copies++;
	}
	EXPECT(copies >= 1);
	EXPECT(transfers() == 0);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_ASSUMED, 1));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_PROCESSED) == 1);
	client_close(&client);
	return set_param("linger_ms", linger_ms);
}

static const char *an_ack_while_the_last_block_is_repeated_completes(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 700));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT(client_receive(&client, &packet, WAIT_MS));
	EXPECT(packet.opcode == DATA && packet.value == 2);
	EXPECT_OK(client_ack(&client, packet.from_port, 2));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	EXPECT(transfers() == 0);
	client_close(&client);
	return NULL;
}

static const char *a_silent_client_is_given_up(void)
{
	unsigned int give_up_ms = get_param("give_up_ms");
	struct packet packet;
	struct client client;

	EXPECT_OK(set_param("give_up_ms", 1000));
	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	while (client_receive(&client, &packet, 3000))
		EXPECT(packet.opcode == DATA && packet.value == 2);
	EXPECT(transfers() == 0);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_TIMED_OUT, 1));
	client_close(&client);
	return set_param("give_up_ms", give_up_ms);
}

static const char *file_after_file_from_one_port(void)
{
	struct client client;
	int i;

	EXPECT_OK(begin(&client, 1500));
	for (i = 0; i < 300; i++)
		EXPECT_OK(download(&client, 1500));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 300));
	client_close(&client);
	return NULL;
}

static const char *requests_beyond_max_transfers_are_told_so(void)
{
	unsigned int most = get_param("max_transfers");
	struct packet packet;
	struct client client, other;

	EXPECT_OK(begin(&client, 2000));
	EXPECT_OK(set_param("max_transfers", 1));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT_OK(client_open(&other, SERVER, PORT));
	EXPECT_OK(client_request(&other, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_error(&other, 0));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == 1);
	client_close(&other);
	client_close(&client);
	return set_param("max_transfers", most);
}

static const char *a_draining_listener_is_silent_and_lets_transfers_finish(void)
{
	struct ktftp_listener listener = { .address = { .bytes = { 127, 0, 0, 1 }, .length = 4 } };
	struct packet packet;
	struct client client, other;

	EXPECT_OK(begin(&client, 700));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(!ktftp_listener_drain(k, &listener));
	EXPECT_OK(client_open(&other, SERVER, PORT));
	EXPECT_OK(client_request(&other, RRQ, "file", "octet"));
	EXPECT(client_hears_nothing(&other, SILENCE_MS));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_expect_data(&client, &packet, 2));
	EXPECT_OK(client_ack(&client, packet.from_port, 2));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	client_close(&other);
	client_close(&client);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(every_size_arrives_whole_over_ipv4),
		TEST(every_size_arrives_whole_over_ipv6),
		TEST(every_size_arrives_whole_from_a_single_port),
		TEST(data_comes_from_a_port_of_the_range),
		TEST(a_single_port_listener_answers_from_its_port),
		TEST(mode_is_case_insensitive_and_a_stray_nul_is_tolerated),
		TEST(a_drained_listener_is_silent_until_it_is_resumed),
		TEST(a_missing_name_gets_error_1),
		TEST(a_name_that_leads_upwards_gets_error_1),
		TEST(a_write_gets_error_2),
		TEST(an_unknown_mode_gets_error_4),
		TEST(a_malformed_request_gets_error_4),
		TEST(names_are_found_however_phones_write_them),
		TEST(the_exact_name_goes_before_one_of_other_case),
		TEST(a_lost_block_comes_again),
		TEST(a_duplicate_ack_is_never_answered),
		TEST(an_ack_from_the_future_changes_nothing),
		TEST(a_clients_error_ends_its_transfer_silently),
		TEST(the_same_request_again_gets_block_1_again),
		TEST(a_client_that_never_answers_gets_one_block_and_no_more),
		TEST(another_request_from_the_same_port_runs_beside_the_first),
		TEST(on_a_single_port_no_request_ends_a_running_download),
		TEST(a_packet_of_no_transfer_gets_error_5),
		TEST(a_late_ack_of_a_complete_transfer_is_swallowed),
		TEST(a_lost_ack_of_the_last_block_is_assumed_in_the_end),
		TEST(an_ack_while_the_last_block_is_repeated_completes),
		TEST(a_silent_client_is_given_up),
		TEST(file_after_file_from_one_port),
		TEST(requests_beyond_max_transfers_are_told_so),
		TEST(a_draining_listener_is_silent_and_lets_transfers_finish),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);
}
