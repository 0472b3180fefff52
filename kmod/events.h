/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happened, told to the multicast group "events" of the namespace. An event nobody listens to costs a
 * look; one that cannot be told for want of memory leaves a gap in the numbers.
 */
#ifndef KTFTP_EVENTS_H
#define KTFTP_EVENTS_H

#include "transfer.h"

struct ktftp_net;
struct sk_buff;

bool ktftp_events_wanted(const struct ktftp_net *kn);
void ktftp_event_start(struct ktftp_net *kn, const struct ktftp_transfer_view *view);
void ktftp_event_end(struct ktftp_net *kn, const struct ktftp_transfer_view *view);
void ktftp_event_miss(struct ktftp_net *kn, u32 listener, const struct ktftp_key *key, const u8 *name,
		      size_t name_bytes, bool answered);
int ktftp_put_transfer(struct sk_buff *skb, const struct ktftp_transfer_view *view);

#endif
