/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Made from docs/netlink/ktftp.yaml by docs/netlink/gen-uapi: change the description, not this file.
 *
 * Control of the in-kernel TFTP server. Everything is per network namespace: a command acts on the
 * namespace of the socket that sends it. Commands that change something, the list of transfers and
 * the group of events need CAP_NET_ADMIN there; names and totals are public. Every refusal carries
 * a text in the extended acknowledgement.
 */
#ifndef _UAPI_LINUX_KTFTP_H
#define _UAPI_LINUX_KTFTP_H

#define KTFTP_FAMILY_NAME	"ktftp"
#define KTFTP_FAMILY_VERSION	1

/* Longest name in bytes, its NUL not counted. */
#define KTFTP_NAME_MAX	255

/* Longest name of a view or an owner in bytes, its NUL not counted. */
#define KTFTP_LABEL_MAX	31

/* Longest source in bytes, its NUL not counted. */
#define KTFTP_SOURCE_MAX	1023

/* Bytes of a SHA-256. */
#define KTFTP_DIGEST_BYTES	32

/* Most views that clients see, one above the other. */
#define KTFTP_STACK_MAX	16

/**
 * enum ktftp_feature - What this module can do beyond version 1 of the family; a bit that is not
 *   set must not be asked for.
 * @KTFTP_FEATURE_PINNED: Files can be pinned in place.
 * @KTFTP_FEATURE_COPIED: Content can be copied into pages of the module's own.
 * @KTFTP_FEATURE_OPTIONS: The options of RFC 2347 and its successors are agreed on.
 * @KTFTP_FEATURE_HANDOVER: Requests that are not served are handed to an attached daemon.
 * @KTFTP_FEATURE_SETS: Views, owners, absents, digests, and changes of many names at once.
 */
enum ktftp_feature {
	KTFTP_FEATURE_PINNED = 1 << 0,
	KTFTP_FEATURE_COPIED = 1 << 1,
	KTFTP_FEATURE_OPTIONS = 1 << 2,
	KTFTP_FEATURE_HANDOVER = 1 << 3,
	KTFTP_FEATURE_SETS = 1 << 4,
};

/**
 * enum ktftp_listener_flag -
 * @KTFTP_LISTENER_FLAG_SINGLE_PORT: Answers from the listening port, for clients behind NAT and for
 *   containers.
 * @KTFTP_LISTENER_FLAG_NOTRACK: What is sent passes connection tracking by.
 */
enum ktftp_listener_flag {
	KTFTP_LISTENER_FLAG_SINGLE_PORT = 1 << 0,
	KTFTP_LISTENER_FLAG_NOTRACK = 1 << 1,
};

/**
 * enum ktftp_listener_state -
 * @KTFTP_LISTENER_STATE_ACTIVE: Takes requests.
 * @KTFTP_LISTENER_STATE_DRAINING: Takes no new requests; running transfers finish.
 * @KTFTP_LISTENER_STATE_CLOSING: As draining, and gone when the last transfer has ended, after 30
 *   seconds at the latest.
 */
enum ktftp_listener_state {
	KTFTP_LISTENER_STATE_ACTIVE = 0,
	KTFTP_LISTENER_STATE_DRAINING = 1,
	KTFTP_LISTENER_STATE_CLOSING = 2,
};

/**
 * enum ktftp_kind - How an entry's content is held.
 * @KTFTP_KIND_SEALED: A memfd that nobody can change or resize any more.
 * @KTFTP_KIND_PINNED: Page-cache pages of a regular file that nobody may open for writing meanwhile
 *   (ETXTBSY).
 * @KTFTP_KIND_COPIED: Pages of the module's own; no file is held.
 */
enum ktftp_kind {
	KTFTP_KIND_SEALED = 0,
	KTFTP_KIND_PINNED = 1,
	KTFTP_KIND_COPIED = 2,
};

/**
 * enum ktftp_request_why - Why the module does not serve a request.
 * @KTFTP_REQUEST_WHY_MISS: The name is not published.
 * @KTFTP_REQUEST_WHY_WRITE: It is a write request.
 * @KTFTP_REQUEST_WHY_NETASCII: It asks for mode netascii.
 */
enum ktftp_request_why {
	KTFTP_REQUEST_WHY_MISS = 0,
	KTFTP_REQUEST_WHY_WRITE = 1,
	KTFTP_REQUEST_WHY_NETASCII = 2,
};

/**
 * enum ktftp_transfer_state -
 * @KTFTP_TRANSFER_STATE_UNPROVEN: The first packet is out and nothing came back yet.
 * @KTFTP_TRANSFER_STATE_RUNNING: The client acknowledges blocks.
 * @KTFTP_TRANSFER_STATE_LINGERING: All is sent; the last block is repeated until its
 *   acknowledgement comes or linger_ms is over.
 */
