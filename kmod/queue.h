/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transfers of a namespace that are the first to go when there are too many, in the order in which that came upon
 * them: those whose client has not answered yet, for anybody could have made their requests up, and those that are
 * done and only swallow what comes late.
 *
 * Locking: the queue's lock nests inside the lock of a transfer.
 * Lifetime: a transfer is in a queue while its state is the one that the queue is for, and alive meanwhile.
 */
#ifndef KTFTP_QUEUE_H
#define KTFTP_QUEUE_H

#include <linux/list.h>
#include <linux/spinlock.h>

struct ktftp_transfer;

/**
 * struct ktftp_queue - transfers of a namespace that are in one state
 * @lock: protects what follows
 * @list: transfers, the oldest first
 * @count: how many
 */
struct ktftp_queue {
	spinlock_t lock;
	struct list_head list;
	unsigned int count;
};

void ktftp_queue_init(struct ktftp_queue *queue);
void ktftp_queue_add(struct ktftp_queue *queue, struct ktftp_transfer *t);
void ktftp_queue_remove(struct ktftp_queue *queue, struct ktftp_transfer *t);
struct ktftp_transfer *ktftp_queue_oldest(struct ktftp_queue *queue, unsigned int most);

#endif
