// SPDX-License-Identifier: GPL-2.0
/* For programs that have the folder but not the module: nothing of this is ever called. */
#include <errno.h>

#include "folder/publisher.h"

int publisher_new(uint64_t pin_bytes, const struct publisher_hooks *hooks, struct publisher **out, char *why,
		  size_t room)
{
	(void)pin_bytes, (void)hooks, (void)out, (void)why, (void)room;
	return -ENOSYS;
}

void publisher_free(struct publisher *p)
{
	(void)p;
}

void publisher_set_limit(struct publisher *p, uint64_t pin_bytes)
{
	(void)p, (void)pin_bytes;
}

int publisher_commit(struct publisher *p, const struct folder_change *changes, size_t count, bool *is_pinned)
{
	(void)p, (void)changes, (void)count, (void)is_pinned;
	return -ENOSYS;
}

int publisher_reconcile(struct publisher *p)
{
	(void)p;
	return -ENOSYS;
}

void publisher_hits(struct publisher *p, const struct folder_hits *hits, size_t count)
{
	(void)p, (void)hits, (void)count;
}

int publisher_adjust(struct publisher *p)
{
	(void)p;
	return -ENOSYS;
}

void publisher_totals(const struct publisher *p, uint64_t *pinned, uint64_t *pinned_bytes)
{
	(void)p;
	*pinned = 0;
	*pinned_bytes = 0;
}
