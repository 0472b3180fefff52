// SPDX-License-Identifier: GPL-2.0
/*
 * Everything ends while it is used: listeners, files, daemons, namespaces. For KTFTP_CHURN_S seconds, 15 unless it is
 * set, worlds come and go: each is a network namespace with a server, a process full of clients, and a daemon. What
 * the module says of objects it made and destroyed has to come out even in the end, and no client may see a file that
 * is half one version and half another.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "ktap.h"

#define SERVER      "127.0.0.1"
#define PORT        69

#define WORLDS      2  /* at a time */
#define CHANGES     60 /* in the life of a world */
#define PEERS       24 /* clients of a world */
#define NAMES       6
#define FILE_BLOCKS 12
#define BLOCK       512

#define CONTROL     "/sys/kernel/debug/dynamic_debug/control"

/* Lines of the kernel's log that a reader may be behind before it loses some are many; it is woken often enough. */
#define RECORD_MAX  8192

/* What all processes count. */
struct tally {
	atomic_uint worlds;
	atomic_uint changes;
	atomic_uint blocks;
	atomic_uint daemons;
	atomic_uint mixtures;
	atomic_uint torn;
};

static struct tally *tally;

static uint32_t random_state;

static uint32_t any(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static bool one_in(uint32_t n)
{
	return any(n) == 0;
}

static void doze(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	nanosleep(&time, NULL);
}

static uint64_t now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void name_of(unsigned int number, char name[16])
{
	snprintf(name, 16, "file%u", number);
}

/* A file whose blocks all say which version it is. */
static int file_of_version(uint8_t version)
{
	uint8_t bytes[FILE_BLOCKS * BLOCK];

	memset(bytes, version, sizeof(bytes));
	return sealed_memfd(bytes, sizeof(bytes) - 100);
}

/* Clients */

struct peer {
	struct client client;
	uint16_t tid;
	int version; /* of what it is being sent, -1 before the first block */
};

static void ask(struct peer *peer)
{
	char name[16];

	/* Half of them from a new port. */
	if (one_in(2)) {
		client_close(&peer->client);
		if (client_open(&peer->client, SERVER, PORT))
			_exit(1);
	}
	name_of(any(NAMES + 2), name);
	peer->tid = 0;
	peer->version = -1;
	client_request(&peer->client, RRQ, name, "octet");
	if (one_in(8))
		client_request(&peer->client, RRQ, name, "octet");
}

static void check_version(struct peer *peer, const struct packet *packet)
{
	/* From a single port, what is left of one download cannot be told from the next. */
	if (packet->length == 4 || packet->from_port == PORT)
		return;
	if (packet->bytes[4] != packet->bytes[packet->length - 1])
		atomic_fetch_add(&tally->torn, 1);
	if (peer->version < 0)
		peer->version = packet->bytes[4];
	if (packet->bytes[4] != peer->version)
		atomic_fetch_add(&tally->mixtures, 1);
}

static void take_packet(struct peer *peer, const struct packet *packet)
{
	if (packet->opcode != DATA)
		return;
	/* A download begins: a new one may have the port of one that ended, when a daemon starts it late. */
	if (packet->value == 1) {
		peer->tid = packet->from_port;
		peer->version = -1;
	}
	if (packet->from_port != peer->tid)
		return;
	atomic_fetch_add(&tally->blocks, 1);
	check_version(peer, packet);
	if (one_in(60))
		return;
	if (one_in(80))
		client_error(&peer->client, packet->from_port, 0);
	client_ack(&peer->client, packet->from_port, packet->value);
	if (one_in(20))
		client_ack(&peer->client, packet->from_port, packet->value);
}

static void be_clients(void)
{
	static struct peer peers[PEERS];
	static struct packet packet;
	int i;

	for (i = 0; i < PEERS; i++)
		if (client_open(&peers[i].client, SERVER, PORT))
			_exit(1);
	for (;;) {
		for (i = 0; i < PEERS; i++) {
			while (client_receive(&peers[i].client, &packet, 0))
				take_packet(&peers[i], &packet);
			if (one_in(10))
				ask(&peers[i]);
		}
	}
}

/* A daemon */

static void serve_handed(const struct ktftp_handed *request, void *context)
{
	const struct ktftp_properties properties = { .name = "file7", .while_attached = true, .owner = "gen" };
	struct ktftp_entry entry;
	int fd = file_of_version(any(256));

	(void)context;
	if (!ktftp_publish_fd(k, &properties, fd, KTFTP_KIND_SEALED, &entry))
		ktftp_start(k, request, "file7");
	close(fd);
}

static void be_daemon(void)
{
	struct pollfd fd = { .events = POLLIN };

	ktftp_close(k);
	if (ktftp_open(&k))
		_exit(1);
	while (ktftp_attach(k))
		doze(1);
	atomic_fetch_add(&tally->daemons, 1);
	fd.fd = ktftp_requests_fd(k);
	while (poll(&fd, 1, -1) > 0)
		ktftp_requests_read(k, serve_handed, NULL);
	_exit(1);
}

static pid_t start(void (*be)(void), uint32_t seed)
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	random_state = seed;
	be();
	_exit(1);
}

