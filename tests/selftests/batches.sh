#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# batches.sh: the blocks of a window leave in few packets of many segments (GSO), and arrive as single packets: as many
# as they should be, every byte, whatever the device can do and whoever looks at packets on their way.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BYTES=500000
BLKSIZE=1428
BLOCKS=$((BYTES / BLKSIZE + 1))

# What is asked for by a client with windows that others wrote.
WINDOWS=atftp,blksize=$BLKSIZE,windowsize=16
LOCK_STEP=atftp,blksize=$BLKSIZE

# Larger than what hosts say to each other besides, smaller than the last block in its packet.
SMALL_BYTES=200

# serve BYTES: a file, between two hosts. Nothing is repeated because a machine is slow.
serve()
{
	set_param rto_min_ms 200
	two_hosts
	serve_file "$1"
}

serve_file()
{
	work_dir
	make_file file "$1"
	in_server ktftpctl -batch - <<- BATCH
		publish file
		listen add 0.0.0.0
		listen add [::]
	BATCH
}

# record DEVICE: what leaves by it from now on is in $TRACEFS/trace, before segmentation and after.
record()
{
	local event

	need_tracefs
	stop_events
	write_tracefs trace ''
	write_tracefs buffer_size_kb 4096
	for event in net_dev_queue net_dev_start_xmit; do
		at_end write_tracefs "events/net/$event/filter" 0
		write_tracefs "events/net/$event/filter" "name == \"$1\" && len > $SMALL_BYTES"
		at_end write_tracefs "events/net/$event/enable" 0
		write_tracefs "events/net/$event/enable" 1
	done
}

stop_events()
{
	write_tracefs events/net/net_dev_queue/enable 0
	write_tracefs events/net/net_dev_start_xmit/enable 0
}

# stop_recording: the events are in the file trace, one a line.
stop_recording()
{
	stop_events
	grep -v '^#' "$TRACEFS/trace" > trace || true
}

# queued: packets as they left the module's hands.
queued()
{
	grep -c ' net_dev_queue: ' trace || true
}

# sent [REGEX]: packets as they came to the device.
sent()
{
	grep -cE " net_dev_start_xmit: .*${1:-}" trace || true
}

# gets CLIENT: the file over both families, whole, while what leaves by s0 is recorded.
gets()
{
	record s0
	downloads_whole "$1" "$SERVER" file
	downloads_whole "$1" "$SERVER6" file
	stop_recording
	echo "$1: $(queued) packets queued, $(sent) sent, $(sent 'gso_size=[1-9]') of them with segments"
}

# blocks_left_once [NUMBER]
blocks_left_once()
{
	local number=$((2 * ${1:-$BLOCKS}))

	[ "$(stat_of segments_sent)" = "$number" ] || fail "$(stat_of segments_sent) blocks for $number"
	[ "$(stat_of segments_repeated)" = 0 ]
}

# A window of 16 blocks takes two or three packets, which have room for 17 pieces, with a few more where it begins.
a_window_leaves_in_few_packets()
{
	serve "$BYTES"
	gets "$WINDOWS"
	blocks_left_once
	[ "$(queued)" -le $((2 * BLOCKS / 4)) ]
	[ "$(queued)" -ge $((2 * BLOCKS / 16)) ]
	# As many segments as blocks; the device takes them as they are.
	[ "$(sent)" = "$(queued)" ]
	[ "$(segments)" = $((2 * BLOCKS)) ]
	[ "$(sent "gso_size=$((BLKSIZE + 4)) ")" -gt 0 ]
}

# segments: blocks that came to the device, by what it was told of them.
segments()
{
	sed -nE 's/.* net_dev_start_xmit: .* gso_segs=([0-9]+).*/\1/p' trace |
		awk '{ sum += $1 > 1 ? $1 : 1 } END { print sum + 0 }'
}

without_a_window_each_block_is_a_packet()
{
	serve "$BYTES"
	gets "$LOCK_STEP"
	blocks_left_once
	[ "$(queued)" = $((2 * BLOCKS)) ]
	[ "$(sent 'gso_size=[1-9]')" = 0 ]
}

