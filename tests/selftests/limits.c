// SPDX-License-Identifier: GPL-2.0
/* How many transfers there may be, in all and of one client, and what is told to whom is one too many. */
#include <arpa/inet.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define SERVER          "127.0.0.1"
#define OTHER_SERVER    "127.0.0.3"
#define PORT            69
#define CLIENT          "127.0.0.1"
#define OTHER_CLIENT    "127.0.0.2"

#define TOO_MANY        "Too many transfers, try again later"
#define TOO_MANY_OF_YOU "Too many transfers of this client"

/* Where allocations are made to fail, and how many tests do so. */
#define FAULTS          "/sys/kernel/debug/failslab/"
#define NEED_FAULTS     2

/* Several blocks. */
#define BYTES           2000

/* Those who ask at once, a hundred each, and how many of all may have a transfer. */
#define CROWDS          4
#define CROWD           100
#define MOST            37
#define ROUNDS          2

static uint8_t content[BYTES];

static const char *serve(unsigned int most, unsigned int most_of_a_client)
{
	EXPECT_OK(fresh_namespace());
	EXPECT_OK(listen_on(SERVER, 0));
	EXPECT_OK(publish_bytes("file", content, BYTES));
	EXPECT_OK(set_param("max_transfers", most));
	return set_param("max_transfers_per_client", most_of_a_client);
}

/* A client at another address than that which its host chooses. */
static const char *open_at(struct client *client, const char *own)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	EXPECT_OK(client_open(client, SERVER, PORT));
	client_close(client);
	client->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	EXPECT(client->fd >= 0);
	EXPECT(inet_pton(AF_INET, own, &address.sin_addr) == 1);
	EXPECT(!bind(client->fd, (struct sockaddr *)&address, sizeof(address)));
	return NULL;
}

/* Begins a download; the client has block 1 and does not say so. Returns our TID in *tid. */
static const char *begin(struct client *client, uint16_t *tid)
{
	struct packet packet;

	EXPECT_OK(client_request(client, RRQ, "file", "octet"));
	EXPECT_OK(client_expect_data(client, &packet, 1));
	*tid = packet.from_port;
	return NULL;
}

static const char *begin_at(struct client *client, const char *own, uint16_t *tid)
{
	EXPECT_OK(open_at(client, own));
	return begin(client, tid);
}

static const char *is_refused(struct client *client, const char *text)
{
	struct packet packet;

	EXPECT_OK(client_request(client, RRQ, "file", "octet"));
	EXPECT(client_receive(client, &packet, WAIT_MS));
	EXPECT(packet.opcode == ERROR);
	EXPECT(packet.value == 0);
	EXPECT(packet.length == 4 + strlen(text) + 1);
	EXPECT(!memcmp(packet.bytes + 4, text, strlen(text) + 1));
	return NULL;
}

static const char *is_refused_at(const char *own, const char *text)
{
	struct client client;

	EXPECT_OK(open_at(&client, own));
	EXPECT_OK(is_refused(&client, text));
	client_close(&client);
	return NULL;
}

static const char *is_served_at(const char *own)
{
	struct client client;
	uint16_t tid;

	EXPECT_OK(begin_at(&client, own, &tid));
	EXPECT_OK(client_error(&client, tid, 0));
	client_close(&client);
	return NULL;
}

static const char *wait_for_transfers(size_t count)
{
	const struct timespec time = { .tv_nsec = 20000000 };
	int tries;

	for (tries = 0; tries < WAIT_MS / 20 && transfers() != count; tries++)
		nanosleep(&time, NULL);
	EXPECT(transfers() == count);
	return NULL;
}

static const char *a_running_transfer_makes_room_for_nobody(void)
{
	struct client client;
	uint16_t tid;

	EXPECT_OK(serve(1, 0));
	EXPECT_OK(begin_at(&client, CLIENT, &tid));
	EXPECT_OK(is_refused_at(OTHER_CLIENT, TOO_MANY));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == 1);
	EXPECT_OK(client_error(&client, tid, 0));
	EXPECT_OK(wait_for_transfers(0));
	EXPECT_OK(is_served_at(OTHER_CLIENT));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == 1);
	client_close(&client);
	return NULL;
}

