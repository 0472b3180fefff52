// SPDX-License-Identifier: GPL-2.0
/* Options: what is asked for, what is granted, byte by byte, and what becomes of the transfer. */
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define SERVER      "127.0.0.1"
#define SERVER6     "::1"
#define PORT        69

/* A packet's text with NULs in it, and its length without the compiler's own. */
#define BYTES(text) (text), sizeof(text) - 1

/* A server with "file" of that length, and a client at that address. */
static const char *begin_at(struct client *client, const char *address, size_t length)
{
	uint8_t *bytes = pattern(length);
	const char *why;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on(strchr(address, ':') ? "::" : "0.0.0.0", 0));
	EXPECT(bytes);
	why = publish_bytes("file", bytes, length);
	free(bytes);
	EXPECT_OK(why);
	return client_open(client, address, PORT);
}

static const char *begin(struct client *client, size_t length)
{
	return begin_at(client, SERVER, length);
}

/* Asks for "file" with these options: names and values, each with its NUL. */
static const char *ask(struct client *client, const char *options, size_t length)
{
	char packet[1500] = "\0\1file\0octet";
	const size_t head = 2 + 5 + 6;

	memcpy(packet + head, options, length);
	return client_send(client, PORT, packet, head + length);
}

/* The next packet is an OACK with exactly these options. */
static const char *expect_oack(struct client *client, struct packet *packet, const char *options, size_t length)
{
	EXPECT(client_receive(client, packet, WAIT_MS));
	EXPECT(packet->opcode == OACK);
	EXPECT(packet->length == 2 + length);
	EXPECT(!memcmp(packet->bytes + 2, options, length));
	return NULL;
}

static const char *expect_data_of(struct client *client, struct packet *packet, size_t length)
{
	EXPECT_OK(client_expect_data(client, packet, 1));
	EXPECT(packet->length == 4 + length);
	return NULL;
}

/* One exchange: options asked for, options in the OACK; without those DATA comes at once. */
static const char *exchange(struct client *client, const char *asked, size_t asked_length, const char *granted,
			    size_t granted_length)
{
	struct packet packet;

	EXPECT_OK(ask(client, asked, asked_length));
	if (!granted_length) {
		EXPECT_OK(expect_data_of(client, &packet, 512));
		return client_error(client, packet.from_port, 0);
	}
	EXPECT_OK(expect_oack(client, &packet, granted, granted_length));
	return client_error(client, packet.from_port, 8);
}

/* Asks from a port of its own, so that exchanges do not meet. */
static const char *fresh_exchange(const char *address, const char *asked, size_t asked_length, const char *granted,
				  size_t granted_length)
{
	struct client client;
	const char *why;

	EXPECT_OK(client_open(&client, address, PORT));
	why = exchange(&client, asked, asked_length, granted, granted_length);
	client_close(&client);
	return why;
}

/* Goes on from an OACK and takes the whole file, in blocks of that many bytes. */
static const char *take_all(struct client *client, uint16_t tid, size_t blksize, unsigned int rollover, size_t length)
{
	uint8_t *content = pattern(length);
	struct packet packet;
	uint16_t number = 0;
	size_t done = 0, part;
	const char *why = NULL;

	do {
		client_ack(client, tid, number);
		number = number == 65535 ? rollover : number + 1u;
		do {
			if (!client_receive(client, &packet, WAIT_MS))
				why = "a block never came";
		} while (!why && packet.value != number && packet.opcode == DATA);
		part = length - done < blksize ? length - done : blksize;
		if (!why && (packet.opcode != DATA || packet.length != 4 + part ||
			     memcmp(packet.bytes + 4, content + done, part)))
			why = "a block is not what it should be";
		done += part;
	} while (!why && part == blksize);
	client_ack(client, tid, number);
	free(content);
	return why;
}

