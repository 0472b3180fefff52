// SPDX-License-Identifier: GPL-2.0
/* See server.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "server.h"

int connect_server(struct ctl *ctl)
{
	char no_module[256], no_daemon[1024];
	int err;

	err = try_module(ctl, no_module, sizeof(no_module));
	if (!err)
		return CTL_OK;
	if (err != -ENOENT)
		return failed(ctl, "%s", no_module);
	err = daemon_find(ctl, no_daemon, sizeof(no_daemon));
	if (err == -ENOENT)
		return failed(ctl, "%s, and %s", no_module, no_daemon);
	return err ? failed(ctl, "%s", no_daemon) : CTL_OK;
}

int ask_served(struct ctl *ctl, const char *command, json_t *arguments, json_t **out)
{
	*out = ctl->k ? daemon_ask_quietly(ctl, command, arguments) : daemon_ask(ctl, command, arguments);
	return *out || ctl->k ? CTL_OK : CTL_FAILED;
}

static void parse_address(const char *text, struct ktftp_address *out)
{
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->length = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->length = 16;
}

/* Which one of the names; one past the last for none of them, which looks like a value that is not known. */
static uint32_t parse_enum(const char *const *names, uint32_t count, const char *text)
{
	uint32_t value = 0;

	while (value < count && (!names[value] || strcmp(names[value], text)))
		value++;
	return value;
}

void parse_transfer(const json_t *object, struct ktftp_transfer *out)
{
	memset(out, 0, sizeof(*out));
	parse_address(get_text(object, "client"), &out->client);
	parse_address(get_text(object, "local"), &out->local);
	out->client_port = get_integer(object, "client_port");
	out->tid = get_integer(object, "tid");
	snprintf(out->name, sizeof(out->name), "%s", get_text(object, "name"));
	out->size = get_integer(object, "size");
	out->bytes = get_integer(object, "bytes");
	out->blksize = get_integer(object, "blksize");
	out->windowsize = get_integer(object, "windowsize");
	out->repeats = get_integer(object, "repeats");
	out->srtt_us = get_integer(object, "srtt_us");
	out->age_ms = get_integer(object, "age_ms");
	out->listener = get_integer(object, "listener");
	out->state = parse_enum(ktftp_transfer_state_names, KTFTP_TRANSFER_STATE_LINGERING + 1,
				get_text(object, "state"));
}

struct each {
	running_fn fn;
	void *context;
};

static int of_module(const struct ktftp_transfer *transfer, void *context)
{
	const struct each *each = context;

	return each->fn(transfer, ENGINE_KERNEL, each->context);
}

static int of_daemon(struct ctl *ctl, const struct each *each)
{
	struct ktftp_transfer transfer;
	json_t *answer, *item;
	size_t i;

	if (ask_served(ctl, "transfers", NULL, &answer))
		return CTL_FAILED;
	json_array_foreach(json_object_get(answer, "transfers"), i, item)
	{
		parse_transfer(item, &transfer);
		if (each->fn(&transfer, ENGINE_USER, each->context))
			break;
	}
	json_decref(answer);
	return CTL_OK;
}

int each_transfer(struct ctl *ctl, running_fn fn, void *context)
{
	struct each each = { .fn = fn, .context = context };

	if (ctl->k && ktftp_transfer_list(ctl->k, of_module, &each))
		return module_failed(ctl);
	return of_daemon(ctl, &each);
}
