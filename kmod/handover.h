/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon of a namespace: requests that the module does not serve are handed to it, once and one way, as
 * messages to its netlink socket. No state is kept for them and no answer is waited for: the daemon answers by
 * itself, or publishes a content and says start; a message that is lost is a client's retry.
 *
 * The daemon is a netlink port id, registered by attach and forgotten when that socket closes. Whether one was
 * ever there decides what a miss means: without a daemon the module knows all names, after one it does not.
 */
#ifndef KTFTP_HANDOVER_H
#define KTFTP_HANDOVER_H

#include <linux/types.h>
#include <linux/workqueue.h>

#include "uapi/ktftp.h"

struct ktftp_buckets;
struct ktftp_key;
struct ktftp_net;
struct netlink_ext_ack;

/**
 * struct ktftp_daemon - the daemon of a namespace
 * @portid: its netlink port, 0 when there is none; changed by cmpxchg, read by softirq
 * @was_there: one has attached since the namespace began; never cleared
 * @buckets: by enum ktftp_request_why; allocated by the first attach, then they stay
 * @sequence: number of the last request that was handed over or could not be
 * @gone: the work that withdraws what is served only while a daemon is attached
 */
struct ktftp_daemon {
	u32 portid;
	bool was_there;
	struct ktftp_buckets *buckets[KTFTP_REQUEST_WHY_NETASCII + 1];
	atomic64_t sequence;
	struct work_struct gone;
};

enum ktftp_handover {
	KTFTP_HANDOVER_DONE,	/* it is the daemon's now, or lost: say nothing */
	KTFTP_HANDOVER_NEVER,	/* there never was a daemon: what is not here does not exist */
	KTFTP_HANDOVER_ORPHAN,	/* there was a daemon, that would know */
};

enum ktftp_handover ktftp_handover_request(struct ktftp_net *kn, u32 listener, const struct ktftp_key *key,
					   enum ktftp_request_why why, const u8 *data, unsigned int bytes);
int ktftp_handover_attach(struct ktftp_net *kn, u32 portid, struct netlink_ext_ack *extack);
void ktftp_handover_begin(struct ktftp_net *kn);
void ktftp_handover_end(struct ktftp_net *kn);

int ktftp_handover_init(void);
void ktftp_handover_exit(void);

#endif
