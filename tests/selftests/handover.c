// SPDX-License-Identifier: GPL-2.0
/* What the module does not serve: handed to a daemon, started by it, and what a daemon leaves when it goes. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define SERVER "127.0.0.1"
#define PORT   69
#define FLOOD  3000

/* The last request that came, with a copy of its datagram. */
static struct {
	struct ktftp_handed request;
	uint8_t data[1500];
	unsigned int count;
} handed;

static void take(const struct ktftp_handed *request, void *context)
{
	(void)context;
	handed.request = *request;
	memcpy(handed.data, request->data, request->bytes);
	handed.request.data = handed.data;
	handed.count++;
}

/* A server and an attached daemon, which is this program. */
static const char *serve(struct client *client, uint32_t flags)
{
	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on("0.0.0.0", flags));
	EXPECT(!ktftp_attach(k));
	memset(&handed, 0, sizeof(handed));
	return client_open(client, SERVER, PORT);
}

/* Waits for one request. */
static const char *expect_request(uint32_t why)
{
	struct pollfd fd = { .fd = ktftp_requests_fd(k), .events = POLLIN };

	handed.count = 0;
	EXPECT(poll(&fd, 1, WAIT_MS) == 1);
	EXPECT(!ktftp_requests_read(k, take, NULL));
	EXPECT(handed.count == 1);
	EXPECT(handed.request.why == why);
	return NULL;
}

static const char *a_miss_goes_to_the_daemon_and_the_client_hears_nothing(void)
{
	static const char request[] = "\0\1SEP001122334455.cnf.xml\0octet";
	const uint8_t loopback[] = { 127, 0, 0, 1 };
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(client_send(&client, PORT, request, sizeof(request)));
	EXPECT_OK(expect_request(KTFTP_REQUEST_WHY_MISS));
	EXPECT(handed.request.bytes == sizeof(request));
	EXPECT(!memcmp(handed.data, request, sizeof(request)));
	EXPECT(handed.request.client.length == 4 && !memcmp(handed.request.client.bytes, loopback, 4));
	EXPECT(handed.request.local.length == 4 && !memcmp(handed.request.local.bytes, loopback, 4));
	EXPECT(handed.request.client_port);
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_HANDED_OVER) == 1);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_NOT_FOUND) == 0);
	client_close(&client);
	return NULL;
}

static const char *what_is_published_then_is_started_once(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(client_request(&client, RRQ, "late", "octet"));
	EXPECT_OK(expect_request(KTFTP_REQUEST_WHY_MISS));
	EXPECT_OK(publish_bytes("late", "content", 7));
	EXPECT(!ktftp_start(k, &handed.request, NULL));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(packet.length == 4 + 7 && !memcmp(packet.bytes + 4, "content", 7));
	/* Once more, as when the daemon is not sure: the same transfer says the same again. */
	EXPECT(!ktftp_start(k, &handed.request, NULL));
	EXPECT(transfers() == 1);
	EXPECT_OK(client_ack(&client, packet.from_port, 1));
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 1));
	client_close(&client);
	return NULL;
}

static const char *another_name_can_be_started_and_options_count(void)
{
	static const char request[] = "\0\1wanted\0octet\0blksize\0001000\0tsize\0000";
	struct packet packet;
	struct client client;
	uint8_t *bytes = pattern(3000);
	const char *why;

	EXPECT_OK(serve(&client, 0));
	why = publish_bytes("given", bytes, 3000);
	free(bytes);
	EXPECT_OK(why);
	EXPECT_OK(client_send(&client, PORT, request, sizeof(request)));
	EXPECT_OK(expect_request(KTFTP_REQUEST_WHY_MISS));
	EXPECT(!ktftp_start(k, &handed.request, "/given"));
	EXPECT(client_receive(&client, &packet, WAIT_MS));
	EXPECT(packet.opcode == OACK);
	EXPECT(!memcmp(packet.bytes + 2, "blksize\0001000\0tsize\0003000", packet.length - 2));
	EXPECT_OK(client_ack(&client, packet.from_port, 0));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(packet.length == 1004);
	client_close(&client);
	return NULL;
}

