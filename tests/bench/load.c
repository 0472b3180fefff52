// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "network.h"
#include "random.h"

#define SECOND_NS   1000000000ull
#define EVENT_BATCH 256
#define SPARE_FILES 16

static int resolve(struct scene *scene, struct options *options)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	char port[8];
	int err;

	snprintf(port, sizeof(port), "%u", (unsigned int)options->port);
	err = getaddrinfo(options->server, port, &hints, &found);
	if (err)
		return refuse(&options->reason, "%s is not an address: %s", options->server, gai_strerror(err));
	memcpy(&scene->server, found->ai_addr, found->ai_addrlen);
	scene->server_bytes = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int open_references(struct family *family, struct reason *reason)
{
	const struct habits *habits = family->habits;
	unsigned int i;
	char *path;
	int err;

	if (!habits->checks.count)
		return 0;
	if (habits_check_folder(habits)) {
		family->folder = habits_check_folder(habits);
		return 0;
	}
	family->references = calloc(habits->files.count, sizeof(*family->references));
	if (!family->references)
		return -ENOMEM;
	for (i = 0; i < habits->files.count; i++) {
		path = habits->checks.items[habits->checks.count > 1 ? i : 0];
		err = reference_open(&family->references[i], path);
		if (err)
			return refuse(reason, "cannot read %s: %s", path, strerror(-err));
	}
	return 0;
}

