// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: which of them may be answered, and what their owner's answer leads to. A request of the engine's own
 * listeners and one that the module handed over meet in engine_serve() and engine_refuse().
 */
#include <errno.h>
#include <string.h>

#include "names.h"
#include "receive.h"
#include "segment.h"

/* Refusals to one network, a second: a boot of thousands of phones has fewer, a reflection is bounded. */
#define REFUSALS_PER_S 10000

uint64_t tftp_request_hash(const struct engine *e, const uint8_t *data, size_t bytes)
{
	return tftp_hash(&e->hash_key, data, bytes);
}

static void refuse(struct tftp_listener *listener, const struct tftp_key *key, uint32_t ifindex, unsigned int code,
		   const char *text)
{
	struct engine *e = listener->engine;

	if (tftp_rates_take(&e->refusals, &e->hash_key, &key->peer, e->now_us, REFUSALS_PER_S))
		tftp_send_error(e, tftp_any_port(listener), key, ifindex, code, text);
}

static void refuse_datagram(const struct tftp_datagram *in, enum ktftp_a_stats counter, unsigned int code,
			    const char *text)
{
	tftp_count(in->port->listener->engine, counter);
	refuse(in->port->listener, &in->key, 0, code, text);
}

/* To the owner, as the module would hand it over. */
static void offer(const struct tftp_datagram *in)
{
	struct tftp_listener *listener = in->port->listener;
	struct engine *e = listener->engine;
	struct ktftp_handed request = {
		.sequence = ++e->sequence,
		.listener = listener->is.id,
		.why = KTFTP_REQUEST_WHY_MISS,
		.client_port = in->key.peer_port,
		.ifindex = in->key.scope,
		.data = in->data,
		.bytes = in->bytes,
	};

	tftp_address_out(&request.client, &in->key.peer);
	tftp_address_out(&request.local, &in->key.local);
	e->offered = &request;
	e->hooks.request(&request, e->hooks.context);
	e->offered = NULL;
}

static void read_request(const struct tftp_datagram *in)
{
	struct engine *e = in->port->listener->engine;

	tftp_count(e, KTFTP_A_STATS_REQUESTS);
	if (tftp_transfer_repeat(in->port->listener, &in->key, tftp_request_hash(e, in->data, in->bytes)))
		tftp_count(e, KTFTP_A_STATS_REQUESTS_REPEATED);
	else
		offer(in);
}

static void request(const struct tftp_datagram *in)
{
	struct ktftp_request rq;
	int err = ktftp_request_parse(&rq, in->data, in->bytes);

	if (err == -ENOMSG)
		tftp_count(in->port->listener->engine, KTFTP_A_STATS_REQUESTS_MALFORMED);
	else if (err)
		refuse_datagram(in, KTFTP_A_STATS_REQUESTS_MALFORMED, KTFTP_ERR_ILLEGAL, "Malformed request");
	else if (rq.mode == KTFTP_MODE_OTHER)
		refuse_datagram(in, KTFTP_A_STATS_MODES_REFUSED, KTFTP_ERR_ILLEGAL, "Unknown transfer mode");
	else if (rq.opcode == KTFTP_OP_RRQ)
		read_request(in);
	else
		offer(in);
}

/**
 * tftp_request() - something that is to be a request came to a listening port
 * @in: datagram
 */
void tftp_request(const struct tftp_datagram *in)
{
	struct tftp_listener *listener = in->port->listener;

	if (in->bytes > KTFTP_REQUEST_MAX)
		tftp_count(listener->engine, KTFTP_A_STATS_REQUESTS_MALFORMED);
	else if (listener->is.state != KTFTP_LISTENER_STATE_ACTIVE || in->broadcast || !tftp_key_is_client(&in->key))
		tftp_count(listener->engine, KTFTP_A_STATS_REQUESTS_IGNORED);
	else
		request(in);
}

static int key_of(struct engine *e, const struct ktftp_handed *request, struct tftp_key *key)
{
	*key = (struct tftp_key){ .peer_port = request->client_port };
	if (tftp_address_in(&key->peer, &request->client) || tftp_address_in(&key->local, &request->local) ||
	    tftp_is_ipv4(&key->peer) != tftp_is_ipv4(&key->local) || !tftp_key_is_client(key))
		return tftp_fail(e, -EINVAL, "the request has no usable addresses");
	if (tftp_key_has_link_local(key))
		key->scope = request->ifindex;
	return 0;
}

/* Who answers: the listener it came to, or a pool for what the module handed over. */
static int answerer(struct engine *e, const struct ktftp_listener *of, const struct ktftp_handed *request,
		    struct tftp_listener **out)
{
	*out = of ? tftp_pool_for(e, of, request) : tftp_listener_find(e, request->listener);
	if (*out)
		return 0;
	return of ? -EADDRNOTAVAIL : tftp_fail(e, -ENOENT, "the listener that the request came to is gone");
}