static const char *writes_and_netascii_are_the_daemons(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(publish_bytes("file", "a\n", 2));
	EXPECT_OK(publish_bytes("file.netascii", "a\r\n", 3));
	EXPECT_OK(client_request(&client, WRQ, "file", "octet"));
	EXPECT_OK(expect_request(KTFTP_REQUEST_WHY_WRITE));
	EXPECT(ktftp_start(k, &handed.request, NULL) == -EBADMSG);
	EXPECT_OK(client_request(&client, RRQ, "file", "netascii"));
	EXPECT_OK(expect_request(KTFTP_REQUEST_WHY_NETASCII));
	EXPECT(!ktftp_start(k, &handed.request, "file.netascii"));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(packet.length == 4 + 3);
	client_close(&client);
	return NULL;
}

static const char *a_single_port_takes_no_writes_and_says_so(void)
{
	struct packet packet;
	struct client client;

	EXPECT_OK(serve(&client, KTFTP_LISTENER_FLAG_SINGLE_PORT));
	EXPECT_OK(client_request(&client, WRQ, "file", "octet"));
	EXPECT_OK(client_expect_error(&client, 2));
	EXPECT_OK(client_request(&client, RRQ, "late", "octet"));
	EXPECT_OK(expect_request(KTFTP_REQUEST_WHY_MISS));
	EXPECT_OK(publish_bytes("late", "content", 7));
	EXPECT(!ktftp_start(k, &handed.request, NULL));
	EXPECT_OK(client_expect_data(&client, &packet, 1));
	EXPECT(packet.from_port == PORT);
	client_close(&client);
	return NULL;
}

static const char *a_second_daemon_is_refused_until_the_first_goes(void)
{
	struct ktftp *other;
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT(!ktftp_open(&other));
	EXPECT(ktftp_attach(other) == -EBUSY);
	EXPECT(strstr(ktftp_error(other), "another daemon"));
	ktftp_detach(k);
	EXPECT(!ktftp_attach(other));
	ktftp_close(other);
	client_close(&client);
	return NULL;
}

static const char *set_orphan_miss(const char *value)
{
	FILE *file = fopen("/sys/module/ktftp/parameters/orphan_miss", "we");

	EXPECT(file);
	fputs(value, file);
	EXPECT(!fclose(file));
	return NULL;
}

static const char *what_a_miss_means_when_the_daemon_is_gone_is_a_choice(void)
{
	struct client client;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on("0.0.0.0", 0));
	EXPECT_OK(client_open(&client, SERVER, PORT));
	/* There never was one: the module knows all names. */
	EXPECT_OK(client_request(&client, RRQ, "nothing", "octet"));
	EXPECT_OK(client_expect_error(&client, 1));
	EXPECT(!ktftp_attach(k));
	ktftp_detach(k);
	EXPECT_OK(client_request(&client, RRQ, "nothing", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT_OK(client_request(&client, WRQ, "nothing", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT_OK(set_orphan_miss("error0"));
	EXPECT_OK(client_request(&client, RRQ, "nothing", "octet"));
	EXPECT_OK(client_expect_error(&client, 0));
	EXPECT_OK(set_orphan_miss("error1"));
	EXPECT_OK(client_request(&client, RRQ, "nothing", "octet"));
	EXPECT_OK(client_expect_error(&client, 1));
	EXPECT_OK(set_orphan_miss("silent"));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_ORPHANED) == 3);
	client_close(&client);
	return NULL;
}

static int count_entry(const struct ktftp_entry *entry, void *context)
{
	(void)entry;
	++*(unsigned int *)context;
	return 0;
}

static unsigned int entries(void)
{
	unsigned int count = 0;

	return ktftp_entry_list(k, count_entry, &count) ? ~0u : count;
}

static const char *publish_attached(const char *name)
{
	const struct ktftp_properties properties = { .name = name, .while_attached = true };
	int fd = sealed_memfd("default", 7), err;
	struct ktftp_entry entry;

	EXPECT(fd >= 0);
	err = ktftp_publish_fd(k, &properties, fd, KTFTP_KIND_SEALED, &entry);
	close(fd);
	EXPECT(!err);
	return NULL;
}

static const char *what_is_served_while_attached_goes_with_the_daemon(void)
{
	struct client client;
	int tries;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(publish_attached("XMLDefault.cnf.xml"));
	EXPECT_OK(publish_bytes("firmware", "stays", 5));
	EXPECT(entries() == 2);
	ktftp_detach(k);
	for (tries = 0; tries < 200 && entries() != 1; tries++)
		usleep(50000);
	EXPECT(entries() == 1);
	EXPECT_OK(client_download(&client, "firmware", (const uint8_t *)"stays", 5));
	client_close(&client);
	return NULL;
}

static const char *attach_and_wait_for_death(void)
{
	struct ktftp *own;

	EXPECT(!ktftp_open(&own));
	EXPECT(!ktftp_attach(own));
	EXPECT(write(STDIN_FILENO, "x", 1) == 1);
	pause();
	return NULL;
}

static const char *a_daemon_that_is_killed_is_gone(void)
{
	int pipe_fds[2], status;
	struct client client;
	char byte;
	pid_t pid;

	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on("0.0.0.0", 0));
	EXPECT_OK(client_open(&client, SERVER, PORT));
	EXPECT(!pipe(pipe_fds));
	pid = fork();
	EXPECT(pid >= 0);
	if (!pid) {
		dup2(pipe_fds[1], STDIN_FILENO);
		_exit(attach_and_wait_for_death() != NULL);
	}
	EXPECT(read(pipe_fds[0], &byte, 1) == 1);
	EXPECT(ktftp_attach(k) == -EBUSY);
	EXPECT(!kill(pid, SIGKILL));
	EXPECT(waitpid(pid, &status, 0) == pid);
	EXPECT(!ktftp_attach(k));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	client_close(&client);
	return NULL;
}

