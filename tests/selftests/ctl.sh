#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ctl.sh: ktftpctl as a user meets it: help, refusals, exit status, JSON, batches, and what it shows live.

# shellcheck source-path=SCRIPTDIR source=ctl_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/ctl_lib.sh"

COMMANDS=(listen publish withdraw list absent view budget save apply transfers stats monitor info)

every_command_has_help()
{
	local command

	ON=()
	work_dir
	for command in "${COMMANDS[@]}"; do
		prints "  $command" "$command" --help
		mv out help
		[ "$(wc -l < help)" -ge 1 ]
		succeeds "$command" -h
		cmp out help
		prints "$(< help)" --help
	done
	prints "Usage: ktftpctl" -h
	prints "ktftpctl " --version
}

a_wrong_command_line_ends_with_1()
{
	ON=()
	work_dir
	ends 1 "which command?"
	ends 1 "unknown command 'serve'; there are: listen publish" serve
	ends 1 "unknown command 'stop'; there are: add list drain resume del" listen stop
	ends 1 "no option is called '--fast'" --fast list
	ends 1 "needs a file" -batch
	ends 1 "an address is needed" listen add
	ends 1 "'host' is no address" listen add host
	ends 1 "what is 'fast' for?" listen add 127.0.0.1 fast
	ends 1 "dscp is a number, 0 to 63, not '64'" listen add 127.0.0.1 dscp 64
	ends 1 "dscp needs a number" listen add 127.0.0.1 dscp
	ends 1 "mark is a number" listen add 127.0.0.1 mark -1
	ends 1 "tid-ports needs a range" listen add 127.0.0.1 tid-ports 2000-1000
	ends 1 "dev needs the name" listen add 127.0.0.1 dev
	ends 1 "what is '--now' for?" listen drain 127.0.0.1 --now
	ends 1 "which file?" publish
	ends 1 "--name needs a name" publish file --name
	ends 1 "--name is for one file" publish file file --name other
	ends 1 "publish has no option '--fast'" publish --fast file
	ends 1 "which name?" withdraw
	ends 1 "not both" withdraw --all file
	ends 1 "--sha256 is for one file" publish file file --sha256 "$(printf '%064d' 0)"
	ends 1 "a SHA-256 is 64 hexadecimal digits, not 'abc'" publish file --sha256 abc
	ends 1 "a SHA-256 is 64" publish file --sha256 "$(printf '%065d' 0)"
	ends 1 "--view needs a value" publish file --view
	ends 1 "--owner goes with --all" withdraw file --owner me
	ends 1 "what is 'b' for?" list a b
	ends 1 "--owner needs a value" list --owner
	ends 1 "unknown command 'remove'; there are: add list del" absent remove
	ends 1 "which name or glob?" absent add
	ends 1 "--for is a number" absent add x --for 0
	ends 1 "--for is a number" absent add x --for 2147483648
	ends 1 "absent add has no option '--all'" absent add --all
	ends 1 "which glob?" absent del
	ends 1 "not both" absent del x --all
	ends 1 "--owner goes with --all" absent del x --owner me
	ends 1 "which views?" view set
	ends 1 "a view needs a name" view set a,,b
	ends 1 "a view can be there once" view set a,b,a
	ends 1 "clients see 16 views at most" view set 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
	ends 1 "which size?" budget set
	ends 1 "a size is a number of bytes" budget set much
	ends 1 "a size is a number of bytes" budget set 1MB
	ends 1 "a size is a number of bytes" budget set -1
	ends 1 "a size is a number of bytes" budget set 99999999999T
	ends 1 "what is 'x' for?" save x
	ends 1 "save prints commands" -j save
	ends 1 "which file?" apply -n
	ends 1 "apply has no option '--now'" apply --now
	ends 1 "what is 'b' for?" apply a b
	ends 1 "what is 'all' for?" transfers all
	ends 1 "what is 'all' for?" stats all
	ends 1 "what is 'all' for?" monitor all
	ends 1 "what is 'all' for?" info all
}

a_refusal_ends_with_2_and_the_kernels_words()
{
	begin
	succeeds listen add 127.0.0.1
	ends 2 "this listener exists" listen add 127.0.0.1
	ends 2 "this address is not one of ours" listen add 203.0.113.1
	ends 2 "cannot listen on a multicast or broadcast address" listen add 224.0.0.1
	ends 2 "there is no such device" listen add 127.0.0.2 dev none0
	ends 2 "a link-local address needs a device" listen add '[fe80::1]'
	ends 2 "there is no such listener" listen del 127.0.0.2
	ends 2 "there is no such listener" listen drain 127.0.0.1:70
	ends 2 "missing: No such file or directory" publish missing
	ends 2 "file: " publish file --name ../file
	ends 2 "missing: this name is not published" withdraw missing
	ends 2 "other: this name is not published in this view" withdraw --view v other
	ends 1 "no spaces, commas" publish file --view "a view"
	ends 2 "x: there is no such absent" absent del x
	ends 2 "../x: a name must not" absent add ../x
	ends 2 "needs --yes" absent del --all
	ends 2 "missing: No such file or directory" apply missing
	ends 2 "needs --yes" withdraw --all
	ends 2 "missing: No such file or directory" -batch missing
}

