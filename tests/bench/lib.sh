# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the benchmark's scripts share: the rig's places and lock, our own name on messages.

BENCH_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=/dev/null
. "$BENCH_DIR/../vm/lib.sh"
export BENCH_DIR

say()
{
	printf 'bench: %s\n' "$*" >&2
}
