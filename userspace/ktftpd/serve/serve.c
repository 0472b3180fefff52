// SPDX-License-Identifier: GPL-2.0
/*
 * See serve.h. A request is taken apart, its name is looked up, and one of few things is done: the module starts it,
 * the engine serves it, it waits for its content, it is told that there is none, or it meets silence.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "contents.h"
#include "guests.h"
#include "log/log.h"
#include "log/trail.h"
#include "names.h"
#include "proto.h"
#include "serve.h"
#include "serve/catalogue.h"
#include "waiting.h"

/* Names that are not there are told of while the folder's thread has not yet looked at everything: silence. */
struct serve {
	struct daemon *d;
	struct contents *contents;
	struct waiting *waiting;
	struct guests *guests; /* NULL without the module */
	struct event *tick;
	bool scanned;
	bool lost;
	int64_t complained; /* when, CLOCK_MONOTONIC seconds */
	struct serve_counts counts;
};

/* One request, taken apart. */
struct ask {
	const struct ktftp_listener *listener;
	const struct ktftp_handed *handed;
	struct ktftp_request rq;
	char name[KTFTP_NAME_MAX + 1];
};

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Only the module can answer from the port that was asked. */
static bool is_single_port_of_module(const struct ktftp_listener *listener)
{
	return listener && listener->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;
}

static void refuse(struct serve *s, const struct ask *ask, enum ktftp_error code, const char *text)
{
	s->counts.refused++;
	trail_request(s->d->trail, TRAIL_REFUSED, ask->handed, ask->name, text);
	engine_refuse(s->d->engine, ask->listener, ask->handed, code, text);
}

static void stay_silent(struct serve *s, const struct ask *ask, const char *why)
{
	s->counts.silent++;
	trail_request(s->d->trail, TRAIL_SILENT, ask->handed, ask->name, why);
}

/* There is no such name, and that is certain. */
static void deny(struct serve *s, const struct ask *ask)
{
	const char *nearest = catalogue_nearest(s->d->catalogue, ask->name);
	const char *answer = "error1";

	if (!is_single_port_of_module(ask->listener))
		engine_refuse(s->d->engine, ask->listener, ask->handed, KTFTP_ERR_NOT_FOUND, "File not found");
	else if (guests_deny(s->guests, ask->name, now_s()))
		answer = "silence";
	else
		answer = "error1 at the next request";
	s->counts.not_found++;
	log_miss(s->d->log, ask->handed, ask->name, nearest, answer);
	trail_request(s->d->trail, TRAIL_MISS, ask->handed, ask->name, nearest);
}

/* What is not known yet may be there in a moment: a phone takes "not found" for the truth. */
static void miss(struct serve *s, const struct ask *ask)
{
	if (s->lost)
		stay_silent(s, ask, "names were lost for lack of memory");
	else if (!s->scanned)
		stay_silent(s, ask, "the folders have not been read yet");
	else if (folder_is_behind(s->d->folder))
		stay_silent(s, ask, "what happened in the folders has not been looked at yet");
	else
		deny(s, ask);
}

/* What any client can bring about is said once a second. */
static void complain(struct serve *s, const struct item *item, const char *what, const char *why)
{
	int64_t now = now_s();

	if (s->complained == now)
		return;
	s->complained = now;
	log_say(s->d->log, LOG_WARNING, "%s: %s: %s", item->name, what, why);
}

static void serve_by_engine(struct serve *s, const struct ask *ask, struct item *item)
{
	struct content *content = contents_open(s->contents, s->d->folder, &item->file);
	int err;

	if (!content) {
		complain(s, item, "its content cannot be read", strerror(errno));
		stay_silent(s, ask, "its content cannot be read");
		return;
	}
	err = engine_serve(s->d->engine, ask->listener, ask->handed, item->name, content);
	content_put(content);
	if (err) {
		stay_silent(s, ask, engine_error(s->d->engine));
		return;
	}
	item->hits++;
	s->counts.served++;
}

static void serve_by_guest(struct serve *s, const struct ask *ask, struct item *item)
{
	int err = guests_start(s->guests, s->d->folder, &item->file, ask->handed, now_s());

	if (err == -EAGAIN) {
		stay_silent(s, ask, "its content is being read, or another one published");
		return;
	}
	if (err == -ENOSPC) {
		complain(s, item, "the module cannot serve it from a single port", "there is no room in its store");
		stay_silent(s, ask, "there is no room in the module's store");
		return;
	}
	if (err) {
		complain(s, item, "the module cannot serve it from a single port", ktftp_error(s->d->kernel));
		stay_silent(s, ask, ktftp_error(s->d->kernel));
		return;
	}
	item->hits++;
	s->counts.started++;
}

/* Pinned meanwhile, since the request left the module. */
static bool start_by_module(struct serve *s, const struct ask *ask, const struct item *item)
{
	if (!item->pinned || ktftp_start(s->d->kernel, ask->handed, NULL))
		return false;
	s->counts.started++;
	return true;
}

static void serve_item(struct serve *s, const struct ask *ask, struct item *item)
{
	if (ask->listener && start_by_module(s, ask, item))
		return;
	if (is_single_port_of_module(ask->listener))
		serve_by_guest(s, ask, item);
	else
		serve_by_engine(s, ask, item);
}

