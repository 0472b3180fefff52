// SPDX-License-Identifier: GPL-2.0
/* kmod/window.c: block counts, numbers on the wire, what an ACK means. */
#include "unit.h"

#include "window.h"

CASE(file_ends_with_a_short_block)
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
		{ U64_MAX, 8, 1ull << 61 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_true(ktftp_window_blocks(table[i].bytes, table[i].blksize) == table[i].blocks);
}

CASE(multiples_take_an_empty_last_block)
{
	u32 blksize;
	u64 full;

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

CASE(numbers_on_the_wire_wrap_to_0)
{
	assert_wire(0, 1, 1);
	assert_wire(0, 65535, 65535);
	assert_wire(0, 65536, 0);
	assert_wire(0, 65537, 1);
	assert_wire(0, 2 * 65536ull - 1, 65535);
	assert_wire(0, 2 * 65536ull, 0);
	assert_wire(0, (1ull << 40) + 77, 77);
}

CASE(numbers_on_the_wire_wrap_to_1_with_rollover_1)
{
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

CASE(oack_is_number_0_with_any_rollover)
{
	assert_wire(0, 0, 0);
	assert_wire(1, 0, 0);
}

/* What follows a number on the wire, as a client counts. */
static u16 next_number(u16 number, u8 rollover)
{
	return number == 65535 ? rollover : number + 1;
}

CASE(numbers_on_the_wire_follow_each_other_over_several_wraps)
{
	u8 rollover;
	u64 block;

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

CASE(ack_of_the_block_in_flight_asks_for_the_next)
{
	struct ktftp_window window = { .blocks = 3, .sent = 1 };

	assert_ack(&window, 1, KTFTP_ACK_NEXT, 1);
	window.sent = 2;
	assert_ack(&window, 2, KTFTP_ACK_NEXT, 2);
	window.sent = 3;
	assert_ack(&window, 3, KTFTP_ACK_LAST, 3);
}

CASE(ack_of_the_only_block_is_the_last)
{
	struct ktftp_window window = { .blocks = 1, .sent = 1 };

	assert_ack(&window, 1, KTFTP_ACK_LAST, 1);
}

CASE(ack_of_the_block_before_is_a_duplicate)
{
	struct ktftp_window window = { .blocks = 9, .acked = 4, .sent = 5 };

	assert_ack(&window, 4, KTFTP_ACK_DUPLICATE, 4);
	assert_ack(&window, 4, KTFTP_ACK_DUPLICATE, 4);
	assert_ack(&window, 5, KTFTP_ACK_NEXT, 5);
	assert_ack(&window, 5, KTFTP_ACK_DUPLICATE, 5);
}

CASE(ack_of_block_0_before_the_first_is_a_duplicate)
{
	struct ktftp_window window = { .blocks = 9, .sent = 1 };

	assert_ack(&window, 0, KTFTP_ACK_DUPLICATE, 0);
	assert_ack(&window, 1, KTFTP_ACK_NEXT, 1);
}

CASE(ack_before_anything_was_sent_moves_nothing)
{
	struct ktftp_window window = { .blocks = 9 };

	assert_ack(&window, 0, KTFTP_ACK_DUPLICATE, 0);
	assert_ack(&window, 1, KTFTP_ACK_STALE, 0);
}

CASE(ack_after_the_last_is_a_duplicate)
{
	struct ktftp_window window = { .blocks = 2, .acked = 2, .sent = 2 };

	assert_ack(&window, 2, KTFTP_ACK_DUPLICATE, 2);
	assert_ack(&window, 1, KTFTP_ACK_STALE, 2);
	assert_ack(&window, 3, KTFTP_ACK_STALE, 2);
}

CASE(while_negotiating_only_ack_0_goes_on)
{
	static const u64 blocks[] = { 1, 2, 65536, 1ull << 40 };
	size_t i;
	u32 wire;

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

CASE(ack_of_the_oack_once_more_is_a_duplicate)
{
	struct ktftp_window window = { .blocks = 2, .negotiating = true };

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

/* With @acked acknowledged and the block after it in flight. */
static void assert_meaning_of(u16 wire, u64 acked, u64 blocks, u8 rollover)
{
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

/* All 65536 numbers, those that mean something first. */
static void assert_meaning_of_every_number(u64 acked, u64 blocks, u8 rollover)
{
	u32 wire;

	assert_meaning_of(number_of(acked, rollover), acked, blocks, rollover);
	assert_meaning_of(number_of(acked + 1, rollover), acked, blocks, rollover);
	for (wire = 0; wire <= 0xffff; wire += STEP(13))
		assert_meaning_of(wire, acked, blocks, rollover);
}

CASE(every_other_ack_is_stale_also_around_the_wrap)
{
	static const u64 acked[] = { 0,     1,      2,      4711,   65533,  65534,  65535,     65536,
				     65537, 131068, 131069, 131070, 131071, 131072, 1ull << 40 };
	size_t i;
	u8 rollover;

	for (rollover = 0; rollover <= 1; rollover++) {
		for (i = 0; i < ARRAY_SIZE(acked); i++) {
			assert_meaning_of_every_number(acked[i], acked[i] + 1, rollover);
			assert_meaning_of_every_number(acked[i], acked[i] + 2, rollover);
		}
	}
}

static struct unit_case cases[] = {
	RUN(file_ends_with_a_short_block),
	RUN(multiples_take_an_empty_last_block),
	RUN(numbers_on_the_wire_wrap_to_0),
	RUN(numbers_on_the_wire_wrap_to_1_with_rollover_1),
	RUN(oack_is_number_0_with_any_rollover),
	RUN(numbers_on_the_wire_follow_each_other_over_several_wraps),
	RUN(ack_of_the_block_in_flight_asks_for_the_next),
	RUN(ack_of_the_only_block_is_the_last),
	RUN(ack_of_the_block_before_is_a_duplicate),
	RUN(ack_of_block_0_before_the_first_is_a_duplicate),
	RUN(ack_before_anything_was_sent_moves_nothing),
	RUN(ack_after_the_last_is_a_duplicate),
	RUN(while_negotiating_only_ack_0_goes_on),
	RUN(ack_of_the_oack_once_more_is_a_duplicate),
	RUN(every_other_ack_is_stale_also_around_the_wrap),
	{},
};

SUITE(window, cases);
