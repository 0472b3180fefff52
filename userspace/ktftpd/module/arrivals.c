// SPDX-License-Identifier: GPL-2.0
/* See arrivals.h: an array in the order of arrival, and a table of places in it by client and port. */
#include <stdlib.h>
#include <string.h>

#include "arrivals.h"

/* A power of two, twice as many as there can be arrivals: a search ends soon. */
#define PLACES (2 * ARRIVALS_MOST)

/**
 * struct arrival - a request
 * @request: it; its data are @data
 * @dropped: a later one from the same port came
 * @data: the datagram
 */
struct arrival {
	struct ktftp_handed request;
	bool dropped;
	uint8_t data[ARRIVALS_BYTES];
};

/**
 * struct arrivals - requests
 * @count: how many
 * @place: where in @items the last one of a client's port is, plus 1; 0 for nobody
 * @items: them
 */
struct arrivals {
	size_t count;
	uint16_t place[PLACES];
	struct arrival items[ARRIVALS_MOST];
};

struct arrivals *arrivals_new(void)
{
	return calloc(1, sizeof(struct arrivals));
}

void arrivals_free(struct arrivals *a)
{
	free(a);
}

bool arrivals_full(const struct arrivals *a)
{
	return a->count == ARRIVALS_MOST;
}

/* Who chooses addresses so that all have the same costs a look at each, and there are few. */
static unsigned int hash(const struct ktftp_handed *request)
{
	unsigned int h = request->client_port, i;

	for (i = 0; i < request->client.length; i++)
		h = h * 31 + request->client.bytes[i];
	return h;
}

static bool is_same_client(const struct ktftp_handed *a, const struct ktftp_handed *b)
{
	return a->listener == b->listener && a->client_port == b->client_port && a->client.length == b->client.length &&
	       !memcmp(a->client.bytes, b->client.bytes, a->client.length);
}

/* The place of a client's port, or the free one that is to be its. */
static uint16_t *place_of(struct arrivals *a, const struct ktftp_handed *request)
{
	unsigned int i = hash(request) % PLACES;

	while (a->place[i] && !is_same_client(&a->items[a->place[i] - 1].request, request))
		i = (i + 1) % PLACES;
	return &a->place[i];
}

void arrivals_add(struct arrivals *a, const struct ktftp_handed *request)
{
	struct arrival *arrival;
	uint16_t *place;

	if (arrivals_full(a) || request->bytes > ARRIVALS_BYTES)
		return;
	place = place_of(a, request);
	if (*place)
		a->items[*place - 1].dropped = true;
	arrival = &a->items[a->count++];
	*place = a->count;
	arrival->request = *request;
	arrival->dropped = false;
	memcpy(arrival->data, request->data, request->bytes);
	arrival->request.data = arrival->data;
}

void arrivals_take(struct arrivals *a, ktftp_handed_fn fn, void *context)
{
	size_t i = a->count;

	while (i--)
		if (!a->items[i].dropped)
			fn(&a->items[i].request, context);
	a->count = 0;
	memset(a->place, 0, sizeof(a->place));
}
