#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test-load.sh: the load generator against servers that nobody here wrote (tests/bench/peers), in a network namespace,
# as KTAP. What it counts is judged, and how it ends; no time is.
#
#   127.0.0.1  atftpd, which knows windows
#   127.0.0.2  dnsmasq, which does not
#   127.0.0.3  nobody
#   127.0.0.4  a few lines of Python that remember nothing, and so take as many clients as there are

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(cd "$here/../.." && pwd -P)
# shellcheck source-path=SCRIPTDIR source=../lib/ktap.sh
. "$tree/tests/lib/ktap.sh"

WINDOWS=127.0.0.1
PLAIN=127.0.0.2
NOBODY=127.0.0.3
MANY=127.0.0.4

TESTS=(
	help_names_every_option_of_the_manual
	wrong_usage_is_refused
	every_habits_file_loads_and_downloads
	every_value_of_a_habits_file_is_marked_sourced_or_assumed
	wrong_habits_are_refused_with_their_line
	the_command_line_wins_over_habits_files
	a_download_is_whole
	a_server_without_options_is_used_without
	windows_are_used
	a_window_of_65535_is_used
	losses_doubles_and_reordering_both_ways_are_survived
	wrong_content_is_found_and_fails
	a_missing_server_is_a_counted_failure
	a_missing_file_is_a_failure_unless_allowed
	clients_keep_to_their_ports
	clients_have_addresses_of_their_own
	a_folder_says_what_is_to_come_and_what_is_not
	a_set_is_every_file_of_a_client_once
	every_client_takes_each_file_by_its_own_name
	few_receive_buffers_lose_the_tail_of_a_window
	flash_pauses_are_made
	http_comes_first_and_tftp_follows
	a_size_probe_is_a_request_of_its_own
	clients_can_leave_half_way
	shares_of_a_mix_are_kept
	results_of_families_sum_up
	a_signal_ends_it_with_what_there_is
	ten_thousand_clients_download_at_once
	too_many_clients_for_the_limit_are_refused_with_advice
)

in_namespace()
{
	nsenter --target "$HOLDER" --net -- "$@"
}

# load OPTION...: JSON in $WORK/json, its exit status returned.
load()
{
	in_namespace "$tree/build/tftpload" --json "$@" > "$WORK/json"
}

# field NAME: without its decimals. With several families the sum stands last.
field()
{
	sed -n "s/.*\"$1\":\\([0-9]*\\).*/\\1/p" "$WORK/json"
}

# expect CONDITION...: of arithmetic, in which names are fields of the result.
expect()
{
	local condition name names

	for condition in "$@"; do
		mapfile -t names < <(grep -oE '[a-z][a-z0-9_]*' <<< "$condition" | sort -u)
		for name in "${names[@]}"; do
			local "$name=$(field "$name")"
		done
		((condition)) || { cat "$WORK/json"; fail "not so: $condition"; }
	done
}

# in_background COMMAND...: in the namespace; its process is $!.
in_background()
{
	nsenter --target "$HOLDER" --net -- "$@" &
}

serve()
{
	in_background "$@" > "$WORK/server.log" 2>&1 < /dev/null
	SERVERS+=("$!")
}

# answers ADDRESS
answers()
{
	load --server "$1" --file small --timeout-ms 200 --tries 1
}

