#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# negotiate.sh: TFTP clients that others wrote ask the module, or with KTFTP_ENGINE=user the daemon in user space, for
# options: what it grants them, and that every byte arrives in blocks of any size. Every client with every size over both
# families is for tests/interop/matrix.sh.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Around blocks of 8 and of 512 bytes, where the last one is empty or nearly so.
SIZES=(0 1 7 8 9 511 512 513)

# In blocks of 8 bytes these are more blocks than there are numbers for them: 75,000 and an empty one.
WRAPS=600000

# serve BYTES...: files of these sizes, called by them, between two hosts.
serve()
{
	local bytes

	two_hosts
	work_dir
	for bytes in "$@"; do
		make_file "$bytes" "$bytes"
	done
	listen_on_all
	publish "$@"
	watch_transfers
	ADDRESSES=("$SERVER" "$SERVER6") PIDS=()
}

# on_the_server: clients run where the server listens, and reach it over the loopback device.
on_the_server()
{
	CLIENT_HOST=server
	ADDRESSES=(127.0.0.1 ::1)
}

# gets_each CLIENT ADDRESS NAME...: one after the other.
gets_each()
{
	local name

	for name in "${@:3}"; do
		downloads_whole "$1" "$2" "$name"
	done
}

# begin_at ADDRESS CLIENT NAME...: at the same time as everything else that has begun.
begin_at()
{
	gets_each "$2" "$1" "${@:3}" & PIDS+=("$!")
}

# begin CLIENT NAME...: over both families.
begin()
{
	local address

	for address in "${ADDRESSES[@]}"; do
		begin_at "$address" "$@"
	done
}

finish()
{
	wait_for_all "${PIDS[@]}"
	PIDS=()
}

# said TEXT: by the client whose output is in the file "out".
said()
{
	grep -qF -- "$1" out || fail "'$1' was not said: $(head -n 12 out)"
}

not_said()
{
	! grep -F -- "$1" out
}

small_files_arrive_in_blocks_of_8_bytes()
{
	serve "${SIZES[@]}"
	begin_at "$SERVER" curl,blksize=8 "${SIZES[@]}"
	begin_at "$SERVER6" atftp,blksize=8 "${SIZES[@]}"
	finish
	blocks_were 8:16
}

# busybox takes 24 for an answer, but makes its request in a buffer of the block's size, and wants room for more
# than it puts there: even a name of one letter needs blocks of 52 bytes.
busybox_gets_files_in_the_smallest_blocks_it_can_ask_for()
{
	serve 1
	head -c 1000 /dev/urandom > x
	publish x
	refused 'bad blocksize' download busybox,blksize=23 "$SERVER" x to
	refused 'filename is too long' download busybox,blksize=51 "$SERVER" x to
	begin busybox,blksize=52 x
	begin_at "$SERVER6" busybox,blksize=52 1
	finish
	blocks_were 52:3
}

block_numbers_wrap_in_blocks_of_8_bytes()
{
	serve "$WRAPS"
	begin_at "$SERVER6" curl,blksize=8 "$WRAPS"
	begin_at "$SERVER" atftp,blksize=8 "$WRAPS"
	finish
	blocks_were 8:2
}

large_blocks_are_granted_on_the_loopback_device()
{
	serve 100000
	on_the_server
	begin atftp,blksize=8192 100000
	begin atftp,blksize=65464 100000
	begin curl,blksize=65464 100000
	begin busybox,blksize=65464 100000
	finish
	blocks_were 8192:2 65464:6
}

# 20 bytes of IPv4 or 40 of IPv6, 8 of UDP, 4 of TFTP.
large_blocks_are_cut_to_what_an_ethernet_frame_holds()
{
	serve 100000
	begin atftp,blksize=8192 100000
	begin curl,blksize=65464 100000
	begin busybox,blksize=1469 100000
	finish
	blocks_were 1448:3 1468:3
}

