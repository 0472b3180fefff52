/* SPDX-License-Identifier: GPL-2.0 */
/* What a transfer sends, and how long it waits for an answer. */
#ifndef TFTP_SEGMENT_H
#define TFTP_SEGMENT_H

#include "transfer.h"

/* A packet of a few bytes that belongs to no block: OACK, ERROR. */
void tftp_send_error(struct engine *e, struct tftp_port *port, const struct tftp_key *key, uint32_t ifindex,
		     unsigned int code, const char *text);

struct ktftp_rto_limits tftp_segment_limits(const struct engine *e);
uint64_t tftp_segment_rto_us(const struct tftp_transfer *t);
uint64_t tftp_segment_unproven_us(const struct engine *e);
void tftp_segment_deadline(struct tftp_transfer *t, uint64_t wait_us);
void tftp_segment_arm(struct tftp_transfer *t);
bool tftp_segment_is_due(const struct tftp_transfer *t);
void tftp_segment_not_sent(struct tftp_transfer *t);
void tftp_segment_lost_here(struct tftp_transfer *t, uint64_t block);
void tftp_segment_never_together(struct tftp_transfer *t);
void tftp_segment_build(struct tftp_transfer *t);
void tftp_segment_linger(struct tftp_transfer *t);

#endif
