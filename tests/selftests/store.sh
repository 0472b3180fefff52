#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# store.sh: how published files are held: what kind each becomes, who may write to them meanwhile, what is
# refused, and that a download gets the content it began with.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ktftpctl on the server, in this mount namespace: a pinned file keeps the mount busy through which it was opened.
ctl()
{
	nsenter --net=/run/netns/server ktftpctl "$@"
}

serve()
{
	two_hosts
	ctl listen add 0.0.0.0
	# Before file systems are unmounted.
	at_end ctl withdraw --all --yes
}

# on_ext4: enters a fresh file system.
on_ext4()
{
	work_dir
	truncate -s 32M image
	mkfs.ext4 -q -m 0 image
	mkdir disk
	modprobe loop 2> /dev/null || true
	mount -o loop image disk
	at_end umount -l "$WORK/disk"
	at_end cd /
	cd disk || fail "cannot enter the file system"
}

# on_overlay: enters one whose layers are in memory.
on_overlay()
{
	work_dir
	mkdir lower upper work merged
	make_file lower/below 3000
	mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged
	at_end umount -l "$WORK/merged"
	at_end cd /
	cd merged || fail "cannot enter the file system"
}

# is_published NAME KIND [FILE]: that is what the list says, and clients get what is in FILE.
is_published()
{
	[ "$(kind_of "$1")" = "$2" ] || fail "$1 is '$(kind_of "$1")', not '$2'"
	downloads_whole busybox "$SERVER" "$1" "${3:-$1}"
}

# kind_of NAME: nothing when it is not published.
kind_of()
{
	ctl list "$1" | awk -v name="$1" '$1 == name { print $3 }'
}

is_gone()
{
	[ -z "$(kind_of "$1")" ] || fail "$1 is published"
}

# held_bytes: what the module holds, in every namespace.
held_bytes()
{
	ctl -j info | sed -n 's/.*"store_bytes": \([0-9]*\).*/\1/p'
}

holds_nothing()
{
	[ "$(held_bytes)" = 0 ]
}

append_to()
{
	sh -c 'echo more >> "$1"' sh "$1"
}

# Without opening it: truncate(2).
cut_short()
{
	python3 -c 'import os, sys; os.truncate(sys.argv[1], 0)' "$1"
}

open_for_writing()
{
	sh -c ': <> "$1"' sh "$1"
}

nobody_can_write()
{
	refused 'Text file busy' append_to "$1"
	refused 'Text file busy' cut_short "$1"
	refused 'Text file busy' open_for_writing "$1"
}

# What holds for a pinned file, in the current directory, of whatever file system.
check_pinning()
{
	make_file file 70000
	cp file original
	[[ $(ctl publish file) == 'file: pinned, '* ]]
	is_published file pinned
	nobody_can_write file
	is_published file pinned original
	ctl withdraw file
	append_to file
	cut_short file
	open_for_writing file
}

a_file_on_ext4_is_pinned_and_nobody_can_write_to_it_until_it_is_withdrawn()
{
	on_ext4
	serve
	check_pinning
}

a_file_on_tmpfs_is_pinned_and_nobody_can_write_to_it_until_it_is_withdrawn()
{
	work_dir
	serve
	check_pinning
}

a_file_with_two_names_is_pinned_until_both_are_withdrawn()
{
	work_dir
	serve
	make_file file 5000
	ctl publish file --name one
	ctl publish file --name two
	ctl withdraw one
	nobody_can_write file
	is_published two pinned file
	ctl withdraw two
	append_to file
}

# What holds on any file system; the new file lies beside the pinned one.
check_renaming()
{
	make_file file 20000
	cp file old
	make_file new 30000
	ctl publish file
	mv new file
	is_published file pinned old
	append_to file
	ctl publish file
	is_published file pinned
	nobody_can_write file
}

a_file_renamed_over_a_pinned_one_on_ext4_is_served_when_it_is_published()
{
	on_ext4
	serve
	check_renaming
}

