#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The folder's store: what it costs to start again, what is left after a crash, and what happens when there is no room.
# KTAP; tests/daemon/folder_store.sh [WORD...]

set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/folder_lib.sh"
in_own_mounts "$0" "$@"

# How often the daemon is killed, and how many files make many.
CRASHES=30
MANY=50000

# old_files COUNT: files that were changed long enough ago to be believed.
old_files()
{
	python3 - "$ROOT" "$1" <<- 'END'
		import os, sys
		for i in range(int(sys.argv[2])):
		    directory = sys.argv[1] + "/d%03d" % (i // 200)
		    os.makedirs(directory, exist_ok=True)
		    with open(directory + "/SEP%012x.cnf.xml" % i, "w") as out:
		        out.write("<device>%d</device>" % i)
	END
	sleep 0.2
}

# tmpfs PATH SIZE
mount_tmpfs()
{
	mount -t tmpfs -o "size=$2" none "$1"
	at_end umount -l "$1"
}

contents()
{
	find "$STATE/content" -type f | wc -l
}

# Every row of the index has a content, which is what its digest says.
rows_are_true()
{
	python3 - "$STATE" <<- 'END'
		import hashlib, os, sqlite3, sys
		state = sys.argv[1]
		if not os.path.exists(state + "/index.db"):
		    sys.exit(0)
		rows = sqlite3.connect(state + "/index.db").execute("SELECT path, size, digest FROM file").fetchall()
		for path, size, digest in rows:
		    name = digest.hex()
		    with open(f"{state}/content/{name[:2]}/{name}", "rb") as content:
		        data = content.read()
		    if len(data) != size or hashlib.sha256(data).digest() != digest:
		        sys.exit(f"{path}: its content is not what its row says")
		print(f"{len(rows)} rows")
	END
}

restart_reads_nothing_that_did_not_change()
{
	fresh
	old_files 300
	started "$ROOT"
	settled
	[ "$(status_of ingested)" = 300 ]
	finish
	put "$ROOT/d000/new" x
	rm "$ROOT/d001/$(printf 'SEP%012x' 250).cnf.xml"
	mv "$ROOT/d000" "$ROOT/moved"
	sleep 0.2
	started "$ROOT"
	settled
	[ "$(status_of ingested)" = 1 ]
	[ "$(status_of files)" = 300 ]
	finish
	rows_are_true
}

same_contents_are_kept_once()
{
	local i

	fresh
	for i in $(seq 1 20); do
		put "$ROOT/file$i" same
	done
	started "$ROOT"
	settled
	[ "$(contents)" = 1 ]
	[ "$(status_of contents)" = 1 ]
	finish
}

content_that_was_lost_is_copied_again()
{
	fresh
	old_files 10
	started "$ROOT"
	finish
	find "$STATE/content" -type f -name '[0-7]*' -delete
	started "$ROOT"
	settled
	finish
	rows_are_true
}

index_that_is_broken_is_put_aside_and_made_anew()
{
	fresh
	old_files 10
	started "$ROOT"
	finish
	head -c 8192 /dev/urandom > "$STATE/index.db"
	started "$ROOT"
	said 'NOTE 4 .*index.db was broken'
	settled
	[ "$(status_of ingested)" = 10 ]
	finish
	[ -e "$STATE/index.db.broken" ]
	started "$ROOT"
	[ "$(status_of ingested)" = 0 ]
	finish
}

second_daemon_on_the_same_store_is_refused()
{
	local said status=0

	fresh
	put "$ROOT/file" x
	started "$ROOT"
	said=$("$DRIVER" "$STATE" "$ROOT" < /dev/null) || status=$?
	[ "$status" = 3 ]
	[[ $said == *'another ktftpd uses it'* ]]
	put "$ROOT/file" changed
	wait_until has file changed
	finish
}

store_without_a_place_to_be_is_told_of()
{
	local said status=0

	fresh
	said=$("$DRIVER" /proc/nowhere "$ROOT" < /dev/null) || status=$?
	[ "$status" = 3 ]
	[[ $said == *'/proc/nowhere'*'state_dir'* ]]
}

store_can_be_on_tmpfs()
{
	fresh
	mount_tmpfs "$STATE" 16m
	old_files 100
	started "$ROOT"
	settled
	put "$ROOT/new" x
	wait_until has new x
	finish
	rows_are_true
}

# fill_up: not a byte is left where the store is.
fill_up()
{
	! head -c 100000000 /dev/zero > "$STATE/filler" 2> /dev/null || fail "it is not full"
}

full_disk_keeps_what_is_served_and_goes_on_when_there_is_room()
{
	fresh
	mount_tmpfs "$STATE" 3m
	put "$ROOT/file" old
	started "$ROOT"
	fill_up
	put "$ROOT/file" new
	put "$ROOT/other" x
	said "NOTE 3 .*state: No space left on device: files that are new or changed cannot be served"
	has file old
	serves_not other
	rm "$STATE/filler"
	put "$ROOT/file" newer
	wait_until has file newer
	said 'NOTE 5 no longer so: .*No space left'
	never_said GONE
	finish
}

full_disk_is_tried_again_each_minute()
{
	local deadline=$((SECONDS + 100))

	fresh
	mount_tmpfs "$STATE" 3m
	head -c 4000000 /dev/urandom > "$ROOT/large"
	put "$ROOT/file" old
	sleep 0.3
	started "$ROOT"
	said 'NOTE 3 .*No space left'
	has file old
	[ -z "$(ls -A "$STATE/content/.new")" ]
	fill_up
	put "$ROOT/file" new
	mount -o remount,size=16m "$STATE"
	until serves large && has file new; do
		[ "$SECONDS" -lt "$deadline" ]
		sleep 1
	done
	settled
	finish
	rows_are_true
	# What could not be remembered then was later.
	started "$ROOT"
	[ "$(status_of ingested)" = 0 ]
	finish
}

lost_events_make_everything_be_looked_at()
{
	fresh
	old_files 100
	started "$ROOT"
	kill -STOP "$PID"
	# Two events each, more than the kernel keeps.
	python3 - "$ROOT" "$(cat /proc/sys/fs/inotify/max_queued_events)" <<- 'END'
		import os, sys
		root, limit = sys.argv[1], int(sys.argv[2])
		for i in range(limit // 2 + 2000):
		    open(root + "/.noise%d" % (i % 100), "w").close()
		    os.unlink(root + "/.noise%d" % (i % 100))
		os.makedirs(root + "/late/deep")
		for i in range(50):
		    with open(root + "/late/deep/f%d" % i, "w") as out:
		        out.write(str(i))
		os.rename(root + "/d000", root + "/elsewhere")
	END
	kill -CONT "$PID"
	said 'NOTE 5 .*events were lost'
	settled
	[ "$(status_of overflows)" -ge 1 ]
	[ "$(status_of rescans)" -ge 1 ]
	put "$ROOT/late/deep/mark" x
	wait_until has late/deep/mark x
	finish
}

too_few_watches_are_told_of_and_done_without()
{
	local deadline=$((SECONDS + 90))

	unshare --user --map-root-user true 2> /dev/null || skip "no user namespaces"
	fresh
	mkdir -p "$ROOT/a/b/c"
	put "$ROOT/a/b/c/file" x
	# A limit of a namespace of its own.
	AS=(unshare --user --map-root-user bash -c 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"' -)
	"${AS[@]}" true || skip "the limit cannot be set"
	started "$ROOT"
	said 'NOTE 3 .*sysctl fs.inotify.max_user_watches'
	settled
	put "$ROOT/a/b/c/file" changed
	until has a/b/c/file changed; do
		[ "$SECONDS" -lt "$deadline" ]
		sleep 1
	done
	finish
}

# Changes files all the time, some by rename and some in place; to be started in the background. Is run in the background, and is the process itself.
change_for_ever()
{
	exec python3 - "$ROOT" <<- 'END'
		import os, random, sys
		root = sys.argv[1]
		while True:
		    name = "%s/f%d" % (root, random.randrange(40))
		    data = os.urandom(random.randrange(200000))
		    if random.random() < 0.5:
		        with open(root + "/.new", "wb") as out:
		            out.write(data)
		        os.rename(root + "/.new", name)
		    else:
		        with open(name, "wb") as out:
		            out.write(data)
	END
}

rows_are_true_after_a_crash_at_any_moment()
{
	local i

	fresh
	change_for_ever 9>&- &
	at_end kill $!
	for i in $(seq 1 "$CRASHES"); do
		begin -q 20 -s 50
		sleep "$((RANDOM % 2)).$((RANDOM % 10))"
		kill -KILL "$PID"
		wait "$PID" || true
		exec 9>&-
		never_said '^BAD'
		rows_are_true
	done
	# It is worth something only if there was something to lose.
	rows_are_true | grep -vx '0 rows'
	started "$ROOT"
	[ -z "$(ls -A "$STATE/content/.new")" ] || settled
}

content_that_nobody_needs_is_removed_at_the_next_start()
{
	local i

	fresh
	put "$ROOT/file" 1
	started "$ROOT"
	for i in 2 3 4; do
		put "$ROOT/file" "$i"
		wait_until has file "$i"
	done
	# Whoever was told of it a moment ago may still open it.
	[ "$(contents)" -ge 4 ]
	finish
	started "$ROOT"
	wait_until [ "$(contents)" = 1 ]
	has file 4
	finish
}

# ready COUNT
are_ready()
{
	[ "$(grep -c '^READY' "$OUT")" -ge "$1" ]
}

scanned_in_time()
{
	local deadline=$((SECONDS + 300)) began=$SECONDS

	until has_said '^SCANNED'; do
		[ "$SECONDS" -lt "$deadline" ] || fail "not scanned within 300 s"
		sleep 0.2
	done
	echo "# $1: $((SECONDS - began)) s" >&3
}

fifty_thousand_files_are_served_and_a_change_touches_one()
{
	fresh
	mount_tmpfs "$DIR" 1g
	mkdir "$ROOT" "$STATE"
	old_files "$MANY"
	begin "$ROOT"
	scanned_in_time "$MANY files, first start"
	are_ready "$MANY"
	[ "$(status_of files)" = "$MANY" ]
	forget_output
	put "$ROOT/d007/new" x
	wait_until has d007/new x
	[ "$(grep -c '^READY' "$OUT")" = 1 ]
	[ "$(status_of ingested)" = $((MANY + 1)) ]
	[ "$(status_of rescans)" = 0 ]
	finish
	sleep 0.2
	begin "$ROOT"
	scanned_in_time "$MANY files, next start"
	are_ready $((MANY + 1))
	[ "$(status_of ingested)" -le 1 ]
	finish
}

TESTS=(
	restart_reads_nothing_that_did_not_change
	same_contents_are_kept_once
	content_that_was_lost_is_copied_again
	index_that_is_broken_is_put_aside_and_made_anew
	second_daemon_on_the_same_store_is_refused
	store_without_a_place_to_be_is_told_of
	store_can_be_on_tmpfs
	full_disk_keeps_what_is_served_and_goes_on_when_there_is_room
	full_disk_is_tried_again_each_minute
	lost_events_make_everything_be_looked_at
	too_few_watches_are_told_of_and_done_without
	rows_are_true_after_a_crash_at_any_moment
	content_that_nobody_needs_is_removed_at_the_next_start
	fifty_thousand_files_are_served_and_a_change_touches_one
)

# What a test has to say beside its result.
exec 3>&1
run_tests "$@"
