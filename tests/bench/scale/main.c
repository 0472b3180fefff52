// SPDX-License-Identifier: GPL-2.0
/*
 * crowd: as many TFTP clients as there are addresses and ports, behind one packet socket. Does what the lines of its
 * standard input say, and answers each with a line of JSON; see usage().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/ethernet.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"

static void usage(void)
{
	puts("Usage: crowd --device NAME --server ADDRESS --server-mac MAC [OPTIONS]\n"
	     "\n"
	     "TFTP clients that are addresses and ports alone. The server needs a route to their addresses by way of\n"
	     "this host, which must not forward what comes for them. Needs CAP_NET_RAW and CAP_NET_ADMIN.\n"
	     "\n"
	     "  --clients N      at most (100000)\n"
	     "  --first ADDRESS  address of the first ones (198.19.0.1)\n"
	     "  --ports N        clients of one address (100)\n"
	     "  --file NAME      what they ask for (file); its byte number n is n % 251\n"
	     "  --timeout S      value of the option \"timeout\" (30)\n"
	     "  --interval S     from one acknowledgement of a slow client to its next (20)\n"
	     "  --at-once N      clients that may wait for the answer to their request (256)\n"
	     "\n"
	     "Lines of standard input; all clients are slow but where it says so:\n"
	     "  grow N SECONDS       ask until N have been answered, or time runs out\n"
	     "  idle SECONDS         nothing but slow clients\n"
	     "  lockstep K SECONDS   the first K answer every block at once\n"
	     "  turns K SECONDS      all acknowledge a block in turn, K at a time\n"
	     "  abort                all give up, and say so\n"
	     "Each is answered by a line of JSON.");
}

static int number(const char *text, unsigned int least, unsigned int *value)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || n < least || n > 10000000)
		return -EINVAL;
	*value = n;
	return 0;
}

static int address(const char *text, uint32_t *value)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return -EINVAL;
	*value = ntohl(in.s_addr);
	return 0;
}

struct arguments {
	struct crowd_settings settings;
	const char *device;
	struct ether_addr server_mac;
	unsigned int clients;
};

static int take_option(struct arguments *arguments, int option, const char *value)
{
	struct crowd_settings *settings = &arguments->settings;
	const struct ether_addr *mac;

	switch (option) {
	case 'd':
		arguments->device = value;
		return 0;
	case 's':
		return address(value, &settings->server);
	case 'm':
		mac = ether_aton(value);
		if (mac)
			arguments->server_mac = *mac;
		return mac ? 0 : -EINVAL;
	case 'c':
		return number(value, 1, &arguments->clients);
	case 'f':
		return address(value, &settings->first);
	case 'p':
		return number(value, 1, &settings->ports);
	case 'n':
		settings->file = value;
		return strlen(value) < 256 ? 0 : -EINVAL;
	case 't':
		return number(value, 1, &settings->timeout_s);
	case 'i':
		return number(value, 1, &settings->interval_s);
	case 'a':
		return number(value, 1, &settings->at_once);
	default:
		return -EINVAL;
	}
}

static int take_arguments(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "server", required_argument, NULL, 's' },
		{ "server-mac", required_argument, NULL, 'm' },
		{ "clients", required_argument, NULL, 'c' },
		{ "first", required_argument, NULL, 'f' },
		{ "ports", required_argument, NULL, 'p' },
		{ "file", required_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{ "interval", required_argument, NULL, 'i' },
		{ "at-once", required_argument, NULL, 'a' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (take_option(arguments, option, optarg))
			return -EINVAL;
	return optind == argc && arguments->device && arguments->settings.server ? 0 : -EINVAL;
}

static void answer(const struct crowd *crowd, const char *command, bool ok, uint32_t begun_ms)
{
	const struct crowd_counts *counts = &crowd->counts;

	printf("{\"command\": \"%s\", \"ok\": %s, \"seconds\": %.3f, ", command, ok ? "true" : "false",
	       (crowd_now_ms() - begun_ms) / 1000.0);
	printf("\"asked\": %u, \"running\": %u, \"refused\": %u, ", crowd->asked, crowd->running, crowd->refused);
	printf("\"requests\": %llu, \"blocks\": %llu, ", (unsigned long long)counts->requests,
	       (unsigned long long)counts->blocks);
	printf("\"repeated\": %llu, \"unanswered\": %llu, ", (unsigned long long)counts->repeated,
	       (unsigned long long)counts->unanswered);
	printf("\"dropped\": %lu, \"wrong\": %llu, ", crowd->wire.dropped, (unsigned long long)counts->wrong);
	printf("\"errors\": %llu, \"error\": \"%s\"}\n", (unsigned long long)counts->errors, crowd->error);
	fflush(stdout);
}

/* Returns a negative errno when there is no such command. */
static int obey(struct crowd *crowd, const char *line)
{
	uint32_t begun_ms = crowd_now_ms();
	unsigned int count, seconds;
	char command[16];
	bool ok = true;
	int words;

	crowd->counts = (struct crowd_counts){};
	words = sscanf(line, "%15s %u %u", command, &count, &seconds);
	if (words == 3 && !strcmp(command, "grow"))
		ok = crowd_grow(crowd, count, seconds);
	else if (words == 2 && !strcmp(command, "idle"))
		crowd_idle(crowd, count);
	else if (words == 3 && !strcmp(command, "lockstep"))
		crowd_in_lock_step(crowd, count, seconds);
	else if (words == 3 && !strcmp(command, "turns"))
		crowd_in_turn(crowd, count, seconds);
	else if (words == 1 && !strcmp(command, "abort"))
		crowd_abort(crowd);
	else
		return -EINVAL;
	answer(crowd, command, ok, begun_ms);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.settings = { .first = 198u << 24 | 19 << 16 | 1,
			      .ports = 100,
			      .file = "file",
			      .timeout_s = 30,
			      .interval_s = 20,
			      .at_once = 256 },
		.clients = 100000,
	};
	static struct crowd crowd;
	char line[256];
	int err;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage();
		return 0;
	}
	if (take_arguments(&arguments, argc, argv)) {
		fputs("crowd: wrong usage, see crowd --help\n", stderr);
		return 2;
	}
	err = crowd_open(&crowd, &arguments.settings, arguments.device, arguments.server_mac.ether_addr_octet,
			 arguments.clients);
	if (err) {
		fprintf(stderr, "crowd: %s: %s\n", arguments.device, strerror(-err));
		return 1;
	}
	while (!err && fgets(line, sizeof(line), stdin))
		err = obey(&crowd, line);
	if (err)
		fprintf(stderr, "crowd: what is '%.*s'?\n", (int)strcspn(line, "\n"), line);
	crowd_close(&crowd);
	return err ? 2 : 0;
}
