#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# server.sh ADDRESS DIRECTORY: the server's half of ipxe.sh, inside its guest: DHCP that says where to boot from, and
# the module. Says "ready", then as JSON what becomes of each download. Exit status 0 when three of them have come
# to a good end and none to a bad one.

set -euo pipefail

address=$1 directory=$2

counter()
{
	ktftpctl stats | awk -v name="$1" '$1 == name { print $2 }'
}

ip address add "$address/24" dev eth0
ip link set eth0 up
ktftp-load
ktftpctl publish -r "$directory" >&2
ktftpctl listen add "$address"
dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --leasefile-ro --port=0 \
	--interface=eth0 --bind-interfaces --no-ping --dhcp-range="${address%.*}.100,${address%.*}.200" \
	--dhcp-boot="boot.ipxe,,$address" --log-dhcp --log-facility=- >&2 &
ktftpctl -j monitor &
monitor=$!
echo ready
until [ "$(counter ended_complete)" -ge 3 ]; do
	sleep 0.5
done
ktftpctl stats >&2
sleep 0.5
kill "$monitor"
[ "$(counter requests_processed)" = 3 ]
