#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# roots.sh: a root that something is mounted on, or not any more: no phone is told that its files do not exist because
# a disk is missing.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TESTS=(
	what_was_mounted_is_served_without_its_mount
	before_the_mount_nobody_is_told_that_a_name_does_not_exist
	a_root_that_may_not_be_read_is_nothing_to_deny_names_by
	a_root_that_was_emptied_has_nothing
	what_is_mounted_over_it_takes_its_place
)

mount_root()
{
	mount -t tmpfs root "$ROOT"
}

# A root on a file system of its own, with one file, that is served.
serve_mounted()
{
	work_dir
	at_end umount -l "$ROOT"
	mount_root
	echo content > "$ROOT/name"
	# Of a file that changed a moment ago nothing is remembered yet.
	sleep 0.2
	serve
	answers name data
}

is_answered()
{
	[ "$(answer_to "$1")" = "$2" ]
}

tells_of_the_mount()
{
	log_says "mount it"
}

what_was_mounted_is_served_without_its_mount()
{
	serve_mounted
	umount "$ROOT"
	wait_until tells_of_the_mount
	answers name data
	mount_root
	echo other > "$ROOT/other"
	wait_until is_answered other data
	answers name "error 1"
}

before_the_mount_nobody_is_told_that_a_name_does_not_exist()
{
	serve_mounted
	stop_daemon
	umount "$ROOT"
	begin_daemon
	check_at_end end_daemon "$DAEMON_PID"
	wait_until tells_of_the_mount
	answers name silence
	answers other silence
	mount_root
	echo content > "$ROOT/name"
	wait_until is_answered name data
	answers other "error 1"
}

says_why()
{
	log_says "Permission denied"
}

a_root_that_may_not_be_read_is_nothing_to_deny_names_by()
{
	work_dir
	echo content > "$ROOT/name"
	at_end chmod 755 "$ROOT"
	chmod 000 "$ROOT"
	configure 'listen "127.0.0.1" {}'
	begin_daemon
	check_at_end end_daemon "$DAEMON_PID"
	wait_until says_why
	answers name silence
}

# That is what somebody wants who deletes everything.
a_root_that_was_emptied_has_nothing()
{
	serve_mounted
	rm "$ROOT/name"
	wait_until is_answered name "error 1"
	stop_daemon
	start_daemon
	answers name "error 1"
}

what_is_mounted_over_it_takes_its_place()
{
	work_dir
	echo below > "$ROOT/below"
	serve
	answers below data
	at_end umount -l "$ROOT"
	mount_root
	echo above > "$ROOT/above"
	wait_until is_answered above data
	wait_until is_answered below "error 1"
}

run_tests "$@"
