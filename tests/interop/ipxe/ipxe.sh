#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ipxe.sh [KERNEL]: a machine boots over the network from the module, as KTAP. Its firmware is iPXE, a TFTP client
# that others wrote: it gets a script, and as the script says a kernel and an initramfs with 6 MB of random bytes,
# boots them, and tells the checksum of these bytes over its serial line.
#
#   network namespace
#   +-------------------------------------------------------+
#   |              tap0 ------- bridge ------- tap1         |
#   +----------------|---------------------------|----------+
#            guest of tests/vm/run         a plain machine
#            DHCP, and the module          iPXE, then Linux
#              198.18.0.1                   as DHCP says

set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tests=$(cd "$here/../.." && pwd -P)
kernel=${1:-6.12}

SERVER=198.18.0.1
PAYLOAD_BYTES=6000000

# Not the one that QEMU gives the other.
MAC=52:54:00:12:34:57
MARKER='payload arrived:'

# Nothing here waits for these: they end what hangs.
SERVER_TIMEOUT=900
BOOT_TIMEOUT=600

work=$(mktemp -d "${TMPDIR:-/tmp}/ktftp-ipxe.XXXXXX")
chmod 755 "$work"
namespace=ktftp-ipxe-$$
server='' booted='' has_namespace='' number=0 status=0

# stop_process PID: which ends by SIGTERM, or by SIGKILL after three seconds.
stop_process()
{
	[ -n "$1" ] && kill -TERM "$1" 2> /dev/null || return 0
	for _ in {1..30}; do
		kill -0 "$1" 2> /dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$1" 2> /dev/null || true
}

cleanup()
{
	trap '' INT TERM HUP
	stop_process "$booted"
	stop_process "$server"
	[ -z "$has_namespace" ] || ip netns del "$namespace"
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bail_out()
{
	echo "Bail out! $*"
	exit 1
}

# report NAME COMMAND...: a test, passed when the command succeeds.
report()
{
	number=$((number + 1))
	if "${@:2}"; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
		status=1
		return 1
	fi
}

# What the machine boots: busybox, and an init that tells what it finds beside it.
make_initramfs()
{
	mkdir -p "$work/root"/{bin,dev}
	cp "$(command -v busybox)" "$work/root/bin/busybox"
	head -c "$PAYLOAD_BYTES" /dev/urandom > "$work/root/payload"
	cat > "$work/root/init" <<- INIT
		#!/bin/busybox sh
		exec > /dev/console 2>&1
		echo "$MARKER \$(/bin/busybox sha256sum < /payload)"
		/bin/busybox poweroff -f
	INIT
	chmod 755 "$work/root/init"
	(cd "$work/root" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) > "$work/tftp/initrd.img"
}

make_files()
{
	mkdir -p "$work/tftp"
	make_initramfs
	cp -L "$("$tests/vm/kernel" dir 6.1)/vmlinuz" "$work/tftp/vmlinuz"
	cat > "$work/tftp/boot.ipxe" <<- 'IPXE'
		#!ipxe
		kernel tftp://${next-server}/vmlinuz console=ttyS0 panic=-1 mitigations=off
		initrd tftp://${next-server}/initrd.img
		boot
	IPXE
}

inside()
{
	ip netns exec "$namespace" "$@"
}

make_network()
{
	local tap

	ip netns add "$namespace" || return 1
	has_namespace=1
	inside ip link add bridge type bridge &&
		inside ip link set bridge up || return 1
	for tap in tap0 tap1; do
		inside ip tuntap add "$tap" mode tap &&
			inside ip link set "$tap" master bridge up || return 1
	done
}

start_server()
{
	setpriv --pdeathsig TERM ip netns exec "$namespace" "$tests/vm/run" --kernel "$kernel" --smp 1 --tap tap0 \
		--timeout "$SERVER_TIMEOUT" "$here/server.sh" "$SERVER" "$work/tftp" \
		> "$work/server.log" 2> "$work/server.err" < /dev/null &
	server=$!
}

start_machine()
{
	setpriv --pdeathsig TERM ip netns exec "$namespace" timeout "$BOOT_TIMEOUT" qemu-system-x86_64 \
		-name ktftp-ipxe -nodefaults -no-user-config -no-reboot -display none \
		-machine "q35,graphics=off,accel=${KTFTP_ACCEL:-$("$tests/vm/accel")}" -cpu max -m 512 -boot n \
		-netdev tap,id=net0,ifname=tap1,script=no,downscript=no -device virtio-net-pci,netdev=net0,mac=$MAC \
		-serial "file:$work/serial.log" > "$work/qemu.log" 2>&1 < /dev/null &
	booted=$!
}

# until_says REGEX FILE PID: something, unless the process has ended.
until_says()
{
	until grep -qE -- "$1" "$2" 2> /dev/null; do
		kill -0 "$3" 2> /dev/null || return 1
		sleep 0.2
	done
}

# The machine powers off when it has booted; its firmware gives up in words of its own.
boots()
{
	! until_says 'No bootable device|Kernel panic' "$work/serial.log" "$booted" && wait "$booted"
}

# ends_well PID
ends_well()
{
	wait "$1"
}

every_byte_arrived()
{
	local sum

	sum=$(sha256sum < "$work/root/payload") &&
		grep -F "$MARKER ${sum%% *}" "$work/serial.log" > /dev/null
}

# completed NAME: the module sent all of it, and heard that it came.
completed()
{
	grep -F "\"name\": \"$1\", \"size\": $(stat -c %s "$work/tftp/$1")," "$work/server.log" |
		grep -F '"end": "complete"' > /dev/null
}

show_logs()
{
	local log

	for log in server.log server.err qemu.log serial.log; do
		echo "# $log:"
		tail -n 40 "$work/$log" 2> /dev/null | tr -d '\r\033' | sed 's/^/# /'
	done
}

echo "TAP version 13"
echo "1..6"
[ "$(id -u)" = 0 ] || bail_out "needs root, for a network namespace"
make_files || bail_out "cannot make what is to be booted"
make_network || bail_out "cannot make the network"
: > "$work/server.log"
start_server
until_says '^ready$' "$work/server.log" "$server" || { show_logs; bail_out "the server did not start"; }
start_machine
if ! report the_machine_boots_and_powers_off boots; then
	show_logs
	bail_out "the rest says nothing new"
fi
booted=''
report every_byte_of_the_initramfs_arrived every_byte_arrived
report the_server_counts_three_downloads ends_well "$server"
server=''
for name in boot.ipxe vmlinuz initrd.img; do
	report "${name//./_}_was_sent_whole" completed "$name"
done
[ "$status" = 0 ] || show_logs
exit "$status"
