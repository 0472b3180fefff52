# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What test programs in shell share: KTAP (see ktap.sh), the module, two hosts, comparing.
#
#      client                          server
#   198.51.100.2  c0 ---- veth ---- s0  198.51.100.1     the module listens here
#   2001:db8::2                         2001:db8::1

SELFTESTS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# Beside this file where the tests are installed.
# shellcheck disable=SC1091
if [ -e "$SELFTESTS_DIR/ktap.sh" ]; then
	. "$SELFTESTS_DIR/ktap.sh"
else
	. "${KTFTP_TREE:-$SELFTESTS_DIR/../..}/tests/lib/ktap.sh"
fi

SERVER=198.51.100.1
CLIENT=198.51.100.2
SERVER6=2001:db8::1
CLIENT6=2001:db8::2
export SERVER CLIENT SERVER6 CLIENT6

# shellcheck source-path=SCRIPTDIR source=engine.sh
. "$SELFTESTS_DIR/engine.sh"

PARAMETERS=/sys/module/ktftp/parameters
TRACEFS=/sys/kernel/tracing

# The hook of ktap.sh.
before_tests()
{
	can_serve
}

# load_module: unless it is loaded.
load_module()
{
	# shellcheck disable=SC2119 # without parameters
	[ -d /sys/module/ktftp ] || insert_module
}

# insert_module [PARAM=VALUE...]
# shellcheck disable=SC2120 # some programs pass them
insert_module()
{
	if command -v ktftp-load > /dev/null; then
		ktftp-load "$@"
	else
		modprobe ktftp "$@"
	fi
}

is_unused()
{
	[ "$(< /sys/module/ktftp/refcnt)" = 0 ]
}

# unload_module: for this test; it is there again for the next one.
unload_module()
{
	at_end load_module
	# Listeners of namespaces that tests before this one had go a moment later.
	wait_until is_unused
	rmmod ktftp
}

# module_file: where it is.
module_file()
{
	if [ -n "${KTFTP_MODULE_DIR:-}" ]; then
		echo "$KTFTP_MODULE_DIR/ktftp.ko"
	else
		modinfo -n ktftp
	fi
}

write_param()
{
	echo "$2" > "$PARAMETERS/$1"
}

need_tracefs()
{
	[ -d "$TRACEFS/events" ] || mount -t tracefs tracefs "$TRACEFS" || skip "no tracefs here"
}

# write_tracefs FILE TEXT
write_tracefs()
{
	echo "$2" > "$TRACEFS/$1"
}

# one_host NAME: makes it, with no network but its own; it goes when the test ends.
one_host()
{
	at_end ip netns del "$1"
	ip netns add "$1"
	ip -n "$1" link set lo up
}

# two_hosts: makes them; they go when the test ends.
two_hosts()
{
	one_host client
	one_host server
	ip link add c0 netns client type veth peer name s0 netns server
	give_addresses client c0 "$CLIENT" "$CLIENT6"
	give_addresses server s0 "$SERVER" "$SERVER6"
}

# give_addresses HOST DEVICE ADDRESS ADDRESS6: in one process, for nearly every test does it.
give_addresses()
{
	ip -n "$1" -batch - <<- BATCH
		address add $3/24 dev $2
		address add $4/64 dev $2 nodad
		link set $2 up
	BATCH
}

in_client()
{
	ip netns exec client "$@"
}

in_server()
{
	ip netns exec server "$@"
}

# silent_client NAME: asks the server at 127.0.0.1 for a file, on the server itself, and then says nothing. It
# hears from single-port listeners alone, and from others its host says that nobody is there.
silent_client()
{
	# shellcheck disable=SC2016 # for the other bash
	ip netns exec server bash -c '
		exec 3<> /dev/udp/127.0.0.1/69
		printf "\0\1%s\0octet\0" "$0" >&3
		exec sleep 1000' "$1" &
	at_end kill "$!"
	wait_until has_transfers
}

has_transfers()
{
	[ "$(transfers)" != 0 ]
}

# work_dir: an empty directory of the test's own, in memory, entered.
work_dir()
{
	WORK=$(mktemp -d /run/ktftp-test.XXXXXX)
	at_end rm -rf "$WORK"
	at_end cd /
	cd "$WORK" || fail "cannot enter $WORK"
}

# make_file NAME BYTES: of random content.
make_file()
{
	head -c "$2" /dev/urandom > "$1"
}

# Those that download() knows.
# shellcheck disable=SC2034
CLIENTS=(curl curl_without_options tftp_hpa atftp busybox)

# The host they run on.
CLIENT_HOST=client

# download CLIENT[,NAME=VALUE...] ADDRESS NAME TO: fetches a file by a client that others wrote, as it is called by
# hand. What follows its name are TFTP options to ask for; curl and busybox have words for the block size alone, and
# the others for none.
download()
{
	local client=${1%%,*} address=$2 name=$3 to=$4 host=$2 asked=()

	[[ $address != *:* ]] || host="[$address]"
	mapfile -t asked < <(options_of "$client" "${1#"$client"}")
	case $client in
	curl) set -- curl -gsS -o "$to" "tftp://$host/$name" ;;
	curl_without_options) set -- curl -gsS --tftp-no-options -o "$to" "tftp://$host/$name" ;;
	tftp_hpa) set -- tftp -m octet "$address" -c get "$name" "$to" ;;
	atftp) set -- atftp --get -r "$name" -l "$to" "$address" ;;
	busybox) set -- busybox tftp -g -r "$name" -l "$to" "$address" ;;
	*) fail "no client is called $client" ;;
	esac
	[ "$client" != busybox ] || { set -- "$@" "${asked[@]}"; asked=(); }
	ip netns exec "$CLIENT_HOST" timeout 100 "$1" "${asked[@]}" "${@:2}"
}

# options_of CLIENT ,NAME=VALUE...: the words, a line each, by which a client is told to ask for options.
options_of()
{
	local option

	for option in ${2//,/ }; do
		case $1,$option in
		curl,blksize=*) printf '%s\n' --tftp-blksize "${option#*=}" ;;
		busybox,blksize=*) printf '%s\n' -b "${option#*=}" ;;
		atftp,*) printf '%s\n' --option "${option/=/ }" ;;
		*) fail "$1 cannot ask for $option" ;;
		esac
	done
}

# downloads_whole CLIENT ADDRESS NAME [CONTENT]: ... and gets what the file CONTENT holds, or the one called NAME.
downloads_whole()
{
	local to=got.$BASHPID

	echo "$1 gets $3 from $2"
	download "$1" "$2" "$3" "$to"
	cmp "$to" "${4:-$3}"
	rm "$to"
}

# wait_for_all PID...: waits for every one, then fails when one failed.
wait_for_all()
{
	local pid failed=''

	for pid in "$@"; do
		wait "$pid" || failed=1
	done
	[ -z "$failed" ]
}