# without FEATURE...: of the server's device and the client's; then windows arrive, and no batch reaches the device.
arrives_without()
{
	local feature

	serve "$BYTES"
	for feature in "$@"; do
		in_server ethtool -K s0 "$feature" off
		in_client ethtool -K c0 "$feature" off
	done
	gets "$WINDOWS"
	blocks_left_once
	[ "$(sent)" = $((2 * BLOCKS)) ]
	[ "$(sent 'gso_size=[1-9]')" = 0 ]
}

# The stack makes packets of them, which is cheaper than to send each of them.
a_device_without_udp_segmentation_gets_packets()
{
	arrives_without tx-udp-segmentation
	[ "$(queued)" -le $((2 * BLOCKS / 4)) ]
}

a_device_without_segmentation_gets_packets()
{
	arrives_without tx-udp-segmentation gso
}

a_device_without_scatter_gather_gets_packets()
{
	arrives_without tx-udp-segmentation sg
}

a_device_that_sums_nothing_up_gets_packets()
{
	arrives_without tx
	[ "$(stat_of_snmp client UdpInCsumErrors)" = 0 ]
	[ "$(stat_of_snmp client Udp6InCsumErrors)" = 0 ]
}

# stat_of_snmp HOST NAME: a counter of its network stack's.
stat_of_snmp()
{
	ip netns exec "$1" nstat -asz "$2" | awk 'END { print $2 }'
}

# Sums as a receiver behind a cable would see them: made for each segment, not for the batch.
every_segment_has_its_own_checksum()
{
	serve "$BYTES"
	in_server ethtool -K s0 tx off
	watch_packets client c0
	gets "$WINDOWS"
	packets_seen
	[ "$(grep -c 'udp sum ok' packets)" -ge $((2 * BLOCKS)) ]
	not_seen 'bad udp cksum'
	not_seen 'bad cksum'
}

# watch_packets HOST DEVICE: DATA, in the file packets.
watch_packets()
{
	ip netns exec "$1" tcpdump -U -n -vv -i "$2" -B 16384 udp and greater 200 > packets 2> said &
	WATCHER=$!
	at_end kill "$WATCHER"
	wait_until grep -q 'listening on' said
}

# packets_seen: all that have passed are in the file.
packets_seen()
{
	sleep 1
	kill "$WATCHER"
	wait "$WATCHER" || true
	grep -q '^0 packets dropped by kernel' said || fail "$(< said)"
}

not_seen()
{
	! grep -m 3 -- "$1" packets
}

a_sniffer_at_either_end_changes_nothing()
{
	serve "$BYTES"
	watch_packets server s0
	gets "$WINDOWS"
	blocks_left_once
	[ "$(queued)" -le $((2 * BLOCKS / 4)) ]
	packets_seen
	[ "$(grep -c ' > ' packets)" = "$(queued)" ]
}

# mangle HOST HOOK: what passes there gets other header fields and is tracked, and counted.
mangle()
{
	ip netns exec "$1" nft -f - <<- RULES
		table inet mangled {
			counter data { }
			chain $2 {
				type filter hook $2 priority mangle
				ct state invalid counter drop
				meta l4proto udp meta length > $SMALL_BYTES jump change
			}
			chain change {
				ip ttl set 33
				ip6 hoplimit set 33
				ip dscp set cs3
				ip6 dscp set cs3
				counter name data
			}
		}
	RULES
}

