// SPDX-License-Identifier: GPL-2.0
/*
 * A load generator of TFTP read requests. It shares no code with the server, so that one does not repeat the
 * other's mistakes.
 *
 *   options.c habits.c rules.c  what is wanted
 *   load.c timers.c             many clients, one loop
 *   client.c                    one client: what it does when, its timeouts
 *   network.c http.c            its sockets, and what gets lost on the way
 *   buffers.c                   how slow it is
 *   download.c packet.c names.c the protocol, without sockets and clocks
 *   reference.c                 what should arrive
 *   results.c histogram.c       what did
 *   report.c                    that as text or JSON
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "report.h"

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
	if (*options->reason.text)
		fprintf(stderr, "tftpload: %s\n", options->reason.text);
	else if (err != -EINVAL)
		fprintf(stderr, "tftpload: %s\n", strerror(-err));
}

static void print(const struct load *load, const struct results *sum, const struct named_results *families)
{
	const struct options *options = load->scene.options;

	if (options->json)
		report_json(&load->results, sum, families, options->family_count);
	else
		report_text(&load->results, sum, families, options->family_count);
}

static void name_families(const struct load *load, struct named_results *named)
{
	unsigned int i;

	for (i = 0; i < load->scene.options->family_count; i++) {
		named[i].name = load->families[i].habits->name;
		named[i].clients = load->families[i].clients;
		named[i].results = &load->families[i].results;
	}
}

static enum exit_status report(const struct load *load)
{
	struct named_results *named = calloc(load->scene.options->family_count, sizeof(*named));
	struct results *sum = calloc(1, sizeof(*sum));
	enum exit_status status = EXIT_BAD;

	if (named && sum) {
		load_sum(load, sum);
		name_families(load, named);
		print(load, sum, named);
		if (!fflush(stdout) && !load->results.interrupted && !results_failed(sum))
			status = EXIT_GOOD;
	}
	free(named);
	free(sum);
	return status;
}

static enum exit_status run(struct load *load, struct options *options)
{
	enum exit_status status = EXIT_BAD;
	int err;

	err = load_init(load, options);
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
	status = report(load);
out:
	load_fini(load);
	return status;
}

static enum exit_status run_options(struct options *options)
{
	struct load *load = calloc(1, sizeof(*load));
	enum exit_status status = EXIT_BAD;

	if (load)
		status = run(load, options);
	else
		complain(options, -ENOMEM);
	free(load);
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
