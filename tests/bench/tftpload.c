// SPDX-License-Identifier: GPL-2.0
/*
 * A load generator of TFTP read requests. It shares no code with the server, so that one does not repeat the
 * other's mistakes.
 *
 *   options.c habits.c    what is wanted
 *   load.c timers.c       many clients, one loop
 *   client.c              one client: socket, timeouts, losses, thinking
 *   download.c packet.c   the protocol, without sockets and clocks
 *   reference.c           what should arrive
 *   results.c histogram.c what did
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum exit_status {
	EXIT_GOOD = 0,
	EXIT_BAD = 1,
	EXIT_USAGE = 2,
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void complain(const struct options *options, int err)
{
	if (*options->message)
		fprintf(stderr, "tftpload: %s\n", options->message);
	else if (err != -EINVAL)
		fprintf(stderr, "tftpload: %s\n", strerror(-err));
}

static enum exit_status report(const struct options *options, const struct results *results)
{
	if (options->json)
		results_print_json(results);
	else
		results_print(results);
	if (fflush(stdout) || results->interrupted || results_failed(results, options->allow_not_found))
		return EXIT_BAD;
	return EXIT_GOOD;
}

static enum exit_status run(struct load *load, struct options *options, struct results *results)
{
	enum exit_status status = EXIT_BAD;
	int err;

	err = load_init(load, options, results);
	if (err) {
		complain(options, err);
		status = err == -EINVAL ? EXIT_USAGE : EXIT_BAD;
		goto out;
	}
	err = load_run(load, &stop);
	if (err) {
		complain(options, err);
		goto out;
	}
	status = report(options, results);
out:
	load_fini(load);
	return status;
}

static enum exit_status run_options(struct options *options)
{
	struct results *results = calloc(1, sizeof(*results));
	struct load *load = calloc(1, sizeof(*load));
	enum exit_status status = EXIT_BAD;

	if (results && load)
		status = run(load, options, results);
	else
		complain(options, -ENOMEM);
	free(load);
	free(results);
	return status;
}

int main(int argc, char **argv)
{
	enum exit_status status = EXIT_USAGE;
	struct options options;
	int err;

	err = options_init(&options);
	if (!err)
		err = options_parse(&options, argc, argv);
	if (err) {
		complain(&options, err);
		fprintf(stderr, "tftpload: see --help\n");
	} else if (options.help) {
		options_help();
		status = EXIT_GOOD;
	} else {
		catch_signals();
		status = run_options(&options);
	}
	options_fini(&options);
	return status;
}
