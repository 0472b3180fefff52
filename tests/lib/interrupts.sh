# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For scripts that must end on SIGINT.

# hear_interrupts "$@": starts this script anew if it ignores SIGINT: a shell without job control starts what it
# puts in the background so, and bash has no way to undo that.
hear_interrupts()
{
	local key value

	while IFS=$':\t' read -r key value; do
		[ "$key" != SigIgn ] || [ $((0x$value & 2)) = 0 ] || exec env --default-signal=INT "$0" "$@"
	done < "/proc/$$/status"
}
