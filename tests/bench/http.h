/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Phones that try HTTP before TFTP: whether a connection comes about, and how long that took, is all that matters
 * here. What an HTTP server would say is not asked: one that accepts is counted, and TFTP follows all the same.
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include "client.h"

int http_try(struct client *client);
void http_end(struct client *client, bool timed_out);

#endif