/* Many times: those who make room are several then, and it is the turn of each. */
static const char *a_complete_transfer_makes_room_at_once(void)
{
	struct client client;
	int i;

	EXPECT_OK(serve(3, 0));
	for (i = 0; i < 50; i++) {
		EXPECT_OK(client_open(&client, SERVER, PORT));
		EXPECT_OK(client_download(&client, "file", content, BYTES));
		client_close(&client);
	}
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 50));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == 0);
	return NULL;
}

/* So many at the same moment, from as many ports. */
struct crowd {
	struct client clients[CROWD];
	struct packet packet;
	unsigned int served;
	bool give_up;
	pthread_barrier_t *ready;
	const char *why;
	pthread_t thread;
};

static const char *ask_all(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		EXPECT_OK(open_at(&crowd->clients[i], CLIENT));
	pthread_barrier_wait(crowd->ready);
	for (i = 0; i < CROWD; i++)
		EXPECT_OK(client_request(&crowd->clients[i], RRQ, "file", "octet"));
	for (i = 0; i < CROWD; i++) {
		EXPECT(client_receive(&crowd->clients[i], &crowd->packet, WAIT_MS));
		EXPECT(crowd->packet.opcode == DATA || crowd->packet.opcode == ERROR);
		if (crowd->packet.opcode != DATA)
			continue;
		crowd->served++;
		if (crowd->give_up)
			EXPECT_OK(client_error(&crowd->clients[i], crowd->packet.from_port, 0));
	}
	return NULL;
}

static void *run_crowd(void *context)
{
	struct crowd *crowd = context;

	crowd->why = ask_all(crowd);
	return NULL;
}

/* Returns how many got a transfer in *served. */
static const char *all_ask_at_once(struct crowd *crowds, bool give_up, unsigned int *served)
{
	pthread_barrier_t ready;
	unsigned int i, j;

	*served = 0;
	EXPECT(!pthread_barrier_init(&ready, NULL, CROWDS));
	for (i = 0; i < CROWDS; i++) {
		crowds[i].give_up = give_up;
		crowds[i].ready = &ready;
		EXPECT(!pthread_create(&crowds[i].thread, NULL, run_crowd, &crowds[i]));
	}
	for (i = 0; i < CROWDS; i++) {
		EXPECT(!pthread_join(crowds[i].thread, NULL));
		*served += crowds[i].served;
	}
	for (i = 0; i < CROWDS; i++) {
		EXPECT_OK(crowds[i].why);
		for (j = 0; j < CROWD; j++)
			client_close(&crowds[i].clients[j]);
	}
	return NULL;
}

static const char *crowds_ask(bool give_up, unsigned int *served)
{
	struct crowd *crowds = calloc(CROWDS, sizeof(*crowds));
	const char *why;

	EXPECT(crowds);
	why = all_ask_at_once(crowds, give_up, served);
	free(crowds);
	return why;
}

static const char *max_transfers_is_exact_when_many_ask_at_once(void)
{
	unsigned int served;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		EXPECT_OK(serve(MOST, 0));
		EXPECT_OK(crowds_ask(false, &served));
		EXPECT(served == MOST);
		EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == CROWDS * CROWD - MOST);
		EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW) == 0);
	}
	return NULL;
}

static const char *a_client_has_no_more_than_max_transfers_per_client(void)
{
	struct client first, second;
	uint16_t tid;

	EXPECT_OK(serve(1000, 2));
	EXPECT_OK(begin_at(&first, CLIENT, &tid));
	EXPECT_OK(begin_at(&second, CLIENT, &tid));
	EXPECT_OK(is_refused_at(CLIENT, TOO_MANY_OF_YOU));
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW) == 1);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == 0);
	EXPECT_OK(is_served_at(OTHER_CLIENT));
	client_close(&second);
	client_close(&first);
	return NULL;
}

