#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# daemon_objects.sh: what ktftpd.conf wants of the module is so after a start and after a reload, nothing is touched
# that is not the configuration's, and a configuration that cannot be had changes nothing.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/ktftpd.sh
. "${KTFTP_TREE:-$SELFTESTS_DIR/../..}/tests/lib/ktftpd.sh"

# A server with a daemon that has not begun.
begin()
{
	one_host server
	work_dir
	chmod 755 "$WORK"
	DAEMON_ENGINE=kernel
	DAEMON_NETWORK=(ip netns exec server)
	daemon_in "$WORK/daemon"
}

# start_with LINE...: the daemon, with this in its configuration.
start_with()
{
	configure "$@"
	start_daemon
}

# reload_with LINE...
reload_with()
{
	configure "$@"
	reload_daemon
}

# listeners: a line each, "ADDRESS PORT", and what is not as by default.
listeners()
{
	ctl -j listen | python3 -ISc 'if 1:
		import json, sys
		for l in json.load(sys.stdin):
			said = [l["address"], str(l["port"])]
			said += [l["device"]] if l["device"] else []
			said += [name for name in ("single_port", "notrack") if l[name]]
			said += [f"{name}={l[name]}" for name in ("dscp", "mark") if l[name]]
			tids = "%d-%d" % (l["tid_first"], l["tid_last"])
			said += [tids] if tids != "61000-63999" else []
			said += [l["state"]] if l["state"] != "active" else []
			print(*said)' | sort
}

# absents: a line each, "VIEW GLOB OWNER".
absents()
{
	ctl -j absent | python3 -ISc 'if 1:
		import json, sys
		for a in json.load(sys.stdin):
			print(a["view"], a["glob"], a["owner"])' | sort
}

# stack: the views that clients see, the uppermost first.
stack()
{
	ctl -j view | python3 -ISc 'if 1:
		import json, sys
		print(*[v["name"] for v in json.load(sys.stdin) if v["position"]])'
}

# are LISTING LINE...: the lines are what it prints.
are()
{
	diff <(printf '%s\n' "${@:2}") <("$1")
}

# is_refused TEXT LINE...: a reload with this fails, and says so.
is_refused()
{
	local said

	configure "${@:2}"
	! said=$(reload_daemon 2>&1) || fail "not refused: ${*:2}"
	[[ $said == *"$1"* ]] || fail "refused with '$said', not with '$1'"
}

a_start_makes_what_the_file_says()
{
	begin
	start_with 'listen "127.0.0.1" {}' \
		'listen "[::1]:6969" { single-port = true notrack = true dscp = 10 mark = 5 }' \
		'listen "127.0.0.1:70" { device = lo tid-ports = 50000-50100 }' \
		'absent = { "CTL*.tlv", gone }' 'view pxe { absent = "pxe*" }' 'budget = 64M'
	are listeners '127.0.0.1 69' '127.0.0.1 70 lo 50000-50100' '::1 6969 single_port notrack dscp=10 mark=5'
	are absents 'default CTL*.tlv config' 'default gone config' 'pxe pxe* config'
	are stack 'default pxe'
	ctl -j budget | grep -q '"limit_bytes": *67108864'
}

without_listeners_all_addresses_are_listened_on()
{
	begin
	start_with
	are listeners '0.0.0.0 69' ':: 69'
}

a_reload_adds_and_closes_and_leaves_what_was_made_by_hand()
{
	begin
	start_with 'listen "127.0.0.1" {}' 'listen "127.0.0.1:70" {}' 'absent = { a, b }' 'view x {}'
	ctl listen add 127.0.0.1:71
	ctl absent add by-hand b2 --view x
	ctl --yes view set x
	reload_with 'listen "127.0.0.1:72" {}' 'listen "127.0.0.1:70" {}' 'absent = { b, c }'
	are listeners '127.0.0.1 70' '127.0.0.1 71' '127.0.0.1 72'
	are absents 'default b config' 'default c config' 'x b2 cli' 'x by-hand cli'
	are stack default
}

# ids: of listeners and absents, which are others when something is deleted and added again.
ids()
{
	{ ctl -j listen; ctl -j absent; } | grep -o '"id": *[0-9]*'
}

a_reload_of_the_same_touches_nothing()
{
	local before

	begin
	start_with 'listen "127.0.0.1" { single-port = true }' 'listen "[::1]" { mark = 3 }' 'absent = "a*"'
	before=$(ids)
	reload_daemon
	[ "$(ids)" = "$before" ]
}

