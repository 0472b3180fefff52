// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams in, as UDP's encap_rcv hook: softirq, under rcu_read_lock(), checksum verified. All of this
 * comes from anybody: lengths are checked before use, nothing is kept that did not lead to a download, and
 * what is malformed costs a counter.
 */
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "entry.h"
#include "events.h"
#include "listener.h"
#include "names.h"
#include "netns.h"
#include "params.h"
#include "proto.h"
#include "receive.h"
#include "tracing.h"
#include "transfer.h"

/* A datagram: who sent it to whom, and what it says. Its packet is NULL once an answer was made of it. */
struct datagram {
	const struct ktftp_port *port;
	struct sk_buff *skb;
	struct ktftp_key key;
	const u8 *data;
	unsigned int bytes;
};

static siphash_key_t datagram_key __read_mostly;

/* RFC 1123 4.2.3.5: what was sent to everybody is ignored silently. */
static bool was_sent_to_us_alone(const struct sk_buff *skb, const struct ktftp_key *key)
{
	const struct rtable *rt;

	if (skb->pkt_type != PACKET_HOST && skb->pkt_type != PACKET_LOOPBACK)
		return false;
	if (!ipv6_addr_v4mapped(&key->local))
		return !ipv6_addr_is_multicast(&key->local);
	rt = skb_rtable(skb);
	return !ipv4_is_multicast(key->local.s6_addr32[3]) && !ipv4_is_lbcast(key->local.s6_addr32[3]) &&
	       !(rt && rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST));
}

static void key_from_ipv4(const struct sk_buff *skb, struct ktftp_key *key)
{
	const struct iphdr *ip = ip_hdr(skb);

	ipv6_addr_set_v4mapped(ip->saddr, &key->peer);
	ipv6_addr_set_v4mapped(ip->daddr, &key->local);
	/* Answers to a client in a VRF go out through that VRF. */
	key->ifindex = inet_sdif(skb) ? inet_iif(skb) : 0;
}

static void key_from_ipv6(const struct sk_buff *skb, struct ktftp_key *key)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	key->peer = ip->saddr;
	key->local = ip->daddr;
	if ((ipv6_addr_type(&ip->saddr) | ipv6_addr_type(&ip->daddr)) & IPV6_ADDR_LINKLOCAL)
		key->ifindex = IP6CB(skb)->iif;
	else
		key->ifindex = inet6_sdif(skb) ? inet6_iif(skb) : 0;
}

static void key_of(const struct ktftp_port *port, const struct sk_buff *skb, struct ktftp_key *key)
{
	const struct udphdr *udp = (const struct udphdr *)skb->data;

	if (ktftp_port_sk(port)->sk_family == AF_INET)
		key_from_ipv4(skb, key);
	else
		key_from_ipv6(skb, key);
	key->peer_port = udp->source;
	key->tid = port->number;
}

static struct ktftp_net *net_of(const struct datagram *in)
{
	return in->port->listener->kn;
}

/* A port of the pool, at random: what is in this packet is not to be guessed from another one. */
static const struct ktftp_port *any_port(const struct ktftp_listener *listener)
{
	return &listener->pool[get_random_u32_below(listener->pool_count)];
}

static void answer_error(const struct datagram *in, const struct ktftp_port *from, enum ktftp_error code,
			 const char *text)
{
	u8 packet[KTFTP_HEADER_BYTES + KTFTP_ERROR_TEXT_MAX + 1];
	struct ktftp_key key = in->key;
	struct ktftp_route route;
	struct sk_buff *skb;
	int err = -ENOMEM;

	key.tid = from->number;
	ktftp_route_init(&route);
	skb = ktftp_xmit_bytes(from, &key, &route, packet, ktftp_proto_error(packet, sizeof(packet), code, text));
	if (skb)
		err = ktftp_xmit_send(from, skb);
	ktftp_count(net_of(in), err ? KTFTP_A_STATS_SEND_FAILED : KTFTP_A_STATS_ERRORS_SENT);
	ktftp_route_drop(&route);
}

static void refuse(const struct datagram *in, enum ktftp_a_stats counter, enum ktftp_error code, const char *text)
{
	ktftp_count(net_of(in), counter);
	answer_error(in, any_port(in->port->listener), code, text);
}

