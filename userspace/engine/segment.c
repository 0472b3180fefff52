// SPDX-License-Identifier: GPL-2.0
/* What a transfer sends, and how long it waits for an answer: the counterpart of kmod/segment.c. */
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "proto.h"
#include "segment.h"

/* Pause between bursts of one window, and the first one after something never left this host. */
#define PAUSE_US         4000
#define PAUSES_DOUBLED   10

/* Copies of last blocks, of all transfers: those beyond keep their content open instead. */
#define TAILS_BYTES_MOST (64 << 20)

struct ktftp_rto_limits tftp_segment_limits(const struct engine *e)
{
	return (struct ktftp_rto_limits){
		.min_us = e->limits.rto_min_ms * USEC_PER_MSEC,
		.max_us = e->limits.rto_max_ms * USEC_PER_MSEC,
	};
}

/* How long to wait for an answer to what was sent last. */
uint64_t tftp_segment_rto_us(const struct tftp_transfer *t)
{
	const struct ktftp_rto_limits limits = tftp_segment_limits(t->engine);
	/* What somebody wrote into a request is not kept to before anybody has answered. */
	bool kept = t->grant.timeout_us && t->state != KTFTP_TRANSFER_STATE_UNPROVEN;
	uint32_t wait_us = kept ? t->grant.timeout_us : ktftp_rto_us(&t->rto, &limits);

	/* How long a window takes that is many times as long as an OACK is not known before the first one. */
	if (!kept && !ktftp_window_is_lock_step(&t->window) && !t->window.acked)
		wait_us = max_t(uint32_t, wait_us, KTFTP_RTO_SECOND_US);
	return wait_us;
}

/* How long a client that never answered is remembered: the first interval, doubled by every retry. */
uint64_t tftp_segment_unproven_us(const struct engine *e)
{
	uint64_t wait_us = KTFTP_RTO_FIRST_US * ((2ull << e->limits.unproven_retries) - 1);

	return min_t(uint64_t, wait_us, e->limits.give_up_ms * USEC_PER_MSEC);
}

/*
 * How long an answer to the first packet is waited for. An OACK is small: the timer may send it again. DATA goes again
 * only when the request does.
 */
static uint64_t first_us(const struct tftp_transfer *t)
{
	uint64_t unproven_us = tftp_segment_unproven_us(t->engine);

	return t->window.negotiating ? min_t(uint64_t, tftp_segment_rto_us(t), unproven_us) : unproven_us;
}

/* The timer is to fire at the deadline. */
void tftp_segment_arm(struct tftp_transfer *t)
{
	uint64_t now_us = t->engine->now_us, wait_us = t->deadline_us > now_us ? t->deadline_us - now_us : 0;
	const struct timeval wait = { .tv_sec = wait_us / USEC_PER_SEC, .tv_usec = wait_us % USEC_PER_SEC };

	t->fires_us = t->deadline_us;
	evtimer_add(&t->timer, &wait);
}

/**
 * tftp_segment_deadline() - set when the timer has something to do
 * @t: transfer
 * @wait_us: from now
 *
 * The timer is pending already, and most deadlines are later than the time it fires at: then it looks at the deadline
 * and waits on, and nothing is done here.
 */
void tftp_segment_deadline(struct tftp_transfer *t, uint64_t wait_us)
{
	t->deadline_us = t->engine->now_us + wait_us;
	if (t->deadline_us < t->fires_us)
		tftp_segment_arm(t);
}

bool tftp_segment_is_due(const struct tftp_transfer *t)
{
	return t->engine->now_us >= t->deadline_us;
}

/**
 * tftp_segment_not_sent() - what is in flight never left this host
 * @t: transfer
 *
 * It is sent again soon, without backing off; when that fails too, after twice the time, four times and so on, as long
 * as a client's answer would be waited for at most: a full queue is not helped by more packets.
 */
void tftp_segment_not_sent(struct tftp_transfer *t)
{
	uint64_t wait_us = (uint64_t)PAUSE_US << min_t(uint8_t, t->failures, PAUSES_DOUBLED);

	if (t->failures < UINT8_MAX)
		t->failures++;
	t->unsent = true;
	tftp_segment_deadline(t, min_t(uint64_t, wait_us, tftp_segment_rto_us(t)));
}