output_that_cannot_be_written_ends_with_2()
{
	begin
	STATUS=0
	ctl list > /dev/full 2> err || STATUS=$?
	[ "$STATUS" = 2 ]
	grep -q "cannot write the output" err
}

listeners_are_shown()
{
	begin
	succeeds listen add 127.0.0.1:6969 dev lo dscp 24 mark 7 tid-ports 62000-62999 notrack
	prints 127.0.0.1:6969 listen
	prints "lo " listen list
	prints "62000-62999" listen show
	prints "notrack" listen
	json '(x[0]["address"], x[0]["port"], x[0]["device"], x[0]["dscp"], x[0]["mark"], x[0]["tid_first"],
		x[0]["tid_last"], x[0]["notrack"], x[0]["single_port"], x[0]["state"], x[0]["transfers"]) ==
		("127.0.0.1", 6969, "lo", 24, 7, 62000, 62999, True, False, "active", 0)' listen
	succeeds listen drain 127.0.0.1:6969 dev lo
	json 'x[0]["state"] == "draining"' listen
	succeeds listen resume 127.0.0.1:6969 dev lo
	json 'x[0]["state"] == "active"' listen
	succeeds listen drain 127.0.0.1:6969 dev lo
	succeeds listen del 127.0.0.1:6969 dev lo
	json 'x == []' listen
}

an_ipv6_address_with_a_port_stands_in_brackets()
{
	begin
	succeeds listen add '[::1]:6969'
	succeeds listen add '[::1]'
	prints "[::1]:6969" listen
	json '[(l["address"], l["port"]) for l in x] == [("::1", 6969), ("::1", 69)]' listen
	succeeds listen del '[::1]:6969' --now
	succeeds listen del ::1 --now
	succeeds listen add ::
	json '[(l["address"], l["port"]) for l in x] == [("::", 69)]' listen
	ends 1 "no address" listen add '[::1'
	ends 1 "a port is a number" listen add '[::1]x'
	ends 1 "a port is a number" listen add '[::1]:'
	ends 1 "a port is a number" listen add '[::1]:0'
	ends 1 "a port is a number" listen add '[::1]:65536'
	ends 1 "a port is a number" listen add 127.0.0.1:
	ends 1 "no address" listen add '[]:69'
	ends 1 "no address" listen add '[host]:69'
}

files_are_published_listed_and_withdrawn()
{
	begin
	mkdir -p tree/Phones
	cp file tree/Phones/one.sbn
	cp file tree/two.cnf
	prints "file: pinned, 1.5 KiB" publish file
	prints "copy: copied" publish file --name copy --copy
	prints "memfd: sealed" publish file --name memfd --seal
	prints "2 files, 2.9 KiB" publish -r tree
	run ctl publish -r missing
	[ "$STATUS" = 2 ]
	[ "$(< err)" = "ktftpctl: missing: No such file or directory" ]
	run ctl publish -r file
	[ "$STATUS" = 2 ]
	[ "$(< err)" = "ktftpctl: file: not a directory" ]
	prints "5 names" list
	json '[(e["name"], e["size"], e["kind"]) for e in x] == [("file", 1500, "pinned"), ("copy", 1500, "copied"),
		("memfd", 1500, "sealed"), ("Phones/one.sbn", 1500, "pinned"), ("two.cnf", 1500, "pinned")] or
		sorted(e["name"] for e in x) == ["Phones/one.sbn", "copy", "file", "memfd", "two.cnf"]' list
	json '[e["name"] for e in x] == ["Phones/one.sbn"]' list 'phones/*'
	json 'x == {"withdrawn": 1}' withdraw copy
	ends 2 "not published" withdraw file copy
	json 'len(x) == 4' list
	succeeds withdraw file memfd
	prints "2 names withdrawn" withdraw --all --yes
	json 'x == []' list
}

json_tells_what_is_published_and_counted()
{
	begin
	json '[(e["name"], e["kind"], e["size"]) for e in x] == [("file", "pinned", 1500)]' publish file
	json 'x["requests"] == 0 and len(x) > 20' stats
	json 'x["store_limit_bytes"] > 0 and x["namespace_bytes"] > 0 and x["module_version"]' info
	json 'x == []' transfers
	prints "requests_processed" stats
	prints "module " info
	prints "CLIENT" transfers
	json 'x == {"withdrawn": 1}' --yes withdraw --all
}

