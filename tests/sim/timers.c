// SPDX-License-Identifier: GPL-2.0
/* Simulates lock-step downloads with the module's own timer code, to see what its constants are good for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "download.h"
#include "tables.h"

#define SEEDS 9

static int usage(const char *program)
{
	fprintf(stderr,
		"Usage: %s [SEEDS]         print tables, each row of 1 to %d downloads (%d)\n"
		"       %s --check [NAME]  run the tests whose name contains NAME\n",
		program, SEEDS_MOST, SEEDS, program);
	return 2;
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : SEEDS;

	if (argc > 1 && !strcmp(argv[1], "--check"))
		return check_run(argc > 2 ? argv[2] : NULL);
	if (argc > 2 || seeds < 1 || seeds > SEEDS_MOST)
		return usage(argv[0]);
	tables_print(seeds);
	return 0;
}