static const char *over_ipv6_a_client_is_an_address_as_well(void)
{
	struct client client, other;
	uint16_t tid;

	EXPECT_OK(serve(1000, 1));
	EXPECT_OK(listen_on("::1", 0));
	EXPECT_OK(client_open(&client, "::1", PORT));
	EXPECT_OK(client_open(&other, "::1", PORT));
	EXPECT_OK(begin(&client, &tid));
	EXPECT_OK(is_refused(&other, TOO_MANY_OF_YOU));
	EXPECT_OK(is_served_at(CLIENT));
	client_close(&other);
	client_close(&client);
	return NULL;
}

static const char *a_clients_transfers_are_counted_over_all_listeners(void)
{
	struct client client, other;
	uint16_t tid;

	EXPECT_OK(serve(1000, 1));
	EXPECT_OK(listen_on(OTHER_SERVER, 0));
	EXPECT_OK(begin_at(&client, CLIENT, &tid));
	EXPECT_OK(client_open(&other, OTHER_SERVER, PORT));
	EXPECT_OK(is_refused(&other, TOO_MANY_OF_YOU));
	client_close(&other);
	client_close(&client);
	return NULL;
}

static const char *a_repeated_request_is_one_transfer_of_its_client(void)
{
	struct client client;
	uint16_t tid, again;

	EXPECT_OK(serve(1000, 1));
	EXPECT_OK(begin_at(&client, CLIENT, &tid));
	EXPECT_OK(begin(&client, &again));
	EXPECT(tid == again);
	EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_REPEATED) == 1);
	client_close(&client);
	return NULL;
}

static const char *what_a_client_has_given_up_does_not_count(void)
{
	struct client client;
	uint16_t tid;

	EXPECT_OK(serve(1000, 1));
	EXPECT_OK(begin_at(&client, CLIENT, &tid));
	EXPECT_OK(client_error(&client, tid, 0));
	EXPECT_OK(is_served_at(CLIENT));
	client_close(&client);
	return NULL;
}

static const char *what_is_complete_does_not_count(void)
{
	struct client client;
	int i;

	EXPECT_OK(serve(1000, 1));
	for (i = 0; i < 3; i++) {
		EXPECT_OK(open_at(&client, CLIENT));
		EXPECT_OK(client_download(&client, "file", content, BYTES));
		client_close(&client);
	}
	EXPECT(reaches(KTFTP_A_STATS_ENDED_COMPLETE, 3));
	return NULL;
}

/* Its last block has come twice, and is not acknowledged. */
static const char *what_lingers_does_not_count(void)
{
	struct packet packet;
	struct client client;
	uint16_t block, tid;

	EXPECT_OK(serve(1000, 1));
	EXPECT_OK(begin_at(&client, CLIENT, &tid));
	for (block = 1; block <= BYTES / 512; block++) {
		EXPECT_OK(client_ack(&client, tid, block));
		EXPECT_OK(client_expect_data(&client, &packet, block + 1));
	}
	EXPECT_OK(is_refused_at(CLIENT, TOO_MANY_OF_YOU));
	EXPECT_OK(client_expect_data(&client, &packet, block));
	EXPECT_OK(is_served_at(CLIENT));
	EXPECT(stat_of(KTFTP_A_STATS_ENDED_ASSUMED) == 0);
	EXPECT_OK(client_ack(&client, tid, block));
	EXPECT_OK(is_served_at(CLIENT));
	client_close(&client);
	return NULL;
}