enum ktftp_transfer_state {
	KTFTP_TRANSFER_STATE_UNPROVEN = 0,
	KTFTP_TRANSFER_STATE_RUNNING = 1,
	KTFTP_TRANSFER_STATE_LINGERING = 2,
};

/**
 * enum ktftp_transfer_end - How a transfer ended.
 * @KTFTP_TRANSFER_END_COMPLETE: The client acknowledged the last block.
 * @KTFTP_TRANSFER_END_ASSUMED: Everything was sent, and the acknowledgement of the last block never
 *   came.
 * @KTFTP_TRANSFER_END_ABORTED: The client sent an ERROR.
 * @KTFTP_TRANSFER_END_TIMED_OUT: Nothing came from the client for give_up_ms.
 * @KTFTP_TRANSFER_END_UNPROVEN: Nothing ever came back after the first packet.
 * @KTFTP_TRANSFER_END_CUT: The listener was deleted or the namespace went away.
 * @KTFTP_TRANSFER_END_REPLACED: The same client port proved a later request.
 * @KTFTP_TRANSFER_END_UNREACHABLE: The client's host said that nobody is at that port (ICMP port-
 *   unreachable).
 * @KTFTP_TRANSFER_END_WITHDRAWN: Its file was withdrawn or replaced, grace_s ago.
 */
enum ktftp_transfer_end {
	KTFTP_TRANSFER_END_COMPLETE = 0,
	KTFTP_TRANSFER_END_ASSUMED = 1,
	KTFTP_TRANSFER_END_ABORTED = 2,
	KTFTP_TRANSFER_END_TIMED_OUT = 3,
	KTFTP_TRANSFER_END_UNPROVEN = 4,
	KTFTP_TRANSFER_END_CUT = 5,
	KTFTP_TRANSFER_END_REPLACED = 6,
	KTFTP_TRANSFER_END_UNREACHABLE = 7,
	KTFTP_TRANSFER_END_WITHDRAWN = 8,
};

/**
 * enum ktftp_a_info - Attributes of its commands.
 * @KTFTP_A_INFO_VERSION: (string) Version of the module.
 * @KTFTP_A_INFO_FEATURES: (u32, flags of feature)
 * @KTFTP_A_INFO_PAD: (pad)
 * @KTFTP_A_INFO_STORE_BYTES: (u64) Memory the stores of all namespaces hold, in whole pages.
 * @KTFTP_A_INFO_STORE_LIMIT_BYTES: (u64) What they may hold (store_limit_mb).
 * @KTFTP_A_INFO_NAMESPACE_BYTES: (u64) Memory the store of this namespace holds, in whole pages;
 *   what running transfers still need of withdrawn files included.
 * @KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES: (u64) What it may hold, all ones for no limit but the
 *   host's; 0 at first in a namespace that a non-initial user namespace owns.
 */
enum ktftp_a_info {
	KTFTP_A_INFO_VERSION = 1,
	KTFTP_A_INFO_FEATURES = 2,
	KTFTP_A_INFO_PAD = 3,
	KTFTP_A_INFO_STORE_BYTES = 4,
	KTFTP_A_INFO_STORE_LIMIT_BYTES = 5,
	KTFTP_A_INFO_NAMESPACE_BYTES = 6,
	KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES = 7,
};

#define KTFTP_A_INFO_MAX	KTFTP_A_INFO_NAMESPACE_LIMIT_BYTES

/**
 * enum ktftp_a_listener - Attributes of its commands.
 * @KTFTP_A_LISTENER_ID: (u32)
 * @KTFTP_A_LISTENER_ADDRESS: (binary) Local address, 4 bytes (IPv4) or 16 (IPv6), in network order;
 *   all zero for all addresses of the family.
 * @KTFTP_A_LISTENER_PORT: (u16) Port, 1 to 65535; 69 when absent.
 * @KTFTP_A_LISTENER_DEVICE: (string) Name of the device or VRF to listen on.
 * @KTFTP_A_LISTENER_FLAGS: (u32, flags of listener-flag)
 * @KTFTP_A_LISTENER_TID_FIRST: (u16) First port of the range for transfers; 61000 when absent.
 * @KTFTP_A_LISTENER_TID_LAST: (u16) Last port of the range for transfers; 63999 when absent.
 * @KTFTP_A_LISTENER_DSCP: (u8) Differentiated services code point of everything sent, 0 to 63.
 * @KTFTP_A_LISTENER_MARK: (u32) Routing mark of everything sent.
 * @KTFTP_A_LISTENER_NOW: (flag) In listener-del, end running transfers at once instead of letting
 *   them finish.
 * @KTFTP_A_LISTENER_STATE: (u32, listener-state) In listener-add, draining lets it take no requests
 *   yet; in listener-drain, active lets it take them again.
 * @KTFTP_A_LISTENER_TID_PORTS: (u32) Ports in the pool.
 * @KTFTP_A_LISTENER_TRANSFERS: (u32) Transfers of this listener that have not ended.
 */
