// SPDX-License-Identifier: GPL-2.0
/* ktftpd.conf: what is refused, in which line, and what the operator is told to do. */
#include <fcntl.h>
#include <limits.h>

#include "config_lib.h"

/* ---- the file ---- */

static void refused_path(struct written *w, const char *path, int err, const char *part)
{
	assert_int_equal(config_load(path, &w->config, w->why, sizeof(w->why)), err);
	assert_null(w->config);
	if (strncmp(w->why, path, strlen(path)) || !strstr(w->why, part))
		fail_msg("refused by '%s'", w->why);
}

CASE(files_that_cannot_be_read_are_told)
{
	struct written *w = *state;
	char path[PATH_MAX];

	refused_path(w, "/nonexistent/ktftpd.conf", -ENOENT, "No such file");
	refused_path(w, w->directory, -EINVAL, "is a directory");
	snprintf(path, sizeof(path), "%s/fifo", w->directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused_path(w, path, -EINVAL, "no regular file");
}

CASE(files_that_are_no_configuration_are_told)
{
	struct written *w = *state;
	int fd = open(w->path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	refused_path(w, w->path, -EINVAL, "1048577 bytes");
	assert_int_equal(ftruncate(fd, 100), 0);
	refused_path(w, w->path, -EINVAL, "NUL");
	close(fd);
	refused(w, "root = '@/a'\n\x01", 2, "control character");
}

/* Without room for it, a reason is cut off. */
CASE(reasons_fit_their_room)
{
	char *room = exact_room(8);
	struct config *config;

	(void)state;
	assert_int_equal(config_load("/no/such/file", &config, room, 8), -ENOENT);
	assert_string_equal(room, "/no/suc");
	free(room);
}

/* ---- how it is written ---- */

CASE(mistakes_of_writing_are_told_with_their_line)
{
	refused(*state, "", 0, "no root");
	refused(*state, "root\n= '@/a'\nquiet 3s", 3, "quiet");
	refused(*state, "root = '@/a'\n}", 2, "brace");
	refused(*state, "root = '@/a'\nlog\n", 3, "end of file");
	refused(*state, "root = '@/a'\nlog {\nmisses = true\n\n", 2, "a } is missing");
	refused(*state, "root = '@/a'\nlog {\nsyslog = {\n'udp://x'\n}\n", 2, "a } is missing");
	refused(*state, "root = {\n'@/a'\n", 1, "a } is missing");
	refused(*state, "root = '@/a'\nlog {\nmisses = true\nlisten ::1 {\n}\n}", 4, "is a } missing before it?");
	refused(*state, "root = '@/a'\nlisten {\n}", 2, "title");
	refused(*state, "root = '@/a'\nlisten \"0.0.0.0\"\nquiet = 1s", 3, "brace");
	refused(*state, "root = '@/a'\nquiet = 1s 2s", 2, "2s");
	refused(*state, "root = '@/a'\nquiet = { 1s }", 2, "{");
	refused(*state, "root = '@/a'\nquiet += 1s", 2, "append");
	refused(*state, "root = { '@/a' '@/b' }", 1, "unexpected");
	refused(*state, "root = '@/a'\n(", 2, "(");
}

CASE(strings_and_comments_have_ends)
{
	refused(*state, "root = '@/a'\nquiet = \"1s\n\nsettle = \"2s\"", 2, "a \" is missing");
	refused(*state, "root = '@/a\n", 1, "a ' is missing");
	refused(*state, "root = '@/a'\n/* one\ntwo\n", 2, "a */ is missing");
	refused(*state, "root = '@/a'\nquiet = \"1s\\\"\n", 2, "a \" is missing");
}

/* libconfuse alone would drop the star without a word. */
CASE(words_with_stars_belong_in_quotes)
{
	refused(*state, "root = '@/a'\nignore = *.tmp", 2, "quotes");
	refused(*state, "root = '@/a'\nignore = {\na,\nb*c }", 4, "quotes");
	refused(*state, "root = /srv/a+b", 1, "quotes");
	refused(*state, "root = $HOME", 1, "quotes");
}

CASE(the_environment_is_left_alone)
{
	refused(*state, "root = '@/a'\nstate-dir = \"${HOME}\"", 2, "environment");
	refused(*state, "root = '@/a'\nstate-dir = ${HOME}", 2, "quotes");
	refused(*state, "root = '@/a'\nstate-dir = '${HOME}'", 2, "not '${HOME}'");
}

CASE(values_have_no_control_characters)
{
	refused(*state, "root = '@/a'\nstate-dir = \"/var/\\x07\"", 2, "control characters");
	refused(*state, "root = '@/a'\nview \"a\\tb\" {}", 2, "control characters");
	refused(*state, "root = '@/a'\nlisten \"\\x01\" {}", 2, "control characters");
}

/* ---- options ---- */

CASE(unknown_options_are_told_with_what_may_be_meant)
{
	refused(*state, "roots = '@/a'", 1, "unknown option 'roots'; is 'root' meant?");
	refused(*state, "root = '@/a'\nmax_file = 3", 2, "is 'max-file' meant?");
	refused(*state, "root = '@/a'\nmodule {\nrto-min-ms = 20\n}", 3, "is 'rto_min_ms' meant?");
	refused(*state, "root = '@/a'\nlisten ::1 {\ndevcie = eth0\n}", 3, "is 'device' meant?");
	refused(*state, "root = '@/a'\nsomething = 3", 2, "unknown option 'something'; ktftpd.conf(5)");
	/* Our own mark is near, and not meant. */
	refused(*state, "root = '@/a'\nview v {\nx = 3 }", 3, "unknown option 'x'; ktftpd.conf(5)");
	refused(*state, "root = '@/a'\n'' = 3", 2, "cannot be understood");
}

/* They are for a later version. */
CASE(sites_and_rules_are_unknown)
{
	refused(*state, "root = '@/a'\nsite berlin {\n}", 2, "unknown option 'site'");
	refused(*state, "root = '@/a'\nrule x {\n}", 2, "unknown option 'rule'");
}

CASE(options_in_the_wrong_place_are_told_their_place)
{
	refused(*state, "root = '@/a'\nrto_min_ms = 20", 2, "belongs in a section \"module\"");
	refused(*state, "root = '@/a'\nsyslog = 'udp://x'", 2, "belongs in a section \"log\"");
	refused(*state, "root = '@/a'\nlog {\nquiet = 1s }", 3, "belongs outside of all sections");
}

/* The one by which we are told that a section begins. */
CASE(our_own_mark_is_no_option)
{
	refused(*state, "root = '@/a'\nview x {\n\"#\" = 3\n}", 3, "unknown option '#'");
	refused(*state, "root = '@/a'\n\"#\" = 3\n", 2, "unknown option '#'");
}

CASE(options_may_be_there_once)
{
	refused(*state, "root = '@/a'\nroot = '@/b'", 2, "after line 1; write a list");
	refused(*state, "quiet = 1s\nroot = '@/a'\nquiet = 2s", 3, "after line 1; it may be there once");
	refused(*state, "root = '@/a'\nlog { misses = true }\nlog {\nmisses = false }", 4, "after line 2");
	refused(*state, "root = '@/a'\nlisten ::1 {\nmark = 1\nmark = 2\n}", 4, "after line 3");
	refused(*state, "root = '@/a'\nignore = a\nignore += b\nignore = c", 4, "after line 2");
	refused(*state, "root = '@/a'\nmodule {\nrto_min_ms = 20\nrto_min_ms = 20\n}", 4, "after line 3");
}

CASE(words_that_are_not_among_those_allowed_are_told_them)
{
	refused(*state, "root = '@/a'\nengine = fast", 2, "auto, kernel or user, not 'fast'");
	refused(*state, "root = '@/a'\nin-place = perhaps", 2, "true or false, not 'perhaps'");
	refused(*state, "root = '@/a'\nmodule {\norphan_miss = error2 }", 3, "silent, error0 or error1, not 'error2'");
	refused(*state, "root = '@/a'\nmodule {\nhonor_timeout = 2 }", 3, "true or false, 1 or 0, not '2'");
}

CASE(numbers_have_ranges)
{
	refused(*state, "root = '@/a'\nmax-files = 0", 2, "1 to 67108864, not '0'");
	refused(*state, "root = '@/a'\nmax-files = -1", 2, "not '-1'");
	refused(*state, "root = '@/a'\nmax-files = ' 1'", 2, "not ' 1'");
	refused(*state, "root = '@/a'\nmax-files = '+1'", 2, "not '+1'");
	refused(*state, "root = '@/a'\nmax-files = 12x", 2, "not '12x'");
	refused(*state, "root = '@/a'\nmax-files = ''", 2, "not ''");
	refused(*state, "root = '@/a'\nmax-files = 99999999999999999999", 2, "1 to 67108864");
	refused(*state, "root = '@/a'\nmodule {\nrto_min_ms = 3 }", 3, "rto_min_ms is a number, 4 to 200, not '3'");
	refused(*state, "root = '@/a'\nlog {\nper-second = 0 }", 3, "1 to 1000000");
}

CASE(times_need_units)
{
	refused(*state, "root = '@/a'\nquiet = 300", 2, "ms, s or min");
	refused(*state, "root = '@/a'\nquiet = 0s", 2, "10ms to 60000ms");
	refused(*state, "root = '@/a'\nquiet = 2min", 2, "10ms to 60000ms");
	refused(*state, "root = '@/a'\nsettle = 18446744073709551615h", 2, "not '18446744073709551615h'");
	refused(*state, "root = '@/a'\nsettle = 200ms", 2, "shorter than quiet");
	refused(*state, "settle = 5s\nroot = '@/a'\nquiet = 6s", 3, "shorter than quiet");
}

CASE(sizes_are_numbers)
{
	refused(*state, "root = '@/a'\nmax-file = 12X", 2, "512M");
	refused(*state, "root = '@/a'\nmax-file = 0", 2, "at least 1");
	refused(*state, "root = '@/a'\nbudget = none", 2, "not 'none'");
	refused(*state, "root = '@/a'\nbudget = 99999999999T", 2, "not '99999999999T'");
	refused(*state, "root = '@/a'\npin-limit = 1MiBs", 2, "not '1MiBs'");
}

CASE(users_and_groups_exist)
{
	refused(*state, "root = '@/a'\nuser = no-such-user", 2, "no user 'no-such-user'; useradd");
	refused(*state, "root = '@/a'\ngroup = no-such-group", 2, "no group 'no-such-group'; groupadd");
	refused(*state, "root = '@/a'\nadmin-group = no-such-group", 2, "no group");
	refused(*state, "root = '@/a'\nread-group = no-such-group", 2, "no group");
}

CASE(addresses_of_metrics_and_syslog_are_addresses)
{
	refused(*state, "root = '@/a'\nmetrics = on", 2, "127.0.0.1:9469");
	refused(*state, "root = '@/a'\nmetrics = 127.0.0.1:0", 2, "or off, not '127.0.0.1:0'");
	refused(*state, "root = '@/a'\nlog {\nsyslog = 'log.example.org' }", 3, "udp://HOST:514");
	refused(*state, "root = '@/a'\nlog {\nsyslog = 'udp://' }", 3, "not 'udp://'");
	refused(*state, "root = '@/a'\nlog {\nsyslog = 'tls://x' }", 3, "not 'tls://x'");
	refused(*state, "root = '@/a'\nlog {\nsyslog = 'udp://x:99999' }", 3, "not 'udp://x:99999'");
	refused(*state, "root = '@/a'\nlog {\nsyslog = 'udp://x:514/y' }", 3, "not");
	refused(*state, "root = '@/a'\nlog {\nsyslog = 'udp://x/514' }", 3, "not");
	refused(*state, "root = '@/a'\nlog {\nsyslog = 'udp://[::1' }", 3, "not");
	refused(*state, "root = '@/a'\nlog {\nsyslog = {\n'udp://x',\n'tcp://[::1]x' } }", 5, "not");
}

CASE(directories_are_absolute)
{
	refused(*state, "root = '@/a'\nstate-dir = var", 2, "absolute");
	refused(*state, "root = '@/a'\nrun-dir = ''", 2, "absolute");
	refused(*state, "root = '@/a'\nrun-dir = '//'", 2, "absolute");
}

/* ---- listeners ---- */

CASE(listeners_need_addresses)
{
	refused(*state, "root = '@/a'\nlisten eth0 {\n}", 2, "listen needs an address");
	refused(*state, "root = '@/a'\nlisten \"\" {}", 2, "listen needs an address");
	refused(*state, "root = '@/a'\nlisten 0.0.0.0:0 {}", 2, "not '0.0.0.0:0'");
	refused(*state, "root = '@/a'\nlisten 0.0.0.0:65536 {}", 2, "not");
	refused(*state, "root = '@/a'\nlisten '[::1' {}", 2, "not");
	refused(*state, "root = '@/a'\nlisten '[::]69' {}", 2, "not");
	refused(*state,
		"root = '@/a'\nlisten '00000000000000000000000000000000000000000000000000000000000000000001' {}", 2,
		"not '0000");
	refused(*state, "root = '@/a'\nlisten 224.0.0.1 {}", 2, "multicast");
	refused(*state, "root = '@/a'\nlisten ff02::1 { device = eth0 }", 2, "multicast");
	refused(*state, "root = '@/a'\nlisten 255.255.255.255 {}", 2, "broadcast");
}

CASE(listeners_are_there_once)
{
	refused(*state, "root = '@/a'\nlisten 0.0.0.0 {}\nlisten 0.0.0.0:69 {}", 3, "in line 2");
	refused(*state, "root = '@/a'\nlisten ::1 {}\nlisten 0:0:0:0:0:0:0:1 {}", 3, "in line 2");
	refused(*state, "root = '@/a'\nlisten ::1 { device = a }\nlisten ::1 {\ndevice = a }", 3, "in line 2");
}

CASE(properties_of_listeners_have_ranges)
{
	refused(*state, "root = '@/a'\nlisten ::1 {\ndscp = 64 }", 3, "0 to 63, not '64'");
	refused(*state, "root = '@/a'\nlisten ::1 {\nmark = 4294967296 }", 3, "0 to 4294967295");
	refused(*state, "root = '@/a'\nlisten ::1 {\nmark = 0x }", 3, "not '0x'");
	refused(*state, "root = '@/a'\nlisten ::1 {\ndevice = '' }", 3, "1 to 15 characters");
	refused(*state, "root = '@/a'\nlisten ::1 {\ndevice = a-device-with-a-long-name }", 3, "1 to 15 characters");
	refused(*state, "root = '@/a'\nlisten ::1 {\nsingle-port = 1 }", 3, "true or false");
	refused(*state, "root = '@/a'\nlisten fe80::1 {\n}", 2, "needs its device");
	refused(*state, "root = '@/a'\nlisten ::1 {\ntid-ports = 63999-61000 }", 3, "a range of ports");
	refused(*state, "root = '@/a'\nlisten ::1 {\ntid-ports = 61000 }", 3, "a range of ports");
	refused(*state, "root = '@/a'\nlisten ::1 {\ntid-ports = 0-61000 }", 3, "a range of ports");
	refused(*state, "root = '@/a'\nlisten ::1 {\ntid-ports = 61000-65536 }", 3, "a range of ports");
}

CASE(ranges_of_ports_do_not_overlap)
{
	refused(*state, "root = '@/a'\ndaemon-ports = 63999-65000", 2, "keep them apart");
	refused(*state, "root = '@/a'\ndaemon-ports = 60-70", 2, "port 69 is one of daemon-ports, 60-70");
	refused(*state, "root = '@/a'\nlisten ::1 { tid-ports = 64500-65000 }\n", 2,
		"64500-65000 and daemon-ports 64000-64999");
	refused(*state, "daemon-ports = 50000-51000\nroot = '@/a'\nlisten ::1 {\ntid-ports = 51000-52000 }", 3,
		"overlap");
	refused(*state, "root = '@/a'\nlisten ::1 {\ntid-ports = 51000-52000 }\ndaemon-ports = 50000-51000\n", 4,
		"overlap");
	refused(*state, "root = '@/a'\nlisten 0.0.0.0:64001 {}", 2, "port 64001");
	refused(*state, "root = '@/a'\ndaemon-ports = many", 2, "a range of ports, as 64000-64999");
}

/* ---- folders and views ---- */

CASE(roots_are_directories_that_exist)
{
	refused(*state, "root = a", 1, "relative; an absolute path is needed");
	refused(*state, "root = ''", 1, "relative");
	refused(*state, "root = '@/no'", 1, "does not exist; mkdir -p makes it");
	refused(*state, "root = '@/ktftpd.conf'", 1, "is no directory");
	refused(*state, "root = '@/ktftpd.conf/x'", 1, "Not a directory");
	refused(*state, "root = {\n'@/a',\n'@/no' }", 3, "does not exist");
	refused(*state, "root = '@/a'\nview x {\nroot = no }", 3, "relative");
	refused(*state, "root = /", 1, "whole system");
	refused(*state, "root = {}", 0, "no root");
	refused(*state, "view x {}", 0, "no root");
}

CASE(roots_are_apart)
{
	struct written *w = *state;
	char link[PATH_MAX];

	make_directory(w, "a/in");
	make_directory(w, "ab");
	snprintf(link, sizeof(link), "%s/link", w->directory);
	assert_int_equal(symlink("a", link), 0);
	refused(w, "root = {\n'@/a',\n'@/a' }", 3, "is that of line 2 as well");
	refused(w, "root = {\n'@/a',\n'@/link/' }", 3, "is that of line 2 as well");
	refused(w, "root = {\n'@/a',\n'@/a/in' }", 3, "is within");
	refused(w, "root = {\n'@/a/in',\n'@/link' }", 3, "within it");
	refused(w, "root = '@/a'\nview x {\nroot = '@/a/in' }", 3, "of line 1");
	accepted(w, "root = { '@/a', '@/ab' }");
}

CASE(roots_are_apart_from_what_the_daemon_writes)
{
	struct written *w = *state;

	refused(w, "root = '@/a'\nstate-dir = '@/a/state'", 2, "keep them apart");
	refused(w, "root = '@/a'\nstate-dir = '@'", 2, "keep them apart");
	refused(w, "run-dir = '@/b/'\nroot = {\n'@/a',\n'@/b' }", 4, "the run-dir");
	refused(w, "root = '@/a'\nrun-dir = '@/b/../a/not/yet'", 2, "keep them apart");
	accepted(w, "root = '@/a'\nrun-dir = '@/b'\nstate-dir = '@/a-state'");
}

CASE(views_have_names_that_are_labels)
{
	refused(*state, "root = '@/a'\nview 'a b' {}", 2, "no spaces, commas");
	refused(*state, "root = '@/a'\nview 'a,b' {}", 2, "not 'a,b'");
	refused(*state, "root = '@/a'\nview '' {}", 2, "1 to 31 bytes");
	refused(*state, "root = '@/a'\nview abcdefghijklmnopqrstuvwxyz012345 {}", 2, "1 to 31 bytes");
	accepted(*state, "root = '@/a'\nview abcdefghijklmnopqrstuvwxyz01234 {}");
}

CASE(views_are_there_once)
{
	refused(*state, "root = '@/a'\nview x {}\nview y {}\nview x {}", 4, "after line 2");
	refused(*state, "root = '@/a'\nview default {}", 2, "in line 1 as well");
	refused(*state, "view default {}\nroot = '@/a'", 2, "in line 1 as well");
	refused(*state, "view x {\nroot = '@/a'\nroot = '@/b'\n}", 3, "once");
	refused(*state, "view x {\nroot = {\n'@/a', '@/b' }\n}", 2, "{");
}

CASE(there_are_as_many_views_as_clients_can_see)
{
	char text[2048] = "root = '@/a'\n";
	int i;

	for (i = 2; i <= KTFTP_STACK_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "view v%d {}\n", i);
	accepted(*state, text);
	strcat(text, "view more {}\n");
	refused(*state, text, KTFTP_STACK_MAX + 1, "17 views");
}

CASE(patterns_are_patterns)
{
	refused(*state, "root = '@/a'\nignore = '[abc'", 2, "patterns of file names");
	refused(*state, "root = '@/a'\nignore = 'dir/*.tmp'", 2, "without directories");
	refused(*state, "root = '@/a'\nignore = {\n'*.a',\n'' }", 4, "patterns");
	refused(*state, "root = '@/a'\nabsent = 'a[!]'", 2, "absent has names, or patterns");
	refused(*state, "root = '@/a'\nabsent = '../x'", 2, "without \"..\"");
	refused(*state, "root = '@/a'\nview x {\nabsent = '' }", 3, "not ''");
	accepted(*state, "root = '@/a'\nabsent = { '[]]', '[!a-z]*', '?' }");
}

static const struct unit_case cases[] = {
	RUN(files_that_cannot_be_read_are_told),
	RUN(files_that_are_no_configuration_are_told),
	RUN(reasons_fit_their_room),
	RUN(mistakes_of_writing_are_told_with_their_line),
	RUN(strings_and_comments_have_ends),
	RUN(words_with_stars_belong_in_quotes),
	RUN(the_environment_is_left_alone),
	RUN(values_have_no_control_characters),
	RUN(unknown_options_are_told_with_what_may_be_meant),
	RUN(sites_and_rules_are_unknown),
	RUN(options_in_the_wrong_place_are_told_their_place),
	RUN(our_own_mark_is_no_option),
	RUN(options_may_be_there_once),
	RUN(words_that_are_not_among_those_allowed_are_told_them),
	RUN(numbers_have_ranges),
	RUN(times_need_units),
	RUN(sizes_are_numbers),
	RUN(users_and_groups_exist),
	RUN(addresses_of_metrics_and_syslog_are_addresses),
	RUN(directories_are_absolute),
	RUN(listeners_need_addresses),
	RUN(listeners_are_there_once),
	RUN(properties_of_listeners_have_ranges),
	RUN(ranges_of_ports_do_not_overlap),
	RUN(roots_are_directories_that_exist),
	RUN(roots_are_apart),
	RUN(roots_are_apart_from_what_the_daemon_writes),
	RUN(views_have_names_that_are_labels),
	RUN(views_are_there_once),
	RUN(there_are_as_many_views_as_clients_can_see),
	RUN(patterns_are_patterns),
	{},
};

SUITE(config_refused, cases);
