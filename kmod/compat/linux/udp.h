/* SPDX-License-Identifier: GPL-2.0 */
/* A socket's hook for ICMP errors has other arguments since 6.2. */
#ifndef KTFTP_COMPAT_LINUX_UDP_H
#define KTFTP_COMPAT_LINUX_UDP_H

#include <linux/version.h>
#include_next <linux/udp.h>

/* Defines @hook, what a socket calls, from @handler, which gets the arguments of 6.2. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define DEFINE_ENCAP_ERR_RCV(hook, handler)							\
	static void hook(struct sock *sk, struct sk_buff *skb, int err, __be16 port, u32 info,	\
			 u8 *payload)								\
	{											\
		handler(sk, skb, payload);							\
	}
#else
#define DEFINE_ENCAP_ERR_RCV(hook, handler)							\
	static void hook(struct sock *sk, struct sk_buff *skb, unsigned int udp_offset)		\
	{											\
		handler(sk, skb, skb->data + udp_offset + sizeof(struct udphdr));		\
	}
#endif

#endif
