#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# netem.sh: downloads over a network that loses, doubles and reorders packets, both ways: every byte arrives,
# and the module, or with KTFTP_ENGINE=user the daemon in user space, sends no more than it has to.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BYTES=150000
BLOCKS=$((BYTES / 512 + 1))

# Those that a lost packet at the start does not stop: when it is the acknowledgement of block 1, curl repeats it
# after 72 seconds, and the server is silent towards a client that has not answered yet. atftp acknowledges one
# copy of a block and no more, and its own timer, 5 seconds, begins anew with every copy it ignores: it waits for
# as long as copies come faster. Both have tests of their own.
ROBUST=(tftp_hpa busybox tftp_hpa busybox)

# Where packets are lost: an acknowledgement of the last block that never comes is not waited for long; a client
# that repeats itself every 5 seconds, and that two times in vain, is not forgotten meanwhile.
expect_loss()
{
	set_param linger_ms 3000
	set_param unproven_retries 5
}

# over_a_network_with NETEM...: two hosts with it between them, both ways, and a file to download.
over_a_network_with()
{
	two_hosts
	work_dir
	make_file file "$BYTES"
	publish file
	modprobe sch_netem 2> /dev/null || true
	set_network "$@"
}

set_network()
{
	in_client tc qdisc replace dev c0 root netem limit 10000 "$@"
	in_server tc qdisc replace dev s0 root netem limit 10000 "$@"
}

# begin_by CLIENT...: all begin to download, at once, over both families; finish waits for them.
begin_by()
{
	local client address

	PIDS=()
	for client in "$@"; do
		for address in "$SERVER" "$SERVER6"; do
			downloads_whole "$client" "$address" file & PIDS+=("$!")
		done
	done
}

finish()
{
	wait_for_all "${PIDS[@]}"
}

download_by()
{
	begin_by "$@"
	finish
}

# Every download came to a good end; the acknowledgement of a last block may be lost for good.
all_ended()
{
	[ $(($(stat_of ended_complete) + $(stat_of ended_assumed))) = "${#PIDS[@]}" ]
}

all_ended_well()
{
	wait_until all_ended
	show_stats
	[ "$(stat_of ended_timed_out)" = 0 ]
}

# dropped_by HOST DEVICE: packets netem lost there.
dropped_by()
{
	ip netns exec "$1" tc -s -j qdisc show dev "$2" |
		python3 -c 'import json, sys; print(sum(one.get("drops", 0) for one in json.load(sys.stdin)))'
}

downloads_with_loss()
{
	expect_loss
	over_a_network_with loss "$1"
	listen_on_all
	download_by "${ROBUST[@]}"
	all_ended_well
	[ "$(dropped_by client c0)" -gt 0 ]
	[ "$(dropped_by server s0)" -gt 0 ]
	[ "$(stat_of segments_repeated)" -gt 0 ]
}

downloads_are_whole_when_1_percent_is_lost()
{
	downloads_with_loss 1%
}

downloads_are_whole_when_5_percent_are_lost()
{
	downloads_with_loss 5%
}

downloads_from_a_single_port_are_whole_when_3_percent_are_lost()
{
	expect_loss
	over_a_network_with loss 3%
	listen_with single-port
	download_by "${ROBUST[@]}"
	all_ended_well
	[ "$(stat_of segments_repeated)" -gt 0 ]
}

all_run()
{
	[ "$(transfers_running)" = "${#PIDS[@]}" ]
}

curl_gets_its_file_when_packets_are_lost_on_the_way()
{
	expect_loss
	over_a_network_with delay 30ms
	listen_on_all
	begin_by curl curl_without_options curl
	wait_until all_run
	set_network loss 5%
	finish
	all_ended_well
	[ "$(stat_of segments_repeated)" -gt 0 ]
}

atftp_gets_its_file_when_packets_are_lost()
{
	expect_loss
	set_param rto_max_ms 8000
	over_a_network_with loss 5%
	listen_on_all
	download_by atftp
	all_ended_well
	[ "$(stat_of segments_repeated)" -gt 0 ]
}

# A block that is sent again for every copy of an acknowledgement is acknowledged again, and so on to the end
# of the file: "Sorcerer's Apprentice". The floor of the timer keeps a slow machine's repeats out of the count.
a_doubled_acknowledgement_does_not_double_what_follows()
{
	set_param rto_min_ms 200
	over_a_network_with duplicate 5%
	listen_on_all
	download_by "${CLIENTS[@]}"
	all_ended_well
	[ "$(stat_of acks_duplicate)" -gt $((${#PIDS[@]} * BLOCKS / 50)) ]
	[ $((5 * $(stat_of segments_sent))) -lt $((6 * ${#PIDS[@]} * BLOCKS)) ]
}

downloads_are_whole_when_packets_overtake_each_other()
{
	set_param rto_min_ms 200
	over_a_network_with delay 5ms reorder 25% duplicate 20%
	listen_on_all
	download_by "${CLIENTS[@]}"
	all_ended_well
	[ "$(stat_of acks_stale)" -gt 0 ]
	[ $((5 * $(stat_of segments_sent))) -lt $((6 * ${#PIDS[@]} * BLOCKS)) ]
}

downloads_are_whole_when_everything_goes_wrong_at_once()
{
	expect_loss
	over_a_network_with delay 3ms 2ms reorder 25% duplicate 5% loss 3%
	listen_on_all
	download_by "${ROBUST[@]}"
	all_ended_well
	[ "$(stat_of segments_repeated)" -gt 0 ]
}

# windows_over NETEM...: atftp gets a file over both families by windows. It gives up when an OACK comes again after its
# answer was lost: the network is a good one until there is DATA.
windows_over()
{
	expect_loss
	set_param rto_max_ms 8000
	over_a_network_with delay 100ms
	listen_on_all
	begin_by atftp,windowsize=16,blksize=512 atftp,windowsize=5
	wait_until all_run
	set_network "$@"
	finish
	all_ended_well
}

windows_are_whole_when_1_percent_is_lost()
{
	windows_over loss 1%
}

windows_are_whole_when_5_percent_are_lost()
{
	windows_over loss 5%
	[ "$(stat_of segments_repeated)" -gt 0 ]
}

doubled_packets_do_not_double_windows()
{
	set_param rto_min_ms 200
	windows_over duplicate 5%
	[ $((5 * $(stat_of segments_sent))) -lt $((6 * ${#PIDS[@]} * BLOCKS)) ]
}

windows_are_whole_when_packets_overtake_each_other()
{
	set_param rto_min_ms 200
	windows_over delay 5ms reorder 25% duplicate 5%
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	downloads_are_whole_when_5_percent_are_lost
	downloads_from_a_single_port_are_whole_when_3_percent_are_lost
	downloads_are_whole_when_everything_goes_wrong_at_once
	windows_are_whole_when_5_percent_are_lost
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	downloads_are_whole_when_1_percent_is_lost
	curl_gets_its_file_when_packets_are_lost_on_the_way
	atftp_gets_its_file_when_packets_are_lost
	a_doubled_acknowledgement_does_not_double_what_follows
	downloads_are_whole_when_packets_overtake_each_other
	windows_are_whole_when_1_percent_is_lost
	doubled_packets_do_not_double_windows
	windows_are_whole_when_packets_overtake_each_other
)
run_tests "$@"
