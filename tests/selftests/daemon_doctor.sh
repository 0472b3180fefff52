#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# daemon_doctor.sh: what ktftpctl says where the module is: of the module alone as ever, of the module and the daemon
# together, and by its doctor.

# shellcheck source-path=SCRIPTDIR source=ctl_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/ctl_lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/ktftpd.sh
. "${KTFTP_TREE:-$SELFTESTS_DIR/../..}/tests/lib/ktftpd.sh"

TESTS=(
	without_a_daemon_lists_are_the_modules
	lists_have_what_both_serve
	transfers_are_those_of_both
	stats_are_the_modules_unless_the_daemons_are_wanted
	status_tells_of_the_module
	drain_asks_the_daemon_where_there_is_one
	without_a_daemon_all_listeners_are_drained
	the_doctor_finds_nothing_wrong_with_both
	the_doctor_finds_that_the_module_is_alone
	the_doctor_finds_that_the_daemon_does_without_the_module
	the_doctor_finds_a_full_budget
	the_doctor_wants_a_rule_for_what_is_not_tracked
)

DAEMON_NETWORK=(ip netns exec server)

# prepare: a host with a folder of two files, of which the module is to hold the small one alone.
prepare()
{
	begin
	chmod 755 "$WORK"
	daemon_in "$WORK/daemon"
	make_file "$ROOT/small" 1000
	make_file "$ROOT/large" 9000000
}

serve_both()
{
	prepare
	DAEMON_ENGINE=kernel
	configure 'listen "127.0.0.1" {}' 'pin-limit = 1M'
	start_daemon
	wait_until status_says '"pinned": 1'
}

without_a_daemon_lists_are_the_modules()
{
	begin
	ctl listen add 127.0.0.1 single-port
	succeeds publish file
	succeeds list
	[ "$(sed -n 1p out | tr -s ' ')" = 'NAME SIZE KIND VIEW OWNER HITS AGE' ]
	sed -n 2p out | grep -qE '^file +1500 (pinned|sealed) +default +cli +0 +'
	[ "$(sed -n 3p out)" = '1 names, 1.5 KiB' ]
	json 'x[0]["engine"] == "kernel" and x[0]["arriving"] is False and x[0]["id"] > 0' list
	silent_client file
	succeeds transfers
	[ "$(sed -n 1p out | tr -s ' ')" = 'CLIENT NAME SIZE DONE RATE WINDOW REPEATS RTT STATE' ]
	[ "$(wc -l < out)" = 2 ]
	json 'len(x) == 1 and x[0]["engine"] == "kernel" and x[0]["name"] == "file"' transfers
	ends 2 'no daemon answers at' stats --daemon
}

lists_have_what_both_serve()
{
	serve_both
	prints '2 names, 8.6 MiB' list
	grep -qE '^small +1000 (pinned|sealed) +default +folder ' out
	grep -qE '^large +9000000 daemon +default +folder ' out
	json '{e["name"]: e["engine"] for e in x} == {"small": "kernel", "large": "user"}' list
	prints '1 names, 8.6 MiB' list 'LAR*'
	prints '1 names, 1000 B' list 's*' --owner folder
	# The daemon of one network namespace has nothing to do with another one.
	one_host elsewhere
	DAEMON_NETWORK=(ip netns exec elsewhere)
	prints '0 names, 0 B' list
	json 'x == []' transfers
}

# slowly_downloads NAME: a client on the server, a block each 50 ms.
slowly_downloads()
{
	ip netns exec server python3 -ISc '
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.sendto(b"\0\1" + sys.argv[1].encode() + b"\0octet\0blksize\08\0", ("127.0.0.1", 69))
while True:
    data, peer = sock.recvfrom(1024)
    time.sleep(0.05)
    block = data[2:4] if data[1] == 3 else b"\0\0"
    sock.sendto(b"\0\4" + block, peer)' "$1" &
	at_end kill "$!"
}

both_run()
{
	[ "$(ctl transfers | grep -c ' running$')" = 2 ]
}

transfers_are_those_of_both()
{
	serve_both
	slowly_downloads small
	slowly_downloads large
	wait_until both_run
	json '{t["name"]: t["engine"] for t in x} == {"small": "kernel", "large": "user"}' transfers
	json 'all(t["client"] == t["local"] == "127.0.0.1" and t["blksize"] == 8 for t in x)' transfers
	json 'all(t["state"] == "running" and t["size"] > t["bytes"] > 0 for t in x)' transfers
}

