#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The folder: what happens in it is served, soon, whole and together. KTAP; tests/daemon/folder.sh [WORD...]

set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/folder_lib.sh"
in_own_mounts "$0" "$@"

# ---- files ----

file_that_was_there_is_served()
{
	fresh
	mkdir -p "$ROOT/a/b"
	put "$ROOT/one" 1
	put "$ROOT/a/b/two" 22
	: > "$ROOT/empty"
	started
	settled
	finish
}

new_file_is_served_and_awaited_at_once()
{
	fresh
	started
	put "$ROOT/new" hello
	wait_until has new hello
	[ "$(grep -oE '^(ARRIVING|READY) default new' "$OUT" | cut -d' ' -f1 | xargs)" = 'ARRIVING READY' ]
	finish
}

file_that_is_renamed_over_another_is_served_without_a_gap()
{
	fresh
	put "$ROOT/file" old
	started
	put "$ROOT/.file.tmp" newer
	mv "$ROOT/.file.tmp" "$ROOT/file"
	wait_until has file newer
	never_said 'GONE|ARRIVING default \.'
	finish
}

file_that_is_rewritten_in_place_is_served_as_it_is_now()
{
	fresh
	put "$ROOT/file" old
	started
	put "$ROOT/file" new
	wait_until has file new
	never_said GONE
	# The same size, the same time: only the inode's own time tells.
	printf x | dd of="$ROOT/file" conv=notrunc status=none
	touch -d '2001-01-01' "$ROOT/file"
	wait_until has file xew
	printf y | dd of="$ROOT/file" conv=notrunc status=none
	touch -d '2001-01-01' "$ROOT/file"
	wait_until has file yew
	finish
}

file_that_is_written_twice_in_a_moment_is_served_as_it_is_at_the_end()
{
	local i

	fresh
	started -q 0 -s 0
	for i in $(seq 1 40); do
		put "$ROOT/file" "$i$i"
		sleep "0.0$((i % 10))"
	done
	wait_until has file 4040
	finish
}

deleted_file_is_gone()
{
	fresh
	put "$ROOT/file" x
	started
	rm "$ROOT/file"
	said '^GONE default file'
	settled
	finish
}

file_that_is_deleted_and_made_again_is_never_gone()
{
	fresh
	put "$ROOT/file" old
	started -q 2000
	rm "$ROOT/file"
	put "$ROOT/file" again
	wait_until has file again
	never_said GONE
	finish
}

renamed_file_changes_its_name_at_one_moment()
{
	fresh
	put "$ROOT/before" x
	started
	mv "$ROOT/before" "$ROOT/after"
	said '^GONE default before'
	[ "$(set_of after)" = 'GONE:before READY:after' ]
	finish
}

hard_link_is_served_like_any_file()
{
	fresh
	put "$ROOT/file" x
	started
	ln "$ROOT/file" "$ROOT/other"
	wait_until has other x
	finish
}

touched_file_is_not_told_of_again()
{
	fresh
	put "$ROOT/file" x
	started
	forget_output
	touch "$ROOT/file"
	put "$ROOT/later" y
	wait_until has later y
	never_said 'READY default file'
	finish
}

# ---- writers ----

# From here on it is run as somebody who may not read everything.
as_nobody()
{
	[ "$(id -u)" = 0 ] || skip "needs root"
	chown nobody "$STATE"
	AS=(setpriv --reuid nobody --regid nogroup --clear-groups)
}

# Both ways to know: the kernel tells root of writers, and others by what happens.
slow_writer()
{
	exec 8> "$ROOT/slow"
	printf 'half' >&8
	sleep 1
	printf ' whole' >&8
	sleep 1
	never_said 'READY default slow'
	exec 8>&-
	wait_until has slow 'half whole'
	finish
}

file_is_not_served_before_its_writer_is_done()
{
	fresh
	started -s 20000
	slow_writer
}

file_is_not_served_before_its_writer_is_done_where_the_kernel_does_not_tell()
{
	[ "$(id -u)" = 0 ] || skip "needs root"
	fresh
	chown nobody "$STATE"
	AS=(setpriv --reuid nobody --regid nogroup --clear-groups)
	started -s 20000
	slow_writer
}

