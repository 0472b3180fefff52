// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the arguments of the tracepoints out of what they happen to, only while somebody looks. Softirq and process
 * context; nothing is changed.
 */
#include <linux/string.h>
#include <linux/unaligned.h>

#include "life.h"
#include "listener.h"
#include "netns.h"
#include "port.h"
#include "proto.h"
#include "table.h"
#include "tracing.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static u32 netns_of(const struct ktftp_net *kn)
{
	return kn->net->ns.inum;
}

static u32 own_netns(const struct ktftp_transfer *t)
{
	return netns_of(t->table->kn);
}

static u64 high(const struct in6_addr *address)
{
	return get_unaligned_be64(&address->s6_addr[0]);
}

static u64 low(const struct in6_addr *address)
{
	return get_unaligned_be64(&address->s6_addr[8]);
}

/* Its entry is gone when the last block lingers. */
static const char *name_of(const struct ktftp_transfer *t)
{
	if (t->entry)
		return t->entry->name;
	return t->tail ? (const char *)t->tail + t->tail_bytes : "";
}

/* How often the block in flight was sent before. */
static u32 copy_of(const struct ktftp_transfer *t)
{
	return t->rto.repeats;
}

void ktftp_trace_do_request(const struct ktftp_listener *listener, const struct ktftp_key *key,
			    const struct ktftp_request *rq)
{
	trace_ktftp_request(netns_of(listener->kn), listener->id, high(&key->peer), low(&key->peer),
			    ntohs(key->peer_port), high(&key->local), low(&key->local), rq->opcode, rq->mode,
			    (const char *)rq->name, rq->name_bytes);
}

void ktftp_trace_do_start(const struct ktftp_transfer *t)
{
	const char *name = name_of(t);

	lockdep_assert_held(&t->lock);
	trace_ktftp_start(t->id, netns_of(t->table->kn), t->port->listener->id, high(&t->key.peer), low(&t->key.peer),
			  ntohs(t->key.peer_port), ntohs(t->key.tid), ktftp_transfer_bytes(t), t->grant.blksize,
			  t->grant.windowsize, name, strlen(name));
}

void ktftp_trace_do_send(const struct ktftp_transfer *t, u64 block, u32 bytes, bool again)
{
	const char *name = name_of(t);

	lockdep_assert_held(&t->lock);
	trace_ktftp_send(t->id, own_netns(t), high(&t->key.peer), low(&t->key.peer), ntohs(t->key.peer_port),
			 block, bytes, again ? max_t(u32, copy_of(t), 1) : 0, name, strlen(name));
}

void ktftp_trace_do_ack(const struct ktftp_transfer *t, u16 wire, u32 what)
{
	bool sample = what <= KTFTP_ACK_LAST && !t->rto.repeats && !t->window.was_repeated;

	lockdep_assert_held(&t->lock);
	trace_ktftp_ack(t->id, own_netns(t), high(&t->key.peer), low(&t->key.peer), ntohs(t->key.peer_port),
			wire, what, t->window.acked, sample ? max_t(u32, ktftp_transfer_now_us() - t->sent_us, 1) : 0);
}

void ktftp_trace_do_retransmit(const struct ktftp_transfer *t, enum ktftp_trace_why why)
{
	u32 copy = why == KTFTP_TRACE_NOT_SENT ? copy_of(t) : max_t(u32, copy_of(t), 1);

	lockdep_assert_held(&t->lock);
	trace_ktftp_retransmit(t->id, own_netns(t), high(&t->key.peer), low(&t->key.peer),
			       ntohs(t->key.peer_port), t->window.negotiating ? 0 : t->window.acked + 1, copy, why,
			       ktftp_transfer_now_us() - t->resent_us);
}

void ktftp_trace_do_end(const struct ktftp_transfer *t, u32 how)
{
	const u64 bytes = ktftp_transfer_bytes(t);
	const char *name = name_of(t);

	lockdep_assert_held(&t->lock);
	trace_ktftp_end(t->id, own_netns(t), high(&t->key.peer), low(&t->key.peer), ntohs(t->key.peer_port), how,
			bytes, min(t->window.acked * t->grant.blksize, bytes), t->repeats,
			div_u64(ktime_get_ns() - t->began_ns, NSEC_PER_USEC), name, strlen(name));
}
