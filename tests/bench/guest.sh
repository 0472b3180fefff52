# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The guest's half of rig.sh: configures eth0, calls the driver over TCP, and does what it is told.
#
# A command is a line, its first word says what. It is answered by "ok" and what there is to say, or by "failed" and a
# line of why; "quit", or the end of the connection, is the end.

# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/servers.sh"

log=/run/bench.log

configure_network()
{
	ulimit -n 65536
	ip address add "$1/24" dev eth0 && ip link set eth0 up
}

call_driver()
{
	{ exec 7<> "/dev/tcp/$driver/$port"; } 2> /dev/null
}

# What carry_out() has to say goes into $said, and why it failed into $log.
obey()
{
	local command argument said

	while read -r command argument <&7; do
		said=''
		: > "$log"
		if [ "$command" = quit ]; then
			break
		elif [ "$command" = hello ] || carry_out "$command" "$argument"; then
			echo "ok${said:+ $said}" >&7
		else
			echo "failed $(tr '\n' ' ' < "$log")" >&7
		fi
	done
}

# obey_driver DRIVER PORT: until it says quit.
obey_driver()
{
	driver=$1 port=$2
	wait_until call_driver || { echo "the driver does not answer" >&2; exit 1; }
	obey
}
