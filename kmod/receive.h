/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams in: taken apart, checked, and handed to the transfer or the request they are for.
 */
#ifndef KTFTP_RECEIVE_H
#define KTFTP_RECEIVE_H

#include <linux/types.h>

struct ktftp_key;
struct ktftp_listener;
struct sk_buff;
struct sock;

int ktftp_receive(struct sock *sk, struct sk_buff *skb);
bool ktftp_receive_is_client(const struct ktftp_key *key);
int ktftp_receive_again(struct ktftp_listener *listener, const struct ktftp_key *key, const u8 *data,
			unsigned int bytes, const char *name, size_t name_bytes);

#endif
