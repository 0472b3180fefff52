#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lifecycle.sh: the module, its listeners and its namespaces come and go, in any order, and leave nothing.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DYNAMIC_DEBUG=/proc/dynamic_debug/control
KINDS="listener entry content transfer"

# At 5 ms a block the slow file is still under way whenever a test looks at it.
SLOW_BYTES=5000000
NETEM="delay 5ms"

# watch_objects: from here on the module tells what it creates and destroys.
watch_objects()
{
	[ -e "$DYNAMIC_DEBUG" ] || skip "the kernel has no dynamic debug"
	echo "module ktftp +p" > "$DYNAMIC_DEBUG"
	MARK="ktftp-test $BASHPID $RANDOM begins"
	echo "$MARK" > /dev/kmsg
}

# objects_told: "KIND ADDRESS created|destroyed", a line each.
objects_told()
{
	dmesg | sed "1,/$MARK/d" | sed -n 's/.*ktftp: \([a-z]*\) \([^ ]*\) \(created\|destroyed\)$/\1 \2 \3/p'
}

# every_object_is_gone: some of every kind were created, and each of them destroyed.
every_object_is_gone()
{
	objects_told | awk -v kinds="$KINDS" '
		{ left[$1 " " $2] += $3 == "created" ? 1 : -1; told[$1 " " $3]++ }
		END {
			for (object in left)
				if (left[object]) { print object " is left"; bad = 1 }
			for (n = split(kinds, kind); n; n--) {
				printf "%s: %d created, %d destroyed\n", kind[n], told[kind[n] " created"], told[kind[n] " destroyed"]
				if (!told[kind[n] " created"]) bad = 1
			}
			exit bad
		}'
}

nobody_uses_the_module()
{
	[ "$(cat /sys/module/ktftp/refcnt)" = 0 ]
}

# Two hosts with files on the server, one of them slow to arrive.
two_hosts_and_files()
{
	two_hosts
	work_dir
	make_file file 1500
	make_file slow "$SLOW_BYTES"
	in_server ktftpctl publish file slow
}

slow_is_running()
{
	in_server ktftpctl transfers | grep -q ' slow .* running$'
}

# begin_download: of the slow file, by a client that stops in the middle; CURL is its process.
begin_download()
{
	modprobe sch_netem 2> /dev/null || true
	# shellcheck disable=SC2086 # two words
	in_server tc qdisc add dev s0 root netem $NETEM
	ip netns exec client curl -gsS -o got "tftp://$SERVER/slow" & CURL=$!
	at_end kill -KILL "$CURL"
	wait_until slow_is_running
	kill -STOP "$CURL"
}

# finish_download: the client goes on, without further delay.
finish_download()
{
	in_server tc qdisc del dev s0 root
	kill -CONT "$CURL"
	wait "$CURL"
	cmp got slow
}

# listeners_are STATE...: of the server, one after the other.
listeners_are()
{
	[ "$(in_server ktftpctl listen | awk 'NR > 1 { print $3 }' | paste -sd ' ')" = "$*" ]
}

it_needs_no_other_module()
{
	unload_module
	lsmod | sort > /run/before
	at_end rm -f /run/before /run/after
	load_module
	[ -z "$(modinfo -F depends "$(module_file)")" ]
	[ -z "$(ls /sys/module/ktftp/holders)" ]
	lsmod | grep '^ktftp ' | grep -qE '^ktftp +[0-9]+ +0 *$'
	lsmod | grep -v '^ktftp ' | sort > /run/after
	diff /run/before /run/after
}

it_is_loaded_and_unloaded_a_hundred_times()
{
	local i

	work_dir
	make_file file 1500
	printf '%s\n' 'listen add 0.0.0.0' 'listen add [::] single-port' 'publish file --seal' 'publish file --copy' \
		'listen del 0.0.0.0 --now' 'listen del [::] --now' > commands
	unload_module
	for i in {1..100}; do
		load_module
		# In every tenth round it does something, too.
		if [ $((i % 10)) = 0 ]; then
			ktftpctl -batch commands
			wait_until nobody_uses_the_module
		fi
		rmmod ktftp
	done
}

it_is_in_use_while_a_listener_exists()
{
	two_hosts
	in_server ktftpctl listen add 0.0.0.0
	refused "in use" rmmod ktftp
	in_server ktftpctl listen del 0.0.0.0 --now
	wait_until nobody_uses_the_module
	unload_module
	[ ! -d /sys/module/ktftp ]
}

a_namespace_older_than_the_module_is_served()
{
	unload_module
	two_hosts
	load_module
	work_dir
	make_file file 1500
	in_server ktftpctl listen add 0.0.0.0
	in_server ktftpctl publish file
	downloads_whole curl "$SERVER" file
}

a_deleted_listener_lets_its_transfer_finish()
{
	two_hosts_and_files
	in_server ktftpctl listen add 0.0.0.0
	begin_download
	in_server ktftpctl listen del 0.0.0.0
	listeners_are closing
	slow_is_running
	# The port is free for others already.
	[ -z "$(in_server ss -Hlun 'sport = :69')" ]
	refused "in use" rmmod ktftp
	finish_download
	wait_until listeners_are
	[ "$(stat_of ended_complete)" = 1 ]
	wait_until nobody_uses_the_module
}

