// SPDX-License-Identifier: GPL-2.0
/* What a mistyped word may have meant. */
#include "serve/nearest.h"
#include "reader.h"

const char *conf_nearest(const char *name, const char *const *names, size_t count)
{
	struct nearest nearest;
	size_t i;

	nearest_begin(&nearest, name);
	for (i = 0; i < count; i++)
		nearest_consider(&nearest, names[i]);
	return nearest.best;
}
