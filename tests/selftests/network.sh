#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# network.sh: what a network between client and server does to packets: VRFs, connection tracking, firewalls, address
# translation, no ICMP, an MTU that falls.
#
#   client-a  198.51.100.2 ---- s-a in vrf-a  198.51.100.1  server      two_vrfs
#   client-b  198.51.100.2 ---- s-b in vrf-b  198.51.100.1
#
#   client-a  192.0.2.2 ------- r-a  router  r-s ---- s0  198.51.100.1  server      a_router_between
#   client-b  203.0.113.2 ----- r-b

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TID_PORTS=62000-62009
NEIGHBOURS='icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert }'

# link HOST DEVICE HOST DEVICE
link()
{
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
}

two_vrfs()
{
	local vrf table=100

	one_host server
	for vrf in a b; do
		table=$((table + 1))
		one_host "client-$vrf"
		link "client-$vrf" c0 server "s-$vrf"
		ip -n server link add "vrf-$vrf" up type vrf table "$table"
		ip -n server link set "s-$vrf" master "vrf-$vrf"
		give_addresses server "s-$vrf" "$SERVER" "$SERVER6"
		give_addresses "client-$vrf" c0 "$CLIENT" "$CLIENT6"
	done
}

# routed_client LETTER IPV4 IPV6: networks without their last number.
routed_client()
{
	one_host "client-$1"
	link "client-$1" c0 router "r-$1"
	give_addresses router "r-$1" "$2.1" "$3::1"
	give_addresses "client-$1" c0 "$2.2" "$3::2"
	ip -n "client-$1" route add default via "$2.1"
	ip -n "client-$1" route add default via "$3::1"
}

a_router_between()
{
	one_host server
	one_host router
	link router r-s server s0
	give_addresses router r-s "$CLIENT" "$CLIENT6"
	give_addresses server s0 "$SERVER" "$SERVER6"
	ip -n server route add default via "$CLIENT"
	ip -n server route add default via "$CLIENT6"
	ip netns exec router sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	routed_client a 192.0.2 2001:db8:a
	routed_client b 203.0.113 2001:db8:b
}

# serve BYTES: a file, from here on.
serve()
{
	work_dir
	make_file file "$1"
	in_server ktftpctl publish file
}

# listen [PROPERTY...]: on all addresses.
listen()
{
	in_server ktftpctl listen add 0.0.0.0 "$@"
	in_server ktftpctl listen add '[::]' "$@"
}

# rules HOST: nftables from standard input.
rules()
{
	ip netns exec "$1" nft -f -
}

# slow DEVICE...: of the server: a block takes so long that much can happen during a download; at_full_speed ends that.
slow()
{
	local device

	modprobe sch_netem 2> /dev/null || true
	SLOW=("$@")
	for device in "${SLOW[@]}"; do
		in_server tc qdisc replace dev "$device" root netem delay 100ms
	done
}

at_full_speed()
{
	local device

	for device in "${SLOW[@]}"; do
		in_server tc qdisc replace dev "$device" root netem delay 0ms
	done
}

# gets HOST ADDRESS: the file, whole, in large blocks.
gets()
{
	local to=got.$BASHPID address=$2

	[[ $address != *:* ]] || address="[$address]"
	ip netns exec "$1" timeout 60 curl -gsS --tftp-blksize 1428 -o "$to" "tftp://$address/file"
	cmp "$to" file
}

# gets_from HOST PORT ADDRESS: the same, from that port of the client's, in small blocks.
gets_from()
{
	local to=got.$BASHPID

	ip netns exec "$1" timeout 60 tftp -R "$2:$2" -m octet "$3" -c get file "$to"
	cmp "$to" file
}

