// SPDX-License-Identifier: GPL-2.0
/* Function by function what the module does with a transfer; where the names agree, so do the rules. */
#include <linux/limits.h>
#include <linux/minmax.h>

#include "server.h"

/* The defaults of the tunables come from kmod/params.c by way of sim.mk. */
#define GIVE_UP_US  (GIVE_UP_MS * 1000ull)
#define LINGER_US   (LINGER_MS * 1000ull)
#define UNPROVEN_US (KTFTP_RTO_FIRST_US * ((2ull << UNPROVEN_RETRIES) - 1))

static u64 jiffies_at(u64 now_us)
{
	return now_us / JIFFY_US;
}

static u64 jiffies_of(u64 us)
{
	return (us + JIFFY_US - 1) / JIFFY_US;
}

/* Over when the jiffy of the deadline is, which is one more from where the timer counts. */
static u64 rto_jiffies(const struct server *server)
{
	return jiffies_of(estimator_us(&server->estimator)) + 1;
}

static void set_deadline(struct server *server, u64 now_us, u64 wait)
{
	server->deadline = jiffies_at(now_us) + wait;
	server->timer = min_t(u64, server->timer, server->deadline);
}

static void send_block(struct server *server, u64 now_us)
{
	const struct packet packet = {
		.kind = PACKET_DATA,
		.wire = ktftp_window_wire(&server->window, server->window.sent),
		.copy = server->copies++,
	};

	network_send(server->network, now_us, packet);
}

static u32 us_since(u64 now_us, u64 then_us)
{
	return min_t(u64, now_us - then_us, U32_MAX);
}

/* Of the copies of the block in flight, those behind the one that is answered were sent for nothing. */
static void judge_repeats(struct server *server, const struct packet *ack)
{
	server->spurious = ack->by_timer ? 0 : server->copies - 1 - ack->copy;
	server->counts.spurious += server->spurious;
}

static void count_proof(struct server *server)
{
	server->counts.proofs++;
	if (!server->spurious)
		server->counts.false_proofs++;
}

static void acknowledged(struct server *server, u64 now_us, const struct packet *ack)
{
	judge_repeats(server, ack);
	if (estimator_acknowledged(&server->estimator, us_since(now_us, server->sent_us),
				   us_since(now_us, server->resent_us)))
		count_proof(server);
}

static void acknowledged_again(struct server *server, u64 now_us)
{
	if (!estimator_duplicate(&server->estimator))
		return;
	count_proof(server);
	if (!server->estimator.rto.repeats)
		server->deadline = max_t(u64, server->deadline, jiffies_at(now_us) + rto_jiffies(server));
}

static void send_next(struct server *server, u64 now_us, const struct packet *ack)
{
	acknowledged(server, now_us, ack);
	server->window.sent++;
	server->copies = 0;
	server->sent_us = now_us;
	server->resent_us = now_us;
	set_deadline(server, now_us, rto_jiffies(server));
	send_block(server, now_us);
}

static void all_acknowledged(struct server *server, u64 now_us, const struct packet *ack)
{
	acknowledged(server, now_us, ack);
	server->state = SERVER_ENDED;
}

static void take_ack(struct server *server, u64 now_us, const struct packet *ack)
{
	enum ktftp_ack what = ktftp_window_ack(&server->window, ack->wire);

	if (what != KTFTP_ACK_STALE)
		server->heard = jiffies_at(now_us);
	if (server->state == SERVER_UNPROVEN && what <= KTFTP_ACK_LAST)
		server->state = SERVER_RUNNING;
	if (what == KTFTP_ACK_NEXT)
		send_next(server, now_us, ack);
	else if (what == KTFTP_ACK_LAST)
		all_acknowledged(server, now_us, ack);
	else if (what == KTFTP_ACK_DUPLICATE)
		acknowledged_again(server, now_us);
}

static void begin(struct server *server, u64 now_us)
{
	server->state = SERVER_UNPROVEN;
	server->window.sent = 1;
	server->copies = 0;
	server->sent_us = now_us;
	server->resent_us = now_us;
	server->heard = jiffies_at(now_us);
	server->timer = UINT64_MAX;
	set_deadline(server, now_us, jiffies_of(UNPROVEN_US));
	send_block(server, now_us);
}

/* The first block goes again only when the request does. */
static void repeat_first(struct server *server, u64 now_us)
{
	server->counts.repeats++;
	server->estimator.rto.repeats = 1;
	server->resent_us = now_us;
	server->heard = jiffies_at(now_us);
	set_deadline(server, now_us, jiffies_of(UNPROVEN_US));
	send_block(server, now_us);
}

static void send_again(struct server *server, u64 now_us)
{
	estimator_repeat(&server->estimator);
	server->counts.repeats++;
	server->resent_us = now_us;
	set_deadline(server, now_us, rto_jiffies(server));
	if (server->window.sent == server->window.blocks)
		server->state = SERVER_LINGERING;
	send_block(server, now_us);
}

static bool has_reason_to_end(const struct server *server, u64 now_us)
{
	u64 silent_us = (jiffies_at(now_us) - server->heard) * JIFFY_US;

	switch (server->state) {
	case SERVER_UNPROVEN:
		return true;
	case SERVER_LINGERING:
		return silent_us >= LINGER_US;
	default:
		return silent_us >= GIVE_UP_US;
	}
}

void server_init(struct server *server, struct network *network, const struct timing *timing)
{
	*server = (struct server){
		.network = network,
		.window.blocks = network->scenario->blocks,
		.estimator.timing = timing,
	};
}

/* A copy of the request that comes when the download runs would begin one beside it: it is left out here. */
void server_receive(struct server *server, u64 now_us, const struct packet *packet)
{
	if (packet->kind == PACKET_ACK) {
		if (server->state != SERVER_IDLE && server->state != SERVER_ENDED)
			take_ack(server, now_us, packet);
	} else if (server->state == SERVER_IDLE) {
		begin(server, now_us);
	} else if (server->state == SERVER_UNPROVEN) {
		repeat_first(server, now_us);
	}
}

/* When the timer fires. */
u64 server_next(const struct server *server)
{
	bool armed = server->state != SERVER_IDLE && server->state != SERVER_ENDED;

	return armed ? server->timer * JIFFY_US : NEVER;
}

/* The deadline may have moved on since the timer was armed: then it waits on. */
void server_expired(struct server *server, u64 now_us)
{
	server->timer = UINT64_MAX;
	if (jiffies_at(now_us) < server->deadline)
		server->timer = server->deadline;
	else if (!has_reason_to_end(server, now_us))
		send_again(server, now_us);
	else
		server->state = server->state == SERVER_UNPROVEN ? SERVER_IDLE : SERVER_ENDED;
}
