// SPDX-License-Identifier: GPL-2.0
/*
 * The pure files of the load generator, tests/bench: a generator that is wrong makes servers look wrong. Downloads
 * go against a sender that is as simple as RFC 7440 lets it be, over a network that loses, doubles and reorders.
 */
#include "unit.h"

#include "random.h"

#include "buffers.h"
#include "download.h"
#include "habits.h"
#include "histogram.h"
#include "names.h"
#include "timers.h"

#define BLKSIZE      8
#define LINE_ROOM    4096 /* packets under way; a full line loses more */
#define BAD_PER_CENT 5

struct on_line {
	bool is_ack;
	u64 block; /* DATA: which; ACK: the number as sent */
};

/* The sender, the line and the receiver. */
struct model {
	struct random random;
	struct download download;
	unsigned int windowsize;
	bool rollover;
	unsigned int bad_per_cent; /* of packets: lost, doubled, overtaken, each */
	u64 total;
	u64 acked;
	u64 sent;   /* behind .acked */
	bool asked; /* again for what is behind .acked */
	u64 taken;
	u64 data_packets;
	bool finished;
	struct on_line line[LINE_ROOM];
	size_t line_count;
};

static u16 number_of(const struct model *model, u64 block)
{
	return model->rollover && block ? (block - 1) % 65535 + 1 : block;
}

static bool happens(struct model *model)
{
	return random_below(&model->random, 100) < model->bad_per_cent;
}

static void put(struct model *model, bool is_ack, u64 block)
{
	if (model->line_count < LINE_ROOM && !happens(model))
		model->line[model->line_count++] = (struct on_line){ is_ack, block };
}

static void transmit(struct model *model, bool is_ack, u64 block)
{
	put(model, is_ack, block);
	if (happens(model))
		put(model, is_ack, block);
}

static void send_window(struct model *model)
{
	u64 block;

	for (block = model->acked + 1; block <= model->acked + model->windowsize && block <= model->total; block++) {
		transmit(model, false, block);
		model->data_packets++;
		model->sent = block;
	}
}

/*
 * An ACK of what has been sent moves the window. One of the block before it asks for the window again, once: to send it
 * for each would be more for every one of them.
 */
static void sender_takes(struct model *model, u16 number)
{
	u64 block;

	for (block = model->acked; block <= model->sent; block++) {
		if (number_of(model, block) == number)
			break;
	}
	if (block > model->sent || (block == model->acked && (model->windowsize == 1 || model->asked)))
		return;
	model->asked = block == model->acked;
	model->acked = block;
	send_window(model);
}

static size_t body_bytes(const struct model *model, u64 block)
{
	return block == model->total ? 3 : BLKSIZE;
}

static void receiver_takes(struct model *model, u64 block)
{
	struct packet packet = {
		.type = PACKET_DATA,
		.number = number_of(model, block),
		.body_bytes = body_bytes(model, block),
	};
	struct download_step step = download_take(&model->download, &packet);

	if (step.event == DOWNLOAD_BLOCK)
		assert_true(block == ++model->taken);
	if (step.action == DOWNLOAD_FINISH)
		model->finished = true;
	if (step.action == DOWNLOAD_ACK || step.action == DOWNLOAD_FINISH)
		transmit(model, true, step.block);
	else
		assert_int_equal(step.action, DOWNLOAD_WAIT);
}

/* Delivers the packet that is next, or one behind it. */
static void deliver(struct model *model)
{
	size_t place = model->line_count > 1 && happens(model) ?
			       1 + random_below(&model->random, model->line_count - 1) :
			       0;
	struct on_line packet = model->line[place];

	memmove(&model->line[place], &model->line[place + 1], (--model->line_count - place) * sizeof(packet));
	if (packet.is_ack)
		sender_takes(model, packet.block);
	else
		receiver_takes(model, packet.block);
}

/* The line is silent: somebody's timer goes off. */
static void wait_for_timer(struct model *model)
{
	model->asked = false;
	if (random_below(&model->random, 2))
		send_window(model);
	else
		transmit(model, true, download_repeat(&model->download));
}

static struct packet oack(const char *text, size_t bytes)
{
	return (struct packet){ .type = PACKET_OACK, .body = (const uint8_t *)text, .body_bytes = bytes };
}

