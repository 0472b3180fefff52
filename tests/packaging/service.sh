#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The installed service under systemd, with the module: begun, reloaded, hung, killed, stopped; what it may do; the
# guard; packages that come and go while the module is in use. In a guest of tests/vm/run; the packages are there.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

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
	installing_again_leaves_the_module_and_its_downloads_alone
	removing_the_modules_package_leaves_a_module_in_use_alone
	removing_the_package_closes_the_port
)

before_tests()
{
	mount_root
	install_packages
	install_module
	# Where files can be pinned; an overlay's cannot.
	mount -t tmpfs tmpfs "$HOST/var/lib/ktftp"
	chroot "$HOST" chown ktftp:ktftp /var/lib/ktftp
	head -c 300000 /dev/urandom > "$HOST/srv/tftp/some.bin"
	ip link set lo up
	mask_what_is_not_needed
	boot
}

after_tests()
{
	[ -z "${MANAGER:-}" ] || kill -KILL "$MANAGER"
	wait 2> /dev/null
	unmount_root
}

# Of what a host begins with, an emulated one has the journal alone.
mask_what_is_not_needed()
{
	local unit name

	for unit in "$HOST"/{etc,usr/lib}/systemd/system/{sysinit,sockets,local-fs}.target.wants/* timers.target \
		systemd-logind.service; do
		name=$(basename "$unit")
		[[ $name == systemd-journald* ]] || ln -sf /dev/null "$HOST/etc/systemd/system/$name"
	done
	# What waits for a network is another matter.
	for name in ifupdown-wait-online systemd-networkd-wait-online NetworkManager-wait-online; do
		ln -sf /dev/null "$HOST/etc/systemd/system/$name.service"
	done
}

# boot: systemd on $HOST; its process is $MANAGER, as this namespace sees it.
boot()
{
	"$PACKAGING_DIR/boot" "$HOST" > "$LAYER/console" 2>&1 &
	BOOT=$!
	wait_until has_begun || { cat "$LAYER/console"; return 1; }
}

has_begun()
{
	MANAGER=$(pgrep -P "$BOOT") && in_system systemctl is-active --quiet basic.target
}

# in_system COMMAND...: in the mounts, processes and groups of what systemd has begun.
in_system()
{
	nsenter --target "$MANAGER" --mount --pid --cgroup --ipc --root --wd=/ "$@"
}

begin_service()
{
	in_system systemctl start ktftpd || { show_log; return 1; }
	wait_until serves some.bin
}

show_log()
{
	in_system journalctl --no-pager --unit ktftpd --lines 40
}

property()
{
	in_system systemctl show --value --property "$1" ktftpd
}

# main_pid: as the guest sees it.
main_pid()
{
	pgrep --ns "$MANAGER" --nslist pid -x ktftpd
}

fetch()
{
	curl -gsS --max-time 30 -o "$LAYER/got" "tftp://127.0.0.1/$1"
}

# serves NAME
serves()
{
	fetch "$1" && cmp -s "$LAYER/got" "$HOST/srv/tftp/$1"
}

# is_pinned NAME: the module has it.
is_pinned()
{
	ktftpctl list "$1" | grep -q pinned
}

in_kernel()
{
	wait_until is_pinned some.bin
}

# configure LINE...: beside the default.
configure()
{
	at_end write_configuration
	write_configuration "$@"
}

write_configuration()
{
	printf '%s\n' 'root = "/srv/tftp"' "$@" | in_system sh -c 'cat > /etc/ktftp/ktftpd.conf'
}

# drop_in LINE...: of the unit, for this test.
drop_in()
{
	at_end in_system sh -c 'rm -f /run/systemd/system/ktftpd.service.d/test.conf; systemctl daemon-reload'
	printf '%s\n' "$@" | in_system sh -c 'mkdir -p /run/systemd/system/ktftpd.service.d
		cat > /run/systemd/system/ktftpd.service.d/test.conf; systemctl daemon-reload'
}

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

# fetch_again_and_again FILE: until it is removed; a byte to it for each download, and what failed.
fetch_again_and_again()
{
	while [ -e "$1" ]; do
		if curl -gsS --max-time 30 -o "$1.got" tftp://127.0.0.1/some.bin && cmp "$1.got" "$HOST/srv/tftp/some.bin"; then
			printf . >> "$1.count"
		else
			echo "failed" >> "$1.failed"
		fi
	done 2>> "$1.failed"
}

is_another_than()
{
	local pid

	pid=$(main_pid) && [ "$pid" != "$1" ] && [ "$(property ActiveState)" = active ]
}

has_fetched()
{
	[ "$(stat -c %s "$LAYER/loop.count" 2> /dev/null || echo 0)" -ge "$1" ]
}

# while_downloading COMMAND...: one after the other, before, while and after it; none fails.
while_downloading()
{
	local loop count

	rm -f "$LAYER"/loop*
	: > "$LAYER/loop"
	fetch_again_and_again "$LAYER/loop" &
	loop=$!
	at_end rm -f "$LAYER/loop"
	wait_until has_fetched 2
	"$@"
	count=$(stat -c %s "$LAYER/loop.count")
	wait_until has_fetched $((count + 2))
	rm "$LAYER/loop"
	wait "$loop"
	[ ! -s "$LAYER/loop.failed" ] || fail "downloads failed: $(< "$LAYER/loop.failed")"
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

# mark_module: by a parameter, which a module that was loaded anew would not have.
mark_module()
{
	at_end write_linger 20000
	write_linger 20001
}

write_linger()
{
	echo "$1" > /sys/module/ktftp/parameters/linger_ms
}

is_marked()
{
	[ "$(< /sys/module/ktftp/parameters/linger_ms)" = 20001 ]
}

installing_again_leaves_the_module_and_its_downloads_alone()
{
	begin_service
	in_kernel
	mark_module
	while_downloading in_system dpkg --install "$(echo "$PACKAGES"/ktftp_*.deb)" "$(echo "$PACKAGES"/ktftp-dkms_*.deb)"
	is_marked
	[ "$(property ActiveState)" = active ]
}

removing_the_modules_package_leaves_a_module_in_use_alone()
{
	begin_service
	in_kernel
	mark_module
	at_end in_system dpkg --install "$(echo "$PACKAGES"/ktftp-dkms_*.deb)"
	while_downloading in_system dpkg --purge ktftp-dkms
	is_marked
}

removing_the_package_closes_the_port()
{
	begin_service
	in_kernel
	at_end in_system dpkg --install "$(echo "$PACKAGES"/ktftp_*.deb)"
	in_system dpkg --remove ktftp
	! main_pid || fail "the daemon runs"
	[ -e /sys/module/ktftp ]
	[ -z "$(ktftpctl list | tail -n +2)" ] || fail "$(ktftpctl list)"
	! fetch some.bin 2> /dev/null || fail "it is served"
}

run_tests "$@"