a_file_renamed_over_a_pinned_one_on_tmpfs_is_served_when_it_is_published()
{
	work_dir
	serve
	check_renaming
}

a_file_system_is_busy_until_its_files_are_withdrawn()
{
	on_ext4
	serve
	make_file file 20000
	ctl publish file
	cd ..
	refused 'busy' umount disk
	ctl withdraw file
	wait_until umount disk
}

a_replaced_file_does_not_keep_its_file_system_busy()
{
	on_ext4
	serve
	make_file file 20000
	make_file ../file 20000
	ctl publish file
	ctl publish ../file
	cd ..
	is_published file pinned
	wait_until umount disk
}

a_file_on_overlayfs_is_copied_and_stays_writable()
{
	on_overlay
	serve
	make_file file 20000
	cp file original
	for name in file below; do
		refused 'files of this file system cannot be held' ctl publish --pin "$name"
		is_gone "$name"
		[[ $(ctl publish "$name") == "$name: sealed, "* ]]
		is_published "$name" sealed
		append_to "$name"
	done
	is_published file sealed original
	cd ..
	umount merged
}

a_file_on_9p_is_copied()
{
	local file=/usr/bin/env

	[ "$(findmnt -no FSTYPE -T "$file")" = 9p ] || skip "$file is not on 9p"
	work_dir
	serve
	refused 'files of this file system cannot be held' ctl publish --pin "$file"
	is_gone env
	[[ $(ctl publish "$file") == 'env: sealed, '* ]]
	is_published env sealed "$file"
}

a_copy_that_was_asked_for_leaves_the_file_alone()
{
	work_dir
	serve
	make_file file 100000
	cp file original
	[[ $(ctl publish --copy file) == 'file: copied, '* ]]
	append_to file
	is_published file copied original
	cp original file
	[[ $(ctl publish --seal file) == 'file: sealed, '* ]]
	append_to file
	is_published file sealed original
}

# make_memfd sealed|unsealed|hugetlb: one with the content of "file", which MEMFD names until the test ends.
make_memfd()
{
	local pid

	python3 - "$1" << 'PYTHON' &
import fcntl, os, sys, time

kind = sys.argv[1]
flags = os.MFD_ALLOW_SEALING
if kind == "hugetlb":
    flags |= os.MFD_HUGETLB
fd = os.memfd_create("test", flags)
if kind == "hugetlb":
    os.truncate(fd, 2 << 20)
else:
    with open("file", "rb") as content:
        os.write(fd, content.read())
if kind != "unsealed":
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
os.symlink(f"/proc/{os.getpid()}/fd/{fd}", "memfd-" + kind)
time.sleep(120)
PYTHON
	pid=$!
	at_end kill "$pid"
	wait_until test -L "memfd-$1"
	MEMFD=$PWD/memfd-$1
}

a_sealed_memfd_is_served_as_it_is()
{
	local held

	work_dir
	serve
	make_file file 500000
	make_memfd sealed
	[[ $(ctl publish --name memfd "$MEMFD") == 'memfd: sealed, '* ]]
	is_published memfd sealed file
	# The same pages, whatever they are called: held once.
	held=$(held_bytes)
	ctl publish --name again "$MEMFD"
	[ "$(held_bytes)" = "$held" ]
	is_published again sealed file
}

an_unsealed_memfd_is_copied()
{
	work_dir
	serve
	make_file file 5000
	make_memfd unsealed
	refused 'a memfd is published sealed, not pinned' ctl publish --pin --name memfd "$MEMFD"
	is_gone memfd
	ctl publish --name memfd "$MEMFD"
	append_to "$MEMFD"
	is_published memfd sealed file
}

# make_huge_pages: or skips.
make_huge_pages()
{
	local knob=/proc/sys/vm/nr_hugepages

	at_end eval "echo $(cat $knob) > $knob"
	echo 4 > $knob
	[ "$(cat $knob)" -ge 1 ] || skip "no huge pages are to be had"
}