static void begin(struct model *model, const struct download_policy *policy)
{
	struct packet_options ask = { .blksize = BLKSIZE, .windowsize = model->windowsize, .has_rollover = true };
	char text[64];
	struct packet packet;
	size_t bytes;

	ask.rollover = model->rollover;
	bytes = snprintf(text, sizeof(text), "blksize%c%u%cwindowsize%c%u%crollover%c%u", 0, BLKSIZE, 0, 0,
			 model->windowsize, 0, 0, model->rollover) +
		1;
	packet = oack(text, bytes);
	download_init(&model->download, &ask, policy);
	assert_int_equal(download_take(&model->download, &packet).action, DOWNLOAD_ACK);
	send_window(model);
}

/* Returns how many DATA packets it took. */
static u64 run(struct model *model, const struct download_policy *policy)
{
	u64 steps;

	begin(model, policy);
	for (steps = 0; !model->finished; steps++) {
		assert_true(steps < 100 * model->total + 100000);
		if (model->line_count)
			deliver(model);
		else
			wait_for_timer(model);
	}
	assert_true(model->taken == model->total);
	assert_true(model->download.bytes == (model->total - 1) * BLKSIZE + 3);
	return model->data_packets;
}

static struct model *new_model(unsigned int windowsize, bool rollover, unsigned int bad_per_cent, u64 total)
{
	struct model *model = exact_room(sizeof(*model));

	memset(model, 0, sizeof(*model));
	model->random = random_from(windowsize + total);
	model->windowsize = windowsize;
	model->rollover = rollover;
	model->bad_per_cent = bad_per_cent;
	model->total = total;
	return model;
}

CASE(every_block_arrives_once_and_in_order_over_a_bad_network)
{
	static const unsigned int sizes[] = { 1, 2, 3, 4, 16, 64, 200 };
	struct download_policy policy;
	struct model *model;
	unsigned int i, way;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (way = 0; way < 18; way++) {
			policy = (struct download_policy){ way % 3, way / 3 % 3, way / 9 };
			model = new_model(sizes[i], false, BAD_PER_CENT, 300 + way);
			run(model, &policy);
			free(model);
		}
	}
}

CASE(a_good_network_carries_no_block_twice)
{
	static const unsigned int sizes[] = { 1, 2, 7, 64, 1000, 4000 };
	const struct download_policy policy = {};
	struct model *model;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		model = new_model(sizes[i], false, 0, 5000);
		assert_int_equal(run(model, &policy), 5000);
		free(model);
	}
}

CASE(numbers_wrap_to_0_and_to_1)
{
	const struct download_policy policy = {};
	struct model *model;
	unsigned int rollover;

	for (rollover = 0; rollover < 2; rollover++) {
		model = new_model(1, rollover, 0, 140000);
		assert_int_equal(run(model, &policy), 140000);
		free(model);
		model = new_model(64, rollover, 1, 70000);
		run(model, &policy);
		free(model);
	}
}

static struct download_step take(struct download *download, u16 number, size_t bytes)
{
	struct packet packet = { .type = PACKET_DATA, .number = number, .body_bytes = bytes };

	return download_take(download, &packet);
}

/* A download with a window that has been granted. */
static struct download begun(unsigned int windowsize, const struct download_policy *policy)
{
	struct packet_options ask = { .blksize = BLKSIZE, .windowsize = windowsize };
	struct download download;
	struct packet packet;
	char text[64];
	size_t bytes;

	bytes = snprintf(text, sizeof(text), "blksize%c8%cwindowsize%c%u", 0, 0, 0, windowsize) + 1;
	packet = oack(text, bytes);
	download_init(&download, &ask, policy);
	assert_int_equal(download_take(&download, &packet).action, DOWNLOAD_ACK);
	return download;
}

