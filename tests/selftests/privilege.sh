#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# privilege.sh: what a user without privilege, root in a user namespace, and root can do.
#
#                                  a user   root of a user namespace    root
#   names, totals, listeners       yes      those of its own            yes
#   owners, sources                no       those of its own            yes
#   transfers, events              no       those of its own            yes
#   listen                         no       4 in its own namespace      yes
#   publish, absents               no       within the budget, 0 first  yes
#   keep others from writing       no       what it could write         yes
#   set the budget                 no       no                          yes

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NOBODY=65534
NO_PRIVILEGE='not permitted: this needs CAP_NET_ADMIN'
NO_BUDGET='belongs to a user namespace'

# work_openly: an empty directory in which everybody may read, with a ktftpctl: the tree may lie where nobody gets in.
work_openly()
{
	work_dir
	chmod 755 .
	cp "$(command -v ktftpctl)" ktftpctl
	make_file file 5000
	make_file own 5000
	chown "$NOBODY" own
}

# A user of the server's host, without any privilege.
as_user()
{
	nsenter --net=/run/netns/server setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups "$@"
}

# begin_namespace: a user and a network namespace of theirs that nobody, who is root there, stays in.
begin_namespace()
{
	setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups unshare -Urn sleep 1000 &
	NAMESPACE=$!
	at_end kill "$NAMESPACE"
	wait_until is_in_own_namespace
	in_namespace ip link set lo up
}

is_in_own_namespace()
{
	[ "$(readlink "/proc/$NAMESPACE/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(< "/proc/$NAMESPACE/comm")" = sleep ]
}

# As root of that namespace, who is nobody outside it.
in_namespace()
{
	nsenter --user --net --target "$NAMESPACE" --setuid 0 --setgid 0 "$@"
}

# As root of the host, in that network namespace.
root_in_namespace()
{
	nsenter --net --target "$NAMESPACE" "$@"
}

a_user_sees_names_and_totals()
{
	two_hosts
	work_openly
	in_server ktftpctl listen add 0.0.0.0
	in_server ktftpctl publish file
	as_user ./ktftpctl list | grep -q '^file '
	as_user ./ktftpctl stats | grep -q '^requests '
	as_user ./ktftpctl listen | grep -q '^0.0.0.0:69 '
	as_user ./ktftpctl -j info | grep -q store_bytes
	as_user ./ktftpctl view | grep -q default
	as_user ./ktftpctl absent
}

a_user_sees_neither_owners_nor_sources()
{
	two_hosts
	work_openly
	in_server ktftpctl publish file --owner set:secret
	in_server ktftpctl absent add 'CTL*' --owner set:secret
	in_server ktftpctl -j list | grep -q "$WORK/file"
	in_server ktftpctl -j list | grep -q set:secret
	in_server ktftpctl -j absent | grep -q set:secret
	as_user ./ktftpctl -j list | grep -q '"file"'
	as_user ./ktftpctl -j list > told
	as_user ./ktftpctl -j absent >> told
	cat told
	if grep -qE "$WORK|set:secret" told; then fail "a user sees them"; fi
}

a_user_sees_no_clients()
{
	two_hosts
	work_openly
	refused "$NO_PRIVILEGE" as_user ./ktftpctl transfers
	refused 'CAP_NET_ADMIN' as_user ./ktftpctl monitor
}

a_user_changes_nothing()
{
	local command

	two_hosts
	work_openly
	in_server ktftpctl listen add 0.0.0.0
	in_server ktftpctl publish file
	in_server ktftpctl absent add 'CTL*'
	in_server ktftpctl save > before
	for command in 'publish own' 'publish --seal own' 'publish -r .' 'withdraw file' 'withdraw --all --yes' \
		'absent add x' 'absent del CTL*' 'absent del --all --yes' 'view set default' 'budget set none' \
		'listen add 127.0.0.1:6969' 'listen drain 0.0.0.0' 'listen del 0.0.0.0 --now'; do
		# shellcheck disable=SC2086 # words
		refused 'CAP_NET_ADMIN' as_user ./ktftpctl $command
	done
	in_server ktftpctl save > after
	cmp before after
	downloads_whole curl "$SERVER" file
	# It is theirs, and nobody is kept from writing to it.
	setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups bash -c 'echo >> own'
}

root_of_a_user_namespace_publishes_nothing()
{
	local hold

	work_openly
	begin_namespace
	for hold in '' --pin --seal --copy; do
		# shellcheck disable=SC2086 # no word
		refused "$NO_BUDGET" in_namespace ./ktftpctl publish $hold file
		# shellcheck disable=SC2086
		refused "$NO_BUDGET" in_namespace ./ktftpctl publish $hold own
	done
	: > empty
	refused "$NO_BUDGET" in_namespace ./ktftpctl publish --seal empty
	refused "$NO_BUDGET" in_namespace ./ktftpctl absent add 'CTL*'
	[ "$(in_namespace ./ktftpctl -j list)" = '[]' ]
	echo >> file
	setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups bash -c 'echo >> own'
}

root_of_a_user_namespace_gives_itself_no_budget()
{
	work_openly
	begin_namespace
	refused 'root of the host' in_namespace ./ktftpctl budget set none
	refused "$NO_BUDGET" in_namespace ./ktftpctl publish --seal file
}

within_a_budget_it_publishes_and_pins_only_what_it_may_write()
{
	work_openly
	begin_namespace
	root_in_namespace ./ktftpctl budget set 64K
	refused 'write permission' in_namespace ./ktftpctl publish --pin file
	echo >> file
	in_namespace ./ktftpctl publish file
	in_namespace ./ktftpctl -j list | grep -q '"sealed"'
	in_namespace ./ktftpctl publish --pin own
	refused 'Text file busy' setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups bash -c 'echo >> own'
	make_file large 100000
	refused 'budget' in_namespace ./ktftpctl publish large
	in_namespace ./ktftpctl listen add 127.0.0.1
	in_namespace curl -sS tftp://127.0.0.1/own > got
	cmp got own
	in_namespace ./ktftpctl withdraw --all --yes
}

root_of_a_user_namespace_sees_its_own_alone()
{
	two_hosts
	work_openly
	in_server ktftpctl listen add 0.0.0.0
	in_server ktftpctl publish file
	begin_namespace
	[ "$(in_namespace ./ktftpctl -j list)" = '[]' ]
	[ "$(in_namespace ./ktftpctl -j listen)" = '[]' ]
	[ "$(in_namespace ./ktftpctl -j transfers)" = '[]' ]
	in_namespace ./ktftpctl listen add 127.0.0.1
	[ "$(in_server ktftpctl -j listen | grep -o '"port"' | wc -l)" = 1 ]
	refused 'not published' in_namespace ./ktftpctl withdraw file
	refused 'no such listener' in_namespace ./ktftpctl listen del 0.0.0.0 --now
}

root_of_a_user_namespace_has_four_listeners()
{
	local port

	work_openly
	begin_namespace
	for port in 1 2 3 4; do
		in_namespace ./ktftpctl listen add 127.0.0.1:696$port single-port
	done
	refused 'too many listeners' in_namespace ./ktftpctl listen add 127.0.0.1:6965 single-port
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	a_user_sees_neither_owners_nor_sources
	a_user_changes_nothing
	root_of_a_user_namespace_publishes_nothing
	within_a_budget_it_publishes_and_pins_only_what_it_may_write
	root_of_a_user_namespace_sees_its_own_alone
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	a_user_sees_names_and_totals
	a_user_sees_no_clients
	root_of_a_user_namespace_gives_itself_no_budget
	root_of_a_user_namespace_has_four_listeners
)

run_tests "$@"
