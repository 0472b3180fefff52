// SPDX-License-Identifier: GPL-2.0
/*
 * See publisher.h: what the folder's thread asks for. Each time the module is looked at first, because others publish
 * there as well; then sets are made of what is not as it should be.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "hot.h"
#include "publisher_parts.h"

/* A look that old is good enough for a change of the folder: a list of 50,000 names takes its time. */
#define LOOK_MS    1000

/* Of a kind, while one thing is done. */
#define NOTES_MOST 10

/* In one set when nothing has to happen at one moment: copies of small files are memory twice meanwhile. */
#define SET_BYTES  (64 << 20)

#define MINUTE_MS  60000

static void note(struct publisher *p, int level, const char *format, va_list arguments)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, arguments);
	p->hooks.note(level, text, p->hooks.context);
}

void publisher_note(struct publisher *p, int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	note(p, level, format, arguments);
	va_end(arguments);
}

/* About one name, of which there may be very many. */
void publisher_note_one(struct publisher *p, int level, const char *format, ...)
{
	va_list arguments;

	if (p->notes >= NOTES_MOST) {
		p->notes_kept++;
		return;
	}
	p->notes++;
	va_start(arguments, format);
	note(p, level, format, arguments);
	va_end(arguments);
}

static void end_notes(struct publisher *p)
{
	if (p->notes_kept)
		publisher_note(p, LOG_WARNING, "the same goes for %u more names", p->notes_kept);
	p->notes = 0;
	p->notes_kept = 0;
}

/* What is neither in the folder nor in the module. */
static bool is_of_nobody(const struct pin *pin)
{
	return !pin->exists && pin->held == PIN_NONE;
}

static void drop_all_of_nobody(struct publisher *p)
{
	struct pin_list list;
	size_t i;

	/* For want of memory, another time. */
	if (pins_list(&p->pins, is_of_nobody, &list))
		return;
	for (i = 0; i < list.count; i++)
		pins_drop(&p->pins, list.pins[i]);
	free(list.pins);
}

static bool is_pinned(const struct pin *pin)
{
	return pin->exists && pin->held == PIN_SAME;
}

static bool is_news(const struct pin *pin)
{
	return pin->exists && pin->is_told != is_pinned(pin);
}

/* Says what is pinned now and was not, and the reverse. */
static int tell(struct publisher *p)
{
	struct folder_change *changes;
	struct pin_list news;
	size_t i;

	if (pins_list(&p->pins, is_news, &news))
		return -ENOMEM;
	changes = calloc(news.count ? news.count : 1, sizeof(*changes));
	for (i = 0; changes && i < news.count; i++) {
		struct pin *pin = news.pins[i];

		pin->is_told = is_pinned(pin);
		changes[i].what = pin->is_told ? FOLDER_PINNED : FOLDER_UNPINNED;
		changes[i].name = pin->name;
		strcpy(changes[i].view, pin->view);
	}
	if (changes && news.count)
		p->hooks.pinned(changes, news.count, p->hooks.context);
	free(news.pins);
	if (!changes)
		return -ENOMEM;
	free(changes);
	return 0;
}

/* The module is gone, and with it what it had. */
static void lose(struct publisher *p)
{
	struct pin *pin;

	if (!p->is_gone)
		publisher_note(p, LOG_WARNING,
			       "the module does not answer (%s): ktftpd itself serves everything until it does",
			       p->k ? ktftp_error(p->k) : "out of memory");
	p->is_gone = true;
	ktftp_close(p->k);
	p->k = NULL;
	p->held_bytes = 0;
	for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin)) {
		pin->held = PIN_NONE;
		pin->held_bytes = 0;
		pin->is_counted = false;
	}
	drop_all_of_nobody(p);
}

static int connect_module(struct publisher *p)
{
	int err;

	if (p->k)
		return 0;
	err = ktftp_open(&p->k);
	if (err)
		lose(p);
	return err;
}

/* Return: 0 when it is known what the module has; -ENOTCONN when it is gone, -ENOMEM. */
static int look(struct publisher *p)
{
	int err = connect_module(p) ? -ENOTCONN : publisher_look(p);

	if (err && err != -ENOMEM) {
		lose(p);
		return -ENOTCONN;
	}
	if (!err && p->is_gone) {
		publisher_note(p, LOG_NOTICE, "the module answers again");
		p->is_gone = false;
	}
	return err;
}

static void note_foreign(struct publisher *p, struct pin *pin)
{
	if (!pin->exists || pin->held != PIN_FOREIGN || pin->is_foreign_noted)
		return;
	pin->is_foreign_noted = true;
	publisher_note_one(p, LOG_NOTICE,
			   "%s (view %s) was published by hand: that is served, and not the folder's file, until it is "
			   "withdrawn (ktftpctl withdraw)",
			   pin->name, pin->view);
}

