/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTFTP_SHIM_LINUX_BITS_H
#define KTFTP_SHIM_LINUX_BITS_H

#define BIT(n) (1ul << (n))

#endif
