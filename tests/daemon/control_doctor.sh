#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# control_doctor.sh: ktftpctl doctor on this machine, with what can be broken in a network namespace broken. What else
# the machine has or lacks is no concern of these tests: each looks at its own check.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TESTS=(
	it_tells_of_every_check
	warnings_and_errors_have_a_cure
	the_exit_status_is_that_of_the_worst
	a_daemon_that_does_not_run_is_an_error
	a_daemon_that_serves_is_well
	a_daemon_that_drains_is_a_warning
	a_daemon_of_another_network_namespace_is_a_warning
	somebody_else_at_the_port_is_named
	somebody_else_beside_the_daemon_is_a_warning
	a_firewall_that_drops_everything_is_an_error
	a_firewall_with_rules_for_tftp_is_well
	a_firewall_that_asks_who_sends_cannot_be_told
	a_known_connection_is_enough_for_acknowledgements
	a_firewall_of_chains_sets_and_maps_is_followed
	a_guard_that_tripped_is_an_error
	a_state_directory_that_cannot_be_written_is_an_error
	everybody_may_ask
)

# examine [WORD...]: "CHECK LEVEL TEXT" lines of what ktftpctl doctor finds, run by WORDs, in the file "found".
examine()
{
	STATUS=0
	"${DAEMON_NETWORK[@]}" "$@" "$KTFTPCTL" -j doctor > doctor.json 2> err || STATUS=$?
	[ ! -s err ] || fail "it says $(< err)"
	python3 -ISc '
import json
for f in json.load(open("doctor.json")):
    print(f["check"], f["level"], f["text"])' > found
}

# finds CHECK LEVEL [TEXT]: among what it found.
finds()
{
	grep "^$1 $2 " found | grep -qF -- "${3:-}" || fail "no $1 $2 ${3:-}: $(< found)"
}

# finds_only CHECK LEVEL: whatever that check found.
finds_only()
{
	! grep "^$1 " found | grep -v "^$1 $2 " || fail "$1 is not $2"
	finds "$1" "$2"
}

begin()
{
	work_dir
	make_file "$ROOT/name" 1000
	serve
}

it_tells_of_every_check()
{
	begin
	examine
	cut -d ' ' -f 1 found | uniq | tr '\n' ' ' > checks
	[ "$(< checks)" = "daemon module versions secure-boot guard port firewall conntrack memory state folders \
watches clock " ] || fail "$(< checks)"
	ctl doctor > text || true
	grep -qE '^ok       daemon       ktftpd runs \(pid ' text
}

warnings_and_errors_have_a_cure()
{
	work_dir
	examine
	python3 -ISc '
import json
found = json.load(open("doctor.json"))
bad = [f for f in found if f["level"] in ("warning", "error")]
assert bad, found
for f in bad:
    assert f["cure"], f
assert {f["level"] for f in found} <= {"ok", "warning", "error", "unknown"}, found'
	ctl doctor > text || true
	[ "$(grep -c ' => ' text)" -ge "$(grep -cE '^(warning|error)' text || true)" ]
}

the_exit_status_is_that_of_the_worst()
{
	work_dir
	examine
	grep -q ' error ' found
	[ "$STATUS" = 2 ]
	serve
	examine
	! grep -q ' error ' found || skip "this machine has errors of its own: $(< found)"
	[ "$STATUS" = "$(grep -c -m 1 ' warning ' found || true)" ]
	ctl drain
	examine
	[ "$STATUS" = 1 ]
	refused "what is 'me' for?" ctl doctor me
}

a_daemon_that_does_not_run_is_an_error()
{
	work_dir
	examine
	finds daemon error 'ktftpd does not run, and nothing is served'
	finds port error 'listens nowhere'
	finds folders unknown
}

a_daemon_that_serves_is_well()
{
	begin
	examine
	finds_only daemon ok
	finds port ok 'listening at 127.0.0.1:69'
	finds_only port ok
	finds_only folders ok
	finds watches ok '1 directories are watched'
	finds_only guard ok
	finds state ok "$DAEMON/state"
	finds versions ok ktftpd
	finds module ok 'engine = user'
}

a_daemon_that_drains_is_a_warning()
{
	begin
	ctl drain
	examine
	finds daemon warning 'met with silence'
	finds port warning 'no listener takes requests: 127.0.0.1:69'
	ctl undrain
	examine
	finds_only daemon ok
}

a_daemon_of_another_network_namespace_is_a_warning()
{
	begin
	DAEMON_NETWORK=(unshare --net)
	examine
	finds daemon warning 'another network namespace'
	finds port error 'listens nowhere'
}

# somebody_at ADDRESS: a process called "squatter" at udp/69.
somebody_at()
{
	cp "$(readlink -f /usr/bin/python3)" squatter
	./squatter -ISc '
import socket, sys, time
sock = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 69))
open("bound", "w").close()
time.sleep(1000)' "$1" &
	SQUATTER=$!
	at_end kill "$SQUATTER"
	wait_until [ -e bound ]
}

