// SPDX-License-Identifier: GPL-2.0
/*
 * The engine of user space alone, serving a directory, for its tests: no catalogue, no configuration, no module.
 *
 *   engine_server [-l ADDRESS[@PORT][%DEVICE]]... [-s] [-d DSCP] [-m MARK] [-t FIRST-LAST] [-o LIMIT=VALUE]...
 *                 [-w MS] [-H] [-S FILE] DIRECTORY
 *
 * -s single-port; -w answers so late; -H takes requests by a socket of its own and gives them to the engine as the
 * module would hand them over. SIGUSR1 writes counters, listeners and transfers into FILE; SIGUSR2 drains the
 * listeners or opens them again; SIGHUP deletes them, letting downloads finish. Ends of downloads are lines on
 * standard output.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "names.h"
#include "proto.h"

#define LISTENERS_MOST 8

struct server {
	struct event_base *base;
	struct engine *engine;
	struct engine_limits limits;
	struct ktftp_listener listeners[LISTENERS_MOST];
	size_t listener_count;
	struct ktftp_listener pattern;
	int directory;
	int wait_ms;
	bool as_module;
	bool draining;
	const char *stats_path;
	uint64_t late;
};

/* A request that is answered later. */
struct parked {
	struct server *server;
	const struct ktftp_listener *of;
	struct ktftp_handed request;
	uint8_t data[KTFTP_REQUEST_MAX];
};

static const struct limit_name {
	const char *name;
	size_t offset;
} limit_names[] = {
#define LIMIT(name)                                         \
	{                                                   \
#name, offsetof(struct engine_limits, name) \
	}
	LIMIT(max_blksize),
	LIMIT(max_windowsize),
	LIMIT(rto_min_ms),
	LIMIT(rto_max_ms),
	LIMIT(give_up_ms),
	LIMIT(linger_ms),
	LIMIT(max_transfer_s),
	LIMIT(unproven_retries),
	LIMIT(max_unproven),
	LIMIT(max_transfers),
	LIMIT(max_transfers_per_client),
};

static void die(const char *what)
{
	fprintf(stderr, "engine_server: %s\n", what);
	exit(2);
}

