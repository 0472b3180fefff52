#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# host.sh DIR MODULE KTFTPCTL: the part of "make run HOST=1": loads the module here, serves, takes all back.

set -euo pipefail

dir=$1 module=$2 ctl=$3 loaded='' monitor=''

cleanup()
{
	trap - EXIT INT TERM
	[ -z "$monitor" ] || kill "$monitor" 2> /dev/null || true
	"$ctl" listen del 0.0.0.0 --now 2> /dev/null || true
	"$ctl" listen del '[::]' --now 2> /dev/null || true
	"$ctl" --yes withdraw --all > /dev/null 2>&1 || true
	[ -z "$loaded" ] || rmmod ktftp || true
}

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -e /sys/module/ktftp ]; then
	echo "ktftp: the module is loaded already: what it serves is left alone (rmmod ktftp first)" >&2
	trap - EXIT
	exit 2
fi
insmod "$module"
loaded=1
"$ctl" listen add 0.0.0.0
"$ctl" listen add '[::]' || echo "ktftp: IPv4 only" >&2
echo "Serving $dir: $("$ctl" publish -r "$dir")"
echo "Files there cannot be written meanwhile (\"Text file busy\"). End with Ctrl-C."
"$ctl" monitor &
monitor=$!
wait "$monitor"
