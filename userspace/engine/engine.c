// SPDX-License-Identifier: GPL-2.0
/* The engine as its owner knows it: begun, ended, asked. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "options.h"
#include "receive.h"
#include "transfer.h"

static uint64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

void tftp_look_at_clock(struct engine *e)
{
	e->now_us = clock_us();
}

/* From here on the time is what it is now, and what is to be sent is collected. */
void tftp_enter(struct engine *e)
{
	if (!e->depth++)
		tftp_look_at_clock(e);
}

static void free_dead(struct engine *e)
{
	struct tftp_transfer *t;

	while ((t = TAILQ_FIRST(&e->dead))) {
		TAILQ_REMOVE(&e->dead, t, all);
		tftp_transfer_free(t);
	}
	tftp_listeners_free(&e->dying);
}

/* All leaves; nothing refers to what died any more. */
void tftp_leave(struct engine *e)
{
	if (e->depth == 1) {
		tftp_outbox_flush(e);
		free_dead(e);
	}
	e->depth--;
}

/* Keeps a text for engine_error(). Return: @err. */
int tftp_fail(struct engine *e, int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(e->error, sizeof(e->error), format, arguments);
	va_end(arguments);
	return err;
}

const char *engine_error(const struct engine *e)
{
	return e->error;
}

void engine_limits_default(struct engine_limits *limits)
{
	*limits = (struct engine_limits){
		.max_blksize = KTFTP_BLKSIZE_MAX,
		.max_windowsize = 65535,
		.rto_min_ms = 16,
		.rto_max_ms = 4000,
		.give_up_ms = 60000,
		.linger_ms = 20000,
		.max_transfer_s = 86400,
		.unproven_retries = 2,
		.max_unproven = 4096,
		.max_transfers = 262144,
		.port_first = TFTP_PORT_FIRST,
		.port_last = TFTP_PORT_LAST,
	};
}

void engine_set_limits(struct engine *e, const struct engine_limits *limits)
{
	e->limits = *limits;
}

static void init_lists(struct engine *e)
{
	TAILQ_INIT(&e->listeners);
	TAILQ_INIT(&e->pools);
	TAILQ_INIT(&e->dying);
	TAILQ_INIT(&e->all);
	TAILQ_INIT(&e->unproven);
	TAILQ_INIT(&e->done);
	TAILQ_INIT(&e->dead);
}

struct engine *engine_new(struct event_base *base, const struct engine_limits *limits, const struct engine_hooks *hooks)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	init_lists(e);
	e->base = base;
	e->limits = *limits;
	e->hooks = *hooks;
	tftp_hash_key_init(&e->hash_key);
	e->inbox = tftp_inbox_new();
	if (!e->inbox || tftp_outbox_init(&e->outbox)) {
		engine_free(e);
		return NULL;
	}
	return e;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	tftp_enter(e);
	tftp_listeners_cut(&e->listeners);
	tftp_listeners_cut(&e->pools);
	tftp_leave(e);
	tftp_clients_free(&e->clients);
	tftp_outbox_free(&e->outbox);
	free(e->inbox);
	free(e);
}

int engine_transfer_list(struct engine *e, ktftp_transfer_fn fn, void *context)
{
	struct ktftp_transfer shown;
	struct tftp_transfer *t;
	int err = 0;

	tftp_enter(e);
	TAILQ_FOREACH(t, &e->all, all)
	{
		if (tftp_transfer_ended(t))
			continue;
		tftp_transfer_show(t, &shown);
		err = fn(&shown, context);
		if (err)
			break;
	}
	tftp_leave(e);
	return err;
}

void engine_stats_get(const struct engine *e, struct ktftp_stats *stats)
{
	*stats = e->stats;
	stats->value[KTFTP_A_STATS_REQUESTS_IN_PROGRESS] = e->active;
}

size_t engine_transfers(const struct engine *e)
{
	return e->active;
}
