#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# logs.sh: what ktftpd tells of downloads, misses and itself: to syslog servers, to the journal, to Prometheus.

# A journal of the test's own needs mounts that nobody else sees.
if [ -z "${KTFTP_TEST_MOUNTS:-}" ] && [ "$(id -u)" = 0 ]; then
	export KTFTP_TEST_MOUNTS=1
	exec unshare --mount --propagation private "$0" "$@"
fi

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SYSLOG_PORT=5514
METRICS=127.0.0.1:9469

TESTS=(
	downloads_are_told_over_udp
	downloads_are_told_over_tcp
	what_was_agreed_on_is_told
	a_miss_is_told_with_the_nearest_name
	whatever_a_client_asks_for_a_line_is_one_line
	a_server_that_comes_later_gets_what_was_told_before
	a_server_may_go_and_come_back
	ten_thousand_misses_at_once_are_limited_and_counted
	a_reload_changes_the_server
	a_server_of_two_addresses_is_found_at_the_one_it_has
	downloads_go_on_while_a_name_server_does_not_answer
	the_journal_gets_fields
	a_journal_that_is_stopped_stops_no_download
	a_trace_shows_what_a_phone_asked_and_got
	prometheus_gets_its_page
	nothing_but_metrics_is_served
	connections_beyond_the_most_wait_and_are_served
	without_descriptors_it_waits_and_tells_so_once_in_a_while
	a_reload_moves_metrics
	a_reload_that_cannot_have_its_metrics_is_refused_and_nothing_changes
	alerts_are_complete
)

# receive KIND WHERE [NAME]: what came is in NAME.json, "received" if there is none.
receive()
{
	local to=${3:-received}.json

	python3 "$DAEMON_TESTS_DIR/log_receiver.py" "$1" "$2" >> "$to" 2> receiver.errors &
	RECEIVER_PID=$!
	at_end kill "$RECEIVER_PID"
	wait_until is_received_at "$1" "$2"
}

is_received_at()
{
	case $1 in
	udp) ss -Hlun "sport = :$2" | grep -q . ;;
	tcp) ss -Hltn "sport = :$2" | grep -q . ;;
	journal) [ -S "$2" ] ;;
	esac
}

stop_receiver()
{
	kill "$RECEIVER_PID"
	wait "$RECEIVER_PID" || true
}

# messages EXPRESSION [NAME]: how many messages it is true of; m is a message, d its structured data of ours.
messages()
{
	python3 -c '
import json, sys
expression, path = sys.argv[1:]
found = 0
for line in open(path):
    if not line.endswith("\n"):
        continue
    m = json.loads(line)
    if "error" in m:
        sys.exit(m["error"])
    d = m.get("data", {}).get("ktftp@32473", {})
    found += bool(eval("(" + expression + ")"))
print(found)' "$1" "${2:-received}.json"
}

# has_come COUNT EXPRESSION [NAME]
has_come()
{
	[ "$(messages "$2" "${3:-received}")" = "$1" ]
}

# told COUNT EXPRESSION [NAME]: so many come, and everything that came is well-formed.
told()
{
	wait_until has_come "$@"
}

# serve_to KIND: with such a syslog server.
serve_to()
{
	serve_with "log {" "syslog = { \"$1://127.0.0.1:$SYSLOG_PORT\" }" "}"
}

# is_a_download NAME BYTES
is_a_download()
{
	echo "m['id'] == 'TRANSFER' and d['name'] == '$1' and d['bytes'] == '$2' and d['client'] == '127.0.0.1' and" \
		"d['site'] == '-' and d['end'] == 'complete' and d['engine'] == 'user' and d['blksize'] == '512' and" \
		"d['windowsize'] == '1' and" \
		"float(d['seconds']) >= 0 and int(d['repeats']) >= 0 and m['app'] == 'ktftpd' and m['pri'] == '30' and" \
		"'\"$1\" complete: $2 bytes' in m['text']"
}

