# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What test programs of ktftpctl share: running it, and looking at what it says.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A server, which is its own client, and a file to publish.
begin()
{
	one_host server
	work_dir
	make_file file 1500
}

# get NAME: downloads it.
get()
{
	in_server curl -gsS -o got "tftp://127.0.0.1/$1"
}

# Where ktftpctl runs.
ON=(ip netns exec server)

ctl()
{
	"${ON[@]}" ktftpctl "$@"
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

# succeeds WORD...: without a word on standard error.
succeeds()
{
	run ctl "$@"
	[ "$STATUS" = 0 ] || fail "$*: exit status $STATUS; $(< err)"
	[ ! -s err ] || fail "$*: says $(< err)"
}

# prints TEXT WORD...: a part of what a command prints that succeeds.
prints()
{
	local text=$1

	shift
	succeeds "$@"
	[[ $(< out) == *"$text"* ]] || fail "$*: prints '$(< out)', not '$text'"
}

# json EXPRESSION WORD...: Python's opinion of what the command prints with -j, "x".
json()
{
	local expression=$1

	shift
	succeeds -j "$@"
	python3 -ISc '
import json, sys
x = json.load(open("out"))
if not eval(f"({sys.argv[1]})"):
    sys.exit(f"not {sys.argv[1]}: {x}")' "$expression"
}
