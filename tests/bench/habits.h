/* SPDX-License-Identifier: GPL-2.0 */
/* Habits files: the options of a family of clients, as "name = value" lines. */
#ifndef BENCH_HABITS_H
#define BENCH_HABITS_H

#include "options.h"

int habits_read(struct options *options, const char *path);

#endif
