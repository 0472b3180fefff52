// SPDX-License-Identifier: GPL-2.0
/*
 * What systemd is told, by its notification socket, and its watchdog. Where the daemon was not started by it there is
 * no socket, and nothing happens. Called from the main thread.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "system.h"

#define USEC_PER_SEC 1000000

/* A line of the protocol ends at a newline; a status with one must not begin another. */
static int first_line(const char *text)
{
	return (int)strcspn(text, "\n");
}

void system_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%.*s", first_line(status), status);
}

/* With the time, by which systemd tells this reload from one before it. */
void system_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000);
}

void system_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void system_status(const char *status)
{
	sd_notifyf(0, "STATUS=%.*s", first_line(status), status);
}

static int arm_watchdog(struct event_base *base);

static void on_watchdog(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	sd_notify(0, "WATCHDOG=1");
	arm_watchdog(base);
}

/* Twice in the time after which systemd would take the loop for stuck. */
static int arm_watchdog(struct event_base *base)
{
	struct timeval half;
	uint64_t usec;
	int err;

	err = sd_watchdog_enabled(0, &usec);
	if (err <= 0)
		return err;
	half.tv_sec = (time_t)(usec / 2 / USEC_PER_SEC);
	half.tv_usec = (suseconds_t)(usec / 2 % USEC_PER_SEC);
	return event_base_once(base, -1, EV_TIMEOUT, on_watchdog, base, &half) ? -ENOMEM : 0;
}

int system_watchdog_start(struct event_base *base)
{
	return arm_watchdog(base);
}
