// SPDX-License-Identifier: GPL-2.0
/*
 * What happened in an interval: the BPF half counts on and on, the difference between two readings is shown. Loads
 * and attaches that half, too.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ktftp_top.skel.h"
#include "top.h"

#define BATCH 1024 /* records read at once */

/* A transfer's record as it was read. */
struct seen {
	uint64_t id;
	struct top_transfer transfer;
};

/* A reading of all of them, by id. */
struct reading {
	struct seen *seen;
	size_t count;
	size_t room;
};

/* What one transfer had in the interval. */
struct change {
	const struct top_transfer *transfer;
	struct top_row row;
};

struct collector {
	struct ktftp_top *skeleton;
	int processors;
	struct top_totals *per_cpu;
	struct top_totals totals;
	struct reading now;
	struct reading before;
	uint64_t then_ns;
	__u64 *ids; /* of a batch */
	struct top_transfer *records;
	struct change *changes;
	struct top_rows clients;
	struct top_rows files;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* ---- in and out of the kernel ---- */

static const char *why_not_loaded(int err)
{
	if (err == -EPERM || err == -EACCES)
		return "not permitted: run it as root, or with CAP_BPF and CAP_PERFMON in the initial user namespace";
	if (err == -ENOSYS || libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL) == 0)
		return "this kernel has no raw tracepoints (CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS): "
		       "ktftpctl transfers --watch and ktftpctl stats do without";
	if (err == -ENOMEM)
		return "the kernel has no memory for the BPF program";
	return "the kernel does not take the BPF program: --debug says why";
}

static const char *why_not_attached(int err)
{
	if (access("/sys/module/ktftp", F_OK))
		return "the module ktftp is not loaded: modprobe ktftp";
	if (err == -ENOENT || err == -EINVAL)
		return "the module that is loaded has other tracepoints than this program knows: "
		       "install and load both of one version";
	return why_not_loaded(err);
}

/* All of it is counters of 64 bits. */
static int read_totals(struct collector *collector, struct top_totals *sum)
{
	const __u64 *from;
	__u64 *to = (__u64 *)sum;
	__u32 first = 0;
	int cpu;
	size_t i;

	if (bpf_map_lookup_elem(bpf_map__fd(collector->skeleton->maps.totals), &first, collector->per_cpu))
		return -errno;
	memset(sum, 0, sizeof(*sum));
	for (cpu = 0; cpu < collector->processors; cpu++) {
		from = (const __u64 *)&collector->per_cpu[cpu];
		for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += from[i];
	}
	return 0;
}

