// SPDX-License-Identifier: GPL-2.0
/* ktftpctl withdraw: names back. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

const char help_withdraw[] =
	"  withdraw NAME... [--view V]\n"
	"                     serve these names no more, all or none; running transfers finish\n"
	"  withdraw --all [--view V] [--owner O]\n"
	"                     no name at all, or none of that view and owner; asks on a\n"
	"                     terminal, elsewhere it needs --yes\n";

/**
 * struct withdrawal - what the command says
 * @names: names
 * @count: how many
 * @all: --all
 * @view: --view, or NULL
 * @owner: --owner, or NULL
 */
struct withdrawal {
	const char **names;
	size_t count;
	bool all;
	const char *view;
	const char *owner;
};

static const char *question(const struct withdrawal *w)
{
	return w->view || w->owner ? "This withdraws all names of that view and owner." :
				     "This withdraws every name: clients are told that files do not exist.";
}

static int withdraw(struct ctl *ctl, const struct withdrawal *w, uint32_t *count)
{
	int err;

	if (w->all && !is_sure(ctl, question(w)))
		return failed(ctl, "nothing was withdrawn: withdraw --all needs --yes");
	if (w->all)
		err = ktftp_withdraw_all(ctl->k, w->view, w->owner, count);
	else
		err = ktftp_withdraw(ctl->k, w->view, w->names, w->count, count);
	return err ? module_failed(ctl) : CTL_OK;
}

static int parse_option(struct ctl *ctl, const char *word, struct words *words, struct withdrawal *w)
{
	if (!strcmp(word, "--view"))
		return take_label(ctl, words, word, &w->view);
	if (!strcmp(word, "--owner"))
		return take_label(ctl, words, word, &w->owner);
	if (!strcmp(word, "--all"))
		w->all = true;
	else if (!strcmp(word, "--yes"))
		ctl->yes = true;
	else
		return usage(ctl, "withdraw has no option '%s'", word);
	return CTL_OK;
}

static int parse(struct ctl *ctl, struct words *words, struct withdrawal *w)
{
	bool only_names = false;
	const char *word;
	int status = CTL_OK;

	while (!status && (word = next_word(words))) {
		if (only_names || *word != '-')
			w->names[w->count++] = word;
		else if (!strcmp(word, "--"))
			only_names = true;
		else
			status = parse_option(ctl, word, words, w);
	}
	if (status)
		return status;
	if (w->all && w->count)
		return usage(ctl, "names or --all, not both");
	if (!w->all && !w->count)
		return usage(ctl, "which name? (--all for all)");
	if (w->owner && !w->all)
		return usage(ctl, "--owner goes with --all");
	return CTL_OK;
}

static void tell(const struct ctl *ctl, const struct withdrawal *w, uint32_t count)
{
	json_t *answer;

	if (ctl->json) {
		answer = json_pack("{s:i}", "withdrawn", (int)count);
		print_json(answer);
		json_decref(answer);
	} else if (w->all) {
		printf("%u names withdrawn\n", count);
	}
}

int cmd_withdraw(struct ctl *ctl, struct words *words)
{
	struct withdrawal w = { .names = calloc(words->left + 1, sizeof(*w.names)) };
	bool was_sure = ctl->yes;
	uint32_t count = 0;
	int status;

	if (!w.names)
		return failed(ctl, "out of memory");
	status = parse(ctl, words, &w);
	if (!status)
		status = connect_module(ctl);
	if (!status)
		status = withdraw(ctl, &w, &count);
	if (!status)
		tell(ctl, &w, count);
	/* In a batch, --yes is for its own line. */
	ctl->yes = was_sure;
	free(w.names);
	return status;
}
