#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# trace.sh: counters, tracepoints and ktftp-top tell of downloads what happened, number by number.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

EVENTS=(ack end request retransmit send start)

declare -A TOP_SAYS

# A second pair of addresses on the same wire: who asks the one is another client.
SERVER_B=198.51.100.11
CLIENT_B=198.51.100.12

BYTES=20000
BLOCKS=$((BYTES / 512 + 1))

# serve_file: two hosts, and a file on the server. Nothing is repeated because a machine is slow.
serve_file()
{
	set_param rto_min_ms 200
	two_hosts
	work_dir
	make_file file "$BYTES"
	in_server ktftpctl publish file
	in_server ktftpctl listen add 0.0.0.0
}

# record: what is traced from now on is in $TRACEFS/trace.
record()
{
	need_tracefs
	at_end write_tracefs events/ktftp/enable 0
	write_tracefs events/ktftp/enable 0
	write_tracefs trace ''
	write_tracefs buffer_size_kb 4096
	write_tracefs events/ktftp/enable 1
}

# stop_recording: the events are in the file trace, one a line.
stop_recording()
{
	write_tracefs events/ktftp/enable 0
	grep -v '^#' "$TRACEFS/trace" > trace || true
}

# events NAME [REGEX]: how many were traced, with that in their text.
events()
{
	grep -cE " ktftp_$1: .*${2:-}" trace || true
}

# sum_of NAME FIELD: over all of them.
sum_of()
{
	sed -nE "s/.* ktftp_$1: .* $2=([0-9]+).*/\1/p" trace | awk '{ sum += $1 } END { print sum + 0 }'
}

all_ended()
{
	[ "$(stat_of requests_in_progress)" = 0 ]
}

netns_of()
{
	stat -Lc %i "/run/netns/$1"
}

every_tracepoint_is_in_tracefs()
{
	need_tracefs
	diff <(printf 'ktftp_%s\n' "${EVENTS[@]}") <(find "$TRACEFS/events/ktftp" -mindepth 1 -type d -printf '%f\n' | sort)
}

a_download_is_traced_block_by_block()
{
	serve_file
	record
	downloads_whole curl_without_options "$SERVER" file
	wait_until all_ended
	stop_recording
	[ "$(events request "peer=\[::ffff:$CLIENT\].* local=::ffff:$SERVER opcode=read mode=octet name=file\$")" = 1 ]
	[ "$(events start "peer=\[::ffff:$CLIENT\].* bytes=$BYTES blksize=512 windowsize=1 name=file\$")" = 1 ]
	[ "$(events send)" = "$BLOCKS" ]
	[ "$(events send ' copy=0$')" = "$BLOCKS" ]
	[ "$(events send " block=$BLOCKS bytes=$((BYTES % 512)) ")" = 1 ]
	[ "$(sum_of send bytes)" = "$BYTES" ]
	[ "$(events ack)" = "$BLOCKS" ]
	[ "$(events ack ' what=next ')" = $((BLOCKS - 1)) ]
	[ "$(events ack " wire=$BLOCKS what=last acked=$BLOCKS ")" = 1 ]
	[ "$(events ack ' rtt_us=0$')" = 0 ]
	[ "$(events retransmit)" = 0 ]
	[ "$(events end " how=complete bytes=$BYTES acked_bytes=$BYTES repeats=0 age_us=[1-9][0-9]* name=file\$")" = 1 ]
	[ "$(grep -c " netns=$(netns_of server) " trace)" = "$(wc -l < trace)" ]
	[ "$(sed -nE 's/.* (id=[0-9]+) .*/\1/p' trace | sort -u | wc -l)" = 1 ]
}

an_oack_is_traced_as_block_0()
{
	serve_file
	record
	downloads_whole curl "$SERVER" file
	wait_until all_ended
	stop_recording
	[ "$(events send ' block=0 bytes=0 copy=0$')" = 1 ]
	[ "$(events ack ' wire=0 what=next acked=0 ')" = 1 ]
	[ "$(events send)" = $(($(stat_of segments_sent) + 1)) ]
}

a_name_cannot_write_lines_of_the_trace()
{
	serve_file
	record
	ask_for $'a\033b'
	stop_recording
	[ "$(events request ' name=a\?b$')" = 1 ]
}