a_running_transfer_is_listed()
{
	set_param unproven_retries 10
	begin
	succeeds listen add 127.0.0.1 single-port
	succeeds publish file
	silent_client file
	prints "unproven" transfers
	prints "127.0.0.1:" transfers
	json '[(t["client"], t["local"], t["name"], t["state"], t["size"], t["blksize"], t["windowsize"]) for t in x] ==
		[("127.0.0.1", "127.0.0.1", "file", "unproven", 1500, 512, 1)]' transfers
	json 'x[0]["transfers"] == 1' listen
}

commands_may_be_cut_short()
{
	begin
	succeeds st
	succeeds t
	succeeds i
	succeeds p file
	succeeds w file
	succeeds liste a 127.0.0.1
	json 'len(x) == 1' listen l
	succeeds listen dr 127.0.0.1
	succeeds listen del 127.0.0.1
	ends 1 "ambiguous command 'lis'" lis
	ends 1 "ambiguous command 'd'" listen d 127.0.0.1
}

a_batch_runs_many_commands()
{
	begin
	cat > lines <<- 'END'
		# comments and empty lines are nothing

		listen add 127.0.0.1   # as are these
		ktftpctl publish file
		publish file --name "a name"
		publish file --name 'another "one"'
		  publish file --name back\ slash
		list
	END
	prints "4 names" -batch lines
	json '[e["name"] for e in x] == ["file", "a name", "another \"one\"", "back slash"]' list
	in_server ktftpctl -batch - <<< "withdraw file" > out
	json 'len(x) == 3' list
	printf 'listen add 127.0.0.2' | ctl -batch -
	json 'len(x) == 2' listen
}

a_batch_stops_at_the_first_command_that_fails()
{
	begin
	printf '%s\n' 'publish file' 'withdraw missing' 'publish file --name never' > lines
	run ctl -batch lines
	[ "$STATUS" = 2 ]
	[ "$(< err)" = "ktftpctl: lines:2: missing: this name is not published in this view" ]
	json '[e["name"] for e in x] == ["file"]' list
	printf '%s\n' '' '' 'serve' > lines
	ends 1 "lines:3: unknown command 'serve'" -batch lines
	printf '%s\n' 'publish "file' > lines
	ends 1 "lines:1: a quote is not closed" -batch lines
	STATUS=0
	in_server ktftpctl -batch - <<< $'\nwithdraw missing' 2> err || STATUS=$?
	[ "$STATUS" = 2 ]
	grep -q "stdin:2: missing: this name is not published" err
}

a_forced_batch_goes_on()
{
	begin
	printf '%s\n' 'withdraw missing' 'publish file' 'serve' 'publish file --name other' > lines
	run ctl -force -batch lines
	[ "$STATUS" != 0 ]
	[ "$(wc -l < err)" = 2 ]
	json '[e["name"] for e in x] == ["file", "other"]' list
	printf '%s\n' 'withdraw missing' 'publish file' > lines
	run ctl -force -batch lines
	[ "$STATUS" = 2 ]
}

json_of_a_batch_is_a_line_each()
{
	begin
	printf '%s\n' 'publish file' 'list' 'stats' 'withdraw file' > lines
	succeeds -j -batch lines
	[ "$(wc -l < out)" = 4 ]
	python3 -ISc 'import json; [json.loads(line) for line in open("out")]'
}

yes_in_a_batch_is_for_its_own_line()
{
	begin
	printf '%s\n' 'publish file' 'withdraw --all --yes' 'publish file' 'withdraw --all' > lines
	run ctl -batch lines
	[ "$STATUS" = 2 ]
	grep -q "lines:4: .*needs --yes" err
	json 'len(x) == 1' list
}

without_the_module_it_says_how_to_load_it()
{
	local command

	begin
	unload_module
	for command in listen list absent view budget save transfers stats monitor info "publish file" "withdraw file" "listen add 127.0.0.1"; do
		# shellcheck disable=SC2086 # words
		ends 2 "the kernel module ktftp is not loaded (modprobe ktftp)" $command
	done
	succeeds --help
	ends 1 "unknown command" serve
}

# as_nobody WORD...: ktftpctl of a user without any capability.
as_nobody()
{
	in_server setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/ktftpctl" "$@"
}

# is_for_root WORD...
is_for_root()
{
	run as_nobody "$@"
	[ "$STATUS" = 2 ] || fail "$*: exit status $STATUS"
	grep -q "not permitted: .*CAP_NET_ADMIN (are you root?)" err || fail "$*: says $(< err)"
}

