// SPDX-License-Identifier: GPL-2.0
/* Lists of the kernel's that have to be whole. */
#include <errno.h>

#include "dump.h"

/* How often a list that changed while it was read is read again. */
#define DUMP_TRIES 10

/**
 * vector_dump() - take a list of the kernel's as it was at one moment
 * @k: connection
 * @command: enum ktftp_cmd
 * @max_attribute: of its attribute set
 * @fn: adds one message to the list, which is its context
 * @list: where the items go
 *
 * A list that never stands still is taken as it was told the last time: each item was true when it was.
 *
 * Return: 0 or a negative errno.
 */
int vector_dump(struct ktftp *k, uint8_t command, int max_attribute, ktftp_message_fn fn, struct vector *list)
{
	const struct ktftp_reply reply = { .max_attribute = max_attribute, .fn = fn, .context = list };
	int tries, err = -EAGAIN;

	for (tries = 0; tries < DUMP_TRIES && err == -EAGAIN; tries++) {
		list->count = 0;
		err = ktftp_dump(k, command, &reply);
	}
	return err == -EAGAIN ? 0 : err;
}