enum ktftp_a_listener {
	KTFTP_A_LISTENER_ID = 1,
	KTFTP_A_LISTENER_ADDRESS = 2,
	KTFTP_A_LISTENER_PORT = 3,
	KTFTP_A_LISTENER_DEVICE = 4,
	KTFTP_A_LISTENER_FLAGS = 5,
	KTFTP_A_LISTENER_TID_FIRST = 6,
	KTFTP_A_LISTENER_TID_LAST = 7,
	KTFTP_A_LISTENER_DSCP = 8,
	KTFTP_A_LISTENER_MARK = 9,
	KTFTP_A_LISTENER_NOW = 10,
	KTFTP_A_LISTENER_STATE = 11,
	KTFTP_A_LISTENER_TID_PORTS = 12,
	KTFTP_A_LISTENER_TRANSFERS = 13,
};

#define KTFTP_A_LISTENER_MAX	KTFTP_A_LISTENER_TRANSFERS

/**
 * enum ktftp_a_entry - Attributes of its commands.
 * @KTFTP_A_ENTRY_NAME: (string) Name, in any form a client may use; the canonical form is what
 *   comes back. Repeated in withdraw.
 * @KTFTP_A_ENTRY_FD: (u32) In publish, a file descriptor of the sender's, open for reading.
 * @KTFTP_A_ENTRY_KIND: (u32, kind) In publish, sealed for a memfd and pinned for other files when
 *   absent.
 * @KTFTP_A_ENTRY_PAD: (pad)
 * @KTFTP_A_ENTRY_OFFSET: (u64) Where in the file the content begins, in bytes; 0 when absent.
 * @KTFTP_A_ENTRY_SIZE: (u64) Bytes of content; all that follows offset when absent.
 * @KTFTP_A_ENTRY_HITS: (u64) Transfers that were started.
 * @KTFTP_A_ENTRY_AGE_MS: (u64) Milliseconds since it was published.
 * @KTFTP_A_ENTRY_ID: (u32)
 * @KTFTP_A_ENTRY_ALL: (flag) In withdraw, every name of the namespace.
 * @KTFTP_A_ENTRY_COUNT: (u32) In the answer to withdraw, how many names went.
 * @KTFTP_A_ENTRY_WHILE_ATTACHED: (flag) Withdrawn when the attached daemon goes; nothing is
 *   withdrawn when none ever attached.
 * @KTFTP_A_ENTRY_VIEW: (string) The layer the name is in, "default" when absent; with all in
 *   withdraw, names of this view alone.
 * @KTFTP_A_ENTRY_OWNER: (string) Who cares for the name, "cli" when absent; with all in withdraw,
 *   names of this owner alone. Shown to who has CAP_NET_ADMIN.
 * @KTFTP_A_ENTRY_DIGEST: (binary) SHA-256 that the content must have, 32 bytes; checked over the
 *   pages that are held.
 * @KTFTP_A_ENTRY_SOURCE: (string) Where the content was taken from, for people and for save; shown
 *   to who has CAP_NET_ADMIN.
 * @KTFTP_A_ENTRY_GONE: (flag) In publish-set, this name goes, and only name and view are given.
 */
enum ktftp_a_entry {
	KTFTP_A_ENTRY_NAME = 1,
	KTFTP_A_ENTRY_FD = 2,
	KTFTP_A_ENTRY_KIND = 3,
	KTFTP_A_ENTRY_PAD = 4,
	KTFTP_A_ENTRY_OFFSET = 5,
	KTFTP_A_ENTRY_SIZE = 6,
	KTFTP_A_ENTRY_HITS = 7,
	KTFTP_A_ENTRY_AGE_MS = 8,
	KTFTP_A_ENTRY_ID = 9,
	KTFTP_A_ENTRY_ALL = 10,
	KTFTP_A_ENTRY_COUNT = 11,
	KTFTP_A_ENTRY_WHILE_ATTACHED = 12,
	KTFTP_A_ENTRY_VIEW = 13,
	KTFTP_A_ENTRY_OWNER = 14,
	KTFTP_A_ENTRY_DIGEST = 15,
	KTFTP_A_ENTRY_SOURCE = 16,
	KTFTP_A_ENTRY_GONE = 17,
};

#define KTFTP_A_ENTRY_MAX	KTFTP_A_ENTRY_GONE

