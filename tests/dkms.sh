#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The ways in which people build the module, for both kernels: by DKMS and by the kernel's own make from nothing but
# what "make install-dkms" installs, by our Makefile with KDIR from a clean copy of the tree. No module is loaded.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(cd "$here/.." && pwd -P)
# shellcheck source-path=SCRIPTDIR source=lib/ktap.sh
. "$here/lib/ktap.sh"

# What "make check" was told is not for the builds here.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL KDIR
PATH=$PATH:/usr/sbin:/sbin

VERSION=$(cat "$tree/VERSION")

TESTS=(
	dkms_conf_has_the_version_of_the_tree
	dkms_builds_for_6_12
)
LONG_TESTS=(
	the_kernels_make_builds_for_6_1
	dkms_builds_for_6_1
	the_kernels_make_builds_for_6_12
	make_kmod_with_kdir_builds_for_6_1
	make_kmod_with_kdir_builds_for_6_12
)

before_tests()
{
	local tool

	for tool in dkms modinfo; do
		command -v "$tool" || { echo "$tool is not installed"; return 1; }
	done
}

# enter_work: an empty directory of the test's own.
enter_work()
{
	WORK=$(mktemp -d -t ktftp-dkms.XXXXXX)
	at_end rm -rf "$WORK"
	at_end cd /
	cd "$WORK"
}

# use_kernel NAME: $KDIR to build against, $RELEASE of what is built.
use_kernel()
{
	local dir

	dir=$("$here/vm/kernel" dir "$1")
	KDIR=$(realpath "$dir/kdir")
	RELEASE=$(cat "$dir/version")
}

# copy_sources: what "make install-dkms" installs, in $COPY, and nothing else.
copy_sources()
{
	make -s -C "$tree" install-dkms DESTDIR="$WORK/installed"
	COPY=$WORK/installed/usr/src/ktftp-$VERSION
}

# check_built MODULE LOG: the module is whole and for this kernel, and the compiler had nothing to say.
check_built()
{
	local release

	cat "$2"
	release=$(modinfo -F vermagic "$1")
	[ "${release%% *}" = "$RELEASE" ] || fail "built for '$release', not for $RELEASE"
	[ "$(modinfo -F version "$1")" = "$VERSION" ] || fail "the module does not say that it is $VERSION"
	[ -z "$(modinfo -F depends "$1")" ] || fail "the module needs other modules: $(modinfo -F depends "$1")"
	! grep -iE 'warning:|error:' "$2" || fail "built with warnings"
}

dkms_conf_has_the_version_of_the_tree()
{
	local stated

	stated=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$tree/dkms.conf")
	[ "$stated" = "$VERSION" ] || fail "dkms.conf says '$stated', VERSION says '$VERSION'"
}

dkms_builds_for()
{
	local built

	enter_work
	use_kernel "$1"
	copy_sources
	mkdir dkms
	dkms add ktftp/"$VERSION" --sourcetree "$WORK/installed/usr/src" --dkmstree "$WORK/dkms"
	dkms build ktftp/"$VERSION" -k "$RELEASE" --kernelsourcedir "$KDIR" \
		--sourcetree "$WORK/installed/usr/src" --dkmstree "$WORK/dkms"
	built=$(echo "$WORK/dkms/ktftp/$VERSION/$RELEASE"/*)
	check_built "$built/module/ktftp.ko" "$built/log/make.log"
}

the_kernels_make_builds_for()
{
	enter_work
	use_kernel "$1"
	copy_sources
	make -C "$KDIR" M="$COPY" > log 2>&1 || fail "$(cat log)"
	check_built "$COPY/ktftp.ko" log
}

# copy_tree: all of the tree but what was built, in $COPY.
copy_tree()
{
	COPY=$WORK/tree
	mkdir "$COPY"
	tar -C "$tree" --exclude=./build --exclude=./.git -c . | tar -x -C "$COPY"
}

make_kmod_with_kdir_builds_for()
{
	enter_work
	use_kernel "$1"
	copy_tree
	make -C "$COPY" kmod KDIR="$KDIR" > log 2>&1 || fail "$(cat log)"
	check_built "$COPY/build/kmod-custom/ktftp.ko" log
}

dkms_builds_for_6_1() { dkms_builds_for 6.1; }
dkms_builds_for_6_12() { dkms_builds_for 6.12; }
the_kernels_make_builds_for_6_1() { the_kernels_make_builds_for 6.1; }
the_kernels_make_builds_for_6_12() { the_kernels_make_builds_for 6.12; }
make_kmod_with_kdir_builds_for_6_1() { make_kmod_with_kdir_builds_for 6.1; }
make_kmod_with_kdir_builds_for_6_12() { make_kmod_with_kdir_builds_for 6.12; }

run_tests "$@"
