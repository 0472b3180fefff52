// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "buffers.h"

int buffers_init(struct buffers *buffers, unsigned int count)
{
	*buffers = (struct buffers){ .count = count };
	if (!count)
		return 0;
	buffers->free_ns = calloc(count, sizeof(*buffers->free_ns));
	return buffers->free_ns ? 0 : -ENOMEM;
}

void buffers_fini(struct buffers *buffers)
{
	free(buffers->free_ns);
	buffers->free_ns = NULL;
}

/*
 * A packet came at @came_ns, none of those before it came later. False when it finds no buffer: then it is lost. Else
 * the client begins its work on it once it is done with the others, and buffers_release() is due.
 */
bool buffers_take(struct buffers *buffers, uint64_t came_ns)
{
	if (buffers->count && buffers->free_ns[buffers->taken % buffers->count] > came_ns)
		return false;
	if (buffers->busy_ns < came_ns)
		buffers->busy_ns = came_ns;
	return true;
}

void buffers_work(struct buffers *buffers, uint64_t work_ns)
{
	buffers->busy_ns += work_ns;
}

/* The work on the packet is all known: its buffer is free when that is done. */
void buffers_release(struct buffers *buffers)
{
	if (buffers->count)
		buffers->free_ns[buffers->taken % buffers->count] = buffers->busy_ns;
	buffers->taken++;
}