/**
 * enum ktftp_a_absent - Names that are known not to exist: ERROR 1 answers them at once, and no
 *   daemon is asked. A published name always wins.
 * @KTFTP_A_ABSENT_GLOB: (string) A name, or a pattern of names with *, ? and [...], where * matches
 *   "/" as well; matched without regard to case.
 * @KTFTP_A_ABSENT_VIEW: (string) The layer it is in, "default" when absent; with all in absent-del,
 *   those of this view alone.
 * @KTFTP_A_ABSENT_OWNER: (string) Who cares for it, "cli" when absent; with all in absent-del,
 *   those of this owner alone. Shown to who has CAP_NET_ADMIN.
 * @KTFTP_A_ABSENT_FOR_S: (u32) Seconds it lives, 1 to 2147483647; for ever when absent.
 * @KTFTP_A_ABSENT_PAD: (pad)
 * @KTFTP_A_ABSENT_LEFT_MS: (u64) Milliseconds it has to live; not there for those that live for
 *   ever.
 * @KTFTP_A_ABSENT_HITS: (u64) Requests it answered.
 * @KTFTP_A_ABSENT_AGE_MS: (u64) Milliseconds since it was added.
 * @KTFTP_A_ABSENT_ID: (u32)
 * @KTFTP_A_ABSENT_ALL: (flag) In absent-del, every one of the namespace.
 * @KTFTP_A_ABSENT_COUNT: (u32) In the answer to absent-del, how many went.
 * @KTFTP_A_ABSENT_GONE: (flag) In publish-set, this one goes, and only glob and view are given.
 */
enum ktftp_a_absent {
	KTFTP_A_ABSENT_GLOB = 1,
	KTFTP_A_ABSENT_VIEW = 2,
	KTFTP_A_ABSENT_OWNER = 3,
	KTFTP_A_ABSENT_FOR_S = 4,
	KTFTP_A_ABSENT_PAD = 5,
	KTFTP_A_ABSENT_LEFT_MS = 6,
	KTFTP_A_ABSENT_HITS = 7,
	KTFTP_A_ABSENT_AGE_MS = 8,
	KTFTP_A_ABSENT_ID = 9,
	KTFTP_A_ABSENT_ALL = 10,
	KTFTP_A_ABSENT_COUNT = 11,
	KTFTP_A_ABSENT_GONE = 12,
};

#define KTFTP_A_ABSENT_MAX	KTFTP_A_ABSENT_GONE

/**
 * enum ktftp_a_view - Layers of names. Clients see a stack of them; of a name in several, the first
 *   counts.
 * @KTFTP_A_VIEW_NAME: (string) Name of a view. Repeated in view-set, the uppermost first.
 * @KTFTP_A_VIEW_POSITION: (u32) Place in the stack, 1 the uppermost; not there for a view that no
 *   client sees.
 * @KTFTP_A_VIEW_ENTRIES: (u32) Names published in it.
 * @KTFTP_A_VIEW_ABSENTS: (u32) Absents in it.
 */
enum ktftp_a_view {
	KTFTP_A_VIEW_NAME = 1,
	KTFTP_A_VIEW_POSITION = 2,
	KTFTP_A_VIEW_ENTRIES = 3,
	KTFTP_A_VIEW_ABSENTS = 4,
};

#define KTFTP_A_VIEW_MAX	KTFTP_A_VIEW_ABSENTS

/**
 * enum ktftp_a_set - A change of many names, all or none, at one moment.
 * @KTFTP_A_SET_ENTRY: (nest) A name to publish, as in publish, or with gone to withdraw.
 * @KTFTP_A_SET_ABSENT: (nest) An absent to add, as in absent-add, or with gone to delete.
 * @KTFTP_A_SET_VIEW: (string) The views that clients see from then on, the uppermost first; as
 *   before when there is none.
 * @KTFTP_A_SET_PUBLISHED: (u32) In the answer, how many names were published.
 * @KTFTP_A_SET_WITHDRAWN: (u32) In the answer, how many names went.
 */
enum ktftp_a_set {
	KTFTP_A_SET_ENTRY = 1,
	KTFTP_A_SET_ABSENT = 2,
	KTFTP_A_SET_VIEW = 3,
	KTFTP_A_SET_PUBLISHED = 4,
	KTFTP_A_SET_WITHDRAWN = 5,
};

#define KTFTP_A_SET_MAX	KTFTP_A_SET_WITHDRAWN

