#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# clients.sh: TFTP clients that others wrote download from the module, and get every byte; with KTFTP_ENGINE=user from
# the daemon in user space.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Around the size of a block, where the last one is empty or nearly so.
SIZES=(0 1 511 512 513 1024)

# serve BYTES...: files of these sizes, called by them, for both families.
serve()
{
	local bytes

	two_hosts
	work_dir
	for bytes in "$@"; do
		make_file "$bytes" "$bytes"
	done
	listen_on_all
	publish "$@"
}

# gets_every_size CLIENT ADDRESS
gets_every_size()
{
	local bytes

	for bytes in "${SIZES[@]}"; do
		downloads_whole "$1" "$2" "$bytes"
	done
}

# get_every_size CLIENT...: side by side.
get_every_size()
{
	local client address pids=()

	for client in "$@"; do
		for address in "$SERVER" "$SERVER6"; do
			gets_every_size "$client" "$address" & pids+=("$!")
		done
	done
	wait_for_all "${pids[@]}"
}

# downloads_counted NUMBER: so many came to their end, and all of them from this server.
downloads_counted()
{
	[ "$(stat_of ended_complete)" = "$1" ]
}

# wait_for_downloads NUMBER: and how all of them ended, when it was otherwise.
wait_for_downloads()
{
	at_end tell_of_endings
	wait_until downloads_counted "$1"
}

tell_of_endings()
{
	in_server ktftpctl stats | grep -E '^(requests|ended)' >> "$LOG"
}

check_client()
{
	serve "${SIZES[@]}"
	get_every_size "$1"
	wait_for_downloads $((2 * ${#SIZES[@]}))
}

curl_gets_files_of_every_size()
{
	check_client curl_without_options
}

curl_gets_them_too_when_it_sends_options()
{
	check_client curl
}

tftp_hpa_gets_files_of_every_size()
{
	check_client tftp_hpa
}

atftp_gets_files_of_every_size()
{
	check_client atftp
}

busybox_gets_files_of_every_size()
{
	check_client busybox
}

every_client_gets_files_from_a_single_port()
{
	serve "${SIZES[@]}"
	listen_anew_with single-port
	get_every_size "${CLIENTS[@]}"
	wait_for_downloads $((2 * ${#SIZES[@]} * ${#CLIENTS[@]}))
}

every_client_gets_a_large_file()
{
	local client pids=()

	serve 6300000
	for client in "${CLIENTS[@]}"; do
		downloads_whole "$client" "$SERVER" 6300000 & pids+=("$!")
	done
	downloads_whole busybox "$SERVER6" 6300000 & pids+=("$!")
	wait_for_all "${pids[@]}"
}

a_file_of_more_than_65535_blocks_arrives_whole()
{
	local bytes=$((65536 * 512 + 700))

	serve "$bytes"
	downloads_whole busybox "$SERVER" "$bytes"
}

many_clients_at_once_get_their_files()
{
	local client bytes pids=()

	serve 100000 200001
	for client in "${CLIENTS[@]}" "${CLIENTS[@]}" "${CLIENTS[@]}"; do
		for bytes in 100000 200001; do
			downloads_whole "$client" "$SERVER" "$bytes" & pids+=("$!")
		done
	done
	wait_for_all "${pids[@]}"
	wait_for_downloads "${#pids[@]}"
}

# says TEXT COMMAND...: whatever its exit status.
says()
{
	local text=$1 said

	shift
	said=$("$@" 2>&1) || true
	[[ $said == *"$text"* ]] || fail "$*: said '$said', not '$text'"
}

every_client_says_that_a_missing_file_is_not_found()
{
	local address

	serve 1
	for address in "$SERVER" "$SERVER6"; do
		# curl has an exit status for it and no text.
		says 'status 68' eval "download curl $address missing to || echo status \$?"
		says 'status 68' eval "download curl_without_options $address missing to || echo status \$?"
		# tftp-hpa's exit status is 0 whatever happens.
		says 'Error code 1: File not found' download tftp_hpa "$address" missing to
		refused 'File not found' download atftp "$address" missing to
		refused '(1) File not found' download busybox "$address" missing to
	done
	[ "$(stat_of requests_not_found)" = 10 ]
	[ ! -s to ]
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	curl_gets_files_of_every_size
	tftp_hpa_gets_files_of_every_size
	atftp_gets_files_of_every_size
	busybox_gets_files_of_every_size
	every_client_gets_files_from_a_single_port
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	curl_gets_them_too_when_it_sends_options
	every_client_gets_a_large_file
	a_file_of_more_than_65535_blocks_arrives_whole
	every_client_says_that_a_missing_file_is_not_found
	many_clients_at_once_get_their_files
)
run_tests "$@"
