#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# engine.sh: the engine of user space, alone and under sanitizers, between two hosts: clients that others wrote, address
# families, windows, bad networks, and what only a network shows.
#
#      client                          server
#   198.51.100.2  c0 ---- veth ---- s0  198.51.100.1, 198.51.100.3
#   2001:db8::2                         2001:db8::1, 2001:db8::3

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source-path=SCRIPTDIR source=../lib/ktap.sh
. "$TREE/tests/lib/ktap.sh"

SERVER=198.51.100.1
SERVER_TOO=198.51.100.3
SERVER6=2001:db8::1
SERVER6_TOO=2001:db8::3
CLIENT=198.51.100.2
CLIENT6=2001:db8::2
ENGINE=$TREE/build/asan/daemon-programs/engine_server
LOAD=$TREE/build/asan/tftpload
HABITS=$TREE/tests/bench/habits
SIZES=(0 1 511 512 513 1024 65536 600000)
export ASAN_OPTIONS=exitcode=77:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

TESTS=(
	every_client_gets_every_size_from_both_families
	windows_of_all_sizes_carry_whole_files
	windows_are_taken_apart_where_the_host_does_not
	block_numbers_wrap_around
	every_family_of_phones_and_boot_loaders_downloads
	a_bad_network_is_survived_in_lock_step
	a_bad_network_is_survived_with_windows
	what_the_host_drops_goes_again
	what_a_queue_has_no_room_for_goes_again_soon
	the_address_that_was_asked_answers
	a_blocksize_is_no_larger_than_the_way_carries
	a_block_that_was_not_asked_to_fit_is_fragmented
	what_was_sent_to_everybody_meets_silence
	a_listener_on_a_device_hears_no_other
	a_link_local_client_is_served
	mark_and_dscp_are_those_of_the_listener
	requests_of_the_module_are_answered_from_daemon_ports
	a_single_port_serves_many_at_once
	many_clients_at_once_are_all_served
)

before_tests()
{
	[ "$(id -u)" = 0 ] || { echo "needs root, for network namespaces"; return 1; }
	if [ ! -x "$ENGINE" ] || [ ! -x "$LOAD" ]; then
		echo "the engine is not built: make asan"
		return 1
	fi
}

on_server()
{
	ip netns exec "$SERVER_NS" "$@"
}

on_client()
{
	ip netns exec "$CLIENT_NS" "$@"
}

# addresses NAMESPACE DEVICE ADDRESS...
addresses()
{
	local namespace=$1 device=$2 address nodad

	shift 2
	ip -n "$namespace" link set lo up
	# Link-local addresses are to be had at once.
	ip netns exec "$namespace" sysctl -qw "net.ipv6.conf.$device.accept_dad=0"
	ip -n "$namespace" link set "$device" up
	for address; do
		nodad=()
		[[ $address != *:* ]] || nodad=(nodad)
		ip -n "$namespace" addr add "$address" dev "$device" "${nodad[@]}"
	done
}

two_hosts()
{
	SERVER_NS=ktftp-engine-s-$BASHPID
	CLIENT_NS=ktftp-engine-c-$BASHPID
	ip netns add "$SERVER_NS"
	at_end ip netns del "$SERVER_NS"
	ip netns add "$CLIENT_NS"
	at_end ip netns del "$CLIENT_NS"
	ip -n "$SERVER_NS" link add s0 type veth peer name c0 netns "$CLIENT_NS"
	addresses "$SERVER_NS" s0 "$SERVER/24" "$SERVER_TOO/24" "$SERVER6/64" "$SERVER6_TOO/64"
	addresses "$CLIENT_NS" c0 "$CLIENT/24" "$CLIENT6/64"
	WORK=$(mktemp -d /run/ktftp-engine.XXXXXX)
	at_end rm -rf "$WORK"
	at_end cd /
	cd "$WORK" || fail "cannot enter $WORK"
	mkdir files
}

# make_file NAME BYTES
make_file()
{
	head -c "$2" /dev/urandom > "files/$1"
}

is_ready()
{
	kill -0 "$ENGINE_PID" 2> /dev/null || fail "the engine ended: $(cat engine.log)"
	grep -q '^ready' engine.log
}

# serve OPTION...: on all addresses of both families unless an option says where.
serve()
{
	local where=(-l 0.0.0.0 -l ::)

	[[ " $* " != *" -l "* ]] || where=()
	# As it is, not by on_server: what is put in the background is the process itself.
	ip netns exec "$SERVER_NS" "$ENGINE" -S "$WORK/counters" "${where[@]}" "$@" files > engine.log 2>&1 &
	ENGINE_PID=$!
	at_end kill -KILL "$ENGINE_PID"
	wait_until is_ready
}

