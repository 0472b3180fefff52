#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ctl_sets.sh: ktftpctl and many names at once: folders, views, owners, absents, budgets.

# shellcheck source-path=SCRIPTDIR source=ctl_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/ctl_lib.sh"

# make_tree COUNT: so many small files, each of its own content.
make_tree()
{
	mkdir tree
	python3 -ISc '
import sys
for i in range(int(sys.argv[1])):
    with open(f"tree/SEP{i:012x}.cnf.xml", "w") as file:
        file.write(f"configuration {i}\n" * 20)' "$1"
}

# held: bytes that the namespace holds.
held()
{
	ctl -j info | python3 -ISc 'import json, sys; print(json.load(sys.stdin)["namespace_bytes"])'
}

# serves NAME FILE: the server answers with what the file contains.
serves()
{
	get "$1"
	cmp got "$2" || fail "$1 is not $2"
}

# not_found NAME: ERROR 1, and nothing else, is what curl ends with 68 for.
not_found()
{
	local status=0

	get "$1" || status=$?
	[ "$status" = 68 ] || fail "$1: curl ends with $status"
}

properties_are_kept_and_shown()
{
	local sum

	begin
	sum=$(sha256sum file | cut -c1-64)
	prints "file: pinned" publish file --view phones --owner me --sha256 "${sum^^}"
	json '[(e["name"], e["view"], e["owner"], e["sha256"], e["offset"], e["while_attached"]) for e in x] ==
		[("file", "phones", "me", "'"$sum"'", 0, False)]' list
	json 'x[0]["source"] == "'"$WORK"'/file"' list
	ln -s file link
	succeeds publish link
	json '[(e["name"], e["view"], e["owner"], e["sha256"], e["source"]) for e in x] ==
		[("link", "default", "cli", None, "'"$WORK"'/file")]' list --view default
	prints "phones     me " list 'fi*'
	json '[e["name"] for e in x] == ["file"]' list --owner me
	json 'x == []' list link --owner me
	ends 2 "file: the content has another SHA-256" publish file --name other --sha256 "$(printf '%064d' 0)"
	json 'len(x) == 2' list
}

names_without_a_path_have_no_source()
{
	begin
	exec 3< file
	rm file
	succeeds publish /proc/self/fd/3 --name deleted
	json 'x[0]["source"] is None' list
	exec 3<&-
}

all_of_a_view_or_an_owner_are_withdrawn()
{
	begin
	succeeds publish file --name a
	succeeds publish file --name b --view v --owner me
	succeeds publish file --name c --view v
	succeeds publish file --name d --owner me
	ends 2 "not published in this view" withdraw b
	succeeds withdraw c --view v
	json 'x == {"withdrawn": 1}' withdraw --all --yes --view v --owner me
	json '[e["name"] for e in x] == ["a", "d"]' list
	prints "1 names withdrawn" withdraw --all --yes --owner me
	prints "0 names withdrawn" withdraw --all --yes --view v
	json '[e["name"] for e in x] == ["a"]' list
}

clients_see_the_uppermost_of_their_views()
{
	begin
	make_file new 700
	make_file hidden 600
	succeeds listen add 127.0.0.1
	succeeds publish file
	succeeds publish new --name file --view new
	succeeds publish hidden --view other
	serves file file
	not_found hidden
	succeeds view set new,default
	serves file new
	json '[(v["name"], v["position"], v["entries"]) for v in x] ==
		[("new", 1, 1), ("default", 2, 1), ("other", None, 1)]' view
	prints "other                                   -        1        0" view list
	succeeds view set other
	serves hidden hidden
	not_found file
	ends 1 "no spaces, commas" view set "a b"
	ends 2 "nothing is published in the view 'ohter'" view set ohter,default
	succeeds --yes view set ohter,other
	serves hidden hidden
}

absents_are_added_listed_and_deleted()
{
	begin
	succeeds absent add 'CTL*.tlv' --for 3600 --owner me
	succeeds absent add one two --view v
	succeeds absent add -- -dash --for
	json '[(a["glob"], a["view"], a["owner"], a["hits"]) for a in x] ==
		[("CTL*.tlv", "default", "me", 0), ("one", "v", "cli", 0), ("two", "v", "cli", 0),
		 ("-dash", "default", "cli", 0), ("--for", "default", "cli", 0)]' absent
	json '3500000 < x[0]["left_ms"] <= 3600000 and x[1]["left_ms"] is None' absent list
	prints "59m" absent
	succeeds listen add 127.0.0.1
	not_found ctlsep1.tlv
	json 'x[0]["hits"] == 1' absent
	ends 2 "three: there is no such absent" absent del one three --view v
	json 'len(x) == 5' absent
	succeeds absent del -- -dash --for
	json 'x == {"deleted": 1}' absent del one --view v
	prints "1 absents deleted" absent del --all --yes --owner me
	json '[a["glob"] for a in x] == ["two"]' absent
	prints "1 absents deleted" absent del --yes --all
	json 'x == []' absent
}

