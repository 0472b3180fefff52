/* SPDX-License-Identifier: GPL-2.0 */
/* Requests that the module hands over, and what it tells of downloads. The main thread's. */
#ifndef KTFTPD_HANDOVER_H
#define KTFTPD_HANDOVER_H

#include "daemon.h"

/* Becomes the daemon of the network namespace; -EBUSY when there is another one. */
int handover_start(struct daemon *d, struct handover **out, char *why, size_t room);
void handover_stop(struct handover *h);
/* The listener of the module's with this id, or NULL. */
const struct ktftp_listener *handover_listener(struct handover *h, uint32_t id);

/* Ends of downloads go to the log and the trail. */
int events_start(struct daemon *d, struct events **out, char *why, size_t room);
void events_stop(struct events *e);

#endif
