#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# control.sh: the daemon's control socket, as ktftpctl uses it and as nobody should.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TESTS=(
	status_tells_how_it_is
	without_a_daemon_everybody_is_told_where_one_was_looked_for
	list_has_what_the_daemon_serves
	long_lists_come_whole
	transfers_are_those_of_the_daemon
	stats_count_what_the_daemon_served
	commands_may_be_cut_short
	a_batch_asks_by_one_connection
	a_refused_reload_says_line_and_reason_and_nothing_else
	draining_is_answered_when_it_is_so
	trace_knows_a_phone_by_name_address_and_mac
	trace_knows_nothing_of_others
	trace_goes_on_while_it_is_watched
	strangers_are_told_nothing
	the_read_group_may_look_and_change_nothing
	the_admin_group_may_change_things
	a_reload_changes_the_groups
	garbage_is_refused_and_the_connection_goes_on
	requests_behind_each_other_are_answered_in_order
	a_request_may_come_in_pieces
	a_huge_line_ends_its_connection
	who_never_reads_is_hung_up_on
	two_hundred_clients_are_answered
	more_clients_than_that_are_told_so
	what_is_no_socket_is_left_alone
	the_socket_goes_with_the_daemon
	another_network_namespace_is_told_where_the_daemon_is
	the_guard_is_shown_and_cleared
)

# raw WORD...: see control_socket.py.
raw()
{
	timeout 60 python3 -IS "$DAEMON_TESTS_DIR/control_socket.py" "$KTFTP_SOCKET" "$@"
}

# run COMMAND...: its exit status is STATUS, its output in the files out and err.
run()
{
	STATUS=0
	"$@" > out 2> err < /dev/null || STATUS=$?
}

# ends STATUS TEXT WORD...: ktftpctl ends so, says so on standard error, and nothing on standard output.
ends()
{
	local status=$1 text=$2

	shift 2
	run ctl "$@"
	[ "$STATUS" = "$status" ] || fail "$*: exit status $STATUS, not $status; $(< err)"
	[[ $(< err) == "ktftpctl: "*"$text"* ]] || fail "$*: says '$(< err)', not '$text'"
	[ ! -s out ] || fail "$*: prints $(< out)"
}

# prints TEXT WORD...: a part of what ktftpctl prints, which succeeds without a word on standard error.
prints()
{
	local text=$1

	shift
	run ctl "$@"
	[ "$STATUS" = 0 ] || fail "$*: exit status $STATUS; $(< err)"
	[ ! -s err ] || fail "$*: says $(< err)"
	[[ $(< out) == *"$text"* ]] || fail "$*: prints '$(< out)', not '$text'"
}

# json EXPRESSION WORD...: Python's opinion of what ktftpctl prints with -j, "x".
json()
{
	local expression=$1

	shift
	prints '' -j "$@"
	python3 -ISc '
import json, sys
x = json.load(open("out"))
if not eval(f"({sys.argv[1]})"):
    sys.exit(f"not {sys.argv[1]}: {str(x)[:2000]}")' "$expression"
}

# A daemon that serves one file.
begin()
{
	work_dir
	make_file "$ROOT/SEP001122334455.cnf.xml" 1000
	serve_with "$@"
}

status_tells_how_it_is()
{
	begin
	prints "pid $DAEMON_PID, up " status
	prints "config     $DAEMON/ktftpd.conf" status
	prints 'engine     user space: the module is not wanted (engine = user)' status
	prints 'listening  127.0.0.1:69, user, active, 0 transfers' status
	prints 'folders    1 files, 1000 B; 0 in the module' status
	json 'x["here"] and x["alarm"] is None and not x["draining"] and x["uptime_s"] >= 0' status
	json 'x["listeners"][0]["address"] == "127.0.0.1" and x["folder"]["files"] == x["names"] == 1' status
	answers missing 'error 1'
	json 'x["serve"]["not_found"] == 1 and x["serve"]["requests"] == 1' status
}

without_a_daemon_everybody_is_told_where_one_was_looked_for()
{
	local command said

	work_dir
	for command in status reload 'trace name' 'stats --daemon' guard 'guard clear'; do
		# shellcheck disable=SC2086 # words
		ends 2 "no daemon answers at $KTFTP_SOCKET: is ktftpd running? (systemctl status ktftpd)" $command
	done
	for command in list transfers stats drain undrain; do
		ends 2 "the kernel module ktftp is not loaded (modprobe ktftp), and no daemon answers at" "$command"
	done
	ends 2 'no daemon answers at /nowhere/socket' --socket /nowhere/socket status
	unset KTFTP_SOCKET
	ends 2 'no daemon answers at /run/ktftp/ktftpd.sock' status
}

