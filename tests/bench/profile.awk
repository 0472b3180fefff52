# SPDX-License-Identifier: GPL-2.0
# Groups the functions that tests/bench/profile-guest saw at work, in instructions per block, of which the guest's clock
# counts one a nanosecond. Input, as that says it:
#   clock NAME; qdisc NAME; watched SECONDS BLOCKS; and lines: SAMPLES OBJECT SYMBOL
# server is the name of the first group, top how many functions of each are shown.

BEGIN {
	# The first that fits.
	rule("^(pv_)?native_safe_halt|^default_idle|^acpi_(safe_halt|idle)|^mwait_idle", "idle")
	rule("^vp_notify|^iowrite", "device notified")
	# Of the kernel's own, but called by nobody else here.
	rule("^siphash_3u64", server)
	rule("^(virtnet|virtqueue|virtio|vring|vp_|vm_|receive_(buf|mergeable)|page_to_skb|try_fill_recv|add_recvbuf)", "driver")
	rule("^(skb_page_frag_refill|detach_buf|start_xmit|xmit_skb|(__)?free_old_xmit|skb_(recv|xmit)_done)", "driver")
	# Pages are cleared when they are allocated, and nearly all of them are for what will be received.
	rule("^(sg_|(__)?skb_to_sgvec|eth_type_trans|clear_page)", "driver")
	rule("gro_|^(__)?napi_(complete|poll|schedule)|^net_rx|^(__)?netif_receive|^process_backlog", "interrupt, NAPI, GRO")
	rule("softirq|^(__|asm_)?(handle_irq|common_interrupt|irq_)|^handle_|^sysvec", "interrupt, NAPI, GRO")
	rule("^(__)?udp|^compute_score|^inet_lookup|^raw_|^raw6_|^ipv6_raw", "UDP in")
	rule("^ip6?_(rcv|local_deliver|protocol|sublist|list|route_(input|use)|input)", "IP in")
	rule("^(__)?fib|^ip_(mc|check|extract)|^inet_addr|^__mkroute_input|^dst_input", "IP in")
	rule("^(__)?ip6?_|^ipv[46]_|^dst_|^nf_|^apparmor|^neigh|^eth_header|^xfrm|^rt_|^find_exception|^inet", "IP out")
	rule("^(__)?dev_|^netdev|^sch_|^(__)?qdisc|^(__)?fq_codel|^pfifo|^(__)?validate_xmit|^netif_skb|^get_xps", "queue, device out")
	rule("^skb_(network|csum_hwoffload|partial_csum|tx)|^(__)?codel", "queue, device out")
	rule("alloc|^(__)?kmem|^cache_from_obj|^should_fail|^kfree|^___?slab|^memcg|^(__)?skb_|^consume_skb|^napi_(consume|skb)|build_skb", "packets' memory")
	rule("^(__)?free_|^get_(page|partial)|^page_frag|^put_(page|cpu)|^cmpxchg_double|^__page|^rmqueue", "packets' memory")
	rule("^(__)?mod_(node|zone|lruvec)|^memset|^__memset|^__list", "packets' memory")
	rule("^mem|^_raw_|^(__)?rcu|^ktime|^read_tsc|^__x86|^__local_bh|^__usecs|jiffies|timer", "locks, clocks, copies")
}

function rule(regex, group)
{
	regexes[++rules] = regex
	groups[rules] = group
}

function group_of(object, name,    i)
{
	if (object ~ /^\[ktftp/)
		return server
	if (object ~ /^\[virtio/ && name !~ /^vp_notify/)
		return "driver"
	if (object ~ /^\[(kernel|virtio|sch_)/)
		for (i = 1; i <= rules; i++)
			if (name ~ regexes[i])
				return groups[i]
	return "all else: processes, timers, perf"
}

/^(clock|qdisc) / { about[$1] = $2; next }
/^watched / { ns = $2 * 1e9; blocks = $3; next }
{
	samples[$3] += $1
	object[$3] = $2
	all += $1
}

END {
	if (!blocks || !all) {
		print "nothing was sampled" > "/dev/stderr"
		exit 1
	}
	for (name in samples) {
		group = group_of(object[name], name)
		cost[group] += samples[name]
		of[name] = group
	}
	unit = ns / blocks / all
	for (group in cost)
		if (group != "idle")
			busy += cost[group]
	printf "%d blocks; clock source %s, queue %s\n\n", blocks, about["clock"], about["qdisc"]
	printf "%-36s %12s %8s\n", "", "instructions", "of busy"
	rows = "sort -t '\t' -k 1,1nr -k 2,2n -k 3,3nr | cut -f 4-"
	for (group in cost) {
		share = (group == "idle") ? "" : sprintf("%7.1f%%", 100 * cost[group] / busy)
		printf "%d\t0\t0\t%-36s %12.0f %8s\n", (group == "idle") ? -1 : cost[group], group,
		       cost[group] * unit, share | rows
		if (top)
			print_top(group)
	}
	close(rows)
	printf "%-36s %12.0f\n", "busy in all", busy * unit
}

function print_top(group,    name, best, shown, done)
{
	for (shown = 0; shown < top; shown++) {
		best = ""
		for (name in of)
			if (of[name] == group && !(name in done) && (best == "" || samples[name] > samples[best]))
				best = name
		if (best == "")
			return
		done[best] = 1
		printf "%d\t1\t%d\t  %-34s %12.0f\n", (group == "idle") ? -1 : cost[group], samples[best], best,
		       samples[best] * unit | rows
	}
}