/* This block, or the OACK as block 0, had no room in a queue, unless that does not matter any more. */
void tftp_segment_lost_here(struct tftp_transfer *t, uint64_t block)
{
	if (tftp_transfer_ended(t) || (block ? t->window.acked >= block : !t->window.negotiating))
		return;
	ktftp_window_untake(&t->window, block);
	tftp_segment_not_sent(t);
}

void tftp_segment_never_together(struct tftp_transfer *t)
{
	t->alone = true;
}

static uint32_t block_bytes(const struct tftp_transfer *t, uint64_t block)
{
	return block < t->window.blocks ? t->grant.blksize : t->bytes - (block - 1) * t->grant.blksize;
}

/* How many blocks of a run leave as one message. */
static uint32_t together(const struct tftp_transfer *t, const struct ktftp_run *run)
{
	uint32_t packet = KTFTP_HEADER_BYTES + t->grant.blksize;

	if (t->alone || packet > t->room || packet > TFTP_DATAGRAM_BYTES)
		return 1;
	return min_t(uint32_t, run->count, min_t(uint32_t, TFTP_SEGMENTS_MAX, TFTP_DATAGRAM_BYTES / packet));
}

/* The blocks' headers, and where their bytes go. */
static void lay_out(const struct tftp_transfer *t, uint8_t *room, uint64_t first, uint32_t count, struct iovec *parts)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		ktftp_proto_put_header(room, KTFTP_OP_DATA, ktftp_window_wire(&t->window, first + i));
		room += KTFTP_HEADER_BYTES;
		parts[i] = (struct iovec){ room, block_bytes(t, first + i) };
		room += parts[i].iov_len;
	}
}

static bool read_blocks(struct tftp_transfer *t, uint8_t *room, uint64_t first, uint32_t count, uint32_t payload)
{
	struct iovec parts[TFTP_SEGMENTS_MAX];
	uint64_t offset = (first - 1) * t->grant.blksize;

	lay_out(t, room, first, count, parts);
	if (count == 1)
		return tftp_ahead_read(&t->ahead, &t->engine->ahead_bytes, t->content, offset, parts[0].iov_base,
				       payload) == (ssize_t)payload;
	return content_read_parts(t->content, offset, parts, count) == (ssize_t)payload;
}

/*
 * One message of blocks, which are taken off the run. Returns false when there is none: because what was to leave
 * before could not, or because the content cannot be read.
 */
static bool build_message(struct tftp_transfer *t, struct ktftp_run *run)
{
	struct engine *e = t->engine;
	uint32_t count = together(t, run);
	uint32_t payload = (count - 1) * t->grant.blksize + block_bytes(t, run->first + count - 1);
	struct tftp_packet packet = {
		.port = t->port,
		.transfer = t,
		.first = run->first,
		.counter = KTFTP_A_STATS_SEGMENTS_SENT,
		.packets = count,
		.repeated = min_t(uint32_t, run->again, count),
		.payload = payload,
		.bytes = count * KTFTP_HEADER_BYTES + payload,
		.segment = count > 1 ? KTFTP_HEADER_BYTES + t->grant.blksize : 0,
	};
	uint8_t *room = tftp_outbox_room(e, packet.bytes);

	if (t->unsent)
		return false;
	if (!read_blocks(t, room, run->first, count, payload)) {
		t->broken = true;
		return false;
	}
	tftp_outbox_add(e, &t->key, t->ifindex, &packet);
	run->first += count;
	run->count -= count;
	run->again -= packet.repeated;
	return true;
}

static void build_burst(struct tftp_transfer *t)
{
	struct ktftp_run run = ktftp_window_take(&t->window);

	t->repeats += run.again;
	while (run.count && build_message(t, &run))
		;
}

static void add_bytes(struct tftp_transfer *t, const uint8_t *bytes, const struct tftp_packet *packet)
{
	uint8_t *room = tftp_outbox_room(t->engine, packet->bytes);

	if (t->unsent)
		return;
	memcpy(room, bytes, packet->bytes);
	tftp_outbox_add(t->engine, &t->key, t->ifindex, packet);
}