# is_refused HOST ADDRESS: a request from there comes to nobody.
is_refused()
{
	local said

	# shellcheck disable=SC2016 # for the other bash
	said=$(ip netns exec "$1" bash -c '
		exec 3<> "/dev/udp/$0/69"
		printf "\0\1file\0octet\0" >&3
		read -r -t 30 -n 1 -u 3' "$2" 2>&1) || true
	[[ $said == *"Connection refused"* ]] || fail "$1 asks $2: '$said'"
}

# stat_reaches NAME NUMBER
stat_reaches()
{
	[ "$(stat_of "$1")" -ge "$2" ]
}

# listeners_carry NUMBER...: so many downloads are under way, by listener.
listeners_carry()
{
	local carry

	carry=$(in_server ktftpctl -j listen | python3 -ISc 'import json, sys
print(*(one["transfers"] for one in json.load(sys.stdin)))')
	[ "$carry" = "$*" ]
}

# Both clients have the same address and port, and ask the same address and port.
both_vrfs_download()
{
	local vrf

	PIDS=()
	for vrf in a b; do
		gets_from "client-$vrf" 5000 "$SERVER" & PIDS+=("$!")
		gets_from "client-$vrf" 5006 "$SERVER6" & PIDS+=("$!")
	done
}

finish()
{
	at_full_speed
	wait_for_all "${PIDS[@]}"
}

two_vrfs_with_the_same_addresses_are_served_at_once()
{
	local vrf

	two_vrfs
	serve 60000
	for vrf in a b; do
		in_server ktftpctl listen add "$SERVER" dev "vrf-$vrf"
		in_server ktftpctl listen add "[$SERVER6]" dev "vrf-$vrf"
	done
	slow s-a s-b
	both_vrfs_download
	wait_until listeners_carry 1 1 1 1
	finish
	wait_until stat_reaches ended_complete 4
	[ "$(stat_of unknown_tid)" = 0 ]
}

a_vrf_without_a_listener_is_not_served()
{
	two_vrfs
	serve 60000
	listen dev vrf-a
	is_refused client-b "$SERVER"
	is_refused client-b "$SERVER6"
	[ "$(stat_of requests)" = 0 ]
	gets client-a "$SERVER"
	gets client-a "$SERVER6"
}

a_listener_without_a_device_serves_vrfs_if_the_host_lets_it()
{
	two_vrfs
	serve 60000
	listen
	is_refused client-a "$SERVER"
	is_refused client-a "$SERVER6"
	[ "$(stat_of requests)" = 0 ]
	in_server sysctl -q net.ipv4.udp_l3mdev_accept=1
	slow s-a s-b
	both_vrfs_download
	wait_until listeners_carry 2 2
	finish
}

# entries_of ADDRESS: connections in the server's table that it began.
entries_of()
{
	# The first address of a line is that of who began.
	in_server sed -n '/ udp /s/ dst=.*//p' /proc/net/nf_conntrack | grep -c " src=$1\$" || true
}

# tracked_downloads [PROPERTY...]: one over each family, by a server that tracks connections and has such listeners.
tracked_downloads()
{
	two_hosts
	rules server <<- RULES
		table inet filter {
			chain input {
				type filter hook input priority filter
				ct state new counter
			}
		}
	RULES
	serve 20000
	listen "$@"
	download_over_both_families
	in_server cat /proc/net/nf_conntrack
}

download_over_both_families()
{
	gets client "$SERVER"
	gets client "$SERVER6"
}

# each_family_has_entries OF_THE_SERVER OF_THE_CLIENT
each_family_has_entries()
{
	[ "$(entries_of "$SERVER")" = "$1" ]
	[ "$(entries_of 2001:0db8:0000:0000:0000:0000:0000:0001)" = "$1" ]
	[ "$(entries_of "$CLIENT")" = "$2" ]
	[ "$(entries_of 2001:0db8:0000:0000:0000:0000:0000:0002)" = "$2" ]
}

a_download_takes_two_entries_of_the_connection_table()
{
	tracked_downloads
	each_family_has_entries 1 1
}

notrack_is_for_what_is_sent_and_rules_are_for_what_is_received()
{
	tracked_downloads notrack
	# The request, and the acknowledgements.
	each_family_has_entries 0 2
	# As ktftp(7) says it.
	in_server nft add table inet ktftp
	in_server nft 'add chain inet ktftp prerouting { type filter hook prerouting priority raw; }'
	in_server nft 'add rule inet ktftp prerouting udp dport { 69, 61000-63999 } notrack'
	download_over_both_families
	each_family_has_entries 0 2
}

# firewall RULE...: of the server, which lets in what these rules do, and nothing out but from the ports for
# transfers.
firewall()
{
	rules server <<- RULES
		table inet filter {
			chain input {
				type filter hook input priority filter
				policy drop
				$NEIGHBOURS accept
				$(printf '%s\n' "$@")
			}
			chain output {
				type filter hook output priority filter
				policy drop
				$NEIGHBOURS accept
				udp sport $TID_PORTS accept
			}
		}
	RULES
}

the_ports_of_a_listener_are_all_it_needs()
{
	two_hosts
	firewall 'udp dport 69 accept' "udp dport $TID_PORTS accept"
	serve 20000
	listen tid-ports "$TID_PORTS"
	download_over_both_families
}

a_firewall_that_shuts_them_ends_a_download_until_it_knows_connections()
{
	set_param unproven_retries 0
	two_hosts
	firewall 'udp dport 69 accept'
	serve 20000
	listen tid-ports "$TID_PORTS"
	refused '' in_client timeout 3 curl -sS "tftp://$SERVER/file"
	wait_until stat_reaches ended_unproven 1
	[ "$(stat_of segments_acknowledged)" = 0 ]
	in_server nft add rule inet filter input ct state established,related accept
	download_over_both_families
}

translate_addresses()
{
	rules router <<- RULES
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname r-s masquerade
			}
		}
	RULES
}