static void end(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* A world: changes, any of which may fail, for another may have come before it. */

static void publish_any(bool pinned_as_set)
{
	struct ktftp_set *set = pinned_as_set ? ktftp_set_new(k) : NULL;
	struct ktftp_set_result result;
	struct ktftp_entry entry;
	char name[16];
	int fd = file_of_version(any(256));

	name_of(any(NAMES), name);
	if (!set) {
		ktftp_publish_fd(k, &(struct ktftp_properties){ .name = name }, fd,
				 one_in(4) ? KTFTP_KIND_COPIED : KTFTP_KIND_SEALED, &entry);
	} else if (!ktftp_set_publish_fd(set, &(struct ktftp_properties){ .name = name, .view = "staged" }, fd,
					 KTFTP_KIND_SEALED, 0, FILE_BLOCKS * BLOCK - 100)) {
		ktftp_set_absent_add(set, NULL, NULL, 1 + any(3), name);
		ktftp_set_commit(set, &result);
	}
	ktftp_set_free(set);
	close(fd);
}

static void withdraw_any(void)
{
	const char *names[1];
	char name[16];
	uint32_t count;

	name_of(any(NAMES), name);
	names[0] = name;
	if (one_in(5))
		ktftp_withdraw_all(k, NULL, NULL, &count);
	else
		ktftp_withdraw(k, NULL, names, 1, &count);
}

static void change_listener(void)
{
	struct ktftp_listener listener = { .address.length = 4 };

	switch (any(4)) {
	case 0:
		ktftp_listener_drain(k, &listener);
		break;
	case 1:
		ktftp_listener_del(k, &listener, false);
		break;
	default:
		ktftp_listener_del(k, &listener, true);
		break;
	}
	listener.flags = one_in(3) ? KTFTP_LISTENER_FLAG_SINGLE_PORT : 0;
	ktftp_listener_add(k, &listener);
}

static void change_views(void)
{
	static const char *const stack[] = { "default", "staged" };

	if (one_in(2))
		ktftp_view_set(k, stack, 2);
	else
		ktftp_view_set(k, stack + 1, 1);
}

static void change_something(pid_t *daemon)
{
	switch (any(12)) {
	case 0:
		change_listener();
		break;
	case 1:
		withdraw_any();
		break;
	case 2:
		end(*daemon);
		*daemon = start(be_daemon, any(1000000));
		break;
	case 3:
		change_views();
		break;
	case 4:
		publish_any(true);
		break;
	case 5:
		transfers();
		break;
	default:
		publish_any(false);
		break;
	}
	atomic_fetch_add(&tally->changes, 1);
}

static void be_world(void)
{
	pid_t clients, daemon;
	int i;

	if (fresh_namespace() || listen_on("0.0.0.0", one_in(3) ? KTFTP_LISTENER_FLAG_SINGLE_PORT : 0))
		_exit(1);
	clients = start(be_clients, any(1000000));
	daemon = start(be_daemon, any(1000000));
	for (i = 0; i < CHANGES; i++) {
		change_something(&daemon);
		doze(any(20));
	}
	/* The last to go takes the namespace with it, in the middle of what the clients do. */
	if (one_in(2))
		end(clients);
	end(daemon);
	if (one_in(2)) {
		ktftp_close(k);
		k = NULL;
	}
	_exit(0);
}

/* What the module says */

struct balance {
	const char *what;
	long made;
	long destroyed;
};

static struct balance balances[] = {
	{ "transfer ", 0, 0 },
	{ "entry ", 0, 0 },
	{ "content ", 0, 0 },
	{ "listener ", 0, 0 },
};

#define BALANCES (sizeof(balances) / sizeof(*balances))

static void take_line(const char *line)
{
	const char *text = strstr(line, "ktftp: ");
	size_t i;

	for (i = 0; text && i < BALANCES; i++) {
		if (strncmp(text + 7, balances[i].what, strlen(balances[i].what)))
			continue;
		balances[i].made += !!strstr(text, " created");
		balances[i].destroyed += !!strstr(text, " destroyed");
	}
}

/* Reads what is there. */
static const char *read_log(int log)
{
	char record[RECORD_MAX];
	ssize_t n;

	for (;;) {
		n = read(log, record, sizeof(record) - 1);
		if (n < 0 && errno == EAGAIN)
			return NULL;
		/* EPIPE: lines were overwritten before they were read. */
		EXPECT(n > 0);
		record[n] = 0;
		take_line(record);
	}
}

static bool is_even(void)
{
	size_t i;

	for (i = 0; i < BALANCES; i++)
		if (balances[i].made != balances[i].destroyed)
			return false;
	return true;
}

static const char *set_debugging(const char *how)
{
	int fd = open(CONTROL, O_WRONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT(write(fd, how, strlen(how)) == (ssize_t)strlen(how));
	close(fd);
	return NULL;
}

/* Lets worlds come and go until it is time; each one that ends makes room for another. */
static const char *churn(int log, unsigned int seconds)
{
	uint64_t until = now_s() + seconds;
	unsigned int running = 0, failed = 0;
	int status;

	while (now_s() < until || running) {
		for (; running < WORLDS && now_s() < until; running++) {
			EXPECT(start(be_world, any(1000000)) > 0);
			atomic_fetch_add(&tally->worlds, 1);
		}
		while (running && waitpid(-1, &status, WNOHANG) > 0) {
			running--;
			failed += status != 0;
		}
		EXPECT_OK(read_log(log));
		doze(10);
	}
	EXPECT(!failed);
	return NULL;
}

static const char *run(int log)
{
	const char *seconds = getenv("KTFTP_CHURN_S");
	size_t i;
	int tries;

	EXPECT_OK(churn(log, seconds ? atoi(seconds) : 15));
	/* Namespaces end a while after the last process in them. */
	for (tries = 0; tries < 300 && !is_even(); tries++) {
		doze(100);
		EXPECT_OK(read_log(log));
	}
	for (i = 0; i < BALANCES; i++)
		printf("# %s: %ld created, %ld destroyed\n", balances[i].what, balances[i].made, balances[i].destroyed);
	printf("# %u worlds, %u changes, %u daemons, %u blocks\n", tally->worlds, tally->changes, tally->daemons,
	       tally->blocks);
	EXPECT(is_even());
	for (i = 0; i < BALANCES; i++)
		EXPECT(balances[i].made > 0);
	EXPECT(tally->blocks > 100);
	EXPECT(!tally->torn);
	EXPECT(!tally->mixtures);
	return NULL;
}

static bool is_unused(void)
{
	char text[16] = "";
	int fd = open("/sys/module/ktftp/refcnt", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return !strcmp(text, "0\n");
}

/* Until what other programs left behind has ended. */
static const char *wait_until_unused(void)
{
	int tries;

	for (tries = 0; tries < 300 && !is_unused(); tries++)
		doze(100);
	EXPECT(is_unused());
	/* Entries and contents go a moment after their listeners. */
	doze(1000);
	return NULL;
}

static const char *whatever_ends_under_load_ends_wholly(void)
{
	unsigned int give_up_ms = get_param("give_up_ms"), linger_ms = get_param("linger_ms");
	unsigned int retries = get_param("unproven_retries");
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *why;

	EXPECT(log >= 0);
	EXPECT_OK(wait_until_unused());
	EXPECT(lseek(log, 0, SEEK_END) >= 0);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(tally != MAP_FAILED);
	random_state = 20261124;
	/* Timers end transfers as well. */
	EXPECT_OK(set_param("give_up_ms", 1000));
	EXPECT_OK(set_param("linger_ms", 300));
	EXPECT_OK(set_param("unproven_retries", 0));
	EXPECT_OK(set_debugging("module ktftp +p"));
	why = run(log);
	EXPECT_OK(set_debugging("module ktftp -p"));
	EXPECT_OK(set_param("give_up_ms", give_up_ms));
	EXPECT_OK(set_param("linger_ms", linger_ms));
	EXPECT_OK(set_param("unproven_retries", retries));
	close(log);
	return why;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		TEST(whatever_ends_under_load_ends_wholly),
	};

	return ktap_run(tests, sizeof(tests) / sizeof(*tests), argc > 1 ? argv[1] : NULL);
}
