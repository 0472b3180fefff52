/* SPDX-License-Identifier: GPL-2.0 */
/* The packet that arrived, turned round into the one that answers it. */
#ifndef KTFTP_TURN_H
#define KTFTP_TURN_H

struct sk_buff;

struct sk_buff *ktftp_turn(struct sk_buff **spare, unsigned int bytes);

#endif
