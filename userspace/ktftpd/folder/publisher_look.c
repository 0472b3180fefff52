// SPDX-License-Identifier: GPL-2.0
/*
 * What the module has, and what it has room for. Names are matched by view and name, contents by size and digest: the
 * module has checked each digest, and lets nobody change what it holds.
 *
 * Copies of small files share pieces of memory, which stay until the last name in them has gone. Which names share one
 * is not told; it shows in the list, which has the names in the order in which they came: within a piece each begins
 * behind the one before it.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "hot.h"
#include "publisher_parts.h"

/* A list that never stands still is taken as it was told the last time. */
#define TRIES      10

/* What copies that share memory begin on. */
#define PACK_ALIGN 16

/**
 * struct look - a look at the list
 * @p: publisher
 * @end: where the content before this one ends in the memory that it shares
 */
struct look {
	struct publisher *p;
	uint64_t end;
};

int64_t publisher_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t round_up(uint64_t bytes, uint64_t to)
{
	return (bytes + to - 1) / to * to;
}

/* Bytes of the pages that so many bytes take. */
uint64_t publisher_pages(uint64_t bytes)
{
	return round_up(bytes, PUBLISHER_PAGE_BYTES);
}

/**
 * publisher_cost() - memory that a content is going to take in the module
 * @file: content
 *
 * Whole pages; of a copy that shares them, what is lost at the end of a piece on average.
 */
uint64_t publisher_cost(const struct folder_file *file)
{
	if (file->size <= PUBLISHER_SMALL_BYTES)
		return round_up(file->size + file->size / 128, PACK_ALIGN);
	return publisher_pages(file->size);
}

static bool is_what_it_is_to_be(const struct pin *pin, const struct ktftp_entry *entry)
{
	return pin->exists && entry->has_digest && entry->size == pin->file.size &&
	       !memcmp(entry->digest, pin->file.digest, sizeof(entry->digest));
}

/* Which piece of shared memory an entry is in, or 0. */
static int find_pack(struct look *look, const struct ktftp_entry *entry, size_t *pack)
{
	struct vector *packs = &look->p->packs;
	uint64_t *end;

	*pack = 0;
	if (entry->kind != KTFTP_KIND_SEALED || entry->size > PUBLISHER_SMALL_BYTES)
		return 0;
	end = packs->count ? (uint64_t *)packs->items + packs->count - 1 : NULL;
	if (!end || entry->offset < look->end)
		end = vector_add(packs);
	if (!end)
		return -ENOMEM;
	*end = look->end = entry->offset + entry->size;
	*pack = packs->count;
	return 0;
}

static void count_hits(struct pin *pin, const struct ktftp_entry *entry)
{
	if (!pin->is_counted)
		pin->score += hot_score(entry->hits, entry->age_ms);
	else
		pin->score += hot_score(entry->hits >= pin->hits ? entry->hits - pin->hits : entry->hits, 0);
	pin->hits = entry->hits;
	pin->is_counted = true;
}

static int look_at(const struct ktftp_entry *entry, void *context)
{
	struct look *look = context;
	struct publisher *p = look->p;
	struct pin *pin = pins_get(&p->pins, entry->view, entry->name);

	if (!pin)
		return -ENOMEM;
	pin->look = p->look;
	if (strcmp(entry->owner, PUBLISHER_OWNER)) {
		pin->held = PIN_FOREIGN;
		pin->held_bytes = 0;
		return 0;
	}
	pin->is_foreign_noted = false;
	pin->held = is_what_it_is_to_be(pin, entry) ? PIN_SAME : PIN_OTHER;
	count_hits(pin, entry);
	if (find_pack(look, entry, &pin->pack))
		return -ENOMEM;
	pin->held_bytes = pin->pack ? 0 : publisher_pages(entry->size);
	p->held_bytes += pin->held_bytes;
	return 0;
}

static int walk(struct publisher *p)
{
	struct look look = { .p = p };
	size_t i;
	int err;

	p->look++;
	p->held_bytes = 0;
	p->packs.count = 0;
	err = ktftp_entry_walk(p->k, look_at, &look);
	for (i = 0; i < p->packs.count; i++)
		p->held_bytes += publisher_pages(((uint64_t *)p->packs.items)[i]);
	return err;
}

static void forget_what_went(struct publisher *p)
{
	struct pin *pin;

	for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin)) {
		if (pin->look == p->look)
			continue;
		pin->held = PIN_NONE;
		pin->held_bytes = 0;
		pin->is_counted = false;
		pin->is_foreign_noted = false;
	}
}

/**
 * publisher_look() - learn what the module has
 * @p: publisher, connected
 *
 * Return: 0; -ENOMEM; another negative errno when the module does not answer.
 */
int publisher_look(struct publisher *p)
{
	int tries, err = -EAGAIN;

	for (tries = 0; tries < TRIES && err == -EAGAIN; tries++)
		err = walk(p);
	if (err && err != -EAGAIN)
		return err;
	forget_what_went(p);
	p->looked_ms = publisher_now_ms();
	return 0;
}

/**
 * publisher_is_there() - does the module answer at all
 * @p: publisher
 */
bool publisher_is_there(struct publisher *p)
{
	struct ktftp_info info;

	return p->k && !ktftp_info_get(p->k, &info);
}

static uint64_t left_of(uint64_t limit, uint64_t used)
{
	return limit == KTFTP_NO_LIMIT ? limit : used < limit ? limit - used : 0;
}

/* The least room so far, and why there is no more. */
struct room {
	uint64_t bytes;
	char *why;
	size_t why_bytes;
};

static void narrow(struct room *room, uint64_t limit, uint64_t used, const char *what)
{
	const uint64_t left = left_of(limit, used);

	if (left >= room->bytes)
		return;
	room->bytes = left;
	snprintf(room->why, room->why_bytes, "%s: %llu MiB", what, (unsigned long long)limit >> 20);
}

/**
 * publisher_room() - memory that may be taken beside what is held now, in whole pages
 * @p: publisher
 * @bytes: where it goes
 *
 * Return: 0; -ENOTCONN when the module does not answer.
 */
int publisher_room(struct publisher *p, uint64_t *bytes)
{
	struct room room = { .bytes = UINT64_MAX, .why = p->why_short, .why_bytes = sizeof(p->why_short) };
	struct ktftp_info info;

	*bytes = 0;
	if (!p->k || ktftp_info_get(p->k, &info))
		return -ENOTCONN;
	narrow(&room, p->limit, p->held_bytes, "pin_bytes");
	narrow(&room, info.namespace_limit_bytes, info.namespace_bytes,
	       "the budget of this namespace, see ktftpctl budget");
	narrow(&room, info.store_limit_bytes, info.store_bytes, "the module's parameter store_limit_mb");
	*bytes = room.bytes / PUBLISHER_PAGE_BYTES * PUBLISHER_PAGE_BYTES;
	return 0;
}