make_files()
{
	local name

	mkdir -m 755 "$WORK/served"
	head -c 70000 /dev/urandom > "$WORK/served/small"
	head -c 3000000 /dev/urandom > "$WORK/served/large"
	head -c 1000 /dev/urandom > "$WORK/served/tiny"
	: > "$WORK/served/empty"
	for name in 0 1 2; do
		echo "client $name" > "$WORK/served/SEP02000000000$name.cnf.xml"
	done
	chmod 644 "$WORK"/served/*
}

before_tests()
{
	local peers

	[ "$(id -u)" = 0 ] || { echo "needs root, for a network namespace"; return 1; }
	ulimit -n "$(ulimit -H -n)"
	make -s -C "$tree" tftpload || return
	peers=$("$here/peers") || return
	WORK=$(mktemp -d -t ktftp-load.XXXXXX)
	chmod 755 "$WORK"
	SERVERS=()
	unshare --net sleep infinity &
	HOLDER=$!
	until [ "$(readlink "/proc/$HOLDER/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
	in_namespace ip link set lo up || return
	make_files
	serve "$peers/bin/atftpd" --daemon --no-fork --user root --bind-address "$WINDOWS" --maxthread 10000 \
		--logfile /dev/null --verbose=3 "$WORK/served"
	serve "$peers/bin/dnsmasq" --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --port=0 \
		--enable-tftp --tftp-root="$WORK/served" --tftp-max=20000 --quiet-tftp --log-facility=/dev/null \
		--listen-address="$PLAIN" --bind-interfaces
	wait_until answers "$WINDOWS"
	wait_until answers "$PLAIN"
}

after_tests()
{
	[ -z "${HOLDER:-}" ] || kill "${SERVERS[@]}" "$HOLDER"
	wait
	rm -rf "$WORK"
} 2> /dev/null

help_names_every_option_of_the_manual()
{
	"$tree/build/tftpload" --help > "$WORK/help"
	grep -oE '^\| `--[a-z-]+' "$here/tftpload.md" | sed 's/.*`//' | sort -u > "$WORK/told"
	grep -oE '^  --[a-z-]+' "$WORK/help" | tr -d ' ' | sort -u > "$WORK/there"
	diff "$WORK/told" "$WORK/there"
}

wrong_usage_is_refused()
{
	local server=(--server "$WINDOWS")

	refused "which --server?" "$tree/build/tftpload" --file small
	refused "which --file?" "$tree/build/tftpload" "${server[@]}"
	refused "what is 'small'?" "$tree/build/tftpload" "${server[@]}" small
	refused "windowsize goes from 1 to 65535" "$tree/build/tftpload" "${server[@]}" --file a --windowsize 65536
	refused "gap is one of once, each, never" "$tree/build/tftpload" "${server[@]}" --file a --gap twice
	refused "is not an address" "$tree/build/tftpload" --server localhost --file a
	refused "too few ports" "$tree/build/tftpload" "${server[@]}" --file a --source-port 65535 --clients 3
	refused "cannot read" "$tree/build/tftpload" "${server[@]}" --file a --check "$WORK/nothing"
	refused "cannot read" "$tree/build/tftpload" "${server[@]}" --file a --habits "$WORK/nothing.conf"
}

# Each against the small file; what is slow by habit need not be so here.
every_habits_file_loads_and_downloads()
{
	local habits count=0

	for habits in "$here"/habits/*.conf; do
		load --server "$WINDOWS" --habits "$habits" --file small --check "$WORK/served/small" \
			--timeout-ms 200 --timeout-max-ms 0 --tries 100 --between-files-ms 0 --flash-pause-ms 1 --flash-every-bytes 65536 --stop-after-bytes 0 ||
			{ cat "$WORK/json"; fail "$habits"; }
		expect 'completed == 1'
		count=$((count + 1))
	done
	[ "$count" -ge 10 ]
}

# Behind the value, or in the comment above it and what stands next to it.
every_value_of_a_habits_file_is_marked_sourced_or_assumed()
{
	local marks

	marks=$(awk '
		FNR == 1 || /^$/ { marked = 0; in_comment = 0 }
		/^#/ { if (!in_comment) marked = 0; in_comment = 1; if (/(sourced|assumed): /) marked = 1; next }
		/=/ {
			in_comment = 0
			if (!marked && !/# *(sourced|assumed): /)
				print FILENAME ":" FNR ": " $0
		}' "$here"/habits/*.conf)
	[ -z "$marks" ] || fail "$marks"
}

# refused_line REASON LINE...
refused_line()
{
	local reason=$1

	shift
	printf '%s\n' "# a comment" "tsize = yes # and another" "" "$@" > "$WORK/wrong.conf"
	refused "$WORK/wrong.conf:$reason" "$tree/build/tftpload" --server "$WINDOWS" --file small \
		--habits "$WORK/wrong.conf"
}

wrong_habits_are_refused_with_their_line()
{
	refused_line "4: no habit is called 'blocksize'" 'blocksize = 1024'
	refused_line "5: blksize goes from 8 to 65464, not '7'" 'windowsize = 4' 'blksize = 7'
	refused_line "4: 'tsize' is not 'name = value'" 'tsize'
	refused_line "4: tsize is yes or no, not '1'" 'tsize = 1'
	refused_line "4: flash-pause-ms needs a number, or two" 'flash-pause-ms = 400-150'
	refused_line "4: no habit is called 'clients'" 'clients = 4'
	refused_line "4: no habit is called 'habits'" 'habits = other.conf'
}

the_command_line_wins_over_habits_files()
{
	printf '%s\n' 'file = nothing' 'file = nothing-else' 'tries = 1' 'timeout-ms = 1' > "$WORK/own.conf"
	load --file small --timeout-ms 4000 --habits "$WORK/own.conf" --server "$WINDOWS" --tries 5
	expect 'transfers == 1' 'completed == 1'
}

# downloads FILE OPTION...: one client, the content compared.
downloads()
{
	local file=$1

	shift
	load --server "$WINDOWS" --file "$file" --check "$WORK/served/$file" "$@" || { cat "$WORK/json"; fail "$*"; }
	expect 'completed == transfers' 'failed == 0' 'mismatched_blocks == 0'
}

a_download_is_whole()
{
	downloads empty
	expect 'blocks == 1' 'bytes == 0'
	downloads tiny
	expect 'blocks == 2' 'bytes == 1000' 'request_to_answer_count == 1' 'ack_to_data_count == 1'
	downloads small --blksize 1000 --tsize
	expect 'blocks == 71' 'bytes == 70000' 'retransmissions == 0'
	downloads small --timeout-option 3 --clients 20 --transfers-per-client 3
	expect 'transfers == 60' 'transfer_count == 60' 'transfer_p50_us <= transfer_p90_us' \
		'transfer_p90_us <= transfer_p99_us' 'transfer_p99_us <= transfer_max_us'
}

a_server_without_options_is_used_without()
{
	load --server "$PLAIN" --file small --check "$WORK/served/small" --windowsize 8 --blksize 1000 --rollover 1
	expect 'completed == 1' 'blocks == 71' 'ack_to_data_count == 71'
}

windows_are_used()
{
	downloads large --blksize 1428 --windowsize 16 --tsize --clients 4
	# From ACK to DATA is measured where there was an ACK: at the OACK and at the end of each window.
	expect 'blocks == 4 * 2101' 'ack_to_data_count == 4 * (1 + 2100 / 16)'
	downloads large --blksize 1428 --windowsize 16 --ack-every-block
	expect 'ack_to_data_count > 1000'
}

a_window_of_65535_is_used()
{
	downloads large --windowsize 65535
	expect 'blocks == 5860' 'ack_to_data_count == 1'
}

losses_doubles_and_reordering_both_ways_are_survived()
{
	# With a window some 200 acknowledgements are sent: at 5 % it is certain that each of these happens to one.
	local bad=(--loss 5 --loss-tx 5 --duplicate 5 --duplicate-tx 5 --reorder 5 --reorder-tx 5
		--timeout-ms 40 --tries 100 --clients 10)

	downloads small --reorder 100 --reorder-tx 100
	expect 'reordered_rx == 137' 'reordered_tx == 137' 'retransmissions == 0'
	downloads small --duplicate 100 --repeated-block ignore
	expect 'duplicated_rx == 137' 'duplicate_blocks == 136' 'retransmissions == 0'
	downloads small "${bad[@]}"
	expect 'lost_rx && lost_tx && duplicated_rx && duplicated_tx && reordered_rx && reordered_tx' \
		'retransmissions' 'duplicate_blocks'
	downloads small "${bad[@]}" --windowsize 8
	expect 'lost_rx && lost_tx && duplicated_rx && reordered_rx' 'gaps' 'gap_acks' 'out_of_order_blocks >= gaps'
	downloads small "${bad[@]}" --windowsize 8 --gap never
	expect 'gaps' 'gap_acks == 0'
}

wrong_content_is_found_and_fails()
{
	local status=0 other=x

	[ "$(tail -c +12345 "$WORK/served/small" | head -c 1 | od -An -c | tr -d ' ')" != x ] || other=y
	{ head -c 12344 "$WORK/served/small"; head -c 1 /dev/zero | tr '\0' "$other"; tail -c +12346 "$WORK/served/small"; } \
		> "$WORK/copy"
	load --server "$WINDOWS" --file small --check "$WORK/copy" --clients 3 || status=$?
	[ "$status" = 1 ]
	expect 'mismatch == 3' 'completed == 0' 'failed == 3' 'mismatched_blocks == 3'
	head -c 69999 "$WORK/served/small" > "$WORK/copy"
	status=0
	load --server "$WINDOWS" --file small --check "$WORK/copy" || status=$?
	[ "$status" = 1 ]
	expect 'mismatch == 1'
}

a_missing_server_is_a_counted_failure()
{
	local status=0

	load --server "$NOBODY" --file small --clients 5 --timeout-ms 20 --tries 3 || status=$?
	[ "$status" = 1 ]
	expect 'failed == 5' 'timeout == 5' 'timeouts_unanswered == 5' 'request_retransmissions == 10' 'blocks == 0'
}

a_missing_file_is_a_failure_unless_allowed()
{
	local status=0

	load --server "$WINDOWS" --file nothing || status=$?
	[ "$status" = 1 ]
	expect 'not_found == 1' 'failed == 1'
	load --server "$WINDOWS" --file nothing --allow-not-found
	expect 'not_found == 1' 'failed == 0'
}

# requests COUNT: that many have been seen.
requests()
{
	[ "$(grep -c RRQ "$WORK/capture")" -ge "$1" ]
}

# ports: how many requests came from each.
ports()
{
	sed -nE 's/.* 127\.0\.0\.1\.([0-9]+) > .*RRQ.*/\1/p' "$WORK/capture" | sort -n | uniq -c |
		awk '{ printf "%s x %d ", $2, $1 }'
}