# stop: it ends well, and the sanitizers have nothing to say.
stop()
{
	local status=0

	kill -TERM "$ENGINE_PID"
	wait "$ENGINE_PID" || status=$?
	[ "$status" = 0 ] || { tail -n 40 engine.log; fail "the engine ended with status $status"; }
}

# counter NAME: as it was when the engine ended.
counter()
{
	sed -n "s/^$1 //p" counters
}

# same NAME: what was downloaded into "got" is that file.
same()
{
	cmp "got" "files/$1" || fail "$1 is not what was served"
	rm -f got
}

# url ADDRESS
url()
{
	[[ $1 != *:* ]] && echo "tftp://$1" || echo "tftp://[$1]"
}

# get_by CLIENT ADDRESS NAME: into "got".
get_by()
{
	: > got
	case $1 in
	curl) on_client curl -sS --max-time 60 -o got "$(url "$2")/$3" ;;
	curl-no-options) on_client curl -sS --max-time 60 --tftp-no-options -o got "$(url "$2")/$3" ;;
	curl-1428) on_client curl -sS --max-time 60 --tftp-blksize 1428 -o got "$(url "$2")/$3" ;;
	tftp-hpa) on_client timeout 60 tftp -m binary "$2" -c get "$3" got ;;
	atftp) on_client timeout 60 atftp --get -r "$3" -l got "$2" 69 ;;
	busybox) on_client timeout 60 busybox tftp -g -r "$3" -l got "$2" 69 ;;
	esac
}