downloads_are_told()
{
	work_dir
	make_file "$ROOT/file" 70000
	receive "$1" "$SYSLOG_PORT"
	serve_to "$1"
	downloads_whole file "$ROOT/file"
	told 1 "$(is_a_download file 70000)"
	told 1 "m['id'] == 'TRANSFER'"
	told 1 "m['id'] == 'TRANSFER' and m['data']['origin']['software'] == 'ktftpd'"
}

downloads_are_told_over_udp()
{
	downloads_are_told udp
}

downloads_are_told_over_tcp()
{
	downloads_are_told tcp
}

what_was_agreed_on_is_told()
{
	work_dir
	make_file "$ROOT/file" 70000
	receive tcp "$SYSLOG_PORT"
	serve_to tcp
	atftp --option 'windowsize 16' --option 'blksize 1024' --get -r file -l got "$SERVER" "$PORT"
	told 1 "m['id'] == 'TRANSFER' and d['blksize'] == '1024' and d['windowsize'] == '16'"
}

a_miss_is_told_with_the_nearest_name()
{
	work_dir
	make_file "$ROOT/SEP001122334455.cnf.xml" 700
	receive tcp "$SYSLOG_PORT"
	serve_to tcp
	answers SEP001122334456.cnf.xml 'error 1'
	told 1 "m['id'] == 'MISS' and d['name'] == 'SEP001122334456.cnf.xml' and d['answer'] == 'error1' and
		d['nearest'] == 'SEP001122334455.cnf.xml' and d['client'] == '127.0.0.1'"
}

# ask_raw NAME: a read request for it, in which printf's escapes are bytes.
ask_raw()
{
	python3 -c '
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(2)
sock.sendto(b"\0\1" + sys.stdin.buffer.read() + b"\0octet\0", ("127.0.0.1", 69))
try:
    sock.recv(1000)
except TimeoutError:
    pass' < <(printf '%b' "$1")
}

# Quotes, brackets, backslashes, bytes that are no UTF-8, a right-to-left mark, and more than ASCII.
whatever_a_client_asks_for_a_line_is_one_line()
{
	work_dir
	receive tcp "$SYSLOG_PORT"
	receive udp "$SYSLOG_PORT" also
	serve_with "log {" "syslog = { \"tcp://127.0.0.1:$SYSLOG_PORT\", \"udp://127.0.0.1:$SYSLOG_PORT\" }" "}"
	ask_raw 'a"b]c=d'
	ask_raw 'bad\xff\xfe'
	ask_raw 'turn\xe2\x80\xaeed'
	ask_raw 'M\xc3\xbcnchen'
	ask_raw 'line\x0afeed'
	ask_raw 'esc\x1b[2J'
	for name in received also; do
		told 1 "d.get('name') == 'a\"b]c=d' and '\"a\\\\\"b]c=d\"' in m['text']" "$name"
		told 1 "d.get('name') == 'bad\\\\xff\\\\xfe'" "$name"
		told 1 "d.get('name') == 'turn\\\\xe2\\\\x80\\\\xaeed'" "$name"
		told 1 "d.get('name') == 'M\\u00fcnchen' and 'M\\u00fcnchen' in m['text']" "$name"
	done
	if grep -P '[^[:print:]]' "$DAEMON_LOG" | grep -v M.nchen; then
		fail "control characters"
	fi
}

a_server_that_comes_later_gets_what_was_told_before()
{
	work_dir
	make_file "$ROOT/file" 700
	serve_to tcp
	downloads_whole file "$ROOT/file"
	downloads_whole file "$ROOT/file"
	receive tcp "$SYSLOG_PORT"
	told 2 "m['id'] == 'TRANSFER'"
	told 1 "m['data']['meta']['sequenceId'] == '1'"
}

