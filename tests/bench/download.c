// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "download.h"

void download_init(struct download *download, const struct packet_options *ask, const struct download_policy *policy)
{
	memset(download, 0, sizeof(*download));
	download->ask = *ask;
	download->policy = *policy;
	download->blksize = PACKET_BLKSIZE;
	download->windowsize = PACKET_WINDOWSIZE;
	download->next = 1;
	download->window_end = PACKET_WINDOWSIZE;
	download->limit = PACKET_WINDOWSIZE;
}

/* After 65535 comes 0 or, with rollover 1, 1: how many numbers there are. */
static unsigned int number_count(const struct download *download)
{
	return download->granted.has_rollover && download->granted.rollover ? 65535 : 65536;
}

static uint16_t number_of(const struct download *download, uint64_t block)
{
	unsigned int count = number_count(download);

	return count == 65536 || !block ? block : (block - 1) % count + 1;
}

/* Whether @packet can be the first answer to a request: what comes from an earlier transfer cannot. */
bool download_may_open(const struct packet *packet)
{
	return packet->type != PACKET_DATA || packet->number == 1;
}

static struct download_step say(enum download_event event, enum download_action action, uint16_t block)
{
	return (struct download_step){ .event = event, .action = action, .block = block };
}

static struct download_step stay_silent(enum download_event event)
{
	return say(event, DOWNLOAD_WAIT, 0);
}

/* Acknowledges all that is here; the server's next window begins behind it. */
static struct download_step acknowledge(struct download *download, enum download_event event)
{
	download->window_end = download->next - 1 + download->windowsize;
	if (download->limit < download->window_end)
		download->limit = download->window_end;
	return say(event, DOWNLOAD_ACK, number_of(download, download->next - 1));
}

static struct download_step take_next(struct download *download, const struct packet *packet)
{
	uint64_t block = download->next++;

	download->previous = block;
	download->in_gap = false;
	download->gap_told = false;
	download->bytes += packet->body_bytes;
	if (packet->body_bytes < download->blksize) {
		download->done = true;
		return say(DOWNLOAD_BLOCK, DOWNLOAD_FINISH, number_of(download, block));
	}
	if (block >= download->window_end || download->policy.ack_every_block)
		return acknowledge(download, DOWNLOAD_BLOCK);
	return stay_silent(DOWNLOAD_BLOCK);
}

/* Acknowledges what is here, unless that has been said since the last block came. */
static struct download_step acknowledge_once(struct download *download, enum download_event event)
{
	if (download->gap_told)
		return stay_silent(event);
	download->gap_told = true;
	return acknowledge(download, event);
}

/*
 * With windows, the server has gone back to the block after the last ACK that it saw: its window ends a windowsize
 * behind that, and the ACK is due there. If nothing new follows, that ACK was the one that got lost.
 */
static struct download_step take_from_earlier_window(struct download *download, uint64_t block, bool went_back)
{
	uint64_t end = block + download->windowsize - 1;

	if (went_back && end >= download->next - 1)
		download->window_end = end;
	if (block == download->window_end)
		return acknowledge(download, DOWNLOAD_DUPLICATE);
	return stay_silent(DOWNLOAD_DUPLICATE);
}

/* A client that stays for a while says once more that it has the last block, to a server that has not heard that. */
static struct download_step take_after_end(struct download *download, uint64_t block)
{
	if (block == download->next - 1)
		return acknowledge(download, DOWNLOAD_DUPLICATE);
	return stay_silent(DOWNLOAD_DUPLICATE);
}

/* Block by block, what came again is acknowledged again, as simple clients do. */
static struct download_step take_duplicate(struct download *download, uint64_t block)
{
	bool went_back = block <= download->previous;

	download->previous = block;
	if (download->done)
		return take_after_end(download, block);
	if (download->policy.duplicate == DUPLICATE_IGNORE)
		return stay_silent(DOWNLOAD_DUPLICATE);
	if (download->policy.duplicate == DUPLICATE_ONCE)
		return acknowledge_once(download, DOWNLOAD_DUPLICATE);
	if (download->windowsize == 1)
		return say(DOWNLOAD_DUPLICATE, DOWNLOAD_ACK, number_of(download, block));
	if (download->policy.gap == GAP_EACH)
		return acknowledge(download, DOWNLOAD_DUPLICATE);
	return take_from_earlier_window(download, block, went_back);
}

