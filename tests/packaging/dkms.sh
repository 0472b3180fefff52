#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The package of the module builds it where kernels and their headers are, and takes it away again. In a root of its own
# on this host, as root, with the kernels of the rig; no module is loaded.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

KERNELS=(6.1 6.12)

TESTS=(
	installing_builds_the_module_for_each_kernel
	a_kernel_without_headers_is_passed_over
	removing_takes_the_modules_away
)

before_tests()
{
	local kernel

	mount_root
	for kernel in "${KERNELS[@]}"; do
		add_kernel "$("$TREE/tests/vm/kernel" dir "$kernel")"
	done
	mkdir "$HOST/usr/lib/modules/1.2.3-without-headers"
	install_packages ktftp-dkms > "$LAYER/said" 2>&1 || { cat "$LAYER/said"; return 1; }
}

after_tests()
{
	unmount_root
}

# add_kernel DIRECTORY: of the rig, as if it was installed.
add_kernel()
{
	local release modules

	release=$(cat "$1/version")
	modules=$HOST/usr/lib/modules/$release
	mkdir -p "$modules"
	ln -s "$(realpath "$1/kdir")" "$modules/build"
	: > "$modules/modules.order"
	: > "$modules/modules.builtin"
}

releases()
{
	local kernel

	for kernel in "${KERNELS[@]}"; do
		cat "$("$TREE/tests/vm/kernel" dir "$kernel")/version"
	done
}

# built_for RELEASE: the file where modprobe looks.
built_for()
{
	find "$HOST/usr/lib/modules/$1/updates/dkms" -name 'ktftp.ko*' 2> /dev/null || true
}

installing_builds_the_module_for_each_kernel()
{
	local release module vermagic

	for release in $(releases); do
		module=$(built_for "$release")
		[ -n "$module" ] || fail "nothing was built for $release: $(< "$LAYER/said")"
		vermagic=$(modinfo -F vermagic "$module")
		[ "${vermagic%% *}" = "$release" ]
		[ "$(modinfo -F version "$module")" = "$(< "$TREE/VERSION")" ]
		in_host dkms status | grep -q "^ktftp/.*$release.*: installed"
	done
}

a_kernel_without_headers_is_passed_over()
{
	[ -z "$(built_for 1.2.3-without-headers)" ]
	# shellcheck disable=SC2016 # it is dpkg-query's
	[ "$(in_host dpkg-query --show --showformat '${db:Status-Status}' ktftp-dkms)" = installed ]
}

removing_takes_the_modules_away()
{
	local release

	in_host dpkg --purge ktftp-dkms
	for release in $(releases); do
		[ -z "$(built_for "$release")" ] || fail "$(built_for "$release") is left"
	done
	[ -z "$(in_host dkms status)" ]
	[ ! -e "$HOST/usr/src/ktftp-$(< "$TREE/VERSION")" ]
}

run_tests "$@"
