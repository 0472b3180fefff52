#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# daemon.sh: ktftpd and the module together: the daemon may die at any time, what is pinned goes on being served, and
# what it finds when it comes back stays as it is; what does not fit is served by the daemon, and no client can tell.
#
# KTFTP_KILLS and KTFTP_FILES say how often and how many; tests/selftests/daemon-long says more than what is so here.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/ktftpd.sh
. "${KTFTP_TREE:-$SELFTESTS_DIR/../..}/tests/lib/ktftpd.sh"

TREE=${KTFTP_TREE:-$SELFTESTS_DIR/../..}
LOAD=$TREE/build/tftpload
TFTP=$TREE/tests/lib/tftp.py

# On the debug kernel a process takes a second to start.
if [ "${KTFTP_KERNEL:-}" = debug ]; then
	KILLS=${KTFTP_KILLS:-4} FILES=${KTFTP_FILES:-200}
else
	KILLS=${KTFTP_KILLS:-20} FILES=${KTFTP_FILES:-2000}
fi

TESTS=(
	the_daemon_killed_and_restarted_under_load_fails_no_pinned_read
	a_miss_of_an_orphan_is_silent_or_what_the_parameter_says
	without_the_module_the_same_configuration_is_served_in_user_space
	a_second_daemon_is_refused
	a_dead_daemon_is_noticed_and_another_one_takes_its_place
	a_client_that_repeats_its_request_is_served_once
	a_client_that_waits_for_a_file_is_served_once
	what_is_not_pinned_comes_from_a_single_port_as_well
	a_guest_that_somebody_withdrew_is_published_again
	a_second_daemon_leaves_the_guests_of_the_first
	a_restart_leaves_what_has_not_changed_as_it_is
	changes_while_the_daemon_was_away_are_made_when_it_is_back
	names_of_others_are_left_alone
	a_reload_changes_the_listeners_of_the_module
	a_bad_file_changes_nothing_and_says_line_and_reason
	a_drained_server_meets_new_requests_with_silence
	what_does_not_fit_is_served_by_the_daemon
	many_files_are_served
	what_is_renamed_over_is_the_old_or_the_new_content_whole
	files_that_arrive_together_are_never_mixed
	a_file_written_in_place_is_never_refused
)

# As the daemon sees the host.
DAEMON_ENGINE=kernel
DAEMON_NETWORK=(ip netns exec server)

# prepare: a host, and a folder.
prepare()
{
	one_host server
	work_dir
	daemon_in "$WORK/daemon"
}

# serve_with LINE...: a daemon, with that in its configuration beside a listener.
serve_with()
{
	configure "$@" 'listen "127.0.0.1" {}'
	start_daemon
	wait_until everything_is_published
}

serve()
{
	serve_with 'log { journal = false }'
}

# everything_is_published: as far as it fits.
everything_is_published()
{
	local pinned

	pinned=$(status_of pinned)
	[ "$pinned" = "$(find "$ROOT" -type f | wc -l)" ]
}

# answer_to NAME [MS]: "data", "error 1", "silence".
answer_to()
{
	in_server python3 "$TFTP" answer 127.0.0.1 69 "$1" "${2:-3000}"
}

answers()
{
	local said

	said=$(answer_to "$1" "${3:-3000}")
	[ "$said" = "$2" ] || fail "$1 was answered by: $said"
}

# get NAME FILE: what comes is what the file has.
get()
{
	in_server curl -gsS --max-time 100 --tftp-no-options -o got "tftp://127.0.0.1/$1"
	cmp got "$2"
}

# load OPTION...: the file "pinned", in the background; LOAD_PID is to be ended by end_load.
begin_load()
{
	ip netns exec server "$LOAD" --server 127.0.0.1 --file pinned --check pinned --json --seconds 100000 "$@" > load &
	LOAD_PID=$!
	at_end kill "$LOAD_PID"
}

# field NAME: a number of the load that has ended.
field()
{
	sed -n "s/.*\"$1\":\\([0-9]*\\).*/\\1/p" load
}

# end_load NUMBER: no download failed, and there were more than that. Those under way are neither complete nor failed.
end_load()
{
	kill -TERM "$LOAD_PID"
	wait "$LOAD_PID" || true
	[ "$(field failed)" = 0 ] || fail "downloads failed: $(< load)"
	[ "$(field completed)" -gt "$1" ] || fail "there were few: $(< load)"
}