clients_keep_to_their_ports()
{
	in_background tcpdump -i lo -nn -U -l 'udp dst port 69' > "$WORK/capture" 2> "$WORK/tcpdump.log"
	at_end kill "$!"
	wait_until grep -q listening "$WORK/tcpdump.log"
	downloads tiny --clients 3 --source-port 4000 --transfers-per-client 2
	wait_until requests 6
	[ "$(ports)" = "4000 x 2 4001 x 2 4002 x 2 " ]
	downloads tiny --source-port 4009 --transfers-per-client 1
	downloads tiny --fixed-port --transfers-per-client 4
	wait_until requests 11
	ports | grep -qE ' 4009 x 1 [0-9]+ x 4 $'
}

# addresses: of clients, with the number of their requests.
addresses()
{
	grep -oE '198\.18\.16\.[0-9]+\.' "$WORK/capture" | sort | uniq -c | awk '{ printf "%s x %s ", $2, $1 }'
}

clients_have_addresses_of_their_own()
{
	in_namespace ip route add local 198.18.16.0/24 dev lo
	in_background tcpdump -i lo -nn -U -l 'udp dst port 69' > "$WORK/capture" 2> "$WORK/tcpdump.log"
	at_end kill "$!"
	wait_until grep -q listening "$WORK/tcpdump.log"
	downloads tiny --clients 3 --source-address 198.18.16.7 --transfers-per-client 2
	wait_until requests 6
	[ "$(addresses)" = "198.18.16.7. x 2 198.18.16.8. x 2 198.18.16.9. x 2 " ]
	refused "an address of the server's family" "$tree/build/tftpload" --server "$WINDOWS" --file tiny \
		--source-address ::1
}

