// SPDX-License-Identifier: GPL-2.0
/* Looking at the machine: memory, disk, watches, clock. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "probe.h"

int read_line(const char *path, char *line, size_t room)
{
	FILE *file = fopen(path, "re");

	*line = 0;
	if (!file)
		return -errno;
	if (fgets(line, room, file))
		line[strcspn(line, "\n")] = 0;
	fclose(file);
	return 0;
}

uint64_t read_number(const char *path)
{
	char line[32];

	return read_line(path, line, sizeof(line)) ? 0 : strtoull(line, NULL, 10);
}

static void probe_memory(struct host_facts *h)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %llu kB", &kib) == 1)
			h->memory_bytes = kib * 1024;
		else if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			h->available_bytes = kib * 1024;
	}
	if (file)
		fclose(file);
}

/* A program is not made after it is run. */
static void probe_clock(struct host_facts *h)
{
	struct timex clock = {};
	struct stat self;
	int state = adjtimex(&clock);

	h->now = time(NULL);
	h->built = stat("/proc/self/exe", &self) ? 0 : self.st_mtime;
	if (state >= 0)
		h->clock_synchronised = state == TIME_ERROR || (clock.status & STA_UNSYNC) ? NO : YES;
}

static void probe_state(const char *path, struct host_facts *h)
{
	struct statvfs fs;

	if (statvfs(path, &fs)) {
		h->state_is_there = errno == ENOENT || errno == ENOTDIR ? NO : NOT_KNOWN;
		return;
	}
	h->state_is_there = YES;
	h->state_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	h->state_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	/* Of others' permissions root alone can tell nothing bad. */
	if (fs.f_flag & ST_RDONLY)
		h->state_writable = NO;
	else
		h->state_writable = geteuid() ? NOT_KNOWN : access(path, W_OK) ? NO : YES;
}

void probe_host(struct ctl *ctl, struct facts *f)
{
	struct host_facts *h = &f->host;

	h->has_store = ctl->k && !ktftp_info_get(ctl->k, &h->store);
	probe_memory(h);
	probe_clock(h);
	probe_state(f->daemon.state_dir, h);
	h->watches_max = read_number("/proc/sys/fs/inotify/max_user_watches");
}
