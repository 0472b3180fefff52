/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines for people and machines: to the journal with its fields, to standard error in the foreground, to syslog
 * servers by RFC 5424 with structured data. Limited in rate; what is dropped is counted and told. The main thread's.
 */
#ifndef KTFTPD_LOG_H
#define KTFTPD_LOG_H

#include <syslog.h>

#include "config/config.h"

struct log;

/**
 * struct log_counts - lines
 * @written: that went out
 * @dropped: beyond the rate
 * @unsent: that a syslog server did not get
 */
struct log_counts {
	uint64_t written;
	uint64_t dropped;
	uint64_t unsent;
};

/* @foreground: standard error instead of the journal when that is a terminal or there is no journal. */
struct log *log_new(struct event_base *base, const struct config *config, bool foreground);
void log_free(struct log *log);
int log_reconfigure(struct log *log, const struct config *config);
void log_counts_get(const struct log *log, struct log_counts *counts);

/* What the daemon itself has to say; never limited. NULL for log writes to standard error. */
void log_say(struct log *log, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A download ended; engine is "kernel" or "user". */
void log_transfer(struct log *log, const struct ktftp_transfer *transfer, const char *engine);
/* A name is not there. nearest may be NULL; answer is "error1", "silence", ... */
void log_miss(struct log *log, const struct ktftp_handed *request, const char *name, const char *nearest,
	      const char *answer);

#endif
