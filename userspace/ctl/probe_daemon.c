// SPDX-License-Identifier: GPL-2.0
/* Looking at the daemon: what it says of itself. */
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "doctor.h"

#define USUAL_STATE_DIR "/var/lib/ktftp"

static void keep(char *out, size_t room, const json_t *object, const char *name)
{
	snprintf(out, room, "%s", get_text(object, name));
}

static void keep_folder(struct daemon_facts *d, const json_t *folder)
{
	d->has_folder = json_is_object(folder);
	d->scanned = get_flag(folder, "scanned");
	d->watches = get_integer(folder, "watches");
	keep(d->problem, sizeof(d->problem), folder, "problem");
}

static void keep_status(struct daemon_facts *d, const json_t *s)
{
	const json_t *module = json_object_get(s, "module"), *config = json_object_get(s, "config");

	keep(d->version, sizeof(d->version), s, "version");
	keep(d->alarm, sizeof(d->alarm), s, "alarm");
	keep(d->wanted, sizeof(d->wanted), s, "engine_wanted");
	keep(d->state_dir, sizeof(d->state_dir), config, "state_dir");
	d->port_first = get_integer(config, "daemon_port_first");
	d->port_last = get_integer(config, "daemon_port_last");
	d->uses_module = get_flag(module, "used");
	d->attached = get_flag(module, "attached");
	d->draining = get_flag(s, "draining");
	d->pid = get_integer(s, "pid");
	keep_folder(d, json_object_get(s, "folder"));
}

static void show_where(const char *address, uint16_t port, char *out, size_t room)
{
	snprintf(out, room, strchr(address, ':') ? "[%.45s]:%u" : "%.45s:%u", address, port);
}

/* Listeners of the engine; those of the module are looked at there. */
static void keep_listeners(struct facts *f, const json_t *status)
{
	const json_t *l;
	struct network_facts *n = &f->network;
	size_t i;

	json_array_foreach(json_object_get(status, "listeners"), i, l)
	{
		struct port_facts *port = &n->listeners[n->listener_count];

		if (n->listener_count == MOST_LISTENERS || strcmp(get_text(l, "engine"), "user"))
			continue;
		n->listener_count++;
		port->port = get_integer(l, "port");
		port->single_port = get_flag(l, "single_port");
		port->active = !strcmp(get_text(l, "state"), "active");
		port->tid_first = get_integer(l, "tid_first");
		port->tid_last = get_integer(l, "tid_last");
		show_where(get_text(l, "address"), port->port, port->where, sizeof(port->where));
	}
}

void probe_daemon(struct ctl *ctl, struct facts *f)
{
	struct daemon_facts *d = &f->daemon;
	json_t *status;
	int err;

	status = daemon_try(ctl, "status", NULL, &err, d->why, sizeof(d->why));
	d->running = status ? YES : err == -ENOENT ? NO : NOT_KNOWN;
	if (status) {
		d->here = daemon_is_here(ctl) ? YES : NO;
		keep_status(d, status);
		if (d->here == YES)
			keep_listeners(f, status);
	}
	if (!*d->state_dir)
		snprintf(d->state_dir, sizeof(d->state_dir), "%s", USUAL_STATE_DIR);
	json_decref(status);
}
