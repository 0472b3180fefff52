#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the rig, tests/vm/run, promises to a script and to who calls it. Runs on the host.
#
# A virtual machine takes long to boot, so tests share boots: "boot NAME" runs the rig when no test before did,
# and leaves what it wrote in NAME.out and NAME.err and how it ended in NAME.status.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(cd "$here/../.." && pwd -P)
. "$tree/tests/lib/ktap.sh"

TESTS=(
	wrong_usage_is_refused
	arguments_arrive_unchanged
	status_of_the_script_is_returned
	the_tree_is_named_and_its_tools_are_on_path
	the_module_loads_and_takes_parameters
	the_root_of_the_host_is_there_and_read_only
	run_root_mnt_and_var_tmp_are_fresh
	srv_var_lib_and_etc_ktftp_are_writable
	what_was_written_is_gone_the_next_time
	processors_and_memory_are_as_asked_for
	without_a_tap_there_is_no_interface
	the_kernel_is_the_one_asked_for
	stdout_is_the_output_of_the_script_to_the_byte
	what_the_kernel_says_goes_to_stderr
	a_warning_gives_99_and_is_shown
	what_the_script_leaves_behind_does_not_hold_the_rig
	allowed_warnings_are_shown_and_leave_the_status
	a_guest_that_does_not_start_in_time_gives_98
	a_guest_that_cannot_start_gives_98
)
LONG_TESTS=(
	a_panic_before_the_script_gives_99
	a_guest_that_dies_gives_98
	sigterm_ends_qemu
	sigint_ends_qemu
	sigint_ends_qemu_that_boots_for_a_caller_who_ignores_it
	a_tree_below_tmp_works
	a_tap_device_is_eth0_down_and_unconfigured
	a_panic_gives_99_and_is_shown
	output_comes_while_the_script_runs
	qemu_stays_in_session_and_group_and_names_its_threads
	time_that_runs_out_gives_124
)

before_tests()
{
	BOOTS=$(mktemp -d /tmp/ktftp-rig.XXXXXX)
	mkdir "$BOOTS/tmp"
	cd "$BOOTS" || return 1
}

after_tests()
{
	cd /
	rm -rf "$BOOTS"
}

# guest NAME: the script of a boot, from standard input.
guest()
{
	cat > "$1.sh"
}

# A temporary directory of its own shows what the rig leaves there.
rig()
{
	TMPDIR=$BOOTS/tmp exec "${RIG:-$tree/tests/vm/run}" "$@"
}

# start NAME OPTION...: runs NAME.sh, in the background.
start()
{
	local name=$1

	shift
	rig --qemu-pid "$BOOTS/$name.pid" "$@" > "$name.out" 2> "$name.err" &
	RIG_PID=$!
	at_end stop_rig
}

stop_rig()
{
	[ -n "$RIG_PID" ] || return 0
	kill "$RIG_PID"
	wait "$RIG_PID"
}

# heard FILE TEXT: waits for it, for as long as the rig runs: how long a boot takes is the machine's business.
heard()
{
	until has_said "$1" "$2"; do
		kill -0 "$RIG_PID" 2> /dev/null || fail "'$2' never came: $(tail -n 30 "${1%.*}.err")"
		sleep 0.1
	done
}

# finish NAME: waits for its end; neither a process nor a file of the rig's is left.
finish()
{
	local status=0

	wait "$RIG_PID" || status=$?
	RIG_PID=''
	wait_until qemu_is_gone "$1"
	nothing_is_left
	echo "$status" > "$1.status"
}

qemu_is_gone()
{
	[ ! -s "$1.pid" ] || ! kill -0 "$(cat "$1.pid")" 2> /dev/null
}

nothing_is_left()
{
	local left

	left=$(ls -A "$BOOTS/tmp")
	[ -z "$left" ] || fail "the rig left $left"
}

boot()
{
	[ ! -e "$1.status" ] || return 0
	start "$@"
	finish "$1"
}

# ended NAME STATUS
ended()
{
	[ "$(cat "$1.status")" = "$2" ] || fail "ended with $(cat "$1.status"), not $2: $(tail -n 30 "$1.err")"
}

# said FILE TEXT
said()
{
	grep -qF -- "$2" "$1" || fail "'$2' is not in $1: $(tail -n 30 "$1")"
}

has_said()
{
	grep -qsF -- "$2" "$1"
}

# never_said FILE TEXT
never_said()
{
	! has_said "$1" "$2" || fail "'$2' is in $1"
}

# ---- usage ----

