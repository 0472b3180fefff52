/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transfers whose client has not answered yet: anybody could have made their requests up. They are bounded, and the
 * oldest goes when there are too many: a client that is there answers within a round trip.
 *
 * Locking: the list's lock nests inside the lock of a transfer.
 * Lifetime: a transfer is in the list from its beginning until it is proven or concluded, and alive meanwhile.
 */
#ifndef KTFTP_UNPROVEN_H
#define KTFTP_UNPROVEN_H

#include <linux/list.h>
#include <linux/spinlock.h>

struct ktftp_net;
struct ktftp_transfer;

/**
 * struct ktftp_unproven - transfers of a namespace whose client has not answered yet
 * @lock: protects what follows
 * @list: transfers, the oldest first
 * @count: how many
 */
struct ktftp_unproven {
	spinlock_t lock;
	struct list_head list;
	unsigned int count;
};

void ktftp_unproven_init(struct ktftp_unproven *unproven);
void ktftp_unproven_add(struct ktftp_transfer *t);
void ktftp_unproven_remove(struct ktftp_transfer *t);
void ktftp_unproven_trim(struct ktftp_net *kn);

#endif