/**
 * enum ktftp_a_transfer - Attributes of its commands.
 * @KTFTP_A_TRANSFER_LISTENER: (u32) Id of its listener.
 * @KTFTP_A_TRANSFER_CLIENT: (binary) Address of the client, 4 or 16 bytes in network order.
 * @KTFTP_A_TRANSFER_CLIENT_PORT: (u16)
 * @KTFTP_A_TRANSFER_LOCAL: (binary) Address the client asked, 4 or 16 bytes in network order.
 * @KTFTP_A_TRANSFER_TID: (u16) Port this side uses.
 * @KTFTP_A_TRANSFER_NAME: (string) Canonical name of what is transferred.
 * @KTFTP_A_TRANSFER_STATE: (u32, transfer-state)
 * @KTFTP_A_TRANSFER_END: (u32, transfer-end)
 * @KTFTP_A_TRANSFER_PAD: (pad)
 * @KTFTP_A_TRANSFER_SIZE: (u64) Bytes of the file.
 * @KTFTP_A_TRANSFER_BYTES: (u64) Bytes the client has acknowledged.
 * @KTFTP_A_TRANSFER_BLKSIZE: (u32) Bytes of a full block.
 * @KTFTP_A_TRANSFER_REPEATS: (u32) Packets that were sent again.
 * @KTFTP_A_TRANSFER_SRTT_US: (u32) Smoothed round-trip time in microseconds, 0 before the first
 *   sample.
 * @KTFTP_A_TRANSFER_AGE_MS: (u64) Milliseconds since the request, in an end event its duration.
 * @KTFTP_A_TRANSFER_SEQUENCE: (u64) In events, a number that grows by one an event, so that a gap
 *   shows loss.
 * @KTFTP_A_TRANSFER_WINDOWSIZE: (u32) Blocks that the client acknowledges together, as agreed on; 1
 *   without windows.
 */
enum ktftp_a_transfer {
	KTFTP_A_TRANSFER_LISTENER = 1,
	KTFTP_A_TRANSFER_CLIENT = 2,
	KTFTP_A_TRANSFER_CLIENT_PORT = 3,
	KTFTP_A_TRANSFER_LOCAL = 4,
	KTFTP_A_TRANSFER_TID = 5,
	KTFTP_A_TRANSFER_NAME = 6,
	KTFTP_A_TRANSFER_STATE = 7,
	KTFTP_A_TRANSFER_END = 8,
	KTFTP_A_TRANSFER_PAD = 9,
	KTFTP_A_TRANSFER_SIZE = 10,
	KTFTP_A_TRANSFER_BYTES = 11,
	KTFTP_A_TRANSFER_BLKSIZE = 12,
	KTFTP_A_TRANSFER_REPEATS = 13,
	KTFTP_A_TRANSFER_SRTT_US = 14,
	KTFTP_A_TRANSFER_AGE_MS = 15,
	KTFTP_A_TRANSFER_SEQUENCE = 16,
	KTFTP_A_TRANSFER_WINDOWSIZE = 17,
};

#define KTFTP_A_TRANSFER_MAX	KTFTP_A_TRANSFER_WINDOWSIZE

/**
 * enum ktftp_a_miss - Attributes of its commands.
 * @KTFTP_A_MISS_LISTENER: (u32)
 * @KTFTP_A_MISS_CLIENT: (binary) Address of the client, 4 or 16 bytes in network order.
 * @KTFTP_A_MISS_CLIENT_PORT: (u16)
 * @KTFTP_A_MISS_NAME: (string) What was asked for, cut at 255 bytes, control characters replaced by
 *   "?".
 * @KTFTP_A_MISS_PAD: (pad)
 * @KTFTP_A_MISS_SEQUENCE: (u64)
 * @KTFTP_A_MISS_ANSWERED: (flag) The module knew that there is no such name and said so, by an
 *   absent or because nobody could publish it.
 */
enum ktftp_a_miss {
	KTFTP_A_MISS_LISTENER = 1,
	KTFTP_A_MISS_CLIENT = 2,
	KTFTP_A_MISS_CLIENT_PORT = 3,
	KTFTP_A_MISS_NAME = 4,
	KTFTP_A_MISS_PAD = 5,
	KTFTP_A_MISS_SEQUENCE = 6,
	KTFTP_A_MISS_ANSWERED = 7,
};

#define KTFTP_A_MISS_MAX	KTFTP_A_MISS_ANSWERED

/**
 * enum ktftp_a_request - Attributes of its commands.
 * @KTFTP_A_REQUEST_SEQUENCE: (u64) A number that grows by one a request, so that a gap shows loss.
 * @KTFTP_A_REQUEST_LISTENER: (u32) Id of the listener the request came to.
 * @KTFTP_A_REQUEST_WHY: (u32, request-why)
 * @KTFTP_A_REQUEST_CLIENT: (binary) Address of the client, 4 or 16 bytes in network order.
 * @KTFTP_A_REQUEST_CLIENT_PORT: (u16)
 * @KTFTP_A_REQUEST_LOCAL: (binary) Address the client asked, 4 or 16 bytes in network order.
 * @KTFTP_A_REQUEST_IFINDEX: (u32) VRF, or the device of a link-local address; 0 for neither.
 * @KTFTP_A_REQUEST_DATA: (binary) The datagram as it came.
 * @KTFTP_A_REQUEST_NAME: (string) In start, the name to serve instead of the one in the datagram.
 * @KTFTP_A_REQUEST_PAD: (pad)
 */
