/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's comparisons, as far as the pure files of kmod/ use them. */
#ifndef KTFTP_SHIM_LINUX_MINMAX_H
#define KTFTP_SHIM_LINUX_MINMAX_H

#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))

#endif
