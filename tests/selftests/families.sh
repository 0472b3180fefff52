#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# families.sh: clients that behave like phones, boot loaders and firmware, as tests/bench/habits has them, download
# from the module, or with KTFTP_ENGINE=user from the daemon in user space, by the load generator, which compares every
# byte.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LOAD=${KTFTP_TREE:-$SELFTESTS_DIR/../..}/build/tftpload
HABITS=${KTFTP_TREE:-$SELFTESTS_DIR/../..}/tests/bench/habits

TESTS=(
	a_bad_network_either_way_is_survived
	clients_with_few_buffers_get_everything
)
LONG_TESTS=(
	every_family_downloads_alone
	all_families_download_at_once
	clients_that_leave_half_way_end_their_transfers
)

before_tests()
{
	[ -x "$LOAD" ] || { echo "the load generator is not built: make tftpload"; return 1; }
	can_serve
}

serve()
{
	two_hosts
	work_dir
	make_file image 100000
	listen_on_all
	publish image
}

# load OPTION...: of the file; what a family asks for by other names is not there. Its exit status.
load()
{
	in_client "$LOAD" --server "$SERVER" --file image --check image --between-files-ms 0 --json "$@" > result
}

field()
{
	sed -n "s/.*\"$1\":\\([0-9]*\\).*/\\1/p" result
}

# all_complete COUNT OPTION...
all_complete()
{
	local count=$1

	shift
	if ! load "$@" || [ "$(field completed)" != "$count" ]; then
		cat result
		fail "$*"
	fi
}

every_family_downloads_alone()
{
	local file

	serve
	for file in "$HABITS"/*.conf; do
		all_complete 2 --habits "$file" --clients 2 --flash-pause-ms 1 --flash-every-bytes 65536 \
			--stop-after-bytes 0
	done
}

all_families_download_at_once()
{
	local file families=()

	serve
	for file in "$HABITS"/*.conf; do
		families+=(--habits "$file")
	done
	all_complete 56 "${families[@]}" --clients 56 --stop-after-bytes 0
}

a_bad_network_either_way_is_survived()
{
	local bad=(--loss 2 --loss-tx 2 --duplicate 2 --duplicate-tx 2 --reorder 2 --reorder-tx 2 --clients 20
		--timeout-ms 1000 --tries 20)

	serve
	all_complete 20 "${bad[@]}"
	[ "$(field lost_rx)" -gt 0 ] && [ "$(field lost_tx)" -gt 0 ]
	all_complete 20 "${bad[@]}" --windowsize 8 --blksize 1024
	all_complete 20 "${bad[@]}" --windowsize 8 --blksize 1024 --ack-every-block
}

clients_with_few_buffers_get_everything()
{
	serve
	all_complete 5 --habits "$HABITS/u-boot-window.conf" --clients 5 --packet-us 1000
	all_complete 5 --habits "$HABITS/barebox.conf" --clients 5 --packet-us 1000 --receive-buffers 4
}

nothing_is_left()
{
	[ "$(transfers)" = 0 ]
}

# Their ports are closed: the server is told so, and need not wait for its timers. More clients would be told later, for
# a host says that to another only so often.
clients_that_leave_half_way_end_their_transfers()
{
	serve
	load --stop-after-bytes 4096 --clients 2
	[ "$(field stopped)" = 2 ]
	wait_until nothing_is_left
	[ "$(stat_of ended_unreachable)" = 2 ]
}

run_tests "$@"
