// SPDX-License-Identifier: GPL-2.0
/* See objects.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "making.h"
#include "objects.h"

int making_fail(struct making *m, int err, const char *format, ...)
{
	va_list arguments;

	if (m->err)
		return err;
	m->err = err;
	va_start(arguments, format);
	vsnprintf(m->why, m->room, format, arguments);
	va_end(arguments);
	return err;
}

/**
 * objects_check() - could the module be made what a configuration wants
 * @k: connection
 * @config: configuration
 * @why: where the reason goes when not
 * @room: of @why
 *
 * Changes nothing. Return: 0 or a negative errno.
 */
int objects_check(struct ktftp *k, const struct config *config, char *why, size_t room)
{
	struct making m = { .k = k, .config = config, .why = why, .room = room };
	struct ktftp_info info;
	int err = ktftp_info_get(k, &info);

	if (err)
		return making_fail(&m, err, "the module does not answer: %s", ktftp_error(k));
	if (!(info.features & KTFTP_FEATURE_SETS))
		return making_fail(&m, -EOPNOTSUPP,
				   "the loaded module is too old: reload it (rmmod ktftp; modprobe ktftp)");
	return making_listen_check(&m);
}

static void make_budget(struct making *m)
{
	uint64_t wanted = m->config->budget_bytes;
	struct ktftp_info info;
	int err;

	if (wanted == KTFTP_NO_LIMIT)
		return;
	err = ktftp_info_get(m->k, &info);
	if (!err && info.namespace_limit_bytes != wanted)
		err = ktftp_budget_set(m->k, wanted);
	if (err == -EPERM)
		making_fail(
			m, err,
			"the budget stays as it is, for root of the host alone may change it: ktftpctl budget set %llu",
			(unsigned long long)wanted);
	else if (err)
		making_fail(m, err, "budget: %s", ktftp_error(m->k));
}

/**
 * objects_apply() - make the module what a configuration wants
 * @k: connection
 * @before: what was in force, or NULL at the start
 * @config: configuration
 * @why: where the first failure goes
 * @room: of @why
 *
 * Names come before listeners, so that the first request is answered as it is to be. Return: 0, or the errno of the
 * first failure, after which the rest was made so all the same.
 */
int objects_apply(struct ktftp *k, const struct config *before, const struct config *config, char *why, size_t room)
{
	struct making m = { .k = k, .before = before, .config = config, .why = why, .room = room };

	make_budget(&m);
	making_names(&m);
	making_listen(&m);
	return m.err;
}
