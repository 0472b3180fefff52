#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ynl.sh: the kernel's own YNL command line, unchanged, drives the family from docs/netlink/ktftp.yaml.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SOURCE=${KTFTP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ktftp}/source
SPEC=${KTFTP_TREE:-$SELFTESTS_DIR/../..}/docs/netlink/ktftp.yaml

# Addresses as YNL takes them: 127.0.0.1 and ::1.
LOCAL=7f000001
LOCAL6=00000000000000000000000000000001

# A read request for "f".
READ_F=000166006f6374657400

before_tests()
{
	load_module || { echo "the module ktftp cannot be loaded"; return 1; }
	[ -e "$SOURCE/tools/net/ynl/cli.py" ] || { echo "the kernel's sources are not here"; return 1; }
	/usr/bin/python3 -c 'import jsonschema, yaml' || { echo "python3-jsonschema or -yaml is missing"; return 1; }
}

# The schema is for a test of its own: looking at it takes longer than all else.
CHECKED=(--no-schema)

# ynl ARGUMENT...: the command line on the server, its answer as JSON.
ynl()
{
	in_server /usr/bin/python3 "$SOURCE/tools/net/ynl/cli.py" --spec "$SPEC" "${CHECKED[@]}" --output-json "$@"
}

# answers EXPRESSION ARGUMENT...: Python's opinion of YNL's answer, "x".
answers()
{
	local expression=$1

	shift
	ynl "$@" > answer
	python3 -ISc '
import json, sys
x = json.load(open("answer"))
if not eval(f"({sys.argv[1]})"):
    sys.exit(f"not {sys.argv[1]}: {x}")' "$expression"
}

# has_what_the_spec_says OPERATION KIND: the first item of the answer has the attributes that the specification
# lists for KIND, as in "dump.reply", of OPERATION; those in OPTIONAL may be absent.
OPTIONAL='{"device", "while-attached", "digest", "source", "answered"}'
has_what_the_spec_says()
{
	/usr/bin/python3 -c '
import json, sys, yaml
spec, operation, kind, optional = sys.argv[1:]
node = next(op for op in yaml.safe_load(open(spec))["operations"]["list"] if op["name"] == operation)
for part in kind.split("."):
    node = node[part]
x = json.load(open("answer"))
while isinstance(x, list):
    x = x[0]
told, listed = set(x), set(node["attributes"])
if not listed - eval(optional) <= told <= listed:
    sys.exit(f"{operation} tells {sorted(told)}, the specification says {sorted(listed)}")' \
		"$SPEC" "$1" "$2" "$OPTIONAL"
}

# get NAME: downloads it.
get()
{
	in_server curl -gsS -o got "tftp://127.0.0.1/$1"
}

# A server with a file, which is its own client.
serve()
{
	one_host server
	work_dir
	make_file file 1500
	in_server ktftpctl listen add 127.0.0.1
	in_server ktftpctl publish file
}

