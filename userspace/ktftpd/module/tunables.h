/* SPDX-License-Identifier: GPL-2.0 */
/* Inside module/: tunables_apply() on another directory than sysfs', for tests. */
#ifndef KTFTPD_MODULE_TUNABLES_H
#define KTFTPD_MODULE_TUNABLES_H

#include "config/config.h"

int tunables_apply_in(const char *directory, const struct config *config, char *why, size_t room);

#endif
