// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/window.c in use: whole downloads by windows over a network that loses, doubles and reorders packets, to a
 * receiver written from RFC 7440 alone. No byte is lost, every download ends, and what is sent twice has bounds.
 * Millions of packets: for user space only.
 */
#include "unit.h"

#include <linux/minmax.h>

#include "model_network.h"
#include "model_receiver.h"
#include "window.h"

#define BLKSIZE     512
#define TICK_US     4000   /* the pause between two bursts */
#define RTO_US      100000 /* doubled by every timeout in a row */
#define RTO_DOUBLED 7      /* then it is longer than a receiver is patient */
#define DELAY_US    1000   /* one way, where nothing else is said */

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
	u64 lose_data;
	u64 delay_us;
	u64 seed;
};

/**
 * struct download - a server, a receiver, and what the judge saw
 * @due_us: when the server's timer is due
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
	d->highest = max_t(u64, d->highest, block);
}

static void judge_run(struct download *d, const struct ktftp_run *run)
{
	const u64 last = run->first + run->count - 1;

	assert_true(run->first > d->window.acked);
	assert_true(last <= d->window.acked + d->terms.windowsize);
	assert_true(last <= d->window.blocks);
	/* Those sent before come first, and nothing is left out. */
	assert_true(run->first <= d->highest + 1);
	assert_int_equal(run->again, run->first > d->highest ? 0 : min_t(u64, run->count, d->highest - run->first + 1));
	d->most = max_t(u64, d->most, run->count);
}

/* A burst leaves; the next one at a tick, and after the last one an answer is waited for. */
static void send_burst(struct download *d)
{
	const struct ktftp_run run = ktftp_window_take(&d->window);
	u32 i;

	if (run.count)
		judge_run(d, &run);
	for (i = 0; i < run.count; i++)
		send_block(d, run.first + i);
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
	enum ktftp_ack what = ktftp_window_ack(&d->window, ack->wire);

	judge_ack(d, before);
	d->meant[what]++;
	if (what == KTFTP_ACK_LAST) {
		assert_true(d->window.acked == d->window.blocks);
		d->complete = true;
	} else if (what == KTFTP_ACK_NEXT || what == KTFTP_ACK_GAP || what == KTFTP_ACK_SOME) {
		send_burst(d);
	} else {
		assert_true(d->window.acked == before);
	}
}

static void server_is_due(struct download *d)
{
	if (d->window.negotiating) {
		ktftp_window_timeout(&d->window);
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
			.delay_us = terms->delay_us ?: DELAY_US,
			.late_us = 3 * DELAY_US,
			.lose_data = terms->lose_data,
		},
		.window = { .negotiating = true, .rollover = terms->rollover },
		.receiver = {
			.habit = terms->habit,
			.windowsize = terms->windowsize,
			.rollover = terms->rollover,
			.due_us = RECEIVER_PATIENCE_US,
		},
	};
	ktftp_window_init(&d->window, terms->blocks, BLKSIZE, terms->windowsize);
	send_oack(d);
}

/* As assert_true(), and says which download it was. */
static void assert_that(const struct download *d, bool condition, const char *text)
{
	if (!condition)
		print_error(
			"%s: %ju blocks, window %u, rollover %u, habit %d, one in %zu lost, %zu twice, %zu late, "
			"seed %ju: %ju sent, %ju again, %ju timeouts, at %ju us\n",
			text, d->terms.blocks, d->terms.windowsize, d->terms.rollover, d->terms.habit, d->terms.lose,
			d->terms.twice, d->terms.late, d->terms.seed, d->sent, d->again, d->timeouts, d->now_us);
	assert_true(condition);
}

#define ASSERT(d, condition) assert_that(d, condition, #condition)

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
	ASSERT(&d, d.complete);
	ASSERT(&d, d.receiver.all);
	ASSERT(&d, d.receiver.blocks == terms->blocks);
	return d;
}

/* More is not sent to who has acknowledged nothing yet, and then a timeout has to come. */
#define UNPROVEN_BLOCKS (KTFTP_BURST_BYTES / BLKSIZE)

static const u32 windows[] = { 1, 2, 3, 5, 8, 16, 64, 100, 1000, 8191, 32768, 65535 };

/* Does it follow RFC 7440 to the letter: it acknowledges whole windows and what is before a gap. */
static bool is_by_the_book(enum habit habit)
{
	return habit == GAP_ONCE || habit == GAP_EACH || habit == GAP_NEVER;
}

/* Runs every habit but that of few buffers, which bad luck is not for, in every window up to that. */
static void each_up_to(u32 most, struct terms terms, void (*judge)(const struct download *d))
{
	struct download d;
	size_t i;

	for (terms.habit = 0; terms.habit < FEW_BUFFERS; terms.habit++) {
		for (i = 0; i < ARRAY_SIZE(windows) && windows[i] <= most; i++) {
			terms.windowsize = windows[i];
			d = run(&terms);
			judge(&d);
		}
	}
}

static void each(struct terms terms, void (*judge)(const struct download *d))
{
	each_up_to(65535, terms, judge);
}

