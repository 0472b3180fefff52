#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# params.sh: the tunables below /sys/module/ktftp/parameters keep what their documents promise.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# name, least, most, default
TUNABLES="
store_limit_mb    1     16777216  $(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 4096))
max_blksize       8     65464     65464
max_windowsize    1     65535     65535
honor_timeout     0     1         0
rto_min_ms        4     200       16
rto_max_ms        200   60000     4000
give_up_ms        1000  3600000   60000
max_transfer_s    1     31536000  86400
linger_ms         100   600000    20000
unproven_retries  0     10        2
max_unproven      1     1048576   4096
max_transfers     1     16777216  262144
max_transfers_per_client 0 16777216 0
max_listeners     1     4096      64
max_entries       1     67108864  1048576
max_absents       1     67108864  262144
max_globs         1     4096      256
max_views         1     65536     1024
max_owners        1     65536     1024
grace_s           0     31536000  300
"

# What orphan_miss may be; by default the first.
ORPHAN_MISSES=(silent error0 error1)

NONSENSE=(abc -1 '' ' ' 1x 1.5 '1 2' 0x 08 '!' yes)

# More than 32 and more than 64 bits hold.
HUGE=(4294967296 99999999999999999999999)

# each_tunable COMMAND: called with a tunable's line.
each_tunable()
{
	local name least most default

	while read -r name least most default <&3; do
		[ -z "$name" ] || "$1" "$name" "$least" "$most" "$default"
	done 3<<< "$TUNABLES"
}

is()
{
	[ "$(< "$PARAMETERS/$1")" = "$2" ] || fail "$1 is $(< "$PARAMETERS/$1"), not $2"
}

# keeps NAME VALUE...: each is refused with EINVAL, and the tunable keeps its value.
keeps()
{
	local name=$1 value before

	shift
	before=$(< "$PARAMETERS/$name")
	for value in "$@"; do
		refused "Invalid argument" write_param "$name" "$value"
		is "$name" "$before"
	done
}

# accepts NAME VALUE...
accepts()
{
	local name=$1 value

	shift
	for value in "$@"; do
		write_param "$name" "$value"
		is "$name" "$value"
	done
}

every_tunable_is_known_here()
{
	diff <(awk 'NF { print $1 } END { print "orphan_miss" }' <<< "$TUNABLES" | sort) \
		<(find "$PARAMETERS" -type f -printf '%f\n' | sort)
}

every_tunable_has_its_default()
{
	unload_module
	load_module
	each_tunable has_its_default
	is orphan_miss "${ORPHAN_MISSES[0]}"
}

has_its_default()
{
	is "$1" "$4"
	[ "$(stat -c %a "$PARAMETERS/$1")" = 644 ]
}

every_tunable_accepts_its_bounds()
{
	each_tunable accepts_its_bounds
}

accepts_its_bounds()
{
	set_param "$1" "$4"
	accepts "$1" "$2" "$3" $((($2 + $3) / 2))
}

every_tunable_refuses_what_is_out_of_its_range()
{
	each_tunable refuses_what_is_out_of_range
}

refuses_what_is_out_of_range()
{
	[ "$2" = 0 ] || keeps "$1" $(($2 - 1)) 0
	keeps "$1" $(($3 + 1)) 4294967295
}

every_tunable_refuses_numbers_too_large_for_any()
{
	each_tunable refuses_huge_numbers
}

refuses_huge_numbers()
{
	keeps "$1" "${HUGE[@]}"
}

every_tunable_refuses_nonsense()
{
	each_tunable refuses_nonsense
}

refuses_nonsense()
{
	keeps "$1" "${NONSENSE[@]}"
}

what_a_miss_gets_is_one_of_three_words()
{
	set_param orphan_miss "${ORPHAN_MISSES[0]}"
	accepts orphan_miss "${ORPHAN_MISSES[@]}" "${ORPHAN_MISSES[0]}"
	keeps orphan_miss "${NONSENSE[@]}" "${HUGE[@]}" 0 silen silently 'silent error0' SILENT error2
}

# Range and default as "modinfo" tells them.
modinfo_tells_of_every_tunable()
{
	TOLD=$(modinfo -p "$(module_file)")
	each_tunable is_told
	is_told_so orphan_miss "silent, error0, error1; silent"
}

is_told()
{
	local default=$4

	[ "$1" != store_limit_mb ] || default="a quarter of RAM"
	is_told_so "$1" "$2 (to|or) $3; $default"
}

# is_told_so NAME TEXT: it ends in parentheses.
is_told_so()
{
	grep -qE "^$1:.*[(; ]$2\)$" <<< "$TOLD" || fail "modinfo does not tell of $1: $2: $TOLD"
}

# Range and default as docs/ABI describes them.
every_tunable_is_documented()
{
	ABI=${KTFTP_TREE:-$SELFTESTS_DIR/../..}/docs/ABI/sysfs-module-ktftp
	[ -e "$ABI" ] || skip "the tree's documents are not here"
	each_tunable is_documented
	describes orphan_miss silent error0 error1
}

is_documented()
{
	describes "$1" "$2 (to|or) $3"
	[ "$1" = store_limit_mb ] || describes "$1" "$4 by default"
}

# describes NAME PATTERN...: the description of a tunable has them all.
describes()
{
	local name=$1 text description

	shift
	description=$(sed -n "\|^What:.*/$name\$|,/^Users:/p" "$ABI" | tr -s '\n\t ' ' ')
	for text in "$@"; do
		[[ $description =~ $text ]] || fail "$name: no '$text' in '$description'"
	done
}

a_value_is_given_when_the_module_is_loaded()
{
	unload_module
	at_end rmmod ktftp
	insert_module store_limit_mb=64 rto_min_ms=4
	is store_limit_mb 64
	is rto_min_ms 4
	ktftpctl info | grep -q "^store .* 64.0 MiB allowed$"
}

a_bad_value_keeps_the_module_from_loading()
{
	unload_module
	each_tunable does_not_load
}

does_not_load()
{
	local value

	for value in abc -1 $(($3 + 1)); do
		refused "Invalid" insert_module "$1=$value"
		[ ! -d /sys/module/ktftp ]
	done
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	every_tunable_has_its_default
	every_tunable_refuses_what_is_out_of_its_range
	every_tunable_is_documented
	a_bad_value_keeps_the_module_from_loading
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	every_tunable_is_known_here
	every_tunable_accepts_its_bounds
	every_tunable_refuses_numbers_too_large_for_any
	every_tunable_refuses_nonsense
	what_a_miss_gets_is_one_of_three_words
	modinfo_tells_of_every_tunable
	a_value_is_given_when_the_module_is_loaded
)
run_tests "$@"
