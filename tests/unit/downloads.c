// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/window.c in use: whole downloads over a network that loses, repeats and reorders, to a receiver that is
 * written here from RFC 1350 and RFC 2347 alone. Millions of blocks: for user space only.
 */
#include "unit.h"

#include "random.h"
#include "window.h"

#define BLKSIZE       8
#define IN_FLIGHT_MAX 32
#define REORDER       4 /* packets that may overtake each other */

/**
 * struct packet - a DATA, an OACK or an ACK
 * @oack: it is an OACK, and has no number
 * @wire: block number as it is in the packet
 * @block: which block that is in truth, for the judge only; the two ends look at @wire
 * @bytes: length of @data
 * @data: payload of a DATA
 */
struct packet {
	bool oack;
	u16 wire;
	u64 block;
	size_t bytes;
	u8 data[BLKSIZE];
};

/**
 * struct link - one direction of the network
 * @lose, @twice: one packet in so many; 0 for none
 */
struct link {
	struct packet packets[IN_FLIGHT_MAX];
	size_t count;
	size_t lose;
	size_t twice;
};

/**
 * struct terms - what server and receiver agreed on
 * @oack: the server says so by an OACK; else it begins with DATA
 * @rollover: the number after 65535
 */
struct terms {
	bool oack;
	u8 rollover;
};

static const struct terms all_terms[] = { { false, 0 }, { true, 0 }, { true, 1 } };

struct download {
	struct terms terms;
	struct random random;
	struct link data, acks;
	u64 bytes;

	/* the server, as kmod/transfer.c uses the window */
	struct ktftp_window window;
	bool complete;
	u64 sent, timeouts;

	/* the receiver: RFC 1350, RFC 2347 and nothing else */
	u16 received_number;
	u64 received_blocks, received_bytes;
	bool received_all;

	/* what the judge saw */
	u64 meant[KTFTP_ACK_STALE + 1];
};

static u8 byte_at(u64 offset)
{
	return (offset * 0x9e3779b97f4a7c15ull) >> 56;
}

static void put(struct link *link, const struct packet *packet)
{
	if (link->count < IN_FLIGHT_MAX)
		link->packets[link->count++] = *packet;
}

static void post(struct download *d, struct link *link, const struct packet *packet)
{
	if (link->lose && random_one_in(&d->random, link->lose))
		return;
	put(link, packet);
	if (link->twice && random_one_in(&d->random, link->twice))
		put(link, packet);
}

/* One of the packets that have been under way longest. */
static struct packet take(struct download *d, struct link *link)
{
	size_t at = random_below(&d->random, link->count < REORDER ? link->count : REORDER);
	struct packet packet = link->packets[at];

	link->count--;
	memmove(link->packets + at, link->packets + at + 1, (link->count - at) * sizeof(packet));
	return packet;
}

static struct packet data_in_flight(const struct download *d)
{
	const u64 offset = (d->window.sent - 1) * BLKSIZE;
	struct packet packet = { .wire = ktftp_window_wire(&d->window, d->window.sent), .block = d->window.sent };

	while (packet.bytes < BLKSIZE && offset + packet.bytes < d->bytes) {
		packet.data[packet.bytes] = byte_at(offset + packet.bytes);
		packet.bytes++;
	}
	return packet;
}

static void send_in_flight(struct download *d)
{
	struct packet packet = { .oack = true };

	if (!d->window.negotiating)
		packet = data_in_flight(d);
	d->sent++;
	post(d, &d->data, &packet);
}

/* The judge knows which block the receiver meant, the window only its 16 bits. */
static enum ktftp_ack true_meaning(const struct ktftp_window *window, u64 block)
{
	if (window->negotiating)
		return block ? KTFTP_ACK_STALE : KTFTP_ACK_NEXT;
	if (block == window->sent && block > window->acked)
		return block == window->blocks ? KTFTP_ACK_LAST : KTFTP_ACK_NEXT;
	return block == window->acked ? KTFTP_ACK_DUPLICATE : KTFTP_ACK_STALE;
}

static void server_takes_ack(struct download *d, const struct packet *ack)
{
	const struct ktftp_window before = d->window;
	enum ktftp_ack what = ktftp_window_ack(&d->window, ack->wire);

	assert_int_equal(what, true_meaning(&before, ack->block));
	d->meant[what]++;
	if (what == KTFTP_ACK_NEXT) {
		d->window.sent++;
		send_in_flight(d);
	} else if (what == KTFTP_ACK_LAST) {
		d->complete = true;
	} else {
		assert_memory_equal(&before, &d->window, sizeof(before));
	}
}

static void append(struct download *d, const struct packet *data)
{
	size_t i;

	assert_false(d->received_all);
	for (i = 0; i < data->bytes; i++)
		assert_int_equal(data->data[i], byte_at(d->received_bytes + i));
	d->received_bytes += data->bytes;
	d->received_blocks++;
	d->received_all = data->bytes < BLKSIZE;
}

static void acknowledge(struct download *d)
{
	const struct packet ack = { .wire = d->received_number, .block = d->received_blocks };

	post(d, &d->acks, &ack);
}

static u16 next_number(u16 number, u8 rollover)
{
	return number == 65535 ? rollover : number + 1;
}

/* The expected block is kept and acknowledged, the one before acknowledged again, all else ignored. */
static void receiver_takes_data(struct download *d, const struct packet *data)
{
	const u16 expected = next_number(d->received_number, d->terms.rollover);

	if (!d->received_all && data->wire == expected) {
		append(d, data);
		d->received_number = expected;
		acknowledge(d);
	} else if (d->received_blocks && data->wire == d->received_number) {
		acknowledge(d);
	}
}