static const char *a_start_that_makes_no_sense_is_refused(void)
{
	struct ktftp_handed good;
	struct client client;

	EXPECT_OK(serve(&client, 0));
	EXPECT_OK(client_request(&client, RRQ, "late", "octet"));
	EXPECT_OK(expect_request(KTFTP_REQUEST_WHY_MISS));
	good = handed.request;
	EXPECT(ktftp_start(k, &handed.request, NULL) == -ENOENT);
	EXPECT_OK(publish_bytes("late", "content", 7));
	handed.request.listener = 999;
	EXPECT(ktftp_start(k, &handed.request, NULL) == -ENOENT);
	handed.request = good;
	/* 192.0.2.1 is nobody's here. */
	memcpy(handed.request.local.bytes, (const uint8_t[]){ 192, 0, 2, 1 }, 4);
	EXPECT(ktftp_start(k, &handed.request, NULL) == -EADDRNOTAVAIL);
	handed.request = good;
	handed.request.client_port = 69;
	EXPECT(ktftp_start(k, &handed.request, NULL) == -EINVAL);
	handed.request = good;
	memset(handed.request.client.bytes, 255, 4);
	EXPECT(ktftp_start(k, &handed.request, NULL) == -EINVAL);
	handed.request = good;
	handed.request.bytes = 3;
	EXPECT(ktftp_start(k, &handed.request, NULL) == -EBADMSG);
	handed.request = good;
	EXPECT(ktftp_start(k, &handed.request, "../late") == -EINVAL);
	EXPECT(transfers() == 0);
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	client_close(&client);
	return NULL;
}

static const char *a_flood_of_misses_fills_the_daemons_socket_and_nothing_else(void)
{
	const int room = 65536;
	uint64_t given, lost;
	struct client client;
	char name[32];
	int i;

	EXPECT_OK(serve(&client, 0));
	EXPECT(!setsockopt(ktftp_requests_fd(k), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	for (i = 0; i < FLOOD; i++) {
		sprintf(name, "missing%d", i);
		EXPECT_OK(client_request(&client, RRQ, name, "octet"));
	}
	given = stat_of(KTFTP_A_STATS_REQUESTS_HANDED_OVER);
	lost = stat_of(KTFTP_A_STATS_REQUESTS_LOST);
	EXPECT(given + lost == FLOOD);
	EXPECT(given > 0 && lost > 0);
	EXPECT(transfers() == 0);
	/* And who asks for what is there is served meanwhile. */
	EXPECT_OK(publish_bytes("file", "content", 7));
	EXPECT_OK(client_download(&client, "file", (const uint8_t *)"content", 7));
	client_close(&client);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(a_miss_goes_to_the_daemon_and_the_client_hears_nothing),
		TEST(what_is_published_then_is_started_once),
		TEST(another_name_can_be_started_and_options_count),
		TEST(writes_and_netascii_are_the_daemons),
		TEST(a_single_port_takes_no_writes_and_says_so),
		TEST(a_second_daemon_is_refused_until_the_first_goes),
		TEST(what_a_miss_means_when_the_daemon_is_gone_is_a_choice),
		TEST(what_is_served_while_attached_goes_with_the_daemon),
		TEST(a_daemon_that_is_killed_is_gone),
		TEST(a_start_that_makes_no_sense_is_refused),
		TEST(a_flood_of_misses_fills_the_daemons_socket_and_nothing_else),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);
}