enum ktftp_a_request {
	KTFTP_A_REQUEST_SEQUENCE = 1,
	KTFTP_A_REQUEST_LISTENER = 2,
	KTFTP_A_REQUEST_WHY = 3,
	KTFTP_A_REQUEST_CLIENT = 4,
	KTFTP_A_REQUEST_CLIENT_PORT = 5,
	KTFTP_A_REQUEST_LOCAL = 6,
	KTFTP_A_REQUEST_IFINDEX = 7,
	KTFTP_A_REQUEST_DATA = 8,
	KTFTP_A_REQUEST_NAME = 9,
	KTFTP_A_REQUEST_PAD = 10,
};

#define KTFTP_A_REQUEST_MAX	KTFTP_A_REQUEST_PAD

/**
 * enum ktftp_a_stats - Totals since the namespace began.
 * @KTFTP_A_STATS_PAD: (pad)
 * @KTFTP_A_STATS_REQUESTS: (u64) Read requests that were understood.
 * @KTFTP_A_STATS_REQUESTS_PROCESSED: (u64) Downloads that ended complete or assumed complete.
 * @KTFTP_A_STATS_REQUESTS_ABORTED: (u64) Downloads that ended any other way.
 * @KTFTP_A_STATS_REQUESTS_NOT_FOUND: (u64) Read requests for a name that is not published.
 * @KTFTP_A_STATS_REQUESTS_OVERFLOW: (u64) Read requests not served because max_transfers (ERROR 0)
 *   or max_unproven (the oldest goes) was reached.
 * @KTFTP_A_STATS_REQUESTS_IN_PROGRESS: (u64) Downloads that have not ended.
 * @KTFTP_A_STATS_REQUESTS_REPEATED: (u64) Repeats of a request whose download was under way.
 * @KTFTP_A_STATS_REQUESTS_MALFORMED: (u64) Datagrams to a listening port that are no well-formed
 *   request.
 * @KTFTP_A_STATS_REQUESTS_IGNORED: (u64) Requests met with silence, by broadcast, from a port that
 *   would loop, or while draining.
 * @KTFTP_A_STATS_WRITES_REFUSED: (u64)
 * @KTFTP_A_STATS_MODES_REFUSED: (u64) Read requests in a mode other than octet.
 * @KTFTP_A_STATS_SEGMENTS_SENT: (u64) DATA packets that the network stack took, repeats included.
 * @KTFTP_A_STATS_SEGMENTS_REPEATED: (u64)
 * @KTFTP_A_STATS_SEGMENTS_ACKNOWLEDGED: (u64)
 * @KTFTP_A_STATS_BYTES_SENT: (u64) Payload of those DATA packets.
 * @KTFTP_A_STATS_ACKS_DUPLICATE: (u64)
 * @KTFTP_A_STATS_ACKS_STALE: (u64)
 * @KTFTP_A_STATS_UNKNOWN_TID: (u64) Packets to a transfer port that belong to no transfer.
 * @KTFTP_A_STATS_ERRORS_SENT: (u64)
 * @KTFTP_A_STATS_ERRORS_RECEIVED: (u64)
 * @KTFTP_A_STATS_ENDED_COMPLETE: (u64)
 * @KTFTP_A_STATS_ENDED_ASSUMED: (u64)
 * @KTFTP_A_STATS_ENDED_TIMED_OUT: (u64)
 * @KTFTP_A_STATS_ENDED_UNPROVEN: (u64)
 * @KTFTP_A_STATS_SEND_FAILED: (u64) Packets that never left, for lack of memory, a route or room in
 *   a queue of this host, or because its firewall dropped them. Nothing else counts them.
 * @KTFTP_A_STATS_NO_MEMORY: (u64) Requests dropped for lack of memory.
 * @KTFTP_A_STATS_OACKS_SENT: (u64) Options agreed on with an OACK, repeats included.
 * @KTFTP_A_STATS_SEGMENTS_SPURIOUS: (u64) Repeats that turned out to be needless, because the
 *   client had answered, only late.
 * @KTFTP_A_STATS_ENDED_UNREACHABLE: (u64)
 * @KTFTP_A_STATS_REQUESTS_HANDED_OVER: (u64) Requests given to the daemon.
 * @KTFTP_A_STATS_REQUESTS_LOST: (u64) Requests that the daemon should have had, dropped because a
 *   network asked for too much at once or the daemon was behind.
 * @KTFTP_A_STATS_REQUESTS_ORPHANED: (u64) Requests met with silence or ERROR 0 because the daemon,
 *   that would know, is gone.
 * @KTFTP_A_STATS_UNREACHABLES_RECEIVED: (u64) ICMP port-unreachables that quote something sent from
 *   a port of ours.
 * @KTFTP_A_STATS_FOUND_SEP: (u64) Read requests for a published name that begins with SEP in its
 *   last part, in any case; repeats not included.
 * @KTFTP_A_STATS_NOT_FOUND_SEP: (u64) The same for a name that is not published, whoever answers
 *   then.
 * @KTFTP_A_STATS_FOUND_SIP: (u64) Read requests for a published name that begins with SIP in its
 *   last part, in any case; repeats not included.
 * @KTFTP_A_STATS_NOT_FOUND_SIP: (u64) The same for a name that is not published, whoever answers
 *   then.
 * @KTFTP_A_STATS_FOUND_GK: (u64) Read requests for a published name that begins with GK in its last
 *   part, in any case; repeats not included.
 * @KTFTP_A_STATS_NOT_FOUND_GK: (u64) The same for a name that is not published, whoever answers
 *   then.
 * @KTFTP_A_STATS_FOUND_LD: (u64) Read requests for a published name that begins with LD in its last
 *   part, in any case; repeats not included.
 * @KTFTP_A_STATS_NOT_FOUND_LD: (u64) The same for a name that is not published, whoever answers
 *   then.
 * @KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW: (u64) Read requests answered with ERROR 0 because their
 *   client had max_transfers_per_client.
 * @KTFTP_A_STATS_ACKS_GAP: (u64) Acknowledgements of a part of a window, behind which blocks were
 *   sent again at once.
 */
