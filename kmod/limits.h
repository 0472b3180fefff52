/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many transfers there may be: in a namespace (max_transfers), with a client that has not answered yet
 * (max_unproven), with one client (max_transfers_per_client). What is looked at is the tunable of the moment: a
 * change is for requests that come afterwards.
 */
#ifndef KTFTP_LIMITS_H
#define KTFTP_LIMITS_H

#include <linux/types.h>

struct ktftp_key;
struct ktftp_net;
struct ktftp_transfer;

int ktftp_limits_admit(struct ktftp_net *kn, const struct ktftp_key *key, bool *counted);
void ktftp_limits_dismiss(struct ktftp_net *kn, const struct ktftp_key *key, bool counted);
void ktftp_limits_uncount(struct ktftp_transfer *t);
void ktftp_limits_trim(struct ktftp_net *kn);

#endif
