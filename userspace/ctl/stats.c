// SPDX-License-Identifier: GPL-2.0
/* ktftpctl stats and info: totals of the namespace, and what the module is. */
#include <jansson.h>
#include <stdlib.h>

#include "ctl.h"
#include "daemon.h"
#include "server.h"

const char help_stats[] =
	"  stats [--daemon]   totals of this network namespace: the module's, or what ktftpd\n"
	"                     itself has served\n";

const char help_info[] = "  info               versions, and memory held and allowed\n";

static json_t *stats_json(const struct ktftp_stats *stats)
{
	json_t *object = json_object();
	int i;

	for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
		if (ktftp_stats_names[i])
			json_object_set_new(object, ktftp_stats_names[i], json_integer(stats->value[i]));
	return object;
}

static void print_stats(const struct ktftp_stats *stats)
{
	int i;

	for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
		if (ktftp_stats_names[i])
			printf("%-24s %20llu\n", ktftp_stats_names[i], (unsigned long long)stats->value[i]);
}

/* Counters that this program does not know of are not shown. */
static void parse_stats(const json_t *object, struct ktftp_stats *stats)
{
	int i;

	for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
		stats->value[i] = ktftp_stats_names[i] ? get_integer(object, ktftp_stats_names[i]) : 0;
}

static int get_daemon_stats(struct ctl *ctl, struct ktftp_stats *stats)
{
	json_t *answer = daemon_ask_here(ctl, "stats", NULL);

	if (!answer)
		return CTL_FAILED;
	parse_stats(json_object_get(answer, "stats"), stats);
	json_decref(answer);
	return CTL_OK;
}

static int get_stats(struct ctl *ctl, bool of_daemon, struct ktftp_stats *stats)
{
	int status = of_daemon ? CTL_OK : connect_server(ctl);

	if (status)
		return status;
	if (of_daemon || !ctl->k)
		return get_daemon_stats(ctl, stats);
	return ktftp_stats_get(ctl->k, stats) ? module_failed(ctl) : CTL_OK;
}

int cmd_stats(struct ctl *ctl, struct words *words)
{
	bool of_daemon = take_word(words, "--daemon");
	int status = end_of_line(ctl, words);
	struct ktftp_stats stats;
	json_t *object;

	if (!status)
		status = get_stats(ctl, of_daemon, &stats);
	if (status)
		return status;
	if (!ctl->json) {
		print_stats(&stats);
		return CTL_OK;
	}
	object = stats_json(&stats);
	print_json(object);
	json_decref(object);
	return CTL_OK;
}

static void print_info(const struct ktftp_info *info)
{
	char held[32], limit[32];

	printf("ktftpctl  %s\nmodule    %s\n", KTFTP_VERSION, info->version);
	printf("store     %s held by the host's namespaces, %s allowed\n",
	       show_bytes(info->store_bytes, held, sizeof(held)),
	       show_bytes(info->store_limit_bytes, limit, sizeof(limit)));
	show_limit(info->namespace_limit_bytes, limit, sizeof(limit));
	printf("here      %s held by this namespace, %s%s\n", show_bytes(info->namespace_bytes, held, sizeof(held)),
	       limit, info->namespace_limit_bytes == KTFTP_NO_LIMIT ? " but the host's" : " allowed");
}

int cmd_info(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);
	struct ktftp_info info;
	json_t *object;

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	if (ktftp_info_get(ctl->k, &info))
		return module_failed(ctl);
	if (!ctl->json) {
		print_info(&info);
		return CTL_OK;
	}
	object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o}",
			   "version", KTFTP_VERSION, "module_version", info.version,
			   "features", (json_int_t)info.features,
			   "store_bytes", (json_int_t)info.store_bytes,
			   "store_limit_bytes", (json_int_t)info.store_limit_bytes,
			   "namespace_bytes", (json_int_t)info.namespace_bytes,
			   "namespace_limit_bytes", json_limit(info.namespace_limit_bytes));
	print_json(object);
	json_decref(object);
	return CTL_OK;
}