/* Begins a download; returns what ktftp_transfer_start() did. */
static int start(const struct datagram *in, const struct ktftp_request *rq, struct ktftp_entry *entry,
		 u64 request_hash)
{
	struct ktftp_listener *listener = in->port->listener;
	struct ktftp_start start = {
		.table = &listener->table,
		.ports = listener->pool,
		.port_count = listener->pool_count,
		.key = in->key,
		.entry = entry,
		.request_hash = request_hash,
	};
	int err;

	ktftp_options_parse(&start.options, rq->options, rq->options_bytes);
	err = ktftp_transfer_start(listener->kn, &start);
	switch (err) {
	case 0:
		atomic64_inc(&entry->hits);
		break;
	case -EALREADY:
		ktftp_count(listener->kn, KTFTP_A_STATS_REQUESTS_REPEATED);
		break;
	case -ENOSPC:
		refuse(in, KTFTP_A_STATS_REQUESTS_OVERFLOW, KTFTP_ERR_UNDEFINED, "Too many transfers, try again later");
		break;
	case -EDQUOT:
		refuse(in, KTFTP_A_STATS_REQUESTS_CLIENT_OVERFLOW, KTFTP_ERR_UNDEFINED,
		       "Too many transfers of this client");
		break;
	case -ENOMEM:
		ktftp_count(listener->kn, KTFTP_A_STATS_NO_MEMORY);
		break;
	default:
		ktftp_count(listener->kn, KTFTP_A_STATS_REQUESTS_IGNORED);
		break;
	}
	return err;
}

/* The daemon, that would know, is gone: a phone takes "not found" for the truth, silence sends it elsewhere. */
static void orphan(const struct datagram *in, enum ktftp_orphan_miss answer)
{
	switch (answer) {
	case KTFTP_ORPHAN_MISS_ERROR1:
		refuse(in, KTFTP_A_STATS_REQUESTS_NOT_FOUND, KTFTP_ERR_NOT_FOUND, "File not found");
		break;
	case KTFTP_ORPHAN_MISS_ERROR0:
		refuse(in, KTFTP_A_STATS_REQUESTS_ORPHANED, KTFTP_ERR_UNDEFINED, "Server is restarting, try again");
		break;
	default:
		ktftp_count(net_of(in), KTFTP_A_STATS_REQUESTS_ORPHANED);
		break;
	}
}

/* What the module does not serve, to the daemon. Returns false when there never was one. */
static bool hand_over(const struct datagram *in, enum ktftp_request_why why)
{
	const struct ktftp_listener *listener = in->port->listener;

	switch (ktftp_handover_request(listener->kn, listener->id, &in->key, why, in->data, in->bytes)) {
	case KTFTP_HANDOVER_DONE:
		return true;
	case KTFTP_HANDOVER_ORPHAN:
		orphan(in, why == KTFTP_REQUEST_WHY_MISS ? ktftp_param(orphan_miss) : KTFTP_ORPHAN_MISS_SILENT);
		return true;
	default:
		return false;
	}
}

static void miss(const struct datagram *in, const struct ktftp_request *rq)
{
	struct ktftp_listener *listener = in->port->listener;

	ktftp_event_miss(listener->kn, listener->id, &in->key, rq->name, rq->name_bytes, false);
	if (!hand_over(in, KTFTP_REQUEST_WHY_MISS))
		refuse(in, KTFTP_A_STATS_REQUESTS_NOT_FOUND, KTFTP_ERR_NOT_FOUND, "File not found");
}

/* Cisco's server counts these apart; which of them a phone does not find says what is wrong with it. */
static void count_kind(const struct ktftp_net *kn, const char *name, size_t name_bytes, bool found)
{
	static const u8 counters[KTFTP_NAME_OTHER][2] = {
		[KTFTP_NAME_SEP] = { KTFTP_A_STATS_NOT_FOUND_SEP, KTFTP_A_STATS_FOUND_SEP },
		[KTFTP_NAME_SIP] = { KTFTP_A_STATS_NOT_FOUND_SIP, KTFTP_A_STATS_FOUND_SIP },
		[KTFTP_NAME_GK] = { KTFTP_A_STATS_NOT_FOUND_GK, KTFTP_A_STATS_FOUND_GK },
		[KTFTP_NAME_LD] = { KTFTP_A_STATS_NOT_FOUND_LD, KTFTP_A_STATS_FOUND_LD },
	};
	enum ktftp_name_kind kind = ktftp_name_kind(name, name_bytes);

	if (kind < KTFTP_NAME_OTHER)
		ktftp_count(kn, counters[kind][found]);
}

