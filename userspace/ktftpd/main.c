// SPDX-License-Identifier: GPL-2.0
/* ktftpd: command line, background, signals. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log.h"
#include "start.h"
#include "system/system.h"

/* Exit status, as sysexits(3) would have it were it in use; see ktftpd(8). */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

enum action {
	ACTION_SERVE,
	ACTION_CHECK,
	ACTION_LOAD_MODULE,
	ACTION_SET_PARAMETERS,
	ACTION_DONE,
};

/**
 * struct line - the command line
 * @config: -c
 * @foreground: -f
 * @action: what is to be done
 */
struct line {
	const char *config;
	bool foreground;
	enum action action;
};

static const char help[] =
	"Usage: ktftpd [-c FILE] [-f]\n"
	"       ktftpd [-c FILE] -t\n"
	"\n"
	"Serves folders by TFTP: with the kernel module ktftp where it is loaded, in user\n"
	"space where it is not.\n"
	"\n"
	"  -c, --config FILE  configuration, instead of " CONFIG_PATH
	"\n"
	"  -f, --foreground   stay in the foreground; log to standard error where that is a\n"
	"                     terminal, or where there is no journal\n"
	"  -t, --check        check the configuration and end\n"
	"      --load-module  load the module and set its parameters as the configuration\n"
	"                     says, and end; for root, before the daemon is started\n"
	"      --set-parameters\n"
	"                     set the parameters of the module, if it is loaded, and end;\n"
	"                     for root, before the daemon reads its configuration again\n"
	"  -V, --version      print the version\n"
	"  -h, --help         this\n"
	"\n"
	"SIGHUP reads the configuration again, SIGTERM ends; what the module serves goes on\n"
	"being served. Exit status: 0 done, 1 impossible, 2 the command line is wrong.\n"
	"See ktftpd(8), ktftpd.conf(5), ktftpctl(8).\n";

static int usage(void)
{
	fprintf(stderr, "See ktftpd --help.\n");
	return STATUS_USAGE;
}

static int read_line(int argc, char **argv, struct line *line)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },   { "foreground", no_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 't' },          { "load-module", no_argument, NULL, 'l' },
		{ "set-parameters", no_argument, NULL, 'p' }, { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
	};
	int option;

	*line = (struct line){ .config = CONFIG_PATH };
	while ((option = getopt_long(argc, argv, "c:ftVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			line->config = optarg;
			break;
		case 'f':
			line->foreground = true;
			break;
		case 't':
			line->action = ACTION_CHECK;
			break;
		case 'l':
			line->action = ACTION_LOAD_MODULE;
			break;
		case 'p':
			line->action = ACTION_SET_PARAMETERS;
			break;
		case 'V':
			printf("ktftpd %s\n", KTFTP_VERSION);
			line->action = ACTION_DONE;
			return STATUS_OK;
		case 'h':
			fputs(help, stdout);
			line->action = ACTION_DONE;
			return STATUS_OK;
		default:
			return usage();
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ktftpd: what is '%s' for?\n", argv[optind]);
		return usage();
	}
	return STATUS_OK;
}

static int complain(const char *why)
{
	fprintf(stderr, "ktftpd: %s\n", why);
	return STATUS_FAILED;
}

/* The parent: ends when the child serves, or with its status when it does not. */
static void wait_for_child(pid_t child, int ready)
{
	int status = 0;
	char byte;

	if (read(ready, &byte, 1) == 1)
		_exit(STATUS_OK);
	waitpid(child, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED);
}

/*
 * Goes to the background. A service manager that is told when the daemon is ready has it in the foreground already.
 * Returns where to tell the parent, -1 without one.
 */
static int go_to_background(const struct line *line)
{
	int ends[2];
	pid_t child;

	if (line->foreground || getenv("NOTIFY_SOCKET"))
		return -1;
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child) {
		close(ends[1]);
		wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	setsid();
	return ends[1];
}

static void leave_terminal(int parent)
{
	int null;

	if (parent < 0)
		return;
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	if (chdir("/") || write(parent, "", 1) != 1)
		(void)!errno;
	close(parent);
}

static void on_end(evutil_socket_t number, short what, void *context)
{
	(void)number;
	(void)what;
	daemon_stop(context);
}

static void on_hangup(evutil_socket_t number, short what, void *context)
{
	char why[512];

	(void)number;
	(void)what;
	daemon_reload(context, why, sizeof(why));
}

static struct event *on_signal(struct daemon *d, int number, event_callback_fn fn)
{
	struct event *event = evsignal_new(d->base, number, fn, d);

	if (event && evsignal_add(event, NULL)) {
		event_free(event);
		return NULL;
	}
	return event;
}

/* Until a signal ends it. */
static int run(struct daemon *d, int parent)
{
	struct event *signals[] = {
		on_signal(d, SIGTERM, on_end),
		on_signal(d, SIGINT, on_end),
		on_signal(d, SIGHUP, on_hangup),
	};
	const size_t count = sizeof(signals) / sizeof(*signals);
	int status = STATUS_FAILED;
	size_t i;

	if (signals[0] && signals[1] && signals[2]) {
		system_ready(d->draining ? "drained" : "serving");
		leave_terminal(parent);
		event_base_dispatch(d->base);
		status = d->failed ? STATUS_FAILED : STATUS_OK;
		if (!d->failed && d->kernel)
			guard_end(d->config);
	}
	for (i = 0; i < count; i++)
		if (signals[i])
			event_free(signals[i]);
	return status;
}

static int serve(const struct line *line, struct config *config)
{
	struct start start = { .foreground = line->foreground };
	int parent = go_to_background(line), status;
	struct daemon *d = NULL;
	char why[512];

	signal(SIGPIPE, SIG_IGN);
	if (start_prepare(&start, config, why, sizeof(why))) {
		config_free(config);
		return complain(why);
	}
	if (daemon_new(&start, config, &d, why, sizeof(why))) {
		status = complain(why);
		/* Where another daemon runs, the marker is its own. */
		if (d && d->kernel && d->control)
			guard_end(d->config);
	} else {
		status = run(d, parent);
	}
	daemon_free(d);
	return status;
}

static int load_module(struct config *config)
{
	char why[512] = "";
	int err = start_load_module(config, why, sizeof(why));

	config_free(config);
	return err ? complain(why) : STATUS_OK;
}

static int set_parameters(struct config *config)
{
	char why[512] = "";
	int err = start_set_parameters(config, why, sizeof(why));

	config_free(config);
	return err ? complain(why) : STATUS_OK;
}

int main(int argc, char **argv)
{
	struct config *config;
	struct line line;
	char why[512];
	int status = read_line(argc, argv, &line);

	if (status != STATUS_OK || line.action == ACTION_DONE)
		return status;
	if (config_load(line.config, &config, why, sizeof(why)))
		return complain(why);
	switch (line.action) {
	case ACTION_CHECK:
		config_free(config);
		printf("%s: good\n", line.config);
		return STATUS_OK;
	case ACTION_LOAD_MODULE:
		return load_module(config);
	case ACTION_SET_PARAMETERS:
		return set_parameters(config);
	default:
		return serve(&line, config);
	}
}
