/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets out: skbs whose payload is page fragments of a content, own IP and UDP headers, a route kept by
 * the caller. Everything here runs with softirqs off and under rcu_read_lock().
 */
#ifndef KTFTP_XMIT_H
#define KTFTP_XMIT_H

#include <linux/in6.h>
#include <linux/types.h>

struct dst_entry;
struct ktftp_content;
struct ktftp_port;
struct sk_buff;

/**
 * struct ktftp_key - who talks to whom
 * @peer: client's address, an IPv4 one mapped into IPv6
 * @local: address the client asked, likewise
 * @peer_port: client's port, its TID
 * @tid: our port, our TID
 * @ifindex: VRF, or the device of a link-local address; 0 for neither
 * @word: the same for comparing and hashing
 */
struct ktftp_key {
	union {
		struct {
			struct in6_addr peer;
			struct in6_addr local;
			__be16 peer_port;
			__be16 tid;
			int ifindex;
		};
		u64 word[5];
	};
};

/**
 * struct ktftp_route - the way to a client, kept between packets
 * @dst: route with a reference, or NULL; revalidated before each use
 * @cookie: what an IPv6 route is revalidated with
 * @ip_id: identification of the next IPv4 packet
 *
 * Protected by the lock of whatever it is part of; the route itself stays for a grace period after it was
 * replaced, so that a packet under way may use it without a reference.
 */
struct ktftp_route {
	struct dst_entry *dst;
	u32 cookie;
	u16 ip_id;
};

/**
 * struct ktftp_block - payload of one DATA packet
 * @content: whose pages
 * @offset: where in @content, in bytes
 * @bytes: how many
 */
struct ktftp_block {
	const struct ktftp_content *content;
	u64 offset;
	u32 bytes;
};

static inline bool ktftp_key_equal(const struct ktftp_key *a, const struct ktftp_key *b)
{
	return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
		 (a->word[3] ^ b->word[3]) | (a->word[4] ^ b->word[4]));
}

void ktftp_route_init(struct ktftp_route *route);
void ktftp_route_drop(struct ktftp_route *route);
unsigned int ktftp_xmit_room(const struct ktftp_port *port, const struct ktftp_key *key,
			     struct ktftp_route *route);
struct sk_buff *ktftp_xmit_new(const struct ktftp_port *port, const struct ktftp_key *key, struct ktftp_route *route,
			       unsigned int bytes, struct sk_buff **spare);
unsigned int ktftp_xmit_attach(struct sk_buff *skb, unsigned int i, const struct ktftp_block *block);
struct sk_buff *ktftp_xmit_push(const struct ktftp_port *port, const struct ktftp_key *key, struct ktftp_route *route,
				struct sk_buff *skb);
struct sk_buff *ktftp_xmit_block(const struct ktftp_port *port, const struct ktftp_key *key,
				 struct ktftp_route *route, u16 wire, const struct ktftp_block *block,
				 struct sk_buff **spare);
struct sk_buff *ktftp_xmit_bytes(const struct ktftp_port *port, const struct ktftp_key *key,
				 struct ktftp_route *route, const u8 *data, unsigned int bytes);
int ktftp_xmit_send(const struct ktftp_port *port, struct sk_buff *skb);

#endif