# Downloads under way: two, from two ports of the router's address.
both_come_by_the_router()
{
	in_server ktftpctl -j transfers | python3 -ISc 'import json, sys
clients = {(one["client"], one["client_port"]) for one in json.load(sys.stdin)}
sys.exit(len(clients) != 2 or {address for address, port in clients} != {sys.argv[1]})' "$CLIENT"
}

two_clients_behind_one_address_are_served_from_a_single_port()
{
	local client

	a_router_between
	translate_addresses
	serve 60000
	listen single-port
	slow s0
	PIDS=()
	for client in client-a client-b; do
		gets_from "$client" 5000 "$SERVER" & PIDS+=("$!")
	done
	wait_until both_come_by_the_router
	finish
	wait_until stat_reaches ended_complete 2
}

# One that expects the answer to come from the port that was asked, as most do.
firewall_between()
{
	rules router <<- RULES
		table inet filter {
			chain forward {
				type filter hook forward priority filter
				policy drop
				ct state established,related accept
				ip6 nexthdr icmpv6 accept
				udp dport 69 accept
			}
		}
	RULES
}

a_firewall_between_needs_the_helper_or_a_single_port()
{
	set_param unproven_retries 0
	a_router_between
	firewall_between
	serve 20000
	listen
	refused '' ip netns exec client-a timeout 3 curl -sS "tftp://$SERVER/file"
	wait_until stat_reaches ended_unproven 1
	# As ktftp(7) says it.
	ip netns exec router nft 'add ct helper inet filter tftp { type "tftp" protocol udp; }'
	ip netns exec router nft 'add chain inet filter prerouting { type filter hook prerouting priority filter; }'
	ip netns exec router nft add rule inet filter prerouting udp dport 69 ct helper set tftp
	gets client-a "$SERVER"
	gets client-a "$SERVER6"
	ip netns exec router nft flush chain inet filter prerouting
	in_server ktftpctl listen del 0.0.0.0 --now
	in_server ktftpctl listen add 0.0.0.0 single-port
	gets client-b "$SERVER"
}

address_translation_needs_the_helper_or_a_single_port()
{
	a_router_between
	translate_addresses
	serve 20000
	listen
	refused '' ip netns exec client-a timeout 3 curl -sS "tftp://$SERVER/file"
	# The router says that nobody is at the port it gave the client: not for an answer from there.
	wait_until stat_reaches ended_unreachable 1
	# The helper knows of translation by a module of its own.
	modprobe nf_nat_tftp
	ip netns exec router nft 'add ct helper ip nat tftp { type "tftp" protocol udp; }'
	ip netns exec router nft 'add chain ip nat prerouting { type filter hook prerouting priority filter; }'
	ip netns exec router nft add rule ip nat prerouting udp dport 69 ct helper set tftp
	gets client-a "$SERVER"
}

