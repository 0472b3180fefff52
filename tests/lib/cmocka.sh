# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For scripts that run test programs made with cmocka.

# run_cmocka LABEL DIRECTORY NAME...: runs the programs one after the other, KTAP on standard output. A program that
# ends badly without a result that says why gets one. Returns 1 when one failed.
run_cmocka()
{
	local label=$1 directory=$2 name output status worst=0

	output=$(mktemp -t ktftp-cmocka.XXXXXX)
	for name in "${@:3}"; do
		status=0
		echo "# program: $label/$name"
		echo "TAP version 13"
		CMOCKA_MESSAGE_OUTPUT=tap "$directory/$name" | tee "$output" || status=${PIPESTATUS[0]}
		[ "$status" != 0 ] || continue
		worst=1
		grep -q '^not ok' "$output" || echo "Bail out! $label/$name ended with status $status"
	done
	rm -f "$output"
	return "$worst"
}
