// SPDX-License-Identifier: GPL-2.0
/* ktftpctl listen: listening ports. */
#include <arpa/inet.h>
#include <jansson.h>
#include <string.h>

#include "ctl.h"

const char help_listen[] =
	"  listen add ADDR[:PORT] [single-port] [notrack] [dev IF] [tid-ports A-B] [dscp N] [mark N]\n"
	"                     open a listening port, 69 by default; all of IPv4 is 0.0.0.0,\n"
	"                     all of IPv6 [::]; transfers use 256 ports of A-B (61000-63999),\n"
	"                     with single-port the listening port itself; with notrack\n"
	"                     what is sent passes connection tracking by\n"
	"  listen [list]      list them\n"
	"  listen drain ADDR[:PORT] [dev IF]\n"
	"                     take no new requests; running transfers finish\n"
	"  listen resume ADDR[:PORT] [dev IF]\n"
	"                     take requests again\n"
	"  listen del ADDR[:PORT] [dev IF] [--now]\n"
	"                     close it; running transfers have 30 s, with --now none\n";

static int parse_tid_ports(const struct ctl *ctl, const char *word, struct ktftp_listener *listener)
{
	unsigned int first, last;
	char end;

	if (!word || sscanf(word, "%u-%u%c", &first, &last, &end) != 2 || !first || first > last || last > 65535)
		return usage(ctl, "tid-ports needs a range of ports, as 61000-63999, not '%s'", word ? word : "");
	listener->tid_first = first;
	listener->tid_last = last;
	return CTL_OK;
}

static int parse_device(const struct ctl *ctl, const char *word, struct ktftp_listener *listener)
{
	if (!word || !*word || strlen(word) >= sizeof(listener->device))
		return usage(ctl, "dev needs the name of a device");
	strcpy(listener->device, word);
	return CTL_OK;
}

static int parse_property(const struct ctl *ctl, struct words *words, struct ktftp_listener *listener)
{
	unsigned long number;

	if (take_word(words, "single-port")) {
		listener->flags |= KTFTP_LISTENER_FLAG_SINGLE_PORT;
		return CTL_OK;
	}
	if (take_word(words, "notrack")) {
		listener->flags |= KTFTP_LISTENER_FLAG_NOTRACK;
		return CTL_OK;
	}
	if (take_word(words, "dev"))
		return parse_device(ctl, next_word(words), listener);
	if (take_word(words, "tid-ports"))
		return parse_tid_ports(ctl, next_word(words), listener);
	if (take_word(words, "dscp")) {
		if (parse_number(ctl, "dscp", next_word(words), 0, 63, &number))
			return CTL_USAGE;
		listener->dscp = number;
		return CTL_OK;
	}
	if (take_word(words, "mark")) {
		if (parse_number(ctl, "mark", next_word(words), 0, UINT32_MAX, &number))
			return CTL_USAGE;
		listener->mark = number;
		return CTL_OK;
	}
	return usage(ctl, "what is '%s' for? (see ktftpctl listen --help)", peek_word(words));
}

/* What listen add says behind its verb. */
int parse_listen_add(const struct ctl *ctl, struct words *words, struct ktftp_listener *listener)
{
	int status = parse_address_port(ctl, next_word(words), &listener->address, &listener->port);

	while (!status && words->left)
		status = parse_property(ctl, words, listener);
	return status;
}

static int listen_add(struct ctl *ctl, struct words *words)
{
	struct ktftp_listener listener = {};
	int status = parse_listen_add(ctl, words, &listener);

	if (status)
		return status;
	status = connect_module(ctl);
	if (status)
		return status;
	return ktftp_listener_add(ctl->k, &listener) ? module_failed(ctl) : CTL_OK;
}

/* What names a listener, and --now where that is allowed. */
static int parse_identity(const struct ctl *ctl, struct words *words, struct ktftp_listener *listener, bool *now)
{
	int status = parse_address_port(ctl, next_word(words), &listener->address, &listener->port);

	while (!status && words->left) {
		if (now && take_word(words, "--now"))
			*now = true;
		else if (take_word(words, "dev"))
			status = parse_device(ctl, next_word(words), listener);
		else
			status = end_of_line(ctl, words);
	}
	return status;
}

