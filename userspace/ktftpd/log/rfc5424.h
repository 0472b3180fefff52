/* SPDX-License-Identifier: GPL-2.0 */
/* Pure: a line as RFC 5424 has it, with structured data. */
#ifndef KTFTPD_RFC5424_H
#define KTFTPD_RFC5424_H

#include "line.h"

/* Everything in a line escaped once more, and a header. */
#define RFC5424_ROOM   (2 * LINE_VALUES + LINE_TEXT + 1024)

/*
 * Names of structured data that are not registered end in an enterprise number; this is the one that RFC 5612 gives
 * to who has none.
 */
#define RFC5424_SD_ID  "ktftp@32473"

/* Every receiver of UDP should take that much (RFC 5426, 3.2). */
#define RFC5424_UDP    2048

#define RFC5424_NO_MAX SIZE_MAX

/**
 * struct rfc5424_header - what a line itself does not know
 * @host: name of this host, in any form
 * @pid: of this process
 * @time_us: microseconds since 1970
 * @sequence: number of the line, 1 to 2147483647, so that a gap shows loss
 */
struct rfc5424_header {
	const char *host;
	long pid;
	int64_t time_us;
	uint32_t sequence;
};

/* The text for people is cut where the whole would be longer than max. Returns the length. */
size_t rfc5424_format(char out[RFC5424_ROOM], const struct line *line, const struct rfc5424_header *header, size_t max);

#endif