# misused OPTION...: refused with status 2 and a reason.
misused()
{
	local status=0

	(rig "$@") > out 2> err || status=$?
	[ "$status" = 2 ] || fail "'$*' ended with $status: $(cat err)"
	[ -s err ] || fail "'$*' was refused without a reason"
	[ ! -s out ] || fail "'$*' was refused on stdout"
	nothing_is_left
}

wrong_usage_is_refused()
{
	local option

	guest empty < /dev/null
	misused
	misused --no-such-option empty.sh
	misused --kernel 2.4 empty.sh
	misused no-such-script
	misused "$BOOTS"
	misused --smp 0 empty.sh
	misused --mem much empty.sh
	misused --timeout -1 empty.sh
	misused --tap no-such-tap empty.sh
	misused --show no-such-path empty.sh
	misused --prepare empty.sh
	for option in --kernel --smp --mem --timeout --tap --hostfwd --show --qemu-pid; do
		misused "$option"
	done
	(rig --help) > out
	said out "Usage:"
}

# ---- what the script finds ----

ARGUMENTS=('a b' '' "it's" '"quoted"' '*' "\$HOME \`id\`" $'two\nlines' '-x' '--kernel' 'ä=b' 'back\slash')

HOST_FILE=/var/tmp/ktftp-rig-host.$$

facts()
{
	[ ! -e facts.status ] || return 0
	guest facts << 'EOF'
facts=$(dirname "$0")
printf '<%s>\n' "$@"
echo "tree $KTFTP_TREE"
for tool in ktftpctl ktftp-load; do
	echo "tool $(command -v $tool)"
done
ktftp-load linger_ms=12345 && echo "linger_ms $(cat /sys/module/ktftp/parameters/linger_ms)"
ktftpctl listen add 127.0.0.1 && ktftpctl listen
touch /usr/here /home/here "$KTFTP_TREE/here" 2>&1 | sed 's/^/read-only: /'
sha256sum "$KTFTP_TREE/tests/vm/run" /bin/bash | sed 's/^/sum /'
for place in /run /root /mnt /var/tmp; do
	echo "fresh $place $(findmnt -n -o FSTYPE "$place") $(touch "$place/here" && echo writable)"
done
ls -A /var/tmp /mnt | sed 's/^/fresh has /'
for place in /srv /var/lib /etc/ktftp; do
	touch "$place/ktftp-rig-was-here" && echo "writable $place"
done
echo "processors $(nproc)"
echo "memory_mib $(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))"
echo "interfaces" /sys/class/net/*
echo "kernel $(uname -r)"
echo "WARNING: CPU: 0 PID: 1 at the selftest of the rig" > /dev/kmsg
echo l > /proc/sysrq-trigger
exit 3
EOF
	touch "$HOST_FILE"
	at_end rm -f "$HOST_FILE"
	boot facts --kernel 6.1 --smp 3 --mem 700 --allow-warnings "$BOOTS/facts.sh" "${ARGUMENTS[@]}"
}

arguments_arrive_unchanged()
{
	facts
	printf '<%s>\n' "${ARGUMENTS[@]}" > expected
	head -c "$(stat -c %s expected)" facts.out | cmp - expected
}

status_of_the_script_is_returned()
{
	facts
	ended facts 3
	bytes
	ended bytes 0
}

the_tree_is_named_and_its_tools_are_on_path()
{
	facts
	said facts.out "tree $tree"
	said facts.out "tool $tree/build/bin/ktftpctl"
	said facts.out "tool $tree/tests/vm/bin/ktftp-load"
}

the_module_loads_and_takes_parameters()
{
	facts
	said facts.out "linger_ms 12345"
	said facts.out "127.0.0.1:69"
}

the_root_of_the_host_is_there_and_read_only()
{
	local sum

	facts
	for sum in "$(sha256sum "$tree/tests/vm/run")" "$(sha256sum /bin/bash)"; do
		said facts.out "sum $sum"
	done
	[ "$(grep -c '^read-only: .*Read-only file system' facts.out)" = 3 ] || fail "$(cat facts.out)"
	[ ! -e /usr/here ] && [ ! -e /home/here ] && [ ! -e "$tree/here" ]
}

run_root_mnt_and_var_tmp_are_fresh()
{
	local place

	facts
	for place in /run /root /mnt /var/tmp; do
		said facts.out "fresh $place tmpfs writable"
	done
	never_said facts.out "${HOST_FILE##*/}"
	said facts.out "fresh has here"
	[ ! -e /var/tmp/here ]
}

