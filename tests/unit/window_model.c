// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/window.c in use: whole downloads by windows over a network that loses, doubles and reorders packets, to a
 * receiver written from RFC 7440 alone. No byte is lost, every download ends, and what is sent twice has bounds.
 * Millions of packets: for user space only.
 */
#include "unit.h"

#include "model_network.h"
#include "model_receiver.h"
#include "window.h"

#define BLKSIZE      512
#define TICK_US      4000  /* the pause between two bursts */
#define RTO_US       20000 /* doubled by every timeout in a row */
#define RTO_DOUBLED  5
#define ROUND_TRIP   (2 * NETWORK_DELAY_US)

/**
 * struct terms - what is downloaded, and over which network
 * @blocks: of the file
 * @first: blocks that were downloaded before it begins, to reach a wrap sooner
 * @lose, @twice, @late: one packet in so many; 0 for none
 */
struct terms {
	u64 blocks;
	u64 first;
	u32 windowsize;
	u8 rollover;
	enum habit habit;
	size_t lose, twice, late;
	u64 seed;
};

/**
 * struct download - a server, a receiver, and what the judge saw
 * @due_us: when the server's timer is due
 * @left_us: when something left the server last
 * @highest: the last block that was ever sent
 * @sent: DATA packets that left
 * @again: of these, sent before
 * @most: of a run
 * @meant: acknowledgements by what they meant
 */
struct download {
	struct terms terms;
	struct network network;
	struct receiver receiver;
	struct ktftp_window window;
	u64 now_us;
	u64 due_us;
	u64 left_us;
	bool complete;
	u64 highest;
	u64 sent;
	u64 again;
	u64 most;
	u64 timeouts;
	u64 meant[KTFTP_ACK_SOME + 1];
};

static u64 rto_us(const struct download *d)
{
	return RTO_US << min_t(u32, d->window.timeouts, RTO_DOUBLED);
}

static void send_block(struct download *d, u64 block)
{
	network_post(&d->network, d->now_us,
		     (struct packet){
			     .wire = ktftp_window_wire(&d->window, block),
			     .block = block,
			     .last = block == d->window.blocks,
		     });
	d->sent++;
	d->again += block <= d->highest;
	d->highest = max(d->highest, block);
}

static void judge_run(struct download *d, const struct ktftp_run *run)
{
	const u64 last = run->first + run->count - 1;

	assert_true(run->count >= 1);
	assert_true(run->first > d->window.acked);
	assert_true(last <= d->window.acked + max(d->terms.windowsize, 1));
	assert_true(last <= d->window.blocks);
	/* Those sent before come first, and nothing is left out. */
	assert_true(run->first <= d->highest + 1);
	assert_int_equal(run->again, run->first > d->highest ? 0 : min(run->count, d->highest - run->first + 1));
	d->most = max(d->most, run->count);
}

/* A burst leaves; the next one at a tick, and after the last one an answer is waited for. */
static void send_burst(struct download *d)
{
	const struct ktftp_run run = ktftp_window_take(&d->window);
	u32 i;

	judge_run(d, &run);
	for (i = 0; i < run.count; i++)
		send_block(d, run.first + i);
	d->left_us = d->now_us;
	if (ktftp_window_has_more(&d->window))
		d->due_us = (d->now_us / TICK_US + 1) * TICK_US;
	else
		d->due_us = d->now_us + rto_us(d);
}

static void send_oack(struct download *d)
{
	network_post(&d->network, d->now_us, (struct packet){ .oack = true });
	d->due_us = d->now_us + RTO_US;
}

/* Nobody believes in more than the receiver has. */
static void judge_ack(const struct download *d, u64 before)
{
	assert_true(d->window.acked >= before);
	assert_true(d->window.acked <= d->receiver.blocks);
	assert_true(d->window.acked <= d->window.sent);
	assert_true(d->window.sent <= d->window.blocks);
}

static void server_takes(struct download *d, const struct packet *ack)
{
	const u64 before = d->window.acked;
	const bool early = d->now_us < d->left_us + ROUND_TRIP;
	enum ktftp_ack what = ktftp_window_ack(&d->window, ack->wire, early);

	judge_ack(d, before);
	d->meant[what]++;
	if (what == KTFTP_ACK_LAST) {
		assert_true(d->window.acked == d->window.blocks);
		d->complete = true;
	} else if (what == KTFTP_ACK_NEXT || what == KTFTP_ACK_GAP) {
		send_burst(d);
	} else if (what == KTFTP_ACK_SOME) {
		if (ktftp_window_has_more(&d->window))
			send_burst(d);
		else
			d->due_us = d->now_us + rto_us(d);
	} else {
		assert_true(d->window.acked == before);
	}
}

static void server_is_due(struct download *d)
{
	if (d->window.negotiating) {
		send_oack(d);
		return;
	}
	if (!ktftp_window_has_more(&d->window)) {
		ktftp_window_timeout(&d->window);
		d->timeouts++;
	}
	send_burst(d);
}

static void receiver_answers(struct download *d)
{
	network_post(&d->network, d->now_us, receiver_ack(&d->receiver));
}

static void packet_arrives(struct download *d)
{
	const struct packet packet = network_take(&d->network);

	if (packet.ack)
		server_takes(d, &packet);
	else if (receiver_takes(&d->receiver, &packet, d->now_us))
		receiver_answers(d);
}

static void step(struct download *d)
{
	const u64 arrival_us = network_next_us(&d->network);

	if (arrival_us <= d->due_us && arrival_us <= d->receiver.due_us) {
		d->now_us = arrival_us;
		packet_arrives(d);
	} else if (d->due_us <= d->receiver.due_us) {
		d->now_us = d->due_us;
		server_is_due(d);
	} else {
		d->now_us = d->receiver.due_us;
		d->receiver.due_us += RECEIVER_PATIENCE_US;
		receiver_answers(d);
	}
}

static void begin(struct download *d, const struct terms *terms)
{
	*d = (struct download){
		.terms = *terms,
		.network = {
			.random = random_from(terms->seed),
			.lose = terms->lose,
			.twice = terms->twice,
			.late = terms->late,
			.late_us = 3 * NETWORK_DELAY_US,
		},
		.receiver = {
			.habit = terms->habit,
			.windowsize = terms->windowsize,
			.rollover = terms->rollover,
			.due_us = RECEIVER_PATIENCE_US,
		},
	};
	ktftp_window_init(&d->window, terms->blocks, BLKSIZE, terms->windowsize);
	d->window.rollover = terms->rollover;
	d->window.negotiating = true;
	send_oack(d);
}

/* Downloads; a network that stands still would never end. */
static struct download run(const struct terms *terms)
{
	u64 steps_left;
	struct download d;

	begin(&d, terms);
	steps_left = 100000 + 200 * terms->blocks;
	while (!d.complete && --steps_left)
		step(&d);
	free(d.network.heap);
	assert_true(d.complete);
	assert_true(d.receiver.all);
	assert_true(d.receiver.blocks == terms->blocks);
	return d;
}