CASE(a_window_of_65535_is_acknowledged_at_its_end_and_at_a_gap)
{
	const struct download_policy policy = {};
	struct download download = begun(65535, &policy);
	struct download_step step;
	u64 block;

	for (block = 1; block < 65535; block++)
		assert_int_equal(take(&download, block, BLKSIZE).action, DOWNLOAD_WAIT);
	step = take(&download, 65535, BLKSIZE);
	assert_int_equal(step.action, DOWNLOAD_ACK);
	assert_int_equal(step.block, 65535);
	/* The last one of the next window, all others missing. */
	step = take(&download, 65534, BLKSIZE);
	assert_int_equal(step.event, DOWNLOAD_AHEAD);
	assert_int_equal(step.action, DOWNLOAD_ACK);
	assert_int_equal(step.block, 65535);
	assert_int_equal(take(&download, 65535, BLKSIZE).event, DOWNLOAD_DUPLICATE);
	assert_int_equal(take(&download, 0, BLKSIZE).event, DOWNLOAD_BLOCK);
}

/* Blocks 1, 3, 4, 5 of a window of 8: how many of the last three are answered. */
static unsigned int answers_at_a_gap(enum gap_policy gap)
{
	const struct download_policy policy = { .gap = gap };
	struct download download = begun(8, &policy);
	static const u16 numbers[] = { 3, 4, 5 };
	struct download_step step;
	unsigned int i, answers = 0, gaps = 0;

	assert_int_equal(take(&download, 1, BLKSIZE).action, DOWNLOAD_WAIT);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		step = take(&download, numbers[i], BLKSIZE);
		assert_int_equal(step.event, DOWNLOAD_AHEAD);
		gaps += step.new_gap;
		if (step.action == DOWNLOAD_ACK) {
			assert_int_equal(step.block, 1);
			answers++;
		}
	}
	assert_int_equal(gaps, 1);
	return answers;
}

CASE(gaps_are_told_once_for_each_block_or_never)
{
	assert_int_equal(answers_at_a_gap(GAP_ONCE), 1);
	assert_int_equal(answers_at_a_gap(GAP_EACH), 3);
	assert_int_equal(answers_at_a_gap(GAP_NEVER), 0);
}

CASE(a_window_that_comes_again_is_acknowledged_at_its_end)
{
	const struct download_policy policy = {};
	struct download download = begun(4, &policy);
	unsigned int round;
	u16 number;

	for (round = 0; round < 3; round++) {
		for (number = 1; number < 4; number++)
			assert_int_equal(take(&download, number, BLKSIZE).action, DOWNLOAD_WAIT);
		assert_int_equal(take(&download, 4, BLKSIZE).action, DOWNLOAD_ACK);
	}
}

static enum download_action at_a_repeat(enum duplicate_policy duplicate, unsigned int times)
{
	const struct download_policy policy = { .duplicate = duplicate };
	struct download download = begun(1, &policy);
	enum download_action action = DOWNLOAD_FAIL;

	assert_int_equal(take(&download, 1, BLKSIZE).action, DOWNLOAD_ACK);
	while (times--)
		action = take(&download, 1, BLKSIZE).action;
	return action;
}

CASE(repeated_blocks_are_acknowledged_once_or_ignored)
{
	assert_int_equal(at_a_repeat(DUPLICATE_ACK, 1), DOWNLOAD_ACK);
	assert_int_equal(at_a_repeat(DUPLICATE_ACK, 2), DOWNLOAD_ACK);
	assert_int_equal(at_a_repeat(DUPLICATE_ONCE, 1), DOWNLOAD_ACK);
	assert_int_equal(at_a_repeat(DUPLICATE_ONCE, 2), DOWNLOAD_WAIT);
	assert_int_equal(at_a_repeat(DUPLICATE_IGNORE, 1), DOWNLOAD_WAIT);
}

CASE(every_block_of_a_window_can_be_acknowledged)
{
	const struct download_policy policy = { .ack_every_block = true };
	struct download download = begun(8, &policy);
	u16 number;

	for (number = 1; number < 20; number++) {
		assert_int_equal(take(&download, number, BLKSIZE).action, DOWNLOAD_ACK);
		assert_int_equal(download.next, number + 1);
	}
}

CASE(the_last_block_is_acknowledged_again_after_the_end)
{
	const struct download_policy policy = { .duplicate = DUPLICATE_IGNORE };
	struct download download = begun(4, &policy);

	assert_int_equal(take(&download, 1, BLKSIZE).action, DOWNLOAD_WAIT);
	assert_int_equal(take(&download, 2, 0).action, DOWNLOAD_FINISH);
	assert_int_equal(take(&download, 1, BLKSIZE).action, DOWNLOAD_WAIT);
	assert_int_equal(take(&download, 2, 0).action, DOWNLOAD_ACK);
	assert_int_equal(download.bytes, BLKSIZE);
}