a_server_may_go_and_come_back()
{
	work_dir
	make_file "$ROOT/file" 700
	receive tcp "$SYSLOG_PORT"
	serve_to tcp
	downloads_whole file "$ROOT/file"
	told 1 "m['id'] == 'TRANSFER'"
	stop_receiver
	wait_until is_not_connected
	downloads_whole file "$ROOT/file"
	receive tcp "$SYSLOG_PORT"
	told 2 "m['id'] == 'TRANSFER'"
}

is_not_connected()
{
	! ss -Htn state established "dport = :$SYSLOG_PORT" | grep -q .
}

metric()
{
	curl -gsS "http://$METRICS/metrics" | sed -n "s/^$1 //p"
}

# ask_for_much COUNT: asks for names that are not there, as fast as the server answers, so that none is lost.
ask_for_much()
{
	python3 -c '
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[1])):
    sock.sendto(b"\0\1missing%d\0octet\0" % i, ("127.0.0.1", 69))
    if i % 20 == 19:
        sock.settimeout(0.02)
        try:
            while True:
                sock.recv(1000)
        except TimeoutError:
            pass' "$1"
}

lines_are_all_told()
{
	[ "$(metric 'ktftp_daemon_answers_total{answer="not_found"}')" -gt 5000 ] || return
	[ "$(told_to_be_dropped)" = "$(metric ktftp_log_lines_dropped_total)" ]
}

told_to_be_dropped()
{
	python3 -c '
import json
messages = [json.loads(line) for line in open("received.json")]
print(sum(int(m["data"]["ktftp@32473"]["lines"]) for m in messages if m["id"] == "DROPPED"))'
}

ten_thousand_misses_at_once_are_limited_and_counted()
{
	local misses dropped

	work_dir
	receive tcp "$SYSLOG_PORT"
	serve_with "metrics = \"$METRICS\"" \
		"log {" "per-second = 10" "syslog = { \"tcp://127.0.0.1:$SYSLOG_PORT\" }" "}"
	ask_for_much 10000
	wait_until lines_are_all_told
	misses=$(messages "m['id'] == 'MISS'")
	dropped=$(metric ktftp_log_lines_dropped_total)
	[ "$dropped" -gt 0 ]
	[ "$((misses + dropped))" = "$(metric 'ktftp_daemon_answers_total{answer="not_found"}')" ]
	told "$(messages "m['id'] == 'DROPPED'")" "'lines were dropped in the last' in m['text']"
}

a_reload_changes_the_server()
{
	work_dir
	make_file "$ROOT/file" 700
	receive tcp "$SYSLOG_PORT"
	receive udp 5515 second
	serve_to tcp
	downloads_whole file "$ROOT/file"
	told 1 "m['id'] == 'TRANSFER'"
	configure 'listen "127.0.0.1" {}' "log {" 'syslog = { "udp://127.0.0.1:5515" }' "}"
	reload_daemon
	downloads_whole file "$ROOT/file"
	told 1 "m['id'] == 'TRANSFER'" second
	told 1 "m['id'] == 'TRANSFER'"
}

# stand_in FILE LINE...: what the file has is that, for this test.
stand_in()
{
	printf '%s\n' "${@:2}" > "stand-in.${1##*/}"
	mount --bind "stand-in.${1##*/}" "$1"
	at_end umount "$1"
}

a_server_of_two_addresses_is_found_at_the_one_it_has()
{
	work_dir
	make_file "$ROOT/file" 700
	stand_in /etc/hosts "::1 logs.ktftp.example" "127.0.0.1 logs.ktftp.example"
	receive tcp "$SYSLOG_PORT"
	serve_with "log {" "syslog = { \"tcp://logs.ktftp.example:$SYSLOG_PORT\" }" "}"
	downloads_whole file "$ROOT/file"
	told 1 "m['id'] == 'TRANSFER'"
}