budgets_are_set_and_shown()
{
	begin
	make_file large 2000000
	prints "no limit" budget
	prints "no limit but the host's" info
	json 'x["limit_bytes"] is None and x["held_bytes"] == 0' budget show
	json 'x["namespace_limit_bytes"] is None' info
	succeeds budget set 1M
	json 'x["limit_bytes"] == 1 << 20' budget
	prints "1.0 MiB allowed" info
	ends 2 "see ktftpctl budget" publish large
	succeeds publish file
	succeeds budget set 4096KiB
	succeeds publish large
	json 'x["limit_bytes"] == 4 << 20 and x["held_bytes"] >= 2000000' budget
	succeeds budget set none
	json 'x["limit_bytes"] is None' budget
}

# The sum is that of what is held: a page per file would be twenty times as much.
ten_thousand_files_are_held_in_little_more_than_their_bytes()
{
	local bytes held

	begin
	make_tree 10000
	bytes=$(find tree -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
	time prints "10000 files" publish -r tree --seal
	held=$(held)
	echo "$bytes bytes, $held held"
	[ "$held" -ge "$bytes" ]
	[ "$held" -le $((bytes + bytes / 10)) ]
	json 'len(x) == 10000 and {e["kind"] for e in x} == {"sealed"}' list
	succeeds listen add 127.0.0.1
	serves SEP000000001234.cnf.xml tree/SEP000000001234.cnf.xml
	serves SEP00000000270f.cnf.xml tree/SEP00000000270f.cnf.xml
	# Once more, at one moment, in place of the others.
	time prints "10000 files" publish -r tree --seal --all-or-none
	serves SEP000000001234.cnf.xml tree/SEP000000001234.cnf.xml
	prints "10000 names withdrawn" withdraw --all --yes
	wait_until nothing_is_held
}

nothing_is_held()
{
	[ "$(held)" = 0 ]
}

# The first and the last file of a pack, an empty one, one that is too large for it, and one just not.
small_and_large_copies_are_what_they_were()
{
	local name size

	begin
	mkdir tree
	for size in 0 1 15 16 17 4095 4096 4097 65535 65536 65537 200000; do
		make_file "tree/$size" "$size"
	done
	succeeds listen add 127.0.0.1
	prints "12 files" publish -r tree --seal
	for name in tree/*; do
		serves "${name#tree/}" "$name"
	done
	json 'sum(e["offset"] > 0 for e in x) >= 8 and all(e["offset"] % 16 == 0 for e in x)' list
	json '[e["offset"] for e in x if e["size"] > 65536] == [0, 0]' list
	prints "12 files" publish -r tree --copy
	json '{e["kind"] for e in x} == {"copied"}' list
	for name in tree/*; do
		serves "${name#tree/}" "$name"
	done
}

files_that_fail_do_not_keep_the_others()
{
	begin
	make_tree 300
	exec 3>> tree/SEP000000000012.cnf.xml 4>> tree/SEP0000000000ff.cnf.xml
	run ctl publish -r tree
	exec 3>&- 4>&-
	[ "$STATUS" = 2 ]
	[ "$(wc -l < err)" = 2 ]
	grep -q "SEP000000000012.cnf.xml: somebody has the file open for writing" err
	grep -q "SEP0000000000ff.cnf.xml: somebody has the file open for writing" err
	grep -q "^298 files" out
	json 'len(x) == 298' list
}

all_or_none_changes_nothing_when_one_fails()
{
	begin
	make_tree 300
	succeeds publish file --name SEP000000000001.cnf.xml
	ctl -j list > before
	exec 3>> tree/SEP0000000000ff.cnf.xml
	ends 2 "SEP0000000000ff.cnf.xml: somebody has the file open for writing" publish -r tree --all-or-none
	exec 3>&-
	json '[(e["name"], e["id"]) for e in x] == [(e["name"], e["id"]) for e in json.load(open("before"))]' list
	ends 2 "missing: No such file" publish file missing --all-or-none
	json 'len(x) == 1' list
	ends 2 "in the set twice" publish file ./file --all-or-none
	json 'len(x) == 1' list
	prints "file: pinned" publish file --all-or-none
	prints "300 files" publish -r tree --all-or-none
	json 'len(x) == 301' list
}

a_full_store_says_so_and_keeps_what_fits()
{
	begin
	make_tree 300
	succeeds budget set 400K
	run ctl publish -r tree
	[ "$STATUS" = 2 ]
	grep -q "^100 files" out || fail "$(< out)"
	grep -q "see ktftpctl budget" err
	succeeds withdraw --all --yes
	ends 2 "see ktftpctl budget" publish -r tree --all-or-none
	json 'x == []' list
	prints "300 files" publish -r tree --seal
}

# Pinned files are open until they are published.
few_descriptors_are_enough()
{
	begin
	make_tree 300
	ON=(ip netns exec server prlimit --nofile=40:1024)
	prints "300 files" publish -r tree --all-or-none
	succeeds withdraw --all --yes
	ON=(ip netns exec server prlimit --nofile=40:40)
	prints "300 files" publish -r tree
	succeeds withdraw --all --yes
	ends 2 "may have no more than 40 files open at once: raise that (ulimit -Hn)" publish -r tree --all-or-none
	json 'x == []' list
	prints "300 files" publish -r tree --all-or-none --seal
}

# On a file system that cannot hold them, they are copied, and nobody has to say so.
files_of_other_file_systems_are_copied()
{
	begin
	make_tree 300
	mkdir upper work_dir merged
	mount -t overlay overlay -o "lowerdir=$WORK/tree,upperdir=$WORK/upper,workdir=$WORK/work_dir" merged
	at_end umount merged
	prints "300 files" publish -r merged
	json 'len(x) == 300 and {e["kind"] for e in x} == {"sealed"}' list
	[ "$(held)" -lt 200000 ]
	ends 2 "cannot be held" publish merged/SEP000000000001.cnf.xml --pin
	run ctl publish -r merged --pin
	[ "$STATUS" = 2 ]
	[ "$(grep -c "cannot be held" err)" = 300 ]
}

# in_user_ns: can the namespaces be entered yet?
in_user_ns()
{
	nsenter -t "$HOLDER" -U -n true
}

# A network namespace of a user's own, which root lets hold something.
begin_in_user_ns()
{
	work_dir
	make_tree "$1"
	chmod 755 .
	# The user's root is nobody here: it can read, and not write.
	setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urn sleep 1000 & HOLDER=$!
	at_end kill "$HOLDER"
	wait_until in_user_ns
	ON=(nsenter -t "$HOLDER" -n)
	succeeds budget set 64M
	ON=(nsenter -t "$HOLDER" -U -n)
}

who_may_not_pin_gets_copies()
{
	begin_in_user_ns 300
	prints "300 files" publish -r tree
	json 'len(x) == 300 and {e["kind"] for e in x} == {"sealed"}' list
	ends 2 "needs CAP_NET_ADMIN in the initial user namespace" publish tree/SEP000000000001.cnf.xml --pin
	ends 2 "set by root of the host" budget set none
}

# Where nothing tells beforehand that files cannot be pinned, the first refusal does, for all of them.
a_refusal_is_taken_for_all_files_like_it()
{
	begin_in_user_ns 300
	ON+=(unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh)
	prints "300 files" publish -r tree --all-or-none
	ON=(nsenter -t "$HOLDER" -U -n)
	json 'len(x) == 300 and {e["kind"] for e in x} == {"sealed"}' list
	[ "$(held)" -lt 200000 ]
}

# Only root of the host may send messages of any size.
a_message_that_is_too_large_says_the_way_out()
{
	begin_in_user_ns 2500
	ends 2 "raise net.core.wmem_max" publish -r tree --all-or-none
	json 'x == []' list
	prints "2500 files" publish -r tree
	json 'len(x) == 2500' list
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	properties_are_kept_and_shown
	clients_see_the_uppermost_of_their_views
	absents_are_added_listed_and_deleted
	all_or_none_changes_nothing_when_one_fails
	who_may_not_pin_gets_copies
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	names_without_a_path_have_no_source
	all_of_a_view_or_an_owner_are_withdrawn
	budgets_are_set_and_shown
	ten_thousand_files_are_held_in_little_more_than_their_bytes
	small_and_large_copies_are_what_they_were
	files_that_fail_do_not_keep_the_others
	a_full_store_says_so_and_keeps_what_fits
	few_descriptors_are_enough
	files_of_other_file_systems_are_copied
	a_refusal_is_taken_for_all_files_like_it
	a_message_that_is_too_large_says_the_way_out
)
run_tests "$@"
