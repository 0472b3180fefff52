# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What tests of the service share, beside lib.sh: $HOST with the package installed and its systemd running, on the
# network of the guest; the service, its folder with one file, and clients that download it.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Most that the service manager may take, on an emulated processor that others use as well.
BOOT_S=180

before_tests()
{
	mount_root
	# Where a container's image forbids packages to begin or end services, that is not for here.
	rm -f "$HOST/usr/sbin/policy-rc.d"
	install_packages ktftp
	install_module
	# Where files can be pinned; an overlay's cannot.
	mount -t tmpfs tmpfs "$HOST/var/lib/ktftp"
	chroot "$HOST" chown ktftp:ktftp /var/lib/ktftp
	head -c 300000 /dev/urandom > "$HOST/srv/tftp/some.bin"
	ip link set lo up
	leave_out_what_is_not_needed
	boot
}

after_tests()
{
	[ -z "${MANAGER:-}" ] || kill -KILL "$MANAGER"
	wait 2> /dev/null
	unmount_root
}

# Of what a host begins with, an emulated one has the journal alone; nor does it wait for a network.
leave_out_what_is_not_needed()
{
	local directory

	for directory in "$HOST"/{etc,usr/lib}/systemd/system/{sysinit,local-fs,timers,network-online}.target.wants; do
		[ ! -d "$directory" ] || mount -t tmpfs tmpfs "$directory"
	done
	ln -s /lib/systemd/system/systemd-journald.service "$HOST/usr/lib/systemd/system/sysinit.target.wants/"
}

# boot: systemd on $HOST; its process is $MANAGER, as this namespace sees it.
boot()
{
	local deadline=$((SECONDS + BOOT_S))

	"$PACKAGING_DIR/boot" "$HOST" > "$LAYER/console" 2>&1 &
	BOOT=$!
	until has_begun 2> /dev/null; do
		[ "$SECONDS" -lt "$deadline" ] || { cat "$LAYER/console"; return 1; }
		sleep 0.5
	done
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
