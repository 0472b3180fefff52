// SPDX-License-Identifier: GPL-2.0
/*
 * One table names every option. The command line, habits files and --help all come from it; a value given
 * later replaces an earlier one, except in lists.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "habits.h"
#include "options.h"

enum option_kind {
	OPTION_HEADING,
	OPTION_FLAG,
	OPTION_NUMBER,
	OPTION_PERCENT,
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_HABITS,
};

struct option_rule {
	enum option_kind kind;
	const char *name;
	const char *value; /* how --help calls it */
	size_t offset;
	uint64_t min;
	uint64_t max;
	const char *help;
};

#define FIELD(name) offsetof(struct options, name)
#define MANY        1000000000ull

static const struct option_rule rules[] = {
	{ .kind = OPTION_HEADING, .name = "What to ask for" },
	{ OPTION_TEXT, "server", "ADDR", FIELD(server), 0, 0, "IPv4 or IPv6 address of the server" },
	{ OPTION_NUMBER, "port", "N", FIELD(port), 1, 65535, "its port (69)" },
	{ OPTION_LIST, "file", "NAME", FIELD(files), 0, 0,
	  "file to ask for; given again: every client takes them in turn" },
	{ OPTION_LIST, "check", "FILE", FIELD(checks), 0, 0,
	  "local copy to compare with: one for all names, or one for each in their order" },
	{ OPTION_TEXT, "mode", "NAME", FIELD(mode), 0, 0, "transfer mode, as sent (octet)" },

	{ .kind = OPTION_HEADING,
	  .name = "How much of it (whichever limit comes first; without any, once per client)" },
	{ OPTION_NUMBER, "clients", "N", FIELD(clients), 1, MANY, "clients at the same time (1)" },
	{ OPTION_NUMBER, "transfers", "N", FIELD(transfers), 1, MANY, "transfers by all clients together" },
	{ OPTION_NUMBER, "transfers-per-client", "N", FIELD(transfers_per_client), 1, MANY,
	  "transfers by each client, one after the other" },
	{ OPTION_NUMBER, "seconds", "S", FIELD(seconds), 1, MANY,
	  "begin transfers for so long; those under way are finished" },
	{ OPTION_NUMBER, "start-spread-ms", "N", FIELD(start_spread_ms), 0, MANY,
	  "spread the clients' first requests over so long (0)" },

	{ .kind = OPTION_HEADING, .name = "Options in the request (none is sent unless asked for here)" },
	{ OPTION_NUMBER, "blksize", "N", FIELD(blksize), 8, 65464, "block size" },
	{ OPTION_NUMBER, "windowsize", "N", FIELD(windowsize), 1, 32767, "blocks per acknowledgement" },
	{ OPTION_NUMBER, "timeout-option", "S", FIELD(timeout_option_s), 1, 255, "the server's timeout" },
	{ OPTION_FLAG, "tsize", NULL, FIELD(tsize), 0, 0, "size of the file, which is then checked" },

	{ .kind = OPTION_HEADING, .name = "Habits of the client" },
	{ OPTION_NUMBER, "timeout-ms", "N", FIELD(timeout_ms), 1, MANY,
	  "silence before the last packet is sent again (4000)" },
	{ OPTION_NUMBER, "tries", "N", FIELD(tries), 1, MANY,
	  "times a packet is sent before the transfer has failed (5)" },
	{ OPTION_NUMBER, "think-us", "N", FIELD(think_us), 0, MANY,
	  "pause before each ACK, in which nothing is read (0)" },
	{ OPTION_FLAG, "fixed-port", NULL, FIELD(fixed_port), 0, 0, "file after file from the same source port" },
	{ OPTION_NUMBER, "source-port", "N", FIELD(source_port), 1, 65535,
	  "client number i uses port N + i (from 0), for all its files" },
	{ OPTION_FLAG, "no-last-ack", NULL, FIELD(no_last_ack), 0, 0, "do not acknowledge the last block" },
	{ OPTION_FLAG, "answer-strays", NULL, FIELD(answer_strays), 0, 0,
	  "answer packets from other ports with ERROR 5 instead of silence" },
	{ OPTION_FLAG, "allow-not-found", NULL, FIELD(allow_not_found), 0, 0, "ERROR 1 is not a failure" },
	{ OPTION_HABITS, "habits", "FILE", 0, 0, 0,
	  "take options from FILE: 'name = value' lines, flags as yes or no, # comments" },

	{ .kind = OPTION_HEADING, .name = "Network" },
	{ OPTION_PERCENT, "loss", "P", FIELD(loss_percent), 0, 0, "drop P percent of what arrives (0)" },
	{ OPTION_PERCENT, "loss-tx", "P", FIELD(loss_tx_percent), 0, 0, "drop P percent of what is sent (0)" },
	{ OPTION_NUMBER, "seed", "N", FIELD(seed), 0, UINT64_MAX, "seed of the losses (1)" },

	{ .kind = OPTION_HEADING, .name = "Output" },
	{ OPTION_FLAG, "json", NULL, FIELD(json), 0, 0, "one JSON object instead of text" },
	{ OPTION_FLAG, "progress", NULL, FIELD(progress), 0, 0, "a line on stderr every second" },
	{ OPTION_FLAG, "help", NULL, FIELD(help), 0, 0, "this text" },
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

/* Keeps the reason for the user. Returns -EINVAL, for the caller to return. */
int options_refuse(struct options *options, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(options->message, sizeof(options->message), format, args);
	va_end(args);
	return -EINVAL;
}

int options_init(struct options *options)
{
	*options = (struct options){
		.port = 69,
		.clients = 1,
		.timeout_ms = 4000,
		.tries = 5,
		.seed = 1,
	};
	options->mode = strdup("octet");
	return options->mode ? 0 : -ENOMEM;
}

static void list_fini(struct text_list *list)
{
	while (list->count)
		free(list->items[--list->count]);
	free(list->items);
}

void options_fini(struct options *options)
{
	free(options->server);
	free(options->mode);
	list_fini(&options->files);
	list_fini(&options->checks);
}

static int list_add(struct text_list *list, const char *value)
{
	char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count] = strdup(value);
	if (!items[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

static int set_flag(struct options *options, const struct option_rule *rule, const char *value)
{
	bool *field = (bool *)((char *)options + rule->offset);

	if (!value || !strcmp(value, "yes"))
		*field = true;
	else if (!strcmp(value, "no"))
		*field = false;
	else
		return options_refuse(options, "%s is yes or no, not '%s'", rule->name, value);
	return 0;
}

static int set_number(struct options *options, const struct option_rule *rule, const char *value)
{
	uint64_t *field = (uint64_t *)((char *)options + rule->offset);
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end)
		return options_refuse(options, "%s needs a number, not '%s'", rule->name, value);
	if (errno || number < rule->min || number > rule->max)
		return options_refuse(options, "%s goes from %llu to %llu, not '%s'", rule->name,
				      (unsigned long long)rule->min, (unsigned long long)rule->max, value);
	*field = number;
	return 0;
}

static int set_percent(struct options *options, const struct option_rule *rule, const char *value)
{
	double *field = (double *)((char *)options + rule->offset);
	double number;
	char *end;

	number = strtod(value, &end);
	if (end == value || *end || !(number >= 0 && number <= 100))
		return options_refuse(options, "%s goes from 0 to 100 percent, not '%s'", rule->name, value);
	*field = number;
	return 0;
}

static int set_text(struct options *options, const struct option_rule *rule, const char *value)
{
	char **field = (char **)((char *)options + rule->offset);
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int apply(struct options *options, const struct option_rule *rule, const char *value)
{
	switch (rule->kind) {
	case OPTION_FLAG:
		return set_flag(options, rule, value);
	case OPTION_NUMBER:
		return set_number(options, rule, value);
	case OPTION_PERCENT:
		return set_percent(options, rule, value);
	case OPTION_TEXT:
		return set_text(options, rule, value);
	case OPTION_LIST:
		return list_add((struct text_list *)((char *)options + rule->offset), value);
	case OPTION_HABITS:
		return habits_read(options, value);
	case OPTION_HEADING:
		break;
	}
	return -EINVAL;
}

/* Sets one option by its name: for habits files, which cannot name another one or ask for help. */
int options_set(struct options *options, const char *name, const char *value)
{
	const struct option_rule *rule;

	for (rule = rules; rule < rules + RULE_COUNT; rule++) {
		if (rule->kind == OPTION_HEADING || rule->kind == OPTION_HABITS || !strcmp(rule->name, "help"))
			continue;
		if (!strcmp(rule->name, name))
			return apply(options, rule, value);
	}
	return options_refuse(options, "no option is called '%s'", name);
}

static int check_together(struct options *options)
{
	if (!options->server)
		return options_refuse(options, "which --server?");
	if (!options->files.count)
		return options_refuse(options, "which --file?");
	if (options->checks.count > 1 && options->checks.count != options->files.count)
		return options_refuse(options, "--check once, or once for each --file");
	if (options->source_port && options->source_port + options->clients > 65536)
		return options_refuse(options, "--source-port leaves too few ports for the clients");
	return 0;
}

/* Above what getopt returns on its own account. */
#define GETOPT_BASE 256

/* One entry per rule that is an option, its index in the value; the last one stays zero. */
static void fill_getopt(struct option list[RULE_COUNT + 1])
{
	unsigned int i, count = 0;

	memset(list, 0, (RULE_COUNT + 1) * sizeof(*list));
	for (i = 0; i < RULE_COUNT; i++) {
		if (rules[i].kind == OPTION_HEADING)
			continue;
		list[count].name = rules[i].name;
		list[count].has_arg = rules[i].kind == OPTION_FLAG ? no_argument : required_argument;
		list[count++].val = GETOPT_BASE + i;
	}
}

/* Returns 0, or a negative error with options->message set (empty when getopt has said it already). */
int options_parse(struct options *options, int argc, char **argv)
{
	struct option list[RULE_COUNT + 1];
	int index, err;

	fill_getopt(list);
	while ((index = getopt_long(argc, argv, "", list, NULL)) != -1) {
		if (index < GETOPT_BASE)
			return -EINVAL;
		err = apply(options, &rules[index - GETOPT_BASE], optarg);
		if (err)
			return err;
	}
	if (optind < argc)
		return options_refuse(options, "what is '%s'?", argv[optind]);
	return options->help ? 0 : check_together(options);
}

static void help_option(const struct option_rule *rule)
{
	char left[32];

	snprintf(left, sizeof(left), "--%s %s", rule->name, rule->value ? rule->value : "");
	printf("  %-26s %s\n", left, rule->help);
}

void options_help(void)
{
	const struct option_rule *rule;

	printf("Usage: tftpload --server ADDR --file NAME [OPTIONS]\n\n"
	       "Downloads by TFTP with many clients at once, and says how that went.\n");
	for (rule = rules; rule < rules + RULE_COUNT; rule++) {
		if (rule->kind == OPTION_HEADING)
			printf("\n%s:\n", rule->name);
		else
			help_option(rule);
	}
	printf("\nExit status: 0 every transfer was complete and right, 1 not so, 2 wrong usage.\n");
}
