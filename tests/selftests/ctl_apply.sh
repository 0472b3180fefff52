#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ctl_apply.sh: ktftpctl save and apply: what is saved comes back as it was, and a file that is wrong changes nothing.

# shellcheck source-path=SCRIPTDIR source=ctl_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/ctl_lib.sh"

# save FILE: the state, in an order that does not depend on what was published when.
save()
{
	succeeds save
	sed -E 's/ --for [0-9]+/ --for N/' out | sort > "$1"
}

# is_saved FILE: the state is still what save FILE saw.
is_saved()
{
	save now
	diff "$1" now
}

# applies WORD...: nothing is said, and what it prints is what standard input has.
applies()
{
	run ctl apply "$@"
	[ "$STATUS" = 0 ] || fail "apply $*: exit status $STATUS; $(< err)"
	[ ! -s err ] || fail "apply $*: says $(< err)"
	diff - out
}

# is_refused STATUS TEXT LINE...: a state of these lines is.
is_refused()
{
	local status=$1 text=$2

	shift 2
	printf '%s\n' "$@" '# end' > refused
	ends "$status" "$text" apply refused
}

# A state with some of everything.
begin_with_everything()
{
	begin
	make_file other 3000
	succeeds listen add 127.0.0.1
	succeeds listen add '[::1]:6969' single-port notrack dscp 10 mark 5
	succeeds listen add 127.0.0.1:70 dev lo tid-ports 50000-50100
	succeeds --yes view set new,default
	succeeds publish file
	succeeds publish file --name copy --view new --owner set:one --copy
	succeeds publish other --seal --sha256 "$(sha256sum other | cut -c1-64)"
	succeeds absent add 'CTL*.tlv' --for 3600
	succeeds absent add gone --view new --owner me
}

forget_everything()
{
	succeeds withdraw --all --yes
	succeeds absent del --all --yes
	succeeds view set default
	succeeds listen del 127.0.0.1 --now
	succeeds listen del '[::1]:6969' --now
	succeeds listen del 127.0.0.1:70 dev lo --now
}

what_is_saved_comes_back()
{
	begin_with_everything
	succeeds save
	cp out state
	[ "$(head -n 1 state)" = "# ktftp state, format 1" ]
	[ "$(wc -l < state)" = 11 ]
	grep -qx 'listen add \[::1\]:6969 single-port notrack dscp 10 mark 5' state
	grep -qx 'listen add 127.0.0.1:70 dev lo tid-ports 50000-50100' state
	grep -qx 'view set new,default' state
	grep -qx "publish $WORK/file --name copy --view new --owner set:one --copy" state
	save before
	applies state < /dev/null
	forget_everything
	save empty
	[ "$(wc -l < empty)" = 3 ]
	succeeds apply -n state
	cp out dry
	[ "$(grep -c '^+ ' dry)" = 8 ]
	grep -qx '~ view set new,default' dry
	is_saved empty
	# What it says is what it does, and what it said.
	applies state < dry
	is_saved before
	applies state < /dev/null
	# shellcheck disable=SC2094 # another file
	ctl apply - < state > out 2> err
	[ ! -s out ] && [ ! -s err ]
	# A state is a batch as well.
	forget_everything
	ctl -batch state > /dev/null
	is_saved before
}

odd_names_come_back()
{
	# shellcheck disable=SC2016 # not to be expanded
	local name odd=("two words" "a'quote" 'a"quote' '# not a comment' 'back\slash' "Gerät-日本" $'\xff\xfe'
		'$HOME `x` $(y)' '*?[a-z]' "'" '"' "it's \"both\" \\'" '-x' '--name' ' leading and trailing ' '~' 'a#b' '!')

	begin
	mkdir tree
	for name in "${odd[@]}"; do
		# As a name, and as the name of the file; "\" is "/" in the one and not in the other.
		printf '%s' "$name" > "tree/$name"
		succeeds publish "./tree/$name" --name "$name"
	done
	succeeds absent add -- "${odd[@]/#/absent }" -dash --for
	succeeds save
	cp out state
	succeeds -j list
	cp out list
	save before
	applies state < /dev/null
	succeeds withdraw --all --yes
	succeeds absent del --all --yes
	succeeds apply state
	is_saved before
	json 'len(x) == 18 and sorted((e["name"], e["size"], e["source"]) for e in x) ==
		sorted((e["name"], e["size"], e["source"]) for e in json.load(open("list")))' list
}