blocks_follow_the_mtu_of_the_path()
{
	serve 100000
	ip -n client link set c0 mtu 9000
	ip -n server link set s0 mtu 9000
	begin atftp,blksize=8192 100000
	begin curl,blksize=65464 100000
	finish
	ip -n server link set s0 mtu 1400
	begin busybox,blksize=1468 100000
	finish
	blocks_were 1348:1 1368:1 8192:2 8948:1 8968:1
}

# traced ADDRESS NAME OPTION...: atftp gets it and tells what it sends and receives. It takes a comma back by
# backspaces.
traced()
{
	local asked=() option

	for option in "${@:3}"; do
		asked+=(--option "$option")
	done
	in_client timeout 100 atftp --trace "${asked[@]}" --get -r "$2" -l got "$1" 2>&1 | tr -d '\b' > out
	cmp "$2" got
}

clients_are_told_the_size()
{
	local bytes

	serve 1 100000
	for bytes in 1 100000; do
		in_client curl -gsv -o got "tftp://[$SERVER6]/$bytes" > out 2>&1
		said "tsize parsed from OACK ($bytes)"
		traced "$SERVER" "$bytes" tsize
		said "received OACK <tsize: $bytes, >"
	done
}

a_timeout_is_confirmed_only_when_it_will_be_kept()
{
	serve 1000
	set_param honor_timeout 0
	traced "$SERVER" 1000 'timeout 3' tsize
	said 'sent RRQ <file: 1000, mode: octet <tsize: 0, timeout: 3>>'
	said 'received OACK <tsize: 1000, >'
	set_param honor_timeout 1
	traced "$SERVER6" 1000 'timeout 3' tsize
	said 'received OACK <tsize: 1000, timeout: 3, >'
}

a_client_that_would_like_multicast_is_served_alone()
{
	serve 100000
	traced "$SERVER" 100000 multicast 'blksize 1024'
	said 'multicast: '
	said 'received OACK <blksize: 1024, >'
	traced "$SERVER6" 100000 multicast
	not_said OACK
	blocks_were 512:1 1024:1
}

# windowsize is never raised, and whatever is granted the file comes whole.
a_client_that_asks_for_a_window_gets_its_file()
{
	local window

	serve 100000
	traced "$SERVER6" 100000 'windowsize 8' 'blksize 1024'
	window=$(sed -n 's/^received OACK <.*windowsize: \([0-9]*\),.*/\1/p' out)
	[ "$window" -ge 1 ]
	[ "$window" -le 8 ]
	begin atftp,blksize=1024,windowsize=2 100000
	begin atftp,blksize=1024,windowsize=64 100000
	finish
	blocks_were 1024:5
	[ "$(windows)" = "2 2 8 64 64" ] || fail "windows were $(windows)"
}

all_at_once()
{
	begin curl_without_options 100000
	begin tftp_hpa 100000
	begin curl,blksize=24 100000
	begin atftp,blksize=1024,tsize,timeout=5 100000
	begin busybox,blksize=1448 100000
	finish
	blocks_were 24:2 512:4 1024:2 1448:2
}

clients_with_different_options_are_served_at_once()
{
	serve 100000
	all_at_once
}

they_are_from_a_single_port_too()
{
	serve 100000
	listen_anew_with single-port
	all_at_once
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	large_blocks_are_cut_to_what_an_ethernet_frame_holds
	clients_are_told_the_size
	a_client_that_asks_for_a_window_gets_its_file
	clients_with_different_options_are_served_at_once
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	small_files_arrive_in_blocks_of_8_bytes
	busybox_gets_files_in_the_smallest_blocks_it_can_ask_for
	block_numbers_wrap_in_blocks_of_8_bytes
	large_blocks_are_granted_on_the_loopback_device
	blocks_follow_the_mtu_of_the_path
	a_timeout_is_confirmed_only_when_it_will_be_kept
	a_client_that_would_like_multicast_is_served_alone
	they_are_from_a_single_port_too
)
run_tests "$@"