static void judge_once(const struct download *d)
{
	if (!is_by_the_book(d->terms.habit))
		return;
	if (min_t(u64, d->terms.windowsize, d->terms.blocks) > UNPROVEN_BLOCKS)
		return;
	ASSERT(d, d->sent == d->terms.blocks);
	ASSERT(d, d->timeouts == 0);
	ASSERT(d, d->meant[KTFTP_ACK_DUPLICATE] + d->meant[KTFTP_ACK_STALE] == 0);
}

CASE(without_faults_every_block_leaves_once)
{
	static const u64 blocks[] = { 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 100, 1000, 3001 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		each((struct terms){ .blocks = blocks[i] }, judge_once);
}

static void judge_nothing(const struct download *d)
{
	(void)d;
}

CASE(files_of_every_small_size_arrive_whole_over_a_bad_network)
{
	u64 blocks;

	for (blocks = 1; blocks <= 70; blocks++)
		each((struct terms){ .blocks = blocks, .lose = 5, .twice = 5, .late = 5, .seed = blocks },
		     judge_nothing);
}

/*
 * What is lost costs at most a window, or a few where the receiver says nothing until its patience ends: meanwhile the
 * server's timer repeats it.
 */
static void judge_loss(const struct download *d)
{
	const u64 cost = min_t(u64, d->terms.windowsize, d->terms.blocks);

	ASSERT(d, d->again <= 3 * cost * (d->network.lost + 1));
}

CASE(what_loss_costs_has_a_bound)
{
	static const size_t lose[] = { 10, 20, 100 };
	u64 seed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lose); i++)
		for (seed = 0; seed < 10; seed++)
			each((struct terms){ .blocks = 1000, .lose = lose[i], .seed = seed }, judge_loss);
}

/* A block that is sent again for every copy of an ACK is acknowledged again, and so on: "Sorcerer's Apprentice". */
static void judge_growth(const struct download *d)
{
	ASSERT(d, 5 * d->sent < 6 * d->terms.blocks);
}

CASE(when_every_packet_is_doubled_nothing_else_is)
{
	u64 seed;

	for (seed = 0; seed < 10; seed++)
		each_up_to(UNPROVEN_BLOCKS, (struct terms){ .blocks = 1000, .twice = 1, .seed = seed }, judge_growth);
}

/*
 * A copy of a block that comes late is acknowledged by those who tell of gaps, and that cannot be told from a gap: a
 * part of the window goes again, but no more than that.
 */
static void judge_copies(const struct download *d)
{
	ASSERT(d, d->again <= d->terms.blocks + 4 * d->terms.windowsize);
	ASSERT(d, d->timeouts == 0);
}

CASE(what_copies_cost_has_a_bound)
{
	static const size_t twice[] = { 2, 5, 20, 50 };
	u64 seed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(twice); i++)
		for (seed = 0; seed < 10; seed++)
			each_up_to(UNPROVEN_BLOCKS, (struct terms){ .blocks = 1000, .twice = twice[i], .seed = seed },
				   judge_copies);
}

CASE(packets_that_overtake_each_other_arrive_whole)
{
	u64 seed;

	for (seed = 0; seed < 10; seed++)
		each((struct terms){ .blocks = 1000, .late = 4, .seed = seed }, judge_nothing);
}

CASE(everything_arrives_when_everything_goes_wrong)
{
	u64 seed;

	for (seed = 0; seed < 50; seed++)
		each((struct terms){ .blocks = 300, .lose = 10, .twice = 10, .late = 4, .seed = seed }, judge_nothing);
}

static void wraps(size_t lose, size_t twice, void (*judge)(const struct download *d))
{
	static const u32 sizes[] = { 1, 2, 5, 64, 1000, 32767, 32768, 65534, 65535 };
	struct terms terms = { .blocks = 2 * 65536ull + 1000, .lose = lose, .twice = twice };
	struct download d;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (terms.rollover = 0; terms.rollover <= 1; terms.rollover++) {
			/* Then there are 65535 numbers, and one is of what is acknowledged. */
			terms.windowsize = min_t(u32, sizes[i], 65535 - terms.rollover);
			d = run(&terms);
			judge(&d);
		}
	}
}

static void judge_nearly_once(const struct download *d)
{
	/* Of more than half of all numbers no more are sent before a timeout makes the receiver say what it has. */
	const u64 halves = d->terms.windowsize > S16_MAX ? d->terms.blocks / S16_MAX : 0;

	/* A window that is larger than a burst opens by doubling, and the receiver does not know. */
	const u64 doublings = d->terms.windowsize > UNPROVEN_BLOCKS ? 10 : 0;

	ASSERT(d, d->timeouts <= 1 + halves + doublings);
	ASSERT(d, d->again <= UNPROVEN_BLOCKS + (halves + doublings) * KTFTP_BURST_BLOCKS);
}

CASE(every_block_leaves_once_over_two_wraps)
{
	wraps(0, 0, judge_nearly_once);
}

CASE(nothing_is_lost_over_two_wraps_with_loss_and_repetition)
{
	wraps(2000, 20, judge_nothing);
}

