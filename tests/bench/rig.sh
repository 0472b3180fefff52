# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For measurements whose server is in a virtual machine with one processor and whose load comes natively from a network
# namespace of its own; the guest's half is guest.sh.
#
#   namespace                              guest
#   tftpload ---- tap0 198.18.0.1 ======== eth0 198.18.0.2 ---- server on UDP 69
#   driver   ---- TCP 6900 ---------------------------------- a script that is told what to do
#
# A script says begin_rig, boot_guest, tell as often as it likes, and shut_down; whatever ends it, it leaves nothing.
# Its files are in $work, and the guest sees them.

# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DRIVER=198.18.0.1
GUEST=198.18.0.2
CONTROL_PORT=6900
BOOT_TIMEOUT=600

vm='' control='' load='' has_namespace='' told=''

# stop_process PID: TERM, then KILL after three seconds.
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
	stop_process "$load"
	stop_process "$vm"
	stop_process "$control"
	[ -z "$has_namespace" ] || ip netns del "$namespace" || true
	rm -rf "$work"
}

# fail WHY...: with what the virtual machine said last. When it is about to die of a panic, the rig needs a
# moment to see that.
fail()
{
	sleep 2
	tail -n 200 "$work/vm.log" >&2 || true
	die 1 "$@"
}

inside()
{
	ip netns exec "$namespace" "$@"
}

make_network()
{
	ip netns add "$namespace"
	has_namespace=1
	inside ip link set lo up
	inside ip tuntap add tap0 mode tap
	inside ip link set tap0 txqueuelen 10000 up
	inside ip address add "$DRIVER/24" dev tap0
}

# begin_rig NAME: a folder to work in, a namespace, a network.
begin_rig()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/ktftp-$1.XXXXXX")
	chmod 755 "$work"
	namespace=ktftp-$1-$$
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	make_network
}

build_load()
{
	"${CC:-cc}" -std=gnu11 -O2 -D_GNU_SOURCE -o "$work/tftpload" "$BENCH_DIR"/*.c
}

# The guest calls; a line to descriptor 8 goes there, its answers come from descriptor 9.
listen_for_guest()
{
	mkfifo "$work/to" "$work/from"
	exec 8<> "$work/to" 9<> "$work/from"
	setpriv --pdeathsig TERM ip netns exec "$namespace" busybox nc -l -p "$CONTROL_PORT" \
		< "$work/to" > "$work/from" 2> "$work/control.log" 8>&- 9>&- &
	control=$!
}

# boot_guest KERNEL SCRIPT ARGUMENT...: boots it; the script is given three more arguments before those, for guest.sh.
boot_guest()
{
	listen_for_guest
	say "booting $1"
	: > "$work/vm.log"
	setpriv --pdeathsig TERM ip netns exec "$namespace" "$VM_DIR/run" --kernel "$1" --smp 1 \
		--tap tap0 --qemu-pid "$work/qemu.pid" --timeout 86400 \
		"$2" "$GUEST" "$DRIVER" "$CONTROL_PORT" "${@:3}" > "$work/vm.log" 2>&1 8>&- 9>&- &
	vm=$!
	tell "$BOOT_TIMEOUT" hello
}

check_vm()
{
	local status=0

	! kill -0 "$vm" 2> /dev/null || return 0
	wait "$vm" || status=$?
	vm=''
	tail -n 200 "$work/vm.log" >&2
	[ "$status" != 0 ] || status=98
	die "$status" "the virtual machine ended"
}

# tell TIMEOUT COMMAND...: to the guest; dies unless it says ok. What it says beyond that is in $told.
tell()
{
	local timeout=$1 deadline=$((SECONDS + $1)) answer='' part

	shift
	echo "$*" >&8
	while [ "$SECONDS" -lt "$deadline" ]; do
		# When time runs out within a line, the part of it that has come is not offered again.
		if read -r -t 1 part <&9; then
			answer+=$part
			break
		fi
		answer+=$part
		check_vm
	done
	# shellcheck disable=SC2034 # for the script
	told=${answer#ok}
	case $answer in
	ok|ok\ *) ;;
	'') fail "the guest says nothing to '$*' for $timeout seconds" ;;
	*) fail "$*: $answer" ;;
	esac
}

# Nanoseconds that the guest's processors ran.
guest_cpu_ns()
{
	local task sum=0 ns

	for task in /proc/"$(cat "$work/qemu.pid")"/task/*; do
		[[ $(cat "$task/comm" 2> /dev/null) == CPU\ * ]] || continue
		read -r ns _ < "$task/schedstat"
		sum=$((sum + ns))
	done
	[ "$sum" -gt 0 ] || fail "QEMU shows no processor threads"
	echo "$sum"
}

# load OPTION...: what tftpload counted is in $work/load.json. Not in the foreground, so that a signal ends us at once.
load()
{
	local status=0

	ip netns exec "$namespace" "$work/tftpload" --server "$GUEST" --json "$@" > "$work/load.json" &
	load=$!
	wait "$load" || status=$?
	load=''
	[ "$status" -le 1 ] || fail "tftpload ended with status $status"
	[ "$(field mismatch)" = 0 ] || fail "what arrived is not what was asked for: $(< "$work/load.json")"
	return "$status"
}

# field NAME: a number of the last load, of all clients.
field()
{
	sed -n "s/.*\"$1\":\\([0-9.]*\\).*/\\1/p" "$work/load.json"
}

# The rig knows whether the guest's kernel complained meanwhile.
shut_down()
{
	local status=0

	echo quit >&8
	wait "$vm" || status=$?
	vm=''
	[ "$status" = 0 ] || { cat "$work/vm.log" >&2; die "$status" "the guest did not end well"; }
}
