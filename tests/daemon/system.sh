#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The daemon and the system: whom it becomes and what it keeps, where it can write, what a service manager is told, its
# command line.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# CAP_NET_ADMIN and CAP_NET_BIND_SERVICE, as /proc has them.
TWO_CAPABILITIES=0000000000001400

TESTS=(
	root_becomes_the_configured_user_with_two_capabilities
	root_that_stays_root_keeps_two_capabilities
	directories_become_the_users
	it_starts_where_only_its_run_directory_can_be_written
	a_run_directory_that_cannot_be_written_is_told
	a_service_manager_is_told_of_each_step
	a_service_managers_watchdog_is_kept_quiet
	it_goes_to_the_background_when_it_serves
	a_configuration_is_checked_without_serving
	a_senseless_command_line_is_refused
	parameters_are_set_without_loading_and_without_a_guard
)

# process_has FIELD VALUE...: of the daemon's status in /proc; each of its threads.
process_has()
{
	local field=$1 task value

	for task in /proc/"$DAEMON_PID"/task/*; do
		value=$(sed -n "s/^$field:[[:space:]]*//p" "$task/status" | tr -s '[:space:]' ' ')
		[ "$value" = "$2 " ] || [ "$value" = "$2" ] || fail "$field is '$value' in $task, not '$2'"
	done
}

has_two_capabilities()
{
	process_has CapEff "$TWO_CAPABILITIES"
	process_has CapPrm "$TWO_CAPABILITIES"
	process_has CapBnd "$TWO_CAPABILITIES"
	process_has CapInh 0000000000000000
	process_has CapAmb 0000000000000000
	process_has NoNewPrivs 1
}

# serves_a_file: one that is put there now.
serves_a_file()
{
	make_file original 70000
	put original some.bin
	downloads_whole some.bin original
}

root_becomes_the_configured_user_with_two_capabilities()
{
	local nobody

	nobody=$(id -u nobody)
	work_dir
	serve_with 'user = "nobody"'
	process_has Uid "$nobody $nobody $nobody $nobody"
	process_has Gid "$(id -g nobody) $(id -g nobody) $(id -g nobody) $(id -g nobody)"
	process_has Groups "$(id -g nobody)"
	has_two_capabilities
	serves_a_file
}

root_that_stays_root_keeps_two_capabilities()
{
	work_dir
	serve_with
	process_has Uid "0 0 0 0"
	has_two_capabilities
	serves_a_file
}

directories_become_the_users()
{
	work_dir
	serve_with
	serves_a_file
	stop_daemon
	# What root left there: the store, its index.
	serve_with 'user = "nobody"'
	downloads_whole some.bin original
	stop_daemon
	[ -z "$(find "$DAEMON/state" ! -user nobody)" ] || fail "$(find "$DAEMON/state" ! -user nobody -ls)"
}

it_starts_where_only_its_run_directory_can_be_written()
{
	work_dir
	make_file original 70000
	cp original "$ROOT/some.bin"
	DAEMON_PREFIX=(unshare --mount --propagation private "$PWD/on-read-only-root" "${DAEMON_PREFIX[@]}")
	cat > on-read-only-root <<- END
		#!/bin/sh -e
		mount --bind "$DAEMON/run" "$DAEMON/run"
		mount -o remount,bind,ro /
		! mountpoint -q /run || mount -o remount,bind,ro /run
		! mountpoint -q /tmp || mount -o remount,bind,ro /tmp
		! touch /var/lib/x /tmp/x "$DAEMON/x" 2> /dev/null || { echo "something else can be written"; exit 1; }
		exec "\$@"
	END
	chmod +x on-read-only-root
	serve_with 'state-dir = "/var/lib/ktftp-of-a-test"'
	wait_until serves some.bin original
	downloads_whole some.bin original
	log_says "cannot write to /var/lib/ktftp-of-a-test: Read-only file system"
	log_says "$DAEMON/run/state"
	[ ! -e /var/lib/ktftp-of-a-test ]
}

a_run_directory_that_cannot_be_written_is_told()
{
	local status=0

	work_dir
	: > file
	configure 'listen "127.0.0.1" {}' "run-dir = \"$PWD/file/run\""
	"$KTFTPD" -f -c "$DAEMON/ktftpd.conf" > said 2>&1 || status=$?
	[ "$status" = 1 ]
	grep -q "cannot write to $PWD/file/run: Not a directory" said || fail "it said: $(< said)"
}

