/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TFTP engine of user space: listeners, downloads with the same options, windows and timers as the module's, by
 * libevent. It serves what the kernel does not, and everything where there is no module.
 *
 * It knows no names and no policy: its owner is given each request and answers it by engine_serve() or
 * engine_refuse(), or not at all. Requests that the module handed over are answered in the same way, from ports of
 * the engine's own. One thread, that of the event base.
 */
#ifndef KTFTP_ENGINE_H
#define KTFTP_ENGINE_H

#include <event2/event.h>

#include "content.h"
#include "ktftp.h"

struct engine;

/**
 * struct engine_limits - what bounds downloads; as the module's parameters of the same names, docs/ABI
 * @max_blksize: bytes
 * @max_windowsize: blocks
 * @rto_min_ms: least time before a block goes again
 * @rto_max_ms: most
 * @give_up_ms: silence of a client that ends its download
 * @linger_ms: how long the last block is repeated
 * @max_transfer_s: most that a download may take
 * @unproven_retries: how often an OACK is repeated that was never answered
 * @max_unproven: downloads whose client never answered, in all
 * @max_transfers: downloads, in all
 * @max_transfers_per_client: downloads of one address, 0 for no limit
 * @honor_timeout: keep to the interval that the client asks for
 * @port_first: range of ports for answers to requests that the module handed over (daemon_ports)
 * @port_last: its end
 */
struct engine_limits {
	uint32_t max_blksize;
	uint32_t max_windowsize;
	uint32_t rto_min_ms;
	uint32_t rto_max_ms;
	uint32_t give_up_ms;
	uint32_t linger_ms;
	uint32_t max_transfer_s;
	uint32_t unproven_retries;
	uint32_t max_unproven;
	uint32_t max_transfers;
	uint32_t max_transfers_per_client;
	bool honor_timeout;
	uint16_t port_first;
	uint16_t port_last;
};

/**
 * struct engine_hooks - what an engine tells its owner
 * @request: an RRQ or WRQ came to a listener of the engine; @request->why is KTFTP_REQUEST_WHY_MISS for all; valid
 *	during the call
 * @start: a download began; may be NULL
 * @end: it ended, @transfer->end says how; may be NULL
 * @context: for them
 */
struct engine_hooks {
	void (*request)(const struct ktftp_handed *request, void *context);
	void (*start)(const struct ktftp_transfer *transfer, void *context);
	void (*end)(const struct ktftp_transfer *transfer, void *context);
	void *context;
};

void engine_limits_default(struct engine_limits *limits);

struct engine *engine_new(struct event_base *base, const struct engine_limits *limits,
			  const struct engine_hooks *hooks);
void engine_free(struct engine *e);
const char *engine_error(const struct engine *e);

/* For downloads from then on. */
void engine_set_limits(struct engine *e, const struct engine_limits *limits);

/*
 * Listeners, known by address, port and device as the module's; 0 or a negative errno with a text in engine_error().
 * Ids are the engine's own, with the highest bit set, so that they never are one of the module's. What connection
 * tracking does is not the engine's: the flag notrack means nothing to it.
 */
int engine_listener_add(struct engine *e, const struct ktftp_listener *listener);
int engine_listener_del(struct engine *e, const struct ktftp_listener *listener, bool now);
int engine_listener_drain(struct engine *e, const struct ktftp_listener *listener, bool drain);
int engine_listener_list(struct engine *e, ktftp_listener_fn fn, void *context);

/*
 * engine_serve() - answer a read request with a content
 * @listener: of the module, that handed the request over: its device, mark and DSCP count for the answer; NULL when
 *	the request came from a listener of the engine
 * @name: for lists and events
 *
 * Takes a reference on @content of its own. Idempotent while the client has not answered: the same request again
 * makes the download repeat its first packet. Return: 0; -EBADMSG when it is no read request; -ENOSPC at a limit (the
 * client was told); -EADDRNOTAVAIL when the address that was asked is not ours, or @listener is a single-port one, from
 * whose port only the module can answer; -ENOENT when a listener of the engine is gone; -EIO when the content cannot be
 * read; -ENOMEM, ...
 */
int engine_serve(struct engine *e, const struct ktftp_listener *listener, const struct ktftp_handed *request,
		 const char *name, struct content *content);

/* Answers by ERROR. code is enum ktftp_error of proto.h. Counted, and limited in rate: it could be a reflection. */
int engine_refuse(struct engine *e, const struct ktftp_listener *listener, const struct ktftp_handed *request,
		  unsigned int code, const char *text);

int engine_transfer_list(struct engine *e, ktftp_transfer_fn fn, void *context);
void engine_stats_get(const struct engine *e, struct ktftp_stats *stats);
size_t engine_transfers(const struct engine *e);

#endif