/* An OACK is block 0: acknowledged until there is a block. */
static void receiver_takes(struct download *d, const struct packet *packet)
{
	if (!packet->oack)
		receiver_takes_data(d, packet);
	else if (!d->received_blocks)
		acknowledge(d);
}

static void step(struct download *d)
{
	const bool data_first = random_one_in(&d->random, 2);
	struct packet packet;

	if (d->data.count && (data_first || !d->acks.count)) {
		packet = take(d, &d->data);
		receiver_takes(d, &packet);
	} else if (d->acks.count) {
		packet = take(d, &d->acks);
		server_takes_ack(d, &packet);
	} else {
		d->timeouts++;
		send_in_flight(d);
	}
}

/* Downloads @bytes; every packet way loses one in @lose and repeats one in @twice. */
static struct download run(struct terms terms, u64 bytes, size_t lose, size_t twice, u64 seed)
{
	struct download d = {
		.terms = terms,
		.random = random_from(seed),
		.data = { .lose = lose, .twice = twice },
		.acks = { .lose = lose, .twice = twice },
		.bytes = bytes,
		.window = {
			.blocks = ktftp_window_blocks(bytes, BLKSIZE),
			.sent = terms.oack ? 0 : 1,
			.negotiating = terms.oack,
			.rollover = terms.rollover,
		},
	};
	u64 steps_left = 100 + 64 * d.window.blocks;

	send_in_flight(&d);
	while (!d.complete && steps_left--)
		step(&d);
	return d;
}

static void assert_whole(const struct download *d)
{
	const u64 packets = d->window.blocks + d->terms.oack;

	assert_true(d->complete);
	assert_true(d->received_all);
	assert_int_equal(d->received_bytes, d->bytes);
	assert_int_equal(d->received_blocks, d->window.blocks);
	assert_int_equal(d->window.acked, d->window.blocks);
	/* Every packet was sent for the one ACK that asked for it; only the timer sends one again. */
	assert_int_equal(d->sent, packets + d->timeouts);
	assert_int_equal(d->meant[KTFTP_ACK_NEXT], packets - 1);
	assert_int_equal(d->meant[KTFTP_ACK_LAST], 1);
}

CASE(files_of_every_small_size_arrive_whole)
{
	struct download d;
	u64 bytes;
	size_t i;

	for (bytes = 0; bytes <= 20 * BLKSIZE; bytes++) {
		for (i = 0; i < ARRAY_SIZE(all_terms); i++) {
			d = run(all_terms[i], bytes, 0, 0, bytes);
			assert_whole(&d);
			assert_int_equal(d.timeouts, 0);
			d = run(all_terms[i], bytes, 3, 3, bytes);
			assert_whole(&d);
		}
	}
}

CASE(nothing_is_lost_over_two_wraps_of_the_block_number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_terms); i++) {
		struct download d = run(all_terms[i], BLKSIZE * (2 * 65536ull + 1000) + 3, 0, 0, 3);

		assert_whole(&d);
		assert_int_equal(d.timeouts, 0);
		assert_int_equal(d.meant[KTFTP_ACK_DUPLICATE] + d.meant[KTFTP_ACK_STALE], 0);
	}
}

CASE(nothing_is_lost_over_two_wraps_with_loss_and_repetition)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_terms); i++) {
		struct download d = run(all_terms[i], BLKSIZE * (2 * 65536ull + 1000), 20, 5, 4);

		assert_whole(&d);
		assert_true(d.window.blocks > 2 * 65536ull);
		assert_true(d.timeouts > 1000);
		assert_true(d.meant[KTFTP_ACK_DUPLICATE] > 1000);
		assert_true(d.meant[KTFTP_ACK_STALE] > 1000);
	}
}

CASE(duplicates_alone_never_advance_or_repeat)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_terms); i++) {
		struct download d = run(all_terms[i], BLKSIZE * (2 * 65536ull + 7), 0, 1, 5);

		assert_whole(&d);
		assert_int_equal(d.timeouts, 0);
		assert_int_equal(d.sent, d.window.blocks + d.terms.oack);
		assert_true(d.meant[KTFTP_ACK_DUPLICATE] + d.meant[KTFTP_ACK_STALE] > d.window.blocks);
	}
}

static void assert_arrives_whole_in(u64 blocks, struct terms terms)
{
	struct download full = run(terms, BLKSIZE * (blocks - 1), 50, 10, blocks);
	struct download part = run(terms, BLKSIZE * blocks - 1, 50, 10, blocks);

	assert_whole(&full);
	assert_whole(&part);
	assert_int_equal(full.window.blocks, blocks);
	assert_int_equal(part.window.blocks, blocks);
}

CASE(file_that_ends_at_the_wrap_arrives_whole)
{
	u64 blocks;
	size_t i;

	for (blocks = 65534; blocks <= 65538; blocks++)
		for (i = 0; i < ARRAY_SIZE(all_terms); i++)
			assert_arrives_whole_in(blocks, all_terms[i]);
}

static struct unit_case cases[] = {
	RUN(files_of_every_small_size_arrive_whole),
	RUN(nothing_is_lost_over_two_wraps_of_the_block_number),
	RUN(nothing_is_lost_over_two_wraps_with_loss_and_repetition),
	RUN(duplicates_alone_never_advance_or_repeat),
	RUN(file_that_ends_at_the_wrap_arrives_whole),
	{},
};

SUITE(downloads, cases);