/* The last window, and the one before it, end around the wrap. */
CASE(files_that_end_at_the_wrap_arrive_whole)
{
	static const u32 sizes[] = { 2, 5, 64, 65535 };
	struct terms terms = { .lose = 5000, .twice = 500 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (terms.blocks = 65534; terms.blocks <= 65538; terms.blocks++)
			for (terms.rollover = 0; terms.rollover <= 1; terms.rollover++) {
				terms.windowsize = min_t(u32, sizes[i], 65535 - terms.rollover);
				run(&terms);
			}
}

/* Room for 4 packets: what is lost of a burst has to become little, but not by sending as in lock-step for ever. */
CASE(few_buffers_lose_little)
{
	struct terms terms = { .blocks = 4000, .habit = FEW_BUFFERS };
	struct download d;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		terms.windowsize = windows[i];
		d = run(&terms);
		ASSERT(&d, 8 * d.again < terms.blocks);
	}
}

/* ... also when packets are lost for other reasons now and then. */
CASE(few_buffers_lose_little_over_a_network_that_loses_some)
{
	static const u32 sizes[] = { 5, 8, 16, 64 };
	struct terms terms = { .blocks = 4000, .habit = FEW_BUFFERS, .lose = 500 };
	struct download d;
	size_t i;

	for (terms.seed = 0; terms.seed < 10; terms.seed++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			terms.windowsize = sizes[i];
			d = run(&terms);
			ASSERT(&d, 2 * d.again < terms.blocks);
		}
	}
}

CASE(who_acknowledges_every_block_gets_few_of_them_twice)
{
	struct terms terms = { .blocks = 3000, .habit = EVERY_BLOCK };
	struct download d;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		terms.windowsize = windows[i];
		d = run(&terms);
		ASSERT(&d, 2 * d.sent < 3 * terms.blocks);
		ASSERT(&d, d.timeouts == 0);
	}
}

/* How many downloads out of many that each lose one block, another one each, need a timeout for that. */
static u64 timeouts_for_single_losses(struct terms terms, u64 downloads)
{
	u64 timeouts = 0;
	struct download d;

	for (terms.lose_data = 500; terms.lose_data < 500 + downloads; terms.lose_data++) {
		d = run(&terms);
		timeouts += d.timeouts;
	}
	return timeouts;
}

/* Only that of the last block of a window cannot be known to the receiver. */
CASE(a_single_loss_in_a_window_costs_no_timeout)
{
	static const u64 delays_us[] = { 100, 1000, 5000, 20000 };
	static const u32 sizes[] = { 4, 16, 64, 250 };
	const u64 downloads = 100;
	struct terms terms = { .blocks = 1500 };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(delays_us); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			terms.delay_us = delays_us[i];
			terms.windowsize = sizes[j];
			assert_true(timeouts_for_single_losses(terms, downloads) <= downloads / sizes[j] + 1);
		}
	}
}

/* In windows of several bursts too, which take longer than an answer to the first of them. */
CASE(losses_in_long_windows_cost_few_timeouts)
{
	static const u64 delays_us[] = { 1000, 10000 };
	static const u32 sizes[] = { 64, 250, 1000 };
	struct terms terms = { .blocks = 3000, .lose = 100 };
	struct download d;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(delays_us); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			for (terms.seed = 0; terms.seed < 5; terms.seed++) {
				terms.delay_us = delays_us[i];
				terms.windowsize = sizes[j];
				d = run(&terms);
				/* Larger windows lose several, and one that is lost again waits for a timeout. */
				ASSERT(&d, (sizes[j] > 64 ? 2 : 5) * d.timeouts < d.network.lost);
			}
		}
	}
}

/* One who was taken for a client that acknowledges everything is not taken for that for ever. */
CASE(overtaking_in_long_windows_costs_few_timeouts)
{
	struct terms terms = { .blocks = 3000, .windowsize = 250, .late = 50 };
	struct download d;

	for (terms.seed = 0; terms.seed < 10; terms.seed++) {
		d = run(&terms);
		ASSERT(&d, d.timeouts < terms.blocks / terms.late);
	}
}

static struct unit_case cases[] = {
	RUN(without_faults_every_block_leaves_once),
	RUN(files_of_every_small_size_arrive_whole_over_a_bad_network),
	RUN(what_loss_costs_has_a_bound),
	RUN(when_every_packet_is_doubled_nothing_else_is),
	RUN(what_copies_cost_has_a_bound),
	RUN(packets_that_overtake_each_other_arrive_whole),
	RUN(everything_arrives_when_everything_goes_wrong),
	RUN(every_block_leaves_once_over_two_wraps),
	RUN(nothing_is_lost_over_two_wraps_with_loss_and_repetition),
	RUN(files_that_end_at_the_wrap_arrive_whole),
	RUN(few_buffers_lose_little),
	RUN(few_buffers_lose_little_over_a_network_that_loses_some),
	RUN(who_acknowledges_every_block_gets_few_of_them_twice),
	RUN(a_single_loss_in_a_window_costs_no_timeout),
	RUN(losses_in_long_windows_cost_few_timeouts),
	RUN(overtaking_in_long_windows_costs_few_timeouts),
	{},
};

SUITE(window_model, cases);