/* By default told once per gap, and again when the server has gone back and lost the same block once more. */
static struct download_step answer_gap(struct download *download, bool went_back)
{
	if (download->windowsize == 1 || download->policy.gap == GAP_NEVER)
		return stay_silent(DOWNLOAD_AHEAD);
	if (download->policy.gap == GAP_EACH)
		return acknowledge(download, DOWNLOAD_AHEAD);
	if (went_back && download->policy.duplicate != DUPLICATE_ONCE)
		download->gap_told = false;
	return acknowledge_once(download, DOWNLOAD_AHEAD);
}

static struct download_step take_ahead(struct download *download, uint64_t block)
{
	struct download_step step;

	step = answer_gap(download, block <= download->previous);
	step.new_gap = !download->in_gap;
	download->previous = block;
	download->in_gap = true;
	return step;
}

/* How far behind the next block a number can lie: half of all, or more when so many blocks may be under way. */
static uint64_t reach(const struct download *download)
{
	uint64_t half = number_count(download) / 2 - 1;

	return download->limit > download->next + half ? download->limit - download->next : half;
}

static struct download_step take_data(struct download *download, const struct packet *packet)
{
	unsigned int count = number_count(download);
	uint64_t ahead = (packet->number + count - number_of(download, download->next)) % count;

	if (packet->body_bytes > download->blksize || (!packet->number && count != 65536))
		return stay_silent(DOWNLOAD_MALFORMED);
	if (!ahead)
		return take_next(download, packet);
	if (ahead <= reach(download))
		return take_ahead(download, download->next + ahead);
	/* Before the first block there is none. */
	if (download->next <= count - ahead)
		return stay_silent(DOWNLOAD_MALFORMED);
	return take_duplicate(download, download->next + ahead - count);
}

/* A server may lower a size, may leave an option out, and may do nothing else. */
static bool is_acceptable(const struct packet_options *granted, const struct packet_options *ask)
{
	if (granted->blksize && (granted->blksize < 8 || granted->blksize > ask->blksize))
		return false;
	if (granted->windowsize > ask->windowsize)
		return false;
	if (granted->timeout_s && granted->timeout_s != ask->timeout_s)
		return false;
	if (granted->has_rollover && (!ask->has_rollover || granted->rollover != ask->rollover))
		return false;
	return ask->has_tsize || !granted->has_tsize;
}

static bool asked_for_something(const struct packet_options *ask)
{
	return ask->blksize || ask->windowsize || ask->timeout_s || ask->has_tsize || ask->has_rollover;
}

static struct download_step take_oack(struct download *download, const struct packet *packet)
{
	struct packet_options granted;

	if (download->next > 1)
		return stay_silent(DOWNLOAD_DUPLICATE);
	if (download->has_oack)
		return acknowledge(download, DOWNLOAD_DUPLICATE);
	if (!asked_for_something(&download->ask) || !packet_parse_oack(packet, &granted) ||
	    !is_acceptable(&granted, &download->ask))
		return say(DOWNLOAD_MALFORMED, DOWNLOAD_REFUSE, PACKET_ERROR_OPTIONS);
	download->has_oack = true;
	download->granted = granted;
	if (granted.blksize)
		download->blksize = granted.blksize;
	if (granted.windowsize)
		download->windowsize = granted.windowsize;
	return acknowledge(download, DOWNLOAD_OTHER);
}

/* Takes a packet from the server's port of this transfer. */
struct download_step download_take(struct download *download, const struct packet *packet)
{
	switch (packet->type) {
	case PACKET_DATA:
		return take_data(download, packet);
	case PACKET_OACK:
		return take_oack(download, packet);
	case PACKET_ERROR:
		return say(DOWNLOAD_OTHER, DOWNLOAD_FAIL, packet->number);
	default:
		return stay_silent(DOWNLOAD_MALFORMED);
	}
}

/* Nothing has come for long: returns the block to acknowledge (again), the last one that is here. */
uint16_t download_repeat(struct download *download)
{
	return acknowledge(download, DOWNLOAD_OTHER).block;
}
