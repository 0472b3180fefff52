# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What tests of the packages share: KTAP (see ktap.sh), and a host of their own, $HOST: a writable layer over the root
# file system, with an administration of packages that knows what ours depend on and nothing else, and
# the module's file where DKMS would put it.

# On a host, in mounts and a network of the program's own: it leaves nothing there. A guest is its own.
if [ -z "${KTFTP_MODULE_DIR:-}" ] && [ -z "${KTFTP_TEST_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root, for a root file system of its own"; exit 4; }
	KTFTP_TEST_NAMESPACE=1 exec unshare --mount --net --propagation private "$0" "$@"
fi

PACKAGING_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$PACKAGING_DIR/../lib/ktap.sh"

TREE=$(cd "$PACKAGING_DIR/../.." && pwd -P)
LAYER=/run/ktftp-test
HOST=/run/ktftp-test/host
UPPER=$LAYER/upper
PACKAGES=$TREE/build/deb

export DEBIAN_FRONTEND=noninteractive

# mount_root: $HOST, as it is before a package of ours is there.
mount_root()
{
	local directory

	mkdir -p "$LAYER"
	mount -t tmpfs -o size=300M tmpfs "$LAYER"
	mkdir "$UPPER" "$LAYER/work" "$HOST"
	mount -t overlay -o "lowerdir=/,upperdir=$UPPER,workdir=$LAYER/work" overlay "$HOST"
	for directory in proc dev sys; do
		mount --rbind "/$directory" "$HOST/$directory"
	done
	mount -t tmpfs tmpfs "$HOST/run"
	mount -t tmpfs tmpfs "$HOST/var/lib/dpkg"
	mount -t tmpfs tmpfs "$HOST/var/lib/dkms"
	"$PACKAGING_DIR/dpkg-subset" /var/lib/dpkg "$HOST/var/lib/dpkg" "$PACKAGES"/*.deb
}

unmount_root()
{
	umount --recursive --lazy "$LAYER" 2> /dev/null
}

# install_module: where modprobe finds it.
install_module()
{
	local release directory

	release=$(uname -r)
	directory=$HOST/usr/lib/modules/$release
	mkdir -p "$directory/updates/dkms"
	cp "$KTFTP_MODULE_DIR/ktftp.ko" "$directory/updates/dkms/"
	: > "$directory/modules.order"
	: > "$directory/modules.builtin"
	depmod -b "$HOST/usr" "$release" 2> /dev/null || depmod -b "$HOST" "$release"
}

in_host()
{
	chroot "$HOST" "$@"
}

# install_packages [NAME...]: all of ours, or those named.
install_packages()
{
	local name

	[ "$#" -gt 0 ] || set -- ktftp ktftp-dkms
	for name in "$@"; do
		in_host dpkg --install "$(echo "$PACKAGES/${name}"_*.deb)"
	done
}
