/* SPDX-License-Identifier: GPL-2.0 */
/* Inside libktftp: attributes of a name that is published. */
#ifndef KTFTP_ENTRY_H
#define KTFTP_ENTRY_H

#include "connection.h"

/* More than name, view, owner, source, digest and the numbers of any entry take. */
#define ENTRY_BYTES_MOST 4096

bool entry_fits(struct ktftp *k, const struct ktftp_properties *properties);
int entry_put(struct nl_msg *msg, const struct ktftp_properties *properties, int fd, enum ktftp_kind kind);

#endif
