#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# "make run" as a person meets it: what it serves, what it shows, how it ends. Runs on the host.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(cd "$here/../.." && pwd -P)
. "$tree/tests/lib/ktap.sh"

TESTS=(
	wrong_use_is_refused_with_a_reason
	a_folder_is_served_as_it_says_until_sigint
	a_terminal_shows_a_live_table_until_ctrl_c
	make_run_serves_a_sample_until_sigint_to_make_alone
)

# What the contract gives an interrupted "make run" to be gone: this many steps of 0.1 s.
STEPS_TO_END=30

before_tests()
{
	WORK=$(mktemp -d /tmp/ktftp-run.XXXXXX)
	cd "$WORK" || return 1
	mkdir tmp
}

after_tests()
{
	cd /
	rm -rf "$WORK"
}

# serving COMMAND...: in a session of its own and in the background, in SERVER_PID. Its temporary directory
# marks all that it starts.
serving()
{
	rm -f out err
	TMPDIR=$WORK/tmp setsid env --default-signal=INT "$@" > out 2> err &
	SERVER_PID=$!
	at_end end_all
}

processes()
{
	grep -lzsxF "TMPDIR=$WORK/tmp" /proc/[0-9]*/environ | cut -d/ -f3
}

no_processes()
{
	[ -z "$(processes)" ]
}

