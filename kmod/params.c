// SPDX-License-Identifier: GPL-2.0
/*
 * The tunables: each has a range, refuses what is outside it with EINVAL and keeps its value then. They take
 * effect for what begins afterwards.
 */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "options.h"
#include "params.h"

#define TUNABLE(name, initial, least, most, text)					\
	unsigned int ktftp_##name = (initial);						\
	static int set_##name(const char *value, const struct kernel_param *param)	\
	{										\
		return param_set_uint_minmax(value, param, least, most) ? -EINVAL : 0;	\
	}										\
	static const struct kernel_param_ops name##_ops = {				\
		.set = set_##name,							\
		.get = param_get_uint,							\
	};										\
	module_param_cb(name, &name##_ops, &ktftp_##name, 0644);			\
	MODULE_PARM_DESC(name, text)

TUNABLE(store_limit_mb, 0, 1, 1 << 24,
	"Memory the stores of all namespaces may hold, in MiB (1 to 16777216; a quarter of RAM)");
TUNABLE(max_blksize, KTFTP_BLKSIZE_MAX, KTFTP_BLKSIZE_MIN, KTFTP_BLKSIZE_MAX,
	"Largest block that is agreed on, in bytes (8 to 65464; 65464)");
TUNABLE(max_windowsize, 65535, 1, 65535,
	"Largest window that is agreed on, in blocks (1 to 65535; 65535)");
TUNABLE(honor_timeout, 0, 0, 1,
	"Agree on the timeout options and keep to them instead of measuring (0 or 1; 0)");
TUNABLE(rto_min_ms, 16, 4, 200,
	"Floor of the retransmission timer in milliseconds (4 to 200; 16)");
TUNABLE(rto_max_ms, 4000, 200, 60000,
	"Ceiling of the retransmission timer in milliseconds (200 to 60000; 4000)");
TUNABLE(give_up_ms, 60000, 1000, 3600000,
	"Silence of a client after which its transfer ends, in milliseconds (1000 to 3600000; 60000)");
TUNABLE(max_transfer_s, 86400, 1, 31536000,
	"Age at which a transfer ends however it moves, in seconds (1 to 31536000; 86400)");
TUNABLE(linger_ms, 20000, 100, 600000,
	"How long the last block waits for its acknowledgement, in milliseconds (100 to 600000; 20000)");
TUNABLE(unproven_retries, 2, 0, 10,
	"Retransmission intervals for which a client that never answered is remembered (0 to 10; 2)");
TUNABLE(max_unproven, 4096, 1, 1 << 20,
	"Transfers of a namespace that no client has acknowledged yet (1 to 1048576; 4096)");
TUNABLE(max_transfers, 262144, 1, 1 << 24,
	"Transfers of a namespace (1 to 16777216; 262144)");
TUNABLE(max_transfers_per_client, 0, 0, 1 << 24,
	"Transfers of one client address in a namespace, 0 for no limit (0 to 16777216; 0)");
TUNABLE(max_listeners, 64, 1, 4096,
	"Listeners of a namespace; 4 at most where a user namespace owns it (1 to 4096; 64)");

TUNABLE(max_entries, 1 << 20, 1, 1 << 26,
	"Published names of a namespace (1 to 67108864; 1048576)");
TUNABLE(max_absents, 1 << 18, 1, 1 << 26,
	"Absents of a namespace that are no patterns (1 to 67108864; 262144)");
TUNABLE(max_globs, 256, 1, 4096,
	"Absents of a namespace that are patterns, each of which costs every miss time (1 to 4096; 256)");
TUNABLE(max_views, 1024, 1, 65536,
	"Views of a namespace (1 to 65536; 1024)");
TUNABLE(max_owners, 1024, 1, 65536,
	"Different owners of names in a namespace (1 to 65536; 1024)");
TUNABLE(grace_s, 300, 0, 31536000,
	"How long downloads may go on with a file that was withdrawn or replaced, in seconds (0 to 31536000; 300)");

static const char *const orphan_miss_names[] = {
	[KTFTP_ORPHAN_MISS_SILENT] = "silent",
	[KTFTP_ORPHAN_MISS_ERROR0] = "error0",
	[KTFTP_ORPHAN_MISS_ERROR1] = "error1",
};

unsigned int ktftp_orphan_miss = KTFTP_ORPHAN_MISS_SILENT;

static int set_orphan_miss(const char *value, const struct kernel_param *param)
{
	int which = sysfs_match_string(orphan_miss_names, value);

	if (which < 0)
		return -EINVAL;
	WRITE_ONCE(ktftp_orphan_miss, which);
	return 0;
}

static int get_orphan_miss(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", orphan_miss_names[ktftp_param(orphan_miss)]);
}

static const struct kernel_param_ops orphan_miss_ops = {
	.set = set_orphan_miss,
	.get = get_orphan_miss,
};

module_param_cb(orphan_miss, &orphan_miss_ops, NULL, 0644);
MODULE_PARM_DESC(orphan_miss, "What a miss gets when a daemon was attached and is gone (silent, error0, error1; silent)");

/**
 * ktftp_params_init() - defaults that depend on the machine
 *
 * Context: process, before anything reads a tunable.
 */
void __init ktftp_params_init(void)
{
	if (!ktftp_store_limit_mb)
		ktftp_store_limit_mb = max(totalram_pages() >> (20 - PAGE_SHIFT + 2), 1ul);
}