list_has_what_the_daemon_serves()
{
	local digest

	begin
	make_file "$ROOT/ringlist.xml" 20
	wait_until serves ringlist.xml "$ROOT/ringlist.xml"
	prints 'NAME ' list
	grep -qE '^SEP001122334455\.cnf\.xml +1000 daemon +default +folder +0 ' out
	prints '1 names, 20 B' list 'RING*'
	prints '0 names, 0 B' list 'nothing*'
	prints '0 names, 0 B' list --owner cli
	prints '2 names, 1020 B' list --owner folder --view default
	digest=$(sha256sum < "$ROOT/ringlist.xml")
	json "x[0]['sha256'] == '${digest%% *}' and x[0]['source'] == '$ROOT/ringlist.xml'" list 'ring*'
	json 'x[0]["kind"] == "daemon" and x[0]["engine"] == "user" and x[0]["id"] is None' list 'ring*'
	json 'set(x[0]) >= {"name", "size", "view", "owner", "offset", "while_attached", "hits", "age_ms"}' list
}

# They come in pieces, which is nobody's business but ktftpctl's.
long_lists_come_whole()
{
	work_dir
	python3 -ISc '
import sys
for i in range(12000):
    with open(f"{sys.argv[1]}/{i:05}", "w") as file:
        file.write("x")' "$ROOT"
	serve
	wait_until json 'len(x) == 12000' list
	json 'sorted(e["name"] for e in x) == [f"{i:05}" for i in range(12000)]' list
	prints '12000 names, 11.7 KiB' list
	# The last ones match, the first ten thousand do not.
	json '{e["name"] for e in x} == {"11998", "11999"}' list '1199[89]'
	prints '0 names, 0 B' list 'x*'
	echo '{"command": "list"}' | raw say > said
	python3 -ISc '
import json
result = json.load(open("said"))["result"]
assert 0 < len(result["names"]) < 1000 and result["next"] == len(result["names"]) and result["of"] == 12000, len(result["names"])'
}

# slowly_downloads: a client that has the file "large" for as long as the test lasts: a block each 20 ms.
slowly_downloads()
{
	make_file "$ROOT/large" 10000000
	wait_until serves large "$ROOT/large"
	python3 -ISc '
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.sendto(b"\0\1large\0octet\0", (sys.argv[1], int(sys.argv[2])))
while True:
    data, peer = sock.recvfrom(1024)
    time.sleep(0.02)
    sock.sendto(b"\0\4" + data[2:4], peer)' "$SERVER" "$PORT" &
	at_end kill "$!"
	wait_until is_downloading
}

is_downloading()
{
	ctl transfers | grep -q ' large .* running$'
}

transfers_are_those_of_the_daemon()
{
	begin
	json 'x == []' transfers
	slowly_downloads
	prints '127.0.0.1:' transfers
	json 'len(x) == 1 and x[0]["name"] == "large" and x[0]["size"] == 10000000' transfers
	json 'x[0]["engine"] == "user" and x[0]["client"] == "127.0.0.1" and x[0]["state"] == "running"' transfers
	json 'x[0]["blksize"] == 512 and x[0]["windowsize"] == 1' transfers
	json 'x["transfers"] == 1' status
	# It repaints until it is interrupted, once: a second signal, to the group, finds a sanitizer at work that does
	# not come back.
	timeout --foreground --preserve-status -s INT 2 "$KTFTPCTL" transfers --watch > painted
	[ "$(grep -c ' large .* running$' painted)" -ge 2 ]
}

stats_count_what_the_daemon_served()
{
	begin
	download SEP001122334455.cnf.xml got
	answers missing 'error 1'
	prints 'requests_not_found                          1' stats
	prints 'found_sep                                   1' stats --daemon
	json 'x["requests"] == 2 and x["ended_complete"] == 1' stats
	json 'x["requests"] == 2' stats --daemon
}

# What is short for a command of the module stays so.
commands_may_be_cut_short()
{
	begin
	prints 'requests ' sta
	prints 'config ' statu
	prints CLIENT t
	prints '' rel
	prints clear gu
	ends 1 "ambiguous command 'd'" d
	ends 1 "ambiguous command 's'" s
	ends 1 "unknown command 'x'" x
}

