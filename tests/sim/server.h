/* SPDX-License-Identifier: GPL-2.0 */
/* The server's side of one download: the events of a transfer in kmod/, without packets and locks. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <linux/types.h>

#include "estimator.h"
#include "network.h"
#include "window.h"

#define JIFFY_US 4000

enum server_state {
	SERVER_IDLE, /* no request yet, or the client it was from never answered */
	SERVER_UNPROVEN,
	SERVER_RUNNING,
	SERVER_LINGERING,
	SERVER_ENDED,
};

/**
 * struct server_counts - what happened
 * @repeats: blocks sent again
 * @spurious: repeats that nobody needed: the ACK that moved the download on answers an earlier copy
 * @proofs: how often the estimator was sure that a repeat was spurious
 * @false_proofs: how often it was wrong
 */
struct server_counts {
	u64 repeats;
	u64 spurious;
	u64 proofs;
	u64 false_proofs;
};

/**
 * struct server - the transfer
 * @network: way to the client
 * @window: the module's window
 * @estimator: how long to wait
 * @state: where it stands
 * @copies: how often what is in flight was sent
 * @spurious: of those of the block before, how many nobody needed
 * @sent_us: when what is in flight was first sent
 * @resent_us: when it was last sent
 * @heard: when the client was last heard of, in jiffies
 * @deadline: when the timer has something to do, in jiffies
 * @timer: when the timer fires, in jiffies: not later
 * @counts: what happened
 */
struct server {
	struct network *network;
	struct ktftp_window window;
	struct estimator estimator;
	enum server_state state;
	u32 copies;
	u32 spurious;
	u64 sent_us;
	u64 resent_us;
	u64 heard;
	u64 deadline;
	u64 timer;
	struct server_counts counts;
};

void server_init(struct server *server, struct network *network, const struct timing *timing);
void server_receive(struct server *server, u64 now_us, const struct packet *packet);
u64 server_next(const struct server *server);
void server_expired(struct server *server, u64 now_us);

#endif