differences_are_told_and_made()
{
	begin_with_everything
	succeeds save
	sed -e "s|^publish $WORK/file --name file .*|publish file --owner me|" \
		-e '/--name copy/d' \
		-e 's/^view set .*/view set default,new/' \
		-e '/absent add gone/d' \
		-e 's/tid-ports 50000-50100/tid-ports 50000-50200/' \
		-e '/listen add 127.0.0.1:69 /d' out > state
	printf '%s\n' 'publish other --name third' 'absent add more --view new' 'listen add 127.0.0.2' '# end' >> state
	cat > expected <<- END
		- listen add 127.0.0.1:69 tid-ports 61000-63999
		~ listen add 127.0.0.1:70 dev lo tid-ports 50000-50200
		+ listen add 127.0.0.2:69
		~ view set default,new
		- publish $WORK/file --name copy --view new --owner set:one --copy
		~ publish $WORK/file --name file --view default --owner me
		+ publish $WORK/other --name third --view default --owner cli
		- absent add gone --view new --owner me
		+ absent add more --view new --owner cli
	END
	save before
	applies --dry-run state < expected
	is_saved before
	applies state < expected
	applies state < /dev/null
	json '{(l["address"], l["port"]) for l in x if l["state"] == "active"} ==
		{("127.0.0.2", 69), ("127.0.0.1", 70), ("::1", 6969)}' listen
	json '[l["tid_last"] for l in x if l["port"] == 70] == [50200]' listen
	json '[(e["name"], e["owner"]) for e in sorted(x, key=lambda e: e["name"])] ==
		[("file", "me"), ("other", "cli"), ("third", "cli")]' list
	echo '# end' > empty
	succeeds -j apply -n empty
	python3 -ISc '
import json
x = json.load(open("out"))
assert {d["change"] for d in x} == {"-", "~"} and {d["line"] for d in x} >= {"view set default"}, x'
	printf '%s\n' 'view set default' '# end' > nothing
	succeeds apply nothing
	json 'x == []' list
	json 'x == []' absent
}

a_file_that_is_wrong_changes_nothing()
{
	begin_with_everything
	save before
	is_refused 1 "refused:2: 'list' is no state" "publish file" "list"
	is_refused 1 "refused:1: 'listen drain' is no state" "listen drain 127.0.0.1"
	is_refused 1 "refused:1: a quote is not closed" "publish 'file"
	is_refused 1 "refused:3: this is given in line 1 already" "publish file --name a" "" "publish other --name ./a"
	is_refused 1 "refused:2: this is given in line 1 already" "absent add x" "absent add x --for 3"
	is_refused 1 "refused:2: this is given in line 1 already" "listen add 127.0.0.1" "listen add 127.0.0.1:69 notrack"
	is_refused 1 "refused:2: view set is given in line 1 already" "view set a" "view set b"
	is_refused 1 "refused:1: the name of a view has 1 to 31 bytes" "publish file --view 'a b'"
	is_refused 1 "refused:1: a name has at most 255 bytes" "publish file --name $(printf '%0256d' 0)"
	is_refused 1 "refused:1: '../x': a name must not" "publish file --name ../x"
	is_refused 1 "refused:1: publish -r is no state" "publish -r ."
	is_refused 1 "refused:1: '127.0.0.300' is no address" "listen add 127.0.0.300"
	is_refused 2 "refused:2: $WORK/missing: No such file" "publish file" "publish $WORK/missing"
	is_refused 2 "refused:1: $WORK: not a regular file" "publish . --name x" "publish file"
	is_refused 2 "refused:1: this is format 2" "# ktftp state, format 2" "publish file"
	is_saved before
	# All that is wrong is said.
	printf '%s\n' 'serve' 'publish' 'view' '# end' > refused
	run ctl apply refused
	[ "$STATUS" = 1 ]
	[ "$(wc -l < err)" = 3 ]
}

what_is_not_the_whole_of_a_state_changes_nothing()
{
	begin_with_everything
	save before
	succeeds save
	cp out whole
	head -n 3 whole > half
	ends 2 "half:3: the last line is not" apply half
	head -c -3 whole > half
	ends 2 "the last line is not" apply half
	: > nothing
	ends 2 "this is not the whole of a state" apply nothing
	is_saved before
	succeeds apply whole
	is_saved before
}