static bool lacks_room(const struct pin *pin)
{
	return pin->exists && pin->held == PIN_NONE && !pin->refusal;
}

/* Once when something becomes so, and of room once when it no longer is. */
static void note_state(struct publisher *p)
{
	size_t lacking = 0, all = 0;
	struct pin *pin;

	for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin)) {
		note_foreign(p, pin);
		lacking += lacks_room(pin);
		all += pin->exists;
	}
	if (lacking && !p->is_short)
		publisher_note(p, LOG_NOTICE,
			       "%zu of %zu names do not fit into what the module may hold (%s): ktftpd itself serves "
			       "them, and the "
			       "module those that are asked for most",
			       lacking, all, p->why_short);
	if (!lacking && p->is_short)
		publisher_note(p, LOG_INFO, "all %zu names fit into what the module may hold again", all);
	p->is_short = lacking;
}

/* What came of a swap, for those who called us: refusals were noted and are no failures. */
static int end_swap(struct publisher *p, int err)
{
	if (err == -ENOTCONN)
		lose(p);
	else if (err && err != -ENOMEM && err != p->failure)
		publisher_note(p, LOG_ERR, "publishing: %s", ktftp_error(p->k));
	p->failure = err;
	if (p->k)
		note_state(p);
	drop_all_of_nobody(p);
	end_notes(p);
	return err == -ENOMEM ? err : 0;
}

static bool is_to_go(const struct pin *pin)
{
	return !pin->is_wanted && (pin->held == PIN_SAME || pin->held == PIN_OTHER);
}

static bool is_to_change(const struct pin *pin)
{
	return is_to_go(pin) || (pin->is_wanted && pin->held != PIN_SAME);
}

static int swap_those(struct publisher *p, pin_filter filter)
{
	struct pin_list list;
	int err = pins_list(&p->pins, filter, &list);

	if (!err)
		err = publisher_swap(p, &list, SET_BYTES);
	free(list.pins);
	return err;
}

static uint64_t cost_of_coming(const struct publisher *p)
{
	struct pin *pin;
	uint64_t cost = 0;

	for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin))
		cost += pin->is_wanted && pin->held != PIN_SAME ? publisher_cost(&pin->file) : 0;
	return cost;
}

/*
 * Makes the module have what it is to have, of all names. What comes needs room beside what goes when both are in one
 * set; where there is none, the daemon serves both for a moment.
 */
static int converge(struct publisher *p)
{
	uint64_t room = 0;
	int err = publisher_plan(p);

	if (!err)
		err = publisher_room(p, &room);
	if (!err && cost_of_coming(p) > room) {
		err = swap_those(p, is_to_go);
		/* What that gave back shows in the list alone. */
		if (!err)
			err = look(p);
	}
	if (!err)
		err = swap_those(p, is_to_change);
	return end_swap(p, err);
}

/**
 * publisher_new() - a publisher that has nothing to publish yet
 * @pin_bytes: most to hold, KTFTP_NO_LIMIT for what the module allows
 * @hooks: what it needs, and tells; copied
 * @out: where it goes
 * @why: where the reason of a failure goes
 * @room: of @why
 *
 * Return: 0; -ENOENT when the module is not loaded; -EOPNOTSUPP when it is too old; -ENOMEM.
 */
int publisher_new(uint64_t pin_bytes, const struct publisher_hooks *hooks, struct publisher **out, char *why,
		  size_t room)
{
	struct publisher *p = calloc(1, sizeof(*p));
	struct ktftp_info info;
	int err = p ? ktftp_open(&p->k) : -ENOMEM;

	if (!err)
		err = ktftp_info_get(p->k, &info);
	if (err) {
		snprintf(why, room, "%s", p && p->k ? ktftp_error(p->k) : "out of memory");
	} else if (!(info.features & KTFTP_FEATURE_SETS)) {
		snprintf(why, room, "the loaded module is older than this ktftpd: unload it and load the new one");
		err = -EOPNOTSUPP;
	}
	if (err) {
		publisher_free(p);
		return err;
	}
	p->hooks = *hooks;
	p->limit = pin_bytes;
	p->packs.item_bytes = sizeof(uint64_t);
	p->aged_min = publisher_now_ms() / MINUTE_MS;
	*out = p;
	return 0;
}

/**
 * publisher_free() - end it; what is published stays
 * @p: publisher, or NULL
 */
void publisher_free(struct publisher *p)
{
	if (!p)
		return;
	ktftp_close(p->k);
	pins_free(&p->pins);
	vector_free(&p->packs);
	free(p);
}

void publisher_set_limit(struct publisher *p, uint64_t pin_bytes)
{
	p->limit = pin_bytes;
}

