// SPDX-License-Identifier: GPL-2.0
/*
 * Sets that make the module have what it is to have. What belongs together goes in one set, so that no client finds
 * half of it; what the module refuses, or has no room for, is left out of the set and not in its way: under such a name
 * it has nothing then, rather than the content of before, and the daemon serves it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "hot.h"
#include "publisher_parts.h"

/* In one set, at most: names, and files that are open for it. */
#define NAMES_MOST  4096
#define FILES_MOST  512

/* Pieces of memory that small files share are given back as a whole. */
#define SHARE_BYTES (1 << 20)

/* How often a set is made anew without what was refused. After that, nothing is published by it. */
#define TRIES       16

/**
 * struct swap - one set
 * @p: publisher
 * @pins: names that may be in it
 * @count: how many
 * @set: the set
 * @items: which name each of its items is
 * @item_count: how many
 * @room: memory that what is published may take
 */
struct swap {
	struct publisher *p;
	struct pin **pins;
	size_t count;
	struct ktftp_set *set;
	struct pin **items;
	size_t item_count;
	uint64_t room;
};

static bool is_coming(const struct pin *pin)
{
	return pin->exists && pin->is_wanted && !pin->is_left_out && (pin->held == PIN_NONE || pin->held == PIN_OTHER);
}

static bool is_going(const struct pin *pin)
{
	return (pin->held == PIN_OTHER && !is_coming(pin)) || (pin->held == PIN_SAME && !pin->is_wanted);
}

static bool is_small(const struct pin *pin)
{
	return pin->file.size <= PUBLISHER_SMALL_BYTES;
}

/* Leaves out what there is no room for. */
static int choose(struct swap *s)
{
	struct hot *things = calloc(s->count, sizeof(*things));
	size_t count = 0, i;
	int err;

	if (!things)
		return -ENOMEM;
	for (i = 0; i < s->count; i++) {
		struct pin *pin = s->pins[i];

		if (!is_coming(pin))
			continue;
		pin->thing = count;
		things[count++] = (struct hot){
			.bytes = publisher_cost(&pin->file),
			.score = pin->score,
			.is_held = pin->held == PIN_OTHER,
		};
	}
	err = hot_choose(things, count, s->room);
	for (i = 0; !err && i < s->count; i++)
		if (is_coming(s->pins[i]))
			s->pins[i]->is_left_out = !things[s->pins[i]->thing].is_wanted;
	free(things);
	return err;
}

static void leave_out_all(struct swap *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (is_coming(s->pins[i]))
			s->pins[i]->is_left_out = true;
}

/* Said once for each reason. */
static void refuse(struct swap *s, struct pin *pin, int err, const char *text)
{
	pin->is_left_out = true;
	if (pin->refusal != err)
		publisher_note_one(s->p, LOG_WARNING, "in view %s, %s; ktftpd itself serves it", pin->view, text);
	pin->refusal = err;
}

