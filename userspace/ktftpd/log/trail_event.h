/* SPDX-License-Identifier: GPL-2.0 */
/* One thing that happened, as the trail keeps it, which questions it is an answer to, and how it is told. */
#ifndef KTFTPD_TRAIL_EVENT_H
#define KTFTPD_TRAIL_EVENT_H

#include "neighbours.h"
#include "trail.h"

/* Most bytes of what is told beside the name. */
#define TRAIL_TEXT_MAX KTFTP_NAME_MAX

/**
 * struct trail_event - what happened
 * @sequence: its number, from 1
 * @time_ms: milliseconds since 1970
 * @client: who asked
 * @client_port: from where
 * @what: enum trail_what
 * @is_transfer: the members from @end to @engine count
 * @end: enum ktftp_transfer_end, of TRAIL_END
 * @size: bytes of the file
 * @bytes: bytes that the client acknowledged
 * @age_ms: how long it took
 * @repeats: packets that were sent again
 * @blksize: bytes of a full block
 * @windowsize: blocks of a window, 0 where that is not known
 * @engine: "kernel" or "user"
 * @name_bytes: of the name in @strings
 * @strings: name and text, each with a NUL behind it; the text of a miss is the nearest name
 */
struct trail_event {
	uint64_t sequence;
	int64_t time_ms;
	struct ktftp_address client;
	uint16_t client_port;
	uint8_t what;
	bool is_transfer;
	uint32_t end;
	uint64_t size;
	uint64_t bytes;
	uint64_t age_ms;
	uint32_t repeats;
	uint32_t blksize;
	uint32_t windowsize;
	char engine[8];
	uint16_t name_bytes;
	char strings[];
};

enum trail_by {
	TRAIL_BY_ADDRESS,
	TRAIL_BY_MAC,
	TRAIL_BY_PART, /* of a name */
	TRAIL_BY_GLOB,
};

/**
 * struct trail_query - what is asked
 * @by: enum trail_by
 * @address: of a client
 * @mac: in names, or of a client
 * @text: part or glob, folded
 */
struct trail_query {
	enum trail_by by;
	struct ktftp_address address;
	uint8_t mac[MAC_BYTES];
	char text[KTFTP_NAME_MAX + 1];
};

/* Name and text are cut where they are longer than the trail keeps. NULL for lack of memory. */
struct trail_event *trail_event_new(const char *name, const char *text);
int trail_query_parse(struct trail_query *query, const char *pattern, char *why, size_t room);
bool trail_event_matches(const struct trail_event *event, const struct trail_query *query,
			 const struct neighbours *neighbours);
json_t *trail_event_json(const struct trail_event *event, const struct neighbours *neighbours);

#endif
