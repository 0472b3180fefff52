// SPDX-License-Identifier: GPL-2.0
/*
 * The half of ktftp-top that runs in the kernel, at the module's tracepoints (kmod/trace.h has their contract). Raw
 * tracepoints, and nothing but scalars: it needs no types of the module, and so no BTF of it.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "ktftp_top.h"

/* enum ktftp_ack: all others move a transfer on. */
#define ACK_DUPLICATE 2
#define ACK_STALE     3

const volatile __u32 only_netns; /* 0 for all of the host's */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TOP_TRANSFERS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct top_transfer);
} transfers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct top_totals);
} totals SEC(".maps");

/* What a new record is a copy of. */
static const struct top_transfer blank;

static bool wanted(__u32 netns)
{
	return !only_netns || netns == only_netns;
}

static struct top_totals *own_totals(void)
{
	__u32 first = 0;

	return bpf_map_lookup_elem(&totals, &first);
}

/* A record for a transfer that has none; NULL when there is no room. Nobody else looks for it while it is filled in. */
static struct top_transfer *new_record(__u64 id, __u32 netns, __u64 peer_high, __u64 peer_low, __u16 peer_port,
				       const char *name)
{
	struct top_transfer *record;

	bpf_map_update_elem(&transfers, &id, &blank, BPF_NOEXIST);
	record = bpf_map_lookup_elem(&transfers, &id);
	if (!record)
		return NULL;
	record->peer_high = peer_high;
	record->peer_low = peer_low;
	record->peer_port = peer_port;
	record->netns = netns;
	bpf_probe_read_kernel_str(record->name, sizeof(record->name), name);
	return record;
}

SEC("raw_tp/ktftp_request")
int BPF_PROG(on_request, __u32 netns)
{
	struct top_totals *sum = own_totals();

	if (sum && wanted(netns))
		sum->requests++;
	return 0;
}

SEC("raw_tp/ktftp_start")
int BPF_PROG(on_start, __u64 id, __u32 netns, __u32 listener, __u64 peer_high, __u64 peer_low, __u16 peer_port,
	     __u16 tid, __u64 bytes, __u32 blksize, __u32 windowsize, const char *name)
{
	struct top_totals *sum = own_totals();
	struct top_transfer *record;

	if (!sum || !wanted(netns))
		return 0;
	sum->starts++;
	record = new_record(id, netns, peer_high, peer_low, peer_port, name);
	if (record)
		record->began = 1;
	else
		sum->untold++;
	return 0;
}

SEC("raw_tp/ktftp_send")
int BPF_PROG(on_send, __u64 id, __u32 netns, __u64 peer_high, __u64 peer_low, __u16 peer_port, __u64 block, __u32 bytes,
	     __u32 copy, const char *name)
{
	struct top_totals *sum = own_totals();
	struct top_transfer *record;

	if (!sum || !wanted(netns))
		return 0;
	if (!block) {
		sum->oacks++;
		return 0;
	}
	sum->blocks++;
	sum->bytes += bytes;
	sum->repeats += !!copy;
	record = bpf_map_lookup_elem(&transfers, &id);
	/* It began before us. */
	if (!record)
		record = new_record(id, netns, peer_high, peer_low, peer_port, name);
	if (!record) {
		sum->untold++;
		return 0;
	}
	record->blocks++;
	record->bytes += bytes;
	record->repeats += !!copy;
	return 0;
}

/* The place of the highest bit that is set. */
static __u32 log2_of(__u32 value)
{
	__u32 result = 0, step;

	for (step = 16; step; step /= 2) {
		if (value >> step) {
			value >>= step;
			result += step;
		}
	}
	return result;
}

SEC("raw_tp/ktftp_ack")
int BPF_PROG(on_ack, __u64 id, __u32 netns, __u64 peer_high, __u64 peer_low, __u16 peer_port, __u16 wire, __u32 what,
	     __u64 acked, __u32 rtt_us)
{
	struct top_totals *sum = own_totals();

	if (!sum || !wanted(netns))
		return 0;
	if (what == ACK_DUPLICATE || what == ACK_STALE) {
		sum->stray_acks++;
		return 0;
	}
	sum->acks++;
	if (rtt_us) {
		sum->samples++;
		sum->rtt[log2_of(rtt_us) % TOP_BUCKETS]++;
	}
	return 0;
}

SEC("raw_tp/ktftp_end")
int BPF_PROG(on_end, __u64 id, __u32 netns)
{
	struct top_totals *sum = own_totals();
	struct top_transfer *record;

	if (!sum || !wanted(netns))
		return 0;
	sum->ends++;
	record = bpf_map_lookup_elem(&transfers, &id);
	if (record)
		record->ended = 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