# offer KIND PATH...: what the kernel says to files as they are, a line each; ktftpctl would refuse or copy some by
# itself. KIND is the number of a kind; the environment's OPEN, where given, a flag of open(2).
offer()
{
	nsenter --net=/run/netns/server python3 - "$@" << 'PYTHON'
import os, socket, struct, sys

CTRL, GET_FAMILY, FAMILY_ID, FAMILY_NAME = 16, 3, 1, 2
PUBLISH, NAME, FD, KIND = 6, 1, 2, 3
REQUEST, ACK, ERROR, CAPPED, TEXT = 1, 4, 2, 0x100, 1

netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
netlink.setsockopt(270, 10, 1)
netlink.setsockopt(270, 11, 1)


def attribute(number, value):
    return struct.pack("HH", len(value) + 4, number) + value + bytes(-len(value) % 4)


def attributes(data):
    found = {}
    while len(data) >= 4:
        length, number = struct.unpack_from("HH", data)
        found[number] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def ask(family, command, *parts):
    body = struct.pack("BBH", command, 1, 0) + b"".join(parts)
    netlink.send(struct.pack("IHHII", 16 + len(body), family, REQUEST | ACK, 1, 0) + body)
    reply = {}
    while True:
        data = netlink.recv(65536)
        length, kind, flags = struct.unpack_from("IHH", data)
        if kind != ERROR:
            reply = attributes(data[20:length])
            continue
        error = -struct.unpack_from("i", data, 16)[0]
        return error, attributes(data[36:length]).get(TEXT, b"").decode().rstrip("\0"), reply


flags = getattr(os, os.environ.get("OPEN", "O_RDONLY")) | os.O_NONBLOCK
error, text, reply = ask(CTRL, GET_FAMILY, attribute(FAMILY_NAME, b"ktftp\0"))
family = struct.unpack("H", reply[FAMILY_ID])[0]
for path in sys.argv[2:]:
    fd = os.open(path, flags)
    error, text, reply = ask(family, PUBLISH, attribute(NAME, b"offered\0"), attribute(FD, struct.pack("I", fd)),
                             attribute(KIND, struct.pack("I", int(sys.argv[1]))))
    print(os.strerror(error) if error else "published", text, sep=": ")
sys.exit(error != 0)
PYTHON
}

# enum ktftp_kind
SEALED=0 PINNED=1 COPIED=2