file_whose_writer_has_written_nothing_yet_is_not_served_empty()
{
	[ "$(id -u)" = 0 ] || skip "needs root"
	fresh
	chown nobody "$STATE"
	AS=(setpriv --reuid nobody --regid nogroup --clear-groups)
	started -s 20000
	exec 8> "$ROOT/slow"
	said 'ARRIVING default slow'
	sleep 1
	never_said 'READY default slow'
	printf 'x' >&8
	exec 8>&-
	wait_until has slow x
	finish
}

old_content_is_served_while_the_new_one_is_written()
{
	fresh
	put "$ROOT/file" old
	started -s 20000
	exec 8> "$ROOT/file"
	printf 'ne' >&8
	sleep 1
	has file old
	printf 'w' >&8
	exec 8>&-
	wait_until has file new
	never_said GONE
	finish
}

writer_that_was_there_at_the_start_is_waited_for()
{
	fresh
	exec 8> "$ROOT/file"
	printf 'half' >&8
	started
	said 'ARRIVING default file'
	never_said 'READY default file'
	exec 8>&-
	wait_until has file half
	finish
}

# Somebody who has not written for a moment when the daemon starts; and the kernel does not tell.
file_that_was_changed_a_moment_before_the_start_waits_where_the_kernel_does_not_tell()
{
	local changed

	fresh
	as_nobody
	exec 8> "$ROOT/file"
	printf 'half' >&8
	changed=$(date +%s%N)
	started
	said 'READY default file'
	[ $(($(date +%s%N) - changed)) -ge 5000000000 ]
	exec 8>&-
	finish
}

writer_that_was_there_at_the_start_is_waited_for_by_another_user_with_cap_lease()
{
	fresh
	as_nobody
	AS+=(--inh-caps +lease --ambient-caps +lease)
	exec 8> "$ROOT/file"
	printf 'half' >&8
	touch -d '1 hour ago' "$ROOT/file"
	put "$ROOT/other" x
	touch -d '1 hour ago' "$ROOT/other"
	started
	wait_until has other x
	sleep 2
	never_said 'READY default file'
	exec 8>&-
	wait_until has file half
	finish
}

constant_writer_does_not_keep_others_from_being_served()
{
	fresh
	started -s 1000
	(while echo line >> "$ROOT/log"; do sleep 0.02; done) 8>&- 9>&- &
	at_end kill $!
	exec 8> "$ROOT/open-for-ever"
	printf x >&8
	sleep 0.5
	put "$ROOT/other" x
	wait_until has other x
	# Who was waited for in vain once is not waited for again.
	put "$ROOT/next" y
	wait_until has next y
	never_said 'READY default open-for-ever'
	exec 8>&-
	wait_until has open-for-ever x
	finish
}

# ---- sets ----

files_that_arrive_together_are_served_together()
{
	local i

	fresh
	for i in 1 2 3; do
		put "$ROOT/part$i" "old $i"
	done
	started -q 2000
	for i in 1 2 3; do
		put "$ROOT/part$i" "new $i"
		sleep 0.1
	done
	wait_until has part3 'new 3'
	[ "$(set_of part3)" = 'READY:part1 READY:part2 READY:part3' ]
	finish
}

set_waits_for_its_last_file()
{
	fresh
	put "$ROOT/index" 'old'
	started -s 20000
	exec 8> "$ROOT/image"
	printf 'half' >&8
	put "$ROOT/index" 'new'
	sleep 1.5
	has index old
	printf ' whole' >&8
	exec 8>&-
	wait_until has image 'half whole'
	[ "$(set_of image)" = 'READY:image READY:index' ]
	finish
}

set_goes_without_what_is_not_complete_in_time()
{
	fresh
	started -s 1500
	exec 8> "$ROOT/image"
	printf 'half' >&8
	put "$ROOT/index" 'new'
	wait_until has index new
	serves_not image
	exec 8>&-
	wait_until has image half
	finish
}

# ---- directories ----

