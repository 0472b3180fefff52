// SPDX-License-Identifier: GPL-2.0
/*
 * The tunables: each has a range, refuses what is outside it with EINVAL and keeps its value then. They take
 * effect for what begins afterwards.
 */
#include <linux/mm.h>
#include <linux/moduleparam.h>

#include "params.h"

#define TUNABLE(name, initial, least, most, text)					\
	unsigned int ktftp_##name = (initial);						\
	static int set_##name(const char *value, const struct kernel_param *param)	\
	{										\
		return param_set_uint_minmax(value, param, least, most);		\
	}										\
	static const struct kernel_param_ops name##_ops = {				\
		.set = set_##name,							\
		.get = param_get_uint,							\
	};										\
	module_param_cb(name, &name##_ops, &ktftp_##name, 0644);			\
	MODULE_PARM_DESC(name, text)

TUNABLE(store_limit_mb, 0, 1, 1 << 24,
	"Memory the stores of all namespaces may hold, in MiB (1 to 16777216; a quarter of RAM)");
TUNABLE(rto_min_ms, 16, 4, 200,
	"Floor of the retransmission timer in milliseconds (4 to 200; 16)");
TUNABLE(rto_max_ms, 4000, 200, 60000,
	"Ceiling of the retransmission timer in milliseconds (200 to 60000; 4000)");
TUNABLE(give_up_ms, 60000, 1000, 3600000,
	"Silence of a client after which its transfer ends, in milliseconds (1000 to 3600000; 60000)");
TUNABLE(linger_ms, 20000, 100, 600000,
	"How long the last block waits for its acknowledgement, in milliseconds (100 to 600000; 20000)");
TUNABLE(unproven_retries, 2, 0, 10,
	"Retransmission intervals for which a client that never answered is remembered (0 to 10; 2)");
TUNABLE(max_unproven, 4096, 1, 1 << 20,
	"Transfers of a namespace that no client has acknowledged yet (1 to 1048576; 4096)");
TUNABLE(max_transfers, 262144, 1, 1 << 24,
	"Transfers of a namespace (1 to 16777216; 262144)");

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
