#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scale.sh: thousands of downloads at once, by clients that are addresses and ports alone (tests/bench/scale, where
# the same is measured with many more). What is asserted are numbers of transfers, of table slots, of bytes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The clients: port 20000 and the 99 after it of each address.
CROWD_NET=198.19.0.0/16

FEW=300
MANY=10000

TRACING=/sys/kernel/tracing
PROBE=$TRACING/events/kprobes/scale

# The size of a transfer in memory: that of five cache lines.
TRANSFER_BYTES=320

# crowd_program: where it is, beside this file where the tests are installed.
crowd_program()
{
	local program

	for program in "$SELFTESTS_DIR/crowd" "${KTFTP_TREE:-$SELFTESTS_DIR/../..}/build/selftests/crowd"; do
		[ ! -x "$program" ] || { echo "$program"; return; }
	done
	fail "the program crowd is not built"
}

# two_hosts_and_a_crowd [OPTION...]: the server with a file that nobody comes to the end of, and the crowd beside it;
# tell() speaks to it.
two_hosts_and_a_crowd()
{
	local mac program

	program=$(crowd_program)
	two_hosts
	ip -n server route add "$CROWD_NET" via "$CLIENT"
	ip -n client link set c0 txqueuelen 10000
	sysctl -qw net.core.netdev_max_backlog=20000
	in_server ktftpctl listen add "$SERVER"
	work_dir
	make_pattern file 10
	in_server ktftpctl publish file
	at_end in_server ktftpctl withdraw file
	mac=$(in_server cat /sys/class/net/s0/address)
	mkfifo to from
	ip netns exec client "$program" --device c0 --server "$SERVER" --server-mac "$mac" --timeout 200 \
		--interval 20 "$@" < to > from 8>&- 9>&- &
	at_end kill "$!"
	exec 8> to 9< from
}

# make_pattern NAME DOUBLINGS: its byte number n is n % 251, for 251 bytes, doubled so often.
make_pattern()
{
	local period i

	printf -v period '\\x%02x' {0..250}
	# shellcheck disable=SC2059
	printf "$period" > "$1"
	for ((i = 0; i < $2; i++)); do
		cat "$1" "$1" > "$1.twice"
		mv "$1.twice" "$1"
	done
}

# tell COMMAND...: to the crowd; what it answers is in ANSWER.
tell()
{
	echo "$*" >&8
	read -r -t 120 ANSWER <&9 || fail "the crowd says nothing to '$*'"
	echo "$ANSWER"
}