enum ktftp_a_stats {
	KTFTP_A_STATS_PAD = 1,
	KTFTP_A_STATS_REQUESTS = 2,
	KTFTP_A_STATS_REQUESTS_PROCESSED = 3,
	KTFTP_A_STATS_REQUESTS_ABORTED = 4,
	KTFTP_A_STATS_REQUESTS_NOT_FOUND = 5,
	KTFTP_A_STATS_REQUESTS_OVERFLOW = 6,
	KTFTP_A_STATS_REQUESTS_IN_PROGRESS = 7,
	KTFTP_A_STATS_REQUESTS_REPEATED = 8,
	KTFTP_A_STATS_REQUESTS_MALFORMED = 9,
	KTFTP_A_STATS_REQUESTS_IGNORED = 10,
	KTFTP_A_STATS_WRITES_REFUSED = 11,
	KTFTP_A_STATS_MODES_REFUSED = 12,
	KTFTP_A_STATS_SEGMENTS_SENT = 13,
	KTFTP_A_STATS_SEGMENTS_REPEATED = 14,
	KTFTP_A_STATS_SEGMENTS_ACKNOWLEDGED = 15,
	KTFTP_A_STATS_BYTES_SENT = 16,
	KTFTP_A_STATS_ACKS_DUPLICATE = 17,
	KTFTP_A_STATS_ACKS_STALE = 18,
	KTFTP_A_STATS_UNKNOWN_TID = 19,
	KTFTP_A_STATS_ERRORS_SENT = 20,
	KTFTP_A_STATS_ERRORS_RECEIVED = 21,
	KTFTP_A_STATS_ENDED_COMPLETE = 22,
	KTFTP_A_STATS_ENDED_ASSUMED = 23,
	KTFTP_A_STATS_ENDED_TIMED_OUT = 24,
	KTFTP_A_STATS_ENDED_UNPROVEN = 25,
	KTFTP_A_STATS_SEND_FAILED = 26,
	KTFTP_A_STATS_NO_MEMORY = 27,
	KTFTP_A_STATS_OACKS_SENT = 28,
	KTFTP_A_STATS_SEGMENTS_SPURIOUS = 29,
	KTFTP_A_STATS_ENDED_UNREACHABLE = 30,
	KTFTP_A_STATS_REQUESTS_HANDED_OVER = 31,
	KTFTP_A_STATS_REQUESTS_LOST = 32,
	KTFTP_A_STATS_REQUESTS_ORPHANED = 33,
	KTFTP_A_STATS_UNREACHABLES_RECEIVED = 34,
	KTFTP_A_STATS_FOUND_SEP = 35,
	KTFTP_A_STATS_NOT_FOUND_SEP = 36,
	KTFTP_A_STATS_FOUND_SIP = 37,
	KTFTP_A_STATS_NOT_FOUND_SIP = 38,
	KTFTP_A_STATS_FOUND_GK = 39,
	KTFTP_A_STATS_NOT_FOUND_GK = 40,
	KTFTP_A_STATS_FOUND_LD = 41,
	KTFTP_A_STATS_NOT_FOUND_LD = 42,
	KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW = 43,
	KTFTP_A_STATS_ACKS_GAP = 44,
};

#define KTFTP_A_STATS_MAX	KTFTP_A_STATS_ACKS_GAP

