// SPDX-License-Identifier: GPL-2.0
/* ktftpctl budget: what the store of this network namespace may hold. */
#include <jansson.h>
#include <string.h>

#include "ctl.h"

const char help_budget[] =
	"  budget set SIZE|none\n"
	"                     let the store of this network namespace hold SIZE (512M, 1G,\n"
	"                     100MiB, bytes), with none whatever the host may; needs root of\n"
	"                     the host\n"
	"  budget [show]      show what it holds and may hold\n";

static int budget_set(struct ctl *ctl, struct words *words)
{
	const char *word = next_word(words);
	uint64_t bytes = KTFTP_NO_LIMIT;
	int status = CTL_OK;

	if (!word)
		return usage(ctl, "which size? (as 512M, or none)");
	if (strcmp(word, "none"))
		status = parse_size(ctl, word, &bytes);
	if (!status)
		status = end_of_line(ctl, words);
	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	return ktftp_budget_set(ctl->k, bytes) ? module_failed(ctl) : CTL_OK;
}

static int budget_show(struct ctl *ctl, struct words *words)
{
	int status = end_of_line(ctl, words);
	char held[32], limit[32];
	struct ktftp_info info;
	json_t *object;

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	if (ktftp_info_get(ctl->k, &info))
		return module_failed(ctl);
	if (ctl->json) {
		object = json_pack("{s:I, s:o}",
				   "held_bytes", (json_int_t)info.namespace_bytes,
				   "limit_bytes", json_limit(info.namespace_limit_bytes));
		print_json(object);
		json_decref(object);
		return CTL_OK;
	}
	printf("held   %s\nlimit  %s\n", show_bytes(info.namespace_bytes, held, sizeof(held)),
	       show_limit(info.namespace_limit_bytes, limit, sizeof(limit)));
	return CTL_OK;
}

int cmd_budget(struct ctl *ctl, struct words *words)
{
	static const struct command verbs[] = {
		{ "set", budget_set, NULL },
		{ "show", budget_show, NULL },
		{ NULL, NULL, NULL },
	};
	const char *word = next_word(words);
	const struct command *verb;

	if (!word)
		return budget_show(ctl, words);
	verb = find_command(ctl, verbs, word);
	return verb ? verb->run(ctl, words) : CTL_USAGE;
}