static struct content *open_content(const struct server *s, const char *name, int *err)
{
	int fd = openat(s->directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct content *content;

	*err = fd < 0 ? errno : 0;
	if (fd < 0)
		return NULL;
	content = content_of_file(fd);
	*err = content ? 0 : errno;
	return content;
}

static void serve(struct server *s, const struct ktftp_listener *of, const struct ktftp_handed *request,
		  const struct ktftp_request *rq)
{
	char name[KTFTP_NAME_MAX + 1];
	struct content *content = NULL;
	int err = EINVAL;

	if (ktftp_name_canonical(rq->name, rq->name_bytes, name) > 0)
		content = open_content(s, name, &err);
	if (!content) {
		engine_refuse(s->engine, of, request, err == EACCES ? KTFTP_ERR_ACCESS : KTFTP_ERR_NOT_FOUND,
			      "File not found");
		return;
	}
	err = engine_serve(s->engine, of, request, name, content);
	if (err)
		fprintf(stderr, "engine_server: %s: %s\n", name, engine_error(s->engine));
	content_put(content);
}

static void answer(struct server *s, const struct ktftp_listener *of, const struct ktftp_handed *request)
{
	struct ktftp_request rq;

	if (ktftp_request_parse(&rq, request->data, request->bytes))
		return;
	if (rq.opcode == KTFTP_OP_WRQ)
		engine_refuse(s->engine, of, request, KTFTP_ERR_ACCESS, "Nothing may be written here");
	else if (rq.mode != KTFTP_MODE_OCTET)
		engine_refuse(s->engine, of, request, KTFTP_ERR_UNDEFINED, "Mode netascii is not served, use octet");
	else
		serve(s, of, request, &rq);
}

static void on_parked(evutil_socket_t fd, short what, void *context)
{
	struct parked *parked = context;

	(void)fd;
	(void)what;
	answer(parked->server, parked->of, &parked->request);
	free(parked);
}

static void take(struct server *s, const struct ktftp_listener *of, const struct ktftp_handed *request)
{
	const struct timeval wait = { .tv_sec = s->wait_ms / 1000, .tv_usec = s->wait_ms % 1000 * 1000 };
	struct parked *parked;

	if (!s->wait_ms) {
		answer(s, of, request);
		return;
	}
	parked = calloc(1, sizeof(*parked));
	if (!parked)
		die("out of memory");
	parked->server = s;
	parked->of = of;
	parked->request = *request;
	memcpy(parked->data, request->data, request->bytes);
	parked->request.data = parked->data;
	event_base_once(s->base, -1, EV_TIMEOUT, on_parked, parked, &wait);
}

static void on_request(const struct ktftp_handed *request, void *context)
{
	take(context, NULL, request);
}

static void on_end(const struct ktftp_transfer *t, void *context)
{
	(void)context;
	printf("end %s %s bytes %llu repeats %u blksize %u\n", t->name, ktftp_transfer_end_names[t->end],
	       (unsigned long long)t->bytes, t->repeats, t->blksize);
}

static int print_listener(const struct ktftp_listener *listener, void *out)
{
	fprintf(out, "listener %u %s transfers %u ports %u\n", listener->port,
		ktftp_listener_state_names[listener->state], listener->transfers, listener->tid_ports);
	return 0;
}

static int print_transfer(const struct ktftp_transfer *t, void *out)
{
	fprintf(out, "transfer %s %s tid %u client %u acked %llu\n", t->name, ktftp_transfer_state_names[t->state],
		t->tid, t->client_port, (unsigned long long)t->bytes);
	return 0;
}

static void write_stats(struct server *s)
{
	char path[256];
	struct ktftp_stats stats;
	FILE *out;
	int i;

	if (!s->stats_path)
		return;
	snprintf(path, sizeof(path), "%s.new", s->stats_path);
	out = fopen(path, "w");
	if (!out)
		die("cannot write counters");
	engine_stats_get(s->engine, &stats);
	for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
		if (ktftp_stats_names[i])
			fprintf(out, "%s %llu\n", ktftp_stats_names[i], (unsigned long long)stats.value[i]);
	engine_listener_list(s->engine, print_listener, out);
	engine_transfer_list(s->engine, print_transfer, out);
	fclose(out);
	if (rename(path, s->stats_path))
		die("cannot write counters");
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct server *s = context;
	size_t i;

	(void)what;
	if (number == SIGUSR1)
		write_stats(s);
	else if (number == SIGTERM)
		event_base_loopbreak(s->base);
	else
		s->draining = !s->draining;
	for (i = 0; number == SIGUSR2 && i < s->listener_count; i++)
		engine_listener_drain(s->engine, &s->listeners[i], s->draining);
	for (i = 0; number == SIGHUP && i < s->listener_count; i++)
		engine_listener_del(s->engine, &s->listeners[i], false);
}

/* What the module is for the engine: it takes requests at a port, and others answer them. */
static void on_handed(evutil_socket_t fd, short what, void *context)
{
	struct server *s = context;
	struct ktftp_handed request = { .listener = 1, .client.length = 4, .local = s->listeners[0].address };
	uint8_t data[KTFTP_REQUEST_MAX];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t got = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

	(void)what;
	if (got < 0)
		return;
	memcpy(request.client.bytes, &from.sin_addr, 4);
	request.client_port = ntohs(from.sin_port);
	request.data = data;
	request.bytes = got;
	take(s, &s->listeners[0], &request);
}

static int open_handed(const struct ktftp_listener *listener)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(listener->port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&at.sin_addr, listener->address.bytes, 4);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("cannot bind the port of the module");
	return fd;
}

