// SPDX-License-Identifier: GPL-2.0
/* ktftpctl withdraw: names back. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

const char help_withdraw[] =
	"  withdraw NAME...   serve these names no more, all or none; running transfers finish\n"
	"  withdraw --all     no name at all; asks on a terminal, elsewhere it needs --yes\n";

static bool is_sure(const struct ctl *ctl)
{
	char answer[8] = "";

	if (ctl->yes)
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	fprintf(stderr, "This withdraws every name: clients are told that files do not exist. Go on? [y/N] ");
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static int withdraw_all(struct ctl *ctl, uint32_t *count)
{
	if (!is_sure(ctl))
		return failed(ctl, "nothing was withdrawn: withdraw --all needs --yes");
	return ktftp_withdraw_all(ctl->k, count) ? module_failed(ctl) : CTL_OK;
}

static int withdraw_names(struct ctl *ctl, const char *const *names, size_t number, uint32_t *count)
{
	if (!number)
		return usage(ctl, "which name? (--all for all)");
	return ktftp_withdraw(ctl->k, names, number, count) ? module_failed(ctl) : CTL_OK;
}

static int parse(struct ctl *ctl, struct words *words, const char **names, size_t *number, bool *all)
{
	const char *word;

	while ((word = next_word(words))) {
		if (!strcmp(word, "--all"))
			*all = true;
		else if (!strcmp(word, "--yes"))
			ctl->yes = true;
		else if (*word == '-')
			return usage(ctl, "withdraw has no option '%s'", word);
		else
			names[(*number)++] = word;
	}
	return *all && *number ? usage(ctl, "names or --all, not both") : CTL_OK;
}

int cmd_withdraw(struct ctl *ctl, struct words *words)
{
	const char **names = calloc(words->left + 1, sizeof(*names));
	bool all = false, was_sure = ctl->yes;
	size_t number = 0;
	uint32_t count = 0;
	int status;

	if (!names)
		return failed(ctl, "out of memory");
	status = parse(ctl, words, names, &number, &all);
	if (!status)
		status = connect_module(ctl);
	if (!status)
		status = all ? withdraw_all(ctl, &count) : withdraw_names(ctl, names, number, &count);
	if (!status && ctl->json) {
		json_t *answer = json_pack("{s:i}", "withdrawn", (int)count);

		print_json(answer);
		json_decref(answer);
	} else if (!status && all) {
		printf("%u names withdrawn\n", count);
	}
	/* In a batch, --yes is for its own line. */
	ctl->yes = was_sure;
	free(names);
	return status;
}
