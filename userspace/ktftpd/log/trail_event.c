// SPDX-License-Identifier: GPL-2.0
/* See trail_event.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "text.h"
#include "trail_event.h"

struct trail_event *trail_event_new(const char *name, const char *text)
{
	size_t name_bytes = strnlen(name, KTFTP_NAME_MAX), text_bytes = strnlen(text, TRAIL_TEXT_MAX);
	struct trail_event *event = calloc(1, sizeof(*event) + name_bytes + 1 + text_bytes + 1);

	if (!event)
		return NULL;
	event->name_bytes = name_bytes;
	memcpy(event->strings, name, name_bytes);
	memcpy(event->strings + name_bytes + 1, text, text_bytes);
	return event;
}

static const char *text_of(const struct trail_event *event)
{
	return event->strings + event->name_bytes + 1;
}

/* ---- questions ---- */

/* 192.0.2.1, 2001:db8::1, [2001:db8::1], fe80::1%eth0 */
static bool parse_address(const char *pattern, struct ktftp_address *address)
{
	char text[INET6_ADDRSTRLEN + 32];
	size_t bytes = strlen(pattern);

	if (bytes >= 2 && pattern[0] == '[' && pattern[bytes - 1] == ']') {
		pattern++;
		bytes -= 2;
	}
	if (bytes >= sizeof(text))
		return false;
	memcpy(text, pattern, bytes);
	text[bytes] = 0;
	address->length = 4;
	if (inet_pton(AF_INET, text, address->bytes) == 1)
		return true;
	text[strcspn(text, "%")] = 0;
	address->length = 16;
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

int trail_query_parse(struct trail_query *query, const char *pattern, char *why, size_t room)
{
	size_t bytes = strlen(pattern);

	*query = (struct trail_query){};
	if (!bytes || bytes > KTFTP_NAME_MAX) {
		snprintf(why, room, "give an address, a MAC address or a part of a name, of at most %d bytes",
			 KTFTP_NAME_MAX);
		return -EINVAL;
	}
	if (parse_address(pattern, &query->address)) {
		query->by = TRAIL_BY_ADDRESS;
		return 0;
	}
	if (mac_parse(pattern, query->mac)) {
		query->by = TRAIL_BY_MAC;
		return 0;
	}
	query->by = strpbrk(pattern, "*?") ? TRAIL_BY_GLOB : TRAIL_BY_PART;
	query->text[ktftp_name_fold(pattern, bytes, query->text)] = 0;
	return 0;
}

static bool name_matches(const struct trail_event *event, const struct trail_query *query)
{
	char folded[KTFTP_NAME_MAX + 1];

	folded[ktftp_name_fold(event->strings, event->name_bytes, folded)] = 0;
	return query->by == TRAIL_BY_GLOB ? ktftp_name_matches(query->text, folded) : strstr(folded, query->text) != 0;
}

static bool mac_matches(const struct trail_event *event, const struct trail_query *query,
			const struct neighbours *neighbours)
{
	return mac_is_in(query->mac, event->strings, event->name_bytes) ||
	       neighbours_have(neighbours, &event->client, query->mac);
}

bool trail_event_matches(const struct trail_event *event, const struct trail_query *query,
			 const struct neighbours *neighbours)
{
	switch (query->by) {
	case TRAIL_BY_ADDRESS:
		return event->client.length == query->address.length &&
		       !memcmp(event->client.bytes, query->address.bytes, query->address.length);
	case TRAIL_BY_MAC:
		return mac_matches(event, query, neighbours);
	default:
		return name_matches(event, query);
	}
}

/* ---- answers ---- */

static json_t *json_safe(const char *string)
{
	char safe[TEXT_SAFE_ROOM(KTFTP_NAME_MAX)];

	text_safe(safe, sizeof(safe), string, strlen(string), "\\");
	return json_string(safe);
}

static json_t *json_time(int64_t time_ms)
{
	time_t s = time_ms / 1000;
	char text[32], whole[40];
	struct tm utc;

	if (!gmtime_r(&s, &utc) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc))
		return json_string("?");
	snprintf(whole, sizeof(whole), "%s.%03dZ", text, (int)(time_ms % 1000));
	return json_string(whole);
}

static json_t *json_client(const struct ktftp_address *client)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(client->length == 4 ? AF_INET : AF_INET6, client->bytes, text, sizeof(text)))
		return json_string("?");
	return json_string(text);
}

static const char *end_name(uint32_t end)
{
	return end <= KTFTP_TRANSFER_END_WITHDRAWN && ktftp_transfer_end_names[end] ? ktftp_transfer_end_names[end] :
										      "?";
}

static void set_transfer(json_t *object, const struct trail_event *event)
{
	json_object_set_new(object, "size", json_integer(event->size));
	json_object_set_new(object, "blksize", json_integer(event->blksize));
	if (event->windowsize)
		json_object_set_new(object, "windowsize", json_integer(event->windowsize));
	json_object_set_new(object, "engine", json_string(event->engine));
	if (event->what != TRAIL_END)
		return;
	json_object_set_new(object, "how", json_string(end_name(event->end)));
	json_object_set_new(object, "bytes", json_integer(event->bytes));
	json_object_set_new(object, "seconds", json_real(event->age_ms / 1000.0));
	json_object_set_new(object, "repeats", json_integer(event->repeats));
}

static const char *what_name(uint8_t what)
{
	static const char *const names[] = {
		[TRAIL_START] = "start",   [TRAIL_END] = "end",         [TRAIL_MISS] = "miss",
		[TRAIL_SILENT] = "silent", [TRAIL_REFUSED] = "refused", [TRAIL_WAIT] = "wait",
	};

	return names[what];
}

json_t *trail_event_json(const struct trail_event *event, const struct neighbours *neighbours)
{
	const struct neighbour *neighbour = neighbours_find(neighbours, &event->client);
	char mac[MAC_TEXT];
	json_t *object = json_pack("{s:I, s:o, s:o, s:i, s:o, s:s, s:s}",
				   "sequence", (json_int_t)event->sequence,
				   "time", json_time(event->time_ms),
				   "client", json_client(&event->client),
				   "port", event->client_port,
				   "name", json_safe(event->strings),
				   "what", what_name(event->what),
				   "transport", "tftp");

	if (!object)
		return NULL;
	if (neighbour)
		json_object_set_new(object, "mac", json_string(mac_format(neighbour->mac, mac)));
	if (event->is_transfer)
		set_transfer(object, event);
	else if (*text_of(event))
		json_object_set_new(object, event->what == TRAIL_MISS ? "nearest" : "how", json_safe(text_of(event)));
	return object;
}
