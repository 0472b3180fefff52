# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ktftpd for test programs in shell: begun, asked, ended. One at a time; it lives in a folder that the test has made,
# and fails the test when it ends badly, or when a sanitizer or valgrind has something to say.
#
# In a guest of tests/vm/run it is the one on PATH; elsewhere that of build/asan, and never with the module.

TREE_OF_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

if [ -n "${KTFTP_MODULE_DIR:-}" ]; then
	KTFTPD=$(command -v ktftpd || true)
	KTFTPCTL=$(command -v ktftpctl || true)
else
	KTFTPD=${KTFTPD:-$TREE_OF_TESTS/build/asan/bin/ktftpd}
	KTFTPCTL=${KTFTPCTL:-$TREE_OF_TESTS/build/asan/bin/ktftpctl}
fi

# What the daemon is begun by, e.g. "ip netns exec server", or valgrind with its options.
DAEMON_PREFIX=()

# Exit status of a process that a sanitizer ended, or that valgrind found errors in.
SANITIZER_STATUS=77
export ASAN_OPTIONS=exitcode=$SANITIZER_STATUS:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

# daemon_in DIRECTORY: where it has its configuration, its directories and its log; $ROOT is the folder to be served.
daemon_in()
{
	DAEMON=$1
	ROOT=$DAEMON/root
	DAEMON_LOG=$DAEMON/log
	DAEMON_PID=''
	mkdir -p "$ROOT" "$DAEMON/state" "$DAEMON/run"
	: > "$DAEMON_LOG"
	export KTFTP_SOCKET=$DAEMON/run/ktftpd.sock
}

# configure LINE...: what the file says beside folder and directories; a line that sets one of these takes its place.
configure()
{
	local line

	for line in "root = \"$ROOT\"" "state-dir = \"$DAEMON/state\"" "run-dir = \"$DAEMON/run\"" \
		"engine = ${DAEMON_ENGINE:-user}" "metrics = off"; do
		says_it_itself "${line%% =*}" "$@" || echo "$line"
	done > "$DAEMON/ktftpd.conf"
	[ $# = 0 ] || printf '%s\n' "$@" >> "$DAEMON/ktftpd.conf"
}

# says_it_itself OPTION LINE...
says_it_itself()
{
	local line

	for line in "${@:2}"; do
		[[ $line != "$1 "* ]] || return 0
	done
	return 1
}

# ctl ARGUMENT...: asks the daemon.
ctl()
{
	"${DAEMON_NETWORK[@]}" "$KTFTPCTL" "$@"
}

# As it is, not ctl: what is put in the background is the process itself.
DAEMON_NETWORK=()

# begin_daemon: does not wait for anything.
begin_daemon()
{
	# That of a daemon before it says nothing of this one.
	cat "$DAEMON_LOG" >> "$DAEMON/log.before"
	"${DAEMON_NETWORK[@]}" "${DAEMON_PREFIX[@]}" "$KTFTPD" -f -c "$DAEMON/ktftpd.conf" > "$DAEMON_LOG" 2>&1 &
	DAEMON_PID=$!
	at_end kill -KILL "$DAEMON_PID"
}

# start_daemon: and waits until it has looked at everything that it serves.
start_daemon()
{
	begin_daemon
	check_at_end end_daemon "$DAEMON_PID"
	wait_until has_begun_or_ended
	if ! kill -0 "$DAEMON_PID" 2> /dev/null; then
		wait "$DAEMON_PID" || true
		DAEMON_PID=''
		fail "ktftpd did not begin: $(< "$DAEMON_LOG")"
	fi
}

has_begun_or_ended()
{
	has_begun || ! kill -0 "$DAEMON_PID" 2> /dev/null
}

has_begun()
{
	status_says '"scanned": true' 2> /dev/null
}

# status_says TEXT...: all of it is in the daemon's status.
status_says()
{
	local status text

	status=$(ctl -j status) || return
	for text in "$@"; do
		[[ $status == *"$text"* ]] || return
	done
}

# status_of NAME: a number of the status; the last of that name.
status_of()
{
	ctl -j status | sed -n "s/.*\"$1\": *\\([0-9]*\\).*/\\1/p" | tail -n 1
}

# end_daemon PID: unless the test has.
end_daemon()
{
	[ "$1" != "$DAEMON_PID" ] || stop_daemon
}

# stop_daemon: by SIGTERM; fails when it ends badly.
stop_daemon()
{
	local pid=$DAEMON_PID status=0

	DAEMON_PID=''
	kill -TERM "$pid" 2> /dev/null || true
	wait "$pid" || status=$?
	check_log
	[ "$status" = 0 ] || { cat "$DAEMON_LOG"; echo "ktftpd ended with status $status"; return 1; }
}

# kill_daemon: as a crash would end it.
kill_daemon()
{
	local pid=$DAEMON_PID

	DAEMON_PID=''
	kill -KILL "$pid"
	wait "$pid" 2> /dev/null || true
	check_log
}

# What sanitizers say is in the log, whatever the exit status was.
check_log()
{
	! grep -nE -A 30 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$DAEMON_LOG"
}

# reload_daemon: returns the status of ktftpctl reload.
reload_daemon()
{
	ctl reload
}

# serves NAME FILE: the daemon has the name, with the content of the file.
serves()
{
	local digest

	digest=$(sha256sum < "$2")
	ctl -j list "$1" | grep -q "\"sha256\": *\"${digest%% *}\""
}

# put FILE NAME: into the folder at one moment, and waits until it is served so.
put()
{
	place "$1" "$2"
	wait_until serves "$2" "$1"
}

# place FILE NAME: by a rename, as whoever is careful does.
place()
{
	mkdir -p "$(dirname "$ROOT/$2")"
	cp "$1" "$ROOT/.$$.new"
	mv "$ROOT/.$$.new" "$ROOT/$2"
}
