// SPDX-License-Identifier: GPL-2.0
/* What Prometheus reads, and that the alerts of packaging/ ask for nothing else. */
#include <ctype.h>
#include <event2/buffer.h>
#include <unistd.h>

#include "unit.h"

#include "log/metrics_text.h"

#define RULES "packaging/prometheus/ktftp.rules.yml"

static struct metrics_snapshot a_snapshot(void)
{
	struct metrics_snapshot s = {
		.started = 1700000000,
		.wants_kernel = true,
		.has_kernel = true,
		.info = { .version = "1.2\\3\"4\n5", .store_bytes = 4096, .store_limit_bytes = UINT64_MAX - 1 },
	};
	int i;

	for (i = 0; i <= KTFTP_A_STATS_MAX; i++) {
		s.kernel.value[i] = 1000 + i;
		s.user.value[i] = 2000 + i;
	}
	s.info.namespace_limit_bytes = KTFTP_NO_LIMIT;
	s.user_transfers = 77;
	return s;
}

/* To be freed. */
static char *page_of(const struct metrics_snapshot *s)
{
	struct evbuffer *buffer = evbuffer_new();
	size_t bytes;
	char *page;

	assert_int_equal(metrics_text(buffer, s), 0);
	bytes = evbuffer_get_length(buffer);
	page = calloc(1, bytes + 1);
	assert_int_equal(evbuffer_remove(buffer, page, bytes), bytes);
	evbuffer_free(buffer);
	return page;
}

static bool has_line(const char *page, const char *line)
{
	size_t bytes = strlen(line);
	const char *at;

	for (at = page; (at = strstr(at, line)); at++)
		if ((at == page || at[-1] == '\n') && at[bytes] == '\n')
			return true;
	return false;
}

