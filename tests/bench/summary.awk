# SPDX-License-Identifier: GPL-2.0
# Medians of the rounds, one line or JSON object per server. Input, one line per server and round:
#   server blocks guest_cpu_ns blocks_per_second ack_to_data_p99_us failed retransmissions
#   load_cpu_seconds loop_us

function sort(list, count,    i, j, value)
{
	for (i = 2; i <= count; i++) {
		value = list[i]
		for (j = i - 1; j > 0 && list[j] > value; j--)
			list[j + 1] = list[j]
		list[j + 1] = value
	}
}

# Sorts the rounds of one column into sorted[] and returns the median.
function median(column, server,    i, count)
{
	count = rounds[server]
	for (i = 1; i <= count; i++)
		sorted[i] = column[server, i] + 0
	sort(sorted, count)
	return count % 2 ? sorted[(count + 1) / 2] : (sorted[count / 2] + sorted[count / 2 + 1]) / 2
}

# Round by round, for a machine that is slower in one round than in another is so for all servers alike.
function ratio(server,    i)
{
	for (i = 1; i <= rounds[server]; i++)
		ratios[server, i] = cost[server, i] / cost["ktftp", i]
	return median(ratios, server)
}

function print_row(server,    middle)
{
	middle = median(cost, server)
	printf "%-11s %12.1f %13s %10.0f %15.2f %8d %9s\n", server, middle,
	       sprintf("%.1f..%.1f", sorted[1], sorted[rounds[server]]), median(rate, server),
	       median(latency, server) / 1000, failed[server],
	       ("ktftp" in rounds) ? sprintf("%.2f", ratio(server)) : "-"
}

function print_object(server, comma,    middle)
{
	middle = median(cost, server)
	printf "%s{\"server\":\"%s\",\"rounds\":%d,\"cpu_us_per_block\":%.3f,\"cpu_us_per_block_min\":%.3f," \
	       "\"cpu_us_per_block_max\":%.3f", comma, server, rounds[server], middle, sorted[1],
	       sorted[rounds[server]]
	printf ",\"blocks_per_second\":%.1f,\"ack_to_data_p99_us\":%.1f,\"failed\":%d,\"retransmissions\":%d",
	       median(rate, server), median(latency, server), failed[server], repeats[server]
	printf ",\"load_cpu_us_per_block\":%.3f,", median(load, server)
	if ("ktftp" in rounds) {
		middle = ratio(server)
		printf "\"ratio_to_ktftp\":%.4f,\"ratio_to_ktftp_min\":%.4f,\"ratio_to_ktftp_max\":%.4f}",
		       middle, sorted[1], sorted[rounds[server]]
	} else {
		printf "\"ratio_to_ktftp\":null}"
	}
}

{
	if (!($1 in rounds))
		order[++servers] = $1
	round = ++rounds[$1]
	cost[$1, round] = $3 / 1000 / $2
	rate[$1, round] = $4
	latency[$1, round] = $5
	failed[$1] += $6
	repeats[$1] += $7
	load[$1, round] = $8 * 1e6 / $2
	if (!fastest || $9 < fastest)
		fastest = $9
	if ($9 > slowest)
		slowest = $9
}

END {
	if (json) {
		printf "{%s,\"servers\":[", settings
		for (i = 1; i <= servers; i++)
			print_object(order[i], i > 1 ? "," : "")
		printf "],\"loop_us_min\":%d,\"loop_us_max\":%d}\n", fastest, slowest
		exit
	}
	printf "%-11s %12s %13s %10s %15s %8s %9s\n", "server", "CPU us/block", "min..max", "blocks/s",
	       "ACK-DATA p99 ms", "failed", "x ktftp"
	for (i = 1; i <= servers; i++)
		print_row(order[i])
	printf "This machine's own speed: a fixed loop took %.0f to %.0f ms between measurements", fastest / 1000,
	       slowest / 1000
	print (slowest > 1.25 * fastest) ? "; trust the ratios, not the microseconds." : "."
}
