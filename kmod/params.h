/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tunables of /sys/module/ktftp/parameters, described in docs/ABI/sysfs-module-ktftp. Writers are
 * validated; a reader takes one value with ktftp_param() and keeps it for the decision at hand.
 */
#ifndef KTFTP_PARAMS_H
#define KTFTP_PARAMS_H

#include <linux/compiler.h>

extern unsigned int ktftp_store_limit_mb;
extern unsigned int ktftp_rto_min_ms;
extern unsigned int ktftp_rto_max_ms;
extern unsigned int ktftp_give_up_ms;
extern unsigned int ktftp_linger_ms;
extern unsigned int ktftp_unproven_retries;
extern unsigned int ktftp_max_unproven;
extern unsigned int ktftp_max_transfers;

#define ktftp_param(name)	READ_ONCE(ktftp_##name)

void ktftp_params_init(void);

#endif