static const char *a_change_is_for_requests_that_come_afterwards(void)
{
	struct client clients[3];
	uint16_t tid;
	int i;

	EXPECT_OK(serve(1000, 0));
	for (i = 0; i < 2; i++)
		EXPECT_OK(begin_at(&clients[i], CLIENT, &tid));
	EXPECT_OK(set_param("max_transfers_per_client", 1));
	EXPECT_OK(begin_at(&clients[2], CLIENT, &tid));
	EXPECT_OK(is_refused_at(CLIENT, TOO_MANY_OF_YOU));
	EXPECT(transfers() == 3);
	EXPECT_OK(set_param("max_transfers_per_client", 2));
	EXPECT_OK(is_served_at(CLIENT));
	EXPECT_OK(set_param("max_transfers_per_client", 0));
	EXPECT_OK(is_served_at(CLIENT));
	for (i = 0; i < 3; i++)
		client_close(&clients[i]);
	return NULL;
}

static const char *max_transfers_per_client_is_exact_when_many_ask_at_once(void)
{
	unsigned int served;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		EXPECT_OK(serve(1000, MOST));
		EXPECT_OK(crowds_ask(false, &served));
		EXPECT(served == MOST);
		EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW) == CROWDS * CROWD - MOST);
		EXPECT(stat_of(KTFTP_A_STATS_REQUESTS_OVERFLOW) == 0);
	}
	return NULL;
}

static const char *transfers_that_end_while_others_begin_are_counted_right(void)
{
	unsigned int served, most = MOST;
	struct client clients[MOST];
	uint16_t tid;
	unsigned int i;

	EXPECT_OK(serve(1000, most));
	EXPECT_OK(crowds_ask(true, &served));
	EXPECT(served >= most);
	EXPECT_OK(wait_for_transfers(0));
	for (i = 0; i < most; i++)
		EXPECT_OK(begin_at(&clients[i], CLIENT, &tid));
	EXPECT_OK(is_refused_at(CLIENT, TOO_MANY_OF_YOU));
	for (i = 0; i < most; i++)
		client_close(&clients[i]);
	return NULL;
}

static const char *write_fault(const char *name, const char *format, unsigned long long value)
{
	char path[128];
	FILE *file;
	int err;

	snprintf(path, sizeof(path), FAULTS "%s", name);
	file = fopen(path, "we");
	EXPECT(file);
	fprintf(file, format, value);
	err = fclose(file);
	EXPECT(!err);
	return NULL;
}

/* From where to where the code of a function of the kernel is. */
static const char *find_function(const char *wanted, unsigned long long *start, unsigned long long *end)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	unsigned long long address;
	char line[512], name[256];
	int pass;

	*start = 0;
	*end = ULLONG_MAX;
	EXPECT(symbols);
	for (pass = 0; pass < 2; pass++) {
		rewind(symbols);
		while (fgets(line, sizeof(line), symbols)) {
			if (sscanf(line, "%llx %*c %255s", &address, name) != 2)
				continue;
			/* The compiler may have added to its name. */
			name[strcspn(name, ".")] = '\0';
			if (pass == 0 && !strcmp(name, wanted))
				*start = address;
			else if (pass == 1 && address > *start && address < *end)
				*end = address;
		}
	}
	fclose(symbols);
	EXPECT(*start);
	return NULL;
}

/* From now on every allocation by that function fails, and by those that it calls. */
static const char *let_fail(const char *function)
{
	unsigned long long start, end;

	EXPECT_OK(find_function(function, &start, &end));
	EXPECT_OK(write_fault("require-start", "0x%llx", start));
	EXPECT_OK(write_fault("require-end", "0x%llx", end));
	EXPECT_OK(write_fault("stacktrace-depth", "%llu", 32));
	EXPECT_OK(write_fault("verbose", "%llu", 0));
	EXPECT_OK(write_fault("ignore-gfp-wait", "%llu", 0));
	EXPECT_OK(write_fault("times", "%lld", -1));
	return write_fault("probability", "%llu", 100);
}

static const char *let_succeed(void)
{
	return write_fault("probability", "%llu", 0);
}