static enum download_action with_oack(const struct packet_options *ask, const char *text, size_t bytes)
{
	const struct download_policy policy = {};
	struct download download;
	struct packet packet = oack(text, bytes);

	download_init(&download, ask, &policy);
	return download_take(&download, &packet).action;
}

CASE(what_was_not_asked_for_is_refused)
{
	const struct packet_options nothing = {}, some = { .blksize = 512, .windowsize = 4, .timeout_s = 5 };
	const struct packet_options rollover = { .has_rollover = true, .rollover = 1 };

	assert_int_equal(with_oack(&nothing, BYTES("blksize\0"
						   "512\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("blksize\0"
						"513\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("blksize\0"
						"7\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("windowsize\0"
						"5\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("windowsize\0"
						"0\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("timeout\0"
						"4\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("tsize\0"
						"4\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("rollover\0"
						"0\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("multicast\0"
						"1\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&some, BYTES("blksize\0"
						"512")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&rollover, BYTES("rollover\0"
						    "0\0")),
			 DOWNLOAD_REFUSE);
	assert_int_equal(with_oack(&rollover, BYTES("rollover\0"
						    "1\0")),
			 DOWNLOAD_ACK);
	assert_int_equal(with_oack(&some, BYTES("BLKSIZE\0"
						"512\0"
						"windowsize\0"
						"1\0")),
			 DOWNLOAD_ACK);
}

/* @count packets at @came_ns, each 10 ns of work: how many find a buffer. */
static unsigned int burst(struct buffers *buffers, unsigned int count, u64 came_ns)
{
	unsigned int taken = 0;

	while (count--) {
		if (!buffers_take(buffers, came_ns))
			continue;
		buffers_work(buffers, 10);
		buffers_release(buffers);
		taken++;
	}
	return taken;
}

CASE(as_many_of_a_burst_survive_as_there_are_buffers)
{
	struct buffers buffers;

	assert_int_equal(buffers_init(&buffers, 4), 0);
	assert_int_equal(burst(&buffers, 16, 1000), 4);
	assert_int_equal(buffers.busy_ns, 1040);
	assert_int_equal(burst(&buffers, 16, 1009), 0);
	assert_int_equal(burst(&buffers, 16, 1020), 2);
	assert_int_equal(burst(&buffers, 16, 5000), 4);
	buffers_fini(&buffers);
	assert_int_equal(buffers_init(&buffers, 0), 0);
	assert_int_equal(burst(&buffers, 1000, 7), 1000);
	buffers_fini(&buffers);
}

CASE(names_differ_from_client_to_client)
{
	char name[32];

	assert_true(name_expand(name, sizeof(name), "SEP%M.cnf.xml", 0xabcd));
	assert_string_equal(name, "SEP02000000ABCD.cnf.xml");
	assert_true(name_expand(name, sizeof(name), "cfg%m-%i%%%x%", 10));
	assert_string_equal(name, "cfg02000000000a-10%%x%");
	assert_true(name_expand(name, 5, "1234", 0));
	assert_false(name_expand(name, 4, "1234", 0));
	assert_false(name_expand(name, 12, "%m", 0));
}

static int set(struct habits *habits, const char *name, const char *value)
{
	struct reason reason;

	return habits_set(habits, name, value, &reason);
}

