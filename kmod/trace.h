/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints, system ktftp: what perf, tracefs and BPF programs see of downloads. trace.c alone includes this
 * file; whoever has something to trace includes tracing.h.
 *
 * The arguments are a contract with BPF programs, which attach by raw tracepoint, where a program knows an
 * argument by its place alone: new ones go to the end, none is taken away. They are scalars, so that no program
 * needs the types of the module (Debian's 6.1 gives modules no BTF):
 *
 * - a transfer is an id that no other transfer of the host ever has;
 * - a namespace is the inode number of its /proc/PID/ns/net;
 * - an address is two halves in host order, the high one first, IPv4 mapped into IPv6; ports are in host order;
 * - a block is counted from 1 and never wraps; 0 is the OACK;
 * - a name is a pointer for bpf_probe_read_kernel_str(), terminated by NUL, and its length without that. It is
 *   valid while the tracepoint runs.
 *
 * Except for request, they fire under the lock of their transfer, so those of one transfer never run at the same
 * time, and come in the order of what happened.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ktftp

#if !defined(KTFTP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KTFTP_TRACE_H

#include <linux/ctype.h>
#include <linux/tracepoint.h>
#include <linux/unaligned.h>

#include "tracing.h"

/* For the text of an event, which tracefs makes when it is read. */
#ifndef KTFTP_TRACE_HELPERS
#define KTFTP_TRACE_HELPERS
static inline void ktftp_trace_address(u8 *address, u64 high, u64 low)
{
	put_unaligned_be64(high, address);
	put_unaligned_be64(low, address + 8);
}

/* A client may have written what it likes: it does not write lines of a log. */
static inline void ktftp_trace_name(char *out, const char *name)
{
	unsigned int i;

	for (i = 0; i < KTFTP_TRACE_NAME - 1 && name[i]; i++)
		out[i] = isprint(name[i]) ? name[i] : '?';
	out[i] = 0;
}
#endif

#define show_opcode(opcode) __print_symbolic(opcode, { 1, "read" }, { 2, "write" })
#define show_mode(mode) __print_symbolic(mode, { 0, "octet" }, { 1, "netascii" }, { 2, "other" })
#define show_ack(what) __print_symbolic(what, { 0, "next" }, { 1, "last" }, { 2, "duplicate" }, { 3, "stale" }, \
			 { 4, "gap" }, { 5, "some" })
#define show_why(why) __print_symbolic(why, { 0, "timeout" }, { 1, "request" }, { 2, "not-sent" }, \
			 { 3, "gap" })
#define show_end(how) \
	__print_symbolic(how, { 0, "complete" }, { 1, "assumed" }, { 2, "aborted" }, { 3, "timed-out" }, \
			 { 4, "unproven" }, { 5, "cut" }, { 6, "replaced" }, { 7, "unreachable" }, \
			 { 8, "withdrawn" })

/**
 * ktftp_request - a well-formed request came to a listening port
 * @netns: namespace
 * @listener: id of the listener
 * @peer_high: who asks
 * @peer_low: likewise
 * @peer_port: client's port
 * @local_high: the address that was asked
 * @local_low: likewise
 * @opcode: 1 for read, 2 for write
 * @mode: enum ktftp_mode
 * @name: as it was sent, inside the datagram
 * @name_bytes: its length
 *
 * Repeats are requests, too. What becomes of it: see ktftp_start, or the counters.
 *
 * Context: softirq, rcu_read_lock(), no lock of ours.
 */
TRACE_EVENT(ktftp_request,
	TP_PROTO(u32 netns, u32 listener, u64 peer_high, u64 peer_low, u16 peer_port, u64 local_high, u64 local_low,
		 u32 opcode, u32 mode, const char *name, u32 name_bytes),
	TP_ARGS(netns, listener, peer_high, peer_low, peer_port, local_high, local_low, opcode, mode, name, name_bytes),
	TP_STRUCT__entry(
		__field(u32, netns)
		__field(u32, listener)
		__array(u8, peer, 16)
		__array(u8, local, 16)
		__field(u16, peer_port)
		__field(u8, opcode)
		__field(u8, mode)
		__array(char, name, KTFTP_TRACE_NAME)
	),
	TP_fast_assign(
		__entry->netns = netns;
		__entry->listener = listener;
		ktftp_trace_address(__entry->peer, peer_high, peer_low);
		ktftp_trace_address(__entry->local, local_high, local_low);
		__entry->peer_port = peer_port;
		__entry->opcode = opcode;
		__entry->mode = mode;
		ktftp_trace_name(__entry->name, name);
	),
	TP_printk("netns=%u listener=%u peer=[%pI6c]:%u local=%pI6c opcode=%s mode=%s name=%s",
		  __entry->netns, __entry->listener, __entry->peer, __entry->peer_port, __entry->local,
		  show_opcode(__entry->opcode), show_mode(__entry->mode), __entry->name)
);