static void build_oack(struct tftp_transfer *t)
{
	uint8_t oack[KTFTP_OACK_MAX];
	const struct tftp_packet packet = {
		.port = t->port,
		.transfer = t,
		.counter = KTFTP_A_STATS_OACKS_SENT,
		.packets = 1,
		.bytes = ktftp_options_oack(oack, &t->grant, t->bytes),
	};

	add_bytes(t, oack, &packet);
}

/* How long to wait after a burst. */
static uint64_t wait_after_us(const struct tftp_transfer *t)
{
	if (t->state == KTFTP_TRANSFER_STATE_UNPROVEN)
		return first_us(t);
	return ktftp_window_has_more(&t->window) ? PAUSE_US : tftp_segment_rto_us(t);
}

/**
 * tftp_segment_build() - put into the outbox what is to be sent next, and set the deadline of an answer
 * @t: transfer, with its content
 *
 * That may be nothing, before the client says more. @t->broken is set when the content cannot be read.
 */
void tftp_segment_build(struct tftp_transfer *t)
{
	t->unsent = false;
	if (t->window.negotiating)
		build_oack(t);
	else
		build_burst(t);
	if (!t->unsent)
		tftp_segment_deadline(t, wait_after_us(t));
}

/* The last DATA packet, so that the content need not be kept for it. */
static bool keep_tail(struct tftp_transfer *t)
{
	uint32_t bytes = block_bytes(t, t->window.blocks);

	if (t->engine->tails_bytes + KTFTP_HEADER_BYTES + bytes > TAILS_BYTES_MOST)
		return false;
	t->tail = malloc(KTFTP_HEADER_BYTES + bytes);
	if (!t->tail)
		return false;
	t->tail_bytes = KTFTP_HEADER_BYTES + bytes;
	t->engine->tails_bytes += t->tail_bytes;
	if (read_blocks(t, t->tail, t->window.blocks, 1, bytes))
		return true;
	tftp_transfer_drop_tail(t);
	return false;
}

/**
 * tftp_segment_linger() - repeat the last block from a copy
 * @t: transfer; all else is acknowledged
 *
 * A client that went away keeps no content from going.
 */
void tftp_segment_linger(struct tftp_transfer *t)
{
	struct tftp_packet packet = {
		.port = t->port,
		.transfer = t,
		.first = t->window.blocks,
		.counter = KTFTP_A_STATS_SEGMENTS_SENT,
		.packets = 1,
		.repeated = 1,
	};

	t->state = KTFTP_TRANSFER_STATE_LINGERING;
	if (!t->tail && !keep_tail(t)) {
		tftp_segment_build(t);
		return;
	}
	tftp_limits_uncount(t);
	tftp_transfer_drop_content(t);
	packet.bytes = t->tail_bytes;
	packet.payload = t->tail_bytes - KTFTP_HEADER_BYTES;
	t->unsent = false;
	add_bytes(t, t->tail, &packet);
	if (!t->unsent)
		tftp_segment_deadline(t, tftp_segment_rto_us(t));
}

/**
 * tftp_send_error() - send an ERROR
 * @e: engine
 * @port: where it leaves from
 * @key: who gets it from whom; its TID does not count
 * @ifindex: device or VRF that it leaves by, or 0
 * @code: enum ktftp_error
 * @text: for a person
 */
void tftp_send_error(struct engine *e, struct tftp_port *port, const struct tftp_key *key, uint32_t ifindex,
		     unsigned int code, const char *text)
{
	uint8_t *room = tftp_outbox_room(e, KTFTP_HEADER_BYTES + KTFTP_ERROR_TEXT_MAX + 1);
	const struct tftp_packet packet = {
		.port = port,
		.counter = KTFTP_A_STATS_ERRORS_SENT,
		.packets = 1,
		.bytes = ktftp_proto_error(room, KTFTP_HEADER_BYTES + KTFTP_ERROR_TEXT_MAX + 1, code, text),
	};

	tftp_outbox_add(e, key, ifindex, &packet);
}