static void read_request(const struct datagram *in, const struct ktftp_request *rq)
{
	struct ktftp_listener *listener = in->port->listener;
	struct ktftp_net *kn = listener->kn;
	bool single_port = listener->listen.flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;
	u64 hash = siphash(in->data, in->bytes, &datagram_key);
	char name[KTFTP_NAME_MAX + 1];
	struct ktftp_entry *entry;
	int name_bytes;

	ktftp_count(kn, KTFTP_A_STATS_REQUESTS);
	if (ktftp_transfer_repeat(&listener->table, &in->key, hash, single_port)) {
		ktftp_count(kn, KTFTP_A_STATS_REQUESTS_REPEATED);
		return;
	}
	name_bytes = ktftp_name_canonical(rq->name, rq->name_bytes, name);
	if (name_bytes < 0) {
		/* Nobody can have published it, now or ever. */
		ktftp_event_miss(kn, listener->id, &in->key, rq->name, rq->name_bytes, true);
		refuse(in, KTFTP_A_STATS_REQUESTS_NOT_FOUND, KTFTP_ERR_NOT_FOUND, "File not found");
		return;
	}
	entry = ktftp_store_lookup(&kn->store, name, name_bytes);
	if (IS_ERR(entry)) {
		ktftp_count(kn, KTFTP_A_STATS_REQUESTS_IGNORED);
		return;
	}
	count_kind(kn, name, name_bytes, entry && !ktftp_entry_is_absent(entry));
	if (!entry) {
		miss(in, rq);
		return;
	}
	if (ktftp_entry_is_absent(entry)) {
		atomic64_inc(&entry->hits);
		ktftp_event_miss(kn, listener->id, &in->key, rq->name, rq->name_bytes, true);
		refuse(in, KTFTP_A_STATS_REQUESTS_NOT_FOUND, KTFTP_ERR_NOT_FOUND, "File not found");
	} else {
		start(in, rq, entry, hash);
	}
	ktftp_entry_put(entry);
}

static void write_request(const struct datagram *in)
{
	bool single_port = in->port->listener->listen.flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;

	if (single_port)
		refuse(in, KTFTP_A_STATS_WRITES_REFUSED, KTFTP_ERR_ACCESS, "A single-port server takes no writes");
	else if (!hand_over(in, KTFTP_REQUEST_WHY_WRITE))
		refuse(in, KTFTP_A_STATS_WRITES_REFUSED, KTFTP_ERR_ACCESS, "Nothing may be written here");
}

static void netascii_request(const struct datagram *in)
{
	if (!hand_over(in, KTFTP_REQUEST_WHY_NETASCII))
		refuse(in, KTFTP_A_STATS_MODES_REFUSED, KTFTP_ERR_UNDEFINED, "Mode netascii is not served, use octet");
}

static void request(const struct datagram *in)
{
	struct ktftp_net *kn = net_of(in);
	struct ktftp_request rq;
	int err = ktftp_request_parse(&rq, in->data, in->bytes);

	if (!err)
		ktftp_trace_request(in->port->listener, &in->key, &rq);
	if (err == -ENOMSG)
		ktftp_count(kn, KTFTP_A_STATS_REQUESTS_MALFORMED);
	else if (err)
		refuse(in, KTFTP_A_STATS_REQUESTS_MALFORMED, KTFTP_ERR_ILLEGAL, "Malformed request");
	else if (rq.opcode == KTFTP_OP_WRQ)
		write_request(in);
	else if (rq.mode == KTFTP_MODE_NETASCII)
		netascii_request(in);
	else if (rq.mode == KTFTP_MODE_OTHER)
		refuse(in, KTFTP_A_STATS_MODES_REFUSED, KTFTP_ERR_ILLEGAL, "Unknown transfer mode");
	else
		read_request(in, &rq);
}

/* Sent to us alone, from where a client can be. */
static bool may_be_answered(const struct datagram *in)
{
	return was_sent_to_us_alone(in->skb, &in->key) && ktftp_receive_is_client(&in->key);
}

/* RFC 1350 section 4: a stray packet is told so and disturbs nothing; rarely, and never a client of ours. */
static void stray(const struct datagram *in)
{
	struct ktftp_net *kn = net_of(in);

	ktftp_count(kn, KTFTP_A_STATS_UNKNOWN_TID);
	if (may_be_answered(in) && !ktftp_transfer_stray(&in->port->listener->table, &in->key) &&
	    __ratelimit(&kn->unknown_tid_limit))
		answer_error(in, in->port, KTFTP_ERR_UNKNOWN_TID, "Unknown transfer ID");
}

static void segment(struct datagram *in, u16 opcode, u16 value)
{
	struct ktftp_table *table = &in->port->listener->table;

	switch (opcode) {
	case KTFTP_OP_ACK:
		if (unlikely(!ktftp_transfer_ack(table, &in->key, value, &in->skb)))
			stray(in);
		break;
	case KTFTP_OP_ERROR:
		ktftp_count(net_of(in), KTFTP_A_STATS_ERRORS_RECEIVED);
		if (!ktftp_transfer_abort(table, &in->key))
			ktftp_count(net_of(in), KTFTP_A_STATS_UNKNOWN_TID);
		break;
	default:
		ktftp_count(net_of(in), KTFTP_A_STATS_UNKNOWN_TID);
		break;
	}
}

static bool takes_requests(const struct datagram *in)
{
	return READ_ONCE(in->port->listener->state) == KTFTP_LISTENER_STATE_ACTIVE && may_be_answered(in);
}