static int make_room(struct reading *reading, size_t more)
{
	size_t room = reading->room ? reading->room : BATCH;
	struct seen *seen;

	while (room < reading->count + more)
		room *= 2;
	if (room == reading->room)
		return 0;
	seen = realloc(reading->seen, room * sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	reading->seen = seen;
	reading->room = room;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct seen *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static int add_batch(struct collector *collector, uint32_t count)
{
	struct reading *now = &collector->now;
	uint32_t i;

	if (make_room(now, count))
		return -ENOMEM;
	for (i = 0; i < count; i++)
		now->seen[now->count++] = (struct seen){ collector->ids[i], collector->records[i] };
	return 0;
}

/* Whole buckets of the map at a time: what is there throughout is read once. */
static int read_transfers(struct collector *collector)
{
	int fd = bpf_map__fd(collector->skeleton->maps.transfers);
	uint32_t at, count;
	bool more = true, begun = false;
	int err;

	collector->now.count = 0;
	while (more) {
		count = BATCH;
		more = !bpf_map_lookup_batch(fd, begun ? &at : NULL, &at, collector->ids, collector->records, &count,
					     NULL);
		/* The end of the map. */
		if (!more && errno != ENOENT)
			return -errno;
		begun = true;
		err = add_batch(collector, count);
		if (err)
			return err;
	}
	qsort(collector->now.seen, collector->now.count, sizeof(struct seen), by_id);
	return 0;
}

/* ---- the difference ---- */

static struct top_totals totals_since(const struct top_totals *now, const struct top_totals *before)
{
	const __u64 *then = (const __u64 *)before;
	struct top_totals since = *now;
	__u64 *value = (__u64 *)&since;
	size_t i;

	for (i = 0; i < sizeof(since) / sizeof(*value); i++)
		value[i] -= then[i];
	return since;
}

static struct change change_since(const struct seen *seen, const struct seen *before)
{
	static const struct top_transfer nothing;
	const struct top_transfer *now = &seen->transfer, *then = before ? &before->transfer : &nothing;

	return (struct change){
		.transfer = now,
		.row = {
			.netns = now->netns,
			.peer_high = now->peer_high,
			.peer_low = now->peer_low,
			.name = now->name,
			.transfers = 1,
			.hits = !before && now->began,
			.blocks = now->blocks - then->blocks,
			.bytes = now->bytes - then->bytes,
			.repeats = now->repeats - then->repeats,
		},
	};
}

/* Both readings are by id. */
static int find_changes(struct collector *collector)
{
	const struct reading *now = &collector->now, *before = &collector->before;
	struct change *changes;
	size_t i, j = 0;
	bool known;

	changes = realloc(collector->changes, (now->count + 1) * sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	collector->changes = changes;
	for (i = 0; i < now->count; i++) {
		while (j < before->count && before->seen[j].id < now->seen[i].id)
			j++;
		known = j < before->count && before->seen[j].id == now->seen[i].id;
		changes[i] = change_since(&now->seen[i], known ? &before->seen[j] : NULL);
	}
	return 0;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_client(const void *a, const void *b)
{
	const struct top_row *left = &((const struct change *)a)->row, *right = &((const struct change *)b)->row;
	int order = compare(left->netns, right->netns);

	if (!order)
		order = compare(left->peer_high, right->peer_high);
	return order ? order : compare(left->peer_low, right->peer_low);
}

static int by_file(const void *a, const void *b)
{
	const struct top_row *left = &((const struct change *)a)->row, *right = &((const struct change *)b)->row;
	int order = compare(left->netns, right->netns);

	return order ? order : strcmp(left->name, right->name);
}

/* The busiest first, then those that have waited longest in the order they came in. */
static int by_activity(const void *a, const void *b)
{
	const struct top_row *left = a, *right = b;
	int order = compare(right->blocks, left->blocks);

	if (!order)
		order = compare(right->transfers, left->transfers);
	return order ? order : compare(left->peer_low, right->peer_low);
}

/* Adds up the changes that compare equal: by file, or by client, whose rows have no name. */
static int group(struct collector *collector, bool files, struct top_rows *rows)
{
	int (*same)(const void *, const void *) = files ? by_file : by_client;
	size_t count = collector->now.count, i;
	struct top_row *row;

	row = realloc(rows->row, (count + 1) * sizeof(*row));
	if (!row)
		return -ENOMEM;
	rows->row = row;
	rows->count = 0;
	qsort(collector->changes, count, sizeof(struct change), same);
	for (i = 0; i < count; i++) {
		const struct change *change = &collector->changes[i];

		if (!i || same(change - 1, change)) {
			row = &rows->row[rows->count++];
			*row = change->row;
			if (!files)
				row->name = NULL;
			continue;
		}
		row->transfers += change->row.transfers;
		row->hits += change->row.hits;
		row->blocks += change->row.blocks;
		row->bytes += change->row.bytes;
		row->repeats += change->row.repeats;
	}
	qsort(rows->row, rows->count, sizeof(*row), by_activity);
	return 0;
}

/* What has ended was told now. Returns how many have not. */
static uint64_t forget_ended(struct collector *collector)
{
	int fd = bpf_map__fd(collector->skeleton->maps.transfers);
	uint64_t running = 0;
	size_t i;

	for (i = 0; i < collector->now.count; i++) {
		const struct seen *seen = &collector->now.seen[i];

		if (seen->transfer.ended)
			bpf_map_delete_elem(fd, &seen->id);
		else
			running++;
	}
	return running;
}

static int read_all(struct collector *collector, struct top_totals *totals)
{
	struct reading last = collector->before;
	int err;

	collector->before = collector->now;
	collector->now = last;
	err = read_totals(collector, totals);
	return err ? err : read_transfers(collector);
}

static int add_up(struct collector *collector)
{
	int err = find_changes(collector);

	if (!err)
		err = group(collector, false, &collector->clients);
	return err ? err : group(collector, true, &collector->files);
}

/**
 * collect() - what happened since the last time, or since it was attached
 * @collector: collector
 * @interval: where it goes; its rows stay until the next time
 *
 * Return: 0 or a negative errno.
 */
int collect(struct collector *collector, struct top_interval *interval)
{
	struct top_totals totals;
	uint64_t now = now_ns();
	int err = read_all(collector, &totals);

	if (!err)
		err = add_up(collector);
	if (err)
		return err;
	*interval = (struct top_interval){
		.seconds = (now - collector->then_ns) / 1e9,
		.running = forget_ended(collector),
		.totals = totals_since(&totals, &collector->totals),
		.clients = collector->clients,
		.files = collector->files,
	};
	collector->then_ns = now;
	collector->totals = totals;
	return 0;
}

static int allocate(struct collector *collector)
{
	collector->processors = libbpf_num_possible_cpus();
	if (collector->processors < 0)
		return collector->processors;
	collector->per_cpu = calloc(collector->processors, sizeof(*collector->per_cpu));
	collector->ids = calloc(BATCH, sizeof(*collector->ids));
	collector->records = calloc(BATCH, sizeof(*collector->records));
	return collector->per_cpu && collector->ids && collector->records ? 0 : -ENOMEM;
}

/**
 * collector_new() - load the BPF half and attach it
 * @only_netns: inode number of the namespace to look at, 0 for all
 * @error: why not, when it fails
 *
 * Return: the collector, or NULL.
 */
struct collector *collector_new(uint32_t only_netns, const char **error)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int err;

	*error = "out of memory";
	if (!collector)
		return NULL;
	if (allocate(collector))
		goto fail;
	collector->skeleton = ktftp_top__open();
	if (!collector->skeleton)
		goto fail;
	collector->skeleton->rodata->only_netns = only_netns;
	err = ktftp_top__load(collector->skeleton);
	if (err) {
		*error = why_not_loaded(err);
		goto fail;
	}
	err = ktftp_top__attach(collector->skeleton);
	if (err) {
		*error = why_not_attached(err);
		goto fail;
	}
	collector->then_ns = now_ns();
	return collector;

fail:
	collector_free(collector);
	return NULL;
}

/**
 * collector_free() - detach it and free what it has
 * @collector: collector, or NULL
 */
void collector_free(struct collector *collector)
{
	if (!collector)
		return;
	ktftp_top__destroy(collector->skeleton);
	free(collector->per_cpu);
	free(collector->ids);
	free(collector->records);
	free(collector->now.seen);
	free(collector->before.seen);
	free(collector->changes);
	free(collector->clients.row);
	free(collector->files.row);
	free(collector);
}
