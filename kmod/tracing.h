/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What there is to trace, for the files it happens in. While nobody looks, each of these is a jump that is patched
 * out: arguments are made behind it, in trace.c. trace.h says what the tracepoints tell.
 */
#ifndef KTFTP_TRACING_H
#define KTFTP_TRACING_H

#include <linux/tracepoint-defs.h>
#include <linux/types.h>

struct ktftp_key;
struct ktftp_listener;
struct ktftp_request;
struct ktftp_transfer;

/* Room for a name in the text of an event, its NUL included; a longer one is cut there. */
#define KTFTP_TRACE_NAME	64

/**
 * enum ktftp_trace_why - why a packet is sent again
 * @KTFTP_TRACE_TIMEOUT: nothing came from the client for so long
 * @KTFTP_TRACE_REQUEST: the client repeated its request
 * @KTFTP_TRACE_NOT_SENT: this host dropped the last copy
 * @KTFTP_TRACE_GAP: the client says that it is missing, while it has what was sent before
 */
enum ktftp_trace_why {
	KTFTP_TRACE_TIMEOUT,
	KTFTP_TRACE_REQUEST,
	KTFTP_TRACE_NOT_SENT,
	KTFTP_TRACE_GAP,
};

DECLARE_TRACEPOINT(ktftp_request);
DECLARE_TRACEPOINT(ktftp_start);
DECLARE_TRACEPOINT(ktftp_send);
DECLARE_TRACEPOINT(ktftp_ack);
DECLARE_TRACEPOINT(ktftp_retransmit);
DECLARE_TRACEPOINT(ktftp_end);

void ktftp_trace_do_request(const struct ktftp_listener *listener, const struct ktftp_key *key,
			    const struct ktftp_request *rq);
void ktftp_trace_do_start(const struct ktftp_transfer *t);
void ktftp_trace_do_send(const struct ktftp_transfer *t, u64 block, u32 bytes, bool again);
void ktftp_trace_do_ack(const struct ktftp_transfer *t, u16 wire, u32 what);
void ktftp_trace_do_retransmit(const struct ktftp_transfer *t, enum ktftp_trace_why why);
void ktftp_trace_do_end(const struct ktftp_transfer *t, u32 how);

/* A well-formed request came. */
static inline void ktftp_trace_request(const struct ktftp_listener *listener, const struct ktftp_key *key,
				       const struct ktftp_request *rq)
{
	if (tracepoint_enabled(ktftp_request))
		ktftp_trace_do_request(listener, key, rq);
}

/* Under the transfer's lock, as all that follow: its options are agreed on, nothing is sent. */
static inline void ktftp_trace_start(const struct ktftp_transfer *t)
{
	if (tracepoint_enabled(ktftp_start))
		ktftp_trace_do_start(t);
}

/* Is a packet that was built to be traced. */
static inline bool ktftp_trace_sends(void)
{
	return tracepoint_enabled(ktftp_send);
}

/* A packet with this block was built, not for the first time when @again; 0 for the OACK. */
static inline void ktftp_trace_send(const struct ktftp_transfer *t, u64 block, u32 bytes, bool again)
{
	if (ktftp_trace_sends())
		ktftp_trace_do_send(t, block, bytes, again);
}

/* An ACK was understood, and the round trip not measured yet. */
static inline void ktftp_trace_ack(const struct ktftp_transfer *t, u16 wire, u32 what)
{
	if (tracepoint_enabled(ktftp_ack))
		ktftp_trace_do_ack(t, wire, what);
}

/* What is in flight is sent again; the repeat is counted, its time not yet noted. */
static inline void ktftp_trace_retransmit(const struct ktftp_transfer *t, enum ktftp_trace_why why)
{
	if (tracepoint_enabled(ktftp_retransmit))
		ktftp_trace_do_retransmit(t, why);
}

/* The download ends; all of it is still there. */
static inline void ktftp_trace_end(const struct ktftp_transfer *t, u32 how)
{
	if (tracepoint_enabled(ktftp_end))
		ktftp_trace_do_end(t, how);
}

#endif