a_batch_asks_by_one_connection()
{
	begin
	printf 'status\nlist\nstats --daemon\ndrain\nundrain\n' > lines
	prints '1 names, 1000 B' -batch lines
	printf 'drain\nreload now\n' > lines
	ends 1 "lines:2: what is 'now' for?" -batch lines
	json 'x["draining"]' status
}

a_refused_reload_says_line_and_reason_and_nothing_else()
{
	local number

	begin
	json "x['config'] == '$DAEMON/ktftpd.conf'" reload
	prints '' reload
	[ ! -s out ] || fail "it prints $(< out)"
	echo 'colour = blue' >> "$DAEMON/ktftpd.conf"
	number=$(grep -n colour "$DAEMON/ktftpd.conf")
	ends 2 "$DAEMON/ktftpd.conf:${number%%:*}: " reload
	[[ $(< err) == "ktftpctl: $DAEMON/ktftpd.conf:"* ]]
	[ "$(wc -l < err)" = 1 ]
	answers SEP001122334455.cnf.xml data
}

draining_is_answered_when_it_is_so()
{
	begin
	slowly_downloads
	json 'x["draining"] is True' drain
	answers SEP001122334455.cnf.xml silence 500
	prints 'draining   new requests are met with silence' status
	prints 'draining, 1 transfers' status
	is_downloading
	json 'x["draining"] is False' undrain
	answers SEP001122334455.cnf.xml data
}

trace_knows_a_phone_by_name_address_and_mac()
{
	local pattern

	begin
	download SEP001122334455.cnf.xml got
	answers ITLSEP001122334455.tlv 'error 1'
	for pattern in 127.0.0.1 001122334455 sep0011 00:11:22:33:44:55 00-11-22-33-44-55 0011.2233.4455; do
		prints '' trace "$pattern"
		[ "$(wc -l < out)" = 3 ] || fail "$pattern: $(< out)"
		sed -n 1p out | grep -qE '^....-..-.. ..:..:..\.... 127\.0\.0\.1:[0-9]+ .*start +SEP001122334455.*1000 B'
		sed -n 2p out | grep -q 'end     SEP001122334455.cnf.xml complete: 1000 B in '
		sed -n 3p out | grep -q 'miss    ITLSEP001122334455.tlv'
	done
	json '[e["what"] for e in x] == ["start", "end", "miss"] and x[1]["how"] == "complete"' trace 127.0.0.1
	json 'x[0]["sequence"] < x[1]["sequence"] < x[2]["sequence"]' trace 127.0.0.1
	json 'len(x) == 2' trace 'SEP*'
}

trace_knows_nothing_of_others()
{
	begin
	download SEP001122334455.cnf.xml got
	json 'x == []' trace 192.0.2.1
	json 'x == []' trace 00:11:22:33:44:56
	prints "nothing is known of 'SEPAABB'" trace SEPAABB
	ends 1 'trace whom?' trace
	ends 1 "what is 'more' for?" trace name more
	ends 2 'at most' trace "$(printf 'x%.0s' {1..300})"
}

watched_lines_are()
{
	[ "$(wc -l < watched)" = "$1" ]
}

trace_goes_on_while_it_is_watched()
{
	local watcher

	begin
	download SEP001122334455.cnf.xml got
	# As it is, not ctl: the one to be ended is the process itself.
	"$KTFTPCTL" -j trace --watch SEP > watched &
	watcher=$!
	at_end kill "$watcher"
	wait_until watched_lines_are 2
	answers SEPmissing 'error 1'
	answers other 'error 1'
	answers SEPmissing.too 'error 1'
	wait_until watched_lines_are 4
	sed -n 4p watched | python3 -ISc 'import json, sys; assert json.load(sys.stdin)["name"] == "SEPmissing.too"'
	kill "$watcher"
	wait "$watcher" || true
	# With the daemon it ends, and says why.
	"$KTFTPCTL" trace SEP --watch > watched 2> err &
	watcher=$!
	at_end kill "$watcher"
	wait_until watched_lines_are 4
	stop_daemon
	! wait "$watcher" || fail 'it goes on'
	grep -q 'ktftpctl: ' err
}

# Groups that every Debian has, and the user that is nobody.
ADMINS=staff
READERS=users

# as GROUP WORD...: ktftpctl by a user of no name, in that group beside his own, "" for none.
as()
{
	local group=$1 groups=(--clear-groups)

	shift
	[ -z "$group" ] || groups=(--groups "$(getent group "$group" | cut -d : -f 3)")
	setpriv --reuid 65534 --regid 65534 "${groups[@]}" ./ktftpctl "$@"
}

