/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One download: its life cycle, its lock and its timer.
 *
 * Found by the datagrams of its client under RCU, without a reference: transfers come from a
 * SLAB_TYPESAFE_BY_RCU cache, so a stale pointer points at some transfer, whose lock is taken and whose
 * table, key and state are checked again. References: one of the tables while it is alive, one of the timer
 * while that is pending or its handler runs, one of a later transfer that waits to replace it.
 *
 * Death has two phases: under the lock the state becomes DEAD, after which nobody sends for it or arms its
 * timer; then it leaves the tables and its references go. A listener ends only after all its transfers are
 * dead and a grace period has passed, so a transfer uses its port, table and namespace without references.
 */
#ifndef KTFTP_TRANSFER_H
#define KTFTP_TRANSFER_H

#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#include "options.h"
#include "rto.h"
#include "uapi/ktftp.h"
#include "window.h"
#include "xmit.h"

struct ktftp_entry;
struct ktftp_net;
struct ktftp_port;
struct ktftp_table;

/**
 * enum ktftp_life - states that nobody outside is shown, after those of enum ktftp_transfer_state
 * @KTFTP_LIFE_DONE: all is acknowledged; late acknowledgements are swallowed
 * @KTFTP_LIFE_DEAD: not begun yet, being taken apart, or memory of nobody
 */
enum ktftp_life {
	KTFTP_LIFE_DONE = 16,
	KTFTP_LIFE_DEAD,
};

/**
 * struct ktftp_transfer - one download
 * @lock: protects what follows @table; initialised once for the life of the memory
 * @ref: references
 * @by_tid: in the table of that name. Readers may stand on this memory while it becomes another transfer:
 *	only the table's own functions write it
 * @by_client: in the table of that name, likewise
 * @key: who talks to whom; like all down to @table set before the transfer is in a table
 * @port: the port it uses
 * @table: the table it is in
 * @state: enum ktftp_transfer_state or enum ktftp_life; anything but DEAD only under @lock
 * @unsent: what is in flight never left this host: send it again without backing off
 * @failures: how often in a row that happened
 * @unreachable: port-unreachables since the client was last heard of
 * @strays: acknowledgements that its client sent to other ports of ours, see ktftp_transfer_stray()
 * @counted: among those of its client
 * @grant: what was agreed on
 * @window: where it stands
 * @entry: what is sent, with a reference; NULL once @tail is there or all is acknowledged
 * @route: the way to the client
 * @rto: round-trip estimator
 * @sent_us: when what is in flight was first sent, ktftp_transfer_now_us()
 * @resent_us: when it was last sent
 * @heard: when the client was last heard of, in jiffies, to be asked of by ktftp_transfer_since()
 * @moved: when the client last acknowledged something new, likewise
 * @deadline: when the timer has something to do, in jiffies; it may fire earlier and looks again then
 * @timer: pending as long as the transfer is alive
 * @queued: in a queue of the namespace's, while @state is UNPROVEN or DONE
 * @replaces: an earlier transfer of the same client port, with a reference, that ends when this one is proven;
 *	while @state is UNPROVEN
 * @tail: the last DATA packet and, behind it, the terminated name, while the transfer lingers; or NULL. In the
 *	place of @queued and @replaces: who was not heard of is sent nothing from a copy, who is done nothing at all
 * @tail_bytes: length of the packet in @tail
 * @repeats: packets sent again
 * @request_hash: of the keyed hash of the request, to know a repeat of it
 * @began_ns: when the request came, ktime_get_ns()
 * @id: number that no other transfer of the host ever has, for who traces them
 *
 * There may be very many, and each ACK touches one that no cache holds: what it needs comes first, down to the
 * expiry time in @timer, and all of it is at most 320 bytes, with the pointer that the allocator adds.
 */
struct ktftp_transfer {
	spinlock_t lock;
	refcount_t ref;
	struct rhash_head by_tid;
	struct rhash_head by_client;
	struct ktftp_key key;
	const struct ktftp_port *port;
	struct ktftp_table *table;

	u8 state;
	bool unsent;
	u8 failures;
	u8 unreachable : 3;
	u8 strays : 4;
	u8 counted : 1;
	struct ktftp_grant grant;
	struct ktftp_window window;
	struct ktftp_entry *entry;
	struct ktftp_route route;
	struct ktftp_rto rto;
	u32 sent_us;
	u32 resent_us;
	u32 heard;
	u32 moved;
	unsigned long deadline;
	struct timer_list timer;

	union {
		struct {
			struct list_head queued;
			struct ktftp_transfer *replaces;
		};
		struct {
			u8 *tail;
			u32 tail_bytes;
		};
	};
	u32 repeats;
	u32 request_hash;
	u64 began_ns;
	u64 id;
};

/**
 * struct ktftp_start - a request that was found to deserve a download
 * @table: table of the listener it came to
 * @ports: ports to choose one from
 * @port_count: how many
 * @key: who asks whom; the TID is chosen here
 * @entry: what is asked for; the caller keeps its reference
 * @options: how it is asked for
 * @request_hash: keyed hash of the datagram
 */
struct ktftp_start {
	struct ktftp_table *table;
	const struct ktftp_port *ports;
	unsigned int port_count;
	struct ktftp_key key;
	struct ktftp_entry *entry;
	struct ktftp_options options;
	u64 request_hash;
};

/**
 * struct ktftp_transfer_view - what a dump or an event tells of a transfer
 * @key: who talks to whom
 * @name: canonical name; stays as long as the transfer's lock, or a reference to its entry, is held
 * @listener: id of the listener
 * @state: enum ktftp_transfer_state
 * @end: enum ktftp_transfer_end, in an end event
 * @blksize: bytes of a full block
 * @windowsize: blocks to an acknowledgement
 * @repeats: packets sent again
 * @srtt_us: smoothed round trip
 * @bytes: size of the file
 * @acked_bytes: what the client has acknowledged
 * @age_ms: since the request
 */
struct ktftp_transfer_view {
	struct ktftp_key key;
	const char *name;
	u32 listener;
	u32 state;
	u32 end;
	u32 blksize;
	u32 windowsize;
	u32 repeats;
	u32 srtt_us;
	u64 bytes;
	u64 acked_bytes;
	u64 age_ms;
};

bool ktftp_transfer_repeat(struct ktftp_table *table, const struct ktftp_key *key, u64 request_hash,
			   bool single_port);
int ktftp_transfer_start(struct ktftp_net *kn, const struct ktftp_start *start);
bool ktftp_transfer_ack(struct ktftp_table *table, const struct ktftp_key *key, u16 wire, struct sk_buff **spare);
bool ktftp_transfer_abort(struct ktftp_table *table, const struct ktftp_key *key);
void ktftp_transfer_unreachable(struct ktftp_table *table, const struct ktftp_key *key);
bool ktftp_transfer_stray(struct ktftp_table *table, const struct ktftp_key *key);
bool ktftp_transfer_answers(struct ktftp_table *table, const struct ktftp_key *key, u64 request_hash);
bool ktftp_transfer_view(struct ktftp_transfer *t, struct ktftp_transfer_view *view);
void ktftp_transfer_flush(struct ktftp_table *table);

int ktftp_transfer_init(void);
void ktftp_transfer_exit(void);

#endif
