/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

int check_run(const char *only);

#endif
