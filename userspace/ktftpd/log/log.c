// SPDX-License-Identifier: GPL-2.0
/*
 * See log.h. A line is made once (line.h) and goes to every sink that the configuration wants: the journal, standard
 * error, syslog servers.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bucket.h"
#include "journal.h"
#include "log.h"
#include "rfc5424.h"
#include "sender.h"

/* How often the log tells of what it dropped, at most. */
#define TELL_MS      1000
#define SEQUENCE_MAX INT32_MAX

/**
 * struct log - where lines go
 * @base: whose loop
 * @foreground: started by hand or in a container
 * @console: lines go to standard error
 * @journal: to the journal, or NULL
 * @servers: syslog servers
 * @server_count: how many
 * @wants_transfers: a line for each download
 * @wants_misses: a line for each name that was not there
 * @host: name of this host
 * @sequence: of the last line to syslog servers
 * @bucket: how many more lines about downloads and misses
 * @dropped_now: lines dropped since the log told of it last
 * @dropping_ms: when the first of them was
 * @tell: tells of them
 * @counts: for whoever asks; what servers in use did not get is not in it
 */
struct log {
	struct event_base *base;
	bool foreground;
	bool console;
	struct sender *journal;
	struct sender **servers;
	size_t server_count;
	bool wants_transfers;
	bool wants_misses;
	char host[256];
	uint32_t sequence;
	struct bucket bucket;
	uint64_t dropped_now;
	int64_t dropping_ms;
	struct event *tell;
	struct log_counts counts;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- sinks ---- */

static void write_console(const struct line *line)
{
	fprintf(stderr, "ktftpd: %s: %s\n", line_level_name(line->level), line->text.at);
}

static void write_journal(struct log *log, const struct line *line)
{
	char message[JOURNAL_ROOM];
	size_t bytes = journal_format(message, line);

	sender_put(log->journal, message, bytes);
}

static void write_servers(struct log *log, const struct line *line)
{
	struct rfc5424_header header = { .host = log->host, .pid = getpid(), .time_us = wall_clock_us() };
	char message[RFC5424_ROOM];
	size_t i, bytes;

	log->sequence = log->sequence < SEQUENCE_MAX ? log->sequence + 1 : 1;
	header.sequence = log->sequence;
	for (i = 0; i < log->server_count; i++) {
		bytes = rfc5424_format(message, line, &header,
				       sender_kind(log->servers[i]) == SENDER_UDP ? RFC5424_UDP : RFC5424_NO_MAX);
		sender_put(log->servers[i], message, bytes);
	}
}

/* Who logs to nobody still hears of what is wrong. */
static bool needs_console(const struct log *log, const struct line *line)
{
	if (log->console)
		return true;
	return !log->journal && !log->server_count && line->level <= LOG_WARNING;
}

static void write_line(struct log *log, const struct line *line)
{
	if (needs_console(log, line))
		write_console(line);
	if (log->journal)
		write_journal(log, line);
	if (log->server_count)
		write_servers(log, line);
	log->counts.written++;
}

/* ---- the limit ---- */

static void tell_dropped(struct log *log)
{
	struct line line;

	if (!log->dropped_now)
		return;
	line_dropped(&line, log->dropped_now, now_ms() - log->dropping_ms);
	log->dropped_now = 0;
	write_line(log, &line);
}

static void on_tell(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	tell_dropped(context);
}

static void drop(struct log *log, int64_t now)
{
	const struct timeval later = { .tv_sec = TELL_MS / 1000, .tv_usec = TELL_MS % 1000 * 1000 };

	log->counts.dropped++;
	if (log->dropped_now++)
		return;
	log->dropping_ms = now;
	evtimer_add(log->tell, &later);
}

/* May a line about a client leave? Who may not is counted; to make the line is spared then. */
static bool may_write(struct log *log)
{
	int64_t now = now_ms();

	if (bucket_take(&log->bucket, now))
		return true;
	drop(log, now);
	return false;
}

/* ---- configuration ---- */

static bool journal_is_there(void)
{
	return !access(JOURNAL_SOCKET, F_OK);
}

static int configure_local(struct log *log, const struct config *config)
{
	bool journal = config->journal && journal_is_there() && !(log->foreground && isatty(STDERR_FILENO));

	log->console = config->journal && !journal;
	if (journal == !!log->journal)
		return 0;
	if (log->journal) {
		log->counts.unsent += sender_unsent(log->journal);
		sender_free(log->journal);
		log->journal = NULL;
		return 0;
	}
	log->journal = sender_new(log->base, SENDER_UNIX, JOURNAL_SOCKET, "");
	return log->journal ? 0 : -ENOMEM;
}

static enum sender_kind kind_of(const struct config_syslog *server)
{
	return server->tcp ? SENDER_TCP : SENDER_UDP;
}

/* A server that stays keeps its connection and what waits for it. */
static struct sender *take_server(struct log *log, const struct config_syslog *server)
{
	struct sender *found;
	size_t i;