directory_is_moved_in_and_out()
{
	fresh
	mkdir -p "$DIR/outside/sub"
	put "$DIR/outside/a" 1
	put "$DIR/outside/sub/b" 2
	started
	mv "$DIR/outside" "$ROOT/in"
	wait_until has in/sub/b 2
	settled
	[ "$(set_of in/a)" = 'READY:in/a READY:in/sub/b' ]
	# It is watched where it is now.
	put "$ROOT/in/sub/c" 3
	wait_until has in/sub/c 3
	mv "$ROOT/in" "$DIR/outside"
	wait_until serves_not in/a
	[ "$(set_of in/a)" = 'GONE:in/a GONE:in/sub/b GONE:in/sub/c' ]
	# And no longer where it was.
	put "$DIR/outside/a" 'elsewhere'
	put "$ROOT/mark" x
	wait_until has mark x
	settled
	finish
}

directory_is_renamed_without_reading_its_files_again()
{
	local before

	fresh
	mkdir -p "$ROOT/one/deep"
	put "$ROOT/one/deep/file" x
	put "$ROOT/one/file" y
	# What was changed a moment ago is read twice: not here.
	sleep 0.3
	started
	before=$(status_of ingested)
	mv "$ROOT/one" "$ROOT/two"
	wait_until serves two/deep/file
	settled
	[ "$(set_of two/file)" = 'GONE:one/deep/file GONE:one/file READY:two/deep/file READY:two/file' ]
	[ "$(status_of ingested)" = "$before" ]
	put "$ROOT/two/deep/file" z
	wait_until has two/deep/file z
	finish
}

directories_change_places()
{
	fresh
	mkdir "$ROOT/a" "$ROOT/b"
	put "$ROOT/a/file" 'of a'
	put "$ROOT/b/file" 'of b'
	started
	mv "$ROOT/a" "$ROOT/c"
	mv "$ROOT/b" "$ROOT/a"
	mv "$ROOT/c" "$ROOT/b"
	wait_until has a/file 'of b'
	settled
	put "$ROOT/a/new" x
	put "$ROOT/b/other" y
	settled
	finish
}

directory_gives_way_to_a_file_and_back()
{
	fresh
	mkdir "$ROOT/thing"
	put "$ROOT/thing/file" x
	started
	rm -r "$ROOT/thing"
	put "$ROOT/thing" 'a file'
	wait_until has thing 'a file'
	settled
	rm "$ROOT/thing"
	mkdir "$ROOT/thing"
	put "$ROOT/thing/file" y
	wait_until has thing/file y
	settled
	finish
}