what_is_missing_can_be_left_out()
{
	begin
	succeeds publish file
	make_file other 100
	printf '%s\n' "publish $WORK/file --name file" "publish $WORK/missing" "publish $WORK/other --name other" '# end' > state
	ends 2 "state:2: $WORK/missing: No such file or directory" apply state
	json 'len(x) == 1' list
	run ctl apply --skip-missing state
	[ "$STATUS" = 2 ]
	grep -q "state:2: $WORK/missing: No such file or directory" err
	[ "$(< out)" = "+ publish $WORK/other --name other --view default --owner cli" ]
	json '{e["name"] for e in x} == {"file", "other"}' list
	rm file
	run ctl apply --skip-missing state
	[ "$STATUS" = 2 ]
	json '{e["name"] for e in x} == {"file", "other"}' list
}

what_the_module_refuses_changes_nothing()
{
	begin_with_everything
	save before
	# New listeners that were there already go again.
	is_refused 2 "refused:3: this address is not one of ours" \
		"listen add 127.0.0.1" "listen add 127.0.0.3" "listen add 203.0.113.1" "publish other --name new"
	is_refused 2 "refused:4: new: the content has another SHA-256" "listen add 127.0.0.3" "view set default" \
		"publish file" "publish other --name new --sha256 $(printf '%064d' 0)" "absent add x"
	exec 3>> other
	is_refused 2 "refused:2: new: somebody has the file open for writing" "publish file --name file2" \
		"publish other --name new"
	exec 3>&-
	is_saved before
	json 'len([l for l in x if l["state"] == "active"]) == 3' listen
}

a_source_that_changed_is_published_again()
{
	begin
	succeeds publish file
	succeeds save
	cp out state
	make_file new 1500
	touch -d '2001-01-01' new
	mv new file
	applies state <<< "~ publish $WORK/file --name file --view default --owner cli --pin"
	applies state < /dev/null
	succeeds listen add 127.0.0.1
	get file
	cmp got file
	# What has gone is still served, and somebody should know.
	rm file
	succeeds listen del 127.0.0.1 --now
	run ctl apply state
	[ "$STATUS" = 0 ]
	[ ! -s out ]
	grep -q "state:2: $WORK/file: No such file or directory; what is published stays" err
	json 'len(x) == 1' list
}

what_cannot_be_saved_stays()
{
	begin
	cp file deleted
	exec 3< deleted
	rm deleted
	succeeds publish /proc/self/fd/3 --name "without source"
	exec 3<&-
	succeeds publish file
	run ctl save
	[ "$STATUS" = 0 ]
	cp out state
	grep -q "1 name cannot be saved" err
	grep -qx "# not saved, it was not published from a file that has a path: 'without source' --view default --owner cli" \
		state
	applies state < /dev/null
	printf '%s\n' 'view set default' '# end' > nothing
	applies nothing <<< "- publish $WORK/file --name file --view default --owner cli --pin"
	json '[e["name"] for e in x] == ["without source"]' list
	# Unless the file has something else for that name.
	printf '%s\n' 'publish file --name "without source"' '# end' > state
	applies state <<< "~ publish $WORK/file --name 'without source' --view default --owner cli"
	json '[e["source"] for e in x] == ["'"$WORK"'/file"]' list
}

lifetimes_run_on()
{
	begin
	printf '%s\n' 'absent add a --for 100' '# end' > state
	applies state <<< "+ absent add a --for 100 --view default --owner cli"
	# It is not begun anew, and is not longer than the file says.
	applies state < /dev/null
	printf '%s\n' 'absent add a --for 1000' '# end' > longer
	applies longer < /dev/null
	printf '%s\n' 'absent add a --for 10' '# end' > shorter
	applies shorter <<< "~ absent add a --for 10 --view default --owner cli"
	printf '%s\n' 'absent add a' '# end' > ever
	applies ever <<< "~ absent add a --view default --owner cli"
	json '[a["left_ms"] for a in x] == [None]' absent
}

a_listener_that_drains_is_not_saved()
{
	begin
	succeeds listen add 127.0.0.1
	succeeds save
	cp out state
	succeeds listen drain 127.0.0.1
	prints "# drains, not saved: listen add 127.0.0.1:69" save
	applies state <<< "~ listen add 127.0.0.1:69 tid-ports 61000-63999"
	json '[l["state"] for l in x] == ["active"]' listen
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	what_is_saved_comes_back
	differences_are_told_and_made
	a_file_that_is_wrong_changes_nothing
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	odd_names_come_back
	what_is_not_the_whole_of_a_state_changes_nothing
	what_is_missing_can_be_left_out
	what_the_module_refuses_changes_nothing
	a_source_that_changed_is_published_again
	what_cannot_be_saved_stays
	lifetimes_run_on
	a_listener_that_drains_is_not_saved
)
run_tests "$@"
