// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "habits.h"

#define FIELD(name) offsetof(struct habits, name)
#define MANY        1000000000ull

static const char *const gap_words[] = { [GAP_ONCE] = "once", [GAP_EACH] = "each", [GAP_NEVER] = "never", NULL };
static const char *const duplicate_words[] = {
	[DUPLICATE_ACK] = "ack", [DUPLICATE_ONCE] = "once", [DUPLICATE_IGNORE] = "ignore", NULL
};

static const struct rule rules[] = {
	{ .kind = RULE_HEADING, .name = "Files" },
	{ RULE_LIST, "file", "NAME", FIELD(files), 0, 0,
	  "file to ask for; given again: every client takes them in turn. In a name, %i is the\n"
	  "                               client's number, %m and %M a MAC address made of it, %% a %",
	  NULL },
	{ RULE_LIST, "check", "FILE", FIELD(checks), 0, 0,
	  "local copy to compare with: one for all names, or one for each in their order; or, with a / at\n"
	  "                               its end, a folder that has those, and those alone, that the server has",
	  NULL },
	{ RULE_TEXT, "mode", "NAME", FIELD(mode), 0, 0, "transfer mode, as sent (octet)", NULL },
	{ RULE_RANGE, "between-files-ms", "A[-B]", FIELD(between_files_ms), 0, MANY,
	  "pause before a client's next transfer, at random between both (0)", NULL },
	{ RULE_NUMBER, "start-spread-ms", "N", FIELD(start_spread_ms), 0, MANY,
	  "spread the clients' first requests over so long (0)", NULL },

	{ .kind = RULE_HEADING, .name = "Options in the request (none is sent unless asked for here)" },
	{ RULE_NUMBER, "blksize", "N", FIELD(blksize), 8, 65464, "block size", NULL },
	{ RULE_NUMBER, "windowsize", "N", FIELD(windowsize), 1, 65535, "blocks per acknowledgement", NULL },
	{ RULE_NUMBER, "timeout-option", "S", FIELD(timeout_option_s), 1, 255, "the server's timeout", NULL },
	{ RULE_FLAG, "tsize", NULL, FIELD(tsize), 0, 0, "size of the file, which is then checked", NULL },
	{ RULE_NUMBER, "rollover", "N", FIELD(rollover), 0, 1, "the number that follows block 65535", NULL },
	{ RULE_LIST, "option", "'NAME VALUE'", FIELD(extra_options), 0, 0,
	  "one more option, which no server is to grant; %m and the like as in names", NULL },
	{ RULE_FLAG, "stray-nul", NULL, FIELD(stray_nul), 0, 0, "one zero byte too many at the end", NULL },
	{ RULE_FLAG, "size-probe", NULL, FIELD(size_probe), 0, 0,
	  "ask for the size first, and give up when it comes: a request of its own", NULL },

	{ .kind = RULE_HEADING, .name = "Timers" },
	{ RULE_NUMBER, "timeout-ms", "N", FIELD(timeout_ms), 1, MANY,
	  "silence before the last packet is sent again (4000)", NULL },
	{ RULE_NUMBER, "timeout-max-ms", "N", FIELD(timeout_max_ms), 0, MANY,
	  "the silence doubles each time, up to this; 0: it stays the same (0)", NULL },
	{ RULE_NUMBER, "tries", "N", FIELD(tries), 1, MANY, "times a packet is sent before the transfer has failed (5)",
	  NULL },

	{ .kind = RULE_HEADING, .name = "Acknowledgements and ends" },
	{ RULE_CHOICE, "gap", "WORD", FIELD(gap), 0, 0,
	  "when a block is missing, ask for it once, for each that comes instead, or never (once)", gap_words },
	{ RULE_CHOICE, "repeated-block", "WORD", FIELD(duplicate), 0, 0,
	  "a block that came already: ack, ignore, or once, as for a gap (ack)", duplicate_words },
	{ RULE_FLAG, "ack-every-block", NULL, FIELD(ack_every_block), 0, 0, "although a window was granted", NULL },
	{ RULE_FLAG, "no-last-ack", NULL, FIELD(no_last_ack), 0, 0, "do not acknowledge the last block", NULL },
	{ RULE_NUMBER, "dally-ms", "N", FIELD(dally_ms), 0, MANY,
	  "stay so long after the last block, and acknowledge it again when it is repeated (0)", NULL },
	{ RULE_NUMBER, "stop-after-bytes", "N", FIELD(stop_after_bytes), 0, UINT64_MAX,
	  "leave without a word once so much has come; 0: never (0)", NULL },
	{ RULE_FLAG, "answer-strays", NULL, FIELD(answer_strays), 0, 0,
	  "answer packets from other ports with ERROR 5 instead of silence", NULL },
	{ RULE_FLAG, "allow-not-found", NULL, FIELD(allow_not_found), 0, 0, "ERROR 1 is not a failure", NULL },

	{ .kind = RULE_HEADING, .name = "Ports" },
	{ RULE_FLAG, "fixed-port", NULL, FIELD(fixed_port), 0, 0, "file after file from the same source port", NULL },
	{ RULE_TEXT, "source-address", "ADDR", FIELD(source_address), 0, 0,
	  "client number i uses the address ADDR + i (from 0), each an own one of this host", NULL },
	{ RULE_NUMBER, "source-port", "N", FIELD(source_port), 1, 65535,
	  "client number i uses port N + i (from 0), for all its files", NULL },

	{ .kind = RULE_HEADING, .name = "Slowness" },
	{ RULE_NUMBER, "think-us", "N", FIELD(think_us), 0, MANY, "pause before each ACK, in which nothing is read (0)",
	  NULL },
	{ RULE_NUMBER, "packet-us", "N", FIELD(packet_us), 0, MANY, "time that each packet takes the client (0)",
	  NULL },
	{ RULE_NUMBER, "receive-buffers", "N", FIELD(receive_buffers), 0, 65535,
	  "packets that can wait, the one being taken included: more are lost; 0: any (0)", NULL },
	{ RULE_NUMBER, "flash-every-bytes", "N", FIELD(flash_every_bytes), 0, UINT64_MAX,
	  "pause after so much of the file, as for erasing flash; 0: never (0)", NULL },
	{ RULE_RANGE, "flash-pause-ms", "A[-B]", FIELD(flash_pause_ms), 0, MANY, "how long, at random between both (0)",
	  NULL },

	{ .kind = RULE_HEADING, .name = "HTTP first" },
	{ RULE_NUMBER, "http-port", "N", FIELD(http_port), 0, 65535,
	  "before each file, try to connect to this TCP port of the server; 0: do not (0)", NULL },
	{ RULE_NUMBER, "http-timeout-ms", "N", FIELD(http_timeout_ms), 1, MANY,
	  "wait so long for the connection before TFTP (5000)", NULL },

	{ .kind = RULE_HEADING, .name = "Network, of what arrives and, -tx, of what is sent, in percent" },
	{ RULE_PERCENT, "loss", "P", FIELD(loss_percent), 0, 0, "drop them (0)", NULL },
	{ RULE_PERCENT, "loss-tx", "P", FIELD(loss_tx_percent), 0, 0, "drop them (0)", NULL },
	{ RULE_PERCENT, "duplicate", "P", FIELD(duplicate_percent), 0, 0, "double them (0)", NULL },
	{ RULE_PERCENT, "duplicate-tx", "P", FIELD(duplicate_tx_percent), 0, 0, "double them (0)", NULL },
	{ RULE_PERCENT, "reorder", "P", FIELD(reorder_percent), 0, 0, "hold them back, so that others overtake (0)",
	  NULL },
	{ RULE_PERCENT, "reorder-tx", "P", FIELD(reorder_tx_percent), 0, 0, "the same; ACKs only (0)", NULL },
	{ RULE_NUMBER, "reorder-ms", "N", FIELD(reorder_ms), 0, MANY, "for so long (2)", NULL },
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

int habits_init(struct habits *habits)
{
	*habits = (struct habits){
		.rollover = ROLLOVER_UNASKED,
		.timeout_ms = 4000,
		.tries = 5,
		.http_timeout_ms = 5000,
		.reorder_ms = 2,
	};
	habits->name = strdup("clients");
	habits->mode = strdup("octet");
	return habits->name && habits->mode ? 0 : -ENOMEM;
}

void habits_fini(struct habits *habits)
{
	free(habits->name);
	free(habits->mode);
	free(habits->source_address);
	text_list_fini(&habits->files);
	text_list_fini(&habits->checks);
	text_list_fini(&habits->extra_options);
}

const struct rule *habits_rules(size_t *count)
{
	*count = RULE_COUNT;
	return rules;
}

const struct rule *habits_rule(const char *name)
{
	const struct rule *rule;

	for (rule = rules; rule < rules + RULE_COUNT; rule++) {
		if (rule->kind != RULE_HEADING && !strcmp(rule->name, name))
			return rule;
	}
	return NULL;
}

int habits_set(struct habits *habits, const char *name, const char *value, struct reason *reason)
{
	const struct rule *rule = habits_rule(name);

	if (!rule)
		return refuse(reason, "no habit is called '%s'", name);
	return rule_apply(rule, habits, value, reason);
}

const char *habits_check_folder(const struct habits *habits)
{
	const char *path = habits->checks.count == 1 ? habits->checks.items[0] : "";

	return *path && path[strlen(path) - 1] == '/' ? path : NULL;
}

/* What no rule can say by itself. */
int habits_check(struct habits *habits, struct reason *reason)
{
	unsigned int i;

	if (!habits->files.count)
		return refuse(reason, "which --file?");
	if (habits->checks.count > 1 && habits->checks.count != habits->files.count)
		return refuse(reason, "--check once, or once for each --file");
	if (habits->rollover == 1 && habits->windowsize == 65535)
		return refuse(reason, "with rollover 1 there are no 65535 other blocks: windowsize 65534 at most");
	if (!habits->flash_pause_ms.max != !habits->flash_every_bytes)
		return refuse(reason, "flash-every-bytes and flash-pause-ms need each other");
	for (i = 0; i < habits->extra_options.count; i++) {
		if (!strchr(habits->extra_options.items[i], ' '))
			return refuse(reason, "option needs a name and a value, not '%s'",
				      habits->extra_options.items[i]);
	}
	return 0;
}

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = 0;
	return text;
}

