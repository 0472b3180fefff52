#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# daemon.sh: ktftpd as a user meets it, where the module is not there: it serves a folder, says how it stands, reads its
# configuration again, and ends.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TESTS=(
	files_of_every_size_arrive_whole
	options_are_granted
	names_are_looked_up_as_the_module_does
	what_is_not_there_is_not_found
	a_file_that_arrives_later_is_served
	a_changed_file_is_served_with_its_new_content
	a_deleted_file_is_not_found
	files_in_directories_have_their_paths_as_names
	it_says_that_it_serves_in_user_space
	it_says_who_downloaded_what
	a_second_daemon_is_refused
	a_socket_that_nobody_answers_is_taken_over
	a_reload_takes_what_has_changed
	a_bad_file_changes_nothing_and_is_told_by_line_and_reason
	sighup_is_a_reload
	new_requests_meet_silence_while_it_drains
	running_downloads_finish_while_it_drains
	draining_outlives_the_daemon
	a_client_that_repeats_its_request_is_served_once
	a_client_waits_for_a_file_that_arrives
	a_write_request_is_refused
	a_broken_configuration_is_not_begun_with
)

SIZES=(0 1 511 512 513 1024 100000)

files_of_every_size_arrive_whole()
{
	local bytes

	work_dir
	for bytes in "${SIZES[@]}"; do
		make_file "$ROOT/$bytes" "$bytes"
	done
	serve
	for bytes in "${SIZES[@]}"; do
		downloads_whole "$bytes" "$ROOT/$bytes"
	done
}

options_are_granted()
{
	work_dir
	make_file "$ROOT/file" 300000
	serve
	downloads_whole file "$ROOT/file" --tftp-blksize 1428
	downloads_whole file "$ROOT/file" --tftp-blksize 65464
	atftp --option 'windowsize 16' --option 'blksize 1024' --get -r file -l got "$SERVER" "$PORT"
	cmp got "$ROOT/file"
}

names_are_looked_up_as_the_module_does()
{
	local name

	work_dir
	make_file "$ROOT/SEP001122334455.cnf.xml" 700
	serve
	for name in SEP001122334455.cnf.xml sep001122334455.CNF.XML /SEP001122334455.cnf.xml \
		.//SEP001122334455.cnf.xml 'C:\SEP001122334455.cnf.xml'; do
		answers "$name" data
	done
	answers ../SEP001122334455.cnf.xml 'error 1'
}

what_is_not_there_is_not_found()
{
	work_dir
	serve
	answers missing 'error 1'
	wait_until log_says missing
}

a_file_that_arrives_later_is_served()
{
	work_dir
	serve
	answers late 'error 1'
	make_file late 5000
	put late late
	downloads_whole late late
}

a_changed_file_is_served_with_its_new_content()
{
	work_dir
	make_file old 5000
	place old name
	serve
	downloads_whole name old
	make_file new 6000
	put new name
	downloads_whole name new
	# Written in place, as scp does.
	make_file newer 7000
	cat newer > "$ROOT/name"
	wait_until serves name newer
	downloads_whole name newer
}

is_gone()
{
	[ "$(answer_to "$1")" = 'error 1' ]
}

a_deleted_file_is_not_found()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	answers name data
	rm "$ROOT/name"
	wait_until is_gone name
}

files_in_directories_have_their_paths_as_names()
{
	work_dir
	mkdir -p "$ROOT/English/deep"
	make_file "$ROOT/English/deep/dialplan.xml" 800
	serve
	downloads_whole English/deep/dialplan.xml "$ROOT/English/deep/dialplan.xml"
	mv "$ROOT/English" "$ROOT/German"
	wait_until is_gone English/deep/dialplan.xml
	downloads_whole German/deep/dialplan.xml "$ROOT/German/deep/dialplan.xml"
}

it_says_that_it_serves_in_user_space()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	status_says '"engine": "user"' '"used": false' '"files": 1'
	ctl status | grep 'user space: .*engine = user'
}

it_says_who_downloaded_what()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	download name got
	wait_until log_says 127.0.0.1
	grep -F 127.0.0.1 "$DAEMON_LOG" | grep -F name | grep -qF 1000
	ctl trace 127.0.0.1 | grep -qF name
}

a_second_daemon_is_refused()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	refused 'another' "$KTFTPD" -f -c "$DAEMON/ktftpd.conf"
	answers name data
}

a_socket_that_nobody_answers_is_taken_over()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	kill_daemon
	[ -S "$KTFTP_SOCKET" ]
	start_daemon
	answers name data
}

