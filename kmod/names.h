/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pure: the one form in which the store knows a name, whatever a client or an operator wrote.
 */
#ifndef KTFTP_NAMES_H
#define KTFTP_NAMES_H

#include <linux/types.h>

#include "uapi/ktftp.h"

/* Configuration files that Cisco's server counts apart, by what their names begin with. */
enum ktftp_name_kind {
	KTFTP_NAME_SEP,
	KTFTP_NAME_SIP,
	KTFTP_NAME_GK,
	KTFTP_NAME_LD,
	KTFTP_NAME_OTHER,
};

int ktftp_name_canonical(const u8 *in, size_t bytes, char out[KTFTP_NAME_MAX + 1]);
size_t ktftp_name_fold(const char *name, size_t bytes, char *out);
bool ktftp_name_same_folded(const char *a, const char *b, size_t bytes);
bool ktftp_name_matches(const char *pattern, const char *name);
enum ktftp_name_kind ktftp_name_kind(const char *name, size_t bytes);

#endif