/* The name of a sample, in a buffer of the caller's. */
static const char *name_of(const char *line, char out[128])
{
	snprintf(out, 128, "%.*s", (int)strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_"), line);
	return out;
}

static bool has_metric(const char *page, const char *name)
{
	char line[160];

	snprintf(line, sizeof(line), "# TYPE %s ", name);
	return strstr(page, line);
}

CASE(every_counter_is_there_for_each_engine)
{
	const struct metrics_snapshot s = a_snapshot();
	char *page = page_of(&s), line[160];
	int i;

	for (i = 0; i <= KTFTP_A_STATS_MAX; i++) {
		if (!ktftp_stats_names[i] || i == KTFTP_A_STATS_REQUESTS_IN_PROGRESS)
			continue;
		snprintf(line, sizeof(line), "ktftp_%s_total{engine=\"kernel\"} %d", ktftp_stats_names[i], 1000 + i);
		assert_true(has_line(page, line));
		snprintf(line, sizeof(line), "ktftp_%s_total{engine=\"user\"} %d", ktftp_stats_names[i], 2000 + i);
		assert_true(has_line(page, line));
		assert_non_null(metrics_stats_help(i));
	}
	assert_true(has_line(page, "ktftp_requests_in_progress{engine=\"kernel\"} 1007"));
	assert_true(has_line(page, "ktftp_requests_in_progress{engine=\"user\"} 77"));
	free(page);
}

CASE(what_only_grows_is_a_counter_and_nothing_else_is)
{
	const struct metrics_snapshot s = a_snapshot();
	char *page = page_of(&s), *at, name[128];
	size_t length, types = 0;

	for (at = strstr(page, "# TYPE "); at; at = strstr(at, "# TYPE ")) {
		at += strlen("# TYPE ");
		name_of(at, name);
		length = strlen(name);
		at += length + 1;
		types++;
		assert_int_equal(!strncmp(at, "counter\n", 8), length > 6 && !strcmp(name + length - 6, "_total"));
		assert_true(!strncmp(at, "counter\n", 8) || !strncmp(at, "gauge\n", 6));
	}
	assert_true(types > KTFTP_A_STATS_MAX);
	free(page);
}

/* HELP, TYPE, samples: in this order, all of one name together, no name twice. */
CASE(the_page_is_as_the_format_wants_it)
{
	const struct metrics_snapshot s = a_snapshot();
	char *page = page_of(&s), *line, *rest = page, name[128], family[128] = "", earlier[32768] = " ", word[130];
	size_t samples = 1;

	assert_int_equal(page[strlen(page) - 1], '\n');
	while ((line = strsep(&rest, "\n")) && *line) {
		if (!strncmp(line, "# HELP ", 7)) {
			assert_true(samples > 0);
			samples = 0;
			name_of(line + 7, family);
			assert_true(strlen(line) > 7 + strlen(family) + 2);
			snprintf(word, sizeof(word), " %s ", family);
			assert_null(strstr(earlier, word));
			assert_true(strlen(earlier) + strlen(word) < sizeof(earlier));
			strcat(earlier, word + 1);
			line = strsep(&rest, "\n");
			assert_int_equal(strncmp(line, "# TYPE ", 7), 0);
			assert_string_equal(name_of(line + 7, name), family);
			continue;
		}
		assert_string_equal(name_of(line, name), family);
		line = strrchr(line, ' ');
		assert_non_null(line);
		assert_true(!strcmp(line, " +Inf") || line[1 + strspn(line + 1, "0123456789")] == 0);
		samples++;
	}
	free(page);
}

CASE(labels_are_escaped)
{
	const struct metrics_snapshot s = a_snapshot();
	char *page = page_of(&s);

	assert_true(has_line(page,
			     "ktftp_build_info{version=\"" KTFTP_VERSION "\",module_version=\"1.2\\\\3\\\"4\\n5\"} 1"));
	free(page);
}

CASE(without_the_module_nothing_is_told_of_it)
{
	struct metrics_snapshot s = a_snapshot();
	char *page;

	s.has_kernel = false;
	page = page_of(&s);
	assert_null(strstr(page, "engine=\"kernel\""));
	assert_null(strstr(page, "ktftp_store_bytes"));
	assert_non_null(strstr(page, ",module_version=\"\"} 1\n"));
	assert_true(has_line(page, "ktftp_kernel_in_use 0"));
	assert_true(has_line(page, "ktftp_kernel_wanted 1"));
	free(page);
}

CASE(memory_without_a_limit_is_infinite)
{
	const struct metrics_snapshot s = a_snapshot();
	char *page = page_of(&s);

	assert_true(has_line(page, "ktftp_namespace_limit_bytes +Inf"));
	assert_true(has_line(page, "ktftp_store_limit_bytes 18446744073709551614"));
	free(page);
}

CASE(the_state_of_the_daemon_is_told)
{
	struct metrics_snapshot s = a_snapshot();
	char *page;

	s.draining = true;
	s.alarm = true;
	s.attached = true;
	snprintf(s.folder.problem, sizeof(s.folder.problem), "cannot read /srv");
	s.folder.files = 50000;
	s.serve.not_found = 3;
	s.log = (struct log_counts){ .written = 5, .dropped = 6, .unsent = 7 };
	page = page_of(&s);
	assert_true(has_line(page, "ktftp_start_time_seconds 1700000000"));
	assert_true(has_line(page, "ktftp_draining 1"));
	assert_true(has_line(page, "ktftp_alarm 1"));
	assert_true(has_line(page, "ktftp_attached 1"));
	assert_true(has_line(page, "ktftp_folder_problem 1"));
	assert_true(has_line(page, "ktftp_folder_files 50000"));
	assert_true(has_line(page, "ktftp_daemon_answers_total{answer=\"not_found\"} 3"));
	assert_true(has_line(page, "ktftp_log_lines_written_total 5"));
	assert_true(has_line(page, "ktftp_log_lines_dropped_total 6"));
	assert_true(has_line(page, "ktftp_log_lines_unsent_total 7"));
	free(page);
}

/* The tree is above the place where this was built. */
static FILE *open_in_tree(const char *path)
{
	char self[512], file[1024], *slash;
	ssize_t bytes = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *found = NULL;

	assert_true(bytes > 0);
	self[bytes] = 0;
	while (!found && (slash = strrchr(self, '/'))) {
		*slash = 0;
		snprintf(file, sizeof(file), "%s/%s", self, path);
		found = fopen(file, "r");
	}
	assert_non_null(found);
	return found;
}

CASE(alerts_ask_for_what_is_there)
{
	const struct metrics_snapshot s = a_snapshot();
	char *page = page_of(&s), line[1024], name[128], *at;
	FILE *rules = open_in_tree(RULES);
	size_t names = 0;

	while (fgets(line, sizeof(line), rules)) {
		for (at = line; (at = strstr(at, "ktftp_")); at += strlen(name)) {
			name_of(at, name);
			if (!has_metric(page, name))
				fail_msg("%s: there is no metric %s", RULES, name);
			names++;
		}
	}
	assert_true(names > 10);
	fclose(rules);
	free(page);
}

static struct unit_case cases[] = {
	RUN(every_counter_is_there_for_each_engine),
	RUN(what_only_grows_is_a_counter_and_nothing_else_is),
	RUN(the_page_is_as_the_format_wants_it),
	RUN(labels_are_escaped),
	RUN(without_the_module_nothing_is_told_of_it),
	RUN(memory_without_a_limit_is_infinite),
	RUN(the_state_of_the_daemon_is_told),
	RUN(alerts_ask_for_what_is_there),
	{},
};

SUITE(metrics_text, cases);
