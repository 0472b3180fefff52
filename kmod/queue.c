// SPDX-License-Identifier: GPL-2.0
/* Transfers in the order in which they are to go. Softirqs are off. */
#include "queue.h"
#include "transfer.h"

void ktftp_queue_init(struct ktftp_queue *queue)
{
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->list);
	queue->count = 0;
}

/**
 * ktftp_queue_add() - a transfer came into the state that a queue is for
 * @queue: queue of its namespace
 * @t: transfer; its lock is held
 */
void ktftp_queue_add(struct ktftp_queue *queue, struct ktftp_transfer *t)
{
	lockdep_assert_held(&t->lock);
	spin_lock(&queue->lock);
	list_add_tail(&t->queued, &queue->list);
	queue->count++;
	spin_unlock(&queue->lock);
}

/**
 * ktftp_queue_remove() - it leaves that state
 * @queue: queue that it is in
 * @t: transfer; its lock is held
 */
void ktftp_queue_remove(struct ktftp_queue *queue, struct ktftp_transfer *t)
{
	lockdep_assert_held(&t->lock);
	spin_lock(&queue->lock);
	list_del(&t->queued);
	queue->count--;
	spin_unlock(&queue->lock);
}

/**
 * ktftp_queue_oldest() - who is to go when there are too many
 * @queue: queue
 * @most: how many may be in it
 *
 * Context: no transfer's lock held. Return: the oldest, with a reference, to be locked and looked at; NULL when
 * there are not too many.
 */
struct ktftp_transfer *ktftp_queue_oldest(struct ktftp_queue *queue, unsigned int most)
{
	struct ktftp_transfer *t = NULL;

	spin_lock(&queue->lock);
	if (queue->count > most) {
		t = list_first_entry(&queue->list, struct ktftp_transfer, queued);
		/* It leaves the queue before its table puts its reference. */
		refcount_inc(&t->ref);
	}
	spin_unlock(&queue->lock);
	return t;
}
