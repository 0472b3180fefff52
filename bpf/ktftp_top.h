/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF half of ktftp-top collects for the other half: a record a transfer, and totals. All of it only grows;
 * who wants an interval's takes the difference.
 */
#ifndef KTFTP_TOP_H
#define KTFTP_TOP_H

#include <linux/types.h>

#define TOP_TRANSFERS 65536 /* that can be told apart at a time; of others there are only totals */
#define TOP_NAME      256   /* a name and its NUL */
#define TOP_BUCKETS   32    /* of round trips: bucket N holds those from 2^N microseconds on */

/* By the id of its transfer. Its events fire under the transfer's lock: nobody else writes it meanwhile. */
struct top_transfer {
	__u64 blocks; /* DATA packets, repeats included */
	__u64 bytes;  /* their payload */
	__u64 repeats;
	__u64 peer_high; /* in host order, IPv4 mapped into IPv6 */
	__u64 peer_low;
	__u32 netns;
	__u16 peer_port;
	__u8 began; /* it was seen to: it had not when we came */
	__u8 ended; /* nothing more comes */
	char name[TOP_NAME];
};

/* A processor's share. */
struct top_totals {
	__u64 requests;
	__u64 starts;
	__u64 ends;
	__u64 blocks;
	__u64 bytes;
	__u64 repeats;
	__u64 oacks;
	__u64 acks;       /* that moved a transfer on */
	__u64 stray_acks; /* the others */
	__u64 samples;    /* those of acks with a round trip */
	__u64 untold;     /* starts and packets of transfers there was no room for */
	__u64 rtt[TOP_BUCKETS];
};

#endif