# answered NAME: a number of the crowd's last answer.
answered()
{
	[[ $ANSWER =~ \"$1\":\ ([0-9]+) ]] || fail "no $1 in $ANSWER"
	echo "${BASH_REMATCH[1]}"
}

# are NAME NUMBER: what the crowd said last.
are()
{
	[ "$(answered "$1")" = "$2" ] || fail "$1 are $(answered "$1"), not $2"
}

in_progress()
{
	stat_of requests_in_progress
}

in_progress_are()
{
	[ "$(in_progress)" = "$1" ]
}

# slab_of_transfers FIELD: of /proc/slabinfo, by its number.
slab_of_transfers()
{
	awk -v field="$1" '$1 == "ktftp_transfer" { print $field }' /proc/slabinfo
}

# trace_tables: from now on table_sizes() tells how many slots the table by TID had when transfers came in. A table is
# a pointer to the namespace and then the rhashtable, which begins with a pointer to its slots, and those with their
# number.
trace_tables()
{
	[ -e "$TRACING/kprobe_events" ] || mount -t tracefs none "$TRACING"
	[ -e "$TRACING/kprobe_events" ] || skip "this kernel has no kprobe events"
	echo "p:scale ktftp_table_insert slots=+0(+8(%di)):u32" >> "$TRACING/kprobe_events"
	at_end forget_probe
	echo "hist:keys=slots" > "$PROBE/trigger"
}

trace_tables_anew()
{
	echo "hist:keys=slots:clear" >> "$PROBE/trigger"
}

forget_probe()
{
	echo "!hist:keys=slots" > "$PROBE/trigger"
	echo "-:scale" >> "$TRACING/kprobe_events"
}

# table_sizes: the numbers of slots seen, the smallest first.
table_sizes()
{
	sed -n 's/^{ slots: *\([0-9]*\) }.*/\1/p' "$PROBE/hist" | sort -n
}

largest_table()
{
	table_sizes | tail -n 1
}

# One more comes, and has seen a table that is small again.
a_table_is_small()
{
	tell grow 1 20
	tell abort
	[ "$(table_sizes | head -n 1)" -lt "$FEW" ]
}

thousands_run_at_once_and_none_is_lost()
{
	two_hosts_and_a_crowd --at-once 1000
	tell grow "$MANY" 120
	are running "$MANY"
	are refused 0
	are wrong 0
	in_progress_are "$MANY" || fail "$(in_progress) are in progress"
	[ "$(transfers)" = "$MANY" ]
	[ "$(slab_of_transfers 2)" -ge "$MANY" ]
	# Each of them goes on.
	tell turns 64 3
	[ "$(answered blocks)" -gt 1000 ]
	are wrong 0
	in_progress_are "$MANY" || fail "$(in_progress) are in progress"
	[ "$(stat_of requests_ignored)" = 0 ]
	[ "$(stat_of no_memory)" = 0 ]
	[ "$(stat_of requests_overflow)" = 0 ]
}

table_and_memory_grow_with_them_and_shrink()
{
	local before

	two_hosts_and_a_crowd --at-once 1000
	before=$(slab_of_transfers 2)
	trace_tables
	tell grow "$FEW" 60
	[ "$(largest_table)" -lt "$MANY" ]
	tell grow "$MANY" 120
	are running "$MANY"
	[ "$(slab_of_transfers 2)" -ge "$MANY" ]
	# It grows when it is fuller than three quarters, and never has more than four times what it needs.
	[ "$(largest_table)" -ge $((MANY * 3 / 4)) ]
	[ "$(largest_table)" -le $((MANY * 4)) ]
	tell abort
	wait_until in_progress_are 0
	wait_until few_are_in_memory $((before + MANY / 10))
	trace_tables_anew
	wait_until a_table_is_small
}

# few_are_in_memory NUMBER: slabs of a processor's own count as full.
few_are_in_memory()
{
	[ "$(slab_of_transfers 2)" -le "$1" ]
}

a_transfer_is_five_cache_lines()
{
	[ "$(slab_of_transfers 4)" -le "$TRANSFER_BYTES" ] || fail "it is $(slab_of_transfers 4) bytes"
}

beyond_max_transfers_everybody_is_told_so()
{
	set_param max_transfers "$FEW"
	two_hosts_and_a_crowd
	tell grow $((3 * FEW)) 60
	are running "$FEW"
	are refused $((2 * FEW))
	[[ $ANSWER == *'"error": "Too many transfers, try again later"'* ]]
	[ "$(stat_of requests_overflow)" = "$(answered errors)" ]
	in_progress_are "$FEW" || fail "$(in_progress) are in progress"
	tell turns 16 1
	[ "$(answered blocks)" -gt 0 ]
	are running "$FEW"
}

# Each address is a hundred clients here.
each_address_has_max_transfers_per_client()
{
	set_param max_transfers_per_client 20
	two_hosts_and_a_crowd
	tell grow 1000 60
	are running 200
	are refused 800
	[[ $ANSWER == *'"error": "Too many transfers of this client"'* ]]
	[ "$(stat_of requests_client_overflow)" = "$(answered errors)" ]
	tell abort
	wait_until in_progress_are 0
	tell grow 1000 60
	are running 200
}

# The hook of ktap.sh.
before_tests()
{
	load_module || { echo "the module ktftp cannot be loaded"; return 1; }
	HONOR_TIMEOUT=$(< "$PARAMETERS/honor_timeout")
	write_param honor_timeout 1
}

after_tests()
{
	write_param honor_timeout "$HONOR_TIMEOUT"
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	a_transfer_is_five_cache_lines
	thousands_run_at_once_and_none_is_lost
	beyond_max_transfers_everybody_is_told_so
	each_address_has_max_transfers_per_client
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	table_and_memory_grow_with_them_and_shrink
)

run_tests "$@"
