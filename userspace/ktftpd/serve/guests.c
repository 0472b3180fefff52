// SPDX-License-Identifier: GPL-2.0
/* See guests.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guests.h"

#define GUESTS_MOST    64
#define REFUSED_MOST   16
#define GUEST_S        1800      /* a slow client that began meanwhile finishes */
#define DENIED_S       10        /* longer than a phone waits before it asks again */
#define DENIALS_MOST   512       /* in DENIED_S */
#define REFUSED_S      60        /* until a content that had no room is tried again */
#define WARM_BYTES     (4 << 20) /* more than that is not waited for while it is read from the disk */
#define WARMING_S      15        /* but for that long, it may not stay in memory at all */
#define GUEST_NAME_MAX (sizeof(".ktftp/") + 2 * KTFTP_DIGEST_BYTES)

/**
 * struct guest - a content that is published for a while
 * @digest: its digest
 * @size: bytes, whole pages
 * @until: when it may be withdrawn, CLOCK_MONOTONIC seconds; 0 in a free place
 */
struct guest {
	uint8_t digest[KTFTP_DIGEST_BYTES];
	uint64_t size;
	int64_t until;
};

/* A content and until when something is known of it, or since when. */
struct remembered {
	uint8_t digest[KTFTP_DIGEST_BYTES];
	int64_t when;
};

/**
 * struct guests - what the module serves for the daemon
 * @k: connection
 * @guests: contents
 * @denials: absents that were added since @denials_since
 * @denials_since: CLOCK_MONOTONIC seconds
 * @invited: when a content was published last, likewise: that takes a while
 * @refused: contents that had no room, and until when they are not tried again
 * @refusals: how many there were, the next one's place
 * @warming: the content that is being read from the disk, and since when
 */
struct guests {
	struct ktftp *k;
	struct guest guests[GUESTS_MOST];
	unsigned int denials;
	int64_t denials_since;
	int64_t invited;
	struct remembered refused[REFUSED_MOST];
	size_t refusals;
	struct remembered warming;
};

struct guests *guests_new(struct ktftp *k)
{
	struct guests *g = calloc(1, sizeof(*g));

	if (g)
		g->k = k;
	return g;
}

void guests_begin(struct guests *g)
{
	uint32_t count;

	ktftp_withdraw_all(g->k, NULL, GUESTS_OWNER, &count);
}

void guests_free(struct guests *g)
{
	free(g);
}

static void name_of(const uint8_t *digest, char out[GUEST_NAME_MAX])
{
	int i, used = sprintf(out, ".ktftp/");

	for (i = 0; i < KTFTP_DIGEST_BYTES; i++)
		used += sprintf(out + used, "%02x", digest[i]);
}

static void withdraw(struct guests *g, struct guest *guest)
{
	char name[GUEST_NAME_MAX];
	const char *names[] = { name };
	uint32_t count;

	name_of(guest->digest, name);
	ktftp_withdraw(g->k, NULL, names, 1, &count);
	guest->until = 0;
}

static void withdraw_old(struct guests *g, int64_t now)
{
	size_t i;

	for (i = 0; i < GUESTS_MOST; i++)
		if (g->guests[i].until && g->guests[i].until <= now)
			withdraw(g, &g->guests[i]);
}

static struct guest *find(struct guests *g, const uint8_t *digest)
{
	size_t i;

	for (i = 0; i < GUESTS_MOST; i++)
		if (g->guests[i].until && !memcmp(g->guests[i].digest, digest, KTFTP_DIGEST_BYTES))
			return &g->guests[i];
	return NULL;
}

/* The one that ends first, of those that are there; or NULL. */
static struct guest *oldest(struct guests *g)
{
	struct guest *oldest = NULL;
	size_t i;

	for (i = 0; i < GUESTS_MOST; i++)
		if (g->guests[i].until && (!oldest || g->guests[i].until < oldest->until))
			oldest = &g->guests[i];
	return oldest;
}

static struct guest *free_place(struct guests *g)
{
	size_t i;

	for (i = 0; i < GUESTS_MOST; i++)
		if (!g->guests[i].until)
			return &g->guests[i];
	return NULL;
}