/* Every client has a socket. */
static int allow_sockets(struct options *options)
{
	uint64_t need = options->clients + SPARE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	if (limit.rlim_cur >= need)
		return 0;
	if (limit.rlim_max < need)
		return refuse(&options->reason,
			      "%" PRIu64 " clients need as many open files, and this process may have %" PRIu64
			      ": raise that ('prlimit --nofile=%" PRIu64
			      "' by root), or run several at once with fewer clients each",
			      options->clients, (uint64_t)limit.rlim_max, need);
	limit.rlim_cur = need;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

static void fill_family(struct family *family, const struct habits *habits)
{
	family->habits = habits;
	family->ask = (struct packet_options){
		.blksize = habits->blksize,
		.windowsize = habits->windowsize,
		.timeout_s = habits->timeout_option_s,
		.has_tsize = habits->tsize,
		.has_rollover = habits->rollover != ROLLOVER_UNASKED,
		.rollover = habits->rollover,
	};
	family->policy = (struct download_policy){
		.gap = habits->gap,
		.duplicate = habits->duplicate,
		.ack_every_block = habits->ack_every_block,
	};
}

static int make_families(struct load *load, struct options *options)
{
	unsigned int i;
	int err = 0;

	load->families = calloc(options->family_count, sizeof(*load->families));
	if (!load->families)
		return -ENOMEM;
	for (i = 0; i < options->family_count && !err; i++) {
		fill_family(&load->families[i], &options->families[i].habits);
		err = open_references(&load->families[i], &options->reason);
	}
	return err;
}

/*
 * The family that is furthest behind its share once there is one client more: so the shares hold among the first N
 * clients for every N, as well as they can.
 */
static struct family *next_family(struct load *load, unsigned int index, uint64_t share_sum)
{
	const struct options *options = load->scene.options;
	int64_t behind, furthest = INT64_MIN;
	struct family *family = NULL;
	unsigned int i;

	for (i = 0; i < options->family_count; i++) {
		behind = (int64_t)(options->families[i].share * (index + 1)) -
			 (int64_t)(load->families[i].clients * share_sum);
		if (behind > furthest) {
			furthest = behind;
			family = &load->families[i];
		}
	}
	family->clients++;
	return family;
}

static int check_source(const struct client *client, struct reason *reason)
{
	union address local;

	if (network_source(client, &local))
		return 0;
	return refuse(reason, "source-address has to be an address of the server's family, not '%s'",
		      client->family->habits->source_address);
}

static int make_clients(struct load *load, struct options *options)
{
	uint64_t share_sum = 0;
	unsigned int count = options->clients, i;
	int err = 0;

	for (i = 0; i < options->family_count; i++)
		share_sum += options->families[i].share;
	load->clients = calloc(count, sizeof(*load->clients));
	if (!load->clients)
		return -ENOMEM;
	for (i = 0; i < count && !err; i++) {
		err = client_init(&load->clients[i], &load->scene, next_family(load, i, share_sum), i);
		load->client_count++;
		if (!err)
			err = check_source(&load->clients[i], &options->reason);
	}
	return err ? err : timers_init(&load->timers, count);
}

/* On error options->reason may say why, and load_fini() is due all the same. */
int load_init(struct load *load, struct options *options)
{
	int err;

	memset(load, 0, sizeof(*load));
	load->scene.options = options;
	load->scene.random = options->seed;
	load->scene.poll_fd = -1;
	err = resolve(&load->scene, options);
	if (!err)
		err = make_families(load, options);
	if (!err)
		err = allow_sockets(options);
	if (!err)
		err = make_clients(load, options);
	if (err)
		return err;
	load->scene.poll_fd = epoll_create1(EPOLL_CLOEXEC);
	return load->scene.poll_fd < 0 ? -errno : 0;
}

static void close_references(struct family *family)
{
	unsigned int i;

	for (i = 0; family->references && i < family->habits->files.count; i++)
		reference_close(&family->references[i]);
	free(family->references);
}

void load_fini(struct load *load)
{
	const struct options *options = load->scene.options;
	unsigned int i;

	while (load->client_count)
		client_fini(&load->clients[--load->client_count]);
	for (i = 0; load->families && i < options->family_count; i++) {
		if (load->families[i].habits)
			close_references(&load->families[i]);
	}
	free(load->clients);
	free(load->families);
	timers_fini(&load->timers);
	if (load->scene.poll_fd >= 0)
		close(load->scene.poll_fd);
}

static bool may_begin(const struct load *load, const struct client *client, uint64_t now_ns)
{
	const struct options *options = load->scene.options;

	if (!options->transfers && !options->transfers_per_client && !options->seconds)
		return client->transfers < client->family->habits->files.count;
	if (options->transfers && load->begun >= options->transfers)
		return false;
	if (options->transfers_per_client && client->transfers >= options->transfers_per_client)
		return false;
	return now_ns < load->end_ns;
}

static void begin(struct load *load, struct client *client, uint64_t now_ns)
{
	load->begun++;
	client_begin(client, client->transfers % client->family->habits->files.count, now_ns);
}

/* A set is every file once. The pauses between them do not count. */
static void end_file(struct client *client, uint64_t now_ns)
{
	client->set_ns += now_ns - client->file_ns;
	if (client->transfers % client->family->habits->files.count)
		return;
	histogram_add(&client->family->results.set_ns, client->set_ns);
	client->set_ns = 0;
}

static void pause_for(struct client *client, uint64_t pause_ns, uint64_t now_ns)
{
	client->state = CLIENT_PAUSING;
	client->wake_ns = now_ns + pause_ns;
}

/* A client that rests after a transfer, or after the pause behind it, begins the next one or has had enough. */
static void go_on(struct load *load, struct client *client, bool paused, uint64_t now_ns)
{
	uint64_t pause_ns = 0;

	if (!paused)
		pause_ns = random_within(&load->scene.random, &client->family->habits->between_files_ms) * 1000000;
	if (!may_begin(load, client, now_ns + pause_ns)) {
		client->state = CLIENT_DONE;
		load->active--;
	} else if (pause_ns) {
		pause_for(client, pause_ns, now_ns);
	} else {
		begin(load, client, now_ns);
	}
}

/* Something happened to a client: returns 0 or a negative error that ends the run. */
static int settle(struct load *load, struct client *client, bool paused, uint64_t now_ns)
{
	if (client->state == CLIENT_RESTING && !client->failure) {
		if (!paused)
			end_file(client, now_ns);
		go_on(load, client, paused, now_ns);
	}
	timers_arm(&load->timers, &client->timer, client_deadline(client));
	return client->failure;
}

static struct client *client_of(struct timer *timer)
{
	return (struct client *)((char *)timer - offsetof(struct client, timer));
}

/* A timer that goes off early finds its client busy, and is armed again by settle(). */
static int run_timers(struct load *load)
{
	uint64_t now_ns = clock_ns();
	struct client *client;
	struct timer *timer;
	bool paused;
	int err = 0;

	while (!err && (timer = timers_expired(&load->timers, now_ns))) {
		client = client_of(timer);
		paused = client->state == CLIENT_PAUSING;
		client_wake(client, now_ns);
		err = settle(load, client, paused, now_ns);
	}
	return err;
}

static struct timespec time_until(uint64_t then_ns, uint64_t now_ns)
{
	uint64_t left_ns = then_ns > now_ns ? then_ns - now_ns : 0;

	return (struct timespec){ .tv_sec = left_ns / SECOND_NS, .tv_nsec = left_ns % SECOND_NS };
}

static int run_sockets(struct load *load, uint64_t until_ns)
{
	struct epoll_event events[EVENT_BATCH];
	struct timespec timeout = time_until(until_ns, clock_ns());
	struct client *client;
	int count, i, err = 0;

	count = epoll_pwait2(load->scene.poll_fd, events, EVENT_BATCH, &timeout, NULL);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < count && !err; i++) {
		client = events[i].data.ptr;
		client_read(client);
		err = settle(load, client, false, clock_ns());
	}
	return err;
}

