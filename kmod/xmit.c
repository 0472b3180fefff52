// SPDX-License-Identifier: GPL-2.0
/*
 * Packets out. Called by transfers and listeners in softirq (process context with softirqs off likewise),
 * under rcu_read_lock(). Payload is never touched: fresh skbs refer to the content's pages.
 */
#include <linux/netfilter.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_fib.h>
#include <net/ipv6.h>
#include <net/ipv6_stubs.h>
#include <net/route.h>
#include <net/udp.h>
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
#include <linux/netfilter/nf_conntrack_common.h>
#endif

#include "content.h"
#include "port.h"
#include "proto.h"
#include "turn.h"
#include "xmit.h"

static bool is_ipv4(const struct ktftp_key *key)
{
	return ipv6_addr_v4mapped(&key->peer);
}

static int outgoing_device(const struct ktftp_port *port, const struct ktftp_key *key)
{
	return key->ifindex ? key->ifindex : port->ifindex;
}

static struct dst_entry *lookup_ipv4(const struct ktftp_port *port, const struct ktftp_key *key)
{
	struct sock *sk = ktftp_port_sk(port);
	struct net *net = sock_net(sk);
	struct flowi4 fl4 = {
		.flowi4_oif = outgoing_device(port, key),
		.flowi4_mark = port->mark,
		.flowi4_tos = port->tos,
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_proto = IPPROTO_UDP,
		.flowi4_uid = sock_net_uid(net, sk),
		.saddr = key->local.s6_addr32[3],
		.daddr = key->peer.s6_addr32[3],
		.fl4_sport = key->tid,
		.fl4_dport = key->peer_port,
	};
	struct rtable *rt = ip_route_output_flow(net, &fl4, sk);

	if (IS_ERR(rt))
		return ERR_CAST(rt);
	/* Who pretends to be a broadcast address has nothing sent to everybody. */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-EACCES);
	}
	return &rt->dst;
}

static struct dst_entry *lookup_ipv6(const struct ktftp_port *port, const struct ktftp_key *key)
{
	struct sock *sk = ktftp_port_sk(port);
	struct net *net = sock_net(sk);
	struct flowi6 fl6 = {
		.flowi6_oif = outgoing_device(port, key),
		.flowi6_mark = port->mark,
		.flowlabel = ip6_make_flowinfo(port->tos, 0),
		.flowi6_proto = IPPROTO_UDP,
		.flowi6_uid = sock_net_uid(net, sk),
		.saddr = key->local,
		.daddr = key->peer,
		.fl6_sport = key->tid,
		.fl6_dport = key->peer_port,
	};

	return ipv6_stub->ipv6_dst_lookup_flow(net, sk, &fl6, NULL);
}

/* The route, looked up again when what we know is no longer valid. Returns NULL when there is none. */
static struct dst_entry *route_to(const struct ktftp_port *port, const struct ktftp_key *key,
				  struct ktftp_route *route)
{
	struct dst_entry *dst = route->dst;

	if (likely(dst && dst_check(dst, route->cookie)))
		return dst;
	ktftp_route_drop(route);
	dst = is_ipv4(key) ? lookup_ipv4(port, key) : lookup_ipv6(port, key);
	if (IS_ERR(dst))
		return NULL;
	if (dst->error) {
		dst_release(dst);
		return NULL;
	}
	route->dst = dst;
	if (!is_ipv4(key))
		route->cookie = rt6_get_cookie(dst_rt6_info(dst));
	return dst;
}

/**
 * ktftp_route_init() - no route yet
 * @route: route
 */
void ktftp_route_init(struct ktftp_route *route)
{
	route->dst = NULL;
	route->cookie = 0;
	route->ip_id = get_random_u16();
}

/**
 * ktftp_route_drop() - forget a route
 * @route: route
 *
 * Context: any.
 */
void ktftp_route_drop(struct ktftp_route *route)
{
	dst_release(route->dst);
	route->dst = NULL;
}

static void push_ipv4(const struct ktftp_port *port, const struct ktftp_key *key, struct ktftp_route *route,
		      struct sk_buff *skb)
{
	struct iphdr *ip;

	skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	ip = ip_hdr(skb);
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = port->tos;
	/* The length of a block cannot change once it was agreed on, so the network may fragment: no DF. */
	ip->frag_off = 0;
	ip->id = htons(route->ip_id++);
	ip->ttl = ip4_dst_hoplimit(route->dst);
	ip->protocol = IPPROTO_UDP;
	ip->saddr = key->local.s6_addr32[3];
	ip->daddr = key->peer.s6_addr32[3];
}

static void push_ipv6(const struct ktftp_port *port, const struct ktftp_key *key, struct ktftp_route *route,
		      struct sk_buff *skb)
{
	struct ipv6hdr *ip;

	skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	ip = ipv6_hdr(skb);
	ip6_flow_hdr(ip, port->tos, 0);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = ip6_dst_hoplimit(route->dst);
	ip->saddr = key->local;
	ip->daddr = key->peer;
	skb->ignore_df = 1;
}

/* The checksum is left to the device; this is what it starts from. */
static void push_udp(const struct ktftp_key *key, struct sk_buff *skb)
{
	unsigned int bytes = skb->len + sizeof(struct udphdr);
	struct udphdr *udp;

	skb_push(skb, sizeof(*udp));
	skb_reset_transport_header(skb);
	udp = udp_hdr(skb);
	udp->source = key->tid;
	udp->dest = key->peer_port;
	udp->len = htons(bytes);
	if (is_ipv4(key))
		udp->check = ~csum_tcpudp_magic(key->local.s6_addr32[3], key->peer.s6_addr32[3], bytes,
						IPPROTO_UDP, 0);
	else
		udp->check = ~csum_ipv6_magic(&key->local, &key->peer, bytes, IPPROTO_UDP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

/**
 * ktftp_xmit_room() - how many bytes of UDP payload the way to a client takes in one piece
 * @port: where it leaves from
 * @key: who talks to whom
 * @route: the way there
 *
 * Context: as ktftp_xmit_block(). Return: bytes by the path MTU as it is known now, 0 when there is no way.
 */
unsigned int ktftp_xmit_room(const struct ktftp_port *port, const struct ktftp_key *key,
			     struct ktftp_route *route)
{
	const struct dst_entry *dst = route_to(port, key, route);
	unsigned int headers = sizeof(struct udphdr);

	if (!dst)
		return 0;
	headers += is_ipv4(key) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	return dst_mtu(dst) > headers ? dst_mtu(dst) - headers : 0;
}

/**
 * ktftp_xmit_new() - an skb with room for every header, its route set
 * @port: where it leaves from
 * @key: who talks to whom
 * @route: the way there
 * @bytes: linear payload there is room for
 * @spare: packet that arrived and is answered, to be used again: see ktftp_turn(); or NULL
 *
 * Context as ktftp_xmit_block(). Return: the skb, or NULL for want of memory or a route.
 */
struct sk_buff *ktftp_xmit_new(const struct ktftp_port *port, const struct ktftp_key *key, struct ktftp_route *route,
			       unsigned int bytes, struct sk_buff **spare)
{
	struct dst_entry *dst = route_to(port, key, route);
	unsigned int headers;
	struct sk_buff *skb;

	if (unlikely(!dst))
		return NULL;
	headers = LL_RESERVED_SPACE(dst->dev) + dst->header_len + sizeof(struct ipv6hdr) + sizeof(struct udphdr);
	skb = spare ? ktftp_turn(spare, headers + bytes) : NULL;
	if (!skb)
		skb = alloc_skb(headers + bytes, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, headers);
	skb_dst_set_noref(skb, dst);
	skb->mark = port->mark;
	skb->priority = rt_tos2priority(port->tos);
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	if (port->notrack)
		skb_set_nfct(skb, IP_CT_UNTRACKED);
#endif
	return skb;
}

/**
 * ktftp_xmit_push() - put UDP's and IP's headers before a payload
 * @port: where it leaves from
 * @key: who talks to whom
 * @route: the way there, as ktftp_xmit_new() left it
 * @skb: the payload
 *
 * Context as ktftp_xmit_block(). Return: @skb.
 */
struct sk_buff *ktftp_xmit_push(const struct ktftp_port *port, const struct ktftp_key *key, struct ktftp_route *route,
				struct sk_buff *skb)
{
	push_udp(key, skb);
	if (is_ipv4(key))
		push_ipv4(port, key, route, skb);
	else
		push_ipv6(port, key, route, skb);
	return skb;
}

/**
 * ktftp_xmit_attach() - refer to bytes of a content where they are
 * @skb: skb
 * @i: its first free fragment
 * @block: the bytes; there are fragments enough for them
 *
 * SKBFL_SHARED_FRAG says that others see these pages too: without it a local receiver that decrypts in place (ESP in
 * UDP) would write into the file.
 *
 * Return: the first fragment that is still free.
 */
unsigned int ktftp_xmit_attach(struct sk_buff *skb, unsigned int i, const struct ktftp_block *block)
{
	unsigned long index = block->offset >> PAGE_SHIFT;
	unsigned int at = offset_in_page(block->offset);
	unsigned int left = block->bytes, piece;
	struct page *page;

	for (; left; i++) {
		piece = min_t(unsigned int, left, PAGE_SIZE - at);
		page = block->content->pages[index++];
		get_page(page);
		skb_fill_page_desc_noacc(skb, i, page, at, piece);
		left -= piece;
		at = 0;
	}
	skb_len_add(skb, block->bytes);
	skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	return i;
}

/**
 * ktftp_xmit_block() - build a DATA packet
 * @port: where it leaves from
 * @key: who talks to whom
 * @route: the way there
 * @wire: block number on the wire
 * @block: payload, at most 65464 bytes: then it fits MAX_SKB_FRAGS pages wherever it begins
 * @spare: packet that arrived and is answered, to be used again: see ktftp_turn(); or NULL
 *
 * Context: softirqs off, rcu_read_lock(), the lock that protects @route. Return: the packet, to be sent in
 * the same RCU section, or NULL for want of memory or a route.
 */
struct sk_buff *ktftp_xmit_block(const struct ktftp_port *port, const struct ktftp_key *key,
				 struct ktftp_route *route, u16 wire, const struct ktftp_block *block,
				 struct sk_buff **spare)
{
	struct sk_buff *skb = ktftp_xmit_new(port, key, route, KTFTP_HEADER_BYTES, spare);

	if (unlikely(!skb))
		return NULL;
	ktftp_proto_put_header(skb_put(skb, KTFTP_HEADER_BYTES), KTFTP_OP_DATA, wire);
	if (block->bytes)
		ktftp_xmit_attach(skb, 0, block);
	return ktftp_xmit_push(port, key, route, skb);
}

/**
 * ktftp_xmit_bytes() - build a packet from bytes, which are copied
 * @port: where it leaves from
 * @key: who talks to whom
 * @route: the way there
 * @data: whole TFTP packet
 * @bytes: its length
 *
 * Context and return as ktftp_xmit_block().
 */
struct sk_buff *ktftp_xmit_bytes(const struct ktftp_port *port, const struct ktftp_key *key,
				 struct ktftp_route *route, const u8 *data, unsigned int bytes)
{
	struct sk_buff *skb = ktftp_xmit_new(port, key, route, bytes, NULL);

	if (unlikely(!skb))
		return NULL;
	skb_put_data(skb, data, bytes);
	return ktftp_xmit_push(port, key, route, skb);
}

/**
 * ktftp_xmit_send() - send what was built
 * @port: where it leaves from
 * @skb: packet; consumed
 *
 * Context: softirqs off, the RCU section in which @skb was built, no lock of ours held: a packet to this
 * host may run through a receiver before this returns.
 *
 * Return: 0; -ENOBUFS when a queue of this host dropped it, another negative error when the network stack
 * refused it (a firewall, no neighbour).
 */
int ktftp_xmit_send(const struct ktftp_port *port, struct sk_buff *skb)
{
	struct sock *sk = ktftp_port_sk(port);
	struct net *net = sock_net(sk);
	int err;

	/* No owner: nothing waits for the memory, and its counter would be shared by every packet. */
	if (ip_hdr(skb)->version == 4)
		err = ip_local_out(net, sk, skb);
	else
		err = ip6_local_out(net, sk, skb);
	err = net_xmit_eval(err);
	return unlikely(err > 0) ? -ENOBUFS : err;
}
