// SPDX-License-Identifier: GPL-2.0
/*
 * Builds a set: names to publish and withdraw, absents, the views that clients see. How a file is held is
 * decided when it is added; copies of small files share memfds, so that many of them cost little more memory
 * than their bytes, and few descriptors.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entry.h"
#include "file.h"
#include "set.h"

/* Files up to this size share memfds: a page that is not full matters little to larger ones. */
#define SMALL_BYTES     (64 << 10)

/* A memfd stays as a whole until the last of its names has gone: see ktftp_set_share(). */
#define PACK_BYTES_MOST (32 << 20)

/*
 * Where a file in a pack begins: on a boundary on which memory is copied and summed fast, not on one of a
 * page, which would cost half a page a file. That a block may lie in two pages costs one more fragment.
 */
#define PACK_ALIGN      16

/**
 * ktftp_set_new() - a set of no changes
 * @k: connection
 *
 * Return: the set, or NULL for want of memory.
 */
struct ktftp_set *ktftp_set_new(struct ktftp *k)
{
	struct ktftp_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->k = k;
	set->items.item_bytes = sizeof(struct set_item);
	set->packs.item_bytes = sizeof(struct set_pack);
	set->pack_bytes = PACK_BYTES_MOST;
	set->blamed = -1;
	return set;
}

/**
 * ktftp_set_share() - how much of the memory that copies of small files share is one piece
 * @set: set, empty still
 * @bytes: of a piece, which stays as a whole until the last of its names has gone
 *
 * Who takes names back one by one, so that there is room for others, wants small pieces.
 */
void ktftp_set_share(struct ktftp_set *set, uint64_t bytes)
{
	set->pack_bytes = bytes;
}

struct set_item *set_item_at(const struct ktftp_set *set, size_t i)
{
	return (struct set_item *)set->items.items + i;
}

static void close_own(struct set_item *item)
{
	if (item->owns_fd)
		close(item->fd);
	item->owns_fd = false;
}

static void empty_item(struct set_item *item)
{
	close_own(item);
	free(item->name);
	free(item->view);
	free(item->owner);
	free(item->source);
	free(item->path);
}

/**
 * ktftp_set_free() - forget a set, committed or not
 * @set: set, or NULL
 */
void ktftp_set_free(struct ktftp_set *set)
{
	struct set_pack *packs;
	size_t i;

	if (!set)
		return;
	for (i = 0; i < set->items.count; i++)
		empty_item(set_item_at(set, i));
	packs = set->packs.items;
	for (i = 0; i < set->packs.count; i++)
		close(packs[i].fd);
	vector_free(&set->items);
	vector_free(&set->packs);
	free(set);
}

/**
 * ktftp_set_count() - how many changes there are
 * @set: set
 */
size_t ktftp_set_count(const struct ktftp_set *set)
{
	return set->items.count;
}

/**
 * ktftp_set_bytes() - size of the files that are to be published
 * @set: set
 */
uint64_t ktftp_set_bytes(const struct ktftp_set *set)
{
	return set->bytes;
}

static int out_of_memory(struct ktftp_set *set)
{
	return ktftp_fail(set->k, -ENOMEM, "out of memory");
}

static bool keep(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return *out || !text;
}

/* One more item, or NULL and an error in the connection. */
static struct set_item *add_item(struct ktftp_set *set, enum set_change change, const char *name, const char *view,
				 const char *owner)
{
	const struct ktftp_properties properties = { .name = name, .view = view, .owner = owner };
	struct set_item *item;

	if (!entry_fits(set->k, &properties))
		return NULL;
	item = vector_add(&set->items);
	if (item && keep(&item->name, name) && keep(&item->view, view) && keep(&item->owner, owner)) {
		item->change = change;
		return item;
	}
	if (item) {
		empty_item(item);
		set->items.count--;
	}
	out_of_memory(set);
	return NULL;
}

static int forget_last(struct ktftp_set *set, int err)
{
	empty_item(set_item_at(set, --set->items.count));
	return err;
}

static struct set_item *add_published(struct ktftp_set *set, const struct ktftp_properties *p, const char *source)
{
	struct set_item *item;

	if (source && strlen(source) > KTFTP_SOURCE_MAX) {
		ktftp_fail(set->k, -ENAMETOOLONG, "a source has at most %d bytes", KTFTP_SOURCE_MAX);
		return NULL;
	}
	item = add_item(set, SET_PUBLISH, p->name, p->view, p->owner);
	if (!item)
		return NULL;
	item->while_attached = p->while_attached;
	item->has_digest = p->digest;
	if (p->digest)
		memcpy(item->digest, p->digest, sizeof(item->digest));
	if (keep(&item->source, source))
		return item;
	forget_last(set, out_of_memory(set));
	return NULL;
}

