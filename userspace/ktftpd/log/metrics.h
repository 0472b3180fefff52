/* SPDX-License-Identifier: GPL-2.0 */
/* /metrics for Prometheus, over HTTP by libevent. The main thread's. */
#ifndef KTFTPD_METRICS_H
#define KTFTPD_METRICS_H

#include "daemon.h"

/* Return: 0; *out is NULL when the configuration wants none. */
int metrics_start(struct daemon *d, const struct config *config, struct metrics **out, char *why, size_t room);
void metrics_stop(struct metrics *m);

#endif