# counted HOST: packets that came by there.
counted()
{
	ip netns exec "$1" nft list counter inet mangled data | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

firewalls_that_change_packets_leave_the_file_whole()
{
	serve "$BYTES"
	mangle server output
	mangle client input
	watch_packets client c0
	gets "$WINDOWS"
	blocks_left_once
	[ "$(queued)" -le $((2 * BLOCKS / 4)) ]
	# Sender's rules see batches, the receiver's too, for a veth passes them on.
	[ "$(counted server)" = "$(queued)" ]
	[ "$(counted client)" -ge "$(queued)" ]
	packets_seen
	[ "$(grep -cE 'ttl 33|hlim 33' packets)" = "$(grep -cE 'ttl|hlim' packets)" ]
}

# protect: what goes between the two hosts, by ESP.
protect()
{
	local host

	for host in client server; do
		ip -n "$host" -batch - <<- BATCH
			xfrm state add src $CLIENT dst $SERVER proto esp spi 1 mode transport aead rfc4106(gcm(aes)) $KEY 128
			xfrm state add src $SERVER dst $CLIENT proto esp spi 2 mode transport aead rfc4106(gcm(aes)) $KEY 128
			xfrm state add src $CLIENT6 dst $SERVER6 proto esp spi 3 mode transport aead rfc4106(gcm(aes)) $KEY 128
			xfrm state add src $SERVER6 dst $CLIENT6 proto esp spi 4 mode transport aead rfc4106(gcm(aes)) $KEY 128
		BATCH
	done
	policies server "$SERVER" "$CLIENT" "$SERVER6" "$CLIENT6"
	policies client "$CLIENT" "$SERVER" "$CLIENT6" "$SERVER6"
}

KEY=0x0102030405060708090a0b0c0d0e0f1011121314

# policies HOST OWN OTHER OWN6 OTHER6
policies()
{
	ip -n "$1" -batch - <<- BATCH
		xfrm policy add src $2 dst $3 proto udp dir out tmpl proto esp mode transport
		xfrm policy add src $3 dst $2 proto udp dir in tmpl proto esp mode transport
		xfrm policy add src $4 dst $5 proto udp dir out tmpl proto esp mode transport
		xfrm policy add src $5 dst $4 proto udp dir in tmpl proto esp mode transport
	BATCH
}

what_is_encrypted_leaves_block_by_block()
{
	local blocks

	serve "$BYTES"
	protect
	# They fit with what encryption adds.
	gets "atftp,blksize=1400,windowsize=16"
	blocks=$((BYTES / 1400 + 1))
	blocks_left_once "$blocks"
	[ "$(sent 'gso_size=[1-9]')" = 0 ]
	[ "$(queued)" = $((2 * blocks)) ]
	[ "$(esp_packets)" -ge $((2 * blocks)) ]
}

# esp_packets: that the server has encrypted.
esp_packets()
{
	ip -n server -s xfrm state | awk '/\(bytes\), [0-9]+\(packets\)/ { sub(/\(.*/, "", $2); sum += $2 } END { print sum }'
}

blocks_of_every_size_arrive_by_windows()
{
	local size pids=()

	serve 200000
	ip -n client link set c0 mtu 9000
	ip -n server link set s0 mtu 9000
	for size in 8 512 1000 3000 4096 8192; do
		downloads_whole "atftp,blksize=$size,windowsize=13" "$SERVER" file & pids+=("$!")
		downloads_whole "atftp,blksize=$size,windowsize=13" "$SERVER6" file & pids+=("$!")
	done
	CLIENT_HOST=server
	for size in 1428 16000 32768 65464; do
		downloads_whole "atftp,blksize=$size,windowsize=7" 127.0.0.1 file & pids+=("$!")
		downloads_whole "atftp,blksize=$size,windowsize=7" ::1 file & pids+=("$!")
	done
	wait_for_all "${pids[@]}"
}

# slow DELAY: every packet of the server's takes so long.
slow()
{
	modprobe sch_netem 2> /dev/null || true
	in_server tc qdisc replace dev s0 root netem limit 10000 delay "$1"
}

stat_reaches()
{
	[ "$(stat_of "$1")" -ge "$2" ]
}

# begin: a download over each family, slowly.
begin()
{
	PIDS=()
	slow 100ms
	downloads_whole "$WINDOWS" "$SERVER" file & PIDS+=("$!")
	downloads_whole "$WINDOWS" "$SERVER6" file & PIDS+=("$!")
	wait_until stat_reaches segments_sent 100
}

finish()
{
	slow 0ms
	wait_for_all "${PIDS[@]}"
}

set_mtu()
{
	ip -n server link set s0 mtu "$1"
	ip -n client link set c0 mtu "$1"
}

# How far the slow part of a download has come when its MTU changes is left open; that it changes within is not.
the_mtu_may_fall_during_a_download_by_windows()
{
	serve 1500000
	begin
	set_mtu 1280
	wait_until stat_reaches segments_sent $(($(stat_of segments_sent) + 100))
	record s0
	slow 0ms
	wait_for_all "${PIDS[@]}"
	stop_recording
	# What does not fit leaves alone, and in pieces.
	[ "$(sent)" -gt 100 ]
	[ "$(sent 'gso_size=[1-9]')" = 0 ]
	[ "$(stat_of_snmp server IpFragCreates)" -gt 100 ]
	[ "$(stat_of_snmp server Ip6FragCreates)" -gt 100 ]
}

# IPv6 has no smaller ones than 1280.
the_mtu_may_fall_to_a_modems_and_rise_again()
{
	serve 1500000
	PIDS=()
	slow 100ms
	downloads_whole "$WINDOWS" "$SERVER" file & PIDS+=("$!")
	wait_until stat_reaches segments_sent 50
	set_mtu 576
	wait_until stat_reaches segments_sent $(($(stat_of segments_sent) + 50))
	set_mtu 1500
	record s0
	finish
	stop_recording
	[ "$(stat_of_snmp server IpFragCreates)" -gt 100 ]
	# A batch again.
	[ "$(sent 'gso_size=[1-9]')" -gt 0 ]
}

# A host between the two, whose way on is narrower: IPv4 is fragmented there, to IPv6 that is said.
a_narrower_way_further_on_takes_windows_in_pieces()
{
	one_host client
	one_host router
	one_host server
	ip link add c0 netns client type veth peer name r0 netns router
	ip link add s0 netns server type veth peer name r1 netns router
	give_addresses client c0 192.0.2.2 2001:db8:a::2
	give_addresses router r0 192.0.2.1 2001:db8:a::1
	give_addresses router r1 "$CLIENT" "$CLIENT6"
	give_addresses server s0 "$SERVER" "$SERVER6"
	ip -n client route add default via 192.0.2.1
	ip -n client route add default via 2001:db8:a::1
	ip -n server route add default via "$CLIENT"
	ip -n server route add default via "$CLIENT6"
	ip netns exec router sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n router link set r0 mtu 1400
	ip -n client link set c0 mtu 1400
	serve_file "$BYTES"
	gets "$WINDOWS"
	[ "$(stat_of_snmp router IpFragCreates)" -ge $((2 * BLOCKS - 10)) ]
	[ "$(stat_of_snmp server Ip6FragCreates)" -ge "$BLOCKS" ]
}

# One that takes no packet larger than its bucket, and drops some: what a queue of this host drops is not lost.
a_shaper_with_a_short_queue_gets_packets()
{
	serve "$BYTES"
	modprobe sch_tbf 2> /dev/null || true
	in_server tc qdisc replace dev s0 root tbf rate 100mbit burst 3000 limit 15000
	gets "$WINDOWS"
	[ "$(sent)" -gt $((2 * $(queued))) ]
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	a_window_leaves_in_few_packets
	a_device_without_segmentation_gets_packets
	every_segment_has_its_own_checksum
	what_is_encrypted_leaves_block_by_block
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	without_a_window_each_block_is_a_packet
	a_device_without_udp_segmentation_gets_packets
	a_device_without_scatter_gather_gets_packets
	a_device_that_sums_nothing_up_gets_packets
	a_sniffer_at_either_end_changes_nothing
	firewalls_that_change_packets_leave_the_file_whole
	blocks_of_every_size_arrive_by_windows
	the_mtu_may_fall_during_a_download_by_windows
	the_mtu_may_fall_to_a_modems_and_rise_again
	a_narrower_way_further_on_takes_windows_in_pieces
	a_shaper_with_a_short_queue_gets_packets
)
run_tests "$@"