static int listen_del(struct ctl *ctl, struct words *words)
{
	struct ktftp_listener listener = {};
	bool now = false;
	int status = parse_identity(ctl, words, &listener, &now);

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	return ktftp_listener_del(ctl->k, &listener, now) ? module_failed(ctl) : CTL_OK;
}

static int change_state(struct ctl *ctl, struct words *words,
			int (*change)(struct ktftp *k, const struct ktftp_listener *listener))
{
	struct ktftp_listener listener = {};
	int status = parse_identity(ctl, words, &listener, NULL);

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	return change(ctl->k, &listener) ? module_failed(ctl) : CTL_OK;
}

static int listen_drain(struct ctl *ctl, struct words *words)
{
	return change_state(ctl, words, ktftp_listener_drain);
}

static int listen_resume(struct ctl *ctl, struct words *words)
{
	return change_state(ctl, words, ktftp_listener_resume);
}

static const char *state_name(uint32_t state)
{
	return enum_name(ktftp_listener_state_names, KTFTP_LISTENER_STATE_CLOSING + 1, state);
}

static int print_row(const struct ktftp_listener *l, void *context)
{
	char endpoint[64], ports[16] = "-", flags[32] = "";

	(void)context;
	if (l->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT)
		strcat(flags, "single-port ");
	else
		snprintf(ports, sizeof(ports), "%u-%u", l->tid_first, l->tid_last);
	if (l->flags & KTFTP_LISTENER_FLAG_NOTRACK)
		strcat(flags, "notrack ");
	printf("%-24s %-10s %-9s %-12s %9u  %s\n", show_endpoint(&l->address, l->port, endpoint, sizeof(endpoint)),
	       l->device[0] ? l->device : "-", state_name(l->state), ports, l->transfers, flags);
	return 0;
}

static int add_json(const struct ktftp_listener *l, void *context)
{
	bool single_port = l->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;
	char address[INET6_ADDRSTRLEN];
	json_t *item;

	item = json_pack("{s:i, s:s, s:i, s:s, s:b, s:b, s:i, s:i, s:i, s:I, s:I, s:s}",
			 "id", (int)l->id,
			 "address", show_address(&l->address, address, sizeof(address)),
			 "port", l->port,
			 "state", state_name(l->state),
			 "single_port", single_port,
			 "notrack", !!(l->flags & KTFTP_LISTENER_FLAG_NOTRACK),
			 "tid_first", l->tid_first,
			 "tid_last", l->tid_last,
			 "dscp", l->dscp,
			 "mark", (json_int_t)l->mark,
			 "transfers", (json_int_t)l->transfers,
			 "device", l->device);
	return json_array_append_new(context, item) ? -1 : 0;
}

static int listen_list(struct ctl *ctl, struct words *words)
{
	json_t *array;
	int status = end_of_line(ctl, words), err;

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	if (!ctl->json) {
		printf("%-24s %-10s %-9s %-12s %9s  %s\n", "ADDRESS", "DEVICE", "STATE", "TID-PORTS", "TRANSFERS",
		       "FLAGS");
		return ktftp_listener_list(ctl->k, print_row, NULL) ? module_failed(ctl) : CTL_OK;
	}
	array = json_array();
	err = ktftp_listener_list(ctl->k, add_json, array);
	if (!err)
		print_json(array);
	json_decref(array);
	return err ? module_failed(ctl) : CTL_OK;
}

int cmd_listen(struct ctl *ctl, struct words *words)
{
	static const struct command verbs[] = {
		{ "add", listen_add, NULL },
		{ "list", listen_list, NULL },
		{ "drain", listen_drain, NULL },
		{ "resume", listen_resume, NULL },
		{ "del", listen_del, NULL },
		/* As ip(8) calls them, too. */
		{ "show", listen_list, NULL },
		{ "delete", listen_del, NULL },
		{ NULL, NULL, NULL },
	};
	const char *word = next_word(words);
	const struct command *verb;

	if (!word)
		return listen_list(ctl, words);
	verb = find_command(ctl, verbs, word);
	return verb ? verb->run(ctl, words) : CTL_USAGE;
}
