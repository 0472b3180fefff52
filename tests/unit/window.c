// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/window.c: block counts, numbers on the wire, what an ACK means; and whole downloads over a network that
 * loses, repeats and reorders, to a receiver that is written here from RFC 1350 and RFC 2347 alone.
 */
#include "unit.h"

#include "random.h"
#include "window.h"

static void file_ends_with_a_short_block(void **state)
{
	static const struct {
		u64 bytes;
		u32 blksize;
		u64 blocks;
	} table[] = {
		{ 0, 512, 1 },
		{ 1, 512, 1 },
		{ 511, 512, 1 },
		{ 512, 512, 2 },
		{ 513, 512, 2 },
		{ 1023, 512, 2 },
		{ 1024, 512, 3 },
		{ 512 * 65534ull + 511, 512, 65535 },
		{ 512 * 65535ull - 1, 512, 65535 },
		{ 512 * 65535ull, 512, 65536 },
		{ 512 * 65536ull, 512, 65537 },
		{ 7, 8, 1 },
		{ 8, 8, 2 },
		{ 65463, 65464, 1 },
		{ 65464, 65464, 2 },
		{ 1ull << 32, 512, (1ull << 23) + 1 },
		{ (1ull << 32) - 1, 1428, 3007681 },
		{ 1ull << 62, 8, (1ull << 59) + 1 },
		{ UINT64_MAX, 8, 1ull << 61 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_true(ktftp_window_blocks(table[i].bytes, table[i].blksize) == table[i].blocks);
}

static void multiples_take_an_empty_last_block(void **state)
{
	u32 blksize;
	u64 full;

	(void)state;
	for (blksize = 8; blksize <= 1500; blksize += 4) {
		for (full = 1; full < 100; full++) {
			assert_int_equal(ktftp_window_blocks(full * blksize - 1, blksize), full);
			assert_int_equal(ktftp_window_blocks(full * blksize, blksize), full + 1);
			assert_int_equal(ktftp_window_blocks(full * blksize + 1, blksize), full + 1);
		}
	}
}

static void assert_wire(u8 rollover, u64 block, u16 wire)
{
	const struct ktftp_window window = { .rollover = rollover };

	assert_int_equal(ktftp_window_wire(&window, block), wire);
}

static void numbers_on_the_wire_wrap_to_0(void **state)
{
	(void)state;
	assert_wire(0, 1, 1);
	assert_wire(0, 65535, 65535);
	assert_wire(0, 65536, 0);
	assert_wire(0, 65537, 1);
	assert_wire(0, 2 * 65536ull - 1, 65535);
	assert_wire(0, 2 * 65536ull, 0);
	assert_wire(0, (1ull << 40) + 77, 77);
}

static void numbers_on_the_wire_wrap_to_1_with_rollover_1(void **state)
{
	(void)state;
	assert_wire(1, 1, 1);
	assert_wire(1, 65535, 65535);
	assert_wire(1, 65536, 1);
	assert_wire(1, 65537, 2);
	assert_wire(1, 2 * 65535ull, 65535);
	assert_wire(1, 2 * 65535ull + 1, 1);
	assert_wire(1, 65535ull << 40, 65535);
	assert_wire(1, (65535ull << 40) + 77, 77);
	assert_wire(1, 1ull << 61, 8192); /* 2^16 leaves 1, so 2^61 leaves 2^13 */
}

static void oack_is_number_0_with_any_rollover(void **state)
{
	(void)state;
	assert_wire(0, 0, 0);
	assert_wire(1, 0, 0);
}

/* What follows a number on the wire, as a client counts. */
static u16 next_number(u16 number, u8 rollover)
{
	return number == 65535 ? rollover : number + 1;
}

static void numbers_on_the_wire_follow_each_other_over_several_wraps(void **state)
{
	u8 rollover;
	u64 block;

	(void)state;
	for (rollover = 0; rollover <= 1; rollover++) {
		u16 number = 0;

		for (block = 1; block <= 5 * 65536; block++) {
			number = next_number(number, rollover);
			assert_wire(rollover, block, number);
		}
	}
}

/* @wire arrives; the window must understand @what, and move to @acked. */
static void assert_ack(struct ktftp_window *window, u16 wire, enum ktftp_ack what, u64 acked)
{
	const u64 blocks = window->blocks, sent = window->sent;
	const u8 rollover = window->rollover;

	assert_int_equal(ktftp_window_ack(window, wire), what);
	assert_int_equal(window->acked, acked);
	assert_int_equal(window->rollover, rollover);
	assert_int_equal(window->sent, sent);
	assert_int_equal(window->blocks, blocks);
}

static void ack_of_the_block_in_flight_asks_for_the_next(void **state)
{
	struct ktftp_window window = { .blocks = 3, .sent = 1 };

	(void)state;
	assert_ack(&window, 1, KTFTP_ACK_NEXT, 1);
	window.sent = 2;
	assert_ack(&window, 2, KTFTP_ACK_NEXT, 2);
	window.sent = 3;
	assert_ack(&window, 3, KTFTP_ACK_LAST, 3);
}

static void ack_of_the_only_block_is_the_last(void **state)
{
	struct ktftp_window window = { .blocks = 1, .sent = 1 };

	(void)state;
	assert_ack(&window, 1, KTFTP_ACK_LAST, 1);
}

static void ack_of_the_block_before_is_a_duplicate(void **state)
{
	struct ktftp_window window = { .blocks = 9, .acked = 4, .sent = 5 };

	(void)state;
	assert_ack(&window, 4, KTFTP_ACK_DUPLICATE, 4);
	assert_ack(&window, 4, KTFTP_ACK_DUPLICATE, 4);
	assert_ack(&window, 5, KTFTP_ACK_NEXT, 5);
	assert_ack(&window, 5, KTFTP_ACK_DUPLICATE, 5);
}

static void ack_of_block_0_before_the_first_is_a_duplicate(void **state)
{
	struct ktftp_window window = { .blocks = 9, .sent = 1 };

	(void)state;
	assert_ack(&window, 0, KTFTP_ACK_DUPLICATE, 0);
	assert_ack(&window, 1, KTFTP_ACK_NEXT, 1);
}

static void ack_before_anything_was_sent_moves_nothing(void **state)
{
	struct ktftp_window window = { .blocks = 9 };

	(void)state;
	assert_ack(&window, 0, KTFTP_ACK_DUPLICATE, 0);
	assert_ack(&window, 1, KTFTP_ACK_STALE, 0);
}

static void ack_after_the_last_is_a_duplicate(void **state)
{
	struct ktftp_window window = { .blocks = 2, .acked = 2, .sent = 2 };

	(void)state;
	assert_ack(&window, 2, KTFTP_ACK_DUPLICATE, 2);
	assert_ack(&window, 1, KTFTP_ACK_STALE, 2);
	assert_ack(&window, 3, KTFTP_ACK_STALE, 2);
}

static void while_negotiating_only_ack_0_goes_on(void **state)
{
	static const u64 blocks[] = { 1, 2, 65536, 1ull << 40 };
	size_t i;
	u32 wire;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		struct ktftp_window window = { .blocks = blocks[i], .negotiating = true, .rollover = i & 1 };

		for (wire = 1; wire <= 0xffff; wire++) {
			assert_ack(&window, wire, KTFTP_ACK_STALE, 0);
			assert_true(window.negotiating);
		}
		assert_ack(&window, 0, KTFTP_ACK_NEXT, 0);
		assert_false(window.negotiating);
	}
}

static void ack_of_the_oack_once_more_is_a_duplicate(void **state)
{
	struct ktftp_window window = { .blocks = 2, .negotiating = true };

	(void)state;
	assert_ack(&window, 0, KTFTP_ACK_NEXT, 0);
	assert_ack(&window, 0, KTFTP_ACK_DUPLICATE, 0);
	assert_ack(&window, 1, KTFTP_ACK_STALE, 0);
	window.sent = 1;
	assert_ack(&window, 0, KTFTP_ACK_DUPLICATE, 0);
	assert_ack(&window, 1, KTFTP_ACK_NEXT, 1);
	assert_ack(&window, 0, KTFTP_ACK_STALE, 1);
	window.sent = 2;
	assert_ack(&window, 0, KTFTP_ACK_STALE, 1);
	assert_ack(&window, 2, KTFTP_ACK_LAST, 2);
}

/* The number of a block as the definition of a wrap has it: 65536 numbers in turn, or 65535 without the 0. */
static u16 number_of(u64 block, u8 rollover)
{
	if (!block || !rollover)
		return block % 65536;
	return block % 65535 ? block % 65535 : 65535;
}

/* All 65536 numbers, with @acked acknowledged and the block after it in flight. */
static void assert_meaning_of_every_number(u64 acked, u64 blocks, u8 rollover)
{
	u32 wire;

	for (wire = 0; wire <= 0xffff; wire++) {
		struct ktftp_window window = {
			.blocks = blocks,
			.acked = acked,
			.sent = acked + 1,
			.rollover = rollover,
		};

		if (wire == number_of(acked + 1, rollover))
			assert_ack(&window, wire, acked + 1 == blocks ? KTFTP_ACK_LAST : KTFTP_ACK_NEXT, acked + 1);
		else if (wire == number_of(acked, rollover))
			assert_ack(&window, wire, KTFTP_ACK_DUPLICATE, acked);
		else
			assert_ack(&window, wire, KTFTP_ACK_STALE, acked);
	}
}

static void every_other_ack_is_stale_also_around_the_wrap(void **state)
{
	static const u64 acked[] = { 0,     1,      2,      4711,   65533,  65534,  65535,     65536,
				     65537, 131068, 131069, 131070, 131071, 131072, 1ull << 40 };
	size_t i;
	u8 rollover;

	(void)state;
	for (rollover = 0; rollover <= 1; rollover++) {
		for (i = 0; i < ARRAY_SIZE(acked); i++) {
			assert_meaning_of_every_number(acked[i], acked[i] + 1, rollover);
			assert_meaning_of_every_number(acked[i], acked[i] + 2, rollover);
		}
	}
}

/* ---- whole downloads ---- */

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

static void files_of_every_small_size_arrive_whole(void **state)
{
	struct download d;
	u64 bytes;
	size_t i;

	(void)state;
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

static void nothing_is_lost_over_two_wraps_of_the_block_number(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all_terms); i++) {
		struct download d = run(all_terms[i], BLKSIZE * (2 * 65536ull + 1000) + 3, 0, 0, 3);

		assert_whole(&d);
		assert_int_equal(d.timeouts, 0);
		assert_int_equal(d.meant[KTFTP_ACK_DUPLICATE] + d.meant[KTFTP_ACK_STALE], 0);
	}
}