/**
 * ktftp_set_publish_fd() - let a set publish an open file, or a part of it
 * @set: set
 * @properties: what the name is to be
 * @fd: file, open for reading; stays the caller's, and open until the set is committed
 * @kind: how it is to be held
 * @offset: where in the file the content begins
 * @size: its size, or KTFTP_WHOLE
 */
int ktftp_set_publish_fd(struct ktftp_set *set, const struct ktftp_properties *properties, int fd, enum ktftp_kind kind,
			 uint64_t offset, uint64_t size)
{
	struct set_item *item;
	struct stat status;

	if (fstat(fd, &status))
		return ktftp_fail(set->k, -errno, "%s: %s", properties->name, strerror(errno));
	item = add_published(set, properties, properties->source);
	if (!item)
		return -EINVAL;
	item->fd = fd;
	item->kind = kind;
	item->offset = offset;
	item->size = size;
	if (size == KTFTP_WHOLE)
		item->size = (uint64_t)status.st_size > offset ? status.st_size - offset : 0;
	set->bytes += item->size;
	return 0;
}

/* The pack that the next small file goes into, the last one, or a negative errno. */
static int prepare_pack(struct ktftp_set *set, uint64_t size)
{
	struct set_pack *pack = (struct set_pack *)set->packs.items + set->packs.count;
	int fd;

	if (set->packs.count && !pack[-1].is_sealed && pack[-1].bytes + size <= set->pack_bytes)
		return 0;
	fd = memfd_new(set->k);
	if (fd < 0)
		return fd;
	pack = vector_add(&set->packs);
	if (!pack) {
		close(fd);
		return out_of_memory(set);
	}
	pack->fd = fd;
	return 0;
}

static int copy_into_pack(struct ktftp_set *set, struct set_item *item)
{
	struct set_pack *pack;
	uint64_t at, size;
	int err = prepare_pack(set, item->size);

	if (err)
		return err;
	pack = (struct set_pack *)set->packs.items + set->packs.count - 1;
	at = (pack->bytes + PACK_ALIGN - 1) / PACK_ALIGN * PACK_ALIGN;
	err = file_copy(set->k, item->path, item->fd, pack->fd, at, &size);
	if (err)
		return err;
	pack->bytes = at + size;
	close_own(item);
	item->fd = pack->fd;
	item->offset = at;
	item->size = size;
	return 0;
}

static int copy_alone(struct ktftp_set *set, struct set_item *item)
{
	int fd = file_sealed_copy(set->k, item->path, item->fd, &item->size);

	if (fd < 0)
		return fd;
	close_own(item);
	item->fd = fd;
	item->owns_fd = true;
	return 0;
}

/**
 * set_item_copy() - take a copy of an item's file instead of the file
 * @set: set
 * @item: an item that has a file of its own
 *
 * Pages of the module's own are not shared: what is copied once more there has a memfd for itself.
 */
int set_item_copy(struct ktftp_set *set, struct set_item *item)
{
	bool is_small = item->size <= SMALL_BYTES && item->kind != KTFTP_KIND_COPIED;

	item->may_copy = false;
	if (item->kind == KTFTP_KIND_PINNED)
		item->kind = KTFTP_KIND_SEALED;
	return is_small ? copy_into_pack(set, item) : copy_alone(set, item);
}

/**
 * set_seal_packs() - let nobody change what the packs contain
 * @set: set
 */
int set_seal_packs(struct ktftp_set *set)
{
	struct set_pack *packs = set->packs.items;
	size_t i;
	int err;

	for (i = 0; i < set->packs.count; i++) {
		if (packs[i].is_sealed)
			continue;
		/* A copy that failed may have left something behind. */
		if (ftruncate(packs[i].fd, packs[i].bytes))
			return ktftp_fail(set->k, -errno, "memfd: %s", strerror(errno));
		err = memfd_seal(set->k, packs[i].fd);
		if (err)
			return err;
		packs[i].is_sealed = true;
	}
	return 0;
}

/* Takes the file as it is where it can be held so, else a copy. */
static int hold_somehow(struct ktftp_set *set, struct set_item *item)
{
	item->may_copy = true;
	if (file_is_sealed(item->fd))
		item->kind = KTFTP_KIND_SEALED;
	else if (!file_can_be_pinned(item->fd))
		return set_item_copy(set, item);
	return file_warm(set->k, item->path, item->fd);
}