CASE(values_are_taken_whole_and_within_their_limits)
{
	struct habits habits;

	assert_int_equal(habits_init(&habits), 0);
	assert_int_equal(set(&habits, "windowsize", "65535"), 0);
	assert_int_equal(set(&habits, "windowsize", "65536"), -EINVAL);
	assert_int_equal(set(&habits, "windowsize", "0"), -EINVAL);
	assert_int_equal(set(&habits, "windowsize", "-1"), -EINVAL);
	assert_int_equal(set(&habits, "windowsize", "4 "), -EINVAL);
	assert_int_equal(set(&habits, "windowsize", ""), -EINVAL);
	assert_int_equal(set(&habits, "timeout-ms", "99999999999999999999999"), -EINVAL);
	assert_int_equal(habits.windowsize, 65535);
	assert_int_equal(set(&habits, "flash-pause-ms", "150-400"), 0);
	assert_int_equal(habits.flash_pause_ms.min, 150);
	assert_int_equal(habits.flash_pause_ms.max, 400);
	assert_int_equal(set(&habits, "flash-pause-ms", "7"), 0);
	assert_int_equal(habits.flash_pause_ms.max, 7);
	assert_int_equal(set(&habits, "flash-pause-ms", "400-150"), -EINVAL);
	assert_int_equal(set(&habits, "flash-pause-ms", "150-"), -EINVAL);
	assert_int_equal(set(&habits, "loss", "100.1"), -EINVAL);
	assert_int_equal(set(&habits, "loss", "nan"), -EINVAL);
	assert_int_equal(set(&habits, "gap", "each"), 0);
	assert_int_equal(habits.gap, GAP_EACH);
	assert_int_equal(set(&habits, "gap", "twice"), -EINVAL);
	assert_int_equal(set(&habits, "tsize", "maybe"), -EINVAL);
	assert_int_equal(set(&habits, "server", "127.0.0.1"), -EINVAL);
	habits_fini(&habits);
}

CASE(quantiles_are_right_within_three_per_cent_also_when_merged)
{
	struct histogram *all = exact_room(sizeof(*all)), *parts = exact_room(2 * sizeof(*parts));
	static const double quantiles[] = { 0.5, 0.9, 0.99, 1 };
	unsigned int i;
	u64 value, told;

	memset(all, 0, sizeof(*all));
	memset(parts, 0, 2 * sizeof(*parts));
	for (value = 1; value <= 100000; value++) {
		histogram_add(all, value * 1000);
		histogram_add(&parts[value % 2], value * 1000);
	}
	histogram_merge(&parts[0], &parts[1]);
	assert_memory_equal(&parts[0], all, sizeof(*all));
	for (i = 0; i < ARRAY_SIZE(quantiles); i++) {
		told = histogram_quantile(all, quantiles[i]);
		value = quantiles[i] * 100000000;
		assert_true(told >= value - value * 3 / 100 && told <= value + value * 3 / 100);
	}
	free(parts);
	free(all);
}

CASE(timers_go_off_in_the_order_of_their_times)
{
	static struct timer timer[1000];
	struct timers timers;
	struct timer *expired;
	struct random random;
	u64 last = 0;
	size_t i;

	random = random_from(1);
	assert_int_equal(timers_init(&timers, ARRAY_SIZE(timer)), 0);
	for (i = 0; i < ARRAY_SIZE(timer); i++)
		timers_arm(&timers, &timer[i], 1000 + random_below(&random, 100000));
	for (i = 0; i < ARRAY_SIZE(timer); i += 3)
		timers_arm(&timers, &timer[i], random_below(&random, 1000));
	for (i = 0; (expired = timers_expired(&timers, TIMER_NEVER - 1)); i++) {
		assert_true(expired->at_ns >= last);
		last = expired->at_ns;
	}
	assert_int_equal(i, ARRAY_SIZE(timer));
	timers_fini(&timers);
}

static struct unit_case cases[] = {
	RUN(every_block_arrives_once_and_in_order_over_a_bad_network),
	RUN(a_good_network_carries_no_block_twice),
	RUN(numbers_wrap_to_0_and_to_1),
	RUN(a_window_of_65535_is_acknowledged_at_its_end_and_at_a_gap),
	RUN(gaps_are_told_once_for_each_block_or_never),
	RUN(a_window_that_comes_again_is_acknowledged_at_its_end),
	RUN(repeated_blocks_are_acknowledged_once_or_ignored),
	RUN(every_block_of_a_window_can_be_acknowledged),
	RUN(the_last_block_is_acknowledged_again_after_the_end),
	RUN(what_was_not_asked_for_is_refused),
	RUN(as_many_of_a_burst_survive_as_there_are_buffers),
	RUN(names_differ_from_client_to_client),
	RUN(values_are_taken_whole_and_within_their_limits),
	RUN(quantiles_are_right_within_three_per_cent_also_when_merged),
	RUN(timers_go_off_in_the_order_of_their_times),
	{},
};

SUITE(tftpload, cases);
