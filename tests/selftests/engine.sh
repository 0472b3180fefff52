# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Who serves, for programs that others who serve can be asked the same of: the module, or with KTFTP_ENGINE=user the
# daemon in user space, which then needs no module and no guest.
#
# The server is the host "server". Its words: listen_on_all, listen_with, publish, set_param, stat_of, transfers, watch_transfers,
# ended, granted, show_stats, transfers_running; and not_by_user_space, for what it cannot be asked.

ENGINE=${KTFTP_ENGINE:-kernel}

# not_by_user_space REASON TEST...: these are the module's alone.
not_by_user_space()
{
	local name left=()

	[ "$ENGINE" = user ] || return 0
	for name in "${TESTS[@]}"; do
		if [[ " ${*:2} " == *" $name "* ]]; then
			echo "# not by user space: $name: $1"
		else
			left+=("$name")
		fi
	done
	TESTS=("${left[@]}")
}

# ---- the module ----

kernel_can_serve()
{
	load_module || { echo "the module ktftp cannot be loaded"; return 1; }
}

kernel_listen()
{
	in_server ktftpctl -batch - <<- BATCH
		listen add 0.0.0.0 $*
		listen add [::] $*
	BATCH
}

kernel_listen_anew()
{
	in_server ktftpctl -batch - <<- BATCH
		listen del 0.0.0.0 --now
		listen del [::] --now
	BATCH
	kernel_listen "$@"
}

kernel_publish()
{
	in_server ktftpctl publish "$@"
}

kernel_publish_folder()
{
	in_server ktftpctl publish -r "$1"
}

# set_param NAME VALUE: a tunable, for this test.
kernel_set_param()
{
	at_end write_param "$1" "$(cat "$PARAMETERS/$1")"
	write_param "$1" "$2"
}

kernel_stats()
{
	in_server ktftpctl stats
}

kernel_transfers()
{
	in_server ktftpctl -j transfers | python3 -ISc 'import json, sys; print(len(json.load(sys.stdin)))'
}

kernel_transfers_running()
{
	in_server ktftpctl transfers | grep -c ' running$'
}

kernel_watch_transfers()
{
	# As it is, not in_server: the one to be ended is the process itself.
	ip netns exec server ktftpctl -j monitor > events &
	at_end kill "$!"
	wait_until is_told_of_a_miss
}

is_told_of_a_miss()
{
	# shellcheck disable=SC2016 # for the other bash
	in_server bash -c 'printf "\0\1%s\0octet\0" not-there > /dev/udp/127.0.0.1/69'
	grep -q '"miss"' events
}

# Those that ended since, a line each: "BLOCK-SIZE WINDOW complete", or another end.
kernel_ends()
{
	sed -n 's/.*"blksize": \([0-9]*\),.*"windowsize": \([0-9]*\),.*"end": "\([a-z-]*\)".*/\1 \2 \3/p' events
}

# ---- the daemon ----

# What it is configured with: listeners, and lines of its section "module".
USER_LISTENERS=()
declare -A USER_PARAMETERS=()

# In a place of its own, for the hosts' names and the journal; this program again.
if [ "$ENGINE" = user ]; then
	if [ -z "${KTFTP_TEST_NAMESPACE:-}" ]; then
		export KTFTP_TEST_NAMESPACE=1
		exec unshare --mount "$0" "$@"
	fi
	mkdir -p /run/netns
	mount -t tmpfs tmpfs /run/netns
	[ ! -d /run/systemd ] || mount -t tmpfs tmpfs /run/systemd
	# shellcheck source-path=SCRIPTDIR source=../lib/ktftpd.sh
	. "$SELFTESTS_DIR/../lib/ktftpd.sh"
	# shellcheck disable=SC2034 # for ktftpd.sh
	DAEMON_NETWORK=(ip netns exec server)
fi

user_can_serve()
{
	[ -x "$KTFTPD" ] || { echo "ktftpd is not built: make asan"; return 1; }
}

# In the folder of the test.
user_prepare()
{
	[ "${DAEMON:-}" = "$WORK/daemon" ] || daemon_in "$WORK/daemon"
}

