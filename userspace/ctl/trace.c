// SPDX-License-Identifier: GPL-2.0
/* ktftpctl trace: what a phone asked for and got, in order, as the daemon remembers it. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"

#define POLL_MS 250

const char help_trace[] =
	"  trace MAC|IP|NAME [--watch]\n"
	"                     what a phone asked for and got, the oldest first: by its MAC address\n"
	"                     (in names, or of a neighbour), its IP address, or a part of a name;\n"
	"                     --watch goes on until interrupted\n";

/* "2026-01-31T12:00:00.123Z" in local time; what is no time as it is. */
static const char *show_time(const char *utc, char *out, size_t room)
{
	struct tm tm = {};
	char text[32];
	const char *rest = strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t seconds = rest ? timegm(&tm) : 0;

	if (!rest || !localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(out, room, "%s", utc);
	else
		snprintf(out, room, "%s%.*s", text, (int)strcspn(rest, "Z"), rest);
	return out;
}

static void print_end(const json_t *event)
{
	char bytes[32], rate[32];
	double seconds = json_number_value(json_object_get(event, "seconds"));
	uint64_t got = get_integer(event, "bytes");

	printf(" %s: %s in %.3fs, %s, %lld repeats", get_text(event, "how"), show_bytes(got, bytes, sizeof(bytes)),
	       seconds, show_rate(got, seconds * 1000, rate, sizeof(rate)), (long long)get_integer(event, "repeats"));
}

static void print_details(const json_t *event)
{
	char size[32];

	if (!strcmp(get_text(event, "what"), "end"))
		print_end(event);
	else if (json_object_get(event, "blksize"))
		printf(" %s, blocks of %lld", show_bytes(get_integer(event, "size"), size, sizeof(size)),
		       (long long)get_integer(event, "blksize"));
	else if (*get_text(event, "how"))
		printf(" (%s)", get_text(event, "how"));
	else if (*get_text(event, "nearest"))
		printf(" (did it mean %s?)", get_text(event, "nearest"));
	if (*get_text(event, "engine"))
		printf(", %s", get_text(event, "engine"));
}

static void print_event(const json_t *event)
{
	const char *client = get_text(event, "client"), *mac = get_text(event, "mac");
	bool brackets = strchr(client, ':');
	char when[64], name[KTFTP_SOURCE_MAX + 1];

	printf("%s %s%s%s:%lld%s%s %-7s %s", show_time(get_text(event, "time"), when, sizeof(when)),
	       brackets ? "[" : "", client, brackets ? "]" : "", (long long)get_integer(event, "port"), *mac ? " " : "",
	       mac, get_text(event, "what"), show_name(get_text(event, "name"), name, sizeof(name)));
	print_details(event);
	putchar('\n');
}

/* Asks for what came after the event with that number, 0 for all; an array, or NULL after the reason was said. */
static json_t *ask(struct ctl *ctl, const char *pattern, json_int_t after)
{
	json_t *answer = daemon_ask(ctl, "trace",
				    json_pack("{s:o, s:I}", "pattern", json_name(pattern), "after", after));
	json_t *events = json_incref(json_object_get(answer, "events"));

	json_decref(answer);
	return events;
}

/* One after the other, as they are watched. Returns the number of the last one, or that before there were some. */
static json_int_t print_events(const struct ctl *ctl, const json_t *events, json_int_t last)
{
	const json_t *event;
	size_t i;

	json_array_foreach(events, i, event)
	{
		if (ctl->json)
			print_json(event);
		else
			print_event(event);
		last = get_integer(event, "sequence");
	}
	return last;
}

static int watch(struct ctl *ctl, const char *pattern)
{
	json_int_t last = 0;
	json_t *events;

	while ((events = ask(ctl, pattern, last))) {
		last = print_events(ctl, events, last);
		json_decref(events);
		/* Who reads from a pipe wants lines as they come; who went away ends us. */
		if (fflush(stdout))
			return CTL_OK;
		usleep(POLL_MS * 1000);
	}
	return CTL_FAILED;
}

static int show(struct ctl *ctl, const char *pattern)
{
	json_t *events = ask(ctl, pattern, 0);

	if (!events)
		return CTL_FAILED;
	if (ctl->json)
		print_json(events);
	else
		print_events(ctl, events, 0);
	if (!ctl->json && !json_array_size(events))
		printf("nothing is known of '%s' since ktftpd began, or it was too long ago\n", pattern);
	json_decref(events);
	return CTL_OK;
}

int cmd_trace(struct ctl *ctl, struct words *words)
{
	bool watching = take_word(words, "--watch");
	const char *pattern = next_word(words);
	int status;

	if (!pattern || !*pattern)
		return usage(ctl, "trace whom? (a MAC address, an IP address, or a part of a name)");
	watching = take_word(words, "--watch") || watching;
	status = end_of_line(ctl, words);
	if (status)
		return status;
	return watching ? watch(ctl, pattern) : show(ctl, pattern);
}
