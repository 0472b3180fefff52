#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# turn.sh: the packet of an ACK becomes the DATA packet that answers it (kmod/turn.c): wherever it came through, nobody
# else loses what they hold of it, nothing of it is left in the answer, and the file arrives whole.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TRACEFS=/sys/kernel/tracing
TID_PORTS=62000-62009
BYTES=5000
BLOCKS=$((BYTES / 512 + 1))

# serve: a file, to everybody, in small blocks.
serve()
{
	set_param rto_min_ms 200
	work_dir
	make_file file "$BYTES"
	in_server ktftpctl publish file
	in_server ktftpctl listen add 0.0.0.0 tid-ports "$TID_PORTS"
	in_server ktftpctl listen add '[::]' tid-ports "$TID_PORTS"
}

write_tracefs()
{
	echo "$2" > "$TRACEFS/$1"
}

# watch_turns: from here on, whether each packet that could be turned was.
watch_turns()
{
	[ -d "$TRACEFS/events" ] || mount -t tracefs tracefs "$TRACEFS" || skip "no tracefs here"
	[ -e "$TRACEFS/kprobe_events" ] || skip "no probes here"
	# shellcheck disable=SC2016 # the kernel's word
	write_tracefs kprobe_events 'r:ktftp_turned ktftp:ktftp_turn to=$retval'
	at_end write_tracefs kprobe_events ''
	write_tracefs trace ''
	write_tracefs events/kprobes/ktftp_turned/enable 1
	at_end write_tracefs events/kprobes/ktftp_turned/enable 0
}

# turned / not_turned: how many were, and how many were not.
turned()
{
	grep -c ' to=0x[0-9a-f]*[1-9a-f][0-9a-f]*$' "$TRACEFS/trace" || true
}

not_turned()
{
	grep -c ' to=0x0$' "$TRACEFS/trace" || true
}

# turns_are TURNED NOT_TURNED
turns_are()
{
	echo "turned $(turned), not turned $(not_turned)"
	[ "$(turned)" = "$1" ] && [ "$(not_turned)" = "$2" ]
}

# lock_step ADDRESS...: a download from each, without options; each packet is sent once, and leaves.
lock_step()
{
	local address

	for address in "$@"; do
		downloads_whole curl_without_options "$address" file
	done
	[ "$(stat_of segments_repeated)" = 0 ]
	[ "$(stat_of send_failed)" = 0 ]
}

every_ack_is_turned()
{
	two_hosts
	serve
	watch_turns
	lock_step "$SERVER" "$SERVER6"
	# The first block answers a request.
	turns_are $((2 * (BLOCKS - 1))) 0
}

every_ack_is_turned_on_one_host()
{
	two_hosts
	serve
	watch_turns
	# shellcheck disable=SC2034 # for download
	CLIENT_HOST=server
	lock_step 127.0.0.1 ::1
	turns_are $((2 * (BLOCKS - 1))) 0
}