/* Their timers begin them. */
static void line_up(struct load *load, uint64_t now_ns)
{
	const struct options *options = load->scene.options;
	struct client *client;
	unsigned int i;

	for (i = 0; i < options->clients; i++) {
		client = &load->clients[i];
		pause_for(client, client->family->habits->start_spread_ms * 1000000 * i / options->clients, now_ns);
		timers_arm(&load->timers, &client->timer, client->wake_ns);
	}
	load->active = options->clients;
	load->end_ns = options->seconds ? now_ns + options->seconds * SECOND_NS : TIMER_NEVER;
}

/* Everything is zero in @sum before. */
void load_sum(const struct load *load, struct results *sum)
{
	unsigned int i;

	for (i = 0; i < load->scene.options->family_count; i++)
		results_add(sum, &load->families[i].results);
}

/* On a terminal the line replaces the one before. */
static void tell_progress(struct load *load, uint64_t elapsed_ns)
{
	struct results *sum = calloc(1, sizeof(*sum));
	bool terminal = isatty(STDERR_FILENO);

	if (!sum)
		return;
	load_sum(load, sum);
	fprintf(stderr,
		"%s%4.0f s: %" PRIu64 " blocks/s, %u clients busy, %" PRIu64 " transfers completed, %" PRIu64
		" failed, %" PRIu64 " retransmissions%s",
		terminal ? "\r" : "", elapsed_ns / 1e9, sum->blocks - load->told_blocks, load->active,
		sum->outcomes[OUTCOME_COMPLETED], results_failed(sum), sum->retransmissions,
		terminal ? "\033[K" : "\n");
	load->told_blocks = sum->blocks;
	free(sum);
}

/* The line of progress goes before the results come. */
static void end_progress(const struct load *load)
{
	if (load->told_blocks && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

static bool wants_progress(const struct options *options)
{
	return options->progress || isatty(STDERR_FILENO);
}

/* Runs until every client has had enough, or *@stop. Returns 0 or a negative error that stopped it. */
int load_run(struct load *load, const volatile sig_atomic_t *stop)
{
	uint64_t begun_ns = clock_ns(), now_ns, tick_ns, until_ns;
	int err = 0;

	tick_ns = wants_progress(load->scene.options) ? begun_ns + SECOND_NS : TIMER_NEVER;
	line_up(load, begun_ns);
	while (!err && load->active && !*stop) {
		err = run_timers(load);
		until_ns = timers_next(&load->timers);
		if (!err && load->active)
			err = run_sockets(load, until_ns < tick_ns ? until_ns : tick_ns);
		now_ns = clock_ns();
		if (now_ns >= tick_ns) {
			tell_progress(load, now_ns - begun_ns);
			tick_ns += SECOND_NS;
		}
	}
	end_progress(load);
	load->results.elapsed_ns = clock_ns() - begun_ns;
	load->results.cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	load->results.interrupted = *stop;
	return err;
}
