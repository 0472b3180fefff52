// SPDX-License-Identifier: GPL-2.0
/*
 * The packet that arrived, turned round into the one that answers it: an ACK has room for all headers of a DATA
 * packet, whose payload is page fragments, and to allocate one skb and free another is a good part of what a block
 * costs.
 *
 * Why that is safe:
 * (1) Nobody else has it. UDP gives a datagram to encap_rcv for good: the hook may free it, so neither UDP nor who
 *     called UDP looks at it afterwards. What others took of it shows: a reference (a packet socket, tc mirred) makes
 *     it shared, a copy of the descriptor (tcpdump, conntrack's queue, a bridge that floods) makes it cloned, and both
 *     is asked here. A descriptor that was never cloned is the only one of its bytes.
 * (2) Its bytes may be written. All of the linear part of an skb that is not cloned, head and tail room included,
 *     belongs to whoever holds the skb: routers rewrite headers there, tunnels push theirs, ESP puts its trailer
 *     there. Drivers that use the other half of a page again count references of the page, which stay as they are
 *     until the skb is freed, just as with a packet that is forwarded.
 * (3) It holds nothing any more. What an skb refers to is what the kernel lets go of when it frees one: route,
 *     owner, connection, extensions (IPsec's path, a bridge's, tc's), fragments, zero-copy state. The first four are
 *     let go of here; with any of the others it is not turned.
 * (4) It remembers nothing. A new skb is zero up to its tail pointer, but for what says where its memory came from,
 *     and this one is made so as a whole, not member by member: mark, priority, queue, hash, VLAN tag, time stamp,
 *     checksum, marks of devices and of tc, control block, and whatever else a kernel has there.
 */
#include <linux/skbuff.h>
#include <net/dst.h>

#include "turn.h"

/* The bytes are this skb's alone, come from an ordinary place, and there are enough of them. */
static bool may_be_turned(const struct sk_buff *skb, unsigned int bytes)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);

	return !skb->cloned && !skb_shared(skb) && skb->fclone == SKB_FCLONE_UNAVAILABLE && !skb->nohdr &&
	       !skb->pfmemalloc && !skb->pp_recycle && !skb->sk && !skb->destructor &&
	       !skb_is_nonlinear(skb) && !shared->nr_frags && !shared->frag_list && !shared->flags &&
	       skb_end_offset(skb) >= bytes;
}

/* What alloc_skb() leaves zero; not where the memory came from, nor how much of it there is. */
static void clear(struct sk_buff *skb)
{
	bool head_frag = skb->head_frag;
	u16 cpu = skb->alloc_cpu;

	memset(skb, 0, offsetof(struct sk_buff, tail));
	skb->head_frag = head_frag;
	skb->alloc_cpu = cpu;
	memset(skb_shinfo(skb), 0, offsetof(struct skb_shared_info, dataref));
}

/**
 * ktftp_turn() - make a new packet out of one that arrived
 * @spare: what arrived, which encap_rcv may free, or NULL; NULL afterwards when it was turned
 * @bytes: linear room that is needed, all headers included
 *
 * Context: softirq, in encap_rcv. Return: the same skb as alloc_skb() would give it, empty; NULL when there is none,
 * it is not ours alone, or it is too small: then a new one is to be allocated.
 */
struct sk_buff *ktftp_turn(struct sk_buff **spare, unsigned int bytes)
{
	struct sk_buff *skb = *spare;

	if (unlikely(!skb || !may_be_turned(skb, bytes)))
		return NULL;
	*spare = NULL;
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	clear(skb);
	skb->data = skb->head;
	skb_reset_tail_pointer(skb);
	skb->mac_header = (typeof(skb->mac_header))~0U;
	skb->transport_header = (typeof(skb->transport_header))~0U;
	return skb;
}
