// SPDX-License-Identifier: GPL-2.0
/* ktftpd.conf: what is so when the file does not say, and what its options make of it. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "config_lib.h"

static bool is_listener(const struct ktftp_listener *listener, const uint8_t *address, uint8_t length, uint16_t port)
{
	return listener->address.length == length && !memcmp(listener->address.bytes, address, length) &&
	       listener->port == port;
}

CASE(a_root_is_all_that_is_needed)
{
	static const uint8_t any[16];
	struct written *w = *state;
	const struct config *config = accepted(w, "root = \"@/a\"");
	char path[PATH_MAX];

	assert_int_equal(config->root_count, 1);
	snprintf(path, sizeof(path), "%s/a", w->directory);
	assert_string_equal(config->roots[0].path, path);
	assert_string_equal(config->roots[0].view, "default");
	assert_int_equal(config->stack_count, 1);
	assert_string_equal(config->stack[0], "default");
	assert_int_equal(config->listener_count, 2);
	assert_true(is_listener(&config->listeners[0], any, 4, 69));
	assert_true(is_listener(&config->listeners[1], any, 16, 69));
	assert_string_equal(config->path, w->path);
}

CASE(defaults_are_those_of_the_man_page)
{
	const struct config *config = accepted(*state, "root = '@/a'\n");

	assert_int_equal(config->engine, CONFIG_ENGINE_AUTO);
	assert_false(config->in_place);
	assert_true(config->world_readable);
	assert_int_equal(config->quiet_ms, 300);
	assert_int_equal(config->settle_ms, 10000);
	assert_int_equal(config->max_file_bytes, 4ull << 30);
	assert_int_equal(config->max_files, 262144);
	assert_string_equal(config->state_dir, "/var/lib/ktftp");
	assert_string_equal(config->run_dir, "/run/ktftp");
	assert_true(config->pin_bytes == KTFTP_NO_LIMIT);
	assert_true(config->budget_bytes == KTFTP_NO_LIMIT);
	assert_int_equal(config->absent_count, 0);
	assert_int_equal(config->tunable_count, 0);
	assert_int_equal(config->limits.port_first, 64000);
	assert_int_equal(config->limits.port_last, 64999);
	if (getpwnam("ktftp"))
		assert_string_equal(config->user, "ktftp");
	else
		assert_null(config->user);
	assert_null(config->group);
	assert_string_equal(config->admin_group, "ktftp-admin");
	assert_string_equal(config->read_group, "ktftp-read");
	assert_true(config->journal && config->log_transfers && config->log_misses);
	assert_int_equal(config->log_per_s, 200);
	assert_int_equal(config->syslog_count, 0);
	assert_true(config->ignore_count > 5);
}

CASE(metrics_are_on_loopback_unless_off)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	const struct config *config = accepted(*state, "root = '@/a'");

	assert_int_equal(config->metrics.length, 4);
	assert_memory_equal(config->metrics.bytes, loopback, 4);
	assert_int_equal(config->metrics_port, 9469);
	assert_int_equal(accepted(*state, "root = '@/a'\nmetrics = off")->metrics.length, 0);
	config = accepted(*state, "root = '@/a'\nmetrics = \"[::1]:8080\"");
	assert_int_equal(config->metrics.length, 16);
	assert_int_equal(config->metrics_port, 8080);
	assert_int_equal(accepted(*state, "root = '@/a'\nmetrics = 192.0.2.1")->metrics_port, 9469);
}

CASE(comments_may_stand_anywhere)
{
	const struct config *config = accepted(*state,
					       "# one\n"
					       "// two\n"
					       "/* three\n"
					       " * four */ root = { # five\n"
					       "	'@/a', // six\n"
					       "	/* seven */ '@/b'\n"
					       "} # eight\n"
					       "#\n"
					       "log { # nine\n"
					       "	misses = false // ten\n"
					       "}\n");

	assert_int_equal(config->root_count, 2);
	assert_false(config->log_misses);
}

CASE(comments_do_not_move_lines)
{
	refused(*state, "# one\n// two\n/* three\n * four */\nquiet = # five\n1\n", 6, "quiet");
	refused(*state, "root = { # one\n'@/a', // two\n/* three\n\n*/ '@/b', # five\n'no' }\n", 6, "'no'");
	refused(*state, "log {\n# two\n\n\nmisses = true # five\njournal = maybe # six\n}", 6, "maybe");
	refused(*state, "module {\n}\n# three\nlog {\n\n}\n# seven\nquiet = soon", 8, "soon");
}