# refuses_as GROUP TEXT WORD...
refuses_as()
{
	local group=$1 text=$2

	shift 2
	run as "$group" "$@"
	[ "$STATUS" = 2 ] || fail "$group: $*: exit status $STATUS; $(< err)"
	[[ $(< err) == *"$text"* ]] || fail "$group: $*: says $(< err)"
	[ ! -s out ] || fail "$group: $*: prints $(< out)"
}

begin_with_groups()
{
	begin "admin-group = $ADMINS" "read-group = $READERS"
	# Where the tree is, not everybody may look.
	cp "$KTFTPCTL" ktftpctl
	chmod 755 . "$DAEMON" "$DAEMON/run"
}

strangers_are_told_nothing()
{
	local command

	begin_with_groups
	for command in status list transfers stats 'trace SEP' guard reload drain undrain 'guard clear'; do
		# shellcheck disable=SC2086 # words
		refuses_as '' "not permitted: the daemon tells things to root and the groups $ADMINS and $READERS" $command
	done
	json 'not x["draining"]' status
	# Nor do they take the places of others.
	setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/python3 -ISc "$(< "$DAEMON_TESTS_DIR/control_socket.py")" \
		"$KTFTP_SOCKET" crowd 250 | grep -qx '0 0'
	ctl status > /dev/null
}

the_read_group_may_look_and_change_nothing()
{
	local command

	begin_with_groups
	for command in status list transfers stats 'trace SEP' guard; do
		# shellcheck disable=SC2086 # words
		run as "$READERS" $command
		[ "$STATUS" = 0 ] || fail "$command: $(< err)"
	done
	for command in reload drain undrain 'guard clear'; do
		# shellcheck disable=SC2086 # words
		refuses_as "$READERS" "is for root and the group $ADMINS" $command
	done
	json 'not x["draining"]' status
	# The group may be his own as well.
	setpriv --reuid 65534 --regid "$READERS" --clear-groups ./ktftpctl status > /dev/null
}

the_admin_group_may_change_things()
{
	begin_with_groups
	as "$ADMINS" drain
	json 'x["draining"]' status
	as "$ADMINS" undrain
	as "$ADMINS" reload
	json 'not x["draining"]' status
}

# Those whose group it no longer is have lost their right, those whose it is now have it.
a_reload_changes_the_groups()
{
	begin_with_groups
	configure 'listen "127.0.0.1" {}' "admin-group = $READERS" "read-group = $ADMINS"
	refuses_as "$READERS" "is for root and the group" reload
	ctl reload
	as "$READERS" drain
	as "$READERS" undrain
	refuses_as "$ADMINS" "is for root and the group $READERS" drain
	as "$ADMINS" status > /dev/null
}

# garbage: lines that are no requests, and one that is.
garbage()
{
	cat <<- 'LINES'
		nonsense

		[]
		7
		"status"
		{}
		{"command": 7}
		{"command": null}
		{"command": "status", "command": "reload"}
		{"command": "no-such-command"}
		{"command": "trace"}
		{"command": "trace", "pattern": 7}
		{"command": "trace", "pattern": ""}
		{"command": "trace", "pattern": "x", "after": -1}
		{"command": "trace", "pattern": "x", "after": "1"}
		{"command": "list", "glob": []}
		{"command": "list", "from": "x"}
		{"command": "list", "from": -1}
		{"command": "sta\u0000tus"}
		{"command": "status"} {"command": "status"}
	LINES
	printf '\xff\xfe\x00\x01\n\0\0\0\n%0500d\n' 0
	printf '[%.0s' {1..3000}
	printf '\n{"command": "stats"}\n'
}

garbage_is_refused_and_the_connection_goes_on()
{
	begin
	garbage > lines
	raw say < lines > said
	[ "$(wc -l < said)" = "$(wc -l < lines)" ] || fail "$(< said)"
	python3 -ISc '
import json
*refused, last = [json.loads(line) for line in open("said")]
assert last["ok"] and "requests" in last["result"]["stats"], last
for answer in refused:
    assert answer["ok"] is False and answer["error"] and "result" not in answer, answer'
}

requests_behind_each_other_are_answered_in_order()
{
	begin
	python3 -ISc '
for i in range(3000):
    print(["{\"command\": \"stats\"}", "{\"command\": \"list\"}", "{\"command\": \"transfers\"}"][i % 3])' > lines
	raw say < lines > said
	python3 -ISc '
import json
answers = [json.loads(line)["result"] for line in open("said")]
assert len(answers) == 3000
for i, answer in enumerate(answers):
    assert ["stats", "names", "transfers"][i % 3] in answer, (i, answer)'
	# What does not end is no request.
	printf '{"command": "stats"}\n{"command": "stats"}' | raw say > said
	[ "$(wc -l < said)" = 1 ]
}

