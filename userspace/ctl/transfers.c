// SPDX-License-Identifier: GPL-2.0
/* ktftpctl transfers: what runs now; with --watch a table that follows it, with what has just ended below. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ctl.h"
#include "server.h"

#define RECENT     64 /* ended transfers remembered */
#define REPAINT_MS 500

const char help_transfers[] =
	"  transfers [--watch]\n"
	"                     list running transfers; --watch repaints until interrupted\n";

static const char *state_name(uint32_t state)
{
	return enum_name(ktftp_transfer_state_names, KTFTP_TRANSFER_STATE_LINGERING + 1, state);
}

static const char *end_name(uint32_t end)
{
	return enum_name(ktftp_transfer_end_names, KTFTP_TRANSFER_END_WITHDRAWN + 1, end);
}

static void print_header(void)
{
	printf("%-28s %-28s %10s %5s %12s %6s %7s %8s %s\n", "CLIENT", "NAME", "SIZE", "DONE", "RATE", "WINDOW",
	       "REPEATS", "RTT", "STATE");
}

static void print_row(const struct ktftp_transfer *t, const char *state)
{
	char client[64], name[KTFTP_NAME_MAX + 1], size[32], rate[32], rtt[32];
	unsigned int percent = t->size ? t->bytes * 100 / t->size : 100;

	snprintf(rtt, sizeof(rtt), "%.1fms", t->srtt_us / 1000.0);
	printf("%-28s %-28s %10s %4u%% %12s %6u %7u %8s %s\n",
	       show_endpoint(&t->client, t->client_port, client, sizeof(client)),
	       show_name(t->name, name, sizeof(name)), show_bytes(t->size, size, sizeof(size)), percent,
	       show_rate(t->bytes, t->age_ms, rate, sizeof(rate)), t->windowsize, t->repeats, rtt, state);
}

static int print_running(const struct ktftp_transfer *t, const char *engine, void *context)
{
	size_t *rows = context;

	(void)engine;
	if (rows && !*rows)
		return 0;
	if (rows)
		--*rows;
	print_row(t, state_name(t->state));
	return 0;
}

static int add_json(const struct ktftp_transfer *t, const char *engine, void *context)
{
	json_t *item = json_transfer(t);

	json_object_set_new(item, "state", json_string(state_name(t->state)));
	json_object_set_new(item, "engine", json_string(engine));
	return json_array_append_new(context, item);
}

static int list_json(struct ctl *ctl)
{
	json_t *array = json_array();
	int status = each_transfer(ctl, add_json, array);

	if (!status)
		print_json(array);
	json_decref(array);
	return status;
}

/* The transfers that ended last, the latest at @next - 1. */
struct recent {
	struct ktftp_transfer list[RECENT];
	size_t next;
};

static void remember(const struct ktftp_transfer *t, void *context)
{
	struct recent *recent = context;

	recent->list[recent->next++ % RECENT] = *t;
}

static size_t screen_rows(void)
{
	const char *lines = getenv("LINES");
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row)
		return size.ws_row;
	return lines && atoi(lines) > 0 ? atoi(lines) : 24;
}

static int repaint(struct ctl *ctl, const struct recent *recent)
{
	size_t rows = screen_rows(), left, i;
	int status;

	rows = rows > 8 ? rows - 4 : 4;
	left = rows;
	/* Home, and clear what follows; no flicker. */
	printf("\033[H\033[J");
	print_header();
	status = each_transfer(ctl, print_running, &left);
	if (status)
		return status;
	for (i = 0; i < RECENT && i < recent->next && left; i++, left--) {
		const struct ktftp_transfer *t = &recent->list[(recent->next - 1 - i) % RECENT];

		print_row(t, end_name(t->end));
	}
	fflush(stdout);
	return CTL_OK;
}

static int interrupts(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int watch(struct ctl *ctl)
{
	struct recent recent = {};
	const struct ktftp_events events = { .end = remember, .context = &recent };
	struct pollfd fds[2] = { { .fd = interrupts(), .events = POLLIN }, { .events = POLLIN } };
	int status = CTL_OK;

	if (ctl->k && ktftp_events_open(ctl->k))
		return module_failed(ctl);
	/* Without the module what has ended is not told. */
	fds[1].fd = ctl->k ? ktftp_events_fd(ctl->k) : -1;
	while (status == CTL_OK) {
		status = repaint(ctl, &recent);
		if (poll(fds, 2, REPAINT_MS) < 0 && errno != EINTR)
			return failed(ctl, "poll: %s", strerror(errno));
		if (fds[0].revents)
			break;
		if (fds[1].revents && ktftp_events_read(ctl->k, &events))
			status = module_failed(ctl);
		/* Many may end at once: not a repaint for each. */
		if (fds[1].revents)
			usleep(REPAINT_MS * 1000 / 4);
	}
	close(fds[0].fd);
	return status;
}

static int print_with_header(const struct ktftp_transfer *t, const char *engine, void *context)
{
	bool *headed = context;

	if (!*headed)
		print_header();
	*headed = true;
	return print_running(t, engine, NULL);
}

/* Nothing is printed before the kernel has answered: it may refuse. */
static int list_table(struct ctl *ctl)
{
	bool headed = false;
	int status = each_transfer(ctl, print_with_header, &headed);

	if (!status && !headed)
		print_header();
	return status;
}

int cmd_transfers(struct ctl *ctl, struct words *words)
{
	bool watching = take_word(words, "--watch");
	int status = end_of_line(ctl, words);

	if (!status && watching && ctl->json)
		status = usage(ctl, "--watch is for a terminal: take -j monitor");
	if (!status)
		status = connect_server(ctl);
	if (status)
		return status;
	if (watching)
		return watch(ctl);
	if (ctl->json)
		return list_json(ctl);
	return list_table(ctl);
}