stats_are_the_modules_unless_the_daemons_are_wanted()
{
	serve_both
	get small
	get large
	get small
	cmp got "$ROOT/small"
	json 'x["ended_complete"] == 2 and 2000 <= x["bytes_sent"] < 9000000' stats
	json 'x["ended_complete"] == 1 and x["bytes_sent"] >= 9000000' stats --daemon
}

status_tells_of_the_module()
{
	serve_both
	prints "engine     the kernel module, $(< /sys/module/ktftp/version), attached (engine = kernel)" status
	prints 'listening  127.0.0.1:69, kernel, active, 0 transfers' status
	prints '1 in the module, 1000 B' status
	json 'x["module"]["used"] and x["module"]["attached"] and x["module"]["why"] is None' status
}

is_drained()
{
	[ "$(ctl listen | grep -c ' draining ' || true)" = "$1" ]
}

drain_asks_the_daemon_where_there_is_one()
{
	serve_both
	succeeds drain
	is_drained 1
	json 'x["draining"]' status
	succeeds undrain
	is_drained 0
	json 'not x["draining"]' status
}

without_a_daemon_all_listeners_are_drained()
{
	begin
	ctl listen add 127.0.0.1
	ctl listen add 127.0.0.1:6969 single-port
	ctl listen add '[::1]:6969'
	json 'x["draining"] is True' drain
	is_drained 3
	succeeds drain
	succeeds undrain
	[ ! -s out ]
	is_drained 0
}

# examine: "CHECK LEVEL TEXT" lines of what the doctor finds, in the file "found".
examine()
{
	run ctl -j doctor
	[ ! -s err ] || fail "it says $(< err)"
	python3 -ISc '
import json
for f in json.load(open("out")):
    print(f["check"], f["level"], f["text"])' > found
}

# finds CHECK LEVEL [TEXT]: among what it found.
finds()
{
	grep "^$1 $2 " found | grep -qF -- "${3:-}" || fail "no $1 $2 ${3:-}: $(< found)"
}

the_doctor_finds_nothing_wrong_with_both()
{
	local check

	serve_both
	examine
	finds daemon ok 'serves by the module'
	finds module ok "$(< /sys/module/ktftp/version) is loaded"
	finds versions ok 'ktftpctl, ktftpd, module'
	finds port ok 'listening at 127.0.0.1:69'
	finds memory ok 'the store holds'
	for check in daemon module versions guard port memory state folders; do
		! grep -E "^$check (warning|error) " found || fail "$check complains"
	done
}

the_doctor_finds_that_the_module_is_alone()
{
	begin
	ctl listen add 127.0.0.1
	succeeds publish file
	examine
	finds daemon warning 'what the module holds is served, and nothing else is'
	finds port ok 'listening at 127.0.0.1:69'
	ctl drain
	examine
	finds port warning 'no listener takes requests'
}

the_doctor_finds_that_the_daemon_does_without_the_module()
{
	prepare
	DAEMON_ENGINE=user
	configure 'listen "127.0.0.1" {}'
	start_daemon
	examine
	finds daemon ok 'in user space'
	finds module ok 'is loaded'
	finds port ok 'listening at 127.0.0.1:69'
}

the_doctor_finds_a_full_budget()
{
	begin
	ctl listen add 127.0.0.1
	succeeds publish file
	ctl budget set 4096
	examine
	finds memory warning 'this network namespace holds 4.0 KiB of 4.0 KiB'
}

the_doctor_wants_a_rule_for_what_is_not_tracked()
{
	begin
	in_server nft -f - <<- 'RULES' || skip 'nftables does not work here'
		table inet f {
			chain in {
				type filter hook input priority 0; policy drop;
				ct state established accept
				udp dport { 69, 6969 } accept
			}
		}
	RULES
	ctl listen add 127.0.0.1
	examine
	finds firewall ok 'acknowledgements to udp port 61000-63999'
	ctl listen add 127.0.0.1:6969 notrack tid-ports 50000-50999
	examine
	finds firewall error 'acknowledgements to udp port 50000-50999'
	finds firewall ok 'acknowledgements to udp port 61000-63999'
}

run_tests "$@"
