#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# short.sh: the benchmark's short form, for "make check", as KTAP: the servers are measured as by "make bench",
# for a few seconds. Only ratios within the one run are judged, with a wide margin: this machine is not ours alone.
# Of downloads that meet losses no time is judged, but who repeated what, and how often.

set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
result=$(mktemp)
losses=$(mktemp)
trap 'rm -f "$result" "$losses"' EXIT
status=0 number=0

# report NAME CONDITION: a condition on s[SERVER], the measurements by server, and on the downloads "clean" and "lossy".
report()
{
	number=$((number + 1))
	if python3 - "$result" "$losses" "$2" << 'PYTHON'; then
import json
import sys

s = {one["server"]: one for one in json.load(open(sys.argv[1]))["servers"]}
clean, lossy = sorted((json.loads(line) for line in open(sys.argv[2])), key=lambda one: one["errors_percent"])
sys.exit(not eval(sys.argv[3]))
PYTHON
		echo "ok $number $1"
	else
		echo "not ok $number $1"
		status=1
	fi
}

echo "TAP version 13"
echo "1..6"
"$here/run" --rounds 1 --seconds 4 --servers ktftp,dnsmasq,limit --json > "$result" || {
	echo "Bail out! the benchmark did not run"
	exit 1
}
"$here/loss" --rounds 1 --bytes 255999 --examples C --kernel 6.12 --json > "$losses" || {
	echo "Bail out! a download with losses failed"
	exit 1
}
sed 's/^/# /' "$result" "$losses"
report every_server_was_measured 'len(s) == 3 and all(one["blocks_per_second"] > 0 for one in s.values())'
report no_download_from_ktftp_failed 's["ktftp"]["failed"] == 0'
report a_block_costs_ktftp_less_than_half_of_dnsmasq \
	's["dnsmasq"]["cpu_us_per_block"] > 2 * s["ktftp"]["cpu_us_per_block"]'
report packets_were_lost 'not clean["dropped"] and lossy["dropped"]'
# A client's own timer, after 4 s, is for the request alone.
report ktftp_repeats_what_is_lost_before_the_client_asks \
	'clean["client_repeats"] == 0 and lossy["client_repeats"] <= 2'
report ktftp_repeats_little_else \
	'clean["repeated"] < 25 and lossy["dropped"] - 3 <= lossy["repeated"] < 2 * lossy["dropped"] + 25'
exit "$status"
