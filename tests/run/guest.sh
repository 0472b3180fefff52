#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh DIR lines|table PORT EXAMPLE: the part of "make run" inside the virtual machine.

set -euo pipefail

dir=$1 view=$2 port=$3 example=$4

# in_url NAME: with what a URL keeps for itself encoded.
in_url()
{
	local LC_ALL=C i character

	for ((i = 0; i < ${#1}; i++)); do
		character=${1:i:1}
		case $character in
		[A-Za-z0-9._~/-]) printf '%s' "$character" ;;
		*) printf '%%%02X' "'$character" ;;
		esac
	done
}

# quoted NAME: as a shell takes it.
quoted()
{
	printf "'%s'" "${1//\'/\'\\\'\'}"
}

# table_below LINES: leaves those at the top of the terminal alone: for the table the line after them is the first.
table_below()
{
	printf '\033[%d;r\033[?6h' $(($1 + 1))
	export LINES=$((LINES - $1))
}

ktftp-load store_limit_mb=1048576
ktftpctl listen add 0.0.0.0
count=$(ktftpctl publish -r "$dir")
[ "$view" != table ] || printf '\033[H\033[J'
echo "Serving $dir: $count"
echo "Try:  curl -o $(quoted "${example##*/}") 'tftp://127.0.0.1:$port/$(in_url "$example")'"
echo "End with Ctrl-C."
if [ "$view" = table ]; then
	table_below 4
	exec ktftpctl transfers --watch
fi
exec ktftpctl monitor