# hold HOST DEVICE: from here on a packet socket keeps what arrives there, until release writes it to held.pcap. It
# holds on to the kernel's own packets, and is not shown what is sent.
hold()
{
	rm -f ready release
	ip netns exec "$1" python3 -ISc '
import os, socket, struct, sys, time
SO_RCVBUFFORCE, SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING, VLAN_VALID = 33, 263, 8, 23, 16

def receive(wire):
    frame, control, _, _ = wire.recvmsg(65536, 256)
    for level, kind, data in control:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, tag, protocol = struct.unpack("I12xHH", data)
            if status & VLAN_VALID:
                return frame[:12] + struct.pack("!HH", protocol, tag) + frame[12:]
    return frame

wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
wire.bind((sys.argv[1], 3))
open("ready", "w").close()
while not os.path.exists("release"):
    time.sleep(0.1)
wire.setblocking(False)
with open("held.pcap", "wb") as held:
    held.write(struct.pack("IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    try:
        while True:
            frame = receive(wire)
            held.write(struct.pack("IIII", 0, 0, len(frame), len(frame)) + frame)
    except BlockingIOError:
        pass
' "$2" &
	HOLDER=$!
	at_end kill "$HOLDER"
	wait_until test -e ready
}

release()
{
	touch release
	wait "$HOLDER"
}

# acks: those of all blocks, as a client sends them.
acks()
{
	seq 1 "$BLOCKS" | while read -r block; do
		printf '0004%04x\n' "$block"
	done
}

# acks_in CAPTURE: the payloads of those over IPv4, a line each.
acks_in()
{
	tcpdump -nXr "$1" "ip and udp dst portrange $TID_PORTS" 2> /dev/null |
		sed -n 's/^\t0x0010: .* \(0004 [0-9a-f]\{4\}\) .*/\1/p' | tr -d ' '
}

a_packet_that_somebody_holds_is_left_alone()
{
	two_hosts
	serve
	watch_turns
	hold server s0
	lock_step "$SERVER"
	release
	acks_in held.pcap > got
	acks > wanted
	cmp got wanted
	turns_are 0 $((BLOCKS - 1))
}

mirrored_whole()
{
	acks_in mirror.pcap | cmp -s - wanted
}

a_packet_that_is_mirrored_is_left_alone()
{
	two_hosts
	serve
	in_server ip link add mirror type dummy
	in_server ip link set mirror up
	in_server tc qdisc add dev s0 clsact
	in_server tc filter add dev s0 ingress matchall action mirred egress mirror dev mirror
	start_capture server mirror
	watch_turns
	lock_step "$SERVER"
	acks > wanted
	wait_until mirrored_whole
	turns_are 0 $((BLOCKS - 1))
}

# start_capture HOST DEVICE: by tcpdump, to DEVICE.pcap.
start_capture()
{
	ip netns exec "$1" tcpdump -Uni "$2" -w "$2.pcap" 2> "$2.log" &
	CAPTURE=$!
	at_end kill "$CAPTURE"
	wait_until grep -q 'listening on' "$2.log"
}

# looks CAPTURE: all that the server sent, but for what differs from download to download: identification, its own
# port and the client's, and checksums, of which tcpdump says whether they are right.
looks()
{
	tcpdump -tnnevvXr "$1" udp 2> /dev/null | sed -E '
		s/ id [0-9]+,//
		s/cksum 0x[0-9a-f]+ //
		s/([0-9a-f.:]+)\.[0-9]+ > ([0-9a-f.:]+)\.[0-9]+: \[/\1 > \2: [/
		/^\t0x00[0123]0: /d'
}

# capture_downloads: what comes to the client of one over each family, checksums made by the server, in held.pcap.
capture_downloads()
{
	hold client c0
	lock_step "$SERVER" "$SERVER6"
	release
}

turned_packets_look_like_new_ones()
{
	two_hosts
	serve
	in_server ethtool -K s0 tx off > /dev/null
	watch_turns
	capture_downloads
	looks held.pcap > turned
	turns_are $((2 * (BLOCKS - 1))) 0
	start_capture client c0
	capture_downloads
	looks held.pcap > new
	turns_are $((2 * (BLOCKS - 1))) $((2 * (BLOCKS - 1)))
	[ "$(grep -c 'udp sum ok' turned)" = $((2 * BLOCKS)) ]
	diff turned new | head -n 20
	cmp turned new
}

what_is_known_of_the_ack_is_not_of_its_answer()
{
	two_hosts
	serve
	in_server tc qdisc add dev s0 clsact
	in_server tc filter add dev s0 ingress matchall action skbedit mark 7 priority 1:7
	in_server nft -f - <<- RULES
		table inet filter {
			counter arrived { }
			counter answers { }
			counter strange { }
			chain input {
				type filter hook input priority filter
				udp dport $TID_PORTS meta mark 7 meta priority 1:7 counter name arrived
				udp dport $TID_PORTS ct state invalid,untracked counter name strange
			}
			chain output {
				type filter hook output priority filter
				udp sport $TID_PORTS counter name answers
				udp sport $TID_PORTS meta mark != 0 counter name strange
				udp sport $TID_PORTS meta priority != 0:0 counter name strange
				udp sport $TID_PORTS ct state != { established, new } counter name strange
			}
		}
	RULES
	watch_turns
	lock_step "$SERVER" "$SERVER6"
	turns_are $((2 * (BLOCKS - 1))) 0
	packets_of arrived $((2 * BLOCKS))
	packets_of answers $((2 * BLOCKS))
	packets_of strange 0
}

# packets_of COUNTER NUMBER
packets_of()
{
	in_server nft list counter inet filter "$1" | tee counter
	grep -q "packets $2 " counter
}

# want_time_stamps: every packet that arrives has one from here on, for a socket that asks for it.
want_time_stamps()
{
	rm -f ready
	ip netns exec server python3 -ISc '
import signal, socket
wants = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
SO_TIMESTAMP = 29
wants.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMP, 1)
open("ready", "w").close()
signal.pause()
' &
	at_end kill "$!"
	wait_until test -e ready
}

# fq sends a packet when its time stamp says so: that of a packet that arrived is by another clock, years ahead.
the_time_of_arrival_is_not_that_of_departure()
{
	two_hosts
	serve
	modprobe sch_fq 2> /dev/null || true
	in_server tc qdisc replace dev s0 root fq
	want_time_stamps
	watch_turns
	lock_step "$SERVER" "$SERVER6"
	turns_are $((2 * (BLOCKS - 1))) 0
}

a_vlan_carries_a_download()
{
	one_host client
	one_host server
	ip link add c0 netns client type veth peer name s0 netns server
	ip -n client link set c0 up
	ip -n server link set s0 up
	ip -n client link add link c0 name c0.7 type vlan id 7
	ip -n server link add link s0 name s0.7 type vlan id 7 ingress-qos-map 0:5
	give_addresses client c0.7 "$CLIENT" "$CLIENT6"
	give_addresses server s0.7 "$SERVER" "$SERVER6"
	serve
	watch_turns
	hold client c0
	lock_step "$SERVER" "$SERVER6"
	release
	turns_are $((2 * (BLOCKS - 1))) 0
	# Untouched by the priority that arrivals are given.
	[ "$(tcpdump -nner held.pcap 2> /dev/null | grep -c 'vlan 7, p 0,.*length 516')" = $((2 * (BLOCKS - 1))) ]
}

# esp HOST FROM TO SPI DIRECTION: packets from FROM to TO are encrypted, as HOST knows it.
esp()
{
	ip -n "$1" xfrm state add src "$2" dst "$3" proto esp spi "$4" mode transport \
		auth sha256 0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef \
		enc aes 0x0123456789abcdef0123456789abcdef
	ip -n "$1" xfrm policy add src "$2" dst "$3" dir "$5" \
		tmpl src "$2" dst "$3" proto esp mode transport level required
}

ipsec_carries_a_download()
{
	two_hosts
	serve
	esp client "$CLIENT" "$SERVER" 1 out
	esp client "$SERVER" "$CLIENT" 2 in
	esp server "$CLIENT" "$SERVER" 1 in
	esp server "$SERVER" "$CLIENT" 2 out
	esp client "$CLIENT6" "$SERVER6" 3 out
	esp client "$SERVER6" "$CLIENT6" 4 in
	esp server "$CLIENT6" "$SERVER6" 3 in
	esp server "$SERVER6" "$CLIENT6" 4 out
	watch_turns
	hold client c0
	lock_step "$SERVER" "$SERVER6"
	release
	echo "turned $(turned), not turned $(not_turned)"
	[ "$(turned)" != 0 ]
	tcpdump -nr held.pcap 2> /dev/null > came
	[ "$(grep -c UDP came || true)" = 0 ]
	[ "$(grep -c 'ESP(spi=0x00000002' came)" = "$BLOCKS" ]
	# Neighbours are asked for by ICMP.
	[ "$(grep -c 'ESP(spi=0x00000004' came)" -ge "$BLOCKS" ]
}

TESTS=(
	every_ack_is_turned
	a_packet_that_somebody_holds_is_left_alone
)
LONG_TESTS=(
	every_ack_is_turned_on_one_host
	a_packet_that_is_mirrored_is_left_alone
	what_is_known_of_the_ack_is_not_of_its_answer
	the_time_of_arrival_is_not_that_of_departure
	a_vlan_carries_a_download
	ipsec_carries_a_download
	turned_packets_look_like_new_ones
)

run_tests "$@"