CASE(what_looks_like_a_comment_in_a_string_is_none)
{
	const struct config *config = accepted(*state, "root = '@/a'\nignore = { \"#x\", 'a#b*', \"\\\"#\" }\n");

	assert_int_equal(config->ignore_count, 3);
	assert_string_equal(config->ignore[0], "#x");
	assert_string_equal(config->ignore[1], "a#b*");
	assert_string_equal(config->ignore[2], "\"#");
}

CASE(lines_may_end_as_in_windows)
{
	const struct config *config = accepted(*state,
					       "root = '@/a'\r\nlog {\r\n\tjournal = no\r\n}\r\nquiet = 1s\r\n");

	assert_false(config->journal);
	assert_int_equal(config->quiet_ms, 1000);
}

CASE(times_have_units)
{
	assert_int_equal(accepted(*state, "root = '@/a'\nquiet = 50ms")->quiet_ms, 50);
	assert_int_equal(accepted(*state, "root = '@/a'\nquiet = 2s")->quiet_ms, 2000);
	assert_int_equal(accepted(*state, "root = '@/a'\nsettle = 1min")->settle_ms, 60000);
	assert_int_equal(accepted(*state, "root = '@/a'\nsettle = 1h")->settle_ms, 3600000);
}

CASE(sizes_have_units)
{
	assert_int_equal(accepted(*state, "root = '@/a'\nmax-file = 1000")->max_file_bytes, 1000);
	assert_int_equal(accepted(*state, "root = '@/a'\nmax-file = 64K")->max_file_bytes, 65536);
	assert_int_equal(accepted(*state, "root = '@/a'\npin-limit = 512M")->pin_bytes, 512ull << 20);
	assert_int_equal(accepted(*state, "root = '@/a'\npin-limit = 0")->pin_bytes, 0);
	assert_int_equal(accepted(*state, "root = '@/a'\nbudget = 8GiB")->budget_bytes, 8ull << 30);
	assert_int_equal(accepted(*state, "root = '@/a'\nbudget = 1T")->budget_bytes, 1ull << 40);
}

CASE(options_go_where_they_belong)
{
	const struct config *config = accepted(*state,
					       "root = '@/a'\n"
					       "engine = user\n"
					       "in-place = true\n"
					       "world-readable = no\n"
					       "max-files = 77\n"
					       "state-dir = '/var/lib/elsewhere'\n"
					       "run-dir = '/run/elsewhere'\n"
					       "daemon-ports = 50000-50009\n"
					       "user = root\n"
					       "group = daemon\n"
					       "admin-group = daemon\n"
					       "read-group = root\n"
					       "log {\n"
					       "	journal = off\n"
					       "	transfers = false\n"
					       "	misses = false\n"
					       "	per-second = 5\n"
					       "}\n");

	assert_int_equal(config->engine, CONFIG_ENGINE_USER);
	assert_true(config->in_place);
	assert_false(config->world_readable);
	assert_int_equal(config->max_files, 77);
	assert_string_equal(config->state_dir, "/var/lib/elsewhere");
	assert_string_equal(config->run_dir, "/run/elsewhere");
	assert_int_equal(config->limits.port_first, 50000);
	assert_int_equal(config->limits.port_last, 50009);
	assert_string_equal(config->user, "root");
	assert_string_equal(config->group, "daemon");
	assert_string_equal(config->admin_group, "daemon");
	assert_string_equal(config->read_group, "root");
	assert_false(config->journal || config->log_transfers || config->log_misses);
	assert_int_equal(config->log_per_s, 5);
	assert_int_equal(accepted(*state, "root = '@/a'\nengine = kernel")->engine, CONFIG_ENGINE_KERNEL);
}

/* From now on this process is as on a kernel with ipv6.disable=1. */
static void forget_ipv6(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(100);
}