a_reload_takes_what_has_changed()
{
	work_dir
	mkdir second
	make_file "$ROOT/one" 1000
	make_file second/two 1000
	serve
	answers two 'error 1'
	configure "root = { \"$ROOT\", \"$WORK/second\" }" 'listen "127.0.0.1" {}' 'listen "127.0.0.2" {}'
	reload_daemon
	wait_until serves two second/two
	answers two data
	SERVER=127.0.0.2
	answers one data
	configure 'listen "127.0.0.1" {}'
	reload_daemon
	SERVER=127.0.0.1
	wait_until is_gone two
	answers one data
	SERVER=127.0.0.2
	answers one silence
}

# serves_as_before: what the configuration before said.
serves_as_before()
{
	answers name data
	status_says '"files": 1'
}

a_bad_file_changes_nothing_and_is_told_by_line_and_reason()
{
	local number

	work_dir
	make_file "$ROOT/name" 1000
	serve
	configure 'listen "127.0.0.2" {}' "root = \"$WORK\"" 'engine = quick'
	number=$(grep -n quick "$DAEMON/ktftpd.conf" | cut -d : -f 1)
	refused "$DAEMON/ktftpd.conf:$number: " reload_daemon
	refused "auto, kernel or user, not 'quick'" reload_daemon
	wait_until log_says "$DAEMON/ktftpd.conf:$number: "
	serves_as_before
	SERVER=127.0.0.2
	answers name silence
}

has_reloaded()
{
	[ "$(answer_to name 300)" = data ]
}

sighup_is_a_reload()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	configure 'listen "127.0.0.2" {}'
	kill -HUP "$DAEMON_PID"
	SERVER=127.0.0.2
	wait_until has_reloaded
	echo 'nonsense = 1' >> "$DAEMON/ktftpd.conf"
	kill -HUP "$DAEMON_PID"
	wait_until log_says nonsense
	serves_as_before
}

new_requests_meet_silence_while_it_drains()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	ctl drain
	status_says '"draining": true'
	answers name silence
	answers missing silence
	ctl undrain
	answers name data
	answers missing 'error 1'
}

has_transfers()
{
	[ "$(ctl -j transfers | grep -c '"client_port"')" -gt 0 ]
}

# A download that goes on for as long as its client likes: at 100 kB a second it takes ten seconds.
running_downloads_finish_while_it_drains()
{
	local pid

	work_dir
	make_file "$ROOT/name" 1000000
	serve
	"$TREE/build/tftpload" --server "$SERVER" --file name --check "$ROOT/name" --think-us 2000 > load &
	pid=$!
	at_end kill "$pid"
	wait_until has_transfers
	ctl drain
	answers name silence
	kill -0 "$pid"
	wait "$pid"
}

draining_outlives_the_daemon()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	ctl drain
	stop_daemon
	start_daemon
	status_says '"draining": true'
	answers name silence
	ctl undrain
	answers name data
	stop_daemon
	start_daemon
	answers name data
}

a_client_that_repeats_its_request_is_served_once()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
	read -r ports blocks bytes < <(python3 "$TREE/tests/lib/tftp.py" ask "$SERVER" "$PORT" name 5 100 1000)
	[ "$ports" = 1 ]
	[ "$blocks" -ge 5 ]
	[ "$bytes" = 1000 ]
	[ "$(status_of served)" -ge 1 ]
}

# The file is being written while phones ask for it; who writes it takes pauses.
a_client_waits_for_a_file_that_arrives()
{
	local asking i

	work_dir
	serve
	make_file whole 100000
	exec 3> "$ROOT/slow"
	head -c 50000 whole >&3
	python3 "$TREE/tests/lib/tftp.py" ask "$SERVER" "$PORT" slow 6 250 1000 > asked 3>&- &
	asking=$!
	at_end kill "$asking"
	for i in {0..5}; do
		sleep 0.2
		tail -c "+$((50001 + 8000 * i))" whole | head -c 8000 >&3
	done
	tail -c +98001 whole >&3
	exec 3>&-
	wait "$asking"
	read -r ports blocks bytes < asked
	[ "$ports" = 1 ]
	[ "$blocks" -ge 1 ]
	[ "$bytes" = 100000 ]
}

a_write_request_is_refused()
{
	work_dir
	serve
	echo content > file
	refused 'curl: ' curl -sS --max-time 20 -T file "tftp://$SERVER:$PORT/file"
	[ ! -e "$ROOT/file" ]
}

a_broken_configuration_is_not_begun_with()
{
	work_dir
	configure 'listen "127.0.0.1" {}' 'colour = blue'
	refused "$DAEMON/ktftpd.conf:" "$KTFTPD" -f -c "$DAEMON/ktftpd.conf"
	refused "$DAEMON/ktftpd.conf:" "$KTFTPD" -t -c "$DAEMON/ktftpd.conf"
}

run_tests "$@"
