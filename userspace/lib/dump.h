/* SPDX-License-Identifier: GPL-2.0 */
/* Inside libktftp: lists of the kernel's that have to be whole. */
#ifndef KTFTP_DUMP_H
#define KTFTP_DUMP_H

#include "connection.h"
#include "vector.h"

int vector_dump(struct ktftp *k, uint8_t command, int max_attribute, ktftp_message_fn fn, struct vector *list);

#endif