# A name server that takes questions and answers none, and is asked for two minutes.
downloads_go_on_while_a_name_server_does_not_answer()
{
	work_dir
	make_file "$ROOT/file" 700
	python3 -c '
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 53))
open("bound", "w")
sock.recv(1000)
open("asked", "w")
while True:
    sock.recv(1000)' &
	at_end kill "$!"
	wait_until [ -e bound ]
	stand_in /etc/resolv.conf "nameserver 127.0.0.1" "options timeout:30 attempts:5"
	serve_with "log {" 'syslog = { "tcp://logs.ktftp.example:514" }' "}"
	wait_until [ -e asked ]
	downloads_whole file "$ROOT/file"
	stop_daemon
}

# A file system of our own where the journal has its socket.
own_journal()
{
	mkdir -p /run/systemd
	mount -t tmpfs none /run/systemd
	at_end umount /run/systemd
	mkdir /run/systemd/journal
}

the_journal_gets_fields()
{
	local client="m['KTFTP_CLIENT'] == '127.0.0.1' and m['KTFTP_SITE'] == '-'"

	work_dir
	own_journal
	make_file "$ROOT/file" 70000
	receive journal /run/systemd/journal/socket
	serve
	downloads_whole file "$ROOT/file"
	answers fille 'error 1'
	told 1 "m.get('MESSAGE_ID') == 'b38ade80204749c6805f862c34eef7d2' and m['KTFTP_NAME'] == 'file' and $client and
		m['KTFTP_BYTES'] == '70000' and m['KTFTP_END'] == 'complete' and m['KTFTP_ENGINE'] == 'user' and
		m['PRIORITY'] == '6' and m['SYSLOG_IDENTIFIER'] == 'ktftpd' and m['KTFTP_BLKSIZE'] == '512' and
		m['KTFTP_WINDOWSIZE'] == '1'"
	told 1 "m.get('MESSAGE_ID') == 'f4e40a72c0654b3788d0177520c8d705' and m['KTFTP_NAME'] == 'fille' and $client and
		m['KTFTP_NEAREST'] == 'file' and m['KTFTP_ANSWER'] == 'error1'"
	# Where there is a journal, nothing goes beside it.
	[ ! -s "$DAEMON_LOG" ]
}

a_journal_that_is_stopped_stops_no_download()
{
	work_dir
	own_journal
	make_file "$ROOT/file" 700
	receive journal /run/systemd/journal/socket
	serve
	at_end kill -CONT "$RECEIVER_PID"
	kill -STOP "$RECEIVER_PID"
	for _ in {1..60}; do
		downloads_whole file "$ROOT/file"
	done
	kill -CONT "$RECEIVER_PID"
	told 60 "m.get('KTFTP_NAME') == 'file'"
}

a_trace_shows_what_a_phone_asked_and_got()
{
	local pattern

	work_dir
	make_file "$ROOT/SEP001122334455.cnf.xml" 700
	serve
	answers CTLSEP001122334455.tlv 'error 1'
	downloads_whole SEP001122334455.cnf.xml "$ROOT/SEP001122334455.cnf.xml"
	for pattern in 00:11:22:33:44:55 0011.2233.4455 001122334455 00-11-22-33-44-55 127.0.0.1 '*sep0011*' sep0011; do
		wait_until trace_is "miss start end" "$pattern"
	done
	trace_is "miss" ctlsep
	trace_is "" 001122334456
}