/**
 * ktftp_start - a download begins
 * @id: transfer
 * @netns: namespace
 * @listener: id of the listener
 * @peer_high: client's address
 * @peer_low: likewise
 * @peer_port: client's port
 * @tid: our port
 * @bytes: size of the file
 * @blksize: bytes of a full block, as agreed on
 * @windowsize: blocks in flight at most, as agreed on
 * @name: canonical name of the file
 * @name_bytes: its length
 *
 * Context: softirq, or process with softirqs off; rcu_read_lock(), the transfer's lock.
 */
TRACE_EVENT(ktftp_start,
	TP_PROTO(u64 id, u32 netns, u32 listener, u64 peer_high, u64 peer_low, u16 peer_port, u16 tid, u64 bytes,
		 u32 blksize, u32 windowsize, const char *name, u32 name_bytes),
	TP_ARGS(id, netns, listener, peer_high, peer_low, peer_port, tid, bytes, blksize, windowsize, name, name_bytes),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, bytes)
		__field(u32, netns)
		__field(u32, listener)
		__array(u8, peer, 16)
		__field(u16, peer_port)
		__field(u16, tid)
		__field(u32, blksize)
		__field(u32, windowsize)
		__array(char, name, KTFTP_TRACE_NAME)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->bytes = bytes;
		__entry->netns = netns;
		__entry->listener = listener;
		ktftp_trace_address(__entry->peer, peer_high, peer_low);
		__entry->peer_port = peer_port;
		__entry->tid = tid;
		__entry->blksize = blksize;
		__entry->windowsize = windowsize;
		ktftp_trace_name(__entry->name, name);
	),
	TP_printk("id=%llu netns=%u listener=%u peer=[%pI6c]:%u tid=%u bytes=%llu blksize=%u windowsize=%u name=%s",
		  __entry->id, __entry->netns, __entry->listener, __entry->peer, __entry->peer_port, __entry->tid,
		  __entry->bytes, __entry->blksize, __entry->windowsize, __entry->name)
);

/**
 * ktftp_send - a DATA packet or an OACK was built and goes to the network stack now
 * @id: transfer
 * @netns: namespace
 * @peer_high: client's address
 * @peer_low: likewise
 * @peer_port: client's port
 * @block: which block, 0 for the OACK
 * @bytes: its payload, 0 for the OACK
 * @copy: how often the block was sent before, 255 at most: 0 for the first time
 * @name: canonical name of the file
 * @name_bytes: its length
 *
 * One that this host then drops fires it, too; it does so again, with the same @copy, when it is sent after all.
 *
 * Context: softirq, or process with softirqs off; rcu_read_lock(), the transfer's lock.
 */
TRACE_EVENT(ktftp_send,
	TP_PROTO(u64 id, u32 netns, u64 peer_high, u64 peer_low, u16 peer_port, u64 block, u32 bytes, u32 copy,
		 const char *name, u32 name_bytes),
	TP_ARGS(id, netns, peer_high, peer_low, peer_port, block, bytes, copy, name, name_bytes),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, block)
		__field(u32, netns)
		__array(u8, peer, 16)
		__field(u16, peer_port)
		__field(u32, bytes)
		__field(u32, copy)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->block = block;
		__entry->netns = netns;
		ktftp_trace_address(__entry->peer, peer_high, peer_low);
		__entry->peer_port = peer_port;
		__entry->bytes = bytes;
		__entry->copy = copy;
	),
	TP_printk("id=%llu netns=%u peer=[%pI6c]:%u block=%llu bytes=%u copy=%u", __entry->id, __entry->netns,
		  __entry->peer, __entry->peer_port, __entry->block, __entry->bytes, __entry->copy)
);

/**
 * ktftp_ack - an acknowledgement came for a download that has not ended
 * @id: transfer
 * @netns: namespace
 * @peer_high: client's address
 * @peer_low: likewise
 * @peer_port: client's port
 * @wire: block number in the packet, which wraps
 * @what: enum ktftp_ack: 0 moves the transfer on, 1 ends it, 2 is a duplicate, 3 anything else;
 *	with windows, 4 asks for what is missing, and 5 acknowledges some of what is under way
 * @acked: blocks that the client has acknowledged, this packet included
 * @rtt_us: microseconds since the block was sent, at least 1; 0 when this acknowledgement gives no sample, for it
 *	is a duplicate, or of a block that was sent more than once
 *
 * Before what it leads to.
 *
 * Context: softirq, rcu_read_lock(), the transfer's lock.
 */