a_folder_says_what_is_to_come_and_what_is_not()
{
	local folder=$WORK/folder

	mkdir "$folder"
	cp "$WORK"/served/{SEP020000000000.cnf.xml,tiny} "$folder/"
	load --server "$WINDOWS" --file SEP%M.cnf.xml --file tiny --file missing --check "$folder/" --allow-not-found
	expect 'completed == 2' 'not_found == 1' 'mismatch == 0'
	rm "$folder/tiny"
	echo other > "$folder/SEP020000000000.cnf.xml"
	if load --server "$WINDOWS" --file SEP%M.cnf.xml --file tiny --check "$folder/"; then
		fail "other contents than those of the folder are taken for the same"
	fi
	expect 'completed == 0' 'mismatch == 2'
}

# Without the pauses: the run took one second of those longer, at least.
a_set_is_every_file_of_a_client_once()
{
	load --server "$WINDOWS" --file tiny --file missing --allow-not-found --clients 4 --between-files-ms 1000
	expect 'set_count == 4' 'set_max_us < 1000000 * seconds' 'set_min_us >= transfer_min_us'
	downloads tiny --file tiny --transfers-per-client 4
	expect 'set_count == 2'
	downloads tiny --file tiny --transfers-per-client 1
	expect 'set_count == 0'
}

every_client_takes_each_file_by_its_own_name()
{
	load --server "$WINDOWS" --file SEP%M.cnf.xml --file tiny --clients 3
	expect 'completed == 6' 'bytes == 3 * (9 + 1000)'
}

few_receive_buffers_lose_the_tail_of_a_window()
{
	downloads small --windowsize 16 --receive-buffers 4 --packet-us 2000 --timeout-ms 100 --tries 100
	expect 'overruns > 50' 'gaps'
	downloads small --windowsize 4 --receive-buffers 4 --packet-us 2000
	expect 'overruns == 0' 'gaps == 0'
	# What comes while the client is busy is lost, also when the load generator reads it later.
	downloads small --windowsize 16 --ack-every-block --think-us 5000 --receive-buffers 2 \
		--timeout-ms 100 --tries 100
	expect 'overruns > 20'
}

