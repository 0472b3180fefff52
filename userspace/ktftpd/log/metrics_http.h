/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One page over HTTP, for whoever may reach the port, by libevent's buffers: its HTTP server neither bounds how many
 * connections there are nor how long one may take. Here both have an end: whoever comes beyond waits in the listening
 * socket's queue, and each connection is good for one request and some seconds.
 */
#ifndef KTFTPD_METRICS_HTTP_H
#define KTFTPD_METRICS_HTTP_H

#include <event2/buffer.h>
#include <event2/event.h>

#include "ktftp.h"

struct metrics_http;

/* Writes the page. Return: 0, or a negative errno when there is none now. */
typedef int (*metrics_page_fn)(struct evbuffer *out, void *context);

/**
 * struct metrics_page - what is served
 * @path: where, with its "/"
 * @type: its media type
 * @fn: writes it, at each request
 * @failed: told when nobody can be accepted, e.g. for lack of descriptors; it is tried again after a pause
 * @context: for @fn and @failed
 */
struct metrics_page {
	const char *path;
	const char *type;
	metrics_page_fn fn;
	void (*failed)(int err, void *context);
	void *context;
};

/* Return: 0 or a negative errno. The page is copied, what it points to stays. */
int metrics_http_start(struct event_base *base, const struct ktftp_address *address, uint16_t port,
		       const struct metrics_page *page, struct metrics_http **out);
void metrics_http_stop(struct metrics_http *http);

#endif
