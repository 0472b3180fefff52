// SPDX-License-Identifier: GPL-2.0
/*
 * The command line: options of the whole run, of which there is a table here, and those of habits.c, which say
 * what every client does. What it says of clients wins over habits files, wherever on it they stand.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define FIELD(name) offsetof(struct options, name)
#define MANY        1000000000ull

static const struct rule rules[] = {
	{ .kind = RULE_HEADING, .name = "Whom to ask" },
	{ RULE_TEXT, "server", "ADDR", FIELD(server), 0, 0, "IPv4 or IPv6 address of the server", NULL },
	{ RULE_NUMBER, "port", "N", FIELD(port), 1, 65535, "its port (69)", NULL },

	{ .kind = RULE_HEADING,
	  .name = "How much (whichever limit comes first; without any, each file once per client)" },
	{ RULE_NUMBER, "clients", "N", FIELD(clients), 1, MANY, "clients at the same time (1)", NULL },
	{ RULE_NUMBER, "transfers", "N", FIELD(transfers), 1, MANY, "transfers by all clients together", NULL },
	{ RULE_NUMBER, "transfers-per-client", "N", FIELD(transfers_per_client), 1, MANY,
	  "transfers by each client, one after the other", NULL },
	{ RULE_NUMBER, "seconds", "S", FIELD(seconds), 1, MANY,
	  "begin transfers for so long; those under way are finished", NULL },
	{ RULE_NUMBER, "seed", "N", FIELD(seed), 0, UINT64_MAX, "seed of all that is random (1)", NULL },

	{ .kind = RULE_HEADING, .name = "Output" },
	{ RULE_FLAG, "json", NULL, FIELD(json), 0, 0, "one JSON object instead of text", NULL },
	{ RULE_FLAG, "progress", NULL, FIELD(progress), 0, 0,
	  "a line on stderr every second, also when that is no terminal", NULL },
	{ RULE_FLAG, "help", NULL, FIELD(help), 0, 0, "this text", NULL },
};

#define RULE_COUNT  (sizeof(rules) / sizeof(rules[0]))

#define HABITS_NAME "habits"

/* What the command line says of clients, in its order. */
struct said {
	const struct rule *rule;
	const char *value;
};

struct command_line {
	struct said *said; /* room for every argument */
	unsigned int said_count;
	const char **files; /* habits files, likewise */
	unsigned int file_count;
};

int options_init(struct options *options)
{
	*options = (struct options){
		.port = 69,
		.clients = 1,
		.seed = 1,
	};
	return 0;
}

void options_fini(struct options *options)
{
	while (options->family_count)
		habits_fini(&options->families[--options->family_count].habits);
	free(options->families);
	free(options->server);
}

/* A list that the command line gives at all replaces that of the file. */
static void forget_lists(struct habits *habits, const struct command_line *line)
{
	unsigned int i;

	for (i = 0; i < line->said_count; i++) {
		if (line->said[i].rule->kind == RULE_LIST)
			text_list_fini((struct text_list *)((char *)habits + line->said[i].rule->offset));
	}
}

static int overrule(struct habits *habits, const struct command_line *line, struct reason *reason)
{
	unsigned int i;
	int err = 0;

	forget_lists(habits, line);
	for (i = 0; i < line->said_count && !err; i++)
		err = rule_apply(line->said[i].rule, habits, line->said[i].value, reason);
	return err;
}

/* Takes ":SHARE" off the end of @file. */
static int take_share(char *file, uint64_t *share, struct reason *reason)
{
	static const struct rule rule = { RULE_NUMBER, "the share behind a habits file", NULL, 0, 1, MANY, NULL, NULL };
	char *colon = strrchr(file, ':');

	*share = 1;
	if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return 0;
	*colon = 0;
	return rule_apply(&rule, share, colon + 1, reason);
}

static int read_family(struct family_options *family, const char *file, struct reason *reason)
{
	char *path = strdup(file);
	int err;

	if (!path)
		return -ENOMEM;
	err = take_share(path, &family->share, reason);
	if (!err)
		err = habits_read(&family->habits, path, reason);
	free(path);
	return err;
}

static int add_family(struct options *options, const char *file, const struct command_line *line)
{
	struct family_options *family = &options->families[options->family_count];
	struct reason *reason = &options->reason;
	int err;

	family->share = 1;
	err = habits_init(&family->habits);
	options->family_count++;
	if (!err && file)
		err = read_family(family, file, reason);
	if (!err)
		err = overrule(&family->habits, line, reason);
	return err ? err : habits_check(&family->habits, reason);
}

/* Without habits files there is one family, which does what the command line says. */
static int make_families(struct options *options, const struct command_line *line)
{
	unsigned int i;
	int err = 0;

	options->families = calloc(line->file_count + 1, sizeof(*options->families));
	if (!options->families)
		return -ENOMEM;
	if (!line->file_count)
		return add_family(options, NULL, line);
	for (i = 0; i < line->file_count && !err; i++)
		err = add_family(options, line->files[i], line);
	return err;
}

