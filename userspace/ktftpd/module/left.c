// SPDX-License-Identifier: GPL-2.0
/* See objects.h: listeners that a daemon before left in the module, while this one serves in user space. */
#include <errno.h>
#include <stdbool.h>

#include "making.h"
#include "objects.h"
#include "system/system.h"

static int keep(const struct ktftp_listener *listener, void *context)
{
	struct ktftp_listener *out = vector_add(context);

	if (!out)
		return -ENOMEM;
	*out = *listener;
	return 0;
}

/* Asking for a family that is not there would load it. NULL without one, or when it is not for us. */
static struct ktftp *open_module(void)
{
	struct ktftp *k = NULL;

	if (!module_is_loaded() || !ktftp_open(&k))
		return k;
	ktftp_close(k);
	return NULL;
}

static bool is_in(const struct vector *list, const struct ktftp_listener *listener)
{
	const struct ktftp_listener *all = list->items;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (config_is_same_listener(&all[i], listener))
			return true;
	return false;
}

/* Downloads finish, but for those that keep the port itself. */
static size_t close_those(struct ktftp *k, const struct vector *now, const struct vector *remembered)
{
	const struct ktftp_listener *all = now->items;
	size_t i, closed = 0;

	for (i = 0; i < now->count; i++)
		if (is_in(remembered, &all[i]) &&
		    !ktftp_listener_del(k, &all[i], all[i].flags & KTFTP_LISTENER_FLAG_SINGLE_PORT))
			closed++;
	return closed;
}

/**
 * objects_close_left() - close the listeners that a daemon before made of its configuration
 * @config: configuration
 *
 * Those that were made by hand stay. Return: how many were closed.
 */
size_t objects_close_left(const struct config *config)
{
	struct vector now = { .item_bytes = sizeof(struct ktftp_listener) };
	struct vector remembered = { .item_bytes = sizeof(struct ktftp_listener) };
	struct ktftp *k = open_module();
	size_t closed = 0;

	if (!k)
		return 0;
	if (!remembered_read(config, &remembered) && remembered.count && !ktftp_listener_list(k, keep, &now)) {
		closed = close_those(k, &now, &remembered);
		if (closed == remembered.count)
			remembered_write(config, NULL, NULL, 0);
	}
	vector_free(&now);
	vector_free(&remembered);
	ktftp_close(k);
	return closed;
}

/**
 * objects_left_at() - is it the module that has a port?
 * @port: port
 * @text: where the listener is named that has it
 *
 * Return: yes, as far as we may know.
 */
bool objects_left_at(uint16_t port, char text[OBJECTS_LISTENER_TEXT])
{
	struct vector now = { .item_bytes = sizeof(struct ktftp_listener) };
	struct ktftp *k = open_module();
	const struct ktftp_listener *all;
	bool found = false;
	size_t i;

	if (!k)
		return false;
	ktftp_listener_list(k, keep, &now);
	all = now.items;
	for (i = 0; i < now.count && !found; i++) {
		found = all[i].port == port;
		if (found)
			objects_listener_text(&all[i], text);
	}
	vector_free(&now);
	ktftp_close(k);
	return found;
}
