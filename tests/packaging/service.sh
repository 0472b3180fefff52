#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The installed service under systemd, with the module: begun, reloaded, hung, killed, stopped; what it may do; the
# guard. In a guest of tests/vm/run; the packages are there.

# shellcheck source-path=SCRIPTDIR source=systemd.sh
. "$(dirname "${BASH_SOURCE[0]}")/systemd.sh"

MARKER=/var/lib/ktftp/guard

TESTS=(
	the_service_loads_the_module_and_serves_by_it
	its_process_has_three_capabilities_and_no_more
	it_can_write_to_its_directories_alone
	a_reload_takes_a_changed_configuration
	a_reload_with_a_mistake_fails_and_says_where
	a_killed_daemon_comes_back_and_no_download_fails
	a_hanging_daemon_is_ended_by_the_watchdog_and_comes_back
	stopping_leaves_what_the_module_serves
	the_guards_marker_stands_while_the_module_is_young
	a_marker_of_another_boot_keeps_the_module_out
	it_starts_where_only_run_can_be_written
)

the_service_loads_the_module_and_serves_by_it()
{
	[ ! -e /sys/module/ktftp ]
	begin_service
	[ "$(property ActiveState)" = active ]
	[ "$(property NotifyAccess)" = main ]
	[ -n "$(property StatusText)" ]
	[ -e /sys/module/ktftp ]
	in_kernel
	ktftpctl listen | grep -q '^0\.0\.0\.0'
	serves some.bin
	in_system systemctl is-enabled ktftpd
}

its_process_has_three_capabilities_and_no_more()
{
	local pid field

	begin_service
	pid=$(main_pid)
	for field in CapEff CapPrm CapBnd; do
		grep -q "^$field:.0000000010001400$" "/proc/$pid/status" || fail "$(grep Cap "/proc/$pid/status")"
	done
	for field in CapInh CapAmb; do
		grep -q "^$field:.0000000000000000$" "/proc/$pid/status" || fail "$(grep Cap "/proc/$pid/status")"
	done
	grep -q '^NoNewPrivs:.1$' "/proc/$pid/status"
	grep -q '^Seccomp:.2$' "/proc/$pid/status"
	[ "$(chroot "$HOST" id -u ktftp)" = "$(stat -c %u "/proc/$pid")" ]
}

# can_write DIRECTORY: root can, in the mounts of the daemon.
can_write()
{
	nsenter --target "$(main_pid)" --mount --root --wd=/ sh -c "touch '$1/.test' && rm '$1/.test'" 2> /dev/null
}

it_can_write_to_its_directories_alone()
{
	local directory

	begin_service
	for directory in / /etc /etc/ktftp /usr /usr/sbin /srv/tftp /var/lib /home /root /sys/module; do
		! can_write "$directory" || fail "it can write to $directory"
	done
	for directory in /var/lib/ktftp /run/ktftp; do
		can_write "$directory" || fail "it cannot write to $directory"
	done
}

a_reload_takes_a_changed_configuration()
{
	local pid

	begin_service
	pid=$(main_pid)
	configure 'absent = { "no-such-*.tlv" }' 'module { give_up_ms = 61000 }'
	in_system systemctl reload ktftpd
	wait_until knows_absent
	[ "$(main_pid)" = "$pid" ]
	# As root, who the daemon is not.
	[ "$(< /sys/module/ktftp/parameters/give_up_ms)" = 61000 ]
	serves some.bin
}

knows_absent()
{
	ktftpctl absent | grep -qF 'no-such-*.tlv'
}

a_reload_with_a_mistake_fails_and_says_where()
{
	local pid

	begin_service
	pid=$(main_pid)
	configure 'quiet = 300ms' 'no-such-option = 1'
	! in_system systemctl reload ktftpd || fail "it was reloaded"
	show_log | grep -q '/etc/ktftp/ktftpd.conf:3: .*no-such-option' || { show_log; fail "the journal does not say where"; }
	[ "$(main_pid)" = "$pid" ]
	[ "$(property ActiveState)" = active ]
	serves some.bin
}

is_another_than()
{
	local pid

	pid=$(main_pid) && [ "$pid" != "$1" ] && [ "$(property ActiveState)" = active ]
}

kill_three_times()
{
	local pid

	for _ in 1 2 3; do
		pid=$(main_pid)
		kill -KILL "$pid"
		wait_until is_another_than "$pid"
	done
}

a_killed_daemon_comes_back_and_no_download_fails()
{
	begin_service
	in_kernel
	while_downloading kill_three_times
	[ "$(property NRestarts)" -ge 3 ]
	in_kernel
}

a_hanging_daemon_is_ended_by_the_watchdog_and_comes_back()
{
	local pid

	drop_in '[Service]' 'WatchdogSec=2' 'WatchdogSignal=SIGKILL'
	in_system systemctl restart ktftpd
	wait_until serves some.bin
	pid=$(main_pid)
	kill -STOP "$pid"
	wait_until is_another_than "$pid"
	show_log | grep -q 'Watchdog timeout'
	wait_until serves some.bin
}

stopping_leaves_what_the_module_serves()
{
	begin_service
	in_kernel
	in_system systemctl stop ktftpd
	! main_pid || fail "it runs"
	[ "$(property Result)" = success ]
	serves some.bin
	# And is taken over again.
	while_downloading begin_service
}

the_guards_marker_stands_while_the_module_is_young()
{
	begin_service
	in_system grep -qx "boot=$(< /proc/sys/kernel/random/boot_id)" "$MARKER"
	in_system systemctl stop ktftpd
	! in_system test -e "$MARKER" || fail "a clean end left it"
	begin_service
	kill -KILL "$(main_pid)"
	in_system test -e "$MARKER"
	begin_service
	# Of this boot: it has not tripped.
	in_kernel
}

unload_module()
{
	in_system systemctl stop ktftpd
	ktftpctl listen | awk 'NR > 1 { print "listen del " $1 " --now" }' | ktftpctl -force -batch -
	ktftpctl --yes withdraw --all > /dev/null
	wait_until rmmod ktftp
}

a_marker_of_another_boot_keeps_the_module_out()
{
	begin_service
	unload_module
	printf '%s\n' boot=11111111-2222-3333-4444-555555555555 kernel=9.9 | in_system sh -c "cat > $MARKER"
	begin_service
	[ ! -e /sys/module/ktftp ] || fail "the module was loaded"
	serves some.bin
	in_system ktftpctl status | grep -q 'guard clear' || fail "the status says nothing of it"
	# As long as nobody looks into it.
	in_system systemctl restart ktftpd
	wait_until serves some.bin
	[ ! -e /sys/module/ktftp ]
	in_system ktftpctl guard clear
	in_system systemctl restart ktftpd
	wait_until serves some.bin
	in_kernel
}

it_starts_where_only_run_can_be_written()
{
	begin_service
	in_system systemctl stop ktftpd
	at_end in_system systemctl stop ktftpd
	at_end in_system umount /var/lib/ktftp
	in_system mount -t tmpfs -o ro tmpfs /var/lib/ktftp
	begin_service
	in_kernel
	in_system test -d /run/ktftp/state
	show_log | grep -q 'cannot write to /var/lib/ktftp'
	[ "$(in_system stat -c %U /run/ktftp/state)" = ktftp ]
}

run_tests "$@"