/* Return: 0 or -ENOMEM. */
static int take_change(struct publisher *p, const struct folder_change *change, struct pin_list *list)
{
	struct pin *pin;

	if (change->what == FOLDER_READY) {
		pin = pins_get(&p->pins, change->view, change->name);
		if (!pin || pin_set_file(pin, &change->file))
			return -ENOMEM;
	} else if (change->what == FOLDER_GONE) {
		pin = pins_find(&p->pins, change->view, change->name);
		if (!pin)
			return 0;
		pin->exists = false;
		pin->held = pin->held == PIN_SAME ? PIN_OTHER : pin->held;
	} else {
		return 0;
	}
	if (!pin->is_listed)
		list->pins[list->count++] = pin;
	pin->is_listed = true;
	return 0;
}

static int take_changes(struct publisher *p, const struct folder_change *changes, size_t count, struct pin_list *list)
{
	size_t i;
	int err = 0;

	list->pins = calloc(count ? count : 1, sizeof(*list->pins));
	if (!list->pins)
		return -ENOMEM;
	for (i = 0; !err && i < count; i++)
		err = take_change(p, &changes[i], list);
	for (i = 0; i < list->count; i++)
		list->pins[i]->is_listed = false;
	return err;
}

static int publish_changes(struct publisher *p, struct pin_list *list)
{
	size_t i;
	int err = 0;

	if (publisher_now_ms() - p->looked_ms > LOOK_MS)
		err = look(p);
	if (err)
		return err == -ENOTCONN ? 0 : err;
	for (i = 0; i < list->count; i++)
		list->pins[i]->is_wanted = list->pins[i]->exists && list->pins[i]->held != PIN_FOREIGN;
	return end_swap(p, publisher_swap(p, list, UINT64_MAX));
}

static void answer(struct publisher *p, const struct folder_change *changes, size_t count, bool *pinned)
{
	struct pin *pin;
	size_t i;

	for (i = 0; i < count; i++) {
		pin = changes[i].what == FOLDER_READY ? pins_find(&p->pins, changes[i].view, changes[i].name) : NULL;
		pinned[i] = pin && is_pinned(pin);
		if (pin)
			pin->is_told = pinned[i];
	}
}

/**
 * publisher_commit() - names are to have other contents, or are no more
 * @p: publisher
 * @changes: FOLDER_READY and FOLDER_GONE
 * @count: how many
 * @is_pinned: where it goes whether the module serves each now
 *
 * What it refuses, or has no room for, is withdrawn and noted, and the daemon's to serve. Return: 0 or -ENOMEM.
 */
int publisher_commit(struct publisher *p, const struct folder_change *changes, size_t count, bool *is_pinned)
{
	struct pin_list list = {};
	int err = take_changes(p, changes, count, &list);

	if (!err && p->is_reconciled && p->k)
		err = publish_changes(p, &list);
	free(list.pins);
	drop_all_of_nobody(p);
	answer(p, changes, count, is_pinned);
	/* The module was lost on the way. */
	if (p->is_reconciled && !p->k)
		tell(p);
	return err;
}

/**
 * publisher_reconcile() - all that exists was committed: make the module have that
 * @p: publisher
 *
 * Return: 0 or -ENOMEM.
 */
int publisher_reconcile(struct publisher *p)
{
	int err = look(p);

	p->is_reconciled = true;
	if (!err)
		err = converge(p);
	return tell(p) ?: err == -ENOTCONN ? 0 : err;
}

void publisher_hits(struct publisher *p, const struct folder_hits *hits, size_t count)
{
	struct pin *pin;
	size_t i;

	for (i = 0; i < count; i++) {
		pin = pins_find(&p->pins, hits[i].view, hits[i].name);
		if (pin)
			pin->score += hot_score(hits[i].hits, 0);
	}
}

static void age(struct publisher *p)
{
	const int64_t now_min = publisher_now_ms() / MINUTE_MS;
	struct pin *pin;

	for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin))
		pin->score = hot_aged(pin->score, now_min - p->aged_min);
	p->aged_min = now_min;
}

/**
 * publisher_adjust() - let what is asked for most change places with what is not; try again what was refused
 * @p: publisher
 *
 * Return: 0 or -ENOMEM.
 */
int publisher_adjust(struct publisher *p)
{
	age(p);
	return p->is_reconciled ? publisher_reconcile(p) : 0;
}

/**
 * publisher_totals() - what the module serves of the folder
 * @p: publisher
 * @pinned: where the number of names goes
 * @pinned_bytes: where their size goes
 */
void publisher_totals(const struct publisher *p, uint64_t *pinned, uint64_t *pinned_bytes)
{
	struct pin *pin;

	*pinned = *pinned_bytes = 0;
	for (pin = pins_next(&p->pins, NULL); pin; pin = pins_next(&p->pins, pin))
		if (is_pinned(pin)) {
			++*pinned;
			*pinned_bytes += pin->file.size;
		}
}
