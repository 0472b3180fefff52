// SPDX-License-Identifier: GPL-2.0
/* ktftpctl: drives the ktftp kernel module, in the manner of ip(8) and wg(8). */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "daemon.h"

/* Those of the module, which were there before the daemon's: what people write for them in short stays theirs. */
#define SETTLED_COMMANDS 13

static const struct command commands[] = {
	{ "listen", cmd_listen, help_listen },
	{ "publish", cmd_publish, help_publish },
	{ "withdraw", cmd_withdraw, help_withdraw },
	{ "list", cmd_list, help_list },
	{ "absent", cmd_absent, help_absent },
	{ "view", cmd_view, help_view },
	{ "budget", cmd_budget, help_budget },
	{ "save", cmd_save, help_save },
	{ "apply", cmd_apply, help_apply },
	{ "transfers", cmd_transfers, help_transfers },
	{ "stats", cmd_stats, help_stats },
	{ "monitor", cmd_monitor, help_monitor },
	{ "info", cmd_info, help_info },
	{ "status", cmd_status, help_status },
	{ "reload", cmd_reload, help_reload },
	{ "drain", cmd_drain, help_drain },
	{ "undrain", cmd_undrain, help_undrain },
	{ "trace", cmd_trace, help_trace },
	{ "doctor", cmd_doctor, help_doctor },
	{ "guard", cmd_guard, help_guard },
	{ NULL, NULL, NULL },
};

static int show_help(void)
{
	const struct command *command;

	printf("Usage: ktftpctl [-j] COMMAND ...\n"
	       "       ktftpctl [-j] [-force] -batch FILE|-\n"
	       "\n"
	       "Drives the in-kernel TFTP server of this network namespace, and its daemon ktftpd.\n"
	       "Commands may be cut short while they stay unambiguous.\n"
	       "\n");
	for (command = commands; command->name; command++)
		printf("%s\n", command->help);
	printf("Options, before the command:\n"
	       "  -j, --json         print JSON\n"
	       "  -batch FILE|-      run the commands in FILE, or on standard input, one a line;\n"
	       "                     stop at the first that fails\n"
	       "  -force             in a batch, go on after a command that failed\n"
	       "  --yes              do what is dangerous without asking\n"
	       "  --socket PATH      where ktftpd answers, instead of " DAEMON_SOCKET
	       "\n"
	       "  -V, --version      print the version\n"
	       "  -h, --help         this; ktftpctl COMMAND --help tells of one command\n"
	       "\n"
	       "Exit status: 0 done, 1 the command line is wrong, 2 refused or impossible; doctor\n"
	       "has its own.\n"
	       "See ktftpctl(8).\n");
	return CTL_OK;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* "help" behind the command, or --help anywhere before "--". */
static bool asks_for_help(const struct words *words)
{
	int i;

	for (i = 0; i < words->left && strcmp(words->at[i], "--"); i++)
		if (is_help(words->at[i]) || (i == 0 && !strcmp(words->at[i], "help")))
			return true;
	return false;
}

/* Runs one command, of the command line or of a line of a batch. */
int run_command(struct ctl *ctl, struct words *words)
{
	const struct command *command;
	const char *word = next_word(words);

	if (!word)
		return usage(ctl, "which command? (see ktftpctl --help)");
	if (!strcmp(word, "help"))
		return show_help();
	command = find_settled_command(ctl, commands, SETTLED_COMMANDS, word);
	if (!command)
		return CTL_USAGE;
	if (asks_for_help(words)) {
		printf("%s", command->help);
		return CTL_OK;
	}
	return command->run(ctl, words);
}

struct options {
	const char *batch;
	bool force;
	bool done;
};

/* Options before the command; CTL_OK to go on. */
static int take_options(struct ctl *ctl, struct words *words, struct options *options)
{
	const char *word;

	while ((word = peek_word(words)) && *word == '-') {
		next_word(words);
		if (!strcmp(word, "-j") || !strcmp(word, "--json") || !strcmp(word, "-json")) {
			ctl->json = true;
		} else if (!strcmp(word, "--yes")) {
			ctl->yes = true;
		} else if (!strcmp(word, "-force") || !strcmp(word, "--force")) {
			options->force = true;
		} else if (!strcmp(word, "-batch") || !strcmp(word, "--batch") || !strcmp(word, "-b")) {
			options->batch = next_word(words);
			if (!options->batch)
				return usage(ctl, "%s needs a file, or - for standard input", word);
		} else if (!strcmp(word, "--socket")) {
			if (take_value(ctl, words, word, &ctl->socket))
				return CTL_USAGE;
		} else if (!strcmp(word, "-V") || !strcmp(word, "--version")) {
			printf("ktftpctl %s\n", KTFTP_VERSION);
			options->done = true;
			return CTL_OK;
		} else if (is_help(word)) {
			options->done = true;
			return show_help();
		} else {
			return usage(ctl, "no option is called '%s' (see ktftpctl --help)", word);
		}
	}
	return CTL_OK;
}

int main(int argc, char **argv)
{
	struct words words = { .at = argv + 1, .left = argc - 1 };
	struct options options = {};
	struct ctl ctl = {};
	int status;

	status = take_options(&ctl, &words, &options);
	if (status == CTL_OK && !options.done)
		status = options.batch ? run_batch(&ctl, options.batch, options.force) : run_command(&ctl, &words);
	daemon_close(&ctl);
	ktftp_close(ctl.k);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "ktftpctl: cannot write the output\n");
		return CTL_FAILED;
	}
	return status;
}
