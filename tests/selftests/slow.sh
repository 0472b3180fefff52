#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# slow.sh: a file on a device that takes its time is published, and nobody else waits for that device.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DELAY_MS=400
FILE_BYTES=1500000

# on_a_slow_device: enters a fresh file system whose device answers every read after DELAY_MS. Writing is fast.
on_a_slow_device()
{
	local loop sectors

	work_dir
	modprobe loop 2> /dev/null || true
	modprobe dm-delay
	truncate -s 32M image
	mkfs.ext4 -q -m 0 image
	loop=$(losetup --find --show image)
	at_end losetup -d "$loop"
	sectors=$(blockdev --getsz "$loop")
	dmsetup --noudevsync create ktftp-slow --table "0 $sectors delay $loop 0 $DELAY_MS $loop 0 0"
	at_end dmsetup --noudevsync remove ktftp-slow
	dmsetup mknodes ktftp-slow
	mkdir disk
	mount /dev/mapper/ktftp-slow disk
	at_end umount "$WORK/disk"
	at_end cd /
	cd disk || fail "cannot enter the file system"
}

# make_cold NAME: nothing of the file is in memory any more.
make_cold()
{
	make_file "$1" "$FILE_BYTES"
	sync "$1"
	echo 3 > /proc/sys/vm/drop_caches
}

# ctl: on the server, in this mount namespace.
ctl()
{
	nsenter --net=/run/netns/server ktftpctl "$@"
}

now_ms()
{
	local time=$EPOCHREALTIME

	echo $((${time/./} / 1000))
}

# call_until_gone PID COMMAND...: runs the command over and over while the process lives; sets CALLS and the longest
# time one took, WORST_MS.
call_until_gone()
{
	local pid=$1 begun took

	shift
	CALLS=0 WORST_MS=0
	while kill -0 "$pid" 2> /dev/null; do
		begun=$(now_ms)
		"$@" > /dev/null
		took=$(($(now_ms) - begun))
		[ "$took" -le "$WORST_MS" ] || WORST_MS=$took
		CALLS=$((CALLS + 1))
	done
}

# others_call_meanwhile COMMAND...: while a cold file is published, the command is run all the time; however slow this
# machine, publishing takes several of the device's delays and the command none of them.
others_call_meanwhile()
{
	local begun pid took_ms

	two_hosts
	ctl listen add 0.0.0.0
	on_a_slow_device
	at_end ctl withdraw --all --yes
	make_cold file
	# It may need files that are cold as well, now.
	"$@" > /dev/null
	begun=$(now_ms)
	ctl publish file & pid=$!
	call_until_gone "$pid" "$@"
	wait "$pid"
	took_ms=$(($(now_ms) - begun))
	echo "publishing took $took_ms ms; meanwhile $CALLS calls of: $*; the longest took $WORST_MS ms"
	[ "$took_ms" -ge $((3 * DELAY_MS)) ] || fail "the device was not slow"
	[ "$CALLS" -ge 3 ] || fail "too few calls"
	[ $((2 * WORST_MS)) -lt "$took_ms" ] || fail "somebody waited"
	downloads_whole curl "$SERVER" file
}

nobody_waits_for_the_module_while_a_cold_file_is_published()
{
	others_call_meanwhile ctl list
}

nobody_waits_for_generic_netlink_while_a_cold_file_is_published()
{
	others_call_meanwhile ip tcp_metrics show
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	nobody_waits_for_generic_netlink_while_a_cold_file_is_published
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	nobody_waits_for_the_module_while_a_cold_file_is_published
)

run_tests "$@"
