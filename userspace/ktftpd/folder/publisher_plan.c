// SPDX-License-Identifier: GPL-2.0
/*
 * What the module is to have. Large files are held one by one; copies of small ones that share a piece of memory are
 * held together or not at all, because only the last of them gives it back.
 */
#include <errno.h>
#include <stdlib.h>

#include "hot.h"
#include "publisher_parts.h"

/* It may have a place in the module. */
static bool is_candidate(const struct pin *pin)
{
	return pin->exists && pin->held != PIN_FOREIGN;
}

static bool is_in_pack(const struct pin *pin)
{
	return pin->held == PIN_SAME && pin->pack;
}

/* The pieces of memory come first, then files one by one. Return: how many things there are. */
static size_t gather(struct publisher *p, struct hot *things)
{
	const uint64_t *ends = p->packs.items;
	size_t count = p->packs.count;
	struct pin *pin;

	for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin)) {
		pin->is_wanted = false;
		if (!is_candidate(pin))
			continue;
		pin->thing = is_in_pack(pin) ? pin->pack - 1 : count++;
		things[pin->thing].names++;
		things[pin->thing].score += pin->score;
		things[pin->thing].is_held = pin->held != PIN_NONE;
		if (!is_in_pack(pin))
			things[pin->thing].bytes = publisher_cost(&pin->file);
		else
			things[pin->thing].bytes = publisher_pages(ends[pin->pack - 1]);
	}
	return count;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* What is held now and what there is room for, as long as that is within the limit. */
static int get_budget(struct publisher *p, uint64_t *budget)
{
	uint64_t room;
	int err = publisher_room(p, &room);

	*budget = add(p->held_bytes, room);
	if (*budget > p->limit)
		*budget = p->limit / PUBLISHER_PAGE_BYTES * PUBLISHER_PAGE_BYTES;
	return err;
}

/**
 * publisher_plan() - choose what the module is to have
 * @p: publisher that has just looked
 *
 * Return: 0; -ENOTCONN when the module does not answer; -ENOMEM.
 */
int publisher_plan(struct publisher *p)
{
	struct hot *things = calloc(p->pins.count + p->packs.count + 1, sizeof(*things));
	struct pin *pin;
	uint64_t budget;
	int err;

	if (!things)
		return -ENOMEM;
	err = get_budget(p, &budget);
	if (!err)
		err = hot_choose(things, gather(p, things), budget);
	if (!err)
		for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin))
			pin->is_wanted = is_candidate(pin) && things[pin->thing].is_wanted;
	free(things);
	return err;
}