	for (i = 0; i < log->server_count; i++) {
		found = log->servers[i];
		if (!found || !sender_is(found, kind_of(server), server->host, server->port))
			continue;
		log->servers[i] = NULL;
		return found;
	}
	return sender_new(log->base, kind_of(server), server->host, server->port);
}

static void free_servers(struct log *log)
{
	size_t i;

	for (i = 0; i < log->server_count; i++) {
		if (!log->servers[i])
			continue;
		log->counts.unsent += sender_unsent(log->servers[i]) + sender_waiting(log->servers[i]);
		sender_free(log->servers[i]);
	}
	free(log->servers);
	log->servers = NULL;
	log->server_count = 0;
}

static int configure_servers(struct log *log, const struct config *config)
{
	struct sender **servers = calloc(config->syslog_count + 1, sizeof(*servers));
	size_t count = 0, i;
	int err = 0;

	if (!servers)
		return -ENOMEM;
	for (i = 0; i < config->syslog_count; i++) {
		servers[count] = take_server(log, &config->syslog[i]);
		if (servers[count])
			count++;
		else
			err = -ENOMEM;
	}
	free_servers(log);
	log->servers = servers;
	log->server_count = count;
	return err;
}

/**
 * log_reconfigure() - follow another configuration
 * @log: the log
 * @config: what counts from now on; not needed afterwards
 *
 * Return: 0 or -ENOMEM; what could be done was done then.
 */
int log_reconfigure(struct log *log, const struct config *config)
{
	int err = configure_local(log, config), servers_err = configure_servers(log, config);

	log->wants_transfers = config->log_transfers;
	log->wants_misses = config->log_misses;
	bucket_set_rate(&log->bucket, config->log_per_s, now_ms());
	return err ? err : servers_err;
}

/**
 * log_new() - open the log
 * @base: whose loop sends to the journal and to servers
 * @config: what is wanted; not needed afterwards
 * @foreground: standard error instead of the journal when that is a terminal
 *
 * Lines go to standard error as well where there is no journal. Return: the log, or NULL for lack of memory.
 */
struct log *log_new(struct event_base *base, const struct config *config, bool foreground)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->base = base;
	log->foreground = foreground;
	if (gethostname(log->host, sizeof(log->host) - 1))
		log->host[0] = 0;
	bucket_init(&log->bucket, config->log_per_s, now_ms());
	log->tell = evtimer_new(base, on_tell, log);
	if (log->tell && !log_reconfigure(log, config))
		return log;
	log_free(log);
	return NULL;
}

/**
 * log_free() - tell of what was dropped, and close
 * @log: the log, or NULL
 */
void log_free(struct log *log)
{
	if (!log)
		return;
	tell_dropped(log);
	if (log->tell)
		event_free(log->tell);
	sender_free(log->journal);
	free_servers(log);
	free(log);
}

/**
 * log_counts_get() - how many lines went where
 * @log: the log
 * @counts: where they go
 */
void log_counts_get(const struct log *log, struct log_counts *counts)
{
	size_t i;

	*counts = log->counts;
	if (log->journal)
		counts->unsent += sender_unsent(log->journal);
	for (i = 0; i < log->server_count; i++)
		counts->unsent += sender_unsent(log->servers[i]);
}

/* ---- lines ---- */

/**
 * log_say() - what the daemon itself has to say; never limited
 * @log: the log, or NULL for standard error
 * @level: as syslog's
 * @format: as printf's
 */
void log_say(struct log *log, int level, const char *format, ...)
{
	char text[LINE_TEXT];
	struct line line;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	line_said(&line, level, text);
	if (log)
		write_line(log, &line);
	else
		write_console(&line);
}

/**
 * log_transfer() - a download ended
 * @log: the log
 * @transfer: which, and how
 * @engine: "kernel" or "user"
 */
void log_transfer(struct log *log, const struct ktftp_transfer *transfer, const char *engine)
{
	struct line line;

	if (!log->wants_transfers || !may_write(log))
		return;
	line_transfer(&line, transfer, engine);
	write_line(log, &line);
}

/**
 * log_miss() - a name is not there
 * @log: the log
 * @request: who asked
 * @name: for what
 * @nearest: a name that is there and may have been meant, or NULL
 * @answer: what the client was told: "error1", "silence", ...
 */
void log_miss(struct log *log, const struct ktftp_handed *request, const char *name, const char *nearest,
	      const char *answer)
{
	struct line line;

	if (!log->wants_misses || !may_write(log))
		return;
	line_miss(&line, request, name, nearest, answer);
	write_line(log, &line);
}