end_all()
{
	local pids

	mapfile -t pids < <(processes)
	[ "${#pids[@]}" = 0 ] || kill "${pids[@]}"
	wait_until no_processes
	rm -rf "$WORK"/tmp/*
}

# shown TEXT: waits for it on standard output: for five minutes, as nothing else ends a server that does not
# say what it should.
shown()
{
	local deadline=$((SECONDS + 300))

	until grep -qsF -- "$1" out; do
		if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$SERVER_PID" 2> /dev/null; then
			fail "'$1' never came: $(tail -n 50 out err)"
		fi
		sleep 0.1
	done
}

# free_port: a UDP port that nobody uses here.
free_port()
{
	local port

	for port in $(shuf -i 20000-29999 -n 20); do
		! is_taken "$port" || continue
		echo "$port"
		return
	done
	fail "no free port"
}

is_taken()
{
	ss -Hlun "sport = :$1" | grep -q .
}

# Runs the command that was printed for people to try, to the letter, in an empty directory.
try_what_is_printed()
{
	local line

	line=$(tr -d '\r' < out | sed -n 's/^.*Try:  //p')
	[[ $line == "curl "* ]] || fail "no curl line: $(cat out)"
	rm -rf got
	mkdir got
	(cd got && timeout 100 bash -c "$line")
}

gone()
{
	no_processes && [ -z "$(ls -A tmp)" ] && ! is_taken "$1"
}

# all_ends PORT: no process is left, no file, and the port is free, in as many steps as there are.
all_ends()
{
	local step

	for ((step = 0; step < STEPS_TO_END; step++)); do
		! gone "$1" || return 0
		sleep 0.1
	done
	fail "left: processes $(processes | xargs -r ps -o pid=,args= -p); files $(ls -A tmp)"
}

# ---- wrong use ----

# misused REASON NAME=VALUE...
misused()
{
	local reason=$1 status=0

	shift
	TMPDIR=$WORK/tmp timeout 100 env "$@" "$here/serve" > out 2> err < /dev/null || status=$?
	[ "$status" = 2 ] || fail "$* ended with $status: $(cat out err)"
	grep -qF -- "$reason" err || fail "$*: refused with '$(cat err)', not with '$reason'"
	[ ! -s out ] || fail "$*: refused on stdout"
	[ -z "$(ls -A tmp)" ] || fail "$*: left $(ls -A tmp)"
}

# take_port PORT: until the test ends.
take_port()
{
	python3 -c 'if True:
		import socket, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("127.0.0.1", int(sys.argv[1])))
		time.sleep(600)' "$1" &
	at_end kill "$!"
	wait_until is_taken "$1"
}

wrong_use_is_refused_with_a_reason()
{
	local port

	mkdir empty full
	touch file full/file
	port=$(free_port)
	take_port "$port"
	misused "no folder '/no/such/folder'" DIR=/no/such/folder
	misused "'file' is not a folder" DIR=file
	misused "has no files" DIR=empty
	misused "PORT=abc is not a port" DIR=full PORT=abc
	misused "PORT=70000 is not a port" DIR=full PORT=70000
	misused "port $port of this host is taken" DIR=full "PORT=$port"
	misused "port $port of this host is taken" DIR= "PORT=$port"
}

# ---- a folder ----

make_folder()
{
	mkdir -p "$1/sub folder"
	head -c 300000 /dev/urandom > "$1/sub folder/it's the largest; really.bin"
	head -c 1000 /dev/urandom > "$1/plain.cnf"
	: > "$1/nothing"
}

a_folder_is_served_as_it_says_until_sigint()
{
	local port status=0

	port=$(free_port)
	make_folder folder
	serving env DIR=folder "PORT=$port" "$here/serve"
	shown "End with Ctrl-C."
	try_what_is_printed
	cmp "folder/sub folder/it's the largest; really.bin" "got/it's the largest; really.bin"
	timeout 100 curl -sS -o got/plain.cnf "tftp://127.0.0.1:$port/plain.cnf"
	cmp folder/plain.cnf got/plain.cnf
	refused "" timeout 100 curl -sS -o got/none "tftp://127.0.0.1:$port/no-such-file"
	shown "plain.cnf"
	shown "no-such-file"
	kill -0 "$SERVER_PID"
	kill -s INT "$SERVER_PID"
	all_ends "$port"
	wait "$SERVER_PID" || status=$?
	[ "$status" = 130 ] || fail "ended with $status"
}

# ---- a terminal ----

# request PORT NAME: as a client that goes away.
request()
{
	printf '\0\001%s\0octet\0blksize\0512\0' "$2" > "/dev/udp/127.0.0.1/$1"
}

a_terminal_shows_a_live_table_until_ctrl_c()
{
	local port keys

	port=$(free_port)
	make_folder terminal
	mkfifo keys
	exec {keys}<> keys
	# shellcheck disable=SC2016
	serving env TERM=xterm DIR=terminal "PORT=$port" "SERVE=$here/serve" \
		bash -c 'exec script -qfc "stty rows 30 cols 132; exec \"\$SERVE\"" /dev/null < keys'
	shown "CLIENT"
	try_what_is_printed
	shown "complete"
	request "$port" plain.cnf
	shown "plain.cnf"
	# The printed lines stay: the table is below them, and the terminal is whole again at the end.
	grep -qF $'\033[5;r\033[?6h' out
	printf '\003' >&"$keys"
	all_ends "$port"
	grep -qF $'\033[?6l\033[r' out
}

# ---- make run ----

# has_size NAME BYTES
has_size()
{
	[ "$(stat -c %s "$1")" = "$2" ] || fail "$1 has $(stat -c %s "$1") bytes, not $2"
}

sample_is_like_a_phones()
{
	has_size jar41sccp.0-0-1.sbn 3157527
	has_size cnu41.0-0-1.sbn 556833
	has_size apps41.0-0-1.sbn 2219477
	has_size dsp41.0-0-1.sbn 562693
	has_size cvm41sccp.0-0-1.sbn 1630052
	printf '%s.0-0-1.sbn\r\n' jar41sccp cnu41 apps41 dsp41 cvm41sccp | cmp - SAMPLE41.0-0-1.loads
	cmp SAMPLE41.0-0-1.loads term41.default.loads
	grep -q '<loadInformation>SAMPLE41.0-0-1</loadInformation>' SEP000000000001.cnf.xml
}

# Standard input is closed, as when a service starts it.
make_run_serves_a_sample_until_sigint_to_make_alone()
{
	local port sample

	port=$(free_port)
	serving bash -c 'exec "$@" <&-' bash make -s -C "$tree" run "PORT=$port"
	shown "End with Ctrl-C."
	sample=$(echo tmp/ktftp-sample.*)
	(cd "$sample" && sample_is_like_a_phones)
	try_what_is_printed
	cmp "$sample/jar41sccp.0-0-1.sbn" got/jar41sccp.0-0-1.sbn
	timeout 100 curl -sS -o got/loads "tftp://127.0.0.1:$port/SAMPLE41.0-0-1.loads"
	cmp "$sample/SAMPLE41.0-0-1.loads" got/loads
	kill -s INT "$SERVER_PID"
	all_ends "$port"
}

run_tests "$@"
