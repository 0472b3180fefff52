// SPDX-License-Identifier: GPL-2.0
/* Judging the machine: memory, disk, watches, clock. */
#include <string.h>
#include <time.h>

#include "doctor.h"

#define NEARLY_PERCENT 90
#define LITTLE_PERCENT 5
#define LITTLE_BYTES   (64ULL << 20)
#define DAY_S          86400

static bool is_nearly(uint64_t used, uint64_t most)
{
	return most && most != KTFTP_NO_LIMIT && used >= most / 100 * NEARLY_PERCENT;
}

static void judge_budget(const struct ktftp_info *s, struct findings *out)
{
	char held[32], most[32];

	if (is_nearly(s->namespace_bytes, s->namespace_limit_bytes))
		found(out, LEVEL_WARNING, "ktftpctl budget set SIZE|none",
		      "the store of this network namespace holds %s of %s",
		      show_bytes(s->namespace_bytes, held, sizeof(held)),
		      show_bytes(s->namespace_limit_bytes, most, sizeof(most)));
	if (is_nearly(s->store_bytes, s->store_limit_bytes))
		found(out, LEVEL_WARNING, "raise store_limit_mb, see ktftp(7)", "the module's store holds %s of %s",
		      show_bytes(s->store_bytes, held, sizeof(held)),
		      show_bytes(s->store_limit_bytes, most, sizeof(most)));
}

/* What the store may still take cannot be paged out. */
static void judge_growth(const struct host_facts *h, struct findings *out)
{
	uint64_t left = h->store.store_limit_bytes - h->store.store_bytes;
	char more[32], available[32];

	if (h->store.store_limit_bytes < h->store.store_bytes || !h->available_bytes || left <= h->available_bytes)
		return;
	found(out, LEVEL_WARNING, "more memory, or a smaller store_limit_mb (see ktftp(7))",
	      "the module's store may take %s more, and %s of memory are available",
	      show_bytes(left, more, sizeof(more)), show_bytes(h->available_bytes, available, sizeof(available)));
}

void judge_memory(const struct facts *f, struct findings *out)
{
	const struct host_facts *h = &f->host;
	const size_t before = out->count;
	char held[32], available[32];

	show_bytes(h->available_bytes, available, sizeof(available));
	if (!h->has_store) {
		found(out, LEVEL_OK, NULL, "%s are available; the module holds nothing", available);
		return;
	}
	judge_budget(&h->store, out);
	judge_growth(h, out);
	if (out->count == before)
		found(out, LEVEL_OK, NULL, "the store holds %s; %s are available",
		      show_bytes(h->store.store_bytes, held, sizeof(held)), available);
}

void judge_state(const struct facts *f, struct findings *out)
{
	const struct host_facts *h = &f->host;
	const char *path = f->daemon.state_dir;
	char room[32];

	show_bytes(h->state_free_bytes, room, sizeof(room));
	if (h->state_is_there == NO)
		found(out, f->daemon.running == YES ? LEVEL_ERROR : LEVEL_UNKNOWN, "systemctl restart ktftpd makes it",
		      "there is no %s", path);
	else if (h->state_is_there == NOT_KNOWN)
		found(out, LEVEL_UNKNOWN, "run it as root", "cannot look at %s", path);
	else if (h->state_writable == NO)
		found(out, LEVEL_ERROR, "state-dir in ktftpd.conf, on a file system that can be written",
		      "%s cannot be written: nothing new can be served", path);
	else if (h->state_free_bytes < LITTLE_BYTES || h->state_free_bytes < h->state_bytes / 100 * LITTLE_PERCENT)
		found(out, LEVEL_WARNING, "make room, or move state-dir (ktftpd.conf)", "%s are free at %s", room,
		      path);
	else
		found(out, LEVEL_OK, NULL, "%s are free at %s", room, path);
}

void judge_watches(const struct facts *f, struct findings *out)
{
	unsigned long long used = f->daemon.watches, most = f->host.watches_max;
	char cure[TEXT_ROOM];

	if (!f->daemon.has_folder || !most) {
		found(out, LEVEL_UNKNOWN, NULL, "how many directories are watched is not known");
		return;
	}
	snprintf(cure, sizeof(cure), "sysctl fs.inotify.max_user_watches=%llu, and in /etc/sysctl.d", 2 * most);
	found(out, is_nearly(used, most) ? LEVEL_WARNING : LEVEL_OK, is_nearly(used, most) ? cure : NULL,
	      "%llu directories are watched, %llu could be", used, most);
}

void judge_clock(const struct facts *f, struct findings *out)
{
	const struct host_facts *h = &f->host;
	const char *cure = "timedatectl set-ntp true, or install chrony";
	time_t now = h->now;
	struct tm tm = {};

	gmtime_r(&now, &tm);
	/* What a batch of phones thinks of certificates and of files' times depends on it. */
	if (h->now + DAY_S < h->built)
		found(out, LEVEL_ERROR, cure, "the clock says %d, which is before ktftpctl was made",
		      1900 + tm.tm_year);
	else if (h->clock_synchronised == NO)
		found(out, LEVEL_WARNING, cure, "the clock is not synchronised");
	else if (h->clock_synchronised == YES)
		found(out, LEVEL_OK, NULL, "synchronised");
	else
		found(out, LEVEL_UNKNOWN, NULL, "whether the clock is synchronised cannot be seen");
}
