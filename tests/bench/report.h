/* SPDX-License-Identifier: GPL-2.0 */
/* Results as text for people, and as JSON for scripts. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "results.h"

void report_text(const struct run_results *run, const struct results *sum, const struct named_results *families,
		 unsigned int count);
void report_json(const struct run_results *run, const struct results *sum, const struct named_results *families,
		 unsigned int count);

#endif
