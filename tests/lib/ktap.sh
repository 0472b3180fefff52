# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# KTAP for test programs in shell.
#
# A program lists its tests in TESTS, functions whose names are sentences, and ends with: run_tests "$@" (words
# of the command line choose tests by a part of their name). What takes long for what it adds stands in LONG_TESTS
# instead: that runs when KTFTP_LONG is set, as in "make check-long", and when a word chooses it.
# A test runs in a subshell with "set -e": the first
# command that fails fails it, and what it printed is shown; what it has to undo it gives to at_end.
# A function before_tests, where there is one, says whether the tests can run here: if not, all are skipped.
# A function after_tests, where there is one, undoes what before_tests did, also when a signal ends the program.

LONG_TESTS=()
KSFT_FAIL=1
KSFT_SKIP=4

# skip WHY: ends the test. In CI a skip is a failure.
skip()
{
	echo "SKIP $*"
	exit "$KSFT_SKIP"
}

fail()
{
	echo "$*"
	exit "$KSFT_FAIL"
}

# at_end COMMAND...: run when the test ends, the last one given first.
at_end()
{
	AT_END=("$(printf '%q ' "$@")" "${AT_END[@]}")
}

# check_at_end COMMAND...: run when the test ends, before what it began is undone; when it fails the test has failed.
check_at_end()
{
	CHECKS+=("$(printf '%q ' "$@")")
}

end_test()
{
	local status=$? command

	set +e
	trap - EXIT ERR
	for command in "${CHECKS[@]}"; do
		eval "$command" || [ "$status" != 0 ] || status=$KSFT_FAIL
	done
	for command in "${AT_END[@]}"; do
		eval "$command" > /dev/null 2>&1
	done
	exit "$status"
}

# refused REASON COMMAND...: the command fails and says why; REASON is a part of that.
refused()
{
	local reason=$1 said status=0

	shift
	said=$("$@" 2>&1) || status=$?
	[ "$status" != 0 ] || fail "not refused: $* (said: $said)"
	[[ $said == *"$reason"* ]] || fail "$*: refused with '$said', not with '$reason'"
}

# wait_until COMMAND...: polls for at most 30 seconds.
wait_until()
{
	local deadline=$((SECONDS + 30))

	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || fail "never happened: $*"
		sleep 0.1
	done
}

is_a_test()
{
	[ "$(type -t "$1")" = function ] || { echo "Bail out! no test $1"; exit "$KSFT_FAIL"; }
}

can_run()
{
	[ "$(type -t before_tests)" != function ] || before_tests > "$LOG" 2>&1
}

run_test()
{
	(
		echo "$BASHPID" > "$LOG.pid"
		AT_END=() CHECKS=()
		trap end_test EXIT
		trap 'echo "line $LINENO: $BASH_COMMAND"' ERR
		set -eE
		"$1"
	) > "$LOG" 2>&1
}

# A signal that ends the program ends the test, which undoes what it did.
end_program()
{
	local test

	if [ -s "$LOG.pid" ] && test=$(< "$LOG.pid") && kill "$test" 2> /dev/null; then
		while kill -0 "$test" 2> /dev/null; do
			sleep 0.1
		done
	fi
	rm -f "$LOG" "$LOG.pid"
	[ "$(type -t after_tests)" != function ] || after_tests
}

# report NUMBER NAME STATUS: one test's line, behind what a failed one printed.
report()
{
	case $3 in
	0) echo "ok $1 $2" ;;
	"$KSFT_SKIP") echo "ok $1 $2 # SKIP $(sed -n 's/^SKIP //p' "$LOG" | tail -n 1)" ;;
	*)
		sed 's/^/# /' "$LOG"
		echo "not ok $1 $2"
		;;
	esac
}

# choose_tests WORD...: those to run, in $wanted.
choose_tests()
{
	local name word

	for name in "${TESTS[@]}" "${LONG_TESTS[@]}"; do
		is_a_test "$name"
		for word in "$@"; do
			[[ $name != *"$word"* ]] || { wanted+=("$name"); break; }
		done
	done
	[ $# -gt 0 ] || wanted=("${TESTS[@]}")
	[ $# -gt 0 ] || [ -z "${KTFTP_LONG:-}" ] || wanted+=("${LONG_TESTS[@]}")
	[ "${#wanted[@]}" -gt 0 ] || { echo "Bail out! no test is called $*"; exit "$KSFT_FAIL"; }
}

# Runs the tests named in TESTS, and in LONG_TESTS when these are wanted.
run_tests()
{
	local wanted=() name status number=0 worst=0 begun

	choose_tests "$@"
	LOG=$(mktemp -t ktftp-log.XXXXXX)
	trap end_program EXIT
	echo "TAP version 13"
	if ! can_run; then
		echo "1..0 # SKIP $(tail -n 1 "$LOG")"
		exit "$KSFT_SKIP"
	fi
	echo "1..${#wanted[@]}"
	for name in "${wanted[@]}"; do
		number=$((number + 1))
		begun=$SECONDS
		run_test "$name"
		status=$?
		[ $((SECONDS - begun)) -lt 5 ] || echo "# seconds: $((SECONDS - begun)) $name"
		: > "$LOG.pid"
		report "$number" "$name" "$status"
		[ "$status" = 0 ] || [ "$status" = "$KSFT_SKIP" ] || worst=$KSFT_FAIL
	done
	exit "$worst"
}