the_header_is_what_the_specification_gives()
{
	local tree=${SPEC%/docs/*}

	/usr/bin/python3 "$tree/docs/netlink/gen-uapi" --check "$SPEC" "$tree/kmod/uapi/ktftp.h"
}

the_specification_keeps_to_its_schema()
{
	CHECKED=(--schema "$SOURCE/Documentation/netlink/genetlink.yaml")
	one_host server
	work_dir
	ynl --list-msgs > answer
	grep -q '^listener-add ' answer
	[ "$(wc -l < answer)" = "$(grep -c '^      value: ' "$SPEC")" ]
}

info_is_read()
{
	one_host server
	work_dir
	answers 'x["store-limit-bytes"] > 0 and x["namespace-bytes"] == 0 and "pinned" in x["features"]' --do info-get
	has_what_the_spec_says info-get do.reply
}

listeners_are_added_and_listed()
{
	one_host server
	work_dir
	answers 'x == {"id": 1}' --do listener-add --json "{\"address\": \"$LOCAL\", \"port\": 6969, \"dscp\": 24}"
	answers 'x == {"id": 2}' --do listener-add --json "{\"address\": \"$LOCAL6\", \"flags\": [\"single-port\"]}"
	answers '[(l["address"], l["port"], l["dscp"], l["flags"], l["state"]) for l in x] ==
		[("127.0.0.1", 6969, 24, [], "active"), ("::1", 69, 0, ["single-port"], "active")]' --dump listener-get
	has_what_the_spec_says listener-get dump.reply
}

listeners_are_drained_and_deleted()
{
	one_host server
	work_dir
	in_server ktftpctl listen add 127.0.0.1
	ynl --do listener-drain --json "{\"address\": \"$LOCAL\"}"
	answers 'x[0]["state"] == "draining"' --dump listener-get
	ynl --do listener-del --json "{\"address\": \"$LOCAL\", \"now\": true}"
	answers 'x == []' --dump listener-get
}

a_device_is_named()
{
	one_host server
	work_dir
	ynl --do listener-add --json '{"address": "00000000", "device": "lo"}'
	answers 'x[0]["device"] == "lo"' --dump listener-get
	OPTIONAL='{"while-attached"}' has_what_the_spec_says listener-get dump.reply
}

entries_are_listed_and_withdrawn()
{
	serve
	cp file other
	in_server ktftpctl publish other --seal
	answers '[(e["name"], e["kind"], e["size"]) for e in x] ==
		[(["file"], "pinned", 1500), (["other"], "sealed", 1500)]' --dump entry-get
	has_what_the_spec_says entry-get dump.reply
	answers 'x == {"count": 1}' --do withdraw --json '{"name": "file"}'
	answers 'len(x) == 1' --dump entry-get
	in_server ktftpctl publish file
	answers 'x == {"count": 2}' --do withdraw --json '{"name": ["file", "other"]}'
	in_server ktftpctl publish file
	answers 'x == {"count": 1}' --do withdraw --json '{"all": true}'
	answers 'x == []' --dump entry-get
}

statistics_are_read()
{
	serve
	get file
	cmp got file
	answers 'x["requests"] == 1 and x["ended-complete"] == 1 and x["bytes-sent"] == 1500' --do stats-get
	has_what_the_spec_says stats-get do.reply
}

transfers_are_listed()
{
	set_param unproven_retries 10
	serve
	in_server ktftpctl listen del 127.0.0.1 --now
	in_server ktftpctl listen add 127.0.0.1 single-port
	silent_client file
	answers '[(t["client"], t["local"], t["name"], t["state"], t["size"]) for t in x] ==
		[("127.0.0.1", "127.0.0.1", "file", "unproven", 1500)]' --dump transfer-get
	has_what_the_spec_says transfer-get dump.reply
}

a_refusal_comes_with_the_modules_words()
{
	serve
	refused "this name is not published" ynl --do withdraw --json '{"name": "missing"}'
	refused "there is no such listener" ynl --do listener-del --json "{\"address\": \"$LOCAL6\"}"
	refused "an address is needed" ynl --do listener-add --json '{"port": 69}'
	refused "an address has 4 or 16 bytes" ynl --do listener-add --json '{"address": "7f0000"}'
	refused "no listener with this id takes requests" ynl --do start --json \
		"{\"listener\": 9, \"client\": \"$LOCAL\", \"client-port\": 9, \"local\": \"$LOCAL\", \"data\": \"$READ_F\"}"
	refused "no such file descriptor" ynl --do publish --json '{"name": "x", "fd": 1000}'
}

what_the_specification_forbids_is_refused()
{
	local what

	one_host server
	for what in '"port": 0' '"dscp": 64' '"flags": 4' '"tid-first": 0' '"device": "longer-than-a-device"'; do
		refused "bad-attr" ynl --do listener-add --json "{\"address\": \"$LOCAL\", $what}"
	done
	[ "$(in_server ktftpctl -j listen)" = "[]" ]
}

# Each time by a socket of its own, whose end is the end of it.
a_daemon_attaches_and_goes()
{
	one_host server
	ynl --do attach --json '{}'
	ynl --do attach --json '{}'
}

# Misses and downloads until YNL has listened for its time.
keep_busy_while()
{
	while kill -0 "$1" 2> /dev/null; do
		get missing || true
		get file
	done
}

events_are_told()
{
	local ynl

	serve
	ynl --subscribe events --sleep 5 > answer & ynl=$!
	keep_busy_while "$ynl"
	wait "$ynl"
	in_server ktftpctl stats
	tell_of transfer-start-ntf 'm["name"] == "file" and m["client"] == "127.0.0.1"'
	tell_of transfer-end-ntf 'm["name"] == "file" and m["end"] == "complete" and m["bytes"] == 1500'
	tell_of miss-ntf 'm["name"] == "missing" and m["client"] == "127.0.0.1"'
}

# tell_of EVENT EXPRESSION: the answer has such an event, "m", with what the specification says of it.
tell_of()
{
	/usr/bin/python3 -c '
import json, sys
events = [e["msg"] for e in json.load(open("answer")) if e["name"] == sys.argv[1]]
print(len(events), sys.argv[1])
m = next(m for m in events if eval(sys.argv[2]))
json.dump(m, open("event", "w"))' "$@"
	cp answer all
	cp event answer
	has_what_the_spec_says "$1" event
	cp all answer
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	info_is_read
	events_are_told
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	the_header_is_what_the_specification_gives
	the_specification_keeps_to_its_schema
	listeners_are_added_and_listed
	listeners_are_drained_and_deleted
	a_device_is_named
	statistics_are_read
	transfers_are_listed
	what_the_specification_forbids_is_refused
	a_daemon_attaches_and_goes
	entries_are_listed_and_withdrawn
	a_refusal_comes_with_the_modules_words
)
run_tests "$@"