user_configure()
{
	local name

	user_prepare
	configure "${USER_LISTENERS[@]}" 'log { per-second = 100000 }' 'module {' "$(
		for name in "${!USER_PARAMETERS[@]}"; do
			echo "$name = ${USER_PARAMETERS[$name]}"
		done)" '}'
}

user_listen()
{
	local property properties=()

	for property in "$@"; do
		case $property in
		single-port) properties+=("single-port = true") ;;
		*) fail "what is $property in a configuration?" ;;
		esac
	done
	USER_LISTENERS=("listen \"0.0.0.0\" { ${properties[*]} }" "listen \"[::]\" { ${properties[*]} }")
	user_configure
	if [ -n "$DAEMON_PID" ]; then
		reload_daemon
	else
		start_daemon
	fi
}

user_listen_anew()
{
	user_listen "$@"
}

user_publish()
{
	local file

	user_prepare
	for file in "$@"; do
		place "$file" "$file"
	done
	[ -z "$DAEMON_PID" ] || for file in "$@"; do
		wait_until serves "$file" "$file"
	done
}

user_publish_folder()
{
	user_prepare
	ROOT=$1
}

user_set_param()
{
	USER_PARAMETERS[$1]=$2
	[ -z "${DAEMON_PID:-}" ] || { user_configure; reload_daemon; }
}

user_stats()
{
	ctl stats --daemon
}

user_transfers()
{
	ctl -j transfers | python3 -ISc 'import json, sys; print(len(json.load(sys.stdin)))'
}

user_transfers_running()
{
	ctl transfers | grep -c ' running$'
}

# It tells them all, in its log.
user_watch_transfers()
{
	:
}

user_ends()
{
	sed -n 's/.*" \([a-z-]*\): [0-9]* bytes in .* blksize \([0-9]*\), windowsize \([0-9]*\),.*/\2 \3 \1/p' "$DAEMON_LOG"
}

# ---- whoever it is ----

can_serve() { "${ENGINE}_can_serve"; }
# listen_on_all: on all addresses of both families.
listen_on_all() { "${ENGINE}_listen"; }
# listen_with PROPERTY...: the same.
listen_with() { "${ENGINE}_listen" "$@"; }
# listen_anew_with PROPERTY...: instead of those that there are.
listen_anew_with() { "${ENGINE}_listen_anew" "$@"; }
# publish FILE...: of the directory we are in.
publish() { "${ENGINE}_publish" "$@"; }
# publish_folder DIRECTORY: all of it, before there is a listener.
publish_folder() { "${ENGINE}_publish_folder" "$@"; }
set_param() { "${ENGINE}_set_param" "$@"; }
show_stats() { "${ENGINE}_stats"; }
# transfers: how many the server has.
transfers() { "${ENGINE}_transfers"; }
# transfers_running: how many of them are at it.
transfers_running() { "${ENGINE}_transfers_running"; }
# watch_transfers: what happens to them is known from now on. The server listens on all addresses.
watch_transfers() { "${ENGINE}_watch_transfers"; }

# stat_of NAME: a counter of the server's.
stat_of()
{
	show_stats | awk -v name="$1" '$1 == name { print $2 }'
}

# ended NUMBER: so many have.
ended()
{
	[ "$("${ENGINE}_ends" | wc -l)" = "$1" ]
}

# granted: the block sizes of those that came to a good end, "BYTES:NUMBER" each, the smallest first.
granted()
{
	"${ENGINE}_ends" | awk '$3 == "complete" { print $1 }' | sort -n | uniq -c |
		awk '{ printf "%s%s:%s", sep, $2, $1; sep = " " }'
}

# windows: the sizes of those that came to a good end, the smallest first.
windows()
{
	"${ENGINE}_ends" | awk '$3 == "complete" { print $2 }' | sort -n | xargs
}

# blocks_were BYTES:NUMBER...: all have ended, and well: so many with blocks of so many bytes, the smallest first.
blocks_were()
{
	local one total=0

	for one in "$@"; do
		total=$((total + ${one#*:}))
	done
	wait_until ended "$total"
	[ "$(granted)" = "$*" ] || fail "blocks were $(granted), not $*; $("${ENGINE}_ends")"
}
