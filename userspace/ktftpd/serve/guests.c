// SPDX-License-Identifier: GPL-2.0
/* See guests.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guests.h"

#define GUESTS_MOST    64
#define GUEST_S        1800 /* a slow client that began meanwhile finishes */
#define DENIED_S       10   /* longer than a phone waits before it asks again */
#define DENIALS_MOST   512  /* in DENIED_S */
#define GUEST_NAME_MAX (sizeof(".ktftp/") + 2 * KTFTP_DIGEST_BYTES)

/**
 * struct guest - a content that is published for a while
 * @digest: its digest
 * @until: when it may be withdrawn, CLOCK_MONOTONIC seconds; 0 in a free place
 */
struct guest {
	uint8_t digest[KTFTP_DIGEST_BYTES];
	int64_t until;
};

/**
 * struct guests - what the module serves for the daemon
 * @k: connection
 * @guests: contents
 * @denials: absents that were added since @denials_since
 * @denials_since: CLOCK_MONOTONIC seconds
 * @invited: when a content was published last, likewise: a large file takes a while to be read
 */
struct guests {
	struct ktftp *k;
	struct guest guests[GUESTS_MOST];
	unsigned int denials;
	int64_t denials_since;
	int64_t invited;
};

struct guests *guests_new(struct ktftp *k)
{
	struct guests *g = calloc(1, sizeof(*g));
	uint32_t count;

	if (!g)
		return NULL;
	g->k = k;
	/* What a daemon left that ended a moment ago. */
	ktftp_withdraw_all(k, NULL, GUESTS_OWNER, &count);
	return g;
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

/* The one that ends first, or a free place. */
static struct guest *oldest(struct guests *g)
{
	struct guest *oldest = &g->guests[0];
	size_t i;

	for (i = 1; i < GUESTS_MOST; i++)
		if (g->guests[i].until < oldest->until)
			oldest = &g->guests[i];
	return oldest;
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

/* Publishes it, in the place of the oldest guest where there is no room otherwise. */
static int invite(struct guests *g, const struct folder *folder, const struct folder_file *file, struct guest **out)
{
	int fd = folder_open(folder, file), err;
	struct guest *guest;

	if (fd < 0)
		return fd;
	guest = oldest(g);
	if (guest->until)
		withdraw(g, guest);
	err = publish(g, fd, file);
	while (err == -ENOSPC) {
		for (guest = &g->guests[0]; guest < &g->guests[GUESTS_MOST] && !guest->until; guest++)
			;
		if (guest == &g->guests[GUESTS_MOST])
			break;
		withdraw(g, guest);
		err = publish(g, fd, file);
	}
	close(fd);
	*out = oldest(g);
	return err;
}

int guests_start(struct guests *g, const struct folder *folder, const struct folder_file *file,
		 const struct ktftp_handed *request, int64_t now)
{
	struct guest *guest;
	char name[GUEST_NAME_MAX];
	int err;

	withdraw_old(g, now);
	guest = find(g, file->digest);
	if (!guest) {
		if (g->invited == now)
			return -EAGAIN;
		g->invited = now;
		err = invite(g, folder, file, &guest);
		if (err)
			return err;
		memcpy(guest->digest, file->digest, sizeof(guest->digest));
	}
	guest->until = now + GUEST_S;
	name_of(file->digest, name);
	return ktftp_start(g->k, request, name);
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
