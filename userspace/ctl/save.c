// SPDX-License-Identifier: GPL-2.0
/* ktftpctl save: all that the namespace serves, as a file that apply and a person can read. */
#include "state.h"

const char help_save[] =
	"  save               print all that this network namespace serves, for apply and for\n"
	"                     people: listeners, views, names and absents, a line each\n";

static void save_listeners(const struct state *state)
{
	const struct state_listener *l = state->listeners.items;
	size_t i;

	for (i = 0; i < state->listeners.count; i++) {
		if (is_on_its_way_out(&l[i].listener))
			printf("# drains, not saved: ");
		print_listener(stdout, &l[i].listener);
	}
}

/* Returns how many there are that no line can tell of. */
static size_t save_entries(const struct state *state)
{
	const struct state_entry *e = state->entries.items;
	const char *why;
	size_t lost = 0, i;

	for (i = 0; i < state->entries.count; i++) {
		why = why_not_saved(&e[i].entry);
		if (!why) {
			print_entry(stdout, &e[i].entry, e[i].hold);
			continue;
		}
		lost++;
		printf("# not saved, %s: ", why);
		put_word(stdout, e[i].entry.name);
		printf(" --view ");
		put_word(stdout, e[i].entry.view);
		printf(" --owner ");
		put_word(stdout, e[i].entry.owner);
		putchar('\n');
	}
	return lost;
}

static void save_absents(const struct state *state)
{
	const struct state_absent *a = state->absents.items;
	size_t i;

	for (i = 0; i < state->absents.count; i++)
		print_absent(stdout, &a[i].absent);
}

static void save(const struct ctl *ctl, const struct state *state)
{
	size_t lost;

	printf(STATE_TITLE "%d\n", STATE_FORMAT);
	save_listeners(state);
	lost = save_entries(state);
	/* Behind the names, for a batch refuses views without any. */
	print_stack(stdout, state);
	save_absents(state);
	puts(STATE_END);
	if (lost)
		failed(ctl, "%zu name%s cannot be saved: see the comments in the output", lost, lost == 1 ? "" : "s");
}

int cmd_save(struct ctl *ctl, struct words *words)
{
	struct state state;
	int status = end_of_line(ctl, words);

	if (!status && ctl->json)
		status = usage(ctl, "save prints commands, and no JSON: see -j list, listen, view, absent");
	if (status)
		return status;
	state_init(&state);
	status = state_from_kernel(ctl, &state);
	if (!status)
		save(ctl, &state);
	state_free(&state);
	return status;
}
