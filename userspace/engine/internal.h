/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine as its files know it. Data flows one way: receive.c takes datagrams apart; start.c and transfer.c decide;
 * segment.c puts packets together; outbox.c sends them. All of it in one thread, between tftp_enter() and
 * tftp_leave(): what was put into the outbox leaves at the end of that, many packets by one system call, and what died
 * meanwhile is freed after it.
 */
#ifndef TFTP_INTERNAL_H
#define TFTP_INTERNAL_H

#include <sys/queue.h>

#include <linux/types.h>

#include "clients.h"
#include "engine.h"
#include "floors.h"
#include "hash.h"
#include "outbox.h"
#include "rate.h"

#define TFTP_POOL       32    /* ports of a listener for transfers */
#define TFTP_DRAIN_S    30    /* seconds running transfers have when a listener is deleted */
#define TFTP_BATCH      64    /* datagrams taken from a socket at once */
#define TFTP_TID_FIRST  61000 /* ports for transfers, where a listener does not say: as the module's */
#define TFTP_TID_LAST   63999
#define TFTP_PORT_FIRST 64000 /* ports for answers to requests that the module handed over */
#define TFTP_PORT_LAST  64999

#define USEC_PER_MSEC   1000ull
#define USEC_PER_SEC    1000000ull

TAILQ_HEAD(tftp_listeners, tftp_listener);
TAILQ_HEAD(tftp_transfers, tftp_transfer);

/**
 * struct engine - all of it
 * @base: whose loop calls us
 * @limits: in force
 * @hooks: whom to tell
 * @now_us: CLOCK_MONOTONIC when the last event came; read by tftp_enter() and for each batch
 * @depth: calls of tftp_enter() without tftp_leave()
 * @hash_key: for every table
 * @listeners: of its owner
 * @pools: ports for answers to requests that the module handed over
 * @dying: listeners to be freed by tftp_leave()
 * @last_listener: number of the last listener
 * @all: transfers that are alive
 * @unproven: those whose client has not answered, the oldest first
 * @done: those that only swallow what comes late, the oldest first
 * @dead: to be freed by tftp_leave()
 * @unproven_count: how many
 * @transfer_count: alive
 * @active: that have not ended
 * @ahead_bytes: memory in which transfers read ahead
 * @tails_bytes: memory that lingering transfers have their last blocks in
 * @clients: transfers of each client, while that is bounded
 * @floors: what was learned of clients
 * @strays_answered: bounds ERROR 5
 * @refusals: bounds what is said to each network
 * @offered: the request that the owner is being asked about
 * @sequence: of the last event
 * @outbox: packets that leave together
 * @inbox: room for datagrams that arrive
 * @stats: by enum ktftp_a_stats
 * @error: why the last call failed
 */
struct engine {
	struct event_base *base;
	struct engine_limits limits;
	struct engine_hooks hooks;
	uint64_t now_us;
	unsigned int depth;
	struct tftp_hash_key hash_key;
	struct tftp_listeners listeners;
	struct tftp_listeners pools;
	struct tftp_listeners dying;
	uint32_t last_listener;
	struct tftp_transfers all;
	struct tftp_transfers unproven;
	struct tftp_transfers done;
	struct tftp_transfers dead;
	size_t unproven_count;
	size_t transfer_count;
	size_t active;
	size_t ahead_bytes;
	size_t tails_bytes;
	struct tftp_clients clients;
	struct tftp_floors floors;
	struct tftp_rate strays_answered;
	struct tftp_rates refusals;
	const struct ktftp_handed *offered;
	uint64_t sequence;
	struct tftp_outbox outbox;
	struct tftp_inbox *inbox;
	struct ktftp_stats stats;
	char error[256];
};

static inline void tftp_add(struct engine *e, enum ktftp_a_stats which, uint64_t n)
{
	e->stats.value[which] += n;
}

static inline void tftp_count(struct engine *e, enum ktftp_a_stats which)
{
	tftp_add(e, which, 1);
}

/* engine.c */
void tftp_look_at_clock(struct engine *e);
void tftp_enter(struct engine *e);
void tftp_leave(struct engine *e);
int tftp_fail(struct engine *e, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