/* ADDRESS[@PORT][%DEVICE] */
static void add_listener(struct server *s, char *text)
{
	struct ktftp_listener *listener = &s->listeners[s->listener_count++];
	char *device = strchr(text, '%'), *port = strchr(text, '@');

	if (s->listener_count > LISTENERS_MOST)
		die("too many listeners");
	if (device)
		*device++ = 0;
	if (port)
		*port++ = 0;
	if (device)
		snprintf(listener->device, sizeof(listener->device), "%s", device);
	listener->port = port ? atoi(port) : KTFTP_PORT;
	listener->address.length = strchr(text, ':') ? 16 : 4;
	if (inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, listener->address.bytes) != 1)
		die("no address");
}

static void set_limit(struct server *s, char *text)
{
	char *value = strchr(text, '=');
	size_t i;

	if (!value)
		die("LIMIT=VALUE");
	*value++ = 0;
	if (!strcmp(text, "honor_timeout")) {
		s->limits.honor_timeout = atoi(value);
		return;
	}
	for (i = 0; i < sizeof(limit_names) / sizeof(*limit_names); i++) {
		if (strcmp(text, limit_names[i].name))
			continue;
		*(uint32_t *)((char *)&s->limits + limit_names[i].offset) = strtoul(value, NULL, 10);
		return;
	}
	die("no such limit");
}

static void set_range(struct server *s, char *text)
{
	char *last = strchr(text, '-');

	s->pattern.tid_first = atoi(text);
	s->pattern.tid_last = last ? atoi(last + 1) : atoi(text);
	s->limits.port_first = s->pattern.tid_first;
	s->limits.port_last = s->pattern.tid_last;
}

static void parse(struct server *s, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "l:sd:m:t:o:w:HS:")) != -1) {
		if (option == 'l')
			add_listener(s, optarg);
		else if (option == 's')
			s->pattern.flags |= KTFTP_LISTENER_FLAG_SINGLE_PORT;
		else if (option == 'd')
			s->pattern.dscp = atoi(optarg);
		else if (option == 'm')
			s->pattern.mark = atoi(optarg);
		else if (option == 't')
			set_range(s, optarg);
		else if (option == 'o')
			set_limit(s, optarg);
		else if (option == 'w')
			s->wait_ms = atoi(optarg);
		else if (option == 'H')
			s->as_module = true;
		else if (option == 'S')
			s->stats_path = optarg;
		else
			die("see the top of its source");
	}
	if (optind + 1 != argc)
		die("one DIRECTORY");
	s->directory = open(argv[optind], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->directory < 0)
		die("no such DIRECTORY");
}

static void listen_everywhere(struct server *s)
{
	size_t i;

	for (i = 0; i < s->listener_count; i++) {
		struct ktftp_listener *listener = &s->listeners[i];

		listener->flags = s->pattern.flags;
		listener->dscp = s->pattern.dscp;
		listener->mark = s->pattern.mark;
		listener->tid_first = s->pattern.tid_first;
		listener->tid_last = s->pattern.tid_last;
		if (!s->as_module && engine_listener_add(s->engine, listener))
			die(engine_error(s->engine));
	}
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGTERM, SIGUSR1, SIGUSR2, SIGHUP };
	struct event *events[sizeof(signals) / sizeof(*signals)], *handed = NULL;
	struct server s = {};
	const struct engine_hooks hooks = { .request = on_request, .end = on_end, .context = &s };
	size_t i;
	int fd = -1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	engine_limits_default(&s.limits);
	parse(&s, argc, argv);
	s.base = event_base_new();
	s.engine = s.base ? engine_new(s.base, &s.limits, &hooks) : NULL;
	if (!s.engine)
		die("out of memory");
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		events[i] = evsignal_new(s.base, signals[i], on_signal, &s);
		evsignal_add(events[i], NULL);
	}
	listen_everywhere(&s);
	if (s.as_module) {
		fd = open_handed(&s.listeners[0]);
		handed = event_new(s.base, fd, EV_READ | EV_PERSIST, on_handed, &s);
		event_add(handed, NULL);
	}
	printf("ready\n");
	event_base_dispatch(s.base);

	write_stats(&s);
	engine_free(s.engine);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		event_free(events[i]);
	if (handed)
		event_free(handed);
	event_base_free(s.base);
	close(s.directory);
	if (fd >= 0)
		close(fd);
	return 0;
}
