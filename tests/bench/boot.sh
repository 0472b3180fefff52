#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# boot.sh: few phones boot at once, as by "make bench-boot" very many do, for "make check", as KTAP. What happened is
# counted; no time is judged.

set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
result=$(mktemp)
trap 'rm -f "$result"' EXIT
status=0 number=0

# check NAME WHO: boots whose misses were answered by WHO.
check()
{
	local result_word=ok

	number=$((number + 1))
	grep -F "\"misses\":\"$2\"" "$result" | "$here/boot-table" --counts 2>&1 | sed 's/^/# /'
	[ "${PIPESTATUS[1]}" = 0 ] || { result_word='not ok'; status=1; }
	echo "$result_word $number $1"
}

echo "TAP version 13"
echo "1..2"
"$here/boot" --phones 20,200 --rounds 1 --save "$result" > /dev/null || [ "$(wc -l < "$result")" = 4 ] || {
	echo "Bail out! the phones did not boot"
	exit 1
}
sed 's/^/# /' "$result"
check every_phone_gets_its_files_once_and_is_told_by_the_daemon_what_is_not_there daemon
check every_phone_gets_its_files_once_and_is_told_by_absents_what_is_not_there absents
exit "$status"