srv_var_lib_and_etc_ktftp_are_writable()
{
	local place

	facts
	for place in /srv /var/lib /etc/ktftp; do
		said facts.out "writable $place"
		[ ! -e "$place/ktftp-rig-was-here" ] || fail "written to the host: $place"
	done
}

what_was_written_is_gone_the_next_time()
{
	facts
	bytes
	said bytes.err "looked for traces"
	never_said bytes.err ktftp-rig-was-here
}

processors_and_memory_are_as_asked_for()
{
	local mib

	facts
	said facts.out "processors 3"
	mib=$(sed -n 's/^memory_mib //p' facts.out)
	[ "$mib" -gt 500 ] && [ "$mib" -le 700 ]
}

without_a_tap_there_is_no_interface()
{
	facts
	grep -qx 'interfaces /sys/class/net/lo' facts.out
}

the_kernel_is_the_one_asked_for()
{
	facts
	bytes
	said facts.out "kernel 6.1."
	said bytes.err "kernel 6.12."
}

allowed_warnings_are_shown_and_leave_the_status()
{
	facts
	ended facts 3
	said facts.err "at the selftest of the rig"
	said facts.err "Call Trace"
	never_said facts.out "at the selftest of the rig"
}

# ---- streams ----

# Every value of a byte, more than pipes and queues on the way hold, no line break at the end.
make_bytes()
{
	local value

	for value in {0..255}; do
		# shellcheck disable=SC2059
		printf "\\x$(printf %02x "$value")"
	done
	head -c 700000 /dev/urandom
	printf end
}

slow_reader()
{
	until [ -e bytes.go ]; do
		sleep 0.1
	done
	cat
}

# Nothing may be lost on the way, also when nobody reads before the script has ended, and then some.
bytes()
{
	local reader

	[ ! -e bytes.status ] || return 0
	make_bytes > bytes
	guest bytes << 'EOF'
{
	echo "kernel $(uname -r)"
	ls /srv /var/lib /etc/ktftp
	echo "looked for traces"
	echo "<4>the kernel says hello" > /dev/kmsg
} >&2
cat "$1"
echo "all is written" >&2
EOF
	mkfifo bytes.out
	slow_reader < bytes.out > bytes.read &
	reader=$!
	at_end kill "$reader"
	start bytes --kernel 6.12 "$BOOTS/bytes.sh" "$BOOTS/bytes"
	heard bytes.err "all is written"
	sleep 2
	touch bytes.go
	finish bytes
	wait "$reader"
}

stdout_is_the_output_of_the_script_to_the_byte()
{
	bytes
	ended bytes 0
	cmp bytes bytes.read
}

what_the_kernel_says_goes_to_stderr()
{
	bytes
	grep -q '^kernel: .*the kernel says hello' bytes.err
}

# ---- how a run ends ----

warning()
{
	guest warning << 'EOF'
while :; do
	echo noise
done &
echo "WARNING: CPU: 0 PID: 1 at the selftest of the rig" > /dev/kmsg
EOF
	boot warning --timeout 60 "$BOOTS/warning.sh"
}

a_warning_gives_99_and_is_shown()
{
	warning
	ended warning 99
	said warning.err "at the selftest of the rig"
}

what_the_script_leaves_behind_does_not_hold_the_rig()
{
	warning
	said warning.out noise
	ended warning 99
}

# What the script says in the very moment of a panic may be on its way still: it says it a while before.
a_panic_gives_99_and_is_shown()
{
	guest panic <<< 'echo before; sleep 3; echo c > /proc/sysrq-trigger; echo after'
	boot panic "$BOOTS/panic.sh"
	ended panic 99
	said panic.err "Kernel panic"
	said panic.err "sysrq"
	[ "$(cat panic.out)" = before ]
}

a_panic_before_the_script_gives_99()
{
	guest early <<< 'echo started'
	KTFTP_VM_CMDLINE=rdinit=/no-such-init boot early "$BOOTS/early.sh"
	ended early 99
	said early.err "Kernel panic"
	[ ! -s early.out ]
}

a_guest_that_dies_gives_98()
{
	guest dies <<< 'echo before; sleep 3; echo b > /proc/sysrq-trigger; sleep 60'
	boot dies "$BOOTS/dies.sh"
	ended dies 98
	said dies.err "the guest died"
}

a_guest_that_does_not_start_in_time_gives_98()
{
	guest slow <<< 'echo started'
	KTFTP_VM_BOOT_TIMEOUT=1 boot slow "$BOOTS/slow.sh"
	ended slow 98
	said slow.err "did not start"
}