static const char *an_oack_says_exactly_what_was_granted(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(ask(&client, BYTES("tsize\0000\0blksize\0001024\0")));
	EXPECT_OK(expect_oack(&client, &packet, BYTES("blksize\0001024\0tsize\0005000\0")));
	EXPECT_OK(take_all(&client, packet.from_port, 1024, 0, 5000));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	EXPECT(stat_of(KTFTP_A_STATS_OACKS_SENT) == 1);
	client_close(&client);
	return NULL;
}

static const char *without_a_grant_data_comes_at_once(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(exchange(&client, BYTES("grandstream_MODEL\0GXP\0multicast\0\0timeout\0004\0"), "", 0));
	EXPECT(stat_of(KTFTP_A_STATS_OACKS_SENT) == 0);
	client_close(&client);
	return NULL;
}

static const char *unknown_options_are_skipped_and_names_known_in_any_case(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(
		exchange(&client, BYTES("grandstream_ID\0000b82\0BlkSize\000512\0x\0y\0"), BYTES("blksize\000512\0")));
	client_close(&client);
	return NULL;
}

static const char *senseless_numbers_count_as_not_sent(void)
{
	static const char *const values[] = { "-1", "+512", "0x200", " 512", "512 ", "", "0", "7", "abc", "1e3" };
	char asked[64];
	struct client client;
	size_t i;

	EXPECT_OK(begin(&client, 5000));
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		size_t length = sprintf(asked, "blksize%c%s", 0, values[i]) + 1;

		EXPECT_OK(fresh_exchange(SERVER, asked, length, "", 0));
	}
	EXPECT_OK(fresh_exchange(SERVER, BYTES("windowsize\0000\0"), "", 0));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("rollover\0002\0"), "", 0));
	client_close(&client);
	return NULL;
}

static const char *numbers_above_the_range_are_clamped(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\00065465\0"), BYTES("blksize\00065464\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\00099999999999999999999\0"), BYTES("blksize\00065464\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("windowsize\00065536\0"), BYTES("windowsize\00065535\0")));
	client_close(&client);
	return NULL;
}

static const char *of_an_option_sent_twice_the_first_counts(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(exchange(&client, BYTES("blksize\0001000\0blksize\0002000\0"), BYTES("blksize\0001000\0")));
	client_close(&client);
	return NULL;
}

static const char *the_size_of_an_empty_file_is_left_out(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 0));
	EXPECT_OK(ask(&client, BYTES("tsize\0000\0")));
	EXPECT_OK(expect_data_of(&client, &packet, 0));
	client_close(&client);
	EXPECT_OK(client_open(&client, SERVER, PORT));
	EXPECT_OK(ask(&client, BYTES("tsize\0000\0blksize\0001400\0")));
	EXPECT_OK(expect_oack(&client, &packet, BYTES("blksize\0001400\0")));
	EXPECT_OK(take_all(&client, packet.from_port, 1400, 0, 0));
	client_close(&client);
	return NULL;
}

static const char *whatever_size_a_client_writes_it_is_told_the_real_one(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(exchange(&client, BYTES("tsize\000123456\0"), BYTES("tsize\0005000\0")));
	client_close(&client);
	return NULL;
}

static const char *a_block_size_is_a_power_of_two_when_asked_so(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize2\0001500\0"), BYTES("blksize2\0001024\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize2\0008\0"), BYTES("blksize2\0008\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize2\00065464\0"), BYTES("blksize2\00032768\0")));
	client_close(&client);
	return NULL;
}

static const char *set_loopback_mtu(int mtu)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	err = ioctl(fd, SIOCSIFMTU, &request);
	close(fd);
	EXPECT(!err);
	return NULL;
}

static const char *a_block_is_no_larger_than_the_path_takes(void)
{
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(set_loopback_mtu(1500));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\0008192\0"), BYTES("blksize\0001468\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\0001468\0"), BYTES("blksize\0001468\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\0001428\0"), BYTES("blksize\0001428\0")));
	client_close(&client);
	EXPECT_OK(begin_at(&client, SERVER6, 5000));
	EXPECT_OK(set_loopback_mtu(1500));
	EXPECT_OK(fresh_exchange(SERVER6, BYTES("blksize\00065464\0"), BYTES("blksize\0001448\0")));
	client_close(&client);
	return NULL;
}