a_request_may_come_in_pieces()
{
	begin
	echo '{"command": "transfers"}' | raw drip > answer
	grep -q '"transfers":\[\]' answer
}

a_huge_line_ends_its_connection()
{
	local bytes

	begin
	for bytes in 4096 5000 100000 3000000; do
		raw huge "$bytes" > answer
		grep -q 'too long' answer || fail "$bytes: $(< answer)"
		[ "$(wc -l < answer)" = 1 ]
	done
	# As long as may be.
	{ printf '{"command": "transfers", "x": "'; printf 'x%.0s' {1..4000}; echo '"}'; } | raw say > answer
	grep -q '"ok":true' answer
}

# rss: memory of the daemon, in KiB.
rss()
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$DAEMON_PID/status"
}

# Each answer has hundreds of names: all of them would be some gigabytes.
who_never_reads_is_hung_up_on()
{
	local before i pids=()

	work_dir
	for i in {1..1000}; do
		echo "$i" > "$ROOT/a-name-that-is-not-the-shortest-there-is-$i"
	done
	serve
	ctl -j list > /dev/null
	before=$(rss)
	for i in {1..8}; do
		raw deaf list 1000000 > "said.$i" &
		pids+=("$!")
		at_end kill "$!"
	done
	# Others are answered meanwhile.
	for i in {1..20}; do
		json 'x["names"] == 1000' status
	done
	downloads_whole a-name-that-is-not-the-shortest-there-is-7 "$ROOT/a-name-that-is-not-the-shortest-there-is-7"
	[ "$(($(rss) - before))" -lt 100000 ] || fail "$before KiB became $(rss)"
	for i in {1..8}; do
		wait "${pids[i - 1]}"
		grep -qx 'hung up' "said.$i"
	done
}

two_hundred_clients_are_answered()
{
	begin
	raw crowd 200 > said
	grep -qx '200 0' said || fail "$(< said)"
}

more_clients_than_that_are_told_so()
{
	begin
	raw crowd 300 > said
	grep -qx '256 44' said || fail "$(< said)"
	json 'x["names"] == 1' status
}

what_is_no_socket_is_left_alone()
{
	work_dir
	configure 'listen "127.0.0.1" {}'
	echo precious > "$KTFTP_SOCKET"
	refused "$KTFTP_SOCKET is no socket" "$KTFTPD" -f -c "$DAEMON/ktftpd.conf"
	[ "$(< "$KTFTP_SOCKET")" = precious ]
}

the_socket_goes_with_the_daemon()
{
	begin
	[ -S "$KTFTP_SOCKET" ]
	stop_daemon
	[ ! -e "$KTFTP_SOCKET" ]
}

another_network_namespace_is_told_where_the_daemon_is()
{
	local command

	begin
	DAEMON_NETWORK=(unshare --net)
	prints 'in another network namespace' status
	json 'not x["here"]' status
	for command in list transfers stats 'stats --daemon' ; do
		# shellcheck disable=SC2086 # words
		ends 2 "serves another network namespace: nsenter -t $DAEMON_PID -n ktftpctl" $command
	done
	for command in drain undrain; do
		ends 2 'serves another network namespace' "$command"
	done
	# What is of no network namespace is for everybody.
	prints '' reload
	json 'x == []' trace SEP
}

# marker BOOT: the guard's, as another or this boot left it.
marker()
{
	printf 'boot=%s\ntime=2026-01-02T03:04:05Z\nkernel=6.1.0\nmodule=0.0.9\n' "$1" > "$DAEMON/state/guard"
}

the_guard_is_shown_and_cleared()
{
	begin
	prints 'clear: ' guard
	marker "$(< /proc/sys/kernel/random/boot_id)"
	prints 'set: ' guard
	marker 11111111-2222-3333-4444-555555555555
	prints 'tripped: ' guard show
	prints 'since 2026-01-02T03:04:05Z, kernel 6.1.0, module 0.0.9' guard
	json 'x["guard"] == "tripped" and x["module"] == "0.0.9"' guard
	prints '' guard clear
	[ ! -e "$DAEMON/state/guard" ]
	json 'x["guard"] == "clear" and x["module"] == ""' guard
	prints '' guard clear
}

run_tests "$@"
