# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The folder alone, by its driver: a directory for each test, what the main thread is told, and what is to be served.

FOLDER_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TREE=$(cd "$FOLDER_LIB/../.." && pwd -P)
DRIVER=$TREE/build/asan/bin/folder_driver
. "$TREE/tests/lib/ktap.sh"

# in_own_mounts PROGRAM ARG...: what is mounted goes with the program.
in_own_mounts()
{
	[ -z "${KTFTP_OWN_MOUNTS:-}" ] || return 0
	export KTFTP_OWN_MOUNTS=1
	if [ "$(id -u)" = 0 ]; then
		exec unshare --mount "$@"
	fi
	exec unshare --map-root-user --mount "$@"
}

before_tests()
{
	make -s -C "$TREE" folder-driver
}

# A fresh directory: $ROOT is served, $STATE is the daemon's.
fresh()
{
	DIR=$(mktemp -d -t ktftp-folder.XXXXXX)
	at_end rm -rf "$DIR"
	ROOT=$DIR/root
	STATE=$DIR/state
	OUT=$DIR/out
	mkdir "$ROOT" "$STATE"
	chmod 755 "$DIR"
}

# begin [OPTION|ROOT[=VIEW]...]: starts the driver; without a root it serves $ROOT.
begin()
{
	local word roots=("$ROOT")

	for word in "$@"; do
		[[ $word != /* ]] || roots=()
	done
	rm -f "$DIR/in"
	mkfifo "$DIR/in"
	: > "$OUT"
	# What the test itself has open for writing is not to be the driver's.
	"${AS[@]}" "$DRIVER" "$STATE" "$@" "${roots[@]}" < "$DIR/in" >> "$OUT" 2> "$DIR/errors" 8>&- &
	PID=$!
	at_end kill -KILL "$PID"
	exec 9> "$DIR/in"
}

# Whom to run it as.
AS=()

started()
{
	begin "$@"
	said '^SCANNED'
}

# Ends the driver, which found nothing wrong, nor did the sanitizers.
finish()
{
	local status=0

	exec 9>&-
	wait "$PID" || status=$?
	cat "$DIR/errors"
	never_said '^BAD'
	[ "$status" = 0 ] || fail "the driver ended with status $status"
}

order()
{
	echo "$*" >&9
}

has_said()
{
	grep -qE -- "$1" "$OUT"
}

# said REGEX: it says so, or will.
said()
{
	wait_until has_said "$1"
}

never_said()
{
	! grep -E -- "$1" "$OUT"
}

has_said_times()
{
	[ "$(grep -cE -- "$2" "$OUT")" -ge "$1" ]
}

# From now on only what is new counts.
forget_output()
{
	: > "$OUT"
}

# status_of WORD: a number of its status.
status_of()
{
	local before

	before=$(grep -c '^STATUS' "$OUT" || true)
	order status
	wait_until has_said_times $((before + 1)) '^STATUS'
	grep '^STATUS' "$OUT" | tail -n 1 | grep -oE "$1=[0-9]+" | cut -d= -f2
}

# What clients would get: view, name, size, beginning of the digest.
served()
{
	awk '
		$1 == "READY" { now[$2 " " $3] = $4 " " $5 }
		$1 == "GONE" { delete now[$2 " " $3] }
		END { for (name in now) print name, now[name] }' "$OUT" | sort
}

# What there is: every file that is neither hidden nor below something hidden.
there()
{
	(cd "$1" && find -L . -name '.?*' -prune -o -type f -printf '%P\0') | python3 -c '
import hashlib, sys
root, view = sys.argv[1:]
for name in sys.stdin.buffer.read().split(b"\0")[:-1]:
    with open(root.encode() + b"/" + name, "rb") as file:
        data = file.read()
    line = b"%s %s %d %s" % (view.encode(), name, len(data), hashlib.sha256(data).hexdigest()[:16].encode())
    sys.stdout.buffer.write(line + b"\n")' "$1" "${2:-default}" | sort
}

serves_what_is_there()
{
	[ "$(served)" = "$(there "$ROOT")" ]
}

# settled: all that is there is served, and nothing else.
settled()
{
	local deadline=$((SECONDS + 60))

	until serves_what_is_there; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			diff <(served) <(there "$ROOT") | head -n 20
			fail "it never serves what is there"
		fi
		sleep 0.2
	done
}

serves()
{
	served | grep -qE -- "^[^ ]+ $1 "
}

serves_not()
{
	! serves "$1"
}

# digest TEXT: as the driver prints it.
digest()
{
	printf '%s' "$1" | sha256sum | cut -c 1-16
}

# has NAME TEXT: it is served with that content.
has()
{
	served | grep -qE -- "^[^ ]+ $1 ${#2} $(digest "$2")\$"
}

# set_of NAME: the names that were told together with the last READY or GONE of that one, in a line.
set_of()
{
	awk -v wanted="$1" '
		$1 == "SET" { line = ""; hit = 0 }
		$1 == "READY" || $1 == "GONE" { line = line " " $1 ":" $3; if ($3 == wanted) hit = 1; if (hit) last = line }
		END { print last }' "$OUT" | tr ' ' '\n' | grep . | sort | xargs
}

put()
{
	printf '%s' "$2" > "$1"
}