static int hold_file(struct ktftp_set *set, struct set_item *item, enum ktftp_hold hold)
{
	item->kind = KTFTP_KIND_PINNED;
	switch (hold) {
	case KTFTP_HOLD_PIN:
		return file_warm(set->k, item->path, item->fd);
	case KTFTP_HOLD_SEAL:
		return set_item_copy(set, item);
	case KTFTP_HOLD_COPY:
		item->kind = KTFTP_KIND_COPIED;
		return set_item_copy(set, item);
	case KTFTP_HOLD_AUTO:
		break;
	}
	return hold_somehow(set, item);
}

static int add_file(struct ktftp_set *set, const struct ktftp_properties *properties, const char *path, int fd,
		    const struct stat *status, enum ktftp_hold hold)
{
	char source[KTFTP_SOURCE_MAX + 1];
	struct set_item *item;
	int err;

	file_source(fd, source);
	item = add_published(set, properties, properties->source ? properties->source : source);
	if (!item) {
		close(fd);
		return -EINVAL;
	}
	item->fd = fd;
	item->owns_fd = true;
	item->size = status->st_size;
	item->device = status->st_dev;
	if (!keep(&item->path, path))
		return forget_last(set, out_of_memory(set));
	err = hold_file(set, item, hold);
	if (err)
		return forget_last(set, err);
	set->bytes += item->size;
	return 0;
}

/**
 * ktftp_set_publish_file() - let a set publish a file
 * @set: set
 * @properties: what the name is to be
 * @directory: directory @path is relative to, or AT_FDCWD
 * @path: file
 * @hold: how it is to be held
 */
int ktftp_set_publish_file(struct ktftp_set *set, const struct ktftp_properties *properties, int directory,
			   const char *path, enum ktftp_hold hold)
{
	struct stat status;
	int fd = file_open(set->k, directory, path, &status);

	return fd < 0 ? fd : add_file(set, properties, path, fd, &status, hold);
}

/**
 * ktftp_set_publish_open() - let a set publish a file that is open already
 * @set: set
 * @properties: what the name is to be
 * @fd: file, open for reading; the set's from now on, also when this fails
 * @hold: how it is to be held
 */
int ktftp_set_publish_open(struct ktftp_set *set, const struct ktftp_properties *properties, int fd,
			   enum ktftp_hold hold)
{
	struct stat status;
	int err = file_check(set->k, properties->name, fd, &status);

	if (!err)
		return add_file(set, properties, properties->name, fd, &status, hold);
	close(fd);
	return err;
}

/**
 * ktftp_set_withdraw() - let a set take a name back
 * @set: set
 * @view: view, NULL for "default"
 * @name: name
 */
int ktftp_set_withdraw(struct ktftp_set *set, const char *view, const char *name)
{
	return add_item(set, SET_WITHDRAW, name, view, NULL) ? 0 : -EINVAL;
}

/**
 * ktftp_set_absent_add() - let a set add an absent
 * @set: set
 * @view: view, NULL for "default"
 * @owner: who cares for it, NULL for "cli"
 * @for_s: seconds it lives, 0 for ever
 * @glob: name or glob
 */
int ktftp_set_absent_add(struct ktftp_set *set, const char *view, const char *owner, uint32_t for_s, const char *glob)
{
	struct set_item *item = add_item(set, SET_ABSENT_ADD, glob, view, owner);

	if (!item)
		return -EINVAL;
	item->for_s = for_s;
	return 0;
}

/**
 * ktftp_set_absent_del() - let a set delete an absent
 * @set: set
 * @view: view, NULL for "default"
 * @glob: as it was added
 */
int ktftp_set_absent_del(struct ktftp_set *set, const char *view, const char *glob)
{
	return add_item(set, SET_ABSENT_DEL, glob, view, NULL) ? 0 : -EINVAL;
}

/**
 * ktftp_set_stack() - let a set change which views clients see
 * @set: set
 * @views: their names, the uppermost first
 * @count: how many
 */
int ktftp_set_stack(struct ktftp_set *set, const char *const *views, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (count > KTFTP_STACK_MAX || strlen(views[i]) > KTFTP_LABEL_MAX)
			return ktftp_fail(set->k, -E2BIG,
					  "clients see %d views at most, with names of at most %d bytes",
					  KTFTP_STACK_MAX, KTFTP_LABEL_MAX);
	for (i = 0; i < count; i++)
		strcpy(set->stack[i], views[i]);
	set->stack_count = count;
	return 0;
}
