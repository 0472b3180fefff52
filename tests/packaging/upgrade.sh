#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packages that come and go while the module is in use, on a host with systemd. In a guest of tests/vm/run; the packages are
# there.

# shellcheck source-path=SCRIPTDIR source=systemd.sh
. "$(dirname "${BASH_SOURCE[0]}")/systemd.sh"

TESTS=(
	installing_again_leaves_the_module_and_its_downloads_alone
	the_modules_package_comes_and_goes_beside_a_module_in_use
	removing_the_package_closes_the_port
)

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

# dpkg_there ARGUMENT...: where the service runs.
dpkg_there()
{
	in_system dpkg --force-unsafe-io "$@"
}

installing_again_leaves_the_module_and_its_downloads_alone()
{
	begin_service
	in_kernel
	mark_module
	while_downloading dpkg_there --install "$(echo "$PACKAGES"/ktftp_*.deb)"
	is_marked || fail "the module was loaded anew"
	[ "$(property ActiveState)" = active ]
}

come_and_go()
{
	dpkg_there --install "$(echo "$PACKAGES"/ktftp-dkms_*.deb)"
	dpkg_there --purge ktftp-dkms
}

the_modules_package_comes_and_goes_beside_a_module_in_use()
{
	local pid

	begin_service
	in_kernel
	mark_module
	pid=$(main_pid)
	while_downloading come_and_go
	is_marked || fail "the module was loaded anew"
	[ "$(main_pid)" = "$pid" ] || fail "the daemon was started again"
}

removing_the_package_closes_the_port()
{
	begin_service
	in_kernel
	dpkg_there --remove ktftp
	! main_pid || fail "the daemon runs"
	[ -e /sys/module/ktftp ]
	ktftpctl list | grep -q '^0 names' || fail "$(ktftpctl list)"
	! fetch some.bin 2> /dev/null || fail "it is served"
}

run_tests "$@"
