# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What "make check" and "make check-long" share: runs test layers and prints one table, what failed, and
# "N passed, N failed".
#
# Each layer speaks KTAP; its whole output stays in build/PROGRAM/LAYER.log. Layers run in two lanes, side by
# side; some run when nothing else does. A layer that ends without its plan's number of results, or with an error
# that no result explains, counts as one failure; so does a skip when CI=true.
#
# A program has a function layer_NAME for each layer, names them in LANE_1, LANE_2 and ALONE, and ends with:
# run_layers "$@" (the command line names those to run). A function prepare, where there is one, makes ready
# what some of them need beyond "make all selftests unit-build"; it can ask: wanted NAME.

TESTS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
TREE=$(cd "$TESTS_DIR/.." && pwd -P)
PROGRAM=$(basename "$0")
LOGS=$TREE/build/$PROGRAM

LANE_1=() LANE_2=() ALONE=()

# Test programs in C, which the guests run. That block numbers wrap in windows as well is for check-long.
# shellcheck disable=SC2034
C_PROGRAMS=(protocol options 'windows:!follows_block_65535' bursts timers handover malformed spoofed limits sets churn esp)

# in_guest KERNEL PROCESSORS PROGRAM...: test programs, one after the other, in one guest. Two guests side by side
# with two processors each would wait for each other most of the time: one of them has one.
in_guest()
{
	local kernel=$1 processors=$2

	shift 2
	exec "$TESTS_DIR/vm/run" --kernel "$kernel" --smp "$processors" --timeout 7200 "$TESTS_DIR/selftests/run" "$@"
}

# count LOG STATUS: "passed failed skipped" of a KTAP log; what is wrong with it as a whole goes to standard
# error. Several programs may follow each other, each with its plan.
count()
{
	awk -v status="$2" '
		function settle() {
			if (planned >= 0 && planned != seen) {
				printf "%d results of %d in %s\n", seen, planned, program > "/dev/stderr"
				failed++
			}
			planned = -1; seen = 0
		}
		BEGIN { planned = -1; program = "this layer" }
		/^# program: / { settle(); program = $3; next }
		/^1\.\.[0-9]+/ { settle(); planned = substr($1, 4) + 0; if (/# SKIP/) skipped++; next }
		/^not ok / { seen++; failed++; next }
		/^ok .* # SKIP/ { seen++; skipped++; next }
		/^ok / { seen++; passed++; next }
		/^Bail out!/ { failed++ }
		END {
			settle()
			if (!passed && !failed && !skipped || status != 0 && !failed && !skipped) {
				printf "ended with status %d\n", status > "/dev/stderr"
				failed++
			}
			print passed + 0, failed + 0, skipped + 0
		}' "$1"
}

run_layer()
{
	local name=$1 status=0 begun=$SECONDS passed failed skipped

	"layer_$name" > "$LOGS/$name.log" 2> "$LOGS/$name.err" < /dev/null &
	child=$!
	wait "$child" || status=$?
	child=''
	read -r passed failed skipped < <(count "$LOGS/$name.log" "$status" 2> "$LOGS/$name.why")
	echo "$name $passed $failed $skipped $((SECONDS - begun)) $status" >> "$LOGS/results"
	printf '%s: %-16s %4d passed %3d failed %3d skipped  %4d s\n' \
		"$PROGRAM" "$name" "$passed" "$failed" "$skipped" $((SECONDS - begun)) >&2
}

run_lane()
{
	local name child=''

	# shellcheck disable=SC2064
	trap '[ -z "$child" ] || { kill "$child"; wait "$child"; }; exit 143' TERM
	for name in "$@"; do
		! wanted "$name" || run_layer "$name"
	done
}

wanted()
{
	[ "${#only[@]}" = 0 ] || [[ " ${only[*]} " == *" $1 "* ]]
}

stop_lanes()
{
	trap - INT TERM EXIT
	[ "${#lanes[@]}" = 0 ] || kill "${lanes[@]}" 2> /dev/null
	wait
}

# What a person needs to see of the layers that failed.
show_failures()
{
	local name failed skipped _

	while read -r name _ failed skipped _; do
		[ $((failed + skipped)) -gt 0 ] || continue
		echo
		echo "==== $name: $failed failed, $skipped skipped (build/$PROGRAM/$name.log, $name.err)"
		cat "$LOGS/$name.why"
		grep -nE -B 15 '^not ok|# SKIP|^Bail out' "$LOGS/$name.log" | tail -n 120
		tail -n 60 "$LOGS/$name.err"
	done < "$LOGS/results"
}

show_table()
{
	echo
	awk 'BEGIN { printf "%-18s %7s %7s %8s %8s\n", "layer", "passed", "failed", "skipped", "seconds" }
	     { printf "%-18s %7d %7d %8d %8d\n", $1, $2, $3, $4, $5 }' "$LOGS/results"
}

# The names of what failed stand below the table, where a reader of nothing but the end finds them.
name_failures()
{
	local name

	while read -r name _; do
		sed "s/^/$name: /" "$LOGS/$name.why"
		sed -nE "/^not ok |^Bail out|^ok .*# SKIP/s/^/$name: /p" "$LOGS/$name.log" | head -n 20
	done < "$LOGS/results"
}

is_a_layer()
{
	[[ " ${LANE_1[*]} ${LANE_2[*]} ${ALONE[*]} " == *" $1 "* ]]
}

usage()
{
	echo "Usage: tests/$PROGRAM [LAYER...]"
	echo "Layers: ${LANE_1[*]} ${LANE_2[*]} ${ALONE[*]}"
}

read_command_line()
{
	local name

	case ${1:-} in
	-h|--help) usage; exit 0 ;;
	esac
	only=("$@")
	for name in "$@"; do
		is_a_layer "$name" || { usage >&2; exit 2; }
	done
}

build()
{
	[ "$(type -t prepare)" != function ] || prepare || exit 1
	make -s -j"$(nproc)" -C "$TREE" all selftests unit-build asan || exit 1
	# What is built stays as it is from here on.
	export KTFTP_VM_NO_BUILD=1
}

# in_lanes: each argument names a list of layers; these run side by side.
in_lanes()
{
	local -n lane

	for lane in "$@"; do
		run_lane "${lane[@]}" & lanes+=("$!")
	done
	wait "${lanes[@]}"
	lanes=()
}

# sum_up: the last line; fails when something did.
sum_up()
{
	awk -v ci="${CI:-}" '
		{ passed += $2; failed += $3; skipped += $4 }
		END {
			if (ci == "true") {
				failed += skipped
				skipped = 0
			}
			printf "%d passed, %d failed", passed, failed
			if (skipped)
				printf ", %d skipped", skipped
			print ""
			exit !passed || failed > 0
		}' "$LOGS/results"
}

run_layers()
{
	read_command_line "$@"
	lanes=()
	mkdir -p "$LOGS"
	rm -f "$LOGS"/*
	: > "$LOGS/results"
	trap 'stop_lanes; exit 130' INT
	trap 'stop_lanes; exit 143' TERM
	build
	in_lanes LANE_1 LANE_2
	in_lanes ALONE
	show_failures
	show_table
	name_failures
	sum_up
}
