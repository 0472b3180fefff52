# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What test programs of the daemon share: KTAP, ktftpd, and a network namespace of the program's own, in which it
# listens on 127.0.0.1 and the module is never there.

DAEMON_TESTS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TREE=$(cd "$DAEMON_TESTS_DIR/../.." && pwd -P)

# This program again, elsewhere.
if [ -z "${KTFTP_TEST_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root, for a network namespace"; exit 4; }
	export KTFTP_TEST_NAMESPACE=1
	exec unshare --net "$0" "$@"
fi
ip link set lo up

# shellcheck source-path=SCRIPTDIR source=../lib/ktap.sh
. "$TREE/tests/lib/ktap.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/ktftpd.sh
. "$TREE/tests/lib/ktftpd.sh"

SERVER=127.0.0.1
PORT=69

# The hook of ktap.sh.
before_tests()
{
	[ -x "$KTFTPD" ] || { echo "ktftpd is not built: make asan"; return 1; }
	# Valgrind knows no sanitizers: tests/daemon/run --valgrind has another ktftpd.
	[ -z "${KTFTP_VALGRIND:-}" ] ||
		DAEMON_PREFIX=(valgrind -q "--error-exitcode=$SANITIZER_STATUS" --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite)
}

# work_dir: an empty directory of the test's own, in memory, entered; the daemon's are in it.
work_dir()
{
	WORK=$(mktemp -d /run/ktftp-daemon.XXXXXX)
	chmod 755 "$WORK"
	at_end rm -rf "$WORK"
	at_end cd /
	cd "$WORK" || fail "cannot enter $WORK"
	daemon_in "$WORK/daemon"
}

# serve_with LINE...: a daemon with that in its configuration, beside a listener on 127.0.0.1.
# shellcheck disable=SC2120 # test programs pass them
serve_with()
{
	configure 'listen "127.0.0.1" {}' "$@"
	start_daemon
}

serve()
{
	# shellcheck disable=SC2119 # nothing more than the listener
	serve_with
}

# make_file NAME BYTES: of random content.
make_file()
{
	head -c "$2" /dev/urandom > "$1"
}

# download NAME TO [OPTION...]: by curl, without TFTP options unless some are given.
download()
{
	local options=("${@:3}")

	[ "${#options[@]}" -gt 0 ] || options=(--tftp-no-options)
	curl -gsS --max-time 60 "${options[@]}" -o "$2" "tftp://$SERVER:$PORT/$1"
}

# downloads_whole NAME FILE [OPTION...]: what comes is what the file has.
downloads_whole()
{
	local to=got.$BASHPID

	download "$1" "$to" "${@:3}" || fail "$1 did not come: curl's exit status $?"
	cmp "$to" "$2"
	rm "$to"
}

# answer_to NAME [MS]: "data", "error 1", "silence", ...
answer_to()
{
	python3 "$TREE/tests/lib/tftp.py" answer "$SERVER" "$PORT" "$1" "${2:-2000}"
}

answers()
{
	local said

	said=$(answer_to "$1" "${3:-2000}")
	[ "$said" = "$2" ] || fail "$1 was answered by: $said"
}

# log_says TEXT
log_says()
{
	grep -qF -- "$1" "$DAEMON_LOG"
}
