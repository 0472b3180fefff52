#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# matrix.sh: every TFTP client that others wrote, with every block size it can ask for, over both families, from
# listeners of both kinds, downloads files of every size; for "make check-long". A test is one of these with all
# sizes: every byte arrives, and each download has blocks of the size that was to be expected. With KTFTP_ENGINE=user from
# the daemon in user space.

# shellcheck source-path=SCRIPTDIR source=../selftests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../selftests/lib.sh"

FILES=/run/ktftp-matrix.$$
SIZES=(0 1 511 512 513 1024 65536 600000)

# In blocks of 512 bytes these are more blocks than there are numbers for them. In smaller ones it would take
# minutes, and 600,000 bytes do the same for blocks of 8.
LARGE=$((65536 * 512 + 700))
LARGE_BLKSIZE_MIN=512

# "-" asks for none. busybox takes no less than 59 with names of eight letters, see negotiate.sh.
BLKSIZES=(- 8 24 512 1024 1428 1468 8192 65464)
BUSYBOX_BLKSIZES=(- 59 512 1024 1428 1468 8192 65464)

# These show on the loopback device that they are granted where there is room.
LOOPBACK_BLKSIZES=(8192 65464)

# The hook of ktap.sh.
before_tests()
{
	local bytes

	can_serve || return
	mkdir -p "$FILES"
	for bytes in "${SIZES[@]}" "$LARGE"; do
		make_file "$FILES/$bytes" "$bytes"
	done
}

# The hook of ktap.sh.
after_tests()
{
	rm -rf "$FILES"
}

# serve PROPERTY...: all files, for both families.
serve()
{
	two_hosts
	work_dir
	publish_folder "$FILES"
	listen_with "$@"
	watch_transfers
}

# address_of ethernet|loopback ipv4|ipv6
address_of()
{
	case $1-$2 in
	ethernet-ipv4) echo "$SERVER" ;;
	ethernet-ipv6) echo "$SERVER6" ;;
	loopback-ipv4) echo 127.0.0.1 ;;
	loopback-ipv6) echo ::1 ;;
	esac
}

# room_in ethernet|loopback ipv4|ipv6: for the data of a packet, beside 20 or 40 bytes of IP, 8 of UDP and 4 of TFTP;
# more than the protocol's most on the loopback device.
room_in()
{
	case $1-$2 in
	ethernet-ipv4) echo 1468 ;;
	ethernet-ipv6) echo 1448 ;;
	*) echo 65464 ;;
	esac
}

smaller()
{
	echo $(($1 < $2 ? $1 : $2))
}

# check CLIENT BLKSIZE ethernet|loopback ipv4|ipv6 [PROPERTY...]: of the listener.
check()
{
	local client=$1 blksize=$2 address names=("${SIZES[@]}") name

	if [ "$blksize" = - ]; then
		blksize=512
	else
		client+=,blksize=$blksize
	fi
	[ "$blksize" -lt "$LARGE_BLKSIZE_MIN" ] || names+=("$LARGE")
	[ "$3" = ethernet ] || CLIENT_HOST=server
	address=$(address_of "$3" "$4")
	serve "${@:5}"
	for name in "${names[@]}"; do
		downloads_whole "$client" "$address" "$name" "$FILES/$name"
	done
	blocks_were "$(smaller "$blksize" "$(room_in "$3" "$4")"):${#names[@]}"
}

# add_test CLIENT BLKSIZE PLACE FAMILY [single-port]
add_test()
{
	local words=$* name

	words=${words/ - / no_blksize }
	name=${words//[ -]/_}
	eval "$name() { check $*; }"
	TESTS+=("$name")
}

# add_tests PLACE CLIENT BLKSIZE...: over both families, from both kinds of listeners.
add_tests()
{
	local blksize family

	for blksize in "${@:3}"; do
		for family in ipv4 ipv6; do
			add_test "$2" "$blksize" "$1" "$family"
			add_test "$2" "$blksize" "$1" "$family" single-port
		done
	done
}

TESTS=()
add_tests ethernet curl_without_options -
add_tests ethernet tftp_hpa -
add_tests ethernet curl "${BLKSIZES[@]}"
add_tests ethernet atftp "${BLKSIZES[@]}"
add_tests ethernet busybox "${BUSYBOX_BLKSIZES[@]}"
for client in curl atftp busybox; do
	add_tests loopback "$client" "${LOOPBACK_BLKSIZES[@]}"
done
run_tests "$@"