TRACE_EVENT(ktftp_ack,
	TP_PROTO(u64 id, u32 netns, u64 peer_high, u64 peer_low, u16 peer_port, u16 wire, u32 what, u64 acked,
		 u32 rtt_us),
	TP_ARGS(id, netns, peer_high, peer_low, peer_port, wire, what, acked, rtt_us),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, acked)
		__field(u32, netns)
		__array(u8, peer, 16)
		__field(u16, peer_port)
		__field(u16, wire)
		__field(u32, what)
		__field(u32, rtt_us)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->acked = acked;
		__entry->netns = netns;
		ktftp_trace_address(__entry->peer, peer_high, peer_low);
		__entry->peer_port = peer_port;
		__entry->wire = wire;
		__entry->what = what;
		__entry->rtt_us = rtt_us;
	),
	TP_printk("id=%llu netns=%u peer=[%pI6c]:%u wire=%u what=%s acked=%llu rtt_us=%u", __entry->id, __entry->netns,
		  __entry->peer, __entry->peer_port, __entry->wire, show_ack(__entry->what), __entry->acked,
		  __entry->rtt_us)
);

/**
 * ktftp_retransmit - a packet is going to be sent again
 * @id: transfer
 * @netns: namespace
 * @peer_high: client's address
 * @peer_low: likewise
 * @peer_port: client's port
 * @block: which block, 0 for the OACK
 * @copy: as of the ktftp_send that follows
 * @why: enum ktftp_trace_why
 * @since_us: microseconds since it was last sent
 *
 * Context: softirq, rcu_read_lock(), the transfer's lock.
 */
TRACE_EVENT(ktftp_retransmit,
	TP_PROTO(u64 id, u32 netns, u64 peer_high, u64 peer_low, u16 peer_port, u64 block, u32 copy, u32 why,
		 u32 since_us),
	TP_ARGS(id, netns, peer_high, peer_low, peer_port, block, copy, why, since_us),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, block)
		__field(u32, netns)
		__array(u8, peer, 16)
		__field(u16, peer_port)
		__field(u32, copy)
		__field(u32, why)
		__field(u32, since_us)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->block = block;
		__entry->netns = netns;
		ktftp_trace_address(__entry->peer, peer_high, peer_low);
		__entry->peer_port = peer_port;
		__entry->copy = copy;
		__entry->why = why;
		__entry->since_us = since_us;
	),
	TP_printk("id=%llu netns=%u peer=[%pI6c]:%u block=%llu copy=%u why=%s since_us=%u", __entry->id, __entry->netns,
		  __entry->peer, __entry->peer_port, __entry->block, __entry->copy, show_why(__entry->why),
		  __entry->since_us)
);

/**
 * ktftp_end - a download has ended
 * @id: transfer
 * @netns: namespace
 * @peer_high: client's address
 * @peer_low: likewise
 * @peer_port: client's port
 * @how: enum ktftp_transfer_end
 * @bytes: size of the file
 * @acked_bytes: what the client has acknowledged of it
 * @repeats: packets that were sent again
 * @age_us: microseconds since the request
 * @name: canonical name of the file
 * @name_bytes: its length
 *
 * Once for each ktftp_start. Nothing is sent for it afterwards.
 *
 * Context: softirq, or process with softirqs off; the transfer's lock.
 */
TRACE_EVENT(ktftp_end,
	TP_PROTO(u64 id, u32 netns, u64 peer_high, u64 peer_low, u16 peer_port, u32 how, u64 bytes, u64 acked_bytes,
		 u32 repeats, u64 age_us, const char *name, u32 name_bytes),
	TP_ARGS(id, netns, peer_high, peer_low, peer_port, how, bytes, acked_bytes, repeats, age_us, name, name_bytes),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, bytes)
		__field(u64, acked_bytes)
		__field(u64, age_us)
		__field(u32, netns)
		__array(u8, peer, 16)
		__field(u16, peer_port)
		__field(u32, how)
		__field(u32, repeats)
		__array(char, name, KTFTP_TRACE_NAME)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->bytes = bytes;
		__entry->acked_bytes = acked_bytes;
		__entry->age_us = age_us;
		__entry->netns = netns;
		ktftp_trace_address(__entry->peer, peer_high, peer_low);
		__entry->peer_port = peer_port;
		__entry->how = how;
		__entry->repeats = repeats;
		ktftp_trace_name(__entry->name, name);
	),
	TP_printk("id=%llu netns=%u peer=[%pI6c]:%u how=%s bytes=%llu acked_bytes=%llu repeats=%u age_us=%llu name=%s",
		  __entry->id, __entry->netns, __entry->peer, __entry->peer_port, show_end(__entry->how),
		  __entry->bytes, __entry->acked_bytes, __entry->repeats, __entry->age_us, __entry->name)
);

#endif

/*
 * The kernel's header reads this file again, several times, by the path below, which it looks for beside itself
 * first: it is found by the -I that Kbuild gives the one object that needs it, wherever the sources are.
 */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH kmod
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
