/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mailbox: pointers from any thread to the one whose event base reads it, in the order in which they were sent.
 */
#ifndef KTFTPD_MAILBOX_H
#define KTFTPD_MAILBOX_H

#include <event2/event.h>

struct mailbox;

/* Called in the reader's thread; owns the message. */
typedef void (*mailbox_fn)(void *message, void *context);

/* @drop frees what was never read. */
struct mailbox *mailbox_new(struct event_base *base, mailbox_fn fn, void (*drop)(void *message), void *context);
void mailbox_free(struct mailbox *box);
/* Return: 0 or -ENOMEM; the message stays the sender's then. */
int mailbox_send(struct mailbox *box, void *message);

#endif