every_client_gets_every_size_from_both_families()
{
	local size address by

	two_hosts
	serve
	for size in "${SIZES[@]}"; do
		make_file "$size" "$size"
		for address in "$SERVER" "$SERVER6"; do
			for by in curl curl-no-options curl-1428 tftp-hpa atftp busybox; do
				get_by "$by" "$address" "$size" || fail "$by, $size bytes from $address"
				same "$size"
			done
		done
	done
	stop
	[ "$(counter ended_complete)" = $((${#SIZES[@]} * 2 * 6)) ] || fail "$(cat counters)"
}

# window BLOCKS BLKSIZE NAME
window()
{
	: > got
	on_client timeout 60 atftp --option "windowsize $1" --option "blksize $2" --get -r "$3" -l got "$SERVER" 69 ||
		fail "a window of $1 blocks of $2 bytes"
	same "$3"
}

windows_of_all_sizes_carry_whole_files()
{
	local blocks blksize

	two_hosts
	serve
	make_file image 1000000
	make_file multiple 819200
	make_file small 700
	for blocks in 2 3 8 64 1000; do
		for blksize in 512 1024 1428 8192; do
			window "$blocks" "$blksize" image
		done
		window "$blocks" 1024 multiple
		window "$blocks" 512 small
	done
	stop
	[ "$(counter requests_aborted)" = 0 ] || fail "$(cat counters)"
}

# The host is asked to take windows apart; where it says that it does not, they leave block by block.
windows_are_taken_apart_where_the_host_does_not()
{
	two_hosts
	make_file image 30000
	serve -o rto_min_ms=200
	ip -n "$SERVER_NS" route add "$CLIENT/32" dev s0 mtu 400
	load --clients 1 --transfers 20 --blksize 512 --windowsize 16
	stop
	[ "$(counter send_failed)" = 0 ] || fail "$(cat counters)"
	# What was asked of the host in vain was sent at once all the same.
	[ "$(counter segments_repeated)" -lt 20 ] || fail "$(cat counters)"
}

block_numbers_wrap_around()
{
	two_hosts
	serve
	make_file image $((65536 * 8 * 2 + 1000))
	on_client curl -sS --max-time 120 --tftp-blksize 8 -o got "$(url "$SERVER")/image"
	same image
	on_client timeout 120 atftp --option 'windowsize 16' --option 'blksize 8' --get -r image -l got "$SERVER" 69
	same image
	stop
}

# load OPTION...: by the load generator, which compares every byte; fails unless all is well.
load()
{
	on_client "$LOAD" --server "$SERVER" --file image --check files/image --between-files-ms 0 --json "$@" > result ||
		fail "$* $(cat result)"
	[[ $(< result) == *'"failed":0,'* ]] || fail "$* $(cat result)"
}

every_family_of_phones_and_boot_loaders_downloads()
{
	local file

	two_hosts
	serve
	make_file image 100000
	for file in "$HABITS"/*.conf; do
		load --habits "$file" --clients 2 --transfers 2 --flash-pause-ms 1 --flash-every-bytes 65536 --stop-after-bytes 0
	done
	stop
}

# drop_one_of N: packets either way, each where it arrives; the blocks of a window are packets of their own by then.
drop_one_of()
{
	local namespace

	on_server ethtool -K s0 tx-udp-segmentation off
	for namespace in "$SERVER_NS" "$CLIENT_NS"; do
		ip netns exec "$namespace" nft -f - <<- RULES
			table inet loss {
				chain in {
					type filter hook input priority 0
					meta l4proto udp numgen random mod $1 == 0 drop
				}
			}
		RULES
	done
}

a_bad_network_is_survived_in_lock_step()
{
	two_hosts
	serve
	make_file image 300000
	drop_one_of 20
	load --clients 4 --transfers 8
	load --clients 4 --transfers 8 --blksize 1428
	stop
	[ "$(counter segments_repeated)" -ge 50 ] || fail "$(cat counters)"
}

a_bad_network_is_survived_with_windows()
{
	two_hosts
	serve
	make_file image 1000000
	drop_one_of 50
	load --clients 4 --transfers 8 --blksize 1428 --windowsize 16
	load --clients 2 --transfers 4 --blksize 8192 --windowsize 8
	stop
	[ "$(counter acks_gap)" -ge 5 ] || fail "$(cat counters)"
}

# A firewall of this host says so at once: nothing is lost on the way then, and a repeat does all.
what_the_host_drops_goes_again()
{
	two_hosts
	serve
	make_file image 300000
	on_server nft -f - <<- RULES
		table inet loss {
			chain out { type filter hook output priority 0; udp sport >= 61000 numgen random mod 10 == 0 drop; }
		}
	RULES
	load --clients 4 --transfers 8
	stop
	[ "$(counter send_failed)" -ge 10 ] || fail "$(cat counters)"
}

# What never left is no repeat, and is not backed off for.
what_a_queue_has_no_room_for_goes_again_soon()
{
	two_hosts
	serve -o rto_min_ms=200
	make_file image 300000
	on_server nft -f - <<- RULES
		table netdev loss {
			chain out {
				type filter hook egress device s0 priority 0
				udp sport >= 61000 numgen random mod 10 == 0 drop
			}
		}
	RULES
	load --clients 4 --transfers 8
	load --clients 4 --transfers 8 --blksize 1024 --windowsize 16
	stop
	[ "$(counter send_failed)" -ge 100 ] || fail "$(cat counters)"
	[ $(($(counter segments_repeated) * 10)) -lt "$(counter send_failed)" ] || fail "$(cat counters)"
}

# answerer ADDRESS: who answers a request that was sent there, and to which port it may not be.
answerer()
{
	on_client python3 - "$1" <<- 'PYTHON'
		import socket, sys
		address = sys.argv[1]
		s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(20)
		s.sendto(b"\0\1image\0octet\0", (address, 69))
		packet, peer = s.recvfrom(1000)
		print(peer[0], "another" if peer[1] != 69 else "same")
		s.sendto(b"\0\5\0\0end", peer)
	PYTHON
}

the_address_that_was_asked_answers()
{
	local address

	two_hosts
	make_file image 1000
	serve
	for address in "$SERVER" "$SERVER_TOO" "$SERVER6" "$SERVER6_TOO"; do
		[ "$(answerer "$address")" = "$address another" ] || fail "asked $address, answered: $(answerer "$address")"
	done
	stop
	serve -s
	for address in "$SERVER" "$SERVER_TOO" "$SERVER6" "$SERVER6_TOO"; do
		[ "$(answerer "$address")" = "$address same" ] || fail "asked $address, answered: $(answerer "$address")"
	done
	stop
}

# blksize_of ASKED ADDRESS: that the last download had.
blksize_of()
{
	on_client curl -sS --max-time 60 --tftp-blksize "$1" -o got "$(url "$2")/image"
	same image
	sed -n '$s/.* blksize //p' engine.log
}

a_blocksize_is_no_larger_than_the_way_carries()
{
	two_hosts
	make_file image 100000
	serve
	[ "$(blksize_of 65464 "$SERVER")" = 1468 ]
	[ "$(blksize_of 65464 "$SERVER6")" = 1448 ]
	ip -n "$SERVER_NS" route add "$CLIENT/32" dev s0 mtu 700
	[ "$(blksize_of 1428 "$SERVER")" = 668 ]
	[ "$(blksize_of 600 "$SERVER")" = 600 ]
	ip -n "$SERVER_NS" link set s0 mtu 9000
	ip -n "$CLIENT_NS" link set c0 mtu 9000
	ip -n "$SERVER_NS" route del "$CLIENT/32"
	[ "$(blksize_of 65464 "$SERVER")" = 8968 ]
	stop
}

# An MTU below what every IPv4 host takes: the network may take it apart.
a_block_that_was_not_asked_to_fit_is_fragmented()
{
	two_hosts
	make_file image 20000
	serve
	ip -n "$SERVER_NS" route add "$CLIENT/32" dev s0 mtu 400
	get_by curl-no-options "$SERVER" image
	same image
	stop
}

what_was_sent_to_everybody_meets_silence()
{
	two_hosts
	make_file image 1000
	serve
	on_client python3 - "$SERVER" <<- 'PYTHON'
		import socket, sys
		request = b"\0\1image\0octet\0"
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"c0")
		s.settimeout(20)
		s.sendto(request, ("198.51.100.255", 69))
		s.sendto(request, ("255.255.255.255", 69))
		for port in (7, 19, 53, 69):
		    loop = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    loop.bind(("", port))
		    loop.sendto(request, (sys.argv[1], 69))
		six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		six.sendto(request, ("ff02::1", 69, 0, socket.if_nametoindex("c0")))
		s.sendto(request, (sys.argv[1], 69))
		packet, peer = s.recvfrom(1000)
		assert peer[0] == sys.argv[1], peer
		s.sendto(b"\0\5\0\0end", peer)
		s.settimeout(0.2)
		try:
		    raise SystemExit(f"also: {s.recvfrom(1000)}")
		except TimeoutError:
		    pass
	PYTHON
	stop
	[ "$(counter requests)" = 1 ] || fail "$(cat counters)"
	[ "$(counter requests_ignored)" -ge 6 ] || fail "$(cat counters)"
}

a_listener_on_a_device_hears_no_other()
{
	two_hosts
	make_file image 1000
	ip -n "$SERVER_NS" link add other type veth peer name another
	ip -n "$SERVER_NS" link set other up
	serve -l '0.0.0.0%s0' -l '0.0.0.0@1069%other'
	get_by curl "$SERVER" image
	same image
	! on_client curl -s --max-time 2 -o got "tftp://$SERVER:1069/image" || fail "heard on another device"
	stop
}

a_link_local_client_is_served()
{
	local address

	two_hosts
	make_file image 100000
	serve
	address=$(ip -n "$SERVER_NS" -6 -br addr show dev s0 scope link | awk '{ sub("/.*", "", $3); print $3 }')
	on_client python3 - "$address" <<- 'PYTHON'
		import socket, struct, sys
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.settimeout(20)
		scope = socket.if_nametoindex("c0")
		s.sendto(b"\0\1image\0octet\0", (sys.argv[1], 69, 0, scope))
		got, block = b"", 1
		while True:
		    packet, peer = s.recvfrom(1000)
		    if struct.unpack("!HH", packet[:4]) != (3, block):
		        continue
		    got += packet[4:]
		    s.sendto(struct.pack("!HH", 4, block), peer)
		    block += 1
		    if len(packet) < 516:
		        break
		open("got", "wb").write(got)
	PYTHON
	same image
	stop
}

mark_and_dscp_are_those_of_the_listener()
{
	two_hosts
	make_file image 100000
	on_server nft -f - <<- RULES
		table inet seen {
			chain out {
				type filter hook output priority 0
				udp sport 61000-63999 meta mark 7 ip dscp 24 counter
				udp sport 61000-63999 meta mark != 7 drop
				udp sport 61000-63999 ip dscp != 24 drop
				udp sport 61000-63999 meta mark 7 ip6 dscp 24 counter
				udp sport 61000-63999 ip6 dscp != 24 drop
			}
		}
	RULES
	serve -m 7 -d 24
	get_by curl "$SERVER" image
	same image
	get_by curl "$SERVER6" image
	same image
	stop
}

requests_of_the_module_are_answered_from_daemon_ports()
{
	two_hosts
	make_file image 100000
	serve -l "$SERVER" -H -t 45000-45010
	get_by curl "$SERVER" image
	same image
	[ "$(answerer "$SERVER")" = "$SERVER another" ]
	load --clients 20 --transfers 20
	! get_by curl-no-options "$SERVER" missing || fail "found what is not there"
	stop
	[ "$(counter requests_not_found)" = 1 ] || fail "$(cat counters)"
}

a_single_port_serves_many_at_once()
{
	two_hosts
	make_file image 100000
	serve -s
	load --clients 50 --transfers 100 --blksize 1428
	stop
}

many_clients_at_once_are_all_served()
{
	two_hosts
	make_file image 20000
	serve
	load --clients 500 --transfers 1000
	load --clients 100 --transfers 200 --blksize 1428 --windowsize 8
	stop
	[ "$(counter requests_processed)" = 1200 ] || fail "$(cat counters)"
}

run_tests "$@"
