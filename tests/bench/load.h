/* SPDX-License-Identifier: GPL-2.0 */
/* The clients and the loop that drives them. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <signal.h>

#include "client.h"

struct load {
	struct scene scene;
	struct family *families;
	struct client *clients;
	unsigned int client_count; /* that are initialised */
	struct timers timers;
	unsigned int active;  /* clients that have not had enough */
	uint64_t begun;       /* transfers */
	uint64_t end_ns;      /* no transfer begins after that */
	uint64_t told_blocks; /* when progress was told last */
	struct run_results results;
};

int load_init(struct load *load, struct options *options);
void load_fini(struct load *load);
int load_run(struct load *load, const volatile sig_atomic_t *stop);
void load_sum(const struct load *load, struct results *sum);

#endif
