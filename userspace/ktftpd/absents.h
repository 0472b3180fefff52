/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which absents of the configuration the module may answer by itself. It knows pinned names alone: where the daemon has
 * a name that is not pinned, an absent that fits it is held back, and the daemon answers. The main thread's.
 */
#ifndef KTFTPD_ABSENTS_H
#define KTFTPD_ABSENTS_H

#include "daemon.h"
#include "folder/change.h"

/* Names changed: holds back what would deny one of them. */
void absents_changed(struct daemon *d, const struct folder_change *changes, size_t count);
/* A configuration is about to be applied: what the module may have of it. */
void absents_expect(const struct daemon *d, struct config *config);
/* All names are known: gives the module those absents that deny none of them. */
void absents_review(struct daemon *d);

#endif