no_file_is_lost_in_directories_made_a_moment_before()
{
	fresh
	started
	python3 - "$ROOT" <<- 'END'
		import os, sys
		for i in range(1000):
		    path = sys.argv[1] + "/d%d/e%d/f%d" % (i // 100, i // 10, i)
		    os.makedirs(path)
		    with open(path + "/file", "w") as out:
		        out.write(str(i))
	END
	settled
	[ "$(served | wc -l)" = 1000 ]
	[ "$(status_of overflows)" = 0 ] || [ "$(status_of rescans)" -gt 0 ]
	finish
}

tree_is_deleted_and_unpacked_again()
{
	local i

	fresh
	for i in $(seq 1 50); do
		mkdir -p "$DIR/new/d$((i % 7))"
		put "$DIR/new/d$((i % 7))/f$i" "new $i"
	done
	cp -r "$DIR/new" "$ROOT/tree"
	started
	for i in 1 2 3; do
		rm -r "$ROOT/tree"
		cp -r "$DIR/new" "$ROOT/tree"
	done
	rm "$ROOT/tree/d3/f10"
	put "$ROOT/tree/d3/mark" x
	wait_until has tree/d3/mark x
	settled
	finish
}

# ---- links ----

link_inside_the_folder_is_followed()
{
	fresh
	mkdir "$ROOT/v1" "$ROOT/v2"
	put "$ROOT/v1/image" one
	put "$ROOT/v2/image" two!
	ln -s v1/image "$ROOT/relative"
	ln -s "$ROOT/v1/image" "$ROOT/absolute"
	ln -s v1 "$ROOT/current"
	started
	settled
	has current/image one
	# What a link leads to changes, by itself or by another link.
	put "$ROOT/v1/image" 'one again'
	wait_until has relative 'one again'
	ln -sfn v2 "$ROOT/current"
	wait_until has current/image two!
	put "$ROOT/v2/more" x
	wait_until has current/more x
	settled
	finish
}

link_through_hidden_directories_is_followed()
{
	fresh
	mkdir "$ROOT/..v1" "$ROOT/..v2"
	put "$ROOT/..v1/file" one
	put "$ROOT/..v2/file" two!
	ln -s ..v1 "$ROOT/..data"
	ln -s ..data/file "$ROOT/file"
	started
	has file one
	ln -s ..v2 "$ROOT/..new"
	mv -T "$ROOT/..new" "$ROOT/..data"
	wait_until has file two!
	[ "$(served | wc -l)" = 1 ]
	finish
}

link_out_of_the_folder_is_not_followed()
{
	fresh
	mkdir "$DIR/outside"
	put "$DIR/outside/secret" x
	ln -s ../outside/secret "$ROOT/up"
	ln -s "$DIR/outside/secret" "$ROOT/absolute"
	ln -s "$DIR/outside" "$ROOT/directory"
	ln -s /proc/self/root/etc/passwd "$ROOT/magic"
	put "$ROOT/file" x
	started
	ln -s ../outside "$ROOT/later"
	ln -s absolute "$ROOT/by-another"
	put "$ROOT/mark" x
	wait_until has mark x
	[ "$(served | cut -d' ' -f2 | xargs)" = 'file mark' ]
	said 'NOTE .*/later is not served: the link leads out'
	# Told once, though it is looked at each time.
	[ "$(grep -c 'NOTE .*/up is not served' "$OUT")" = 1 ]
	never_said secret
	finish
}

folder_whose_sibling_has_a_longer_name_is_not_left()
{
	fresh
	mkdir "$DIR/root2" "$ROOT/2"
	put "$DIR/root2/secret" x
	put "$ROOT/2/secret" 'of the folder'
	ln -s "$DIR/root2/secret" "$ROOT/link"
	started
	has 2/secret 'of the folder'
	serves_not link
	finish
}

links_that_lead_in_a_circle_end()
{
	fresh
	mkdir -p "$ROOT/a/b" "$ROOT/c"
	put "$ROOT/a/b/file" x
	ln -s .. "$ROOT/a/b/up"
	ln -s . "$ROOT/self"
	ln -s me "$ROOT/me"
	ln -s ../c "$ROOT/a/to-c"
	ln -s ../a "$ROOT/c/to-a"
	started
	serves a/b/file
	serves c/to-a/b/file
	serves_not self/a/b/file
	serves_not a/b/up/b/file
	serves_not c/to-a/to-c/to-a/b/file
	put "$ROOT/mark" x
	wait_until has mark x
	finish
}

link_to_what_comes_later_is_served_then()
{
	fresh
	ln -s later "$ROOT/link"
	started
	said 'NOTE .*/link is not served: the link leads to nothing'
	put "$ROOT/later" x
	wait_until has link x
	rm "$ROOT/later"
	wait_until serves_not link
	finish
}

# Whoever may write to the folder tries to get a file served that is not his to read.
file_outside_is_never_served_while_links_and_directories_change_places()
{
	fresh
	mkdir "$DIR/outside" "$ROOT/flip"
	put "$DIR/outside/file" 'secret!'
	put "$ROOT/flip/file" 'good'
	ln -s "$DIR/outside" "$ROOT/.flop"
	started -q 5 -s 20
	python3 - "$ROOT" <<- 'END'
		import ctypes, os, sys, time
		root = sys.argv[1].encode()
		libc = ctypes.CDLL(None, use_errno=True)
		AT_FDCWD, RENAME_EXCHANGE = -100, 2
		end = time.monotonic() + 4
		turn = 0
		while time.monotonic() < end or turn % 2:
		    if libc.renameat2(AT_FDCWD, root + b"/flip", AT_FDCWD, root + b"/.flop", RENAME_EXCHANGE):
		        raise OSError(ctypes.get_errno(), "renameat2")
		    turn += 1
		    with open(root + (b"/.flop" if turn % 2 else b"/flip") + b"/file", "w") as out:
		        out.write("good" * (turn % 5 + 1))
	END
	put "$ROOT/flip/file" 'in the end'
	wait_until has flip/file 'in the end'
	never_said "READY .* 7 $(digest 'secret!')"
	finish
}

# ---- directories that cannot be read ----

directory_that_was_never_readable_keeps_nobody_waiting()
{
	fresh
	as_nobody
	mkdir -m 700 "$ROOT/lost+found"
	put "$ROOT/lost+found/inside" x
	put "$ROOT/file" x
	started
	said 'NOTE .*/lost\+found: Permission denied'
	wait_until has file x
	serves_not lost.found/inside
	finish
}

# Of the index, while nobody has it open.
rows()
{
	python3 - "$STATE" <<- 'END'
		import sqlite3, sys
		print(sqlite3.connect(sys.argv[1] + "/index.db").execute("SELECT count(*) FROM file").fetchone()[0])
	END
}

directory_out_of_which_files_were_served_is_waited_for_when_it_may_not_be_read()
{
	fresh
	as_nobody
	mkdir -p "$ROOT/closed/deep" "$ROOT/never"
	put "$ROOT/closed/deep/file" old
	put "$ROOT/other" x
	touch -d '1 hour ago' "$ROOT/closed/deep/file" "$ROOT/other"
	sleep 0.3
	started
	settled
	finish
	[ "$(rows)" = 2 ]
	chmod 000 "$ROOT/closed" "$ROOT/never"
	begin
	said 'NOTE 3 .*/root/closed: Permission denied: .*chmod .*nobody is told that a name does not exist'
	wait_until has other x
	put "$ROOT/later" y
	wait_until has later y
	never_said '^SCANNED'
	[ "$(status_of scanned)" = 0 ]
	finish
	[ "$(rows)" -ge 2 ]
	begin
	said 'NOTE 3 .*/root/closed: Permission denied'
	chmod 755 "$ROOT/closed"
	said '^SCANNED'
	has closed/deep/file old
	said 'NOTE 5 no longer so: .*/root/closed'
	finish
}

directory_that_may_not_be_read_and_is_ignored_then_keeps_nobody_waiting()
{
	fresh
	as_nobody
	mkdir "$ROOT/closed"
	put "$ROOT/closed/file" old
	touch -d '1 hour ago' "$ROOT/closed/file"
	sleep 0.3
	started
	settled
	finish
	chmod 000 "$ROOT/closed"
	begin
	said 'NOTE 3 .*/root/closed: Permission denied: .*nobody is told'
	never_said '^SCANNED'
	order config -i closed "$ROOT"
	said '^SCANNED'
	finish
}

# A file system that answers nothing, as that of a server that is gone.
mount_dead()
{
	at_end umount -l "$1"
	python3 - "$1" <<- 'END'
		import ctypes, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		fd = os.open("/dev/fuse", os.O_RDWR)
		options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fd
		if libc.mount(b"dead", sys.argv[1].encode(), b"fuse", 0, options):
		    sys.exit(os.strerror(ctypes.get_errno()))
	END
}

directory_that_fails_at_the_start_is_waited_for()
{
	local deadline=$((SECONDS + 90))

	fresh
	mkdir "$ROOT/dead"
	put "$ROOT/dead/below" x
	put "$ROOT/file" x
	mount_dead "$ROOT/dead" || skip "no FUSE"
	begin
	said 'NOTE 3 .*/root/dead: .*again each minute; .*nobody is told that a name does not exist'
	wait_until has file x
	never_said '^SCANNED'
	umount "$ROOT/dead"
	until has_said '^SCANNED'; do
		[ "$SECONDS" -lt "$deadline" ]
		sleep 1
	done
	has dead/below x
	finish
}

directory_that_cannot_be_read_any_more_keeps_its_names()
{
	fresh
	as_nobody
	mkdir -p "$ROOT/closed/deep"
	put "$ROOT/closed/file" 1
	put "$ROOT/closed/deep/file" 2
	started
	settled
	chmod 000 "$ROOT/closed"
	said 'NOTE 4 .*/root/closed: Permission denied'
	forget_output
	order rescan
	put "$ROOT/mark" x
	said 'READY default mark'
	# Nothing is denied for its sake after other rules either: what is in it is known.
	order config -i '*.txt' "$ROOT"
	said '^SCANNED'
	never_said GONE
	[ "$(status_of files)" = 3 ]
	finish
}

# ---- rules ----

hidden_and_partial_files_are_left_out()
{
	fresh
	mkdir "$ROOT/.git"
	put "$ROOT/.hidden" x
	put "$ROOT/.git/config" x
	put "$ROOT/image.bin.PART" x
	put "$ROOT/image.bin" x
	started -i '*.part' -i '~*'
	put "$ROOT/more.part" x
	put "$ROOT/~lock" x
	put "$ROOT/.git/HEAD" x
	put "$ROOT/mark" x
	wait_until has mark x
	[ "$(served | cut -d' ' -f2 | xargs)" = 'image.bin mark' ]
	mv "$ROOT/more.part" "$ROOT/more"
	wait_until has more x
	mv "$ROOT/more" "$ROOT/.more"
	wait_until serves_not more
	finish
}

what_is_left_out_is_told_of_once()
{
	fresh
	mkfifo "$ROOT/pipe"
	put "$ROOT/large" '12345678901'
	put "$ROOT/fits" '1234567890'
	put "$ROOT/$(printf 'a\001b')" x
	mkdir -p "$ROOT/$(printf 'd%.0s' $(seq 1 200))"
	put "$ROOT/$(printf 'd%.0s' $(seq 1 200))/$(printf 'f%.0s' $(seq 1 100))" x
	chmod o-r "$ROOT/fits"
	put "$ROOT/readable" x
	started -w -b 10
	[ "$(served | cut -d' ' -f2 | xargs)" = 'readable' ]
	said 'NOTE .*/pipe is not served: not a regular file'
	said 'NOTE .*/large is not served: larger than max-file'
	said 'NOTE .*/fits is not served: others may not read it'
	said 'NOTE .* is not served: its name contains control'
	said 'NOTE .* is not served: a name has at most 255 bytes'
	[ "$(status_of left_out)" = 5 ]
	order rescan
	chmod o+r "$ROOT/fits"
	wait_until has fits 1234567890
	chmod o-r "$ROOT/fits"
	wait_until serves_not fits
	[ "$(grep -c 'NOTE .*/large is not served' "$OUT")" = 1 ]
	finish
}

unreadable_file_is_told_of_and_served_when_it_can_be_read()
{
	[ "$(id -u)" = 0 ] || skip "needs root"
	fresh
	put "$ROOT/secret" x
	put "$ROOT/file" old
	mkdir "$ROOT/closed"
	put "$ROOT/closed/inside" x
	chmod 600 "$ROOT/secret"
	chmod 700 "$ROOT/closed"
	chown nobody "$STATE"
	AS=(setpriv --reuid nobody --regid nogroup --clear-groups)
	started
	said 'NOTE .*/secret: Permission denied: ktftpd may not read it'
	said 'NOTE .*/closed: Permission denied'
	wait_until has file old
	[ "$(served | cut -d' ' -f2 | xargs)" = 'file' ]
	chmod 644 "$ROOT/secret"
	wait_until has secret x
	chmod 755 "$ROOT/closed"
	wait_until has closed/inside x
	# What was served is served on.
	chmod 600 "$ROOT/file"
	put "$ROOT/file" new
	said 'NOTE .*/file: Permission denied: .*what it contained before is served'
	has file old
	chmod 644 "$ROOT/file"
	wait_until has file new
	never_said GONE
	finish
}

files_beyond_the_most_are_left_out()
{
	fresh
	put "$ROOT/a" 1
	put "$ROOT/b" 2
	started -m 2
	put "$ROOT/c" 3
	said 'NOTE .*/c is not served: there are more files than max-files'
	said 'GONE default c'
	rm "$ROOT/a"
	wait_until serves_not a
	put "$ROOT/d" 4
	wait_until has d 4
	[ "$(served | cut -d' ' -f2 | xargs)" = 'b d' ]
	finish
}

names_that_differ_in_case_only_are_both_served_and_told_of()
{
	fresh
	put "$ROOT/File" 1
	put "$ROOT/fILE" 2
	started
	settled
	said 'NOTE .*differ in case only'
	finish
}

two_files_for_one_name_are_told_by_their_order()
{
	fresh
	mkdir "$ROOT/a"
	put "$ROOT/a/b" first
	put "$ROOT/a\\b" second
	started
	has a/b first
	rm "$ROOT/a/b"
	wait_until has a/b second
	never_said GONE
	put "$ROOT/a/b" third
	wait_until has a/b third
	finish
}

# ---- roots ----

first_root_counts_when_a_name_is_in_several()
{
	fresh
	mkdir "$DIR/second"
	put "$ROOT/both" first
	put "$DIR/second/both" second
	put "$DIR/second/only" x
	started "$ROOT" "$DIR/second"
	has both first
	has only x
	rm "$ROOT/both"
	wait_until has both second
	# It does not count before it is whole.
	exec 8> "$ROOT/both"
	printf 'aga' >&8
	put "$DIR/second/both" changed
	wait_until has both changed
	printf 'in' >&8
	exec 8>&-
	wait_until has both again
	never_said GONE
	finish
}

roots_with_views_of_their_own_have_names_of_their_own()
{
	fresh
	mkdir "$DIR/second"
	put "$ROOT/both" first
	put "$DIR/second/both" second
	started "$ROOT=a" "$DIR/second=b"
	[ "$(served | cut -d' ' -f1-3)" = "$(printf 'a both 5\nb both 6')" ]
	finish
}

folder_that_is_deleted_and_made_again_is_served()
{
	fresh
	put "$ROOT/file" x
	started
	mv "$ROOT" "$DIR/away"
	said 'NOTE 3 .*/root: it is not there.*served as it was'
	serves file
	mkdir "$ROOT"
	put "$ROOT/other" y
	wait_until has other y
	settled
	put "$ROOT/more" z
	wait_until has more z
	put "$DIR/away/file" 'elsewhere'
	put "$ROOT/mark" x
	wait_until has mark x
	settled
	finish
}

folder_that_is_mounted_later_is_served_and_can_be_unmounted()
{
	fresh
	put "$ROOT/below" x
	started
	mount -t tmpfs none "$ROOT"
	at_end umount -l "$ROOT"
	put "$ROOT/mounted" y
	wait_until has mounted y
	serves_not below
	settled
	put "$ROOT/more" z
	wait_until has more z
	umount "$ROOT"
	wait_until has below x
	settled
	finish
}

directory_that_something_is_mounted_on_is_looked_at_within_a_minute()
{
	local deadline=$((SECONDS + 90))

	fresh
	mkdir "$ROOT/sub"
	put "$ROOT/sub/below" x
	started
	mount -t tmpfs none "$ROOT/sub"
	at_end umount -l "$ROOT/sub"
	put "$ROOT/sub/mounted" y
	until serves sub/mounted; do
		[ "$SECONDS" -lt "$deadline" ]
		sleep 1
	done
	settled
	finish
}

folder_that_is_missing_at_the_start_is_waited_for()
{
	fresh
	put "$ROOT/file" x
	begin "$ROOT" "$DIR/missing"
	said 'NOTE 3 .*/missing: it is not there.*nobody is told that a name does not exist'
	wait_until has file x
	never_said SCANNED
	mkdir "$DIR/missing"
	said '^SCANNED'
	put "$DIR/missing/late" y
	wait_until has late y
	finish
}

new_configuration_touches_only_what_is_different()
{
	local before

	fresh
	mkdir "$DIR/second" "$DIR/third"
	put "$ROOT/stays" x
	put "$ROOT/notes.txt" x
	put "$DIR/second/goes" y
	put "$DIR/third/comes" z
	put "$DIR/second/both" 'of the second'
	put "$DIR/third/both" 'of the third'
	started "$ROOT" "$DIR/second"
	before=$(status_of ingested)
	forget_output
	order config "$ROOT" "$DIR/third"
	said '^GONE default goes'
	has comes z
	has both 'of the third'
	never_said 'stays|notes|GONE default both'
	[ "$(status_of ingested)" = $((before + 2)) ]
	forget_output
	order config -i '*.txt' "$DIR/third" "$ROOT"
	said '^GONE default notes.txt'
	never_said 'stays|comes|both'
	order config "$DIR/third" "$ROOT"
	wait_until has notes.txt x
	finish
}

each_configuration_is_said_to_be_looked_at()
{
	fresh
	put "$ROOT/file" x
	put "$ROOT/notes.txt" x
	started
	forget_output
	order config "$ROOT"
	said '^SCANNED'
	never_said 'SET|GONE'
	forget_output
	order config -i '*.txt' "$ROOT"
	said '^SCANNED'
	[ "$(grep -cE '^(GONE default notes.txt|SCANNED)' "$OUT")" = 2 ]
	grep -E '^(GONE|SCANNED)' "$OUT" | head -n 1 | grep '^GONE'
	# Whatever is new is told of before, and is waited for.
	forget_output
	order config "$ROOT" "$DIR/missing"
	said 'NOTE 3 .*/missing: it is not there.*nobody is told that a name does not exist'
	said 'READY default notes.txt'
	never_said '^SCANNED'
	mkdir "$DIR/missing"
	said '^SCANNED'
	# Nothing is told twice.
	put "$ROOT/mark" x
	said 'READY default mark'
	[ "$(grep -c '^SCANNED' "$OUT")" = 1 ]
	finish
}

# ---- in place ----

files_in_place_are_served_without_a_copy()
{
	fresh
	put "$ROOT/file" x
	started -p
	said '^READY default file 1 .* place'
	[ -z "$(find "$STATE/content" -type f)" ]
	put "$ROOT/file" changed
	wait_until has file changed
	forget_output
	order config "$ROOT"
	said '^READY default file 7 .* copy'
	[ "$(find "$STATE/content" -type f | wc -l)" = 1 ]
	finish
}

TESTS=(
	file_that_was_there_is_served
	new_file_is_served_and_awaited_at_once
	file_that_is_renamed_over_another_is_served_without_a_gap
	file_that_is_rewritten_in_place_is_served_as_it_is_now
	file_that_is_written_twice_in_a_moment_is_served_as_it_is_at_the_end
	deleted_file_is_gone
	file_that_is_deleted_and_made_again_is_never_gone
	renamed_file_changes_its_name_at_one_moment
	hard_link_is_served_like_any_file
	touched_file_is_not_told_of_again
	file_is_not_served_before_its_writer_is_done
	file_is_not_served_before_its_writer_is_done_where_the_kernel_does_not_tell
	file_whose_writer_has_written_nothing_yet_is_not_served_empty
	old_content_is_served_while_the_new_one_is_written
	writer_that_was_there_at_the_start_is_waited_for
	file_that_was_changed_a_moment_before_the_start_waits_where_the_kernel_does_not_tell
	writer_that_was_there_at_the_start_is_waited_for_by_another_user_with_cap_lease
	constant_writer_does_not_keep_others_from_being_served
	files_that_arrive_together_are_served_together
	set_waits_for_its_last_file
	set_goes_without_what_is_not_complete_in_time
	directory_is_moved_in_and_out
	directory_is_renamed_without_reading_its_files_again
	directories_change_places
	directory_gives_way_to_a_file_and_back
	no_file_is_lost_in_directories_made_a_moment_before
	tree_is_deleted_and_unpacked_again
	link_inside_the_folder_is_followed
	link_through_hidden_directories_is_followed
	link_out_of_the_folder_is_not_followed
	folder_whose_sibling_has_a_longer_name_is_not_left
	links_that_lead_in_a_circle_end
	link_to_what_comes_later_is_served_then
	file_outside_is_never_served_while_links_and_directories_change_places
	directory_that_was_never_readable_keeps_nobody_waiting
	directory_out_of_which_files_were_served_is_waited_for_when_it_may_not_be_read
	directory_that_may_not_be_read_and_is_ignored_then_keeps_nobody_waiting
	directory_that_fails_at_the_start_is_waited_for
	directory_that_cannot_be_read_any_more_keeps_its_names
	hidden_and_partial_files_are_left_out
	what_is_left_out_is_told_of_once
	unreadable_file_is_told_of_and_served_when_it_can_be_read
	files_beyond_the_most_are_left_out
	names_that_differ_in_case_only_are_both_served_and_told_of
	two_files_for_one_name_are_told_by_their_order
	first_root_counts_when_a_name_is_in_several
	roots_with_views_of_their_own_have_names_of_their_own
	folder_that_is_deleted_and_made_again_is_served
	folder_that_is_mounted_later_is_served_and_can_be_unmounted
	directory_that_something_is_mounted_on_is_looked_at_within_a_minute
	folder_that_is_missing_at_the_start_is_waited_for
	new_configuration_touches_only_what_is_different
	each_configuration_is_said_to_be_looked_at
	files_in_place_are_served_without_a_copy
)

run_tests "$@"
