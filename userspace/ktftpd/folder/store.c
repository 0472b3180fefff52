// SPDX-License-Identifier: GPL-2.0
/* See store.h. The folder's thread, but for store_open(), which any thread may call. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "store.h"
#include "table.h"

#define CONTENT_DIR "content"
#define NEW_DIR     ".new"

/* "AB/" and 64 digits. */
#define PLACE_BYTES (3 + 2 * KTFTP_DIGEST_BYTES + 1)

/**
 * struct needed - a content that can be trusted
 * @item: in the table
 * @digest: which
 * @users: how many need it
 * @unused_ms: since when nobody does
 */
struct needed {
	struct table_item item;
	uint8_t digest[KTFTP_DIGEST_BYTES];
	uint32_t users;
	int64_t unused_ms;
};

/**
 * struct store - see store.h
 * @content: the directory
 * @fresh: where copies are made
 * @serial: names them
 * @needed: contents that can be trusted
 * @unused: how many of them nobody needs
 * @unsynced: something was renamed into place since the last store_sync()
 */
struct store {
	int content;
	int fresh;
	unsigned long serial;
	struct table needed;
	size_t unused;
	bool unsynced;
};

static int make_dir(int at, const char *path)
{
	int fd;

	if (mkdirat(at, path, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* A descriptor of its own for readdir(), which closes it. */
static DIR *list(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* What a copy left behind that was never finished. */
static void sweep_fresh(struct store *s)
{
	DIR *dir = list(s->fresh, ".");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!is_dots(entry->d_name))
			unlinkat(s->fresh, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/**
 * store_new() - open the store, and make it where there is none
 * @state_dir: where; it has to exist
 * @out: the store
 * @why: the reason when it fails
 * @room: for it
 *
 * Return: 0 or a negative errno.
 */
int store_new(const char *state_dir, struct store **out, char *why, size_t room)
{
	struct store *s = calloc(1, sizeof(*s));
	int at;

	if (!s)
		return -ENOMEM;
	s->fresh = -1;
	at = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	s->content = at < 0 ? -errno : make_dir(at, CONTENT_DIR);
	if (at >= 0)
		close(at);
	if (s->content >= 0)
		s->fresh = make_dir(s->content, NEW_DIR);
	if (s->content >= 0 && s->fresh >= 0) {
		sweep_fresh(s);
		*out = s;
		return 0;
	}
	at = s->content < 0 ? s->content : s->fresh;
	snprintf(why, room, "%s: %s: state_dir has to be a directory that ktftpd may write to", state_dir,
		 strerror(-at));
	store_free(s);
	return at;
}

static void free_needed(struct table_item *item, void *context)
{
	(void)context;
	free(table_entry(item, struct needed, item));
}

/**
 * store_free() - close it
 * @s: store or NULL
 */
void store_free(struct store *s)
{
	if (!s)
		return;
	table_each(&s->needed, free_needed, NULL);
	table_free(&s->needed);
	if (s->fresh >= 0)
		close(s->fresh);
	if (s->content >= 0)
		close(s->content);
	free(s);
}

static void place_of(const uint8_t *digest, char place[PLACE_BYTES])
{
	char *at = place;
	int i;

	at += sprintf(at, "%02x/", digest[0]);
	for (i = 0; i < KTFTP_DIGEST_BYTES; i++)
		at += sprintf(at, "%02x", digest[i]);
}

static uint64_t hash_of(const uint8_t *digest)
{
	return table_hash(TABLE_SEED, digest, KTFTP_DIGEST_BYTES);
}

static struct needed *find(const struct store *s, const uint8_t *digest)
{
	struct table_item *item = table_first(&s->needed, hash_of(digest));

	while (item && memcmp(table_entry(item, struct needed, item)->digest, digest, KTFTP_DIGEST_BYTES))
		item = table_next(item);
	return item ? table_entry(item, struct needed, item) : NULL;
}

/**
 * store_has() - is there a file for this content
 * @s: store
 * @digest: content
 * @size: its size
 */
bool store_has(const struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES], uint64_t size)
{
	char place[PLACE_BYTES];
	struct stat status;

	place_of(digest, place);
	return !fstatat(s->content, place, &status, AT_SYMLINK_NOFOLLOW) && S_ISREG(status.st_mode) &&
	       (uint64_t)status.st_size == size;
}

/* A name that is taken belongs to nobody any more. */
static int open_fresh(struct store *s, char *name, size_t room)
{
	int fd;

	do {
		snprintf(name, room, "%lu", s->serial++);
		fd = openat(s->fresh, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	} while (fd < 0 && errno == EEXIST);
	return fd < 0 ? -errno : fd;
}

static int move_into_place(struct store *s, const char *name, const uint8_t *digest)
{
	char place[PLACE_BYTES], dir[3];

	place_of(digest, place);
	snprintf(dir, sizeof(dir), "%02x", digest[0]);
	if (!renameat(s->fresh, name, s->content, place))
		return 0;
	if (errno != ENOENT)
		return -errno;
	if (mkdirat(s->content, dir, 0700) && errno != EEXIST)
		return -errno;
	return renameat(s->fresh, name, s->content, place) ? -errno : 0;
}

/* Trusted and there: nothing is to be done. Else what may lie in its place is replaced. */
static int keep(struct store *s, const char *name, const uint8_t *digest, uint64_t size)
{
	int err;

	if (find(s, digest) && store_has(s, digest, size)) {
		unlinkat(s->fresh, name, 0);
		return 0;
	}
	err = move_into_place(s, name, digest);
	if (!err)
		s->unsynced = true;
	return err;
}

/**
 * store_take() - copy a file into the store
 * @s: store
 * @from: file
 * @size: its size
 * @stop: set by whoever does not want to wait
 * @digest: what was copied; the caller adds himself by store_get()
 *
 * Return: 0; -EAGAIN when the file has another size by now; -ECANCELED; another negative errno.
 */
int store_take(struct store *s, int from, uint64_t size, const atomic_bool *stop, uint8_t digest[KTFTP_DIGEST_BYTES])
{
	char name[32];
	int fd = open_fresh(s, name, sizeof(name)), err;

	if (fd < 0)
		return fd;
	err = copy_hashed(from, fd, size, stop, digest);
	if (!err)
		err = keep(s, name, digest, size);
	if (close(fd) && !err)
		err = -errno;
	if (err)
		unlinkat(s->fresh, name, 0);
	return err;
}

/**
 * store_sync() - have on the disk what was taken
 * @s: store
 *
 * Return: 0 or a negative errno.
 */
int store_sync(struct store *s)
{
	if (!s->unsynced)
		return 0;
	if (syncfs(s->content))
		return -errno;
	s->unsynced = false;
	return 0;
}

/**
 * store_open() - open a content for reading
 * @s: store; any thread
 * @digest: content
 * @size: its size
 *
 * Return: descriptor; -ESTALE when there is something else; another negative errno.
 */
int store_open(const struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES], uint64_t size)
{
	char place[PLACE_BYTES];
	struct stat status;
	int fd;

	place_of(digest, place);
	fd = openat(s->content, place, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && (uint64_t)status.st_size == size)
		return fd;
	close(fd);
	return -ESTALE;
}

/**
 * store_get() - somebody needs a content that can be trusted
 * @s: store
 * @digest: content
 *
 * Return: 0 or -ENOMEM.
 */
int store_get(struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES])
{
	struct needed *needed = find(s, digest);

	if (!needed) {
		needed = calloc(1, sizeof(*needed));
		if (!needed || table_add(&s->needed, &needed->item, hash_of(digest))) {
			free(needed);
			return -ENOMEM;
		}
		memcpy(needed->digest, digest, KTFTP_DIGEST_BYTES);
		s->unused++;
	}
	if (!needed->users++)
		s->unused--;
	return 0;
}

/**
 * store_put() - somebody needs it no longer
 * @s: store
 * @digest: content
 * @now_ms: now
 */
void store_put(struct store *s, const uint8_t digest[KTFTP_DIGEST_BYTES], int64_t now_ms)
{
	struct needed *needed = find(s, digest);

	if (!needed || --needed->users)
		return;
	needed->unused_ms = now_ms;
	s->unused++;
}

/**
 * store_count() - how many different contents are needed
 * @s: store
 */
size_t store_count(const struct store *s)
{
	return s->needed.count - s->unused;
}

/* What store_sweep() hands down. */
struct sweep {
	struct store *store;
	int64_t before_ms;
	size_t removed;
};

static void sweep_one(struct table_item *item, void *context)
{
	struct needed *needed = table_entry(item, struct needed, item);
	struct sweep *sweep = context;
	char place[PLACE_BYTES];

	if (needed->users || needed->unused_ms > sweep->before_ms)
		return;
	place_of(needed->digest, place);
	if (!unlinkat(sweep->store->content, place, 0))
		sweep->removed++;
	table_remove(&sweep->store->needed, item);
	sweep->store->unused--;
	free(needed);
}

/**
 * store_sweep() - remove what nobody has needed for a while
 * @s: store
 * @now_ms: now
 * @grace_ms: for how long
 *
 * Return: how many files are gone.
 */
size_t store_sweep(struct store *s, int64_t now_ms, int64_t grace_ms)
{
	struct sweep sweep = { .store = s, .before_ms = now_ms - grace_ms };

	if (s->unused)
		table_each(&s->needed, sweep_one, &sweep);
	return sweep.removed;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_digest(const char *text, uint8_t digest[KTFTP_DIGEST_BYTES])
{
	int high, low, i;

	for (i = 0; i < KTFTP_DIGEST_BYTES; i++, text += 2) {
		high = digit(text[0]);
		low = high < 0 ? -1 : digit(text[1]);
		if (low < 0)
			return false;
		digest[i] = high << 4 | low;
	}
	return !*text;
}

static size_t sweep_unknown_in(struct store *s, const char *path)
{
	DIR *dir = list(s->content, path);
	uint8_t digest[KTFTP_DIGEST_BYTES];
	struct dirent *entry;
	size_t removed = 0;

	while (dir && (entry = readdir(dir)))
		if (!is_dots(entry->d_name) && !(parse_digest(entry->d_name, digest) && find(s, digest)) &&
		    !unlinkat(dirfd(dir), entry->d_name, 0))
			removed++;
	if (dir)
		closedir(dir);
	return removed;
}

/**
 * store_sweep_unknown() - remove what is left of earlier runs and nobody has asked for since
 * @s: store; everything that is needed is known to it by now
 *
 * Return: how many files are gone.
 */
size_t store_sweep_unknown(struct store *s)
{
	size_t removed = 0;
	char path[3];
	int i;

	for (i = 0; i < 256; i++) {
		snprintf(path, sizeof(path), "%02x", i);
		removed += sweep_unknown_in(s, path);
	}
	return removed;
}