static int check_ports(struct options *options)
{
	unsigned int i;

	for (i = 0; i < options->family_count; i++) {
		if (options->families[i].habits.source_port + options->clients > 65536 &&
		    options->families[i].habits.source_port)
			return refuse(&options->reason, "--source-port leaves too few ports for the clients");
	}
	return 0;
}

/* Above what getopt returns on its own account. */
#define GETOPT_BASE 256

struct getopt_table {
	struct option *list; /* zero at the end */
	const struct rule **rules;
	unsigned int count;
};

static void add_getopt(struct getopt_table *table, const char *name, bool has_value, const struct rule *rule)
{
	table->list[table->count].name = name;
	table->list[table->count].has_arg = has_value ? required_argument : no_argument;
	table->list[table->count].val = GETOPT_BASE + table->count;
	table->rules[table->count++] = rule;
}

static void add_rules(struct getopt_table *table, const struct rule *from, size_t count)
{
	const struct rule *rule;

	for (rule = from; rule < from + count; rule++) {
		if (rule->kind != RULE_HEADING)
			add_getopt(table, rule->name, rule->kind != RULE_FLAG, rule);
	}
}

static bool is_own_rule(const struct rule *rule)
{
	return rule >= rules && rule < rules + RULE_COUNT;
}

static int take_option(struct options *options, struct command_line *line, const struct rule *rule)
{
	if (!rule) {
		line->files[line->file_count++] = optarg;
		return 0;
	}
	if (is_own_rule(rule))
		return rule_apply(rule, options, optarg, &options->reason);
	line->said[line->said_count++] = (struct said){ .rule = rule, .value = optarg };
	return 0;
}

/* The reason is left empty when getopt has told it. */
static int take_all(struct options *options, struct command_line *line, const struct getopt_table *table, int argc,
		    char **argv)
{
	int index, err;

	while ((index = getopt_long(argc, argv, "", table->list, NULL)) != -1) {
		if (index < GETOPT_BASE)
			return -EINVAL;
		err = take_option(options, line, table->rules[index - GETOPT_BASE]);
		if (err)
			return err;
	}
	if (optind < argc)
		return refuse(&options->reason, "what is '%s'?", argv[optind]);
	return 0;
}

static int take_command_line(struct options *options, struct command_line *line, int argc, char **argv)
{
	const struct rule *client_rules;
	struct getopt_table table = {};
	size_t client_count;
	int err = -ENOMEM;

	client_rules = habits_rules(&client_count);
	table.list = calloc(RULE_COUNT + client_count + 2, sizeof(*table.list));
	table.rules = calloc(RULE_COUNT + client_count + 1, sizeof(*table.rules));
	if (table.list && table.rules) {
		add_rules(&table, rules, RULE_COUNT);
		add_rules(&table, client_rules, client_count);
		add_getopt(&table, HABITS_NAME, true, NULL);
		err = take_all(options, line, &table, argc, argv);
	}
	free(table.list);
	free(table.rules);
	return err;
}

/* Returns 0, or a negative error with the reason kept (empty when getopt has said it already). */
int options_parse(struct options *options, int argc, char **argv)
{
	struct command_line line = {};
	int err = -ENOMEM;

	line.said = calloc(argc, sizeof(*line.said));
	line.files = calloc(argc, sizeof(*line.files));
	if (line.said && line.files)
		err = take_command_line(options, &line, argc, argv);
	if (!err && !options->help) {
		err = options->server ? make_families(options, &line) : refuse(&options->reason, "which --server?");
		if (!err)
			err = check_ports(options);
	}
	free(line.said);
	free(line.files);
	return err;
}

void options_help(void)
{
	const struct rule *client_rules;
	size_t client_count;

	client_rules = habits_rules(&client_count);
	printf("Usage: tftpload --server ADDR --file NAME [OPTIONS]\n"
	       "       tftpload --server ADDR --habits FILE[:SHARE] [--habits FILE[:SHARE]]... [OPTIONS]\n\n"
	       "Downloads by TFTP with many clients at once, and says how that went.\n");
	rules_help(rules, RULE_COUNT);
	printf("\nClients of one kind or of several, each with its habits; everything below can also stand in\n"
	       "a habits file, as 'name = value' with # comments; what the command line says is for all and wins:\n"
	       "  --%-26s %s\n",
	       HABITS_NAME " FILE[:SHARE]", "clients as FILE has them; with others, SHARE parts of all (1)");
	rules_help(client_rules, client_count);
	printf("\nExit status: 0 every transfer was complete and right, 1 not so, 2 wrong usage.\n");
}
