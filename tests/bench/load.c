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
		return options_refuse(options, "%s is not an address: %s", options->server, gai_strerror(err));
	memcpy(&scene->server, found->ai_addr, found->ai_addrlen);
	scene->server_bytes = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int open_references(struct load *load, struct options *options)
{
	unsigned int i;
	char *path;
	int err;

	if (!options->checks.count)
		return 0;
	load->references = calloc(options->files.count, sizeof(*load->references));
	if (!load->references)
		return -ENOMEM;
	for (i = 0; i < options->files.count; i++) {
		path = options->checks.items[options->checks.count > 1 ? i : 0];
		err = reference_open(&load->references[i], path);
		if (err)
			return options_refuse(options, "cannot read %s: %s", path, strerror(-err));
	}
	load->scene.references = load->references;
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
		return options_refuse(options, "%" PRIu64 " clients need as many open files; the limit is %" PRIu64,
				      options->clients, (uint64_t)limit.rlim_max);
	limit.rlim_cur = need;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

static int make_clients(struct load *load, unsigned int count)
{
	unsigned int i;

	load->clients = calloc(count, sizeof(*load->clients));
	if (!load->clients)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		client_init(&load->clients[i], &load->scene, i);
	return timers_init(&load->timers, count);
}

static void fill_scene(struct scene *scene, const struct options *options, struct results *results)
{
	scene->options = options;
	scene->results = results;
	scene->random = options->seed;
	scene->ask = (struct packet_options){
		.blksize = options->blksize,
		.windowsize = options->windowsize,
		.timeout_s = options->timeout_option_s,
		.has_tsize = options->tsize,
	};
}

/* On error options->message may say why, and load_fini() is due all the same. */
int load_init(struct load *load, struct options *options, struct results *results)
{
	int err;

	memset(load, 0, sizeof(*load));
	load->scene.poll_fd = -1;
	fill_scene(&load->scene, options, results);
	err = resolve(&load->scene, options);
	if (!err)
		err = open_references(load, options);
	if (!err)
		err = allow_sockets(options);
	if (!err)
		err = make_clients(load, options->clients);
	if (err)
		return err;
	load->scene.poll_fd = epoll_create1(EPOLL_CLOEXEC);
	return load->scene.poll_fd < 0 ? -errno : 0;
}

void load_fini(struct load *load)
{
	const struct options *options = load->scene.options;
	unsigned int i;

	for (i = 0; load->clients && i < options->clients; i++)
		client_fini(&load->clients[i]);
	for (i = 0; load->references && i < options->files.count; i++)
		reference_close(&load->references[i]);
	free(load->clients);
	free(load->references);
	timers_fini(&load->timers);
	if (load->scene.poll_fd >= 0)
		close(load->scene.poll_fd);
}

static bool may_begin(const struct load *load, const struct client *client, uint64_t now_ns)
{
	const struct options *options = load->scene.options;

	if (!options->transfers && !options->transfers_per_client && !options->seconds)
		return !client->transfers;
	if (options->transfers && load->scene.results->begun >= options->transfers)
		return false;
	if (options->transfers_per_client && client->transfers >= options->transfers_per_client)
		return false;
	return now_ns < load->end_ns;
}

/* A resting client begins its next transfer, or has had enough. */
static int settle(struct load *load, struct client *client, uint64_t now_ns)
{
	unsigned int file_count = load->scene.options->files.count;
	int err = 0;

	if (client->state == CLIENT_RESTING) {
		if (may_begin(load, client, now_ns))
			err = client_begin(client, client->transfers % file_count, now_ns);
		else
			load->active--;
	}
	timers_arm(&load->timers, &client->timer, client->wake_ns);
	return err;
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
	int err = 0;

	while (!err && (timer = timers_expired(&load->timers, now_ns))) {
		client = client_of(timer);
		if (client->state == CLIENT_RESTING && client->wake_ns == TIMER_NEVER)
			continue;
		client_wake(client, now_ns);
		err = settle(load, client, now_ns);
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
	bool was_busy;

	count = epoll_pwait2(load->scene.poll_fd, events, EVENT_BATCH, &timeout, NULL);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < count && !err; i++) {
		client = events[i].data.ptr;
		was_busy = client->state != CLIENT_RESTING;
		client_read(client);
		if (was_busy)
			err = settle(load, client, clock_ns());
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
		client->wake_ns = now_ns + options->start_spread_ms * 1000000 * i / options->clients;
		timers_arm(&load->timers, &client->timer, client->wake_ns);
	}
	load->active = options->clients;
	load->end_ns = options->seconds ? now_ns + options->seconds * SECOND_NS : TIMER_NEVER;
}

static void tell_progress(struct load *load, uint64_t elapsed_ns)
{
	const struct results *results = load->scene.results;

	fprintf(stderr,
		"%4.0f s: %" PRIu64 " blocks/s, %u clients busy, %" PRIu64 " transfers completed, %" PRIu64
		" failed, %" PRIu64 " retransmissions\n",
		elapsed_ns / 1e9, results->blocks - load->told_blocks, load->active,
		results->outcomes[OUTCOME_COMPLETED], results_failed(results, false), results->retransmissions);
	load->told_blocks = results->blocks;
}

/* Runs until every client has had enough, or *@stop. Returns 0 or a negative error that stopped it. */
int load_run(struct load *load, const volatile sig_atomic_t *stop)
{
	uint64_t begun_ns = clock_ns(), now_ns, tick_ns, until_ns;
	int err = 0;

	tick_ns = load->scene.options->progress ? begun_ns + SECOND_NS : TIMER_NEVER;
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
	load->scene.results->elapsed_ns = clock_ns() - begun_ns;
	load->scene.results->cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	load->scene.results->interrupted = *stop;
	return err;
}
