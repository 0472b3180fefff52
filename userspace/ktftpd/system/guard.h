/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of the guard need beside system.h: less time. */
#ifndef KTFTPD_GUARD_H
#define KTFTPD_GUARD_H

#include "system.h"

/* As guard_watch(), which gives it ten minutes. */
int guard_watch_for(struct event_base *base, const struct config *config, const struct timeval *quiet);

#endif
