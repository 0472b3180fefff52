/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers in network order at any address. */
#ifndef KTFTP_SHIM_LINUX_UNALIGNED_H
#define KTFTP_SHIM_LINUX_UNALIGNED_H

#include <linux/types.h>

static inline u16 get_unaligned_be16(const void *from)
{
	const u8 *bytes = from;

	return (u16)(bytes[0] << 8 | bytes[1]);
}

static inline void put_unaligned_be16(u16 value, void *to)
{
	u8 *bytes = to;

	bytes[0] = value >> 8;
	bytes[1] = value & 0xff;
}

#endif
