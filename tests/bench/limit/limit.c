// SPDX-License-Identifier: GPL-2.0
/*
 * The least that answering a TFTP read request can cost in this kernel: any request gets block 1, any ACK
 * gets the block after it, out of one buffer. No names, no state, no timers, no policy; everything in
 * softirq. It answers from port 69, for without state no other port could be ours. A yardstick for
 * benchmarks in a virtual machine, not a server: whoever sends one packet gets a larger one.
 */
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#define TFTP_PORT	69
#define TFTP_HEADER	4
#define TFTP_RRQ	1
#define TFTP_DATA	3
#define TFTP_ACK	4
#define BLOCK		512
/* Block numbers do not wrap: an ACK alone cannot say how often they did. */
#define BYTES_MAX	(65535u * BLOCK - 1)
/* Byte n of the file is n % PERIOD: no two neighbouring blocks are alike. */
#define PERIOD		251

static unsigned int bytes = 300000;
module_param(bytes, uint, 0444);
MODULE_PARM_DESC(bytes, "size of the one file");

static struct page **pages;
static struct socket *sock;

static unsigned int pages_needed(void)
{
	return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* The block that a request asks for; 0 when it asks for none. */
static unsigned int wanted_block(struct sk_buff *skb)
{
	const __be16 *tftp;

	if (!pskb_may_pull(skb, sizeof(struct udphdr) + TFTP_HEADER))
		return 0;
	tftp = (const __be16 *)(skb->data + sizeof(struct udphdr));
	switch (ntohs(tftp[0])) {
	case TFTP_RRQ:
		return 1;
	case TFTP_ACK:
		return ntohs(tftp[1]) + 1;
	default:
		return 0;
	}
}

static struct rtable *route_back(struct sock *sk, const struct iphdr *to)
{
	struct flowi4 fl4 = {
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_proto = IPPROTO_UDP,
		.saddr = to->daddr,
		.daddr = to->saddr,
	};

	return ip_route_output_flow(sock_net(sk), &fl4, sk);
}

static void put_tftp(struct sk_buff *skb, unsigned int block)
{
	__be16 *tftp = skb_put(skb, TFTP_HEADER);

	tftp[0] = htons(TFTP_DATA);
	tftp[1] = htons(block);
}

/* BLOCK divides PAGE_SIZE, so a block is in one page. */
static void attach_block(struct sk_buff *skb, unsigned int block)
{
	unsigned int offset = (block - 1) * BLOCK;
	unsigned int length = min_t(unsigned int, BLOCK, bytes - offset);
	struct page *page;

	if (!length)
		return;
	page = pages[offset >> PAGE_SHIFT];
	get_page(page);
	skb_fill_page_desc(skb, 0, page, offset_in_page(offset), length);
	skb_len_add(skb, length);
}

static void push_udp(struct sk_buff *skb, const struct iphdr *to, __be16 port)
{
	unsigned int length = skb->len + sizeof(struct udphdr);
	struct udphdr *udp = skb_push(skb, sizeof(*udp));

	skb_reset_transport_header(skb);
	udp->source = htons(TFTP_PORT);
	udp->dest = port;
	udp->len = htons(length);
	udp->check = ~csum_tcpudp_magic(to->daddr, to->saddr, length, IPPROTO_UDP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

/* ip_local_out() fills in the length and the checksum. */
static void push_ip(struct sk_buff *skb, const struct iphdr *to, const struct dst_entry *dst)
{
	struct iphdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = 0;
	ip->id = 0;
	ip->frag_off = htons(IP_DF);
	ip->ttl = ip4_dst_hoplimit(dst);
	ip->protocol = IPPROTO_UDP;
	ip->saddr = to->daddr;
	ip->daddr = to->saddr;
}

static void answer(struct sock *sk, const struct iphdr *to, __be16 port, unsigned int block)
{
	struct rtable *rt = route_back(sk, to);
	unsigned int headers;
	struct sk_buff *skb;

	if (IS_ERR(rt))
		return;
	headers = LL_RESERVED_SPACE(rt->dst.dev) + sizeof(struct iphdr) + sizeof(struct udphdr);
	skb = alloc_skb(headers + TFTP_HEADER, GFP_ATOMIC);
	if (!skb) {
		ip_rt_put(rt);
		return;
	}
	skb_reserve(skb, headers);
	skb_dst_set(skb, &rt->dst);
	put_tftp(skb, block);
	attach_block(skb, block);
	push_udp(skb, to, port);
	push_ip(skb, to, &rt->dst);
	ip_local_out(sock_net(sk), sk, skb);
}

/* UDP's encap_rcv hook: softirq, skb->data at the UDP header, checksum verified. Takes every packet. */
static int receive(struct sock *sk, struct sk_buff *skb)
{
	unsigned int block = wanted_block(skb);
	unsigned int last = bytes / BLOCK + 1;

	if (block && block <= last)
		answer(sk, ip_hdr(skb), ((const struct udphdr *)skb->data)->source, block);
	consume_skb(skb);
	return 0;
}

static void free_pages_array(void)
{
	unsigned int i;

	for (i = 0; i < pages_needed() && pages[i]; i++)
		put_page(pages[i]);
	kvfree(pages);
}

static void fill_page(struct page *page, unsigned int index)
{
	u8 *byte = page_address(page);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE; i++)
		byte[i] = (index * PAGE_SIZE + i) % PERIOD;
}

static int make_pages(void)
{
	unsigned int i;

	pages = kvcalloc(max(pages_needed(), 1u), sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < pages_needed(); i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		if (!pages[i]) {
			free_pages_array();
			return -ENOMEM;
		}
		fill_page(pages[i], i);
	}
	return 0;
}

static int open_socket(void)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_ANY),
		.sin_port = htons(TFTP_PORT),
	};
	int err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return err;
	err = kernel_bind(sock, (struct sockaddr *)&any, sizeof(any));
	if (err) {
		sock_release(sock);
		return err;
	}
	WRITE_ONCE(udp_sk(sock->sk)->encap_rcv, receive);
	/* Any type will do that the stack does not know: it makes the stack call the hook. */
	WRITE_ONCE(udp_sk(sock->sk)->encap_type, 1);
	udp_tunnel_encap_enable(sock->sk);
	return 0;
}

static int __init limit_init(void)
{
	int err;

	if (bytes > BYTES_MAX)
		return -ERANGE;
	err = make_pages();
	if (err)
		return err;
	err = open_socket();
	if (err)
		free_pages_array();
	return err;
}

/* Who still runs the hook has found the socket before it was unhashed: a grace period outlasts them. */
static void __exit limit_exit(void)
{
	sock_release(sock);
	synchronize_net();
	free_pages_array();
}

module_init(limit_init);
module_exit(limit_exit);
MODULE_DESCRIPTION("Stateless TFTP responder: the yardstick of ktftp's benchmarks");
MODULE_LICENSE("GPL");
