// SPDX-License-Identifier: GPL-2.0
/* The life of a transfer: its memory, the tables it is found in, how it ends, and what there is to tell of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "segment.h"

static uint64_t hash_of(const struct engine *e, const struct tftp_key *key, uint16_t tid)
{
	const struct {
		struct in6_addr peer;
		uint32_t ports;
		uint32_t scope;
	} hashed = { key->peer, (uint32_t)key->peer_port << 16 | tid, key->scope };

	return tftp_hash(&e->hash_key, &hashed, sizeof(hashed));
}

static struct tftp_transfer *of_client(struct tftp_node *node)
{
	return (struct tftp_transfer *)((char *)node - offsetof(struct tftp_transfer, by_client));
}

/* The transfer that a datagram belongs to, or NULL. */
struct tftp_transfer *tftp_transfer_find(const struct tftp_listener *listener, const struct tftp_key *key)
{
	struct tftp_node *node;

	node = tftp_index_first(&listener->by_tid, hash_of(listener->engine, key, key->tid));
	for (; node; node = tftp_index_next(node))
		if (tftp_key_same(&((struct tftp_transfer *)node)->key, key))
			return (struct tftp_transfer *)node;
	return NULL;
}

/* The same, whichever of our addresses the client asked. */
struct tftp_transfer *tftp_transfer_find_peer(const struct tftp_listener *listener, const struct tftp_key *key)
{
	struct tftp_node *node;
	struct tftp_key any;

	node = tftp_index_first(&listener->by_tid, hash_of(listener->engine, key, key->tid));
	for (; node; node = tftp_index_next(node)) {
		any = ((struct tftp_transfer *)node)->key;
		any.local = key->local;
		if (tftp_key_same(&any, key))
			return (struct tftp_transfer *)node;
	}
	return NULL;
}

/* The latest transfer of a client port, whatever its TID of ours, or NULL. */
struct tftp_transfer *tftp_transfer_find_client(const struct tftp_listener *listener, const struct tftp_key *key)
{
	struct tftp_node *node;

	node = tftp_index_first(&listener->by_client, hash_of(listener->engine, key, 0));
	for (; node; node = tftp_index_next(node))
		if (tftp_key_same_client(&of_client(node)->key, key))
			return of_client(node);
	return NULL;
}

/* Return: 0; -EEXIST when a transfer has the same key; -ENOMEM. */
int tftp_transfer_insert(struct tftp_transfer *t)
{
	if (tftp_transfer_find(t->listener, &t->key))
		return -EEXIST;
	return tftp_index_insert(&t->listener->by_tid, &t->by_tid, hash_of(t->engine, &t->key, t->key.tid));
}

/* Lets a transfer be found by its client, instead of another one if there is one. */
int tftp_transfer_insert_client(struct tftp_transfer *t, struct tftp_transfer *old)
{
	if (old)
		tftp_index_remove(&t->listener->by_client, &old->by_client);
	return tftp_index_insert(&t->listener->by_client, &t->by_client, hash_of(t->engine, &t->key, 0));
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct tftp_transfer *t = context;
	struct engine *e = t->engine;

	(void)fd;
	(void)what;
	tftp_enter(e);
	tftp_transfer_expired(t);
	tftp_leave(e);
}

/**
 * tftp_transfer_new() - memory for a transfer
 * @start: what it is to be
 *
 * Return: with a reference for the caller, or NULL.
 */
struct tftp_transfer *tftp_transfer_new(const struct tftp_start *start)
{
	struct tftp_transfer *t = calloc(1, sizeof(*t));
	struct engine *e = start->listener->engine;

	if (!t)
		return NULL;
	t->name = strdup(start->name);
	if (!t->name) {
		free(t);
		return NULL;
	}
	t->key = start->key;
	t->listener = start->listener;
	t->engine = e;
	t->listener_id = start->listener_id;
	t->ifindex = start->ifindex;
	t->references = 1;
	t->request_hash = start->request_hash;
	t->began_us = t->sent_us = t->resent_us = t->heard_us = t->moved_us = e->now_us;
	t->fires_us = UINT64_MAX;
	t->content = content_get(start->content);
	t->bytes = content_size(start->content);
	event_assign(&t->timer, e->base, -1, 0, on_timer, t);
	return t;
}

void tftp_transfer_get(struct tftp_transfer *t)
{
	t->references++;
}

/* What is still to be sent of it may refer to it: it is freed by tftp_leave(). */
void tftp_transfer_put(struct tftp_transfer *t)
{
	if (!--t->references)
		TAILQ_INSERT_TAIL(&t->engine->dead, t, all);
}

/* It sends nothing of it any more. */
void tftp_transfer_drop_content(struct tftp_transfer *t)
{
	tftp_ahead_drop(&t->ahead, &t->engine->ahead_bytes);
	content_put(t->content);
	t->content = NULL;
}

