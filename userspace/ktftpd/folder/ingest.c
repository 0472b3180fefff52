// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a file: into the store, or in place. Nothing is read that was read before in the same state, in this run or
 * an earlier one, nor what somebody has open for writing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "resolve.h"
#include "worker.h"

/* A writer whose end was never told of, as that of truncate(), is taken for done after so long. */
#define WRITER_MS 60000

/* Nor is one who was there before us, and has written nothing for so long. */
#define STALL_MS  5000

static int64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return identity_ns(&now);
}

/* The file that was looked at, or a negative errno. */
static int open_file(struct node *node, const struct stat *status)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	struct root *root = node->parent->root;
	char *path = tree_real(node);
	struct stat now;
	int fd = path ? resolve_open(root->fd, root->real, path, flags) : -ENOMEM;

	free(path);
	if (fd < 0)
		return fd;
	if (!fstat(fd, &now) && S_ISREG(now.st_mode) && now.st_dev == status->st_dev && now.st_ino == status->st_ino)
		return fd;
	close(fd);
	return -EAGAIN;
}

/*
 * Has somebody a file open for writing: 1, 0, or a negative errno where the kernel does not say. It says to who asks
 * for a lease, which is given back at once. Whoever opens the file in between waits for that moment, and the signal
 * that this sends is one that nobody hears. Of other users' files it says so with CAP_LEASE alone.
 */
static int test_lease(int fd)
{
	int err;

	if (fcntl(fd, F_SETSIG, SIGURG))
		return -errno;
	if (fcntl(fd, F_SETLEASE, F_RDLCK)) {
		err = -errno;
		return err == -EAGAIN ? 1 : err;
	}
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return 0;
}

/* Where the kernel does not say: events do, or for lack of any, how long ago the file was changed. */
static bool seems_written(const struct worker *w, const struct node *node, const struct stat *status)
{
	int64_t age_ns = wall_ns() - identity_ns(&status->st_mtim);
	int64_t stall_ms = w->rules.quiet_ms > STALL_MS ? w->rules.quiet_ms : STALL_MS;

	if (node->writing)
		return clock_ms() - node->event_ms < WRITER_MS;
	return !node->event_ms && age_ns >= 0 && age_ns < stall_ms * 1000000;
}

static bool is_written(const struct worker *w, struct node *node, int fd, const struct stat *status)
{
	int written = test_lease(fd);

	if (written < 0)
		return seems_written(w, node, status);
	node->writing = written;
	return written;
}

/**
 * ingest_is_written() - does somebody still write to a file
 * @w: worker
 * @node: file; its root is open
 */
bool ingest_is_written(struct worker *w, struct node *node)
{
	struct root *root = node->parent->root;
	char *path = tree_real(node);
	bool written = false;
	struct stat status;
	int fd = path ? resolve_open(root->fd, root->real, path, O_RDONLY | O_NONBLOCK | O_NOCTTY) : -ENOMEM;

	free(path);
	/* What cannot be opened is for examine() to find out about. */
	if (fd < 0)
		return false;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		written = is_written(w, node, fd, &status);
	close(fd);
	return written;
}

static bool can_be_had(const struct worker *w, const uint8_t *digest, uint64_t size)
{
	return w->rules.in_place || store_has(w->store, digest, size);
}

static int stage(struct worker *w, struct node *node, const struct version *version)
{
	int err = version->in_place ? 0 : store_get(w->store, version->digest);

	if (err)
		return err;
	version_release(w, &node->staged);
	node->staged = *version;
	return 0;
}

/* From an earlier run, or from another path. 1 when it is known. */
static int find_known(struct worker *w, struct node *node, const struct identity *id)
{
	struct version version = { .known = true, .in_place = w->rules.in_place, .identity = *id };
	char *path = w->index ? tree_absolute(node) : NULL;
	struct identity then;
	int found = 0;

	if (!path)
		return 0;
	node->unsaved = true;
	if (index_find_path(w->index, node->parent->root->view, path, &then, version.digest) > 0) {
		node->has_row = true;
		found = identity_same(&then, id);
		node->unsaved = !found;
	}
	free(path);
	if (!found)
		found = index_find(w->index, id, version.digest) > 0;
	if (!found || !can_be_had(w, version.digest, id->size))
		return 0;
	return stage(w, node, &version) ? 0 : 1;
}

static int read_into(struct worker *w, int fd, struct version *version)
{
	struct stat after;
	struct identity now;
	int err;

	version->young = identity_is_young(&version->identity, wall_ns());
	if (version->in_place)
		err = copy_hashed(fd, -1, version->identity.size, w->stop, version->digest);
	else
		err = store_take(w->store, fd, version->identity.size, w->stop, version->digest);
	if (err)
		return err;
	if (fstat(fd, &after))
		return -errno;
	now = identity_of(&after);
	return identity_same(&now, &version->identity) ? 0 : -EAGAIN;
}

/* What a disk that is full costs is the same for every file: told once, not for each. */
static void tell_of_store(struct worker *w, int err)
{
	if (err == -ENOSPC || err == -EDQUOT || err == -EROFS)
		problem_set(&w->notes, PROBLEM_STORE,
			    "%s: %s: files that are new or changed cannot be served; what was served before still is. "
			    "Make room there, or set another state-dir",
			    w->state_dir, strerror(-err));
	else if (!err)
		problem_clear(&w->notes, PROBLEM_STORE);
}

static int read_file(struct worker *w, struct node *node, int fd, const struct identity *id)
{
	struct version version = { .known = true, .in_place = w->rules.in_place, .identity = *id };
	int err = read_into(w, fd, &version);

	if (!version.in_place)
		tell_of_store(w, err);
	if (err)
		return err;
	w->ingested++;
	w->ingested_bytes += id->size;
	node->unsaved = true;
	return stage(w, node, &version);
}

/**
 * ingest() - have the content of a file staged
 * @w: worker
 * @node: file; its root is open
 * @status: what it is
 * @error: why it failed
 *
 * Return: TAKE, LATER or FAILED.
 */
enum outcome ingest(struct worker *w, struct node *node, const struct stat *status, int *error)
{
	struct identity id = identity_of(status);
	int fd, err;

	if (find_known(w, node, &id))
		return OUTCOME_TAKE;
	fd = open_file(node, status);
	if (fd < 0) {
		err = fd;
	} else {
		err = is_written(w, node, fd, status) ? -EAGAIN : read_file(w, node, fd, &id);
		close(fd);
	}
	if (!err)
		return OUTCOME_TAKE;
	version_release(w, &node->staged);
	if (err == -EAGAIN || err == -ECANCELED)
		return OUTCOME_LATER;
	*error = -err;
	return OUTCOME_FAILED;
}

/**
 * ingest_adopt_old() - a file cannot be read now: until it can, what was served in the last run is
 * @w: worker
 * @node: file, of which nothing is served
 */
void ingest_adopt_old(struct worker *w, struct node *node)
{
	struct version old = { .known = true };
	char *path = w->index && !w->rules.in_place ? tree_absolute(node) : NULL;

	if (path && index_find_path(w->index, node->parent->root->view, path, &old.identity, old.digest) > 0 &&
	    store_has(w->store, old.digest, old.identity.size) && !store_get(w->store, old.digest)) {
		node->served = old;
		node->has_row = true;
		names_touch(&w->names, node->name);
	}
	free(path);
}