# ids: of everything published, by name.
ids()
{
	in_server ktftpctl -j list | python3 -ISc '
import json, sys
for entry in json.load(sys.stdin):
    if entry["kind"] != "daemon":
        print(entry["name"], entry["id"])' | sort
}

the_daemon_killed_and_restarted_under_load_fails_no_pinned_read()
{
	local number before

	prepare
	make_file pinned 40000
	place pinned pinned
	serve
	before=$(ids)
	begin_load --clients 8
	for ((number = 0; number < KILLS; number++)); do
		kill_daemon
		start_daemon
	done
	end_load "$KILLS"
	[ "$(ids)" = "$before" ]
	status_says '"engine": "kernel"' '"attached": true'
}

a_miss_of_an_orphan_is_silent_or_what_the_parameter_says()
{
	prepare
	make_file pinned 1000
	place pinned pinned
	serve
	answers missing 'error 1'
	kill_daemon
	answers missing silence
	set_param orphan_miss error0
	answers missing 'error 0'
	set_param orphan_miss error1
	answers missing 'error 1'
	get pinned pinned
	set_param orphan_miss silent
	start_daemon
	answers missing 'error 1'
}

# The same file: it says "auto", and that is for both.
without_the_module_the_same_configuration_is_served_in_user_space()
{
	prepare
	make_file pinned 50000
	place pinned pinned
	configure 'listen "127.0.0.1" {}' 'engine = auto'
	start_daemon
	status_says '"engine": "kernel"' '"alarm": null'
	get pinned pinned
	stop_daemon
	in_server ktftpctl listen del 127.0.0.1 --now
	unload_module
	start_daemon
	status_says '"engine": "user"' '"used": false'
	ctl status | grep '^alarm '
	grep -i 'user space' "$DAEMON_LOG"
	get pinned pinned
	answers missing 'error 1'
	ctl list | grep pinned
	stop_daemon
}

a_second_daemon_is_refused()
{
	local first

	prepare
	first=$DAEMON
	make_file pinned 1000
	place pinned pinned
	serve
	mkdir second
	sed "s|$first/state|$WORK/second/state|; s|$first/run|$WORK/second/run|" "$first/ktftpd.conf" > second/ktftpd.conf
	mkdir second/state second/run
	refused 'another daemon' in_server "$KTFTPD" -f -c "$WORK/second/ktftpd.conf"
	status_says '"attached": true'
	answers missing 'error 1'
	get pinned pinned
}

a_dead_daemon_is_noticed_and_another_one_takes_its_place()
{
	prepare
	make_file pinned 1000
	place pinned pinned
	serve
	kill_daemon
	answers missing silence
	[ "$(stat_of requests_orphaned)" -ge 1 ]
	start_daemon
	status_says '"attached": true'
	answers missing 'error 1'
}

# served_once: by the module or the daemon.
served_once()
{
	local kernel user

	kernel=$(($(stat_of requests_processed) + $(stat_of requests_aborted) + $(stat_of requests_in_progress)))
	user=$(status_of served)
	[ $((kernel + user)) = 1 ] || fail "served $kernel times by the module and $user times by the daemon"
}

a_client_that_repeats_its_request_is_served_once()
{
	local ports blocks bytes

	prepare
	make_file pinned 1000
	place pinned pinned
	serve
	read -r ports blocks bytes < <(in_server python3 "$TFTP" ask 127.0.0.1 69 pinned 5 100 1000)
	[ "$ports" = 1 ]
	[ "$blocks" -ge 2 ]
	[ "$bytes" = 1000 ]
	served_once
}

# The daemon gets the repeats as well, while it waits for the file.
a_client_that_waits_for_a_file_is_served_once()
{
	local asking number ports blocks bytes

	prepare
	serve_with 'quiet = 2s' 'settle = 60s'
	make_file whole 60000
	head -c 30000 whole > "$ROOT/slow"
	ip netns exec server python3 "$TFTP" ask 127.0.0.1 69 slow 6 400 1000 > asked &
	asking=$!
	at_end kill "$asking"
	for number in {1..8}; do
		sleep 0.2
		tail -c +$((30001 + 3000 * (number - 1))) whole | head -c 3000 >> "$ROOT/slow"
	done
	tail -c +54001 whole >> "$ROOT/slow"
	wait "$asking"
	read -r ports blocks bytes < asked
	[ "$ports" = 1 ]
	[ "$blocks" -ge 1 ]
	[ "$bytes" = 60000 ]
	served_once
}