what_the_file_lost_while_the_daemon_was_away_goes_at_its_start()
{
	begin
	start_with 'listen "127.0.0.1" {}' 'listen "[::1]:70" { device = lo }' 'listen "127.0.0.1:72" {}' 'absent = { a, b }'
	ctl listen add 127.0.0.1:71
	stop_daemon
	are listeners '127.0.0.1 69' '127.0.0.1 71' '127.0.0.1 72' '::1 70 lo'
	start_with 'listen "127.0.0.1" {}' 'listen "127.0.0.1:72" {}' 'absent = b'
	are listeners '127.0.0.1 69' '127.0.0.1 71' '127.0.0.1 72'
	are absents 'default b config'
	kill_daemon
	start_with 'listen "127.0.0.1" {}'
	are listeners '127.0.0.1 69' '127.0.0.1 71'
	[ -z "$(absents)" ]
}

other_properties_take_the_place_of_those_before()
{
	begin
	start_with 'listen "127.0.0.1" { dscp = 10 }' 'listen "127.0.0.1:70" { tid-ports = 50000-50255 }' \
		'listen "127.0.0.1:71" {}'
	ctl listen drain 127.0.0.1:71
	reload_with 'listen "127.0.0.1" { dscp = 12 }' 'listen "127.0.0.1:70" { tid-ports = 50000-50255 mark = 1 }' \
		'listen "127.0.0.1:71" { notrack = true }'
	are listeners '127.0.0.1 69 dscp=12' '127.0.0.1 70 mark=1 50000-50255' '127.0.0.1 71 notrack draining'
}

# Its downloads come from the very port that the new one needs.
other_properties_do_not_wait_for_downloads_of_a_single_port()
{
	begin
	make_file "$ROOT/file" 1500
	start_with 'listen "127.0.0.1" { single-port = true }'
	wait_until serves file "$ROOT/file"
	silent_client file
	reload_with 'listen "127.0.0.1" { single-port = true dscp = 7 }'
	are listeners '127.0.0.1 69 single_port dscp=7'
}

a_listener_that_goes_lets_its_downloads_finish()
{
	begin
	make_file "$ROOT/file" 1500
	start_with 'listen "127.0.0.1" { single-port = true }'
	wait_until serves file "$ROOT/file"
	silent_client file
	reload_with 'listen "127.0.0.1:70" {}'
	are listeners '127.0.0.1 69 single_port closing' '127.0.0.1 70'
}

# They cannot be there side by side.
one_address_may_follow_all_and_all_may_follow_one()
{
	begin
	start_with 'listen "0.0.0.0" {}' 'listen "[::]" {}'
	reload_with 'listen "127.0.0.1" {}' 'listen "[::1]" {}'
	are listeners '127.0.0.1 69' '::1 69'
	reload_with
	are listeners '0.0.0.0 69' ':: 69'
}

port_is_taken()
{
	[ -n "$(in_server ss -Hulpn 'sport = :7777')" ]
}

what_cannot_be_listened_on_refuses_a_reload_and_nothing_changes()
{
	begin
	start_with 'listen "127.0.0.1" {}' 'absent = a'
	in_server python3 -ISc 'import socket, time
taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taker.bind(("127.0.0.1", 7777))
time.sleep(1000)' &
	at_end kill "$!"
	wait_until port_is_taken
	is_refused 'another program has this port' 'listen "127.0.0.1:7777" {}' 'absent = b'
	is_refused 'no such address' 'listen "192.0.2.1" {}' 'absent = b'
	is_refused 'no such device' 'listen "127.0.0.1" { device = none }' 'absent = b'
	is_refused 'ktftpd.conf:7: unknown option' 'absent = b' 'lisen "127.0.0.1" {}'
	are listeners '127.0.0.1 69'
	are absents 'default a config'
}

an_absent_that_somebody_else_has_stays_his()
{
	begin
	start_with 'listen "127.0.0.1" {}'
	ctl absent add his
	ctl absent add for-a-while --for 1000
	reload_with 'listen "127.0.0.1" {}' 'absent = { his, for-a-while }'
	are absents 'default for-a-while config' 'default his cli'
	reload_with 'listen "127.0.0.1" {}'
	are absents 'default his cli'
}

