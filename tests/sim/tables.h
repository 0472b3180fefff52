/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIM_TABLES_H
#define SIM_TABLES_H

void tables_print(unsigned int seeds);

#endif