/* Its content is on the way. */
static void make_wait(struct serve *s, const struct ask *ask)
{
	int err = waiting_add(s->waiting, ask->listener, ask->handed, ask->name, now_s());

	if (err < 0) {
		stay_silent(s, ask, "it cannot wait for its content");
	} else if (err > 0) {
		s->counts.parked++;
		trail_request(s->d->trail, TRAIL_WAIT, ask->handed, ask->name, "its content is on the way");
	}
}

/* The name as it was sent, for what is told of a request that gets no further. */
static void take_name(struct ask *ask)
{
	size_t bytes = ask->rq.name_bytes < KTFTP_NAME_MAX ? ask->rq.name_bytes : KTFTP_NAME_MAX, i;

	for (i = 0; i < bytes; i++)
		ask->name[i] = ask->rq.name[i] < 0x20 || ask->rq.name[i] == 0x7f ? '?' : ask->rq.name[i];
	ask->name[bytes] = 0;
}

static void read_request(struct serve *s, struct ask *ask)
{
	struct item *item;

	/* Nobody can have published it, now or ever. */
	if (ktftp_name_canonical(ask->rq.name, ask->rq.name_bytes, ask->name) < 0) {
		take_name(ask);
		deny(s, ask);
		return;
	}
	item = catalogue_find(s->d->catalogue, ask->name);
	if (!item)
		miss(s, ask);
	else if (item->state == ITEM_READY)
		serve_item(s, ask, item);
	else
		make_wait(s, ask);
}

/**
 * serve_request() - a request came
 * @s: handler
 * @listener: the module's listener it came to, NULL for one of the engine's
 * @handed: the request
 */
void serve_request(struct serve *s, const struct ktftp_listener *listener, const struct ktftp_handed *handed)
{
	struct ask ask = { .listener = listener, .handed = handed };

	s->counts.requests++;
	if (ktftp_request_parse(&ask.rq, handed->data, handed->bytes)) {
		engine_refuse(s->d->engine, listener, handed, KTFTP_ERR_ILLEGAL, "Malformed request");
		s->counts.refused++;
		return;
	}
	take_name(&ask);
	if (s->d->draining)
		stay_silent(s, &ask, "the server drains");
	else if (ask.rq.opcode == KTFTP_OP_WRQ)
		refuse(s, &ask, KTFTP_ERR_ACCESS, "Nothing may be written here");
	else if (ask.rq.mode == KTFTP_MODE_NETASCII)
		refuse(s, &ask, KTFTP_ERR_UNDEFINED, "Mode netascii is not served, use octet");
	else if (ask.rq.mode != KTFTP_MODE_OCTET)
		refuse(s, &ask, KTFTP_ERR_ILLEGAL, "Unknown transfer mode");
	else
		read_request(s, &ask);
}

/* Is a request that waited done: served, or told that there is nothing. */
static bool try_again(const struct waiter *waiter, void *context)
{
	struct ask ask = { .listener = waiter->listener.id ? &waiter->listener : NULL, .handed = &waiter->request };
	struct serve *s = context;
	struct item *item = catalogue_find(s->d->catalogue, waiter->name);

	if (item && item->state == ITEM_ARRIVING)
		return false;
	if (ktftp_request_parse(&ask.rq, waiter->data, waiter->request.bytes))
		return true;
	strcpy(ask.name, waiter->name);
	if (s->d->draining)
		stay_silent(s, &ask, "the server drains");
	else if (item)
		serve_item(s, &ask, item);
	else
		miss(s, &ask);
	return true;
}

static void try_all_again(struct serve *s)
{
	waiting_each(s->waiting, now_s(), try_again, s);
}

void serve_changed(struct serve *s)
{
	if (s->guests)
		guests_allow(s->guests);
	try_all_again(s);
}

void serve_reloaded(struct serve *s)
{
	s->scanned = false;
}

void serve_lost_names(struct serve *s)
{
	s->lost = true;
}

bool serve_knows_all(const struct serve *s)
{
	return s->scanned && !s->lost;
}

void serve_attached(struct serve *s)
{
	guests_begin(s->guests);
}

void serve_scanned(struct serve *s)
{
	s->scanned = true;
	serve_changed(s);
}

void serve_counts_get(const struct serve *s, struct serve_counts *counts)
{
	*counts = s->counts;
}

/* Those that no longer ask are forgotten, also when nothing changes. */
static void on_tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	try_all_again(context);
}

struct serve *serve_new(struct daemon *d)
{
	static const struct timeval second = { .tv_sec = 1 };
	struct serve *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->d = d;
	s->contents = contents_new();
	s->waiting = waiting_new();
	s->tick = event_new(d->base, -1, EV_PERSIST, on_tick, s);
	if (d->kernel)
		s->guests = guests_new(d->kernel);
	if (!s->contents || !s->waiting || !s->tick || event_add(s->tick, &second) || (d->kernel && !s->guests)) {
		serve_free(s);
		return NULL;
	}
	return s;
}

void serve_free(struct serve *s)
{
	if (!s)
		return;
	if (s->tick)
		event_free(s->tick);
	guests_free(s->guests);
	waiting_free(s->waiting);
	contents_free(s->contents);
	free(s);
}
