#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What "make install" and the packages have in them, and what systemd thinks of the unit. Nothing is installed into this
# host, and nothing run of what is.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(cd "$here/../.." && pwd -P)
# shellcheck source-path=SCRIPTDIR source=../lib/ktap.sh
. "$here/../lib/ktap.sh"

# What "make check" was told is not for the makes here.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
VERSION=$(< "$tree/VERSION")

# In tenths, as systemd-analyze security rates it: 0 is best, 100 worst.
MOST_EXPOSURE=25

TESTS=(
	make_install_puts_everything_below_its_prefix
	make_install_keeps_a_configuration_that_is_there
	systemd_finds_nothing_wrong_with_the_unit
	systemd_rates_the_unit_as_little_exposed
	packages_have_the_version_of_the_tree
	package_of_the_module_has_its_sources
	package_of_the_daemon_has_what_make_install_has
	packages_load_no_module_at_boot
)

before_tests()
{
	make -s -C "$tree" deb
}

# enter_work: an empty directory of the test's own.
enter_work()
{
	WORK=$(mktemp -d -t ktftp-install.XXXXXX)
	at_end rm -rf "$WORK"
	at_end cd /
	cd "$WORK"
}

# install_to DIRECTORY [VARIABLE=VALUE...]
install_to()
{
	make -s -C "$tree" install DESTDIR="$PWD/$1" "${@:2}"
}

unpack()
{
	dpkg-deb -x "$(echo "$tree/build/deb/$1"_*.deb)" "$2"
}

make_install_puts_everything_below_its_prefix()
{
	local file

	enter_work
	install_to root
	for file in sbin/{ktftpd,ktftpctl} lib/systemd/system/ktftpd.service lib/{sysusers,tmpfiles}.d/ktftp.conf \
		share/man/man{8/{ktftpd,ktftpctl}.8,5/ktftpd.conf.5,7/ktftp.7}; do
		[ -s "root/usr/local/$file" ] || fail "there is no $file"
	done
	[ -n "$(find root/usr/local/share/ktftp/prometheus -name '*.yml')" ]
	[ -s root/etc/ktftp/ktftpd.conf ]
	[ -z "$(find root/usr/local/lib root/etc -type f ! -perm 644)" ]
	# It runs what was installed.
	! grep -E '[= ][-+]*/usr/(sbin|lib)' root/usr/local/lib/systemd/system/ktftpd.service || fail "it has another prefix"
	grep -q '^ExecStart=/usr/local/sbin/ktftpd ' root/usr/local/lib/systemd/system/ktftpd.service
}

make_install_keeps_a_configuration_that_is_there()
{
	enter_work
	mkdir -p root/etc/ktftp
	echo '# of the administrator' > root/etc/ktftp/ktftpd.conf
	install_to root
	[ "$(< root/etc/ktftp/ktftpd.conf)" = '# of the administrator' ]
}

# It runs programs that are there, in a root of its own.
systemd_finds_nothing_wrong_with_the_unit()
{
	local said

	enter_work
	install_to root PREFIX=/usr
	mkdir -p root/bin root/usr/bin
	: > root/etc/passwd
	cp /bin/kill root/bin/
	cp /usr/bin/systemd-tmpfiles root/usr/bin/
	cp -r /lib/systemd/system/. root/usr/lib/systemd/system/
	said=$(systemd-analyze verify --man=no --generators=no --root="$PWD/root" ktftpd.service 2>&1 | grep ktftpd || true)
	[ -z "$said" ] || fail "$said"
}

systemd_rates_the_unit_as_little_exposed()
{
	enter_work
	systemd-analyze security --offline=true --no-pager --threshold="$MOST_EXPOSURE" \
		"$tree/packaging/systemd/ktftpd.service" > rated || fail "$(tail -n 1 rated)"
}

packages_have_the_version_of_the_tree()
{
	local package

	for package in ktftp ktftp-dkms; do
		[ "$(dpkg-deb -f "$(echo "$tree/build/deb/$package"_*.deb)" Version)" = "$VERSION" ]
	done
}

package_of_the_module_has_its_sources()
{
	enter_work
	make -s -C "$tree" install-dkms DESTDIR="$PWD/installed"
	unpack ktftp-dkms package
	diff -r installed/usr/src package/usr/src
}

# paths ROOT: what is in it, as the package has it.
paths()
{
	(cd "$1" && find . -type f -o -type l) | sed 's/\.gz$//; s|^./usr/lib/systemd|./lib/systemd|' |
		grep -v '^./usr/share/doc/' | sort
}

package_of_the_daemon_has_what_make_install_has()
{
	enter_work
	install_to installed PREFIX=/usr
	unpack ktftp package
	# It is built where it can be.
	diff <(paths installed | grep -v ktftp-top$) <(paths package | grep -v ktftp-top$)
	[ -x package/usr/sbin/ktftp-top ]
	cmp package/etc/ktftp/ktftpd.conf "$tree/packaging/ktftpd.conf"
}

# The guard has to come first.
packages_load_no_module_at_boot()
{
	local package

	enter_work
	for package in ktftp ktftp-dkms; do
		unpack "$package" "$package"
		[ -z "$(find "$package" -path '*modules-load.d*' -o -path '*initramfs*')" ]
	done
}

run_tests "$@"
