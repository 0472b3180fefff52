/* SPDX-License-Identifier: GPL-2.0 */
/* Words of the configuration and what they mean. Pure: 0, or -EINVAL for what is no such thing. */
#ifndef KTFTPD_VALUES_H
#define KTFTPD_VALUES_H

#include "ktftp.h"

int conf_bool(const char *text, bool *out);
/* Decimal, or hexadecimal behind "0x"; -ERANGE for what is outside. */
int conf_number(const char *text, uint64_t least, uint64_t most, uint64_t *out);
/* Bytes, or K, M, G and T in powers of 1024, as 512M or 100MiB. */
int conf_size(const char *text, uint64_t *out);
/* A number with ms, s, min or h. */
int conf_time_ms(const char *text, uint64_t *out);
/* ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT; the port is 0 where there is none. */
int conf_address(const char *text, struct ktftp_address *address, uint16_t *port);
/* A-B; a first port that is not beyond the last. */
int conf_ports(const char *text, uint16_t *first, uint16_t *last);
/* The name of a view, as the module takes it. */
bool conf_is_label(const char *text);
/* A pattern as a shell's: no class without an end, not empty, not too long. */
bool conf_is_glob(const char *text);

#endif
