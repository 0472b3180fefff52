/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's names for the largest integers. */
#ifndef KTFTP_SHIM_LINUX_LIMITS_H
#define KTFTP_SHIM_LINUX_LIMITS_H

#include_next <linux/limits.h>
#include <stdint.h>

#define U8_MAX  UINT8_MAX
#define U16_MAX UINT16_MAX
#define S16_MAX INT16_MAX
#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX

#endif
