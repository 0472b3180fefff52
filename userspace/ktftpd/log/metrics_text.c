// SPDX-License-Identifier: GPL-2.0
/*
 * See metrics_text.h. Everything of one name stands together, as the format wants it: counters of the statistics once
 * for each engine, which its label tells.
 */
#include <errno.h>
#include <string.h>

#include "metrics_text.h"

/* What can go wrong is memory, once is enough to know. */
struct page {
	struct evbuffer *out;
	bool failed;
};

static void __attribute__((format(printf, 2, 3))) put(struct page *page, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (evbuffer_add_vprintf(page->out, format, arguments) < 0)
		page->failed = true;
	va_end(arguments);
}

static void head(struct page *page, const char *name, const char *type, const char *help)
{
	put(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void counter(struct page *page, const char *name, uint64_t value, const char *help)
{
	head(page, name, "counter", help);
	put(page, "%s %llu\n", name, (unsigned long long)value);
}

static void gauge(struct page *page, const char *name, uint64_t value, const char *help)
{
	head(page, name, "gauge", help);
	put(page, "%s %llu\n", name, (unsigned long long)value);
}

/* A value of a label: the format has escapes for three characters. */
static void put_label(struct page *page, const char *name, const char *value)
{
	put(page, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			put(page, "\\n");
		else if (*value == '\\' || *value == '"')
			put(page, "\\%c", *value);
		else
			put(page, "%c", *value);
	}
	put(page, "\"");
}

static void put_versions(struct page *page, const struct metrics_snapshot *s)
{
	head(page, "ktftp_build_info", "gauge",
	     "Versions of the daemon and of the module, which is empty without one.");
	put(page, "ktftp_build_info{");
	put_label(page, "version", KTFTP_VERSION);
	put(page, ",");
	put_label(page, "module_version", s->has_kernel ? s->info.version : "");
	put(page, "} 1\n");
}

static void put_daemon(struct page *page, const struct metrics_snapshot *s)
{
	gauge(page, "ktftp_start_time_seconds", s->started, "When the daemon began, seconds since 1970.");
	gauge(page, "ktftp_kernel_wanted", s->wants_kernel, "1 when the configuration wants the module.");
	gauge(page, "ktftp_kernel_in_use", s->has_kernel,
	      "1 when the module serves, 0 when all is served in user space.");
	gauge(page, "ktftp_attached", s->attached, "1 when requests of the module come to this daemon.");
	gauge(page, "ktftp_draining", s->draining, "1 when new requests are met with silence.");
	gauge(page, "ktftp_alarm", s->alarm, "1 when ktftpctl status has an alarm.");
}

/* "no limit" is a number as well here. */
static void put_limit(struct page *page, const char *name, uint64_t bytes, const char *help)
{
	if (bytes != KTFTP_NO_LIMIT) {
		gauge(page, name, bytes, help);
		return;
	}
	head(page, name, "gauge", help);
	put(page, "%s +Inf\n", name);
}

static void put_store(struct page *page, const struct ktftp_info *info)
{
	gauge(page, "ktftp_store_bytes", info->store_bytes, "Memory that the module's stores of all namespaces hold.");
	put_limit(page, "ktftp_store_limit_bytes", info->store_limit_bytes, "What they may hold, store_limit_mb.");
	gauge(page, "ktftp_namespace_bytes", info->namespace_bytes, "Memory that the store of this namespace holds.");
	put_limit(page, "ktftp_namespace_limit_bytes", info->namespace_limit_bytes, "What it may hold.");
}

/* ---- statistics of the engines ---- */

static uint64_t user_value(const struct metrics_snapshot *s, int i)
{
	return i == KTFTP_A_STATS_REQUESTS_IN_PROGRESS ? s->user_transfers : s->user.value[i];
}

static void put_statistic(struct page *page, const struct metrics_snapshot *s, int i)
{
	bool is_gauge = i == KTFTP_A_STATS_REQUESTS_IN_PROGRESS;
	const char *name = ktftp_stats_names[i], *suffix = is_gauge ? "" : "_total";
	const char *help = metrics_stats_help(i);

	put(page, "# HELP ktftp_%s%s %s\n", name, suffix, help ? help : "See ktftp(7).");
	put(page, "# TYPE ktftp_%s%s %s\n", name, suffix, is_gauge ? "gauge" : "counter");
	if (s->has_kernel)
		put(page, "ktftp_%s%s{engine=\"kernel\"} %llu\n", name, suffix, (unsigned long long)s->kernel.value[i]);
	put(page, "ktftp_%s%s{engine=\"user\"} %llu\n", name, suffix, (unsigned long long)user_value(s, i));
}

static void put_statistics(struct page *page, const struct metrics_snapshot *s)
{
	int i;

	for (i = 0; i <= KTFTP_A_STATS_MAX; i++)
		if (ktftp_stats_names[i])
			put_statistic(page, s, i);
}

/* ---- what the daemon does ---- */

static void put_answer(struct page *page, const char *answer, uint64_t count)
{
	put(page, "ktftp_daemon_answers_total{answer=\"%s\"} %llu\n", answer, (unsigned long long)count);
}

static void put_serve(struct page *page, const struct serve_counts *c)
{
	counter(page, "ktftp_daemon_requests_total", c->requests, "Read requests that the daemon looked at.");
	head(page, "ktftp_daemon_answers_total", "counter",
	     "What came of them: started in the kernel, served in user space, parked until their content is there, "
	     "...");
	put_answer(page, "started", c->started);
	put_answer(page, "served", c->served);
	put_answer(page, "parked", c->parked);
	put_answer(page, "not_found", c->not_found);
	put_answer(page, "silent", c->silent);
	put_answer(page, "refused", c->refused);
}

static void put_folder(struct page *page, const struct folder_status *f)
{
	gauge(page, "ktftp_folder_files", f->files, "Names that are served.");
	gauge(page, "ktftp_folder_bytes", f->bytes, "Their size.");
	gauge(page, "ktftp_folder_contents", f->contents, "Different contents.");
	gauge(page, "ktftp_folder_pinned_files", f->pinned, "Names that the module serves.");
	gauge(page, "ktftp_folder_pinned_bytes", f->pinned_bytes, "Their size.");
	gauge(page, "ktftp_folder_arriving_files", f->arriving, "Names whose content is awaited.");
	gauge(page, "ktftp_folder_left_out_files", f->left_out, "Files that are not served, for whatever reason.");
	counter(page, "ktftp_folder_ingested_files_total", f->ingested, "Files that were copied into the store.");
	counter(page, "ktftp_folder_ingested_bytes_total", f->ingested_bytes, "Their size.");
	counter(page, "ktftp_folder_rescans_total", f->rescans, "How often all folders were looked at anew.");
	counter(page, "ktftp_folder_overflows_total", f->overflows, "How often events of the folders were lost.");
	gauge(page, "ktftp_folder_watches", f->watches, "Directories that are watched.");
	gauge(page, "ktftp_folder_scanned", f->scanned, "1 when all folders were looked at once.");
	gauge(page, "ktftp_folder_problem", *f->problem != 0, "1 when ktftpctl status has a problem of the folders.");
}

static void put_log(struct page *page, const struct log_counts *c)
{
	counter(page, "ktftp_log_lines_written_total", c->written, "Lines that were logged.");
	counter(page, "ktftp_log_lines_dropped_total", c->dropped, "Lines beyond log-per-s.");
	counter(page, "ktftp_log_lines_unsent_total", c->unsent,
		"Lines that the journal or a syslog server did not get.");
}

int metrics_text(struct evbuffer *out, const struct metrics_snapshot *snapshot)
{
	struct page page = { .out = out };

	put_versions(&page, snapshot);
	put_daemon(&page, snapshot);
	if (snapshot->has_kernel)
		put_store(&page, &snapshot->info);
	put_statistics(&page, snapshot);
	put_serve(&page, &snapshot->serve);
	put_folder(&page, &snapshot->folder);
	put_log(&page, &snapshot->log);
	return page.failed ? -ENOMEM : 0;
}
