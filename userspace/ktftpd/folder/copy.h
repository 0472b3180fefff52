/* SPDX-License-Identifier: GPL-2.0 */
/* Copying and hashing a file. Any thread. */
#ifndef KTFTPD_COPY_H
#define KTFTPD_COPY_H

#include <stdatomic.h>
#include <stdint.h>

#include "ktftp.h"

int copy_hashed(int from, int to, uint64_t size, const atomic_bool *stop, uint8_t digest[KTFTP_DIGEST_BYTES]);

#endif