/* Cisco's server counts these apart; which of them a phone does not find says what is wrong with it. */
static void count_kind(struct engine *e, const struct ktftp_request *rq, bool found)
{
	static const uint8_t counters[KTFTP_NAME_OTHER][2] = {
		[KTFTP_NAME_SEP] = { KTFTP_A_STATS_NOT_FOUND_SEP, KTFTP_A_STATS_FOUND_SEP },
		[KTFTP_NAME_SIP] = { KTFTP_A_STATS_NOT_FOUND_SIP, KTFTP_A_STATS_FOUND_SIP },
		[KTFTP_NAME_GK] = { KTFTP_A_STATS_NOT_FOUND_GK, KTFTP_A_STATS_FOUND_GK },
		[KTFTP_NAME_LD] = { KTFTP_A_STATS_NOT_FOUND_LD, KTFTP_A_STATS_FOUND_LD },
	};
	char name[KTFTP_NAME_MAX + 1];
	int bytes = ktftp_name_canonical(rq->name, rq->name_bytes, name);
	enum ktftp_name_kind kind = bytes > 0 ? ktftp_name_kind(name, bytes) : KTFTP_NAME_OTHER;

	if (kind < KTFTP_NAME_OTHER)
		tftp_count(e, counters[kind][found]);
}

/* It is the module that counts the requests it hands over. */
static void count_found(struct engine *e, const struct ktftp_listener *of, const struct ktftp_request *rq)
{
	if (!of && rq->mode == KTFTP_MODE_OCTET)
		count_kind(e, rq, true);
}

static int start(struct tftp_listener *listener, const struct ktftp_handed *request, const struct ktftp_request *rq,
		 struct tftp_start *start)
{
	struct engine *e = listener->engine;
	int err;

	ktftp_options_parse(&start->options, rq->options, rq->options_bytes);
	err = tftp_transfer_start(start);
	switch (err) {
	case 0:
		break;
	case -ENOSPC:
		tftp_count(e, KTFTP_A_STATS_REQUESTS_OVERFLOW);
		refuse(listener, &start->key, request->ifindex, KTFTP_ERR_UNDEFINED,
		       "Too many transfers, try again later");
		return tftp_fail(e, err, "there are max_transfers already");
	case -EDQUOT:
		tftp_count(e, KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW);
		refuse(listener, &start->key, request->ifindex, KTFTP_ERR_UNDEFINED,
		       "Too many transfers of this client");
		return tftp_fail(e, -ENOSPC, "the client has max_transfers_per_client already");
	case -ENOMEM:
		tftp_count(e, KTFTP_A_STATS_NO_MEMORY);
		return tftp_fail(e, err, "out of memory");
	default:
		tftp_count(e, KTFTP_A_STATS_REQUESTS_IGNORED);
		return tftp_fail(e, err, "cannot begin a download: %s", strerror(-err));
	}
	return 0;
}

static int serve(struct engine *e, const struct ktftp_listener *of, const struct ktftp_handed *request,
		 const char *name, struct content *content)
{
	struct tftp_start begin = {
		.listener_id = request->listener,
		.content = content,
		.name = name,
		.request_hash = tftp_request_hash(e, request->data, request->bytes),
	};
	struct ktftp_request rq;
	int err;

	if (request->bytes > KTFTP_REQUEST_MAX || ktftp_request_parse(&rq, request->data, request->bytes) ||
	    rq.opcode != KTFTP_OP_RRQ)
		return tftp_fail(e, -EBADMSG, "this is no read request");
	err = key_of(e, request, &begin.key);
	if (!err)
		err = answerer(e, of, request, &begin.listener);
	if (err)
		return err;
	if (of)
		begin.ifindex = request->ifindex;
	/* What comes from the hook is new; what comes later may have been repeated meanwhile, and be answered. */
	if (request != e->offered && (tftp_transfer_repeat(begin.listener, &begin.key, begin.request_hash) ||
				      tftp_transfer_answers(begin.listener, &begin.key, begin.request_hash)))
		return 0;
	err = start(begin.listener, request, &rq, &begin);
	if (!err)
		count_found(e, of, &rq);
	return err;
}

int engine_serve(struct engine *e, const struct ktftp_listener *listener, const struct ktftp_handed *request,
		 const char *name, struct content *content)
{
	int err;

	tftp_enter(e);
	err = serve(e, listener, request, name, content);
	tftp_leave(e);
	return err;
}

/* What a refusal is, seen from what was asked for. */
static void count_refusal(struct engine *e, const struct ktftp_listener *of, const struct ktftp_handed *request,
			  unsigned int code)
{
	struct ktftp_request rq;

	if (ktftp_request_parse(&rq, request->data, request->bytes))
		tftp_count(e, KTFTP_A_STATS_REQUESTS_MALFORMED);
	else if (rq.opcode == KTFTP_OP_WRQ)
		tftp_count(e, KTFTP_A_STATS_WRITES_REFUSED);
	else if (code == KTFTP_ERR_NOT_FOUND)
		tftp_count(e, KTFTP_A_STATS_REQUESTS_NOT_FOUND);
	else if (rq.mode != KTFTP_MODE_OCTET)
		tftp_count(e, KTFTP_A_STATS_MODES_REFUSED);
	if (code == KTFTP_ERR_NOT_FOUND && !of && !ktftp_request_parse(&rq, request->data, request->bytes) &&
	    rq.opcode == KTFTP_OP_RRQ)
		count_kind(e, &rq, false);
}

int engine_refuse(struct engine *e, const struct ktftp_listener *listener, const struct ktftp_handed *request,
		  unsigned int code, const char *text)
{
	struct tftp_listener *from;
	struct tftp_key key;
	int err;

	tftp_enter(e);
	err = key_of(e, request, &key);
	if (!err)
		err = answerer(e, listener, request, &from);
	if (!err) {
		count_refusal(e, listener, request, code);
		refuse(from, &key, listener ? request->ifindex : 0, code, text);
	}
	tftp_leave(e);
	return err;
}
