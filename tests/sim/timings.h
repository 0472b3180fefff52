/* SPDX-License-Identifier: GPL-2.0 */
/* The ways to choose intervals that are held against each other. */
#ifndef SIM_TIMINGS_H
#define SIM_TIMINGS_H

#include "estimator.h"

extern const struct timing timing_module;
extern const struct timing timing_copy;
extern const struct timing timing_rfc6298;
extern const struct timing timing_fixed_4s;

/* Each ends with NULL. */
extern const struct timing *const timings_of_others[];
extern const struct timing *const timings_of_rule[];
extern const struct timing *const timings_of_fooled[];
extern const struct timing *const timings_of_second[];
extern const struct timing *const timings_of_clean[];
extern const struct timing *const timings_of_losses[];
extern const struct timing *const timings_of_learned[];
extern const struct timing *const timings_of_sample[];
extern const struct timing *const timings_of_minimum[];

#endif