flash_pauses_are_made()
{
	downloads small --flash-every-bytes 10000 --flash-pause-ms 20-30
	expect 'flash_pauses == 7' 'transfer_min_us >= 7 * 20000'
}

http_comes_first_and_tftp_follows()
{
	downloads tiny --http-port 6970
	expect 'http_refused == 1' 'http_connected == 0'
	in_background busybox nc -l -p 6971 > /dev/null < /dev/null
	at_end kill "$!"
	wait_until in_namespace grep -q ':1B3B ' /proc/net/tcp6 /proc/net/tcp
	downloads tiny --http-port 6971
	expect 'http_connected == 1' 'http_refused == 0'
	# Behind this address is nobody, and nobody says so.
	in_namespace ip route add 198.18.9.9/32 dev lo src 127.0.0.1
	load --server 198.18.9.9 --file tiny --http-port 6970 --http-timeout-ms 50 --timeout-ms 50 --tries 1 &&
		fail "somebody answers"
	expect 'http_timeouts == 1' 'timeout == 1'
}

a_size_probe_is_a_request_of_its_own()
{
	downloads tiny --size-probe --transfers-per-client 3
	expect 'probes == 3' 'transfers == 3' 'request_to_answer_count == 6'
}

clients_can_leave_half_way()
{
	load --server "$WINDOWS" --file large --stop-after-bytes 4096 --clients 4
	expect 'stopped == 4' 'failed == 0' 'blocks == 4 * 8'
}

# A download of 137 blocks by three of four, of 71 by the others.
mix()
{
	printf 'windowsize = 4\n' > "$WORK/some.conf"
	printf 'blksize = 1000\n' > "$WORK/other.conf"
	load --server "$WINDOWS" --file small --habits "$WORK/some.conf:3" --habits "$WORK/other.conf" --clients 40
}

shares_of_a_mix_are_kept()
{
	mix
	grep -q '"name":"some","clients":30,' "$WORK/json"
	grep -q '"name":"other","clients":10,' "$WORK/json"
}

results_of_families_sum_up()
{
	mix
	expect 'completed == 40' 'transfer_count == 40'
	[ "$(grep -oE '"blocks":[0-9]+' "$WORK/json" | xargs)" = "blocks:4110 blocks:710 blocks:4820" ]
}

a_signal_ends_it_with_what_there_is()
{
	local status=0 pid

	in_background "$tree/build/tftpload" --progress --json --server "$NOBODY" --file small > "$WORK/json" \
		2> "$WORK/progress"
	pid=$!
	wait_until grep -q '1 clients busy' "$WORK/progress"
	kill "$pid"
	wait "$pid" || status=$?
	[ "$status" = 1 ]
	grep -q '"interrupted":true' "$WORK/json"
	expect 'unfinished == 1'
}

# A server of two blocks for every name; what to send is in the packet that asks for it.
serve_many()
{
	serve python3 -c '
import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE: all may ask at once
server.bind((sys.argv[1], 69))
blocks = {b"\0\1": b"\0\3\0\1" + bytes(512), b"\0\4\0\1": b"\0\3\0\2" + bytes(100)}
while True:
    packet, client = server.recvfrom(2048)
    block = blocks.get(packet[:4]) or blocks.get(packet[:2])
    if block:
        server.sendto(block, client)
' "$MANY"
	at_end kill "${SERVERS[-1]}"
	wait_until answers "$MANY"
}

# busy COUNT: so many clients have a socket.
busy()
{
	[ "$(in_namespace grep -c . /proc/net/udp)" -gt "$1" ]
}

# Each takes so long over its first block that all others have theirs meanwhile.
ten_thousand_clients_download_at_once()
{
	local pid

	[ "$(ulimit -H -n)" -ge 10016 ] || skip "the limit of open files is $(ulimit -H -n)"
	serve_many
	head -c 612 /dev/zero > "$WORK/zeroes"
	in_background "$tree/build/tftpload" --json --server "$MANY" --file any --check "$WORK/zeroes" --clients 10000 \
		--think-us 3000000 --tries 20 > "$WORK/json"
	pid=$!
	wait_until busy 10000
	wait "$pid"
	expect 'completed == 10000' 'failed == 0' 'bytes == 6120000' 'send_errors == 0'
}

too_many_clients_for_the_limit_are_refused_with_advice()
{
	refused "run several at once" bash -c "ulimit -n 100 && exec \"\$@\"" limited "$tree/build/tftpload" \
		--server "$WINDOWS" --file small --clients 100
}

run_tests "$@"
