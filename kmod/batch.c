// SPDX-License-Identifier: GPL-2.0
/*
 * Several DATA packets in one skb: UDP GSO, where every gso_size bytes of payload become a datagram of their own,
 * wherever fragments begin and end. So a block's TFTP header is a fragment, too, except for the first block's, which
 * is linear; the fragments are header, block, header, block, up to MAX_SKB_FRAGS of them.
 *
 * Softirqs off, under rcu_read_lock() and the lock that protects the route.
 */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>

#include "batch.h"
#include "content.h"
#include "proto.h"

/* All of it is one UDP datagram until it is taken apart: lengths are 16 bits. */
#define BYTES_MAX	(IP_MAX_MTU - sizeof(struct ipv6hdr) - sizeof(struct udphdr))

static u32 bytes_of(const struct ktftp_batch *batch, u32 i)
{
	return i + 1 < batch->count ? batch->blksize : batch->last_bytes;
}

/* Fragments that a block takes, its header not counted. */
static unsigned int pages_of(const struct ktftp_batch *batch, u32 i)
{
	u64 offset = batch->offset + (u64)i * batch->blksize;

	return DIV_ROUND_UP(offset_in_page(offset) + bytes_of(batch, i), PAGE_SIZE);
}

/* How many blocks fit into one skb. */
static u32 fitting(const struct ktftp_batch *batch)
{
	unsigned int fragments = pages_of(batch, 0), more;
	u32 bytes = KTFTP_HEADER_BYTES + batch->blksize, i;

	for (i = 1; i < batch->count; i++) {
		more = 1 + pages_of(batch, i);
		bytes += KTFTP_HEADER_BYTES + batch->blksize;
		if (fragments + more > MAX_SKB_FRAGS || bytes > BYTES_MAX)
			break;
		fragments += more;
	}
	return i;
}

/*
 * IP asks of segments that they fit the MTU, and IPsec does not take packets that are to be taken apart. The route is
 * looked up again when it is out of date.
 */
static bool may_batch(const struct ktftp_port *port, const struct ktftp_key *key, struct ktftp_route *route,
		      u32 blksize)
{
	return ktftp_xmit_room(port, key, route) >= KTFTP_HEADER_BYTES + blksize && !dst_xfrm(route->dst) &&
	       !route->dst->header_len;
}

/* One reference came with the memory: the first header's. */
static void attach_header(struct sk_buff *skb, unsigned int i, u8 *header, bool first)
{
	struct page *page = virt_to_head_page(header);

	if (!first)
		get_page(page);
	skb_fill_page_desc(skb, i, page, header - (u8 *)page_address(page), KTFTP_HEADER_BYTES);
	skb_len_add(skb, KTFTP_HEADER_BYTES);
}

static void put_header(u8 *header, const struct ktftp_batch *batch, u32 i)
{
	ktftp_proto_put_header(header, KTFTP_OP_DATA, ktftp_window_wire(batch->window, batch->first + i));
}

static void attach_blocks(struct sk_buff *skb, const struct ktftp_batch *batch, u32 count, u8 *headers)
{
	struct ktftp_block block = { .content = batch->content, .offset = batch->offset };
	unsigned int fragment = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		if (i) {
			put_header(headers, batch, i);
			attach_header(skb, fragment++, headers, i == 1);
			headers += KTFTP_HEADER_BYTES;
		}
		block.bytes = bytes_of(batch, i);
		fragment = ktftp_xmit_attach(skb, fragment, &block);
		block.offset += block.bytes;
	}
}

static void mark_for_segmentation(struct sk_buff *skb, const struct ktftp_batch *batch, u32 count)
{
	struct skb_shared_info *shared = skb_shinfo(skb);

	shared->gso_type = SKB_GSO_UDP_L4;
	shared->gso_size = KTFTP_HEADER_BYTES + batch->blksize;
	shared->gso_segs = count;
}

/**
 * ktftp_batch_build() - build one skb of several DATA packets
 * @port: where they leave from
 * @key: who talks to whom
 * @route: the way there
 * @batch: the blocks
 * @spare: packet that arrived and is answered, to be used again: see ktftp_turn(); or NULL
 * @built: how many of them, from the first on, are in the skb
 *
 * Context: as ktftp_xmit_block(). Return: the skb, to be sent in the same RCU section; NULL when these blocks do not
 * go together, for want of memory or a route: then ktftp_xmit_block() is to be tried for one of them.
 */
struct sk_buff *ktftp_batch_build(const struct ktftp_port *port, const struct ktftp_key *key,
				  struct ktftp_route *route, const struct ktftp_batch *batch, struct sk_buff **spare,
				  u32 *built)
{
	struct sk_buff *skb;
	u8 *headers;
	u32 count;

	if (!may_batch(port, key, route, batch->blksize))
		return NULL;
	count = fitting(batch);
	if (count < 2)
		return NULL;
	headers = netdev_alloc_frag((count - 1) * KTFTP_HEADER_BYTES);
	if (unlikely(!headers))
		return NULL;
	skb = ktftp_xmit_new(port, key, route, KTFTP_HEADER_BYTES, spare);
	if (unlikely(!skb)) {
		skb_free_frag(headers);
		return NULL;
	}
	put_header(skb_put(skb, KTFTP_HEADER_BYTES), batch, 0);
	attach_blocks(skb, batch, count, headers);
	mark_for_segmentation(skb, batch, count);
	ktftp_xmit_push(port, key, route, skb);
	/* Every datagram has an identification of its own. */
	route->ip_id += count - 1;
	*built = count;
	return skb;
}