static void nothing_is_lost_over_two_wraps_with_loss_and_repetition(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(all_terms); i++) {
		struct download d = run(all_terms[i], BLKSIZE * (2 * 65536ull + 1000), 20, 5, 4);

		assert_whole(&d);
		assert_true(d.window.blocks > 2 * 65536ull);
		assert_true(d.timeouts > 1000);
		assert_true(d.meant[KTFTP_ACK_DUPLICATE] > 1000);
		assert_true(d.meant[KTFTP_ACK_STALE] > 1000);
	}
}

static void duplicates_alone_never_advance_or_repeat(void **state)
{
	size_t i;

	(void)state;
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

static void file_that_ends_at_the_wrap_arrives_whole(void **state)
{
	u64 blocks;
	size_t i;

	(void)state;
	for (blocks = 65534; blocks <= 65538; blocks++)
		for (i = 0; i < ARRAY_SIZE(all_terms); i++)
			assert_arrives_whole_in(blocks, all_terms[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_ends_with_a_short_block),
		cmocka_unit_test(multiples_take_an_empty_last_block),
		cmocka_unit_test(numbers_on_the_wire_wrap_to_0),
		cmocka_unit_test(numbers_on_the_wire_wrap_to_1_with_rollover_1),
		cmocka_unit_test(oack_is_number_0_with_any_rollover),
		cmocka_unit_test(numbers_on_the_wire_follow_each_other_over_several_wraps),
		cmocka_unit_test(ack_of_the_block_in_flight_asks_for_the_next),
		cmocka_unit_test(ack_of_the_only_block_is_the_last),
		cmocka_unit_test(ack_of_the_block_before_is_a_duplicate),
		cmocka_unit_test(ack_of_block_0_before_the_first_is_a_duplicate),
		cmocka_unit_test(ack_before_anything_was_sent_moves_nothing),
		cmocka_unit_test(ack_after_the_last_is_a_duplicate),
		cmocka_unit_test(while_negotiating_only_ack_0_goes_on),
		cmocka_unit_test(ack_of_the_oack_once_more_is_a_duplicate),
		cmocka_unit_test(every_other_ack_is_stale_also_around_the_wrap),
		cmocka_unit_test(files_of_every_small_size_arrive_whole),
		cmocka_unit_test(nothing_is_lost_over_two_wraps_of_the_block_number),
		cmocka_unit_test(nothing_is_lost_over_two_wraps_with_loss_and_repetition),
		cmocka_unit_test(duplicates_alone_never_advance_or_repeat),
		cmocka_unit_test(file_that_ends_at_the_wrap_arrives_whole),
	};

	print_by_line();
	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