/* The path in the folder, where it can be shown. */
static const char *source_of(const struct pin *pin)
{
	const char *c;

	for (c = pin->file.path; c && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "";
	return c && c - pin->file.path <= KTFTP_SOURCE_MAX ? pin->file.path : "";
}

static int add_published(struct swap *s, struct pin *pin)
{
	const struct ktftp_properties properties = {
		.name = pin->name,
		.view = pin->view,
		.owner = PUBLISHER_OWNER,
		.source = source_of(pin),
		.digest = pin->file.digest,
	};
	char text[KTFTP_NAME_MAX + 128];
	int fd = s->p->hooks.open(&pin->file, s->p->hooks.context), err = fd;

	if (fd >= 0)
		err = ktftp_set_publish_open(s->set, &properties, fd,
					     is_small(pin) ? KTFTP_HOLD_SEAL : KTFTP_HOLD_AUTO);
	if (!err || err == -EMFILE || err == -ENFILE || err == -ENOMEM)
		return err;
	snprintf(text, sizeof(text), "%s: %s", pin->name, strerror(-err));
	refuse(s, pin, err, fd < 0 ? text : ktftp_error(s->p->k));
	return 0;
}

static int add(struct swap *s, struct pin *pin)
{
	const size_t before = ktftp_set_count(s->set);
	int err = is_coming(pin) ? add_published(s, pin) : 0;

	if (!err && is_going(pin))
		err = ktftp_set_withdraw(s->set, pin->view, pin->name);
	if (!err && ktftp_set_count(s->set) > before)
		s->items[s->item_count++] = pin;
	return err;
}

static int build(struct swap *s)
{
	size_t i;
	int err = 0;

	s->item_count = 0;
	s->set = ktftp_set_new(s->p->k);
	if (!s->set)
		return -ENOMEM;
	ktftp_set_share(s->set, SHARE_BYTES);
	for (i = 0; !err && i < s->count; i++)
		err = add(s, s->pins[i]);
	return err;
}

static void published(struct pin *pin)
{
	pin->held = PIN_SAME;
	pin->held_bytes = is_small(pin) ? 0 : publisher_pages(pin->file.size);
	pin->pack = 0;
	pin->hits = 0;
	pin->is_counted = true;
	pin->refusal = 0;
}

static void withdrawn(struct pin *pin)
{
	pin->held = PIN_NONE;
	pin->held_bytes = 0;
	pin->pack = 0;
	pin->is_counted = false;
}

/* What went may still be sent to somebody: room is what the module says. */
static void done(struct swap *s)
{
	uint64_t shared = 0;
	size_t i;

	for (i = 0; i < s->item_count; i++) {
		struct pin *pin = s->items[i];
		bool came = is_coming(pin);

		s->p->held_bytes -= pin->held_bytes;
		if (!came) {
			withdrawn(pin);
			continue;
		}
		published(pin);
		s->p->held_bytes += pin->held_bytes;
		shared += is_small(pin) ? publisher_cost(&pin->file) : 0;
	}
	s->p->held_bytes += publisher_pages(shared);
}

/* What fitted, when the module had no room for one of the items. */
static uint64_t cost_before(const struct swap *s, long blamed)
{
	uint64_t before = 0, all = 0;
	size_t i;

	for (i = 0; i < s->item_count; i++) {
		if ((long)i == blamed)
			before = all;
		all += is_coming(s->items[i]) ? publisher_cost(&s->items[i]->file) : 0;
	}
	/* It becomes less each time, however the costs were wrong. */
	return before && before < all ? before : all / 2;
}

static int mend_room(struct swap *s, long blamed)
{
	snprintf(s->p->why_short, sizeof(s->p->why_short), "%s", ktftp_error(s->p->k));
	s->room = cost_before(s, blamed);
	if (!s->room)
		leave_out_all(s);
	return choose(s);
}

/* Does what helps against a refusal. Return: 0 to try again. */
static int mend(struct swap *s, int err)
{
	const long blamed = ktftp_set_blamed(s->set);
	struct pin *pin = blamed < 0 ? NULL : s->items[blamed];

	if (err == -ENOSPC)
		return mend_room(s, blamed);
	if (err == -EMSGSIZE)
		return err;
	if (!publisher_is_there(s->p))
		return -ENOTCONN;
	if (pin && is_coming(pin)) {
		refuse(s, pin, err, ktftp_error(s->p->k));
		return 0;
	}
	/* Somebody else took it back. */
	if (pin && err == -ENOENT) {
		withdrawn(pin);
		return 0;
	}
	return err;
}

/* One try. Return: 0 when it is done; -EAGAIN when it is worth another one; another negative errno. */
static int attempt(struct swap *s)
{
	struct ktftp_set_result result;
	int err = build(s);

	if (!err && s->item_count) {
		err = ktftp_set_commit(s->set, &result);
		if (err)
			err = mend(s, err) ?: -EAGAIN;
		else
			done(s);
	}
	ktftp_set_free(s->set);
	s->set = NULL;
	return err;
}

/* Return: 0; -EMSGSIZE or -EMFILE when it has to be done in parts; another negative errno. */
static int make(struct swap *s)
{
	int tries, err;

	err = publisher_room(s->p, &s->room);
	if (!err)
		err = choose(s);
	if (err)
		return err;
	for (tries = 1; tries < TRIES; tries++) {
		err = attempt(s);
		if (err != -EAGAIN)
			return err == -ENFILE ? -EMFILE : err;
	}
	leave_out_all(s);
	return attempt(s);
}

static int swap_some(struct publisher *p, struct pin **pins, size_t count)
{
	struct swap s = { .p = p, .pins = pins, .count = count, .items = calloc(count, sizeof(*s.items)) };
	int err = s.items ? make(&s) : -ENOMEM;

	free(s.items);
	if (err != -EMSGSIZE && err != -EMFILE)
		return err;
	if (count == 1 && pins[0]->is_left_out)
		return err;
	if (count == 1) {
		pins[0]->is_left_out = true;
		return swap_some(p, pins, 1);
	}
	err = swap_some(p, pins, count / 2);
	return err ? err : swap_some(p, pins + count / 2, count - count / 2);
}

static size_t directory_bytes(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash - name : 0;
}

static bool is_same_directory(const struct pin *a, const struct pin *b)
{
	size_t bytes = directory_bytes(a->name);

	return bytes == directory_bytes(b->name) && !strncmp(a->name, b->name, bytes) && !strcmp(a->view, b->view);
}

/* How many from that one on go into one set: as many as may, directories as a whole where they fit into one. */
static size_t count_of_set(const struct pin_list *list, size_t from, uint64_t most_bytes)
{
	size_t border = from, files = 0, i;
	uint64_t bytes = 0;

	for (i = from; i < list->count; i++) {
		const struct pin *pin = list->pins[i];

		if (i > from && !is_same_directory(list->pins[i - 1], pin))
			border = i;
		files += is_coming(pin) && !is_small(pin);
		bytes += is_coming(pin) ? publisher_cost(&pin->file) : 0;
		if (i > from && (i - from >= NAMES_MOST || files > FILES_MOST || bytes > most_bytes))
			return (border > from ? border : i) - from;
	}
	return list->count - from;
}

/**
 * publisher_swap() - make the module have what is wanted of some names, and nothing under those that are not
 * @p: publisher, connected
 * @list: the names; put in order
 * @most_bytes: to publish in one set, at most; UINT64_MAX when all of it is to happen at one moment
 *
 * Return: 0; -ENOTCONN when the module is gone; another negative errno.
 */
int publisher_swap(struct publisher *p, struct pin_list *list, uint64_t most_bytes)
{
	size_t from, count, sets = 0;
	int err = 0;

	pin_list_sort(list);
	for (from = 0; from < list->count; from++)
		list->pins[from]->is_left_out = false;
	for (from = 0; !err && from < list->count; from += count, sets++) {
		count = count_of_set(list, from, most_bytes);
		err = swap_some(p, list->pins + from, count);
	}
	if (!err && sets > 1 && most_bytes == UINT64_MAX)
		publisher_note(
			p, LOG_INFO,
			"%zu names changed at one moment, which is too many for one set: they were swapped in %zu",
			list->count, sets);
	return err;
}