who_is_not_root_may_look_and_not_touch()
{
	local command

	begin
	chmod 755 "$WORK"
	cp "$(command -v ktftpctl)" "$WORK/ktftpctl"
	succeeds listen add 127.0.0.1
	succeeds publish file
	succeeds absent add absent
	for command in list listen absent view budget stats info; do
		run as_nobody "$command"
		[ "$STATUS" = 0 ] || fail "$command: exit status $STATUS; $(< err)"
	done
	is_for_root listen add 127.0.0.2
	is_for_root listen drain 127.0.0.1
	is_for_root listen resume 127.0.0.1
	is_for_root listen del 127.0.0.1 --now
	is_for_root publish file --name other
	is_for_root publish -r .
	is_for_root absent add other
	is_for_root absent del absent
	is_for_root view set default
	is_for_root withdraw file
	is_for_root withdraw --all --yes
	is_for_root transfers
	is_for_root monitor
	is_for_root save
	is_for_root list --owner cli
	run as_nobody -j list
	grep -q '"owner": null, "source": null' out
	run as_nobody budget set 1M
	grep -q "set by root of the host\|not permitted" err
	json '[l["state"] for l in x] == ["active"]' listen
	json '[e["name"] for e in x] == ["file"]' list
}

# in_background FILE WORD...: ktftpctl that goes on, its output in FILE; JOB is its process.
in_background()
{
	local file=$1

	shift
	ip netns exec server env --default-signal=INT ktftpctl "$@" > "$file" & JOB=$!
	at_end kill -KILL "$JOB"
}

has_ended()
{
	! kill -0 "$1" 2> /dev/null
}

# misses_are_told FILE...: asks for what is not there, until every file tells of it.
misses_are_told()
{
	get missing || true
	! grep -L missing "$@" | grep -q .
}

monitor_tells_of_starts_ends_and_misses()
{
	begin
	succeeds listen add 127.0.0.1
	succeeds publish file
	in_background events monitor
	in_background events.json -j monitor
	wait_until misses_are_told events events.json
	get file
	cmp got file
	wait_until grep -q '"event": "end"' events.json
	wait_until grep -q ' end ' events
	cat events events.json
	grep -qE "^[0-9:.]{12} miss  127.0.0.1:[0-9]+ missing$" events
	grep -qE "^[0-9:.]{12} start 127.0.0.1:[0-9]+ file 1\.5 KiB$" events
	grep -qE "^[0-9:.]{12} end   127.0.0.1:[0-9]+ file complete: 1\.5 KiB in " events
	python3 -ISc '
import json
events = [json.loads(line) for line in open("events.json")]
start = [e for e in events if e["event"] == "start"]
end = [e for e in events if e["event"] == "end"]
miss = [e for e in events if e["event"] == "miss"]
assert miss and all(e["name"] == "missing" for e in miss), miss
assert [e["name"] for e in start] == ["file"], start
assert [(e["name"], e["end"], e["bytes"]) for e in end] == [("file", "complete", 1500)], end'
}

monitor_ends_with_its_reader()
{
	begin
	succeeds listen add 127.0.0.1
	mkfifo pipe
	in_background pipe monitor
	read -r _ < pipe & READER=$!
	at_end kill "$READER"
	until_both_ended
}

# A line for the reader, which goes then, and another one for the monitor to notice.
until_both_ended()
{
	wait_until misses_end_both
}

misses_end_both()
{
	get missing || true
	has_ended "$READER" && has_ended "$JOB"
}

watching_transfers_ends_when_interrupted()
{
	begin
	succeeds listen add 127.0.0.1
	succeeds publish file
	in_background table transfers --watch
	wait_until grep -q "CLIENT" table
	get file
	cmp got file
	wait_until grep -q " file .* complete$" table
	kill -INT "$JOB"
	wait_until has_ended "$JOB"
	wait "$JOB"
}

watching_transfers_ends_when_terminated()
{
	begin
	in_background table transfers --watch
	wait_until grep -q "CLIENT" table
	kill -TERM "$JOB"
	wait_until has_ended "$JOB"
	wait "$JOB"
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	a_refusal_ends_with_2_and_the_kernels_words
	listeners_are_shown
	files_are_published_listed_and_withdrawn
	json_tells_what_is_published_and_counted
	a_batch_stops_at_the_first_command_that_fails
	monitor_tells_of_starts_ends_and_misses
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	every_command_has_help
	a_wrong_command_line_ends_with_1
	output_that_cannot_be_written_ends_with_2
	an_ipv6_address_with_a_port_stands_in_brackets
	commands_may_be_cut_short
	a_batch_runs_many_commands
	a_forced_batch_goes_on
	json_of_a_batch_is_a_line_each
	yes_in_a_batch_is_for_its_own_line
	without_the_module_it_says_how_to_load_it
	monitor_ends_with_its_reader
	watching_transfers_ends_when_interrupted
	watching_transfers_ends_when_terminated
	who_is_not_root_may_look_and_not_touch
	a_running_transfer_is_listed
)
run_tests "$@"