# Each repeat, and nothing else, is announced and counted.
repeats_are_traced_with_their_reason()
{
	serve_file
	set_param linger_ms 3000
	set_param unproven_retries 5
	modprobe sch_netem 2> /dev/null || true
	in_server tc qdisc add dev s0 root netem loss 15%
	record
	downloads_whole tftp_hpa "$SERVER" file
	wait_until all_ended
	stop_recording
	in_server ktftpctl stats
	[ "$(stat_of segments_repeated)" -gt 0 ]
	[ "$(events send ' copy=[1-9][0-9]*$')" = "$(stat_of segments_repeated)" ]
	[ "$(events retransmit ' copy=[1-9][0-9]* why=(timeout|request) ')" = "$(stat_of segments_repeated)" ]
	[ "$(events send)" = "$(stat_of segments_sent)" ]
	[ "$(events ack ' what=(next|last) ')" = "$(stat_of segments_acknowledged)" ]
	[ "$(events ack ' what=(next|last) .* rtt_us=[1-9][0-9]*$')" -lt "$(stat_of segments_acknowledged)" ]
}

# ask_for NAME: as a client that is never heard of again.
ask_for()
{
	# shellcheck disable=SC2016 # for the other bash
	ip netns exec server bash -c 'printf "\0\1%s\0octet\0" "$0" > /dev/udp/127.0.0.1/69' "$1"
}

requests_are_counted_by_what_their_names_begin_with()
{
	serve_file
	make_file SEP001122334455.cnf.xml 100
	in_server ktftpctl publish SEP001122334455.cnf.xml
	ask_for sep001122334455.cnf.xml
	ask_for /SEP665544332211.cnf.xml
	ask_for SIPDefault.cnf
	ask_for dir/gk001122334455
	ask_for SEP/file
	wait_until asked 5
	in_server ktftpctl stats
	[ "$(stat_of found_sep)" = 1 ]
	[ "$(stat_of not_found_sep)" = 1 ]
	[ "$(stat_of found_sip)" = 0 ]
	[ "$(stat_of not_found_sip)" = 1 ]
	[ "$(stat_of not_found_gk)" = 1 ]
	[ "$(stat_of found_ld)" = 0 ]
	[ "$(stat_of not_found_ld)" = 0 ]
}

asked()
{
	[ "$(stat_of requests)" = "$1" ]
}

# received_by_client: datagrams, whether somebody was there for them or not.
received_by_client()
{
	in_client nstat -asz UdpInDatagrams UdpNoPorts | awk '{ sum += $2 } END { print sum }'
}

# A queue that holds one block, of which eight come at once.
what_a_queue_of_this_host_drops_was_not_sent()
{
	local pids=() _

	serve_file
	modprobe sch_tbf 2> /dev/null || true
	in_server tc qdisc add dev s0 root tbf rate 2mbit burst 700 limit 700
	record
	for _ in {1..8}; do
		downloads_whole busybox "$SERVER" file & pids+=("$!")
	done
	wait_for_all "${pids[@]}"
	wait_until all_ended
	stop_recording
	in_server ktftpctl stats
	[ "$(stat_of send_failed)" -gt 0 ]
	[ "$(events retransmit ' why=not-sent ')" -gt 0 ]
	[ "$(events send)" = $(($(stat_of segments_sent) + $(stat_of oacks_sent) + $(stat_of send_failed))) ]
	[ "$(received_by_client)" = $(($(stat_of segments_sent) + $(stat_of oacks_sent))) ]
}

need_ktftp_top()
{
	command -v ktftp-top > /dev/null || skip "ktftp-top is not installed"
}

# in_a_minute COMMAND...: it ends by itself, or it failed.
in_a_minute()
{
	timeout --preserve-status -k 5 60 "$@"
}

module_is_used_by()
{
	[ "$(cat /sys/module/ktftp/refcnt)" -ge "$1" ]
}

# watch OUTPUT [ARG...]: ktftp-top from now on; its pid is in $TOP. Each tracepoint it is at uses the module.
watch()
{
	local output=$1 uses

	shift
	uses=$(cat /sys/module/ktftp/refcnt)
	ktftp-top -j -i 0.5 "$@" > "$output" 2> "$output.err" & TOP=$!
	at_end kill "$TOP"
	wait_until module_is_used_by $((uses + 5))
}

