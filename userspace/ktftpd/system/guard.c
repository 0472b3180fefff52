// SPDX-License-Identifier: GPL-2.0
/*
 * The guard against boot loops. A kernel module that crashes the kernel soon after it is loaded does so again at the
 * next boot; whoever is called at night then needs a machine that serves, however slowly. So a marker is on disk
 * before the module is loaded or used, and goes when nothing bad happened for ten minutes, or at a clean end. Found
 * with the id of another boot, it says that this boot follows one that ended otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "marker.h"

#define QUIET_S 600

/*
 * Below the run directory, which is the daemon's user's, he might have put a link in its place, for root to follow. A
 * state directory that an operator named may be one.
 */
static int open_state(const struct config *config)
{
	int follow = config->state_moved ? O_NOFOLLOW : 0;
	int fd = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);

	return fd < 0 ? -errno : fd;
}

/* A marker that was not left by this boot; what cannot be understood was not either. */
static bool is_of_another_boot(int directory, const struct marker *now, struct marker *found)
{
	int err = marker_read(directory, found);

	return err == -EBADMSG || (!err && strcmp(found->boot, now->boot) != 0);
}

static const char *or_unknown(const char *text)
{
	return *text ? text : "unknown";
}

static void tell_tripped(const struct config *config, const struct marker *found, char *why, size_t room)
{
	snprintf(why, room,
		 "the machine went down while the module was in use (%s/" MARKER_NAME
		 ": %s, kernel %s, module %s): "
		 "it is left alone and everything is served in user space, slower; when the reason is known: "
		 "ktftpctl guard clear, and restart ktftpd",
		 config->state_dir, or_unknown(found->time), or_unknown(found->kernel), or_unknown(found->module));
}

static void tell_unguarded(const struct config *config, int err, char *why, size_t room)
{
	snprintf(why, room, "nothing guards against a boot loop: %s/" MARKER_NAME ": %s", config->state_dir,
		 strerror(-err));
}

enum guard_state guard_begin(const struct config *config, char *why, size_t room)
{
	enum guard_state state = GUARD_CLEAR;
	struct marker now, found;
	int directory, err;

	*why = 0;
	directory = open_state(config);
	err = directory < 0 ? directory : marker_now(&now);
	if (!err && is_of_another_boot(directory, &now, &found)) {
		tell_tripped(config, &found, why, room);
		state = GUARD_TRIPPED;
	} else if (!err) {
		err = marker_write(directory, &now);
	}
	if (err)
		tell_unguarded(config, err, why, room);
	if (directory >= 0)
		close(directory);
	return state;
}

/* The marker that this boot left, if it did. */
static int clear_own(int directory)
{
	struct marker now, found;
	int err;

	err = marker_now(&now);
	if (err)
		return err;
	if (marker_read(directory, &found) || strcmp(found.boot, now.boot) != 0)
		return 0;
	return marker_remove(directory);
}

static void on_quiet(evutil_socket_t fd, short what, void *context)
{
	int directory = (int)(intptr_t)context;

	(void)fd;
	(void)what;
	clear_own(directory);
	close(directory);
}

/* The directory's descriptor is all that the timer needs, whatever becomes of the configuration. */
int guard_watch_for(struct event_base *base, const struct config *config, const struct timeval *quiet)
{
	int directory = open_state(config);

	if (directory < 0)
		return directory;
	if (event_base_once(base, -1, EV_TIMEOUT, on_quiet, (void *)(intptr_t)directory, quiet)) {
		close(directory);
		return -ENOMEM;
	}
	return 0;
}

int guard_watch(struct event_base *base, const struct config *config)
{
	const struct timeval quiet = { .tv_sec = QUIET_S };

	return guard_watch_for(base, config, &quiet);
}

int guard_end(const struct config *config)
{
	int directory = open_state(config), err;

	if (directory < 0)
		return directory;
	err = clear_own(directory);
	close(directory);
	return err;
}

int guard_clear(const struct config *config)
{
	int directory = open_state(config), err;

	if (directory < 0)
		return directory;
	err = marker_remove(directory);
	close(directory);
	return err;
}