void tftp_transfer_drop_tail(struct tftp_transfer *t)
{
	if (!t->tail)
		return;
	t->engine->tails_bytes -= t->tail_bytes;
	free(t->tail);
	t->tail = NULL;
}

void tftp_transfer_free(struct tftp_transfer *t)
{
	tftp_transfer_drop_content(t);
	tftp_transfer_drop_tail(t);
	free(t->name);
	free(t);
}

/**
 * tftp_transfer_show() - what there is to tell of a transfer
 * @t: transfer that has not ended
 * @out: where it goes
 */
void tftp_transfer_show(const struct tftp_transfer *t, struct ktftp_transfer *out)
{
	*out = (struct ktftp_transfer){
		.listener = t->listener_id,
		.client_port = t->key.peer_port,
		.tid = t->key.tid,
		.state = t->state,
		.size = t->bytes,
		.bytes = min_t(uint64_t, t->window.acked * t->grant.blksize, t->bytes),
		.blksize = t->grant.blksize,
		.windowsize = t->grant.windowsize,
		.repeats = t->repeats,
		.srtt_us = t->rto.srtt_us,
		.age_ms = (t->engine->now_us - t->began_us) / USEC_PER_MSEC,
	};
	tftp_address_out(&out->client, &t->key.peer);
	tftp_address_out(&out->local, &t->key.local);
	memccpy(out->name, t->name, 0, sizeof(out->name) - 1);
}

static void count_end(struct engine *e, enum ktftp_transfer_end how)
{
	static const uint8_t own_counter[KTFTP_TRANSFER_END_WITHDRAWN + 1] = {
		[KTFTP_TRANSFER_END_COMPLETE] = KTFTP_A_STATS_ENDED_COMPLETE,
		[KTFTP_TRANSFER_END_ASSUMED] = KTFTP_A_STATS_ENDED_ASSUMED,
		[KTFTP_TRANSFER_END_TIMED_OUT] = KTFTP_A_STATS_ENDED_TIMED_OUT,
		[KTFTP_TRANSFER_END_UNPROVEN] = KTFTP_A_STATS_ENDED_UNPROVEN,
		[KTFTP_TRANSFER_END_UNREACHABLE] = KTFTP_A_STATS_ENDED_UNREACHABLE,
	};
	bool processed = how == KTFTP_TRANSFER_END_COMPLETE || how == KTFTP_TRANSFER_END_ASSUMED;

	tftp_count(e, processed ? KTFTP_A_STATS_REQUESTS_PROCESSED : KTFTP_A_STATS_REQUESTS_ABORTED);
	if (own_counter[how])
		tftp_count(e, own_counter[how]);
}

/* What there is in one state alone. */
static void leave_state(struct tftp_transfer *t)
{
	struct engine *e = t->engine;

	switch (t->state) {
	case KTFTP_TRANSFER_STATE_UNPROVEN:
		TAILQ_REMOVE(&e->unproven, t, queued);
		e->unproven_count--;
		if (t->replaces)
			tftp_transfer_put(t->replaces);
		t->replaces = NULL;
		break;
	case TFTP_LIFE_DONE:
		TAILQ_REMOVE(&e->done, t, queued);
		break;
	default:
		tftp_floors_learn(&e->floors, &e->hash_key, &t->key.peer, t->rto.floor_us);
		break;
	}
}

/* Nobody finds it any more, and its timer is stopped. */
static void bury(struct tftp_transfer *t)
{
	tftp_index_remove(&t->listener->by_tid, &t->by_tid);
	tftp_index_remove(&t->listener->by_client, &t->by_client);
	event_del(&t->timer);
	TAILQ_REMOVE(&t->engine->all, t, all);
	t->engine->transfer_count--;
	tftp_transfer_put(t);
}

/**
 * tftp_transfer_end() - the download is over, for good or ill
 * @t: transfer; one that is dead is left alone
 * @how: how it ended
 * @next: TFTP_LIFE_DONE or TFTP_LIFE_DEAD
 */
void tftp_transfer_end(struct tftp_transfer *t, enum ktftp_transfer_end how, enum tftp_life next)
{
	bool ended = tftp_transfer_ended(t);
	struct engine *e = t->engine;
	struct ktftp_transfer told;

	if (t->state == TFTP_LIFE_DEAD)
		return;
	if (!ended) {
		tftp_transfer_show(t, &told);
		count_end(e, how);
		e->active--;
		t->listener->active--;
		tftp_limits_uncount(t);
	}
	leave_state(t);
	tftp_transfer_drop_content(t);
	tftp_transfer_drop_tail(t);
	t->state = next;
	if (next == TFTP_LIFE_DONE)
		TAILQ_INSERT_TAIL(&e->done, t, queued);
	else
		bury(t);
	/* At last: whoever is told may call the engine again. */
	if (ended || !e->hooks.end)
		return;
	told.sequence = ++e->sequence;
	told.end = how;
	e->hooks.end(&told, e->hooks.context);
}