static const char *a_request_without_memory_is_counted_and_served_when_it_comes_again(void)
{
	struct client client;
	uint16_t tid;

	EXPECT_OK(serve(1, 1));
	EXPECT_OK(client_open(&client, SERVER, PORT));
	EXPECT_OK(let_fail("ktftp_transfer_alloc"));
	EXPECT_OK(client_request(&client, RRQ, "file", "octet"));
	EXPECT(client_hears_nothing(&client, SILENCE_MS));
	EXPECT_OK(let_succeed());
	EXPECT(stat_of(KTFTP_A_STATS_NO_MEMORY) == 1);
	EXPECT(transfers() == 0);
	EXPECT_OK(begin(&client, &tid));
	client_close(&client);
	return NULL;
}

/* The table has room for 64 at first, and cannot grow for a while. */
static const char *requests_that_find_no_place_in_the_table_are_counted_and_served_when_they_come_again(void)
{
	struct client clients[CROWD];
	unsigned int i, unserved = 0;
	bool served[CROWD];
	struct packet packet;
	uint16_t tid;

	EXPECT_OK(serve(1000, CROWD));
	EXPECT_OK(let_fail("bucket_table_alloc"));
	for (i = 0; i < CROWD; i++) {
		EXPECT_OK(client_open(&clients[i], SERVER, PORT));
		EXPECT_OK(client_request(&clients[i], RRQ, "file", "octet"));
		served[i] = client_receive(&clients[i], &packet, SILENCE_MS);
		unserved += !served[i];
	}
	EXPECT_OK(let_succeed());
	EXPECT(unserved);
	EXPECT(stat_of(KTFTP_A_STATS_NO_MEMORY) == unserved);
	/* Not by a list, which misses what a table that grows moves about. */
	EXPECT(reaches(KTFTP_A_STATS_REQUESTS_IN_PROGRESS, CROWD - unserved));
	for (i = 0; i < CROWD; i++)
		if (!served[i])
			EXPECT_OK(begin(&clients[i], &tid));
	EXPECT(reaches(KTFTP_A_STATS_REQUESTS_IN_PROGRESS, CROWD));
	EXPECT_OK(is_refused_at(CLIENT, TOO_MANY_OF_YOU));
	for (i = 0; i < CROWD; i++)
		client_close(&clients[i]);
	return NULL;
}

/* The tunables as they were; who never answers is remembered for long, for the machine may be slow. */
static int run_all(const struct ktap_test *tests, size_t count, const char *only)
{
	static const char *const names[] = { "max_transfers", "max_transfers_per_client", "unproven_retries" };
	unsigned int before[3], i;
	int status;

	for (i = 0; i < 3; i++)
		before[i] = get_param(names[i]);
	set_param("unproven_retries", 10);
	status = ktap_run(tests, count, only);
	let_succeed();
	for (i = 0; i < 3; i++)
		set_param(names[i], before[i]);
	return status;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(a_running_transfer_makes_room_for_nobody),
		TEST(a_complete_transfer_makes_room_at_once),
		TEST(max_transfers_is_exact_when_many_ask_at_once),
		TEST(a_client_has_no_more_than_max_transfers_per_client),
		TEST(over_ipv6_a_client_is_an_address_as_well),
		TEST(a_clients_transfers_are_counted_over_all_listeners),
		TEST(a_repeated_request_is_one_transfer_of_its_client),
		TEST(what_a_client_has_given_up_does_not_count),
		TEST(what_is_complete_does_not_count),
		TEST(what_lingers_does_not_count),
		TEST(a_change_is_for_requests_that_come_afterwards),
		TEST(max_transfers_per_client_is_exact_when_many_ask_at_once),
		TEST(transfers_that_end_while_others_begin_are_counted_right),
		TEST(a_request_without_memory_is_counted_and_served_when_it_comes_again),
		TEST(requests_that_find_no_place_in_the_table_are_counted_and_served_when_they_come_again),
	};
	size_t count = sizeof(tests) / sizeof(*tests);

	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	/* The last ones are for kernels that can let allocations fail. */
	if (access(FAULTS, F_OK))
		count -= NEED_FAULTS;
	return run_all(tests, count, argc > 1 ? argv[1] : NULL);
}
