# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the rig's scripts share: where things are cached, how messages look.

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TREE=$(cd "$VM_DIR/../.." && pwd -P)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ktftp
export VM_DIR TREE CACHE

say()
{
	printf 'vm: %s\n' "$*" >&2
}

die()
{
	local status=$1

	shift
	say "$@"
	exit "$status"
}

# with_lock NAME COMMAND...: one preparation at a time, across processes.
with_lock()
{
	local name=$1

	shift
	mkdir -p "$CACHE/locks"
	(
		flock 9
		"$@" 9>&-
	) 9> "$CACHE/locks/$name"
}
