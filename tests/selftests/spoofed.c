// SPDX-License-Identifier: GPL-2.0
/* Requests whose source somebody made up: little is sent to it, nobody else suffers, nothing is left. */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define SERVER    "127.0.0.1"
#define PORT      69

/* Nobody, and no route there: TEST-NET-1. */
#define NOWHERE   "192.0.2.7"

/* What lo calls everybody. */
#define EVERYBODY "127.255.255.255"

static const char *serve(struct client *client, uint32_t flags)
{
	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on("0.0.0.0", flags));
	EXPECT_OK(publish_bytes("small", "text", 4));
	return client_open(client, SERVER, PORT);
}

/* A request that pretends to come from somewhere else. */
static const char *send_from(const char *source, uint16_t port, const void *request, size_t length)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct {
		struct iphdr ip;
		struct udphdr udp;
		uint8_t bytes[512];
	} packet = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP },
	};
	size_t bytes = sizeof(packet.ip) + sizeof(packet.udp) + length;
	ssize_t sent;
	int fd;

	packet.ip.tot_len = htons(bytes);
	packet.ip.saddr = inet_addr(source);
	packet.ip.daddr = to.sin_addr.s_addr;
	packet.udp.source = htons(port);
	packet.udp.dest = htons(PORT);
	packet.udp.len = htons(sizeof(packet.udp) + length);
	memcpy(packet.bytes, request, length);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	EXPECT(fd >= 0);
	sent = sendto(fd, &packet, bytes, 0, (const struct sockaddr *)&to, sizeof(to));
	close(fd);
	EXPECT(sent == (ssize_t)bytes);
	return NULL;
}

static const char *wait_for_idle(void)
{
	const struct timespec time = { .tv_nsec = 50000000 };
	int tries;

	for (tries = 0; tries < WAIT_MS / 50 && transfers(); tries++)
		nanosleep(&time, NULL);
	EXPECT(transfers() == 0);
	return NULL;
}

static const char *who_has_no_way_back_is_forgotten_unproven(void)
{
	static const char request[] = "\0\1small\0octet";
	unsigned int retries = get_param("unproven_retries");
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(set_param("unproven_retries", 1));
	EXPECT_OK(send_from(NOWHERE, 2000, request, sizeof(request)));
	EXPECT_OK(send_from(NOWHERE, 2000, request, sizeof(request)));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_REPEATED) == 1);
	EXPECT_OK(wait_for_idle());
	EXPECT_OK(set_param("unproven_retries", retries));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_UNPROVEN, 1));
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_ASSUMED) == 0);
	EXPECT(stat_of(KTFTP_A_STATS_SEND_FAILED) > 0);
	EXPECT_OK(client_download(&client, "small", (const uint8_t *)"text", 4));
	client_close(&client);
	return NULL;
}

static const char *nothing_is_sent_to_everybody(void)
{
	static const char request[] = "\0\1small\0octet", with_option[] = "\0\1small\0octet\0tsize\0000";
	static const char missing[] = "\0\1missing\0octet";
	struct packet packet;
	struct client client, listening;
	int one = 1;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(client_open_from(&listening, SERVER, PORT, 2000));
	EXPECT(!setsockopt(listening.fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)));
	EXPECT_OK(send_from(EVERYBODY, 2000, request, sizeof(request)));
	EXPECT_OK(send_from(EVERYBODY, 2001, with_option, sizeof(with_option)));
	EXPECT_OK(send_from(EVERYBODY, 2000, missing, sizeof(missing)));
	EXPECT(!client_receive(&listening, &packet, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS) == 3);
	EXPECT(stat_of(KTFTP_A_STATS_ERRORS_SENT) == 0);
	EXPECT(stat_of(KTFTP_A_STATS_OACKS_SENT) == 0);
	client_close(&listening);
	client_close(&client);
	return NULL;
}

static const char *what_cannot_be_a_client_is_ignored(void)
{
	static const char request[] = "\0\1small\0octet";
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(send_from("224.0.0.1", 2000, request, sizeof(request)));
	EXPECT_OK(send_from("255.255.255.255", 2000, request, sizeof(request)));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS) == 0);
	EXPECT(transfers() == 0);
	client_close(&client);
	return NULL;
}

static const char *a_flood_of_them_keeps_nobody_from_being_served(void)
{
	static const char request[] = "\0\1small\0octet";
	unsigned int most = get_param("max_unproven");
	struct client client, silent;
	char source[32];
	int i;

	EXPECT_OK(serve(&client, 0));
	/* No host says that nobody is there. */
	EXPECT_OK(client_open_from(&silent, SERVER, PORT, 2000));
	EXPECT_OK(set_param("max_unproven", 16));
	for (i = 0; i < 200; i++) {
		snprintf(source, sizeof(source), "127.1.%d.1", i);
		EXPECT_OK(send_from(source, 2000, request, sizeof(request)));
	}
	EXPECT(transfers() == 16);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == 184);
	EXPECT_OK(client_download(&client, "small", (const uint8_t *)"text", 4));
	EXPECT_OK(set_param("max_unproven", most));
	client_close(&silent);
	client_close(&client);
	return NULL;
}

static const char *an_agreed_timeout_makes_no_more_oacks(void)
{
	static const char request[] = "\0\1small\0octet\0utimeout\00010000";
	unsigned int retries = get_param("unproven_retries");
	struct packet packet;
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(set_param("honor_timeout", 1));
	EXPECT_OK(set_param("unproven_retries", 1));
	EXPECT_OK(client_send(&client, PORT, request, sizeof(request)));
	EXPECT(client_receive(&client, &packet, WAIT_MS) && packet.opcode == OACK);
	EXPECT_OK(wait_for_idle());
	EXPECT_OK(set_param("unproven_retries", retries));
	EXPECT_OK(set_param("honor_timeout", 0));
	EXPECT(stat_of(KTFTP_A_STATS_OACKS_SENT) == 2);
	client_close(&client);
	return NULL;
}

static const char *a_short_ceiling_of_the_timer_makes_no_more_oacks(void)
{
	static const char request[] = "\0\1small\0octet\0tsize\0000";
	unsigned int rto_max_ms = get_param("rto_max_ms");
	struct packet packet;
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(set_param("rto_max_ms", 200));
	EXPECT_OK(client_send(&client, PORT, request, sizeof(request)));
	EXPECT(client_receive(&client, &packet, WAIT_MS) && packet.opcode == OACK);
	EXPECT_OK(wait_for_idle());
	EXPECT_OK(set_param("rto_max_ms", rto_max_ms));
	EXPECT(stat_of(KTFTP_A_STATS_OACKS_SENT) == 1 + get_param("unproven_retries"));
	client_close(&client);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(who_has_no_way_back_is_forgotten_unproven), TEST(nothing_is_sent_to_everybody),
		TEST(what_cannot_be_a_client_is_ignored),        TEST(a_flood_of_them_keeps_nobody_from_being_served),
		TEST(an_agreed_timeout_makes_no_more_oacks),     TEST(a_short_ceiling_of_the_timer_makes_no_more_oacks),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);
}
