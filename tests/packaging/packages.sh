#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Debian's packages, installed, removed and purged in a root of their own, in which no service manager runs. On a host, as
# root, or in a guest of tests/vm/run; the packages are there: "make deb".

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TESTS=(
	installing_puts_everything_in_its_place
	the_user_and_the_groups_are_made
	an_installed_daemon_serves_its_folder
	the_module_is_registered_with_dkms_and_not_loaded
	removing_keeps_the_configuration
	installing_again_keeps_a_changed_configuration
	purging_leaves_nothing_behind
)

before_tests()
{
	mount_root
	ip link set lo up
	ls -d /sys/module/ktftp > "$LAYER/loaded" 2> /dev/null || true
	install_packages
}

after_tests()
{
	unmount_root
}

# list_root: what is there and not in the guest's root. A directory of both is none of ours.
list_root()
{
	(cd "$UPPER" && find . -mindepth 1 \( -type d -o -type f -o -type l \) -printf '%y /%P\n') |
		while read -r type path; do
			[ "$type" = d ] && [ -d "$path" ] || echo "$path"
		done | sort
}

# Of which package a file is.
belongs_to()
{
	in_host dpkg --search "$2" | grep -q "^$1: "
}

installing_puts_everything_in_its_place()
{
	local file

	for file in /usr/sbin/{ktftpd,ktftpctl,ktftp-top} /etc/ktftp/ktftpd.conf /lib/systemd/system/ktftpd.service \
		/usr/lib/{sysusers,tmpfiles}.d/ktftp.conf /usr/share/doc/ktftp/README.Debian \
		/usr/share/man/man{8/{ktftpd,ktftpctl,ktftp-top}.8,5/ktftpd.conf.5,7/ktftp.7}.gz; do
		[ -e "$HOST$file" ] || fail "there is no $file"
		belongs_to ktftp "$file"
	done
	[ -n "$(find "$HOST/usr/share/ktftp/prometheus" -name '*.yml')" ]
	[ -L "$HOST/etc/systemd/system/multi-user.target.wants/ktftpd.service" ]
	# shellcheck disable=SC2016 # it is dpkg-query's
	in_host dpkg-query --show --showformat '${Conffiles}' ktftp | grep -q /etc/ktftp/ktftpd.conf
	in_host dpkg --verify ktftp
	in_host dpkg --verify ktftp-dkms
	in_host ktftpd --check
}

the_user_and_the_groups_are_made()
{
	in_host getent passwd ktftp | grep -q ':/usr/sbin/nologin$'
	in_host getent group ktftp-admin
	in_host getent group ktftp-read
	[ "$(in_host stat -c '%U:%G %a' /var/lib/ktftp)" = 'ktftp:ktftp 750' ]
	[ "$(in_host stat -c '%U:%G %a' /srv/tftp)" = 'root:root 755' ]
}

# The default configuration, but for the engine: the module is for others.
an_installed_daemon_serves_its_folder()
{
	local pid

	cp /bin/bash "$HOST/srv/tftp/some.bin"
	at_end rm -f "$HOST/srv/tftp/some.bin"
	{ cat "$HOST/etc/ktftp/ktftpd.conf"; echo 'engine = user'; echo 'user = "ktftp"'; } > "$HOST/run/test.conf"
	chroot "$HOST" /usr/sbin/ktftpd -f -c /run/test.conf > "$LAYER/log" 2>&1 &
	pid=$!
	at_end kill -KILL "$pid"
	wait_until fetch some.bin "$LAYER/got"
	cmp "$LAYER/got" /bin/bash
	kill "$pid"
	wait "$pid" || fail "it ended badly: $(< "$LAYER/log")"
}

fetch()
{
	curl -gsS --max-time 20 -o "$2" "tftp://127.0.0.1/$1"
}

the_module_is_registered_with_dkms_and_not_loaded()
{
	in_host dkms status | grep -q "^ktftp/$(< "$TREE/VERSION"): added"
	[ -e "$HOST/usr/src/ktftp-$(< "$TREE/VERSION")/dkms.conf" ]
	[ -s "$LAYER/loaded" ] || [ ! -e /sys/module/ktftp ] || fail "it was loaded"
	! grep -rq ktftp "$HOST/etc/modules-load.d" "$HOST/usr/lib/modules-load.d" "$HOST/etc/modules" 2> /dev/null
}

removing_keeps_the_configuration()
{
	in_host dpkg --remove ktftp
	[ ! -e "$HOST/usr/sbin/ktftpd" ]
	[ -e "$HOST/etc/ktftp/ktftpd.conf" ]
	[ -d "$HOST/var/lib/ktftp" ]
	install_packages ktftp
}

installing_again_keeps_a_changed_configuration()
{
	echo '# of the administrator' >> "$HOST/etc/ktftp/ktftpd.conf"
	install_packages ktftp
	grep -q '^# of the administrator' "$HOST/etc/ktftp/ktftpd.conf"
}

# What may stay: users and groups, and what other programs note when a package comes or goes.
may_stay()
{
	grep -vE '^/etc/((passwd|group|shadow|gshadow|subuid|subgid)-?|\.pwd\.lock)$|^/var/(lib/(dpkg|systemd)|log|cache)/'
}

purging_leaves_nothing_behind()
{
	local left

	: > "$HOST/etc/ktftp/more"
	in_host dpkg --purge ktftp ktftp-dkms
	left=$(list_root | may_stay || true)
	[ -z "$left" ] || fail "left behind: $left"
	for path in /etc/ktftp /var/lib/ktftp /srv/tftp /usr/share/ktftp /var/lib/dkms/ktftp; do
		[ ! -e "$HOST$path" ] || fail "left behind: $path"
	done
	in_host getent passwd ktftp
	! in_host dpkg --list ktftp ktftp-dkms 2> /dev/null | grep -q '^[a-z][a-z]  *ktftp' || fail "dpkg knows them"
}

run_tests "$@"
