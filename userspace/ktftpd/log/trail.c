// SPDX-License-Identifier: GPL-2.0
/*
 * See trail.h. An event is allocated with room for its own name, so that a ring of them takes 10 MiB where names are as
 * phones have them, and 42 MiB if all were as long as a name can be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trail.h"
#include "trail_event.h"

/**
 * struct trail - what happened last
 * @events: a ring; that with sequence number n is at n modulo @room, NULL where none was yet
 * @room: of @events
 * @last: sequence number of the last one
 */
struct trail {
	struct trail_event **events;
	size_t room;
	uint64_t last;
};

/**
 * trail_new() - an empty trail
 * @events: how many it holds
 *
 * Return: the trail, or NULL for lack of memory.
 */
struct trail *trail_new(size_t events)
{
	struct trail *trail = calloc(1, sizeof(*trail));

	if (!trail)
		return NULL;
	trail->room = events;
	trail->events = calloc(events, sizeof(*trail->events));
	if (trail->events)
		return trail;
	free(trail);
	return NULL;
}

/**
 * trail_free() - forget everything
 * @trail: the trail, or NULL
 */
void trail_free(struct trail *trail)
{
	size_t i;

	if (!trail)
		return;
	for (i = 0; i < trail->room; i++)
		free(trail->events[i]);
	free(trail->events);
	free(trail);
}

static struct trail_event **slot(const struct trail *trail, uint64_t sequence)
{
	return &trail->events[sequence % trail->room];
}

static int64_t wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In the place of the oldest one. Without memory the number is missing, and nothing else happens. */
static void add(struct trail *trail, struct trail_event *event)
{
	struct trail_event **place = slot(trail, ++trail->last);

	free(*place);
	*place = event;
	if (!event)
		return;
	event->sequence = trail->last;
	event->time_ms = wall_clock_ms();
}

/**
 * trail_transfer() - a download began or ended
 * @trail: the trail
 * @what: TRAIL_START or TRAIL_END
 * @transfer: which
 * @engine: "kernel" or "user"
 */
void trail_transfer(struct trail *trail, enum trail_what what, const struct ktftp_transfer *transfer,
		    const char *engine)
{
	struct trail_event *event = trail_event_new(transfer->name, "");

	if (event) {
		event->what = what;
		event->is_transfer = true;
		event->client = transfer->client;
		event->client_port = transfer->client_port;
		event->end = transfer->end;
		event->size = transfer->size;
		event->bytes = transfer->bytes;
		event->age_ms = transfer->age_ms;
		event->repeats = transfer->repeats;
		event->blksize = transfer->blksize;
		event->windowsize = transfer->windowsize;
		snprintf(event->engine, sizeof(event->engine), "%s", engine);
	}
	add(trail, event);
}

/**
 * trail_request() - a request that became no download, or not yet
 * @trail: the trail
 * @what: what became of it
 * @request: who asked
 * @name: for what
 * @text: what the client was told, or why it was not; of TRAIL_MISS the nearest name; NULL for nothing
 */
void trail_request(struct trail *trail, enum trail_what what, const struct ktftp_handed *request, const char *name,
		   const char *text)
{
	struct trail_event *event = trail_event_new(name, text ? text : "");

	if (event) {
		event->what = what;
		event->client = request->client;
		event->client_port = request->client_port;
	}
	add(trail, event);
}

/* The oldest that is there behind that number. One that was never given is from before a restart. */
static uint64_t first_after(const struct trail *trail, uint64_t after)
{
	uint64_t oldest = trail->last > trail->room ? trail->last - trail->room + 1 : 1;

	return after >= oldest && after <= trail->last ? after + 1 : oldest;
}

/* From where on there are no more matches than may be told. */
static uint64_t first_of_newest(const struct trail *trail, const struct trail_query *query,
				const struct neighbours *neighbours)
{
	uint64_t first = first_after(trail, 0), at = trail->last + 1;
	size_t left = TRAIL_FOUND_MAX;
	const struct trail_event *event;

	while (at > first && left) {
		event = *slot(trail, --at);
		if (event && trail_event_matches(event, query, neighbours))
			left--;
	}
	return at;
}

static json_t *find_from(const struct trail *trail, uint64_t first, const struct trail_query *query,
			 const struct neighbours *neighbours)
{
	const struct trail_event *event;
	json_t *found = json_array();
	uint64_t at;

	for (at = first; at <= trail->last && json_array_size(found) < TRAIL_FOUND_MAX; at++) {
		event = *slot(trail, at);
		if (event && trail_event_matches(event, query, neighbours))
			json_array_append_new(found, trail_event_json(event, neighbours));
	}
	return found;
}

/**
 * trail_find() - what is known of a client or a name
 * @trail: the trail
 * @pattern: an address; a MAC address in any writing, which is looked for in names and in the neighbour tables; else a
 *	part of a name or, with "*" or "?", a glob of whole names, both without regard to case
 * @after: a sequence number: only what came later; 0 for the newest
 * @why: the reason, where there is one
 * @room: of @why
 *
 * Return: at most TRAIL_FOUND_MAX events, oldest first, each an object, in an array; or NULL and the reason.
 */
json_t *trail_find(const struct trail *trail, const char *pattern, uint64_t after, char *why, size_t room)
{
	struct neighbours neighbours;
	struct trail_query query;
	uint64_t first;
	json_t *found;

	if (trail_query_parse(&query, pattern, why, room))
		return NULL;
	/* What they cannot tell is not there, and no reason to tell nothing. */
	neighbours_read(&neighbours);
	first = after ? first_after(trail, after) : first_of_newest(trail, &query, &neighbours);
	found = find_from(trail, first, &query, &neighbours);
	neighbours_fini(&neighbours);
	if (!found)
		snprintf(why, room, "out of memory");
	return found;
}