# guest_is_served: a file that is not pinned, from a single-port listener.
guest_is_served()
{
	prepare
	make_file file 20000
	place file file
	configure 'listen "127.0.0.1" { single-port = true }' 'pin-limit = 0'
	start_daemon
	wait_until serves file file
	get file file
	guests | grep -q .
}

# A client behind NAT hears from the port alone that it asked: only the module can answer from there.
what_is_not_pinned_comes_from_a_single_port_as_well()
{
	guest_is_served
	[ "$(status_of pinned)" = 0 ]
	[ "$(in_server python3 "$TFTP" port 127.0.0.1 69 file)" = 69 ]
	get file file
	[ "$(status_of started)" -ge 2 ]
}

# guests: what the module serves for the daemon for a while.
guests()
{
	in_server ktftpctl list '.ktftp/*' | grep '^\.ktftp/' || true
}

a_guest_that_somebody_withdrew_is_published_again()
{
	guest_is_served
	in_server ktftpctl withdraw --all --yes
	[ -z "$(guests)" ]
	get file file
	guests | grep -q .
}

a_second_daemon_leaves_the_guests_of_the_first()
{
	local before

	guest_is_served
	before=$(guests)
	refused 'another daemon' in_server "$KTFTPD" -f -c "$DAEMON/ktftpd.conf"
	[ "$(guests | cut -d' ' -f1)" = "$(cut -d' ' -f1 <<< "$before")" ]
	get file file
}

a_restart_leaves_what_has_not_changed_as_it_is()
{
	local name before

	prepare
	for name in a b c d; do
		make_file "$ROOT/$name" 3000
	done
	serve
	before=$(ids)
	[ "$(wc -l <<< "$before")" = 4 ]
	stop_daemon
	[ "$(ids)" = "$before" ]
	start_daemon
	[ "$(ids)" = "$before" ]
	[ "$(status_of ingested)" = 0 ]
	reload_daemon
	[ "$(ids)" = "$before" ]
}

changes_while_the_daemon_was_away_are_made_when_it_is_back()
{
	local before

	prepare
	make_file "$ROOT/same" 3000
	make_file "$ROOT/changed" 3000
	make_file "$ROOT/gone" 3000
	serve
	before=$(ids)
	stop_daemon
	rm "$ROOT/gone"
	make_file changed 4000
	place changed changed
	make_file new 100
	place new new
	start_daemon
	wait_until everything_is_published
	get changed changed
	get new new
	answers gone 'error 1'
	[ "$(ids | grep '^same ')" = "$(grep '^same ' <<< "$before")" ]
	[ "$(ids | grep '^changed ')" != "$(grep '^changed ' <<< "$before")" ]
	[ "$(ids | wc -l)" = 3 ]
}

names_of_others_are_left_alone()
{
	local before

	prepare
	make_file "$ROOT/ours" 3000
	make_file theirs 3000
	in_server ktftpctl publish theirs
	in_server ktftpctl absent add 'ITL*'
	before=$(ids | grep '^theirs ')
	serve
	stop_daemon
	start_daemon
	[ "$(ids | grep '^theirs ')" = "$before" ]
	get theirs theirs
	in_server ktftpctl absent list | grep -F 'ITL*'
}

listens_at()
{
	in_server ktftpctl listen list | grep -qF "$1"
}

listens_not_at()
{
	! listens_at "$1"
}

a_reload_changes_the_listeners_of_the_module()
{
	prepare
	make_file pinned 1000
	place pinned pinned
	serve
	in_server ktftpctl listen add 127.0.0.9
	configure 'listen "127.0.0.2" {}'
	reload_daemon
	listens_at 127.0.0.2
	wait_until listens_not_at 127.0.0.1:
	# Somebody else's.
	listens_at 127.0.0.9
}

a_bad_file_changes_nothing_and_says_line_and_reason()
{
	local number before

	prepare
	make_file pinned 1000
	place pinned pinned
	serve
	before=$(ids; in_server ktftpctl listen list)
	configure 'listen "127.0.0.2" {}' 'quiet = soon'
	number=$(grep -n soon "$DAEMON/ktftpd.conf" | cut -d : -f 1)
	refused "$DAEMON/ktftpd.conf:$number: quiet is a time" reload_daemon
	kill -HUP "$DAEMON_PID"
	wait_until grep -qF "$DAEMON/ktftpd.conf:$number: quiet is a time" "$DAEMON_LOG"
	[ "$(ids; in_server ktftpctl listen list)" = "$before" ]
	get pinned pinned
}

