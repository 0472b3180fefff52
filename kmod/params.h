/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tunables of /sys/module/ktftp/parameters, described in docs/ABI/sysfs-module-ktftp. Writers are
 * validated; a reader takes one value with ktftp_param() and keeps it for the decision at hand.
 */
#ifndef KTFTP_PARAMS_H
#define KTFTP_PARAMS_H

#include <linux/compiler.h>

extern unsigned int ktftp_store_limit_mb;
extern unsigned int ktftp_max_blksize;
extern unsigned int ktftp_max_windowsize;
extern unsigned int ktftp_honor_timeout;
extern unsigned int ktftp_rto_min_ms;
extern unsigned int ktftp_rto_max_ms;
extern unsigned int ktftp_give_up_ms;
extern unsigned int ktftp_max_transfer_s;
extern unsigned int ktftp_linger_ms;
extern unsigned int ktftp_unproven_retries;
extern unsigned int ktftp_max_unproven;
extern unsigned int ktftp_max_transfers;
extern unsigned int ktftp_max_transfers_per_client;
extern unsigned int ktftp_max_listeners;
extern unsigned int ktftp_max_entries;
extern unsigned int ktftp_max_absents;
extern unsigned int ktftp_max_globs;
extern unsigned int ktftp_max_views;
extern unsigned int ktftp_max_owners;
extern unsigned int ktftp_grace_s;

/* What a miss gets when the daemon, that would know, is gone. */
enum ktftp_orphan_miss {
	KTFTP_ORPHAN_MISS_SILENT,
	KTFTP_ORPHAN_MISS_ERROR0,
	KTFTP_ORPHAN_MISS_ERROR1,
};

extern unsigned int ktftp_orphan_miss;

#define ktftp_param(name)	READ_ONCE(ktftp_##name)

void ktftp_params_init(void);

#endif