answer_to()
{
	in_server python3 "$KTFTP_TREE/tests/lib/tftp.py" answer 127.0.0.1 69 "$1" 3000
}

has_data()
{
	[ "$(answer_to "$1")" = data ]
}

# The module knows nothing of a file that is not pinned: while there is one, its absents are the daemon's.
an_absent_denies_no_file_that_is_there()
{
	begin
	echo content > "$ROOT/CTLSEP0.tlv"
	start_with 'listen "127.0.0.1" {}' 'absent = { "*.tlv", other }' 'pin-limit = 0'
	are absents 'default other config'
	[ "$(answer_to CTLSEP0.tlv)" = data ]
	[ "$(answer_to CTLSEP1.tlv)" = 'error 1' ]
	reload_daemon
	are absents 'default other config'
	rm "$ROOT/CTLSEP0.tlv"
	wait_until are absents 'default *.tlv config' 'default other config' > /dev/null
	echo content > "$ROOT/other"
	wait_until has_data other
	are absents 'default *.tlv config'
}

roots_are_views_in_their_order()
{
	begin
	mkdir "$WORK/one" "$WORK/two"
	start_with "root = { '$WORK/one', '$WORK/two' }" 'listen "127.0.0.1" {}'
	are stack 'default one two'
	reload_with "root = { '$WORK/two', '$WORK/one' }" 'listen "127.0.0.1" {}'
	are stack 'default two one'
	reload_with "root = '$WORK/two'" 'listen "127.0.0.1" {}'
	are stack default
}

# What a daemon that was killed left serves on, until one that is not to use the module begins.
in_user_space_what_the_module_served_for_the_daemon_is_closed()
{
	begin
	start_with 'listen "127.0.0.1" {}'
	ctl listen add 127.0.0.1:6969
	stop_daemon
	DAEMON_ENGINE=user
	start_with 'listen "127.0.0.1" {}'
	grep -q 'engine = user: 1 listeners that ktftpd had in the module are closed' "$DAEMON_LOG"
	are listeners '127.0.0.1 6969'
}

parameters_are_set_at_a_reload_as_well()
{
	begin
	set_param rto_min_ms 16
	configure 'module { rto_min_ms = 20 }'
	"$KTFTPD" -c "$DAEMON/ktftpd.conf" --set-parameters
	[ "$(< $PARAMETERS/rto_min_ms)" = 20 ]
	[ ! -e "$DAEMON/state/guard" ]
}

parameters_of_the_module_are_set_by_root_and_told_of_to_others()
{
	begin
	set_param rto_min_ms 16
	set_param orphan_miss silent
	configure 'module { rto_min_ms = 20 orphan_miss = error0 }'
	chown -R 65534:65534 "$DAEMON"
	refused "rto_min_ms stays 16 (Permission denied); as root of the host: echo 20 > $PARAMETERS/rto_min_ms" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$KTFTPD" -c "$DAEMON/ktftpd.conf" --load-module
	[ "$(< $PARAMETERS/rto_min_ms)" = 16 ]
	"$KTFTPD" -c "$DAEMON/ktftpd.conf" --load-module
	[ "$(< $PARAMETERS/rto_min_ms)" = 20 ]
	[ "$(< $PARAMETERS/orphan_miss)" = error0 ]
	setpriv --reuid=65534 --regid=65534 --clear-groups "$KTFTPD" -c "$DAEMON/ktftpd.conf" --load-module
}

TESTS=(
	in_user_space_what_the_module_served_for_the_daemon_is_closed
	parameters_are_set_at_a_reload_as_well
	a_start_makes_what_the_file_says
	without_listeners_all_addresses_are_listened_on
	a_reload_adds_and_closes_and_leaves_what_was_made_by_hand
	a_reload_of_the_same_touches_nothing
	what_the_file_lost_while_the_daemon_was_away_goes_at_its_start
	other_properties_take_the_place_of_those_before
	other_properties_do_not_wait_for_downloads_of_a_single_port
	a_listener_that_goes_lets_its_downloads_finish
	one_address_may_follow_all_and_all_may_follow_one
	what_cannot_be_listened_on_refuses_a_reload_and_nothing_changes
	an_absent_that_somebody_else_has_stays_his
	an_absent_denies_no_file_that_is_there
	roots_are_views_in_their_order
	parameters_of_the_module_are_set_by_root_and_told_of_to_others
)

run_tests "$@"
