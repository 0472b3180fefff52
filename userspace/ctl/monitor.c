// SPDX-License-Identifier: GPL-2.0
/* ktftpctl monitor: events as they happen, a line each. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "ctl.h"

const char help_monitor[] =
	"  monitor            tell of transfers that begin and end, and of names that are missing\n";

static void print_time(void)
{
	struct timespec now;
	struct tm local;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	printf("%s.%03ld ", text, now.tv_nsec / 1000000);
}

static void print_event(const char *event, json_t *object)
{
	json_object_set_new(object, "event", json_string(event));
	print_json(object);
	json_decref(object);
}

static void on_start(const struct ktftp_transfer *t, void *context)
{
	const struct ctl *ctl = context;
	char client[64], name[KTFTP_NAME_MAX + 1], size[32];

	if (ctl->json) {
		print_event("start", json_transfer(t));
		return;
	}
	print_time();
	printf("start %s %s %s", show_endpoint(&t->client, t->client_port, client, sizeof(client)),
	       show_name(t->name, name, sizeof(name)), show_bytes(t->size, size, sizeof(size)));
	if (t->windowsize > 1)
		printf(", windows of %u", t->windowsize);
	putchar('\n');
}

static const char *end_name(uint32_t end)
{
	return enum_name(ktftp_transfer_end_names, KTFTP_TRANSFER_END_WITHDRAWN + 1, end);
}

static void on_end(const struct ktftp_transfer *t, void *context)
{
	const struct ctl *ctl = context;
	char client[64], name[KTFTP_NAME_MAX + 1], bytes[32], age[32], rate[32];

	if (ctl->json) {
		json_t *object = json_transfer(t);

		json_object_set_new(object, "end", json_string(end_name(t->end)));
		print_event("end", object);
		return;
	}
	print_time();
	printf("end   %s %s %s: %s in %s, %s, %u repeats\n",
	       show_endpoint(&t->client, t->client_port, client, sizeof(client)),
	       show_name(t->name, name, sizeof(name)), end_name(t->end), show_bytes(t->bytes, bytes, sizeof(bytes)),
	       show_age(t->age_ms, age, sizeof(age)), show_rate(t->bytes, t->age_ms, rate, sizeof(rate)), t->repeats);
}

static void on_miss(const struct ktftp_miss *miss, void *context)
{
	const struct ctl *ctl = context;
	char client[64], name[KTFTP_NAME_MAX + 1];

	if (ctl->json) {
		print_event("miss", json_pack("{s:s, s:i, s:o}", "client",
					      show_address(&miss->client, client, sizeof(client)), "client_port",
					      miss->client_port, "name", json_name(miss->name)));
		return;
	}
	print_time();
	printf("miss  %s %s\n", show_endpoint(&miss->client, miss->client_port, client, sizeof(client)),
	       show_name(miss->name, name, sizeof(name)));
}

static void on_lost(uint64_t count, void *context)
{
	const struct ctl *ctl = context;

	if (ctl->json) {
		print_event("lost", json_pack("{s:I}", "count", (json_int_t)count));
		return;
	}
	print_time();
	printf("lost  %llu events\n", (unsigned long long)count);
}

int cmd_monitor(struct ctl *ctl, struct words *words)
{
	const struct ktftp_events events = {
		.start = on_start,
		.end = on_end,
		.miss = on_miss,
		.lost = on_lost,
		.context = ctl,
	};
	struct pollfd fd = { .events = POLLIN };
	int status = end_of_line(ctl, words);

	if (!status)
		status = connect_module(ctl);
	if (status)
		return status;
	if (ktftp_events_open(ctl->k))
		return module_failed(ctl);
	fd.fd = ktftp_events_fd(ctl->k);
	for (;;) {
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return failed(ctl, "poll: %s", strerror(errno));
		if (ktftp_events_read(ctl->k, &events))
			return module_failed(ctl);
		/* Who reads from a pipe wants lines as they come; who went away ends us. */
		if (fflush(stdout))
			return CTL_OK;
	}
}
