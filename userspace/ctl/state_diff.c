// SPDX-License-Identifier: GPL-2.0
/* What differs between the state of the kernel and that of a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* The range of ports for transfers when a line gives none: as the module has it. */
#define TID_FIRST 61000
#define TID_LAST  63999

typedef int (*compare_fn)(const void *, const void *);

/* Are they the same but for what names them? */
typedef bool (*same_fn)(const void *old, const void *new, const struct state *now);

static uint16_t or_default(uint16_t port, uint16_t otherwise)
{
	return port ? port : otherwise;
}

static bool same_listener(const void *old, const void *new, const struct state *now)
{
	const struct ktftp_listener *a = &((const struct state_listener *)old)->listener;
	const struct ktftp_listener *b = &((const struct state_listener *)new)->listener;
	bool same_ports = a->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT ||
			  (a->tid_first == or_default(b->tid_first, TID_FIRST) &&
			   a->tid_last == or_default(b->tid_last, TID_LAST));

	(void)now;
	return !is_on_its_way_out(a) && a->flags == b->flags && same_ports && a->dscp == b->dscp && a->mark == b->mark;
}

static int64_t published_ns(const struct ktftp_entry *entry, const struct state *now)
{
	return now->taken_ns - (int64_t)entry->age_ms * 1000000;
}

static bool same_entry(const void *old, const void *new, const struct state *now)
{
	const struct state_entry *a = old, *b = new;
	bool same_source = !strcmp(a->entry.source, b->entry.source) &&
			   (b->error ||
			    (a->entry.size == b->entry.size && b->changed_ns <= published_ns(&a->entry, now)));
	bool same_digest = a->entry.has_digest == b->entry.has_digest &&
			   !memcmp(a->entry.digest, b->entry.digest, KTFTP_DIGEST_BYTES);

	return same_source && same_digest && !strcmp(a->entry.owner, b->entry.owner) && !why_not_saved(&a->entry) &&
	       (b->hold == KTFTP_HOLD_AUTO || a->hold == b->hold);
}

/* One that lives out its time is the same: it does not begin anew each time that the file is applied. */
static bool same_absent(const void *old, const void *new, const struct state *now)
{
	const struct ktftp_absent *a = &((const struct state_absent *)old)->absent;
	const struct ktftp_absent *b = &((const struct state_absent *)new)->absent;

	(void)now;
	return !strcmp(a->owner, b->owner) && a->ends == b->ends && (!a->ends || a->left_ms <= b->left_ms);
}

/* What no file can say stays. */
static bool stays(enum state_object object, const void *old)
{
	return object == STATE_ENTRY && why_not_saved(&((const struct state_entry *)old)->entry);
}

static int add(struct vector *differences, char sign, enum state_object object, const void *old, const void *new)
{
	struct difference *out = vector_add(differences);

	if (!out)
		return -ENOMEM;
	*out = (struct difference){ .sign = sign, .object = object, .old = old, .new = new };
	return 0;
}

/**
 * struct comparison - two lists of one kind
 * @object: what is in them
 * @old: as the kernel has it
 * @new: as the file says it
 * @compare: by what names an item
 * @same: by everything else
 * @now: state of the kernel
 * @out: where the differences go
 */
struct comparison {
	enum state_object object;
	const struct vector *old;
	const struct vector *new;
	compare_fn compare;
	same_fn same;
	const struct state *now;
	struct vector *out;
};

static int compare_indexed(const struct comparison *c, const void *const *old_index, const void *const *new_index)
{
	const void *item, *other;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < c->old->count; i++) {
		item = (const char *)c->old->items + i * c->old->item_bytes;
		if (!stays(c->object, item) && !state_find(new_index, c->new->count, item, c->compare))
			err = add(c->out, '-', c->object, item, NULL);
	}
	for (i = 0; !err && i < c->new->count; i++) {
		item = (const char *)c->new->items + i * c->new->item_bytes;
		other = state_find(old_index, c->old->count, item, c->compare);
		if (!other)
			err = add(c->out, '+', c->object, NULL, item);
		else if (!c->same(other, item, c->now))
			err = add(c->out, '~', c->object, other, item);
	}
	return err;
}

static int compare_lists(const struct comparison *c)
{
	const void **old_index = state_index(c->old, c->compare);
	const void **new_index = state_index(c->new, c->compare);
	int err = old_index && new_index ? compare_indexed(c, old_index, new_index) : -ENOMEM;

	free(old_index);
	free(new_index);
	return err;
}

static int compare_stacks(const struct state *now, const struct state *wanted, struct vector *differences)
{
	size_t i;

	for (i = 0; i < now->stack_count && i < wanted->stack_count; i++)
		if (strcmp(now->stack[i], wanted->stack[i]))
			break;
	if (i == now->stack_count && i == wanted->stack_count)
		return 0;
	return add(differences, '~', STATE_STACK, now, wanted);
}

/* Fills @differences, which has the size of its items; -ENOMEM or 0. */
int state_diff(const struct state *now, const struct state *wanted, struct vector *differences)
{
	const struct comparison listeners = { STATE_LISTENER,    &now->listeners, &wanted->listeners,
					      compare_listeners, same_listener,   now,
					      differences };
	const struct comparison entries = { STATE_ENTRY, &now->entries, &wanted->entries, compare_entries,
					    same_entry,  now,           differences };
	const struct comparison absents = { STATE_ABSENT, &now->absents, &wanted->absents, compare_absents,
					    same_absent,  now,           differences };
	int err = compare_lists(&listeners);

	if (!err)
		err = compare_stacks(now, wanted, differences);
	if (!err)
		err = compare_lists(&entries);
	return err ? err : compare_lists(&absents);
}