# manage: a service manager that writes down what it is told, in "told".
manage()
{
	python3 -c '
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("notify")
with open("told", "a", buffering=1) as told:
    while True:
        told.write(manager.recv(4096).decode().replace("\n", " ") + "\n")' &
	at_end kill "$!"
	wait_until test -S notify
	DAEMON_PREFIX=(env NOTIFY_SOCKET="$PWD/notify" "$@" "${DAEMON_PREFIX[@]}")
}

# told_of REGEX: the last line is that.
told_of()
{
	tail -n 1 told | grep -qE "^$1\$"
}

a_service_manager_is_told_of_each_step()
{
	work_dir
	manage
	serve_with
	wait_until told_of 'READY=1 STATUS=.+'
	reload_daemon
	wait_until told_of 'READY=1 STATUS=.+'
	[ "$(grep -cE '^RELOADING=1 MONOTONIC_USEC=[0-9]+$' told)" = 1 ]
	stop_daemon
	wait_until told_of 'STOPPING=1'
}

watchdog_was_fed()
{
	[ "$(grep -c '^WATCHDOG=1$' told)" -ge 3 ]
}

a_service_managers_watchdog_is_kept_quiet()
{
	work_dir
	manage WATCHDOG_USEC=200000
	serve_with
	wait_until watchdog_was_fed
}

it_goes_to_the_background_when_it_serves()
{
	local pid

	work_dir
	make_file original 70000
	cp original "$ROOT/some.bin"
	configure 'listen "127.0.0.1" {}'
	"$KTFTPD" -c "$DAEMON/ktftpd.conf" > said 2>&1 < /dev/null || fail "it did not begin: $(< said)"
	pid=$(pgrep -f "^$KTFTPD -c $DAEMON/ktftpd.conf")
	at_end kill -KILL "$pid"
	wait_until serves some.bin original
	downloads_whole some.bin original
	kill "$pid"
	wait_until test ! -e "/proc/$pid"
	# Nor does it begin there when it cannot serve.
	configure 'listen "192.0.2.1" {}'
	! "$KTFTPD" -c "$DAEMON/ktftpd.conf" > said 2>&1 < /dev/null || fail "it says that it serves"
	grep -q 'address' said || fail "it said: $(< said)"
}

a_configuration_is_checked_without_serving()
{
	work_dir
	configure
	"$KTFTPD" -t -c "$DAEMON/ktftpd.conf"
	[ ! -e "$DAEMON/run/ktftpd.sock" ]
	configure 'no-such-option = 1'
	refused "ktftpd.conf:" "$KTFTPD" --check -c "$DAEMON/ktftpd.conf"
	refused "no-such-option" "$KTFTPD" --check -c "$DAEMON/ktftpd.conf"
	configure 'user = "no-such-user"'
	refused "no-such-user" "$KTFTPD" --check -c "$DAEMON/ktftpd.conf"
}

a_senseless_command_line_is_refused()
{
	local status

	for arguments in "--no-such-option" "serve" "-c"; do
		status=0
		"$KTFTPD" "$arguments" > /dev/null 2>&1 || status=$?
		[ "$status" = 2 ] || fail "ktftpd $arguments ended with status $status"
	done
	"$KTFTPD" --version | grep -qx "ktftpd $(< "$TREE/VERSION")"
	"$KTFTPD" --help | grep -q -- --load-module
	"$KTFTPD" --help | grep -q -- --set-parameters
}

# A bare run may come at any time, and beside a daemon that serves in user space.
parameters_are_set_without_loading_and_without_a_guard()
{
	[ ! -e /sys/module/ktftp ] || skip "the module is loaded"
	work_dir
	configure 'engine = auto' 'module { rto_min_ms = 20 }'
	rmdir "$DAEMON/state" "$DAEMON/run"
	"$KTFTPD" --set-parameters -c "$DAEMON/ktftpd.conf" > said 2>&1 || fail "it failed: $(< said)"
	[ ! -s said ] || fail "it said: $(< said)"
	[ ! -e "$DAEMON/state" ] || fail "it made a state directory, for a marker"
	[ ! -e "$DAEMON/run" ] || fail "it made a run directory"
	configure 'engine = auto' 'no-such-option = 1'
	refused "no-such-option" "$KTFTPD" --set-parameters -c "$DAEMON/ktftpd.conf"
}

run_tests "$@"
