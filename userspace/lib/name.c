// SPDX-License-Identifier: GPL-2.0
/* The form in which the module knows a name, by the module's own code. */
#include <errno.h>
#include <string.h>

#include "connection.h"
#include "names.h"

/**
 * ktftp_canonical() - the form in which the module knows a name
 * @k: connection, or NULL
 * @name: name as somebody writes it
 * @out: where it goes
 *
 * Return: 0; -EINVAL, -ENAMETOOLONG.
 */
int ktftp_canonical(struct ktftp *k, const char *name, char out[KTFTP_NAME_MAX + 1])
{
	int bytes = ktftp_name_canonical((const u8 *)name, strlen(name), out);

	if (bytes >= 0)
		return 0;
	if (!k)
		return bytes;
	if (bytes == -ENAMETOOLONG)
		return ktftp_fail(k, bytes, "a name has at most %d bytes", KTFTP_NAME_MAX);
	return ktftp_fail(k, bytes, "a name must not be empty, contain \"..\" or control characters");
}
