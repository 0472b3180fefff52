/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One download: its life cycle and its timer. The same rules as the module's, kmod/transfer.c, of which this is the
 * counterpart for one thread: no locks, a transfer that died is freed by tftp_leave().
 */
#ifndef TFTP_TRANSFER_H
#define TFTP_TRANSFER_H

#include <event2/event_struct.h>

#include "ahead.h"
#include "options.h"
#include "port.h"
#include "rto.h"
#include "window.h"

/* States that nobody outside is shown, after those of enum ktftp_transfer_state. */
enum tftp_life {
	TFTP_LIFE_DONE = 16, /* all is acknowledged; late acknowledgements are swallowed */
	TFTP_LIFE_DEAD,
};

/**
 * struct tftp_transfer - one download
 * @by_tid: in its listener's index of that name; first
 * @by_client: likewise
 * @key: who talks to whom
 * @port: the port it uses
 * @listener: whose that is
 * @engine: engine
 * @listener_id: of the listener that the request came to, which may be the module's
 * @ifindex: device or VRF that everything leaves by, 0 for what the routes say
 * @references: of the tables, and of a later transfer that waits to replace it
 * @state: enum ktftp_transfer_state or enum tftp_life
 * @unsent: what is in flight never left this host: send it again without backing off
 * @broken: what it sends cannot be read any more
 * @alone: this host does not take messages of several packets apart
 * @counted: among those of its client
 * @failures: how often in a row something never left
 * @unreachable: port-unreachables since the client was last heard of
 * @strays: acknowledgements that its client sent to other ports of ours
 * @grant: what was agreed on
 * @room: bytes of UDP payload that the way carries in one piece, as far as that is known
 * @window: where it stands
 * @rto: round-trip estimator
 * @sent_us: when what is in flight was first sent
 * @resent_us: when it was last sent
 * @heard_us: when the client was last heard of
 * @moved_us: when the client last acknowledged something new
 * @began_us: when the request came
 * @deadline_us: when the timer has something to do; it may fire earlier and looks again then
 * @fires_us: when it fires
 * @timer: pending as long as the transfer is alive
 * @all: among those that are alive; afterwards, those to be freed
 * @queued: among the engine's, while @state is UNPROVEN or DONE
 * @replaces: an earlier transfer of the same client port, with a reference, that ends when this one is proven; while
 *	@state is UNPROVEN
 * @content: what is sent, with a reference; NULL once @tail is there or all is acknowledged
 * @ahead: what was read of it already
 * @bytes: its size
 * @tail: the last DATA packet while the transfer lingers, or NULL
 * @tail_bytes: its length
 * @name: for lists and events
 * @repeats: packets sent again
 * @request_hash: to know a repeat of the request
 */
struct tftp_transfer {
	struct tftp_node by_tid;
	struct tftp_node by_client;
	struct tftp_key key;
	struct tftp_port *port;
	struct tftp_listener *listener;
	struct engine *engine;
	uint32_t listener_id;
	uint32_t ifindex;
	unsigned int references;
	uint8_t state;
	bool unsent;
	bool broken;
	bool alone;
	bool counted;
	uint8_t failures;
	uint8_t unreachable;
	uint8_t strays;
	struct ktftp_grant grant;
	uint32_t room;
	struct ktftp_window window;
	struct ktftp_rto rto;
	uint64_t sent_us;
	uint64_t resent_us;
	uint64_t heard_us;
	uint64_t moved_us;
	uint64_t began_us;
	uint64_t deadline_us;
	uint64_t fires_us;
	struct event timer;
	TAILQ_ENTRY(tftp_transfer) all;
	TAILQ_ENTRY(tftp_transfer) queued;
	struct tftp_transfer *replaces;
	struct content *content;
	struct tftp_ahead ahead;
	uint64_t bytes;
	uint8_t *tail;
	uint32_t tail_bytes;
	char *name;
	uint32_t repeats;
	uint64_t request_hash;
};

/**
 * struct tftp_start - a request that deserves a download
 * @listener: whose ports there are to choose from
 * @listener_id: of the listener that the request came to
 * @key: who asks whom; the TID is chosen by tftp_transfer_start()
 * @ifindex: device or VRF that everything leaves by, or 0
 * @content: what is asked for; the caller keeps its reference
 * @name: for lists and events
 * @options: how it is asked for
 * @request_hash: of the datagram
 */
struct tftp_start {
	struct tftp_listener *listener;
	uint32_t listener_id;
	struct tftp_key key;
	uint32_t ifindex;
	struct content *content;
	const char *name;
	struct ktftp_options options;
	uint64_t request_hash;
};

static inline bool tftp_transfer_ended(const struct tftp_transfer *t)
{
	return t->state >= TFTP_LIFE_DONE;
}

/* life.c */
struct tftp_transfer *tftp_transfer_new(const struct tftp_start *start);
int tftp_transfer_insert(struct tftp_transfer *t);
struct tftp_transfer *tftp_transfer_find(const struct tftp_listener *listener, const struct tftp_key *key);
struct tftp_transfer *tftp_transfer_find_peer(const struct tftp_listener *listener, const struct tftp_key *key);
struct tftp_transfer *tftp_transfer_find_client(const struct tftp_listener *listener, const struct tftp_key *key);
int tftp_transfer_insert_client(struct tftp_transfer *t, struct tftp_transfer *old);
void tftp_transfer_get(struct tftp_transfer *t);
void tftp_transfer_put(struct tftp_transfer *t);
void tftp_transfer_show(const struct tftp_transfer *t, struct ktftp_transfer *out);
void tftp_transfer_end(struct tftp_transfer *t, enum ktftp_transfer_end how, enum tftp_life next);
void tftp_transfer_drop_content(struct tftp_transfer *t);
void tftp_transfer_drop_tail(struct tftp_transfer *t);
void tftp_transfer_free(struct tftp_transfer *t);

/* start.c */
int tftp_transfer_start(const struct tftp_start *start);

/* transfer.c */
bool tftp_transfer_ack(struct tftp_listener *listener, const struct tftp_key *key, uint16_t wire);
bool tftp_transfer_abort(struct tftp_listener *listener, const struct tftp_key *key);
void tftp_transfer_unreachable(struct tftp_transfer *t);
bool tftp_transfer_repeat(struct tftp_listener *listener, const struct tftp_key *key, uint64_t request_hash);
bool tftp_transfer_answers(struct tftp_listener *listener, const struct tftp_key *key, uint64_t request_hash);
bool tftp_transfer_stray(struct tftp_listener *listener, const struct tftp_key *key);
bool tftp_transfer_progressed(const struct tftp_transfer *t);
void tftp_transfer_expired(struct tftp_transfer *t);

/* limits.c */
int tftp_limits_admit(struct engine *e, const struct tftp_key *key, bool *counted);
void tftp_limits_uncount(struct tftp_transfer *t);
void tftp_limits_trim(struct engine *e);

#endif
