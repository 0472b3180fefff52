/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams in: taken apart, checked, and handed to the transfer or the request they are for.
 */
#ifndef KTFTP_RECEIVE_H
#define KTFTP_RECEIVE_H

struct sk_buff;
struct sock;

int ktftp_receive(struct sock *sk, struct sk_buff *skb);

#endif