# sums OUTPUT: into TOP_SAYS what a ktftp-top said, summed over its intervals: "totals blocks", "clients blocks" of all
# clients, "clients ADDRESS blocks" of one, "files NAME blocks", "rtt acks"; "running" is the last one's.
sums()
{
	local key value

	TOP_SAYS=()
	while IFS='=' read -r key value; do
		TOP_SAYS[$key]=$value
	done < <(python3 -ISc '
import collections, json, sys
sums = collections.Counter({"clients": 0, "files": 0})
for line in open(sys.argv[1]):
    interval = json.loads(line)
    for what, value in interval["totals"].items():
        sums["totals " + what] += value
    for kind, label in ("clients", "client"), ("files", "name"), ("rtt", "from_us"):
        sums[kind] += len(interval[kind])
        for row in interval[kind]:
            for what in set(row) - {label}:
                sums["%s %s" % (kind, what)] += row[what]
                sums["%s %s %s" % (kind, row[label], what)] += row[what]
    sums["running"] = interval["running"]
    sums["intervals"] += 1
for what, value in sums.items():
    print("%s=%s" % (what, value))' "$1")
}

# says KEY VALUE
says()
{
	[ "${TOP_SAYS[$1]:-0}" = "$2" ] || fail "ktftp-top says that $1 is '${TOP_SAYS[$1]:-}', not '$2'"
}

has_seen_ends()
{
	sums top
	[ "${TOP_SAYS[totals ended]:-0}" = "$1" ]
}

has_seen_a_file()
{
	sums top
	[ "${TOP_SAYS[files]}" -gt 0 ]
}

another_client_and_server()
{
	ip -n client address add "$CLIENT_B/32" dev c0
	ip -n server address add "$SERVER_B/32" dev s0
	ip -n client route add "$SERVER_B/32" dev c0 src "$CLIENT_B"
	ip -n server route add "$CLIENT_B/32" dev s0
}

# Nothing is lost between two intervals, nor told twice.
ktftp_top_shows_clients_files_and_round_trips()
{
	local pids=() what

	need_ktftp_top
	serve_file
	another_client_and_server
	make_file other "$BYTES"
	in_server ktftpctl publish other
	set_param linger_ms 3000
	set_param unproven_retries 5
	modprobe sch_netem 2> /dev/null || true
	in_server tc qdisc add dev s0 root netem loss 10%
	watch elsewhere -N client
	watch top -N "/run/netns/server"
	downloads_whole tftp_hpa "$SERVER" file & pids+=("$!")
	downloads_whole tftp_hpa "$SERVER_B" file & pids+=("$!")
	downloads_whole tftp_hpa "$SERVER_B" other & pids+=("$!")
	wait_for_all "${pids[@]}"
	wait_until has_seen_ends 3
	kill -TERM "$TOP"
	wait "$TOP"
	cat top
	in_server ktftpctl stats | tee stats
	sums top
	says 'totals requests' "$(counted requests)"
	says 'totals started' 3
	says 'totals blocks' "$(counted segments_sent)"
	says 'totals bytes' "$(counted bytes_sent)"
	says 'totals repeats' "$(counted segments_repeated)"
	says 'totals acks' "$(counted segments_acknowledged)"
	says 'totals untold' 0
	says 'rtt acks' "${TOP_SAYS[totals rtt_samples]}"
	[ "${TOP_SAYS[totals rtt_samples]}" -gt $((2 * BLOCKS)) ]
	[ "${TOP_SAYS[totals rtt_samples]}" -lt "${TOP_SAYS[totals acks]}" ]
	[ "${TOP_SAYS[totals repeats]}" -gt 0 ]
	for what in blocks bytes repeats; do
		says "clients $what" "${TOP_SAYS[totals $what]}"
		says "files $what" "${TOP_SAYS[totals $what]}"
	done
	says "clients $CLIENT new" 1
	says "clients $CLIENT_B new" 2
	says 'files file new' 2
	says 'files other new' 1
	[ "${TOP_SAYS[clients $CLIENT blocks]}" -ge "$BLOCKS" ]
	[ "${TOP_SAYS[files other bytes]}" -ge "$BYTES" ]
	says running 0
	sums elsewhere
	says 'totals requests' 0
	says 'totals blocks' 0
	says clients 0
}

counted()
{
	awk -v name="$1" '$1 == name { print $2 }' stats
}

# One that runs already is found by its next block.
ktftp_top_finds_downloads_that_began_before_it()
{
	need_ktftp_top
	serve_file
	modprobe sch_netem 2> /dev/null || true
	in_client tc qdisc add dev c0 root netem delay 300ms
	download curl_without_options "$SERVER" file got & at_end kill "$!"
	wait_until has_transfers
	watch top
	wait_until has_seen_a_file
	kill "$TOP"
	wait "$TOP"
	cat top
	sums top
	says 'files new' 0
	[ "${TOP_SAYS[files file blocks]}" -gt 0 ]
	[ "${TOP_SAYS[clients $CLIENT blocks]}" -gt 0 ]
}

ktftp_top_ends_after_as_many_intervals_as_it_was_told()
{
	need_ktftp_top
	serve_file
	in_a_minute ktftp-top -j -i 0.2 -n 3 > top
	sums top
	says intervals 3
	ktftp-top -i 100 > /dev/null & TOP=$!
	wait_until module_is_used_by 6
	kill -INT "$TOP"
	wait "$TOP"
}

ktftp_top_repaints_a_terminal_and_nothing_else()
{
	need_ktftp_top
	serve_file
	in_a_minute ktftp-top -i 0.2 -n 2 > plain
	cat plain
	[ "$(grep -c '^ktftp-top ' plain)" = 2 ]
	[ "$(grep -c ' CLIENT$' plain)" = 2 ]
	if grep -q $'\033' plain; then
		fail "there are control codes in what is no terminal"
	fi
	in_a_minute script -qec 'ktftp-top -i 0.2 -n 2' /dev/null > painted < /dev/null
	grep -q $'\033\[H' painted
	grep -q ' CLIENT' painted
}

# status_of COMMAND...: what it ends with; what it says is in the file said.
status_of()
{
	local status=0

	"$@" > said 2>&1 || status=$?
	echo "$status"
}

ktftp_top_says_what_is_wrong_and_what_helps()
{
	need_ktftp_top
	work_dir
	[ "$(status_of ktftp-top --help)" = 0 ]
	[ "$(status_of ktftp-top --version)" = 0 ]
	grep -q '^ktftp-top [0-9]' said
	[ "$(status_of ktftp-top -i 0)" = 2 ]
	[ "$(status_of ktftp-top -i 1e9)" = 2 ]
	[ "$(status_of ktftp-top -n -1)" = 2 ]
	[ "$(status_of ktftp-top --no-such-option)" = 2 ]
	[ "$(status_of ktftp-top now)" = 2 ]
	grep -q '^Usage: ' said
	[ "$(status_of ktftp-top -N no-such-namespace)" = 1 ]
	grep -q 'no-such-namespace' said
	[ "$(status_of setpriv --reuid=65534 --bounding-set=-all --inh-caps=-all "$(command -v ktftp-top)" -n 1)" = 1 ]
	grep -q 'run it as root' said
	[ "$(status_of ktftp-top -n 1 -i 0.1 -j)" = 0 ]
	unload_module
	[ "$(status_of ktftp-top -n 1)" = 1 ]
	grep -q 'modprobe ktftp' said
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	a_download_is_traced_block_by_block
	repeats_are_traced_with_their_reason
	what_a_queue_of_this_host_drops_was_not_sent
	ktftp_top_shows_clients_files_and_round_trips
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	every_tracepoint_is_in_tracefs
	an_oack_is_traced_as_block_0
	a_name_cannot_write_lines_of_the_trace
	requests_are_counted_by_what_their_names_begin_with
	ktftp_top_finds_downloads_that_began_before_it
	ktftp_top_ends_after_as_many_intervals_as_it_was_told
	ktftp_top_repaints_a_terminal_and_nothing_else
	ktftp_top_says_what_is_wrong_and_what_helps
)
run_tests "$@"