# trace_is WORDS PATTERN: that happened, in this order.
trace_is()
{
	[ "$(ctl -j trace "$2" | python3 -c '
import json, sys
text = sys.stdin.read().strip()
events = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
assert [e["sequence"] for e in events] == sorted(e["sequence"] for e in events)
print(*(e["what"] for e in events))')" = "$1" ]
}

serve_metrics()
{
	serve_with "metrics = \"$METRICS\""
}

prometheus_gets_its_page()
{
	work_dir
	make_file "$ROOT/file" 700
	serve_metrics
	downloads_whole file "$ROOT/file"
	wait_until [ "$(metric 'ktftp_ended_complete_total{engine="user"}')" = 1 ]
	[ "$(metric 'ktftp_bytes_sent_total{engine="user"}')" = 700 ]
	[ "$(metric ktftp_folder_files)" = 1 ]
	[ "$(metric ktftp_kernel_in_use)" = 0 ]
	[ "$(metric ktftp_draining)" = 0 ]
	ctl drain
	[ "$(metric ktftp_draining)" = 1 ]
	[ "$(curl -gsS -o page -w '%{content_type}' "http://$METRICS/metrics")" = "text/plain; version=0.0.4; charset=utf-8" ]
	! command -v promtool > /dev/null || promtool check metrics < page
}

# answers_http CODE OPTION...: curl's options.
answers_http()
{
	local code

	code=$(curl -gsS -o body -w '%{http_code}' "${@:2}") || true
	[ "$code" = "$1" ] || fail "${*:2}: $code"
}

nothing_but_metrics_is_served()
{
	work_dir
	serve_metrics
	answers_http 200 "http://$METRICS/metrics"
	answers_http 200 "http://$METRICS/metrics?a=b"
	answers_http 200 --head "http://$METRICS/metrics"
	if grep ktftp_ body; then
		fail "a body without being asked for one"
	fi
	answers_http 404 "http://$METRICS/"
	answers_http 404 "http://$METRICS/metrics/../../etc/passwd" --path-as-is
	answers_http 405 -X POST "http://$METRICS/metrics"
	answers_http 404 -X DELETE "http://$METRICS/other"
	curl -gsS -i -X PUT "http://$METRICS/metrics" | grep -qi '^Allow: GET, HEAD'
	head -c 100000 /dev/zero | tr '\0' a > much
	answers_http 405 -d @much "http://$METRICS/metrics"
	answers_http 431 -H "X: $(< much)" "http://$METRICS/metrics"
	answers_http 200 "http://$METRICS/metrics"
}

connections_beyond_the_most_wait_and_are_served()
{
	local before

	work_dir
	serve_metrics
	before=$(find "/proc/$DAEMON_PID/fd" | wc -l)
	python3 - <<- 'END'
	import socket

	def connect():
	    sock = socket.create_connection(("127.0.0.1", 9469))
	    sock.settimeout(60)
	    return sock

	def serves(sock):
	    sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
	    data = b""
	    while part := sock.recv(65536):
	        data += part
	    return data.startswith(b"HTTP/1.1 200 ") and b"\nktftp_build_info{" in data

	idle = [connect() for _ in range(100)]
	late = connect()
	late.sendall(b"GET /metrics HTTP/1.1\r\n")
	for sock in idle[:50]:
	    assert serves(sock)
	for sock in idle[50:]:
	    sock.close()
	late.sendall(b"Host: a\r\n\r\n")
	assert late.recv(100).startswith(b"HTTP/1.1 200 ")
	for _ in range(50):
	    assert serves(connect())
	END
	# Of a hundred that say nothing, few have a file of the daemon's.
	python3 - <<- 'END' &
	import signal, socket
	socks = [socket.create_connection(("127.0.0.1", 9469)) for _ in range(100)]
	open("connected", "w")
	signal.pause()
	END
	at_end kill "$!"
	wait_until [ -e connected ]
	[ "$(find "/proc/$DAEMON_PID/fd" | wc -l)" -lt $((before + 50)) ]
}

wait_is_told()
{
	log_says 'the socket for metrics cannot accept: Too many open files'
}

# Accepting again and again at once would tell so thousands of times.
without_descriptors_it_waits_and_tells_so_once_in_a_while()
{
	local descriptors curl

	work_dir
	serve_metrics
	descriptors=$(prlimit --pid "$DAEMON_PID" --nofile --output SOFT --noheadings --raw)
	prlimit --pid "$DAEMON_PID" --nofile=3:
	curl -gsS --max-time 60 -o page "http://$METRICS/metrics" &
	curl=$!
	at_end kill "$curl"
	wait_until wait_is_told
	prlimit --pid "$DAEMON_PID" "--nofile=$descriptors:"
	wait "$curl"
	grep -q '^ktftp_' page
	[ "$(grep -c 'metrics cannot accept' "$DAEMON_LOG")" -lt 100 ]
}

a_reload_moves_metrics()
{
	local address

	work_dir
	serve_metrics
	# Another address of the same port: that at all addresses is in its way.
	for address in "0.0.0.0:${METRICS##*:}" "127.0.0.2:${METRICS##*:}" 127.0.0.1:9470; do
		configure 'listen "127.0.0.1" {}' "metrics = \"$address\""
		reload_daemon
		answers_http 200 "http://${address/0.0.0.0/127.0.0.9}/metrics"
	done
	! curl -gsS -o body "http://127.0.0.2:${METRICS##*:}/metrics" 2> /dev/null || fail "the one before still answers"
	configure 'listen "127.0.0.1" {}' 'metrics = off'
	reload_daemon
	! curl -gsS -o body http://127.0.0.1:9470/metrics 2> /dev/null || fail "it still answers"
}

# another_has ADDRESS PORT
another_has()
{
	python3 -c '
import signal, socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
signal.pause()' "$1" "$2" &
	at_end kill "$!"
	wait_until is_received_at tcp "$2"
}

# refuses_metrics ADDRESS:PORT: a reload, and is what it was, also where it would listen elsewhere.
refuses_metrics()
{
	local said

	configure 'listen "127.0.0.2" {}' "metrics = \"$1\""
	! said=$(reload_daemon 2>&1) || fail "$1 was not refused"
	[[ $said == *"cannot listen for metrics on"* ]] || fail "refused with: $said"
	answers_http 200 "http://$METRICS/metrics"
	downloads_whole file "$ROOT/file"
	! ss -Hlun 'sport = :69' | grep -q 127.0.0.2 || fail "it listens where the refused file says"
}

a_reload_that_cannot_have_its_metrics_is_refused_and_nothing_changes()
{
	work_dir
	make_file "$ROOT/file" 700
	serve_metrics
	another_has 127.0.0.1 9470
	refuses_metrics 127.0.0.1:9470
	refuses_metrics "192.0.2.1:${METRICS##*:}"
	# The other way round: listeners that cannot be leave metrics as they are.
	configure 'listen "192.0.2.1" {}' 'metrics = "127.0.0.1:9471"'
	! reload_daemon 2> /dev/null || fail "not refused"
	answers_http 200 "http://$METRICS/metrics"
	! ss -Hltn 'sport = :9471' | grep -q . || fail "it listens for metrics where the refused file says"
	configure 'listen "192.0.2.1" {}' "metrics = \"0.0.0.0:${METRICS##*:}\""
	! reload_daemon 2> /dev/null || fail "not refused"
	answers_http 200 "http://$METRICS/metrics"
	! answers_elsewhere || fail "it answers at all addresses"
}

answers_elsewhere()
{
	curl -gsS -o body "http://127.0.0.9:${METRICS##*:}/metrics" 2> /dev/null
}

alerts_are_complete()
{
	local rules=$TREE/packaging/prometheus/ktftp.rules.yml

	work_dir
	python3 - "$rules" <<- 'END'
	import re, sys, yaml
	rules = [rule for group in yaml.safe_load(open(sys.argv[1]))["groups"] for rule in group["rules"]]
	assert len({rule["alert"] for rule in rules}) == len(rules) > 10
	for rule in rules:
	    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
	    assert rule["expr"].count("(") == rule["expr"].count(")"), rule["alert"]
	    assert re.fullmatch(r"[0-9]+[smh]", rule.get("for", "1m")), rule["alert"]
	    assert rule["labels"]["severity"] in ("critical", "warning", "info"), rule["alert"]
	    for key in ("summary", "description", "runbook"):
	        assert rule["annotations"][key].strip(), (rule["alert"], key)
	END
	! command -v promtool > /dev/null || promtool check rules "$rules"
}

run_tests "$@"