/* A # begins a comment at the start of a line or after a blank, so that a file name may contain one. */
static void cut_comment(char *line)
{
	char *at;

	for (at = line; *at; at++) {
		if (*at == '#' && (at == line || isspace((unsigned char)at[-1]))) {
			*at = 0;
			return;
		}
	}
}

static int take_line(struct habits *habits, char *line, struct reason *reason)
{
	char *equals, *name;

	cut_comment(line);
	name = trim(line);
	if (!*name)
		return 0;
	equals = strchr(name, '=');
	if (!equals)
		return refuse(reason, "'%s' is not 'name = value'", name);
	*equals = 0;
	return habits_set(habits, trim(name), trim(equals + 1), reason);
}

/* Puts the file and the line before the reason. */
static int refuse_line(struct reason *reason, const char *path, unsigned int number)
{
	struct reason inner = *reason;

	return refuse(reason, "%s:%u: %.300s", path, number, inner.text);
}

/* "DIRECTORY/u-boot.conf" is about "u-boot". */
static int name_after(struct habits *habits, const char *path)
{
	const char *base = strrchr(path, '/');
	const char *dot;

	base = base ? base + 1 : path;
	dot = strrchr(base, '.');
	free(habits->name);
	habits->name = strndup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
	return habits->name ? 0 : -ENOMEM;
}

/* Takes every line of @path. Returns 0, or a negative error with the reason kept. */
int habits_read(struct habits *habits, const char *path, struct reason *reason)
{
	FILE *file = fopen(path, "re");
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!file)
		return refuse(reason, "cannot read %s: %s", path, strerror(errno));
	while (!err && getline(&line, &room, file) >= 0) {
		number++;
		err = take_line(habits, line, reason);
	}
	if (err == -EINVAL)
		err = refuse_line(reason, path, number);
	else if (!err && ferror(file))
		err = refuse(reason, "cannot read %s: %s", path, strerror(errno));
	free(line);
	fclose(file);
	return err ? err : name_after(habits, path);
}