# no_icmp HOST...: neither in nor out, but for what finds neighbours.
no_icmp()
{
	local host hook

	for host in "$@"; do
		for hook in input output forward; do
			rules "$host" <<- RULES
				table inet quiet {
					chain $hook {
						type filter hook $hook priority -10
						$NEIGHBOURS accept
						meta l4proto { icmp, icmpv6 } counter drop
					}
				}
			RULES
		done
	done
}

# dropped_as_icmp HOST: packets that wanted to leave it.
dropped_as_icmp()
{
	ip netns exec "$1" nft list chain inet quiet output | sed -n 's/.* counter packets \([0-9]*\) .*/\1/p'
}

downloads_need_no_icmp()
{
	local client address pids=()

	two_hosts
	no_icmp client server
	serve 20000
	listen
	for client in curl tftp_hpa; do
		for address in "$SERVER" "$SERVER6"; do
			downloads_whole "$client" "$address" file & pids+=("$!")
		done
	done
	wait_for_all "${pids[@]}"
}

# begin_to_download: over each family; PIDS are those of the clients themselves, not of a shell.
begin_to_download()
{
	PIDS=()
	ip netns exec client curl -gsS -o got "tftp://$SERVER/file" & PIDS+=("$!")
	ip netns exec client curl -gsS -o got6 "tftp://[$SERVER6]/file" & PIDS+=("$!")
}

a_client_that_vanishes_without_icmp_ends_by_time()
{
	two_hosts
	no_icmp client server
	serve 60000
	listen
	slow s0
	begin_to_download
	wait_until stat_reaches segments_acknowledged 6
	kill -KILL "${PIDS[@]}"
	set_param give_up_ms 1000
	wait_until stat_reaches ended_timed_out 2
	[ "$(stat_of unreachables_received)" = 0 ]
	# Their host would have said it.
	[ "$(dropped_as_icmp client)" -gt 0 ]
}

# fragments_made HOST FAMILY: Ip or Ip6.
fragments_made()
{
	ip netns exec "$1" nstat -asz "$2FragCreates" | awk 'END { print $2 }'
}

the_mtu_may_fall_during_a_download()
{
	two_hosts
	serve 100000
	listen
	slow s0
	PIDS=()
	gets client "$SERVER" & PIDS+=("$!")
	gets client "$SERVER6" & PIDS+=("$!")
	wait_until stat_reaches segments_acknowledged 6
	[ "$(fragments_made server Ip)" = 0 ]
	[ "$(fragments_made server Ip6)" = 0 ]
	ip -n server link set s0 mtu 1280
	ip -n client link set c0 mtu 1280
	finish
	# Two for each block: so most of the file was yet to come.
	[ "$(fragments_made server Ip)" -gt 60 ]
	[ "$(fragments_made server Ip6)" -gt 60 ]
}

a_smaller_mtu_further_on_is_learned_and_then_kept_to()
{
	local before

	a_router_between
	ip -n router link set r-a mtu 1400
	ip -n client-a link set c0 mtu 1400
	serve 30000
	listen
	gets client-a "$SERVER"
	# IPv4: the router cuts them in two, and nobody learns.
	[ "$(fragments_made router Ip)" -gt 30 ]
	[ "$(fragments_made server Ip)" = 0 ]
	gets client-a "$SERVER6"
	before=$(fragments_made server Ip6)
	[ "$before" -gt 30 ]
	# What was learned bounds the size of blocks from now on.
	gets client-a "$SERVER6"
	[ "$(fragments_made server Ip6)" = "$before" ]
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	two_vrfs_with_the_same_addresses_are_served_at_once
	the_ports_of_a_listener_are_all_it_needs
	two_clients_behind_one_address_are_served_from_a_single_port
	address_translation_needs_the_helper_or_a_single_port
	a_smaller_mtu_further_on_is_learned_and_then_kept_to
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	a_vrf_without_a_listener_is_not_served
	a_listener_without_a_device_serves_vrfs_if_the_host_lets_it
	a_download_takes_two_entries_of_the_connection_table
	notrack_is_for_what_is_sent_and_rules_are_for_what_is_received
	a_firewall_that_shuts_them_ends_a_download_until_it_knows_connections
	a_firewall_between_needs_the_helper_or_a_single_port
	downloads_need_no_icmp
	a_client_that_vanishes_without_icmp_ends_by_time
	the_mtu_may_fall_during_a_download
)
run_tests "$@"