somebody_else_at_the_port_is_named()
{
	work_dir
	somebody_at 0.0.0.0
	examine
	finds port error "squatter (pid $SQUATTER) holds udp/69 at 0.0.0.0"
	kill "$SQUATTER"
	rm bound
	somebody_at ::1
	examine
	finds port error "squatter (pid $SQUATTER) holds udp/69 at ::1"
}

somebody_else_beside_the_daemon_is_a_warning()
{
	begin
	somebody_at 127.0.0.2
	examine
	finds port warning "squatter (pid $SQUATTER) holds udp/69 at 127.0.0.2"
	finds port ok 'listening at 127.0.0.1:69'
}

# rules LINE...: the firewall of this network namespace, until the test ends.
rules()
{
	at_end nft flush ruleset
	nft flush ruleset
	nft list ruleset || skip 'nftables does not work here'
	printf '%s\n' "$@" | nft -f -
}

# input RULE...: the firewall is one chain.
input()
{
	rules 'table inet f {' 'chain in {' 'type filter hook input priority 0; policy drop;' "$@" '}' '}'
}

a_firewall_that_drops_everything_is_an_error()
{
	begin
	examine
	finds_only firewall ok
	input
	examine
	finds firewall error 'drops requests to udp port 69'
	finds firewall error 'drops acknowledgements to udp port 61000-63999'
	input 'iifname "lo" accept' 'tcp dport { 22, 80 } accept'
	examine
	finds firewall error 'drops requests'
	rules 'table ip6 f {' 'chain in {' 'type filter hook input priority 0;' 'udp dport 69 reject' '}' '}'
	examine
	finds firewall error 'drops requests'
}

a_firewall_with_rules_for_tftp_is_well()
{
	begin
	input 'udp dport { 69, 61000-63999 } accept'
	examine
	finds_only firewall ok
	input 'meta l4proto udp th dport { 60-70, 61000-64999 } counter log accept'
	examine
	finds_only firewall ok
	input 'udp dport 69 accept' 'udp dport 61000-62000 accept'
	examine
	finds firewall ok requests
	finds firewall unknown acknowledgements
}

a_firewall_that_asks_who_sends_cannot_be_told()
{
	begin
	input 'ip saddr 192.0.2.0/24 udp dport 69 accept'
	examine
	finds firewall unknown 'requests to udp port 69'
	input 'udp dport 69 limit rate 10/second accept'
	examine
	finds firewall unknown 'requests to udp port 69'
}

a_known_connection_is_enough_for_acknowledgements()
{
	begin
	input 'ct state established,related accept' 'udp dport 69 accept'
	examine
	finds_only firewall ok
	input 'ct state vmap { established : accept, related : accept, invalid : drop }' 'udp dport 69 accept'
	examine
	finds_only firewall ok
	input 'ct state established accept'
	examine
	finds firewall error requests
	finds firewall ok acknowledgements
}

a_firewall_of_chains_sets_and_maps_is_followed()
{
	begin
	rules 'table inet f {' 'set open { type inet_service; flags interval; elements = { 53, 69, 61000-63999 }; }' \
		'chain of_udp { udp dport @open accept; }' 'chain of_tcp { tcp dport 22 accept; }' \
		'chain in {' 'type filter hook input priority 0; policy drop;' \
		'meta l4proto vmap { tcp : jump of_tcp, udp : jump of_udp }' '}' '}'
	examine
	finds_only firewall ok
	nft delete element inet f open '{ 69 }'
	examine
	finds firewall error 'drops requests'
	finds firewall ok acknowledgements
}

a_guard_that_tripped_is_an_error()
{
	begin
	printf 'boot=11111111-2222-3333-4444-555555555555\n' > "$DAEMON/state/guard"
	examine
	finds guard error "$DAEMON/state/guard"
	ctl guard clear
	examine
	finds_only guard ok
}

a_state_directory_that_cannot_be_written_is_an_error()
{
	begin
	mount -t tmpfs -o ro tmpfs "$DAEMON/state" || skip 'nothing can be mounted here'
	at_end umount "$DAEMON/state"
	examine
	finds state error "$DAEMON/state cannot be written"
}

everybody_may_ask()
{
	begin
	cp "$KTFTPCTL" ktftpctl
	chmod 755 . "$DAEMON" "$DAEMON/run"
	KTFTPCTL=./ktftpctl
	examine setpriv --reuid 65534 --regid 65534 --clear-groups
	finds daemon unknown 'not permitted'
	finds firewall unknown 'not permitted to list'
	finds port unknown 'somebody who cannot be seen from here holds udp/69'
	finds conntrack ok
}

run_tests "$@"