# all_refused REASON KIND PATH...
all_refused()
{
	local reason=$1 kind=$2 said

	shift 2
	said=$(offer "$kind" "$@") || true
	[ "$(grep -c "^$reason" <<< "$said")" = $# ] || fail "offered $* as $kind, the kernel said: $said"
}

# Without ktftpctl's own look at them: the kernel must never hold what changes or what pins something else.
the_kernel_itself_refuses_what_cannot_be_held()
{
	local kind

	work_dir
	serve
	make_file file 5000
	mkfifo fifo
	mkdir folder
	make_memfd unsealed
	for kind in $SEALED $PINNED $COPIED; do
		all_refused 'Operation not supported: ..' "$kind" /proc/self/ns/net /proc/version /sys/kernel/uevent_seqnum
		all_refused 'Operation not supported: not a regular file' "$kind" folder /dev/null fifo
	done
	refused 'Operation not permitted: the memfd is not sealed' offer $SEALED "$MEMFD"
	refused 'Operation not supported: a memfd is published sealed' offer $PINNED "$MEMFD"
	refused 'Operation not permitted: the memfd is not sealed' offer $COPIED "$MEMFD"
	refused 'Operation not supported: not a memfd' offer $SEALED file
	OPEN=O_WRONLY refused 'Bad file descriptor: the descriptor is not open for reading' offer $PINNED file
	OPEN=O_PATH refused 'Bad file descriptor: no such file descriptor' offer $PINNED file
	is_gone offered
	# And it takes what it can hold, said the same way.
	offer $PINNED file
	is_published offered pinned file
}

the_kernel_refuses_a_memfd_of_huge_pages()
{
	work_dir
	serve
	make_file file 5000
	make_huge_pages
	make_memfd hugetlb
	refused 'a hugetlb memfd is not one' offer $SEALED "$MEMFD"
	refused 'Operation not supported: ' offer $PINNED "$MEMFD"
	refused 'Operation not supported: ' offer $COPIED "$MEMFD"
	refused "$MEMFD: " ctl publish --name offered "$MEMFD"
	is_gone offered
}

what_is_no_regular_file_is_refused()
{
	work_dir
	serve
	mkfifo fifo
	mkdir folder
	refused 'not a regular file' ctl publish folder
	refused 'not a regular file' ctl publish /dev/null
	refused 'not a regular file' timeout 60 nsenter --net=/run/netns/server ktftpctl publish fifo
	refused 'pseudo file systems' ctl publish /proc/self/ns/net
	refused 'pseudo file systems' ctl publish /proc/version
	refused 'No such file' ctl publish missing
	[ "$(ctl -j list)" = '[]' ]
}

a_file_that_somebody_has_open_for_writing_is_refused()
{
	work_dir
	serve
	make_file file 5000
	exec 3>> file
	refused 'somebody has the file open for writing' ctl publish file
	refused 'Text file busy: somebody' offer $PINNED "$PWD/file"
	is_gone file
	exec 3>&-
	ctl publish file
	is_published file pinned
}

beyond_the_limit_nothing_changes()
{
	local held

	work_dir
	serve
	wait_until holds_nothing
	set_param store_limit_mb 1
	make_file first 600000
	make_file second 600000
	make_file large 2000000
	cp first copy
	ctl publish first
	held=$(held_bytes)
	refused 'store_limit_mb' ctl publish second
	refused 'No space left on device: ' offer $PINNED second
	refused 'store_limit_mb' ctl publish --copy second
	refused 'store_limit_mb' ctl publish --seal second
	refused 'store_limit_mb' ctl publish --name first large
	[ "$(held_bytes)" = "$held" ]
	is_gone second
	append_to second
	append_to large
	is_published first pinned copy
	ctl withdraw first
	ctl publish second
	is_published second pinned
}

a_name_that_leads_upwards_or_is_too_long_is_refused()
{
	local long

	work_dir
	serve
	make_file file 5000
	long=$(printf 'n%.0s' {1..255})
	refused 'must not be empty, contain ".."' ctl publish file --name ../file
	refused 'must not be empty, contain ".."' ctl publish file --name 'a\..\file'
	refused 'must not be empty, contain ".."' ctl publish file --name ''
	refused 'must not be empty, contain ".."' ctl publish file --name $'a\nb'
	refused 'at most 255 bytes' ctl publish file --name "n$long"
	[ "$(ctl -j list)" = '[]' ]
	append_to file
	ctl publish file --name "$long"
	is_published "$long" pinned file
}

a_folder_is_published_under_relative_paths()
{
	work_dir
	serve
	mkdir -p tree/deep/deeper
	make_file tree/one 100
	make_file tree/deep/two 2000
	make_file tree/deep/deeper/three 30000
	make_file outside 100
	ln -s one tree/inside
	ln -s ../outside tree/outside
	mkfifo tree/fifo
	ctl publish -r tree
	[ "$(ctl list | awk '$3 == "pinned" { print $1 }' | sort | xargs)" = 'deep/deeper/three deep/two inside one' ]
	[ "$(ctl -j list | grep -o '"name"' | wc -l)" = 4 ]
	is_published one pinned tree/one
	is_published deep/two pinned tree/deep/two
	is_published deep/deeper/three pinned tree/deep/deeper/three
	nobody_can_write tree/deep/two
}

several_names_are_withdrawn_all_or_none()
{
	work_dir
	serve
	make_file one 100
	make_file two 200
	make_file three 300
	ctl publish one two three
	refused 'this name is not published' ctl withdraw one missing two
	is_published one pinned
	is_published two pinned
	ctl withdraw one two
	is_gone one
	is_gone two
	is_published three pinned
}

withdrawing_everything_needs_yes_off_a_terminal()
{
	work_dir
	serve
	make_file one 100
	make_file two 200
	ctl publish one two
	refused 'needs --yes' ctl withdraw --all < /dev/null
	is_published one pinned
	is_published two pinned
	ctl withdraw --all --yes
	[ "$(ctl -j list)" = '[]' ]
}

one_download_runs()
{
	[ "$(stat_of requests_in_progress)" = 1 ]
}

# begin_download NAME TO: one that stands still, somewhere in the middle, until finish_download. The delay gives
# the time to stop it.
begin_download()
{
	modprobe sch_netem 2> /dev/null || true
	in_server tc qdisc add dev s0 root netem delay 4ms
	ip netns exec client busybox tftp -g -r "$1" -l "$2" "$SERVER" & DOWNLOAD=$!
	at_end kill -KILL "$DOWNLOAD"
	wait_until one_download_runs
	kill -STOP "$DOWNLOAD"
	in_server tc qdisc del dev s0 root
}

finish_download()
{
	one_download_runs
	[ "$(stat_of ended_complete)" = "$1" ]
	kill -CONT "$DOWNLOAD"
	wait "$DOWNLOAD"
}

a_running_download_goes_on_with_the_content_it_began_with()
{
	on_ext4
	serve
	make_file file 1000000
	cp file old
	make_file new 900000
	ctl publish file
	begin_download file got
	mv new file
	ctl publish file
	is_published file pinned
	finish_download 1
	cmp got old
}

a_running_download_keeps_a_withdrawn_file_from_being_written()
{
	on_ext4
	serve
	make_file file 1000000
	cp file old
	ctl publish file
	begin_download file got
	ctl withdraw file
	refused 'not found' download busybox "$SERVER" file other
	nobody_can_write file
	finish_download 0
	cmp got old
	wait_until append_to file
	cd ..
	wait_until umount disk
}

# shellcheck disable=SC2034 # for run_tests
TESTS=(
	a_file_on_ext4_is_pinned_and_nobody_can_write_to_it_until_it_is_withdrawn
	a_file_renamed_over_a_pinned_one_on_ext4_is_served_when_it_is_published
	a_file_system_is_busy_until_its_files_are_withdrawn
	a_file_on_overlayfs_is_copied_and_stays_writable
	a_sealed_memfd_is_served_as_it_is
	an_unsealed_memfd_is_copied
	the_kernel_itself_refuses_what_cannot_be_held
	a_file_that_somebody_has_open_for_writing_is_refused
	several_names_are_withdrawn_all_or_none
	a_running_download_goes_on_with_the_content_it_began_with
)
# shellcheck disable=SC2034 # for run_tests
LONG_TESTS=(
	a_file_on_tmpfs_is_pinned_and_nobody_can_write_to_it_until_it_is_withdrawn
	a_file_with_two_names_is_pinned_until_both_are_withdrawn
	a_file_renamed_over_a_pinned_one_on_tmpfs_is_served_when_it_is_published
	a_replaced_file_does_not_keep_its_file_system_busy
	a_file_on_9p_is_copied
	a_copy_that_was_asked_for_leaves_the_file_alone
	the_kernel_refuses_a_memfd_of_huge_pages
	what_is_no_regular_file_is_refused
	beyond_the_limit_nothing_changes
	a_name_that_leads_upwards_or_is_too_long_is_refused
	a_folder_is_published_under_relative_paths
	withdrawing_everything_needs_yes_off_a_terminal
	a_running_download_keeps_a_withdrawn_file_from_being_written
)
run_tests "$@"