static int listeners_without_ipv6(struct written *w, const char *text)
{
	pid_t child = fork();
	int status;

	if (!child) {
		forget_ipv6();
		_exit(load(w, text) ? 101 : (int)w->config->listener_count);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

CASE(without_ipv6_nobody_listens_there_unless_the_file_says_so)
{
	assert_int_equal(listeners_without_ipv6(*state, "root = '@/a'"), 1);
	assert_int_equal(listeners_without_ipv6(*state, "root = '@/a'\nlisten '[::]' {}\nlisten 0.0.0.0 {}"), 2);
}

CASE(listeners_have_properties)
{
	static const uint8_t any[16];
	static const uint8_t four[4] = { 192, 0, 2, 1 };
	static const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	const struct config *config = accepted(*state,
					       "root = '@/a'\n"
					       "listen \"0.0.0.0\" {\n"
					       "	single-port = true\n"
					       "	notrack = true\n"
					       "	device = \"eth0\"\n"
					       "	dscp = 24\n"
					       "	mark = 0x1f\n"
					       "}\n"
					       "listen 192.0.2.1:6969 { tid-ports = \"62000-62999\" notrack = false }\n"
					       "listen '[2001:db8::1]:70' {}\n"
					       "listen ::ffff:192.0.2.1 {}\n");
	const struct ktftp_listener *l = config->listeners;

	assert_int_equal(config->listener_count, 4);
	assert_true(is_listener(&l[0], any, 4, 69));
	assert_int_equal(l[0].flags, KTFTP_LISTENER_FLAG_SINGLE_PORT | KTFTP_LISTENER_FLAG_NOTRACK);
	assert_string_equal(l[0].device, "eth0");
	assert_int_equal(l[0].dscp, 24);
	assert_int_equal(l[0].mark, 31);
	assert_true(is_listener(&l[1], four, 4, 6969));
	assert_int_equal(l[1].flags, 0);
	assert_int_equal(l[1].tid_first, 62000);
	assert_int_equal(l[1].tid_last, 62999);
	assert_true(is_listener(&l[2], six, 16, 70));
	assert_int_equal(l[2].tid_first, 61000);
	assert_int_equal(l[2].tid_last, 63999);
	assert_true(is_listener(&l[3], four, 4, 69));
}

/* libconfuse alone would put the second in the place of the first. */
CASE(one_address_may_be_listened_on_by_several_devices)
{
	const struct config *config = accepted(*state,
					       "root = '@/a'\n"
					       "listen \"0.0.0.0\" { device = red }\n"
					       "listen \"0.0.0.0\" { device = blue mark = 7 }\n"
					       "listen \"0.0.0.0\" { }\n");

	assert_int_equal(config->listener_count, 3);
	assert_string_equal(config->listeners[0].device, "red");
	assert_int_equal(config->listeners[0].mark, 0);
	assert_string_equal(config->listeners[1].device, "blue");
	assert_int_equal(config->listeners[1].mark, 7);
	assert_string_equal(config->listeners[2].device, "");
}

CASE(single_port_listeners_may_share_the_daemons_ports)
{
	accepted(*state, "root = '@/a'\nlisten \"0.0.0.0\" { single-port = true tid-ports = 64000-64999 }");
}

static void assert_stack(const struct config *config, const char *const *views, size_t count)
{
	size_t i;

	assert_int_equal(config->stack_count, count);
	for (i = 0; i < count; i++)
		assert_string_equal(config->stack[i], views[i]);
}

CASE(several_roots_are_views_by_their_last_component)
{
	static const char *const views[] = { "default", "b", "a" };
	const struct config *config = accepted(*state, "root = { '@/b', '@/a/' }");

	assert_int_equal(config->root_count, 2);
	assert_string_equal(config->roots[0].view, "b");
	assert_string_equal(config->roots[1].view, "a");
	assert_stack(config, views, 3);
}

CASE(views_of_roots_get_names_that_are_valid_and_unique)
{
	static const char *const views[] = {
		"default", "a", "a-2", "a-3", "default-2", "with-space--comma", "a-name-that-is-longer-than-a-vi",
	};
	struct written *w = *state;

	make_directory(w, "c");
	make_directory(w, "c/a");
	make_directory(w, "d");
	make_directory(w, "d/a");
	make_directory(w, "default");
	make_directory(w, "with space, comma");
	make_directory(w, "a-name-that-is-longer-than-a-view-has-room");
	assert_stack(accepted(w,
			      "root = { '@/a', '@/c/a', '@/d/a', '@/default', '@/with space, comma',\n"
			      "'@/a-name-that-is-longer-than-a-view-has-room' }"),
		     views, 7);
}

CASE(sections_name_views_themselves)
{
	static const char *const views[] = { "default", "pxe", "phones" };
	const struct config *config = accepted(*state,
					       "root = '@/a'\n"
					       "view pxe { root = '@/b' absent = \"*.0\" }\n"
					       "view phones { absent = { CTLFile.tlv, \"ITL*\" } }\n"
					       "absent = \"CTLSEP*.tlv\"\n");

	assert_stack(config, views, 3);
	assert_int_equal(config->root_count, 2);
	assert_string_equal(config->roots[0].view, "default");
	assert_string_equal(config->roots[1].view, "pxe");
	assert_int_equal(config->absent_count, 4);
	assert_string_equal(config->absents[0].glob, "*.0");
	assert_string_equal(config->absents[0].view, "pxe");
	assert_string_equal(config->absents[1].view, "phones");
	assert_string_equal(config->absents[2].glob, "ITL*");
	assert_string_equal(config->absents[3].glob, "CTLSEP*.tlv");
	assert_string_equal(config->absents[3].view, "default");
}

CASE(default_is_uppermost_unless_the_file_has_it_elsewhere)
{
	static const char *const above[] = { "default", "x" };
	static const char *const below[] = { "x", "default" };

	assert_stack(accepted(*state, "view x { root = '@/a' }"), above, 2);
	assert_stack(accepted(*state, "view x { root = '@/a' }\nview default { }"), below, 2);
	assert_stack(accepted(*state, "view x { root = '@/a' }\nroot = '@/b'"), below, 2);
}

CASE(a_root_is_followed_to_where_it_is)
{
	struct written *w = *state;
	char link[PATH_MAX], target[PATH_MAX];

	snprintf(link, sizeof(link), "%s/link", w->directory);
	snprintf(target, sizeof(target), "%s/b", w->directory);
	assert_int_equal(symlink(target, link), 0);
	assert_string_equal(accepted(w, "root = '@/link'")->roots[0].path, target);
}

CASE(absents_are_in_the_form_of_names_and_there_once)
{
	const struct config *config = accepted(
		*state,
		"root = '@/a'\n"
		"absent = { \"/CTLSEP*.tlv\", \"CTLSEP*.tlv\", 'dir\\x', \"ctlsep*.tlv\" }\n");

	assert_int_equal(config->absent_count, 3);
	assert_string_equal(config->absents[0].glob, "CTLSEP*.tlv");
	assert_string_equal(config->absents[1].glob, "dir/x");
	assert_string_equal(config->absents[2].glob, "ctlsep*.tlv");
}

CASE(lists_of_ignored_files_take_the_place_of_the_default_or_add_to_it)
{
	struct written *w = *state;
	size_t before = accepted(w, "root = '@/a'")->ignore_count;

	assert_int_equal(accepted(w, "root = '@/a'\nignore = \"*.x\"")->ignore_count, 1);
	assert_string_equal(w->config->ignore[0], "*.x");
	assert_int_equal(accepted(w, "root = '@/a'\nignore = { \"*.x\", \"[a-c]*\" }")->ignore_count, 2);
	assert_string_equal(w->config->ignore[1], "[a-c]*");
	assert_int_equal(accepted(w, "root = '@/a'\nignore = {}")->ignore_count, 0);
	assert_int_equal(accepted(w, "root = '@/a'\nignore += { \"*.x\", y }")->ignore_count, before + 2);
	assert_string_equal(w->config->ignore[before + 1], "y");
	assert_int_equal(accepted(w, "root = '@/a'\nignore = a\nignore += b\nignore += c")->ignore_count, 3);
}

CASE(roots_can_be_added_to)
{
	const struct config *config = accepted(*state, "root = '@/a'\nroot += '@/b'\n");

	assert_int_equal(config->root_count, 2);
	assert_string_equal(config->roots[0].view, "a");
}

CASE(syslog_servers_have_hosts_ports_and_a_way)
{
	const struct config *config = accepted(*state,
					       "root = '@/a'\n"
					       "log { syslog = { \"udp://log.example.org:1514\", tcp://192.0.2.1,\n"
					       "	\"udp://[2001:db8::1]\", 'tcp://[::1]:7' } }\n");
	const struct config_syslog *s = config->syslog;

	assert_int_equal(config->syslog_count, 4);
	assert_string_equal(s[0].host, "log.example.org");
	assert_string_equal(s[0].port, "1514");
	assert_false(s[0].tcp);
	assert_string_equal(s[1].host, "192.0.2.1");
	assert_string_equal(s[1].port, "601");
	assert_true(s[1].tcp);
	assert_string_equal(s[2].host, "2001:db8::1");
	assert_string_equal(s[2].port, "514");
	assert_string_equal(s[3].host, "::1");
	assert_string_equal(s[3].port, "7");
}

CASE(parameters_of_the_module_are_the_engines_as_well)
{
	const struct config *config = accepted(*state,
					       "root = '@/a'\n"
					       "module {\n"
					       "	rto_min_ms = 20\n"
					       "	honor_timeout = true\n"
					       "	orphan_miss = error0\n"
					       "	max_entries = 5000\n"
					       "}\n");

	assert_int_equal(config->tunable_count, 4);
	assert_string_equal(config->tunables[0].name, "rto_min_ms");
	assert_string_equal(config->tunables[0].value, "20");
	assert_int_equal(config->tunables[0].line, 3);
	assert_string_equal(config->tunables[1].value, "1");
	assert_string_equal(config->tunables[2].value, "error0");
	assert_string_equal(config->tunables[3].value, "5000");
	assert_int_equal(config->limits.rto_min_ms, 20);
	assert_true(config->limits.honor_timeout);
	assert_string_equal(accepted(*state, "root = '@/a'\nmodule { honor_timeout = 0 }")->tunables[0].value, "0");
}

CASE(a_relative_path_is_kept_as_an_absolute_one)
{
	struct written *w = *state;
	struct config *config;
	char here[PATH_MAX];

	accepted(w, "root = '@/a'");
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(w->directory), 0);
	assert_int_equal(config_load("ktftpd.conf", &config, w->why, sizeof(w->why)), 0);
	assert_int_equal(chdir(here), 0);
	assert_string_equal(config->path, w->path);
	config_free(config);
}

CASE(a_good_file_is_read_after_a_bad_one)
{
	refused(*state, "root = \"@/a\\777\"", 1, "octal");
	accepted(*state, "root = '@/a'");
	refused(*state, "root = ", 1, "end of file");
	accepted(*state, "root = '@/a'");
}

CASE(the_default_file_needs_nothing_but_its_root)
{
	struct written *w = *state;
	char *text = read_whole("packaging/ktftpd.conf"), *root = strstr(text, "\nroot = \"/srv/tftp\"\n");
	struct config *config;
	size_t i;

	assert_non_null(root);
	/* That folder may not be here. */
	memcpy(root, "\nroot = \"@/a\"       \n", strlen("\nroot = \"/srv/tftp\"\n"));
	accepted(w, text);
	free(text);
	config = w->config;
	w->config = NULL;
	accepted(w, "root = '@/a'");
	assert_int_equal(config->listener_count, w->config->listener_count);
	assert_int_equal(config->tunable_count, 0);
	assert_int_equal(config->absent_count, w->config->absent_count);
	assert_int_equal(config->ignore_count, w->config->ignore_count);
	for (i = 0; i < config->ignore_count; i++)
		assert_string_equal(config->ignore[i], w->config->ignore[i]);
	config_free(config);
}

static const struct unit_case cases[] = {
	RUN(a_root_is_all_that_is_needed),
	RUN(defaults_are_those_of_the_man_page),
	RUN(metrics_are_on_loopback_unless_off),
	RUN(comments_may_stand_anywhere),
	RUN(comments_do_not_move_lines),
	RUN(what_looks_like_a_comment_in_a_string_is_none),
	RUN(lines_may_end_as_in_windows),
	RUN(times_have_units),
	RUN(sizes_have_units),
	RUN(options_go_where_they_belong),
	RUN(without_ipv6_nobody_listens_there_unless_the_file_says_so),
	RUN(listeners_have_properties),
	RUN(one_address_may_be_listened_on_by_several_devices),
	RUN(single_port_listeners_may_share_the_daemons_ports),
	RUN(several_roots_are_views_by_their_last_component),
	RUN(views_of_roots_get_names_that_are_valid_and_unique),
	RUN(sections_name_views_themselves),
	RUN(default_is_uppermost_unless_the_file_has_it_elsewhere),
	RUN(a_root_is_followed_to_where_it_is),
	RUN(absents_are_in_the_form_of_names_and_there_once),
	RUN(lists_of_ignored_files_take_the_place_of_the_default_or_add_to_it),
	RUN(roots_can_be_added_to),
	RUN(syslog_servers_have_hosts_ports_and_a_way),
	RUN(parameters_of_the_module_are_the_engines_as_well),
	RUN(a_relative_path_is_kept_as_an_absolute_one),
	RUN(a_good_file_is_read_after_a_bad_one),
	RUN(the_default_file_needs_nothing_but_its_root),
	{},
};

SUITE(config, cases);