static const char *a_block_is_no_larger_than_max_blksize(void)
{
	unsigned int most = get_param("max_blksize");
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(set_param("max_blksize", 1200));
	EXPECT_OK(exchange(&client, BYTES("blksize\0001428\0"), BYTES("blksize\0001200\0")));
	client_close(&client);
	return set_param("max_blksize", most);
}

static const char *large_blocks_arrive_whole(const char *address)
{
	static const struct {
		size_t blksize;
		const char *options;
		size_t length;
	} cases[] = {
		{ 8, BYTES("blksize\0008\0") },
		{ 4096, BYTES("blksize\0004096\0") },
		{ 8192, BYTES("blksize\0008192\0") },
		{ 65464, BYTES("blksize\00065464\0") },
	};
	static const size_t lengths[] = { 1, 4000, 200000 };
	struct packet packet;
	struct client client;
	size_t i, j;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (j = 0; j < sizeof(lengths) / sizeof(*lengths); j++) {
			if (lengths[j] / cases[i].blksize > 1000)
				continue;
			EXPECT_OK(begin_at(&client, address, lengths[j]));
			EXPECT_OK(ask(&client, cases[i].options, cases[i].length));
			EXPECT_OK(expect_oack(&client, &packet, cases[i].options, cases[i].length));
			EXPECT_OK(take_all(&client, packet.from_port, cases[i].blksize, 0, lengths[j]));
			client_close(&client);
		}
	return NULL;
}

static const char *blocks_of_every_size_arrive_whole_over_ipv4(void)
{
	return large_blocks_arrive_whole(SERVER);
}

static const char *blocks_of_every_size_arrive_whole_over_ipv6(void)
{
	return large_blocks_arrive_whole(SERVER6);
}

static const char *wrap(const char *options, size_t length, unsigned int rollover)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 600000));
	EXPECT_OK(ask(&client, options, length));
	EXPECT_OK(expect_oack(&client, &packet, options, length));
	EXPECT_OK(take_all(&client, packet.from_port, 8, rollover, 600000));
	client_close(&client);
	return NULL;
}

static const char *block_0_follows_block_65535(void)
{
	return wrap(BYTES("blksize\0008\0"), 0);
}

static const char *block_1_follows_block_65535_with_rollover_1(void)
{
	return wrap(BYTES("blksize\0008\0rollover\0001\0"), 1);
}

