// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors in, as UDP's encap_err_rcv hook: softirq, under rcu_read_lock(). What an error quotes is what we
 * sent, or what somebody made up: it must name a transfer exactly to mean anything.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "icmp.h"
#include "listener.h"
#include "netns.h"
#include "transfer.h"

static bool is_port_unreachable(const struct sock *sk, const struct sk_buff *skb)
{
	if (sk->sk_family == AF_INET)
		return icmp_hdr(skb)->type == ICMP_DEST_UNREACH && icmp_hdr(skb)->code == ICMP_PORT_UNREACH;
	return icmp6_hdr(skb)->icmp6_type == ICMPV6_DEST_UNREACH &&
	       icmp6_hdr(skb)->icmp6_code == ICMPV6_PORT_UNREACH;
}

/* Who talked to whom, from the quoted headers: ours is the source. The stack has checked that they are there. */
static void key_from_quote(const struct sock *sk, const struct sk_buff *skb, const struct udphdr *udp,
			   struct ktftp_key *key)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)skb->data;

	if (sk->sk_family == AF_INET) {
		ipv6_addr_set_v4mapped(ip->daddr, &key->peer);
		ipv6_addr_set_v4mapped(ip->saddr, &key->local);
		key->ifindex = inet_sdif(skb) ? inet_iif(skb) : 0;
	} else {
		key->peer = ip6->daddr;
		key->local = ip6->saddr;
		if ((ipv6_addr_type(&key->peer) | ipv6_addr_type(&key->local)) & IPV6_ADDR_LINKLOCAL)
			key->ifindex = IP6CB(skb)->iif;
		else
			key->ifindex = inet6_sdif(skb) ? inet6_iif(skb) : 0;
	}
	key->peer_port = udp->dest;
	key->tid = udp->source;
}

static void receive(const struct sock *sk, const struct sk_buff *skb, const u8 *payload)
{
	const struct ktftp_port *port = rcu_dereference_sk_user_data(sk);
	struct ktftp_key key;

	/* No port: its listener is being taken down. */
	if (!port || !is_port_unreachable(sk, skb))
		return;
	key_from_quote(sk, skb, (const struct udphdr *)payload - 1, &key);
	ktftp_count(port->listener->kn, KTFTP_A_STATS_UNREACHABLES_RECEIVED);
	ktftp_transfer_unreachable(&port->listener->table, &key);
}

DEFINE_ENCAP_ERR_RCV(error_hook, receive)

/**
 * ktftp_icmp_hook() - let a socket hand us the ICMP errors about what it sent
 * @sk: socket of a port, its user data set
 *
 * Context: process.
 */
void ktftp_icmp_hook(struct sock *sk)
{
	WRITE_ONCE(udp_sk(sk)->encap_err_rcv, error_hook);
}