/**
 * enum ktftp_cmd - Commands and notifications.
 * @KTFTP_CMD_INFO_GET: Version, features and memory.
 * @KTFTP_CMD_LISTENER_ADD: Opens a listening port and its pool of transfer ports. EADDRINUSE when
 *   somebody holds the port, EADDRNOTAVAIL when the address is not ours, EEXIST when this listener
 *   exists.
 * @KTFTP_CMD_LISTENER_DEL: Closes a listening port; running transfers have 30 seconds to finish, or
 *   none with now.
 * @KTFTP_CMD_LISTENER_DRAIN: Takes no new requests from now on, running transfers finish; or, with
 *   state active, takes them again.
 * @KTFTP_CMD_LISTENER_GET: The listeners of the namespace.
 * @KTFTP_CMD_PUBLISH: Gives a content to a name, instead of what the name meant before. Takes only
 *   what is in memory: EAGAIN when a page is not, read the file and ask again. ETXTBSY when
 *   somebody has the file open for writing, ENOSPC beyond a limit, EPERM when the caller may not
 *   pin the file, EOPNOTSUPP for a file that cannot be held, EBADMSG when its SHA-256 is another
 *   one.
 * @KTFTP_CMD_WITHDRAW: Takes names of a view back; running transfers finish, for grace_s at most.
 *   All or none - ENOENT names the first that is not published. When it returns, files without
 *   running transfers are writable again.
 * @KTFTP_CMD_ENTRY_GET: What is published, in the order in which it was. A dump that a change
 *   interrupted says so.
 * @KTFTP_CMD_TRANSFER_GET: The transfers of the namespace, as they are while the dump passes by.
 * @KTFTP_CMD_STATS_GET: Totals of the namespace.
 * @KTFTP_CMD_TRANSFER_END_NTF: A transfer ended.
 * @KTFTP_CMD_MISS_NTF: A name was asked for that is not published.
 * @KTFTP_CMD_TRANSFER_START_NTF: A transfer began.
 * @KTFTP_CMD_ATTACH: Makes the sending socket the daemon of the namespace until it closes: requests
 *   that the module does not serve come to it as request-ntf. EBUSY when another socket is. Use a
 *   socket of its own for it, with NETLINK_NO_ENOBUFS.
 * @KTFTP_CMD_START: Serves a read request that was handed over, as if it came now. Idempotent.
 *   ENOENT when the listener or the name is not there, EADDRNOTAVAIL when the local address is not
 *   ours, ENOSPC at a limit.
 * @KTFTP_CMD_REQUEST_NTF: A request for the daemon, sent to it alone.
 * @KTFTP_CMD_PUBLISH_SET: Publishes and withdraws many names, adds and deletes absents, and changes
 *   the views that clients see, all or none; no client sees a part of it. Errors as for publish and
 *   withdraw, with the offset of the item that is to blame.
 * @KTFTP_CMD_ABSENT_ADD: Adds absents, in place of the same in that view, if any; ENOSPC at
 *   max_absents or max_globs.
 * @KTFTP_CMD_ABSENT_DEL: Deletes absents, all or none; ENOENT names the first that is not there.
 * @KTFTP_CMD_ABSENT_GET: The absents of the namespace, in the order in which they were added.
 * @KTFTP_CMD_VIEW_GET: The views of the namespace, those that clients see first, from the uppermost
 *   down.
 * @KTFTP_CMD_VIEW_SET: Changes which views clients see, 1 to 16, for requests from then on;
 *   "default" alone at first.
 * @KTFTP_CMD_BUDGET_SET: Changes what the store of this namespace may hold; all ones for no limit
 *   but the host's. Needs CAP_NET_ADMIN in the initial user namespace. What is held already stays.
 */
enum ktftp_cmd {
	KTFTP_CMD_INFO_GET = 1,
	KTFTP_CMD_LISTENER_ADD = 2,
	KTFTP_CMD_LISTENER_DEL = 3,
	KTFTP_CMD_LISTENER_DRAIN = 4,
	KTFTP_CMD_LISTENER_GET = 5,
	KTFTP_CMD_PUBLISH = 6,
	KTFTP_CMD_WITHDRAW = 7,
	KTFTP_CMD_ENTRY_GET = 8,
	KTFTP_CMD_TRANSFER_GET = 9,
	KTFTP_CMD_STATS_GET = 10,
	KTFTP_CMD_TRANSFER_END_NTF = 11,
	KTFTP_CMD_MISS_NTF = 12,
	KTFTP_CMD_TRANSFER_START_NTF = 13,
	KTFTP_CMD_ATTACH = 14,
	KTFTP_CMD_START = 15,
	KTFTP_CMD_REQUEST_NTF = 16,
	KTFTP_CMD_PUBLISH_SET = 17,
	KTFTP_CMD_ABSENT_ADD = 18,
	KTFTP_CMD_ABSENT_DEL = 19,
	KTFTP_CMD_ABSENT_GET = 20,
	KTFTP_CMD_VIEW_GET = 21,
	KTFTP_CMD_VIEW_SET = 22,
	KTFTP_CMD_BUDGET_SET = 23,
};

#define KTFTP_MCGRP_EVENTS	"events"

#endif