a_listener_takes_over_from_one_that_is_closing()
{
	two_hosts_and_files
	in_server ktftpctl listen add 0.0.0.0
	begin_download
	in_server ktftpctl listen del 0.0.0.0
	in_server ktftpctl listen add 0.0.0.0
	listeners_are closing active
	finish_download
	wait_until listeners_are active
	downloads_whole curl "$SERVER" file
}

a_listener_deleted_now_cuts_its_transfer()
{
	two_hosts_and_files
	in_server ktftpctl listen add 0.0.0.0
	begin_download
	in_server ktftpctl listen del 0.0.0.0 --now
	listeners_are
	[ "$(transfers)" = 0 ]
	[ "$(stat_of requests_aborted)" = 1 ]
	[ "$(stat_of requests_in_progress)" = 0 ]
	wait_until nobody_uses_the_module
}

a_namespace_that_goes_takes_its_transfers_along()
{
	unload_module
	load_module
	watch_objects
	two_hosts_and_files
	in_server ktftpctl listen add 0.0.0.0
	in_server ktftpctl listen add '[::]'
	begin_download
	ip netns del server
	wait_until nobody_uses_the_module
	rmmod ktftp
	every_object_is_gone
}

# busy_life: some of whatever can happen to an object.
busy_life()
{
	two_hosts_and_files
	in_server ktftpctl listen add 0.0.0.0
	in_server ktftpctl listen add '[::]' single-port
	refused "exists" in_server ktftpctl listen add 0.0.0.0
	refused "not one of ours" in_server ktftpctl listen add 203.0.113.1
	in_server ktftpctl publish file --copy
	in_server ktftpctl publish file --seal
	in_server ktftpctl publish file --name other
	downloads_whole curl "$SERVER" file
	downloads_whole curl "$SERVER6" other file
	refused "(68)" in_client curl -gsS -o got "tftp://$SERVER/missing"
	begin_download
	in_server ktftpctl withdraw slow other
	in_server ktftpctl publish file --name slow
}

everything_that_is_created_is_destroyed()
{
	unload_module
	load_module
	watch_objects
	busy_life
	in_server ktftpctl listen del 0.0.0.0 --now
	in_server ktftpctl listen del '[::]'
	wait_until nobody_uses_the_module
	rmmod ktftp
	every_object_is_gone
}

two_namespaces_serve_different_content_under_one_name()
{
	local host

	two_hosts
	work_dir
	for host in client server; do
		make_file "$host" 3000
		ip netns exec "$host" ktftpctl listen add 127.0.0.1
		ip netns exec "$host" ktftpctl publish "$host" --name file
	done
	for host in client server; do
		ip netns exec "$host" curl -gsS -o got "tftp://127.0.0.1/file"
		cmp got "$host"
	done
	in_server ktftpctl withdraw file
	in_client curl -gsS -o got "tftp://127.0.0.1/file"
	cmp got client
}

# hold_port ADDRESS PORT: somebody else on the server has it; HOLDER is its process.
hold_port()
{
	ip netns exec server python3 -c '
import signal, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
signal.pause()' "$@" & HOLDER=$!
	at_end kill "$HOLDER"
	wait_until is_held "$2"
}

is_held()
{
	[ -n "$(in_server ss -Hlun "sport = :$1")" ]
}

is_free()
{
	! is_held "$1"
}

a_port_that_somebody_has_is_refused()
{
	two_hosts
	hold_port 0.0.0.0 69
	refused "the port is taken" in_server ktftpctl listen add 0.0.0.0
	refused "the port is taken" in_server ktftpctl listen add "$SERVER"
	listeners_are
	kill "$HOLDER"
	wait_until is_free 69
	in_server ktftpctl listen add 0.0.0.0
	refused "Address already in use" in_server python3 -c '
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("0.0.0.0", 69))'
}

a_range_of_ports_that_somebody_has_is_refused()
{
	two_hosts
	hold_port 0.0.0.0 61000
	refused "too many ports of the range" in_server ktftpctl listen add 0.0.0.0 tid-ports 61000-61000
	listeners_are
	in_server ktftpctl listen add 0.0.0.0 tid-ports 61001-61001
	listeners_are active
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	it_is_in_use_while_a_listener_exists
	a_namespace_older_than_the_module_is_served
	a_deleted_listener_lets_its_transfer_finish
	a_listener_deleted_now_cuts_its_transfer
	a_namespace_that_goes_takes_its_transfers_along
	everything_that_is_created_is_destroyed
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	it_needs_no_other_module
	a_listener_takes_over_from_one_that_is_closing
	two_namespaces_serve_different_content_under_one_name
	a_port_that_somebody_has_is_refused
	a_range_of_ports_that_somebody_has_is_refused
	it_is_loaded_and_unloaded_a_hundred_times
)
run_tests "$@"