static int publish(struct guests *g, int fd, const struct folder_file *file)
{
	char name[GUEST_NAME_MAX];
	struct ktftp_properties properties = {
		.name = name,
		.owner = GUESTS_OWNER,
		.source = file->path,
		.digest = file->digest,
		.while_attached = true,
	};
	struct ktftp_entry entry;
	char path[64];

	name_of(file->digest, name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return ktftp_publish_file(g->k, &properties, -1, path, KTFTP_HOLD_AUTO, &entry);
}

static bool is_refused(const struct guests *g, const uint8_t *digest, int64_t now)
{
	size_t i;

	for (i = 0; i < REFUSED_MOST; i++)
		if (g->refused[i].when > now && !memcmp(g->refused[i].digest, digest, KTFTP_DIGEST_BYTES))
			return true;
	return false;
}

static void note_refused(struct guests *g, const uint8_t *digest, int64_t now)
{
	struct remembered *place = &g->refused[g->refusals++ % REFUSED_MOST];

	memcpy(place->digest, digest, KTFTP_DIGEST_BYTES);
	place->when = now + REFUSED_S;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* As the module counts a content: whole pages. */
static uint64_t in_pages(uint64_t bytes)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

/* Bytes that the module has room for: of its own limit and the namespace's. */
static int room_of(struct guests *g, uint64_t *room)
{
	struct ktftp_info info;
	int err = ktftp_info_get(g->k, &info);

	if (err)
		return err;
	*room = least(info.store_limit_bytes - least(info.store_bytes, info.store_limit_bytes),
		      info.namespace_limit_bytes - least(info.namespace_bytes, info.namespace_limit_bytes));
	return 0;
}

/*
 * Withdraws the oldest guests until there is a place and room for @size bytes, or none at all when even all of them
 * were too few. Their pages are the module's until their downloads end.
 */
static int make_room(struct guests *g, uint64_t size)
{
	uint64_t room, held = 0;
	struct guest *guest;
	int err = room_of(g, &room);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < GUESTS_MOST; i++)
		held += g->guests[i].until ? g->guests[i].size : 0;
	if (size > room && size - room > held)
		return -ENOSPC;
	while ((size > room || !free_place(g)) && (guest = oldest(g))) {
		room += guest->size;
		withdraw(g, guest);
	}
	return 0;
}

/* Whether all of it is in memory; where that cannot be known, it is taken to be. */
static bool is_resident(int fd, uint64_t size)
{
	size_t page = sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page, i;
	unsigned char *there = malloc(pages);
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	bool resident = true;

	if (there && map != MAP_FAILED && !mincore(map, size, there))
		for (i = 0; resident && i < pages; i++)
			resident = there[i] & 1;
	if (map != MAP_FAILED)
		munmap(map, size);
	free(there);
	return resident;
}

/* A large file is read by the kernel meanwhile; the client asks again. */
static bool is_to_be_awaited(struct guests *g, int fd, const struct folder_file *file, int64_t now)
{
	bool known = !memcmp(g->warming.digest, file->digest, KTFTP_DIGEST_BYTES);

	if (file->size <= WARM_BYTES || is_resident(fd, file->size))
		return false;
	if (known && now - g->warming.when < REFUSED_S)
		return now - g->warming.when < WARMING_S;
	memcpy(g->warming.digest, file->digest, KTFTP_DIGEST_BYTES);
	g->warming.when = now;
	posix_fadvise(fd, 0, file->size, POSIX_FADV_WILLNEED);
	return true;
}

/* Publishes it, in the place of the oldest guests where there is no room otherwise. */
static int invite(struct guests *g, const struct folder *folder, const struct folder_file *file, int64_t now)
{
	struct guest *guest;
	int fd, err;

	if (is_refused(g, file->digest, now))
		return -ENOSPC;
	fd = folder_open(folder, file);
	if (fd < 0)
		return fd;
	err = is_to_be_awaited(g, fd, file, now) ? -EAGAIN : make_room(g, in_pages(file->size));
	if (!err)
		err = publish(g, fd, file);
	close(fd);
	if (err == -ENOSPC)
		note_refused(g, file->digest, now);
	if (err)
		return err;
	guest = free_place(g);
	memcpy(guest->digest, file->digest, sizeof(guest->digest));
	guest->size = in_pages(file->size);
	guest->until = now + GUEST_S;
	return 0;
}

static int start(struct guests *g, struct guest *guest, const struct ktftp_handed *request, int64_t now)
{
	char name[GUEST_NAME_MAX];
	int err;

	name_of(guest->digest, name);
	err = ktftp_start(g->k, request, name);
	if (!err)
		guest->until = now + GUEST_S;
	else if (err == -ENOENT)
		guest->until = 0; /* somebody withdrew it */
	return err;
}

int guests_start(struct guests *g, const struct folder *folder, const struct folder_file *file,
		 const struct ktftp_handed *request, int64_t now)
{
	struct guest *guest;
	int err;

	withdraw_old(g, now);
	guest = find(g, file->digest);
	if (guest) {
		err = start(g, guest, request, now);
		if (err != -ENOENT)
			return err;
	}
	if (g->invited == now)
		return -EAGAIN;
	g->invited = now;
	err = invite(g, folder, file, now);
	guest = err ? NULL : find(g, file->digest);
	return guest ? start(g, guest, request, now) : err;
}

void guests_allow(struct guests *g)
{
	uint32_t deleted;

	if (!g->denials)
		return;
	g->denials = 0;
	ktftp_absent_del_all(g->k, NULL, GUESTS_OWNER, &deleted);
}

int guests_deny(struct guests *g, const char *name, int64_t now)
{
	const char *const names[] = { name };

	/* A pattern would deny more than this name. */
	if (strpbrk(name, "*?["))
		return -EINVAL;
	if (now - g->denials_since >= DENIED_S) {
		g->denials_since = now;
		g->denials = 0;
	}
	if (g->denials++ >= DENIALS_MOST)
		return -ENOSPC;
	return ktftp_absent_add(g->k, NULL, GUESTS_OWNER, DENIED_S, names, 1);
}
