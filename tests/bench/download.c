// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "download.h"

void download_init(struct download *download, const struct packet_options *ask)
{
	memset(download, 0, sizeof(*download));
	download->ask = *ask;
	download->blksize = PACKET_BLKSIZE;
	download->windowsize = PACKET_WINDOWSIZE;
	download->next = 1;
	download->window_end = PACKET_WINDOWSIZE;
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
	return say(event, DOWNLOAD_ACK, download->next - 1);
}

static struct download_step take_next(struct download *download, const struct packet *packet)
{
	uint64_t block = download->next++;

	download->previous = block;
	download->gap_told = false;
	download->bytes += packet->body_bytes;
	if (packet->body_bytes < download->blksize)
		return say(DOWNLOAD_BLOCK, DOWNLOAD_FINISH, block);
	if (block >= download->window_end)
		return acknowledge(download, DOWNLOAD_BLOCK);
	return stay_silent(DOWNLOAD_BLOCK);
}

/*
 * Block by block, what came again is acknowledged again, as simple clients do. With windows, the server has
 * gone back to the block after the last ACK that it saw: its window ends a windowsize behind that, and the
 * ACK is due there. If nothing new follows, that ACK was the one that got lost.
 */
static struct download_step take_duplicate(struct download *download, uint64_t block)
{
	bool went_back = block <= download->previous;
	uint64_t end = block + download->windowsize - 1;

	download->previous = block;
	if (download->windowsize == 1)
		return say(DOWNLOAD_DUPLICATE, DOWNLOAD_ACK, block);
	if (went_back && end >= download->next - 1)
		download->window_end = end;
	if (block == download->window_end)
		return acknowledge(download, DOWNLOAD_DUPLICATE);
	return stay_silent(DOWNLOAD_DUPLICATE);
}

/* Told once per gap, and again when the server has gone back and lost the same block once more. */
static struct download_step take_ahead(struct download *download, uint64_t block)
{
	bool went_back = block <= download->previous;

	download->previous = block;
	if (download->windowsize == 1 || (download->gap_told && !went_back))
		return stay_silent(DOWNLOAD_AHEAD);
	download->gap_told = true;
	return acknowledge(download, DOWNLOAD_AHEAD);
}

static struct download_step take_data(struct download *download, const struct packet *packet)
{
	int16_t ahead = packet->number - (uint16_t)download->next;

	if (packet->body_bytes > download->blksize)
		return stay_silent(DOWNLOAD_MALFORMED);
	if (!ahead)
		return take_next(download, packet);
	if (ahead > 0)
		return take_ahead(download, download->next + ahead);
	/* Before the first block there is none. */
	if (download->next <= (uint64_t)-ahead)
		return stay_silent(DOWNLOAD_MALFORMED);
	return take_duplicate(download, download->next + ahead);
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
	return ask->has_tsize || !granted->has_tsize;
}

static bool asked_for_something(const struct packet_options *ask)
{
	return ask->blksize || ask->windowsize || ask->timeout_s || ask->has_tsize;
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