a_drained_server_meets_new_requests_with_silence()
{
	prepare
	make_file pinned 400000
	place pinned pinned
	serve
	begin_load --clients 2 --think-us 2000 --transfers 2
	wait_until has_transfers
	ctl drain
	answers pinned silence
	answers missing silence
	wait "$LOAD_PID"
	[ "$(field completed)" = 2 ]
	ctl undrain
	answers pinned data
	answers missing 'error 1'
}

# The most that fits is pinned, and all comes whole.
what_does_not_fit_is_served_by_the_daemon()
{
	local number pinned

	prepare
	for number in {1..8}; do
		make_file "$ROOT/$number" 300000
	done
	serve_some 'budget = 1M'
	pinned=$(status_of pinned)
	[ "$pinned" -ge 1 ]
	[ "$pinned" -lt 8 ]
	for number in {1..8}; do
		get "$number" "$ROOT/$number"
	done
	[ "$(status_of served)" -ge $((8 - pinned)) ]
	[ "$(stat_of requests_processed)" -ge "$pinned" ]
}

# serve_some LINE...: not everything can be published.
serve_some()
{
	configure "$@" 'listen "127.0.0.1" {}'
	start_daemon
	wait_until some_are_pinned
}

some_are_pinned()
{
	[ "$(status_of pinned)" -ge 1 ]
}

many_files_are_served()
{
	local number begun before

	prepare
	mkdir many
	seq -f 'configuration of phone %05.0f' "$FILES" | split -l 1 -a 4 - many/SEP
	[ "$(find many -type f | wc -l)" = "$FILES" ]
	rmdir "$ROOT"
	mv many "$ROOT"
	begun=$SECONDS
	configure 'listen "127.0.0.1" {}'
	start_daemon
	wait_long_until everything_is_published
	echo "$FILES files after $((SECONDS - begun)) s"
	for number in aaaa aabb abcd; do
		get "SEP$number" "$ROOT/SEP$number"
	done
	before=$(ids | sha256sum)
	stop_daemon
	begun=$SECONDS
	start_daemon
	wait_long_until everything_is_published
	echo "after a restart: $((SECONDS - begun)) s"
	[ "$(ids | sha256sum)" = "$before" ]
	[ "$(status_of ingested)" = 0 ]
	# One more, by itself.
	make_file late 500
	place late SEPlate
	wait_until serves SEPlate late
	get SEPlate late
}

# wait_long_until COMMAND...: for as long as very many files may take.
wait_long_until()
{
	local deadline=$((SECONDS + 900))

	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || fail "never happened: $*"
		sleep 0.5
	done
}

# watch NAME...: downloads them in turn, until end_watch.
begin_watch()
{
	ip netns exec server python3 "$TFTP" watch 127.0.0.1 69 "$@" > watched &
	WATCH_PID=$!
	at_end kill "$WATCH_PID"
}

# end_watch VERSIONS: nothing was torn nor older than what was there before, and so many versions were seen at least.
end_watch()
{
	local downloads versions

	kill -TERM "$WATCH_PID"
	wait "$WATCH_PID"
	read -r downloads versions < watched
	[ "$versions" -ge "$1" ] || fail "$downloads downloads, $versions versions"
}

# serves_version NUMBER NAME...: of each of them.
serves_version()
{
	local name

	for name in "${@:2}"; do
		serves "$name" "$ROOT/$name" || return
	done
}

# change VERSIONS NAME...: one version after the other.
change()
{
	local version

	for ((version = 1; version <= $1; version++)); do
		python3 "$TFTP" write "$ROOT" "$version" 1000 "${@:2}"
		wait_until serves_version "$version" "${@:2}"
	done
}

what_is_renamed_over_is_the_old_or_the_new_content_whole()
{
	prepare
	python3 "$TFTP" write "$ROOT" 0 1000 image
	serve
	begin_watch image
	change 6 image
	end_watch 4
}

# In any order: who has got the new one of the one does not get the old one of the other.
files_that_arrive_together_are_never_mixed()
{
	prepare
	python3 "$TFTP" write "$ROOT" 0 1000 a.loads b.sbn
	serve
	begin_watch b.sbn a.loads
	change 6 a.loads b.sbn
	end_watch 4
}

# Who copies onto a file never meets "Text file busy": what the module holds is a copy.
a_file_written_in_place_is_never_refused()
{
	prepare
	make_file "$ROOT/image" 100000
	serve
	make_file new 120000
	cat new > "$ROOT/image"
	wait_until serves image new
	get image new
}

run_tests "$@"
