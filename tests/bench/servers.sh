# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What both guests of the benchmark share: how the other servers are started.

# peer_command NAME PEERS DIRECTORY: into command[], what serves the directory on UDP port 69 in the foreground;
# fails when there is no such server.
# shellcheck disable=SC2034
peer_command()
{
	local peers=$2 directory=$3

	case $1 in
	tftpd-hpa)
		command=("$peers/bin/in.tftpd" -4 -L --secure -a 0.0.0.0:69 "$directory") ;;
	atftpd)
		command=("$peers/bin/atftpd" --daemon --no-fork --user root --maxthread 10000
			 --logfile /dev/null --verbose=3 "$directory") ;;
	dnsmasq)
		command=("$peers/bin/dnsmasq" --keep-in-foreground --conf-file=/dev/null --user=root --pid-file=
			 --port=0 --enable-tftp --tftp-root="$directory" --tftp-max=10000
			 --quiet-tftp --log-facility=/dev/null) ;;
	*)
		return 1 ;;
	esac
}

port_is_bound()
{
	grep -q ':0045 ' /proc/net/udp
}

# wait_until COMMAND...: for at most ten seconds.
wait_until()
{
	local deadline=$((SECONDS + 10))

	while ! "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}