static void receive_request(struct datagram *in, struct sk_buff *skb)
{
	if (in->bytes > KTFTP_REQUEST_MAX || !pskb_may_pull(skb, sizeof(struct udphdr) + in->bytes)) {
		ktftp_count(net_of(in), KTFTP_A_STATS_REQUESTS_MALFORMED);
		return;
	}
	in->data = skb->data + sizeof(struct udphdr);
	if (takes_requests(in))
		request(in);
	else
		ktftp_count(net_of(in), KTFTP_A_STATS_REQUESTS_IGNORED);
}

static bool is_segment(const struct datagram *in, u16 opcode)
{
	bool single_port = in->port->listener->listen.flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;

	return !in->port->listening || (single_port && (opcode == KTFTP_OP_ACK || opcode == KTFTP_OP_ERROR));
}

/* Returns what is left of the packet, or NULL. */
static struct sk_buff *receive(const struct ktftp_port *port, struct sk_buff *skb)
{
	struct datagram in = { .port = port, .skb = skb, .bytes = skb->len - sizeof(struct udphdr) };
	u16 opcode, value;

	key_of(port, skb, &in.key);
	if (!pskb_may_pull(skb, sizeof(struct udphdr) + KTFTP_HEADER_BYTES) ||
	    ktftp_proto_header(skb->data + sizeof(struct udphdr), in.bytes, &opcode, &value))
		ktftp_count(port->listener->kn, port->listening ? KTFTP_A_STATS_REQUESTS_MALFORMED :
			    KTFTP_A_STATS_UNKNOWN_TID);
	else if (likely(is_segment(&in, opcode)))
		segment(&in, opcode, value);
	else
		receive_request(&in, skb);
	return in.skb;
}

/**
 * ktftp_receive_is_client() - may this address and port be those of a client
 * @key: whose peer is looked at
 */
bool ktftp_receive_is_client(const struct ktftp_key *key)
{
	return !ktftp_proto_would_loop(ntohs(key->peer_port)) &&
	       !ipv6_addr_any(&key->peer) && !ipv6_addr_is_multicast(&key->peer) &&
	       !(ipv6_addr_v4mapped(&key->peer) && (ipv4_is_multicast(key->peer.s6_addr32[3]) ||
						     ipv4_is_lbcast(key->peer.s6_addr32[3]) ||
						     ipv4_is_zeronet(key->peer.s6_addr32[3])));
}

/**
 * ktftp_receive_again() - serve a request that was handed to the daemon
 * @listener: listener it came to
 * @key: who asked whom
 * @data: the datagram
 * @bytes: its length
 * @name: canonical name to serve
 * @name_bytes: its length
 *
 * As if the request came now and asked for that name, in whatever mode. A request that is being answered is not
 * answered twice.
 *
 * Context: softirqs off, rcu_read_lock(); the listener stays meanwhile. Return: 0; -EBADMSG when it is no read
 * request; -ENOENT when the name is not published; -ENOSPC or -EDQUOT at a limit; -ENOMEM; -EBUSY when no TID is free.
 */
int ktftp_receive_again(struct ktftp_listener *listener, const struct ktftp_key *key, const u8 *data,
			unsigned int bytes, const char *name, size_t name_bytes)
{
	const struct datagram in = { .port = &listener->ports[0], .key = *key, .data = data, .bytes = bytes };
	bool single_port = listener->listen.flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;
	u64 hash = siphash(data, bytes, &datagram_key);
	struct ktftp_entry *entry;
	struct ktftp_request rq;
	int err;

	if (ktftp_request_parse(&rq, data, bytes) || rq.opcode != KTFTP_OP_RRQ)
		return -EBADMSG;
	if (ktftp_transfer_repeat(&listener->table, key, hash, single_port) ||
	    ktftp_transfer_answers(&listener->table, key, hash))
		return 0;
	entry = ktftp_store_lookup(&listener->kn->store, name, name_bytes);
	if (IS_ERR_OR_NULL(entry))
		return entry ? PTR_ERR(entry) : -ENOENT;
	err = ktftp_entry_is_absent(entry) ? -ENOENT : start(&in, &rq, entry, hash);
	ktftp_entry_put(entry);
	return err == -EALREADY ? 0 : err;
}

/**
 * ktftp_receive() - UDP's encap_rcv: a datagram arrived at one of our sockets
 * @sk: socket
 * @skb: datagram, its data at the UDP header
 *
 * Context: softirq, rcu_read_lock(). Return: 0, the datagram is consumed: nobody reads these sockets.
 */
int ktftp_receive(struct sock *sk, struct sk_buff *skb)
{
	const struct ktftp_port *port = rcu_dereference_sk_user_data(sk);

	net_get_random_once(&datagram_key, sizeof(datagram_key));
	/* No port: its listener is being taken down. */
	if (likely(port))
		skb = receive(port, skb);
	consume_skb(skb);
	return 0;
}
