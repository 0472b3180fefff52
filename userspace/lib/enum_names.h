/* SPDX-License-Identifier: GPL-2.0 */
/* Names of the family's enum values, by value; made from docs/netlink/ktftp.yaml. */
#ifndef KTFTP_ENUM_NAMES_H
#define KTFTP_ENUM_NAMES_H

#include <linux/ktftp.h>

extern const char *const ktftp_listener_state_names[];
extern const char *const ktftp_kind_names[];
extern const char *const ktftp_transfer_state_names[];
extern const char *const ktftp_transfer_end_names[];

/* By enum ktftp_a_stats, KTFTP_A_STATS_MAX + 1 of them; NULL for what is no counter. */
extern const char *const ktftp_stats_names[];

#endif
