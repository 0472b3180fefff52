// SPDX-License-Identifier: GPL-2.0
/* ktftp-top: clients, files, repeats and round trips of the module's downloads, live. Options, and the loop. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

struct options {
	double interval_s;
	unsigned long count; /* 0 for ever */
	bool json;
	uint32_t netns; /* 0 for all */
};

static const char usage[] =
	"Usage: ktftp-top [-i SECONDS] [-n COUNT] [-j] [-N NAMESPACE]\n"
	"\n"
	"Shows what the module ktftp sends: clients, files, blocks per second, repeats, round trips.\n"
	"\n"
	"  -i, --interval SECONDS  between two looks, 0.1 to 86400; 1\n"
	"  -n, --count COUNT       how many intervals to show before it ends; 0, for ever\n"
	"  -j, --json              a line of JSON an interval\n"
	"  -N, --netns NAMESPACE   of one network namespace alone: a name of ip-netns(8), or a path\n"
	"      --debug             what libbpf says, on standard error\n"
	"  -V, --version           the version\n"
	"  -h, --help              this text\n";

static bool debugging;

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return debugging ? vfprintf(stderr, format, args) : 0;
}

static enum status wrong(const char *what, const char *value)
{
	fprintf(stderr, "ktftp-top: %s%s%s\n%s", what, value ? ": " : "", value ? value : "", usage);
	return STATUS_USAGE;
}

static bool parse_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return end != text && !*end && *seconds >= 0.1 && *seconds <= 86400;
}

static bool parse_count(const char *text, unsigned long *count)
{
	char *end;

	errno = 0;
	*count = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

/* The inode of a namespace is what the tracepoints know it by. */
static bool find_netns(const char *name, uint32_t *netns)
{
	char path[PATH_MAX];
	struct stat file;

	snprintf(path, sizeof(path), strchr(name, '/') ? "%s" : "/run/netns/%s", name);
	if (stat(path, &file))
		return false;
	*netns = file.st_ino;
	return true;
}

/* Returns -1 to go on. */
static int parse_option(int option, struct options *options)
{
	switch (option) {
	case 'i':
		return parse_seconds(optarg, &options->interval_s) ? -1 : (int)wrong("no interval", optarg);
	case 'n':
		return parse_count(optarg, &options->count) ? -1 : (int)wrong("no count", optarg);
	case 'j':
		options->json = true;
		return -1;
	case 'N':
		if (find_netns(optarg, &options->netns))
			return -1;
		fprintf(stderr, "ktftp-top: no network namespace %s: %s\n", optarg, strerror(errno));
		return STATUS_FAILED;
	case 'd':
		debugging = true;
		return -1;
	case 'V':
		puts("ktftp-top " KTFTP_VERSION);
		return STATUS_OK;
	case 'h':
		fputs(usage, stdout);
		return STATUS_OK;
	default:
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "interval", required_argument, NULL, 'i' }, { "count", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },           { "netns", required_argument, NULL, 'N' },
		{ "debug", no_argument, NULL, 'd' },          { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },           {},
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "i:n:jN:Vh", names, NULL)) != -1) {
		status = parse_option(option, options);
		if (status >= 0)
			return status;
	}
	return argv[optind] ? (int)wrong("what is that", argv[optind]) : -1;
}

static void add_seconds(struct timespec *time, double seconds)
{
	long long ns = time->tv_nsec + (long long)(seconds * 1e9);

	time->tv_sec += ns / 1000000000;
	time->tv_nsec = ns % 1000000000;
}

/* Waits until then, or for a signal that is blocked, which ends us: returns false. */
static bool wait_until(const struct timespec *then, const sigset_t *signals)
{
	struct timespec now, left;
	long long ns;

	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = (then->tv_sec - now.tv_sec) * 1000000000ll + then->tv_nsec - now.tv_nsec;
		ns = ns > 0 ? ns : 0;
		left = (struct timespec){ ns / 1000000000, ns % 1000000000 };
		if (sigtimedwait(signals, NULL, &left) > 0)
			return false;
	} while (errno == EINTR);
	return true;
}

static enum status show(struct collector *collector, const struct options *options, bool terminal)
{
	struct top_interval interval;
	int err = collect(collector, &interval);

	if (err) {
		fprintf(stderr, "ktftp-top: cannot read what was counted: %s\n", strerror(-err));
		return STATUS_FAILED;
	}
	if (options->json)
		print_json(&interval);
	else
		print_text(&interval, terminal);
	if (fflush(stdout)) {
		fprintf(stderr, "ktftp-top: cannot write: %s\n", strerror(errno));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

static enum status run(struct collector *collector, const struct options *options, const sigset_t *signals)
{
	bool terminal = !options->json && isatty(STDOUT_FILENO);
	enum status status = STATUS_OK;
	unsigned long shown = 0;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	if (terminal)
		printf("\033[H\033[J");
	while (status == STATUS_OK && (!options->count || shown++ < options->count)) {
		add_seconds(&next, options->interval_s);
		if (!wait_until(&next, signals))
			break;
		status = show(collector, options, terminal);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { .interval_s = 1 };
	int status = parse_options(argc, argv, &options);
	struct collector *collector;
	const char *error;
	sigset_t signals;

	if (status >= 0)
		return status;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	libbpf_set_print(print_libbpf);
	collector = collector_new(options.netns, &error);
	if (!collector) {
		fprintf(stderr, "ktftp-top: %s\n", error);
		return STATUS_FAILED;
	}
	status = run(collector, &options, &signals);
	collector_free(collector);
	return status;
}
