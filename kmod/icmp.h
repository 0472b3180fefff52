/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP errors about what was sent: a client that has gone away says so.
 */
#ifndef KTFTP_ICMP_H
#define KTFTP_ICMP_H

struct sock;

void ktftp_icmp_hook(struct sock *sk);

#endif