static const char *requests_with_padding_and_junk_are_understood(void)
{
	static const char padded[516 - 13] = "blksize\0001000";
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(fresh_exchange(SERVER, padded, sizeof(padded), BYTES("blksize\0001000\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("\0blksize\0001000\0"), BYTES("blksize\0001000\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\0001000\0\0"), BYTES("blksize\0001000\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\0001000\0\xff\xff\xff"), BYTES("blksize\0001000\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("\xff\xff\xff\xff"), "", 0));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize"), "", 0));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("blksize\0001000"), "", 0));
	client_close(&client);
	return NULL;
}

static const char *a_timeout_is_echoed_and_kept_when_it_is_to_be_honored(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(set_param("honor_timeout", 1));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("timeout\0003\0"), BYTES("timeout\0003\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("utimeout\000500000\0"), BYTES("utimeout\000500000\0")));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("timeout\000256\0"), "", 0));
	EXPECT_OK(fresh_exchange(SERVER, BYTES("timeout\0000\0"), "", 0));
	/* Kept: no repeat is early, although the round trip is short. */
	EXPECT_OK(ask(&client, BYTES("timeout\0001\0")));
	EXPECT_OK(expect_oack(&client, &packet, BYTES("timeout\0001\0")));
	EXPECT_OK(client_ack(&client, packet.from_port, 0));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(client_hears_nothing(&client, 900));
	EXPECT(client_receive(&client, &packet, WAIT_MS));
	EXPECT(packet.opcode == DATA && packet.value == 1);
	client_close(&client);
	return set_param("honor_timeout", 0);
}

static const char *a_lost_oack_comes_again_a_few_times_and_no_more(void)
{
	unsigned int retries = get_param("unproven_retries");
	unsigned int copies = 0;
	struct packet packet;
	struct client client;

	EXPECT_OK(set_param("unproven_retries", 1));
	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(ask(&client, BYTES("blksize\0001000\0")));
	while (client_receive(&client, &packet, 6000)) {
		EXPECT(packet.opcode == OACK);
		copies++;
	}
	EXPECT(copies == 2);
	EXPECT(transfers() == 0);
	EXPECT(reaches(KTFTP_A_STATS_ENDED_UNPROVEN, 1));
	client_close(&client);
	return set_param("unproven_retries", retries);
}

static const char *the_same_request_again_gets_the_oack_again(void)
{
	struct packet packet;
	struct client client;
	uint16_t tid;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(ask(&client, BYTES("blksize\0001000\0")));
	EXPECT_OK(expect_oack(&client, &packet, BYTES("blksize\0001000\0")));
	tid = packet.from_port;
	EXPECT_OK(ask(&client, BYTES("blksize\0001000\0")));
	EXPECT_OK(expect_oack(&client, &packet, BYTES("blksize\0001000\0")));
	EXPECT(packet.from_port == tid);
	EXPECT_OK(take_all(&client, tid, 1000, 0, 5000));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	client_close(&client);
	return NULL;
}

static const char *only_ack_0_answers_an_oack(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(ask(&client, BYTES("blksize\0001000\0")));
	EXPECT_OK(expect_oack(&client, &packet, BYTES("blksize\0001000\0")));
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT_OK(client_ack(&client, packet.from_port, 65535));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_SEGMENTS_SENT) == 0);
	EXPECT_OK(take_all(&client, packet.from_port, 1000, 0, 5000));
	client_close(&client);
	return NULL;
}

static const char *a_size_probe_ends_with_the_clients_error(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(begin(&client, 5000));
	EXPECT_OK(ask(&client, BYTES("tsize\0000\0")));
	EXPECT_OK(expect_oack(&client, &packet, BYTES("tsize\0005000\0")));
	EXPECT_OK(client_error(&client, packet.from_port, 8));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(transfers() == 0);
	client_close(&client);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(an_oack_says_exactly_what_was_granted),
		TEST(without_a_grant_data_comes_at_once),
		TEST(unknown_options_are_skipped_and_names_known_in_any_case),
		TEST(senseless_numbers_count_as_not_sent),
		TEST(numbers_above_the_range_are_clamped),
		TEST(of_an_option_sent_twice_the_first_counts),
		TEST(the_size_of_an_empty_file_is_left_out),
		TEST(whatever_size_a_client_writes_it_is_told_the_real_one),
		TEST(a_block_size_is_a_power_of_two_when_asked_so),
		TEST(a_block_is_no_larger_than_the_path_takes),
		TEST(a_block_is_no_larger_than_max_blksize),
		TEST(blocks_of_every_size_arrive_whole_over_ipv4),
		TEST(blocks_of_every_size_arrive_whole_over_ipv6),
		TEST(block_0_follows_block_65535),
		TEST(block_1_follows_block_65535_with_rollover_1),
		TEST(requests_with_padding_and_junk_are_understood),
		TEST(a_timeout_is_echoed_and_kept_when_it_is_to_be_honored),
		TEST(a_lost_oack_comes_again_a_few_times_and_no_more),
		TEST(the_same_request_again_gets_the_oack_again),
		TEST(only_ack_0_answers_an_oack),
		TEST(a_size_probe_ends_with_the_clients_error),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);
}