a_guest_that_cannot_start_gives_98()
{
	guest never <<< 'echo started'
	boot never --hostfwd nonsense "$BOOTS/never.sh"
	ended never 98
	said never.err nonsense
}

hang()
{
	guest hang <<< 'echo first; sleep infinity'
}

# What can be seen of a run only while it lasts.
endless()
{
	[ ! -e endless.status ] || return 0
	hang
	start endless --timeout 15 "$BOOTS/hang.sh"
	heard endless.out first
	kill -0 "$RIG_PID"
	touch endless.early
	look_at_qemu "$(cat endless.pid)" > endless.seen
	finish endless
}

look_at_qemu()
{
	echo "session $(ps -o sid= -p "$1" | tr -d ' ')"
	echo "group $(ps -o pgid= -p "$1" | tr -d ' ')"
	cat /proc/"$1"/task/*/comm
}

output_comes_while_the_script_runs()
{
	endless
	[ -e endless.early ]
}

qemu_stays_in_session_and_group_and_names_its_threads()
{
	endless
	said endless.seen "session $(ps -o sid= -p $$ | tr -d ' ')"
	said endless.seen "group $(ps -o pgid= -p $$ | tr -d ' ')"
	grep -qE '^CPU 0/(TCG|KVM)$' endless.seen
	grep -qE '^CPU 1/(TCG|KVM)$' endless.seen
}

time_that_runs_out_gives_124()
{
	endless
	ended endless 124
	said endless.err "no end after 15 seconds"
}

# signalled SIGNAL STATUS
signalled()
{
	hang
	start "$1" --timeout 60 "$BOOTS/hang.sh"
	heard "$1.out" first
	kill -0 "$(cat "$1.pid")"
	kill -s "$1" "$RIG_PID"
	finish "$1"
	ended "$1" "$2"
}

sigterm_ends_qemu()
{
	signalled TERM 143
}

sigint_ends_qemu()
{
	signalled INT 130
}

# So a script starts what it puts in the background.
sigint_ends_qemu_that_boots_for_a_caller_who_ignores_it()
{
	hang
	trap '' INT
	start deaf --timeout 60 "$BOOTS/hang.sh"
	wait_until [ -s deaf.pid ]
	kill -s INT "$RIG_PID"
	finish deaf
	ended deaf 130
	[ ! -s deaf.out ]
}

# ---- a tree elsewhere, a tap ----

# Both at once. The tap device is in a network namespace that only this shell and its children see.
elsewhere()
{
	[ "$(id -u)" = 0 ] || skip "a network namespace needs root"
	[ ! -e elsewhere.status ] || return 0
	[ -n "${KTFTP_VM_NO_BUILD:-}" ] || make -s -C "$tree" KERNEL=6.1 vm-build
	mkdir -p "$BOOTS/tree"
	(cd "$tree" && cp -a --parents Kbuild Makefile VERSION docs kmod tests userspace build/bin \
		build/kmod-6.1/ktftp.ko "$BOOTS/tree")
	guest elsewhere << 'EOF'
echo "tree $KTFTP_TREE"
ktftp-load && ktftpctl listen add 127.0.0.1 && ktftpctl listen
echo "eth0 $(cat /sys/class/net/eth0/flags) $(ip -o address show dev eth0 | wc -l)"
ip address add 198.51.100.2/24 dev eth0
ip link set eth0 up
for _ in {1..100}; do
	echo hello > /dev/udp/198.51.100.1/9
	! ip neighbour show 198.51.100.1 | grep lladdr || break
	sleep 0.1
done
EOF
	cat > in-namespace << 'EOF'
ip tuntap add dev ktftp-rig mode tap
ip address add 198.51.100.1/24 dev ktftp-rig
ip link set ktftp-rig up
exec "$@"
EOF
	cat > tree/rig << EOF
exec unshare --net bash "$BOOTS/in-namespace" "$BOOTS/tree/tests/vm/run" "\$@"
EOF
	chmod +x tree/rig
	KTFTP_VM_NO_BUILD=1 RIG=$BOOTS/tree/rig boot elsewhere --tap ktftp-rig "$BOOTS/elsewhere.sh"
}

a_tree_below_tmp_works()
{
	elsewhere
	ended elsewhere 0
	said elsewhere.out "tree $BOOTS/tree"
	said elsewhere.out "127.0.0.1:69"
}

# IFF_BROADCAST and IFF_MULTICAST, and nothing else; and frames pass once it is up.
a_tap_device_is_eth0_down_and_unconfigured()
{
	elsewhere
	said elsewhere.out "eth0 0x1002 0"
	said elsewhere.out "lladdr"
}

run_tests "$@"
