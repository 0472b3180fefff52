// SPDX-License-Identifier: GPL-2.0
/* What ktftpctl doctor makes of machines: each test is a healthy one with something wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor.h"

#define NOW 1800000000

static const struct facts healthy = {
	.module = {
		.kernel = "6.1.0-1-amd64",
		.loaded = YES,
		.version = KTFTP_VERSION,
		.has_file = YES,
		.file_version = KTFTP_VERSION,
		.in_dkms = YES,
		.dkms_version = KTFTP_VERSION,
		.secure_boot = NO,
		.enforced = NO,
		.guard_path = "/var/lib/ktftp/guard",
		.guard_tripped = NO,
	},
	.daemon = {
		.running = YES,
		.here = YES,
		.version = KTFTP_VERSION,
		.wanted = "auto",
		.uses_module = true,
		.attached = true,
		.pid = 7,
		.state_dir = "/var/lib/ktftp",
		.port_first = 64000,
		.port_last = 64999,
		.has_folder = true,
		.scanned = true,
		.watches = 10,
	},
	.network = {
		.listeners = { { .where = "0.0.0.0:69", .port = 69, .active = true, .tid_first = 61000, .tid_last = 63999 } },
		.listener_count = 1,
		.holders_known = YES,
		.legacy = NO,
		.conntrack = YES,
		.conntrack_count = 1000,
		.conntrack_max = 262144,
	},
	.host = {
		.has_store = true,
		.store = {
			.store_bytes = 1 << 20,
			.store_limit_bytes = 1 << 30,
			.namespace_bytes = 1 << 20,
			.namespace_limit_bytes = KTFTP_NO_LIMIT,
		},
		.memory_bytes = 8ULL << 30,
		.available_bytes = 6ULL << 30,
		.now = NOW,
		.built = NOW - 1000000,
		.clock_synchronised = YES,
		.state_is_there = YES,
		.state_writable = YES,
		.state_bytes = 100ULL << 30,
		.state_free_bytes = 50ULL << 30,
		.watches_max = 65536,
	},
};

/* A machine of its own for each test, and what is found. */
struct examination {
	struct facts f;
	struct findings found;
};

static int begin(void **state)
{
	struct examination *e = calloc(1, sizeof(*e));

	*state = e;
	if (!e)
		return -1;
	e->f = healthy;
	return 0;
}

static int end(void **state)
{
	struct examination *e = *state;

	json_decref(e->f.network.ruleset);
	free(e);
	return 0;
}

/* The worst that a check found. */
static const struct finding *worst(const struct findings *found, const char *check)
{
	const struct finding *result = NULL;
	size_t i;

	for (i = 0; i < found->count; i++)
		if (!strcmp(found->list[i].check, check) && (!result || found->list[i].level > result->level))
			result = &found->list[i];
	assert_non_null(result);
	return result;
}

/* The check says so, at that level; nobody else has anything to say, and who complains has a cure. */
static void complains(struct examination *e, const char *check, enum level level, const char *text)
{
	const struct finding *finding;
	size_t i;

	e->found.count = 0;
	judge_all(&e->f, &e->found);
	finding = worst(&e->found, check);
	if (finding->level != level || !strstr(finding->text, text))
		fail_msg("%s says %s '%s', not %s '%s'", check, level_name(finding->level), finding->text,
			 level_name(level), text);
	for (i = 0; i < e->found.count; i++) {
		finding = &e->found.list[i];
		if (strcmp(finding->check, check) && finding->level > LEVEL_UNKNOWN)
			fail_msg("%s says '%s' as well", finding->check, finding->text);
		if (finding->level > LEVEL_UNKNOWN && !*finding->cure)
			fail_msg("%s has no cure for '%s'", finding->check, finding->text);
	}
	assert_int_equal(findings_status(&e->found), level == LEVEL_ERROR ? 2 : level == LEVEL_WARNING);
}

static void a_healthy_machine_has_nothing(void **state)
{
	struct examination *e = *state;
	size_t i;

	judge_all(&e->f, &e->found);
	assert_true(e->found.count >= 13);
	for (i = 0; i < e->found.count; i++)
		if (e->found.list[i].level != LEVEL_OK)
			fail_msg("%s says '%s'", e->found.list[i].check, e->found.list[i].text);
	assert_int_equal(findings_status(&e->found), 0);
}

/* It is in use by nobody, and the daemon serves in user space as it was told to. */
static void a_machine_without_module_that_wants_none_has_nothing(void **state)
{
	struct examination *e = *state;

	e->f.module.loaded = NO;
	*e->f.module.version = 0;
	e->f.daemon.uses_module = e->f.daemon.attached = false;
	e->f.host.has_store = false;
	strcpy(e->f.daemon.wanted, "user");
	complains(e, "module", LEVEL_OK, "engine = user");
}

static void what_could_not_be_looked_at_is_no_warning(void **state)
{
	struct examination *e = *state;
	size_t i;

	memset(&e->f, 0, sizeof(e->f));
	judge_all(&e->f, &e->found);
	for (i = 0; i < e->found.count; i++)
		if (strcmp(e->found.list[i].check, "clock") && e->found.list[i].level > LEVEL_UNKNOWN)
			fail_msg("%s says '%s'", e->found.list[i].check, e->found.list[i].text);
	assert_int_equal(findings_status(&e->found), 0);
}

/* ---- the module ---- */

static void serve_in_user_space(struct facts *f)
{
	f->module.loaded = NO;
	*f->module.version = 0;
	f->daemon.uses_module = f->daemon.attached = false;
	f->host.has_store = false;
}

static void a_module_that_is_not_built_is_found(void **state)
{
	struct examination *e = *state;

	serve_in_user_space(&e->f);
	e->f.module.has_file = NO;
	complains(e, "module", LEVEL_WARNING, "not built for the running kernel 6.1.0-1-amd64");
	assert_non_null(strstr(worst(&e->found, "module")->cure, "dkms install ktftp/" KTFTP_VERSION));
	e->f.module.in_dkms = NO;
	complains(e, "module", LEVEL_WARNING, "not built");
	assert_non_null(strstr(worst(&e->found, "module")->cure, "apt install ktftp-dkms"));
}

static void an_unused_module_is_found_twice(void **state)
{
	struct examination *e = *state;

	serve_in_user_space(&e->f);
	judge_all(&e->f, &e->found);
	assert_int_equal(worst(&e->found, "module")->level, LEVEL_WARNING);
	assert_int_equal(worst(&e->found, "daemon")->level, LEVEL_WARNING);
	assert_int_equal(findings_status(&e->found), 1);
}

static void a_module_nobody_knows_of_is_unknown(void **state)
{
	struct examination *e = *state;

	serve_in_user_space(&e->f);
	e->f.module.has_file = NOT_KNOWN;
	complains(e, "module", LEVEL_UNKNOWN, "cannot tell");
}

static void other_versions_are_found(void **state)
{
	struct examination *e = *state;

	strcpy(e->f.module.version, "0.0.1");
	complains(e, "versions", LEVEL_WARNING, "the loaded module is 0.0.1, the one on disk is " KTFTP_VERSION);
	strcpy(e->f.module.file_version, "0.0.1");
	complains(e, "versions", LEVEL_WARNING, "the module is 0.0.1, ktftpctl is");
	e->f = healthy;
	strcpy(e->f.daemon.version, "0.0.1");
	complains(e, "versions", LEVEL_WARNING, "ktftpd is 0.0.1");
}

static void want_signatures(struct facts *f)
{
	serve_in_user_space(f);
	f->module.secure_boot = YES;
	strcpy(f->daemon.alarm, "the module cannot be loaded");
}

static void judge(struct examination *e)
{
	e->found.count = 0;
	judge_all(&e->f, &e->found);
}

static void secure_boot_wants_a_key_that_is_enrolled(void **state)
{
	struct examination *e = *state;

	e->f.module.secure_boot = YES;
	complains(e, "secure-boot", LEVEL_OK, "is loaded");
	want_signatures(&e->f);
	judge(e);
	assert_int_equal(worst(&e->found, "secure-boot")->level, LEVEL_ERROR);
	strcpy(e->f.module.signer, "DKMS module signing key");
	strcpy(e->f.module.key_path, "/var/lib/dkms/mok.pub");
	e->f.module.key_enrolled = NO;
	judge(e);
	assert_int_equal(worst(&e->found, "secure-boot")->level, LEVEL_ERROR);
	assert_non_null(strstr(worst(&e->found, "secure-boot")->cure, "mokutil --import /var/lib/dkms/mok.pub"));
	e->f.module.key_enrolled = NOT_KNOWN;
	judge(e);
	assert_int_equal(worst(&e->found, "secure-boot")->level, LEVEL_UNKNOWN);
	e->f.module.key_enrolled = YES;
	judge(e);
	assert_int_equal(worst(&e->found, "secure-boot")->level, LEVEL_OK);
}

static void a_kernel_that_wants_signatures_is_like_secure_boot(void **state)
{
	struct examination *e = *state;

	want_signatures(&e->f);
	e->f.module.secure_boot = NO;
	e->f.module.enforced = YES;
	judge(e);
	assert_int_equal(worst(&e->found, "secure-boot")->level, LEVEL_ERROR);
}

static void a_tripped_guard_is_found(void **state)
{
	struct examination *e = *state;

	e->f.module.guard_tripped = YES;
	complains(e, "guard", LEVEL_ERROR, "/var/lib/ktftp/guard");
	assert_non_null(strstr(worst(&e->found, "guard")->cure, "ktftpctl guard clear"));
	e->f.module.guard_tripped = NOT_KNOWN;
	complains(e, "guard", LEVEL_UNKNOWN, "cannot look");
}

/* ---- the daemon ---- */

static void a_daemon_that_does_not_run_is_found(void **state)
{
	struct examination *e = *state;

	memset(&e->f.daemon, 0, sizeof(e->f.daemon));
	e->f.daemon.running = NO;
	complains(e, "daemon", LEVEL_WARNING, "what the module holds is served");
	e->f.network.listener_count = 0;
	judge(e);
	assert_int_equal(worst(&e->found, "daemon")->level, LEVEL_ERROR);
}

static void a_daemon_that_may_not_be_asked_is_unknown(void **state)
{
	struct examination *e = *state;

	memset(&e->f.daemon, 0, sizeof(e->f.daemon));
	strcpy(e->f.daemon.why, "not permitted");
	complains(e, "daemon", LEVEL_UNKNOWN, "not permitted");
}

static void what_the_daemon_suffers_is_found(void **state)
{
	struct examination *e = *state;

	strcpy(e->f.daemon.alarm, "the module is too old");
	complains(e, "daemon", LEVEL_WARNING, "the module is too old");
	*e->f.daemon.alarm = 0;
	e->f.daemon.attached = false;
	complains(e, "daemon", LEVEL_ERROR, "not attached");
	e->f = healthy;
	e->f.daemon.draining = true;
	complains(e, "daemon", LEVEL_WARNING, "met with silence");
	e->f = healthy;
	e->f.daemon.here = NO;
	complains(e, "daemon", LEVEL_WARNING, "another network namespace");
}

static void folders_with_problems_are_found(void **state)
{
	struct examination *e = *state;

	strcpy(e->f.daemon.problem, "/srv/tftp is gone");
	complains(e, "folders", LEVEL_ERROR, "/srv/tftp is gone");
	*e->f.daemon.problem = 0;
	e->f.daemon.scanned = false;
	complains(e, "folders", LEVEL_WARNING, "not everything was looked at");
}

/* ---- the network ---- */

static void who_holds_the_port_is_named(void **state)
{
	struct examination *e = *state;

	e->f.network.holder_count = 1;
	e->f.network.holders[0] = (struct holder){ .address = "192.0.2.1", .pid = 42, .name = "dnsmasq" };
	complains(e, "port", LEVEL_WARNING, "dnsmasq (pid 42) holds udp/69 at 192.0.2.1");
	e->f.network.listener_count = 0;
	complains(e, "port", LEVEL_ERROR, "dnsmasq (pid 42) holds udp/69 at 192.0.2.1");
	e->f.network.holders[0].pid = 0;
	complains(e, "port", LEVEL_ERROR, "cannot be seen");
	e->f.daemon.running = NOT_KNOWN;
	complains(e, "port", LEVEL_UNKNOWN, "cannot be seen");
}

static void nobody_who_listens_is_found(void **state)
{
	struct examination *e = *state;

	e->f.network.listeners[0].active = false;
	complains(e, "port", LEVEL_WARNING, "no listener takes requests: 0.0.0.0:69");
	e->f.network.listener_count = 0;
	complains(e, "port", LEVEL_ERROR, "listens nowhere");
}

static json_t *dropping(const char *accepted)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"f\",\"name\":\"in\",\"type\":\"filter\","
		 "\"hook\":\"input\",\"policy\":\"drop\"}},{\"rule\":{\"family\":\"inet\",\"table\":\"f\",\"chain\":"
		 "\"in\","
		 "\"expr\":[{\"match\":{\"op\":\"==\",\"left\":%s}},{\"accept\":null}]}}]}",
		 accepted);
	return json_loads(text, 0, NULL);
}

#define REQUESTS    "{\"payload\":{\"protocol\":\"udp\",\"field\":\"dport\"}},\"right\":69"
#define ESTABLISHED "{\"ct\":{\"key\":\"state\"}},\"right\":\"established\""
#define EVERYTHING  "{\"meta\":{\"key\":\"l4proto\"}},\"right\":\"udp\""
#define SOMEBODY    "{\"payload\":{\"protocol\":\"ip\",\"field\":\"saddr\"}},\"right\":\"192.0.2.1\""

static void set_ruleset(struct examination *e, const char *accepted)
{
	json_decref(e->f.network.ruleset);
	e->f.network.ruleset = dropping(accepted);
	assert_non_null(e->f.network.ruleset);
}

static void firewalls_that_drop_are_found(void **state)
{
	struct examination *e = *state;

	set_ruleset(e, EVERYTHING);
	complains(e, "firewall", LEVEL_OK, "");
	set_ruleset(e, ESTABLISHED);
	complains(e, "firewall", LEVEL_ERROR, "drops requests to udp port 69");
	set_ruleset(e, REQUESTS);
	complains(e, "firewall", LEVEL_ERROR, "drops acknowledgements to udp port 61000-63999");
	/* They come to the listening port then. */
	e->f.network.listeners[0].single_port = true;
	complains(e, "firewall", LEVEL_OK, "");
	/* Of IPv6 it drops all, and of IPv4 nobody knows. */
	set_ruleset(e, SOMEBODY);
	complains(e, "firewall", LEVEL_UNKNOWN, "cannot tell");
}

/* What the module hands over is answered from there. */
static void the_daemons_own_ports_are_looked_at(void **state)
{
	struct examination *e = *state;

	set_ruleset(e, "{\"payload\":{\"protocol\":\"udp\",\"field\":\"dport\"}},\"right\":{\"range\":[69,63999]}");
	complains(e, "firewall", LEVEL_ERROR, "drops acknowledgements to udp port 64000-64999");
	e->f.network.listeners[0].single_port = true;
	complains(e, "firewall", LEVEL_OK, "");
}

/* No connection is known there, so no rule for known ones helps. */
static void acknowledgements_without_connection_tracking_need_a_rule(void **state)
{
	struct examination *e = *state;

	set_ruleset(e, ESTABLISHED);
	judge(e);
	assert_int_equal(e->found.list[0].level, LEVEL_OK);
	assert_null(strstr(worst(&e->found, "firewall")->text, "acknowledgements"));
	set_ruleset(e, REQUESTS);
	e->f.network.listeners[0].notrack = true;
	complains(e, "firewall", LEVEL_ERROR, "drops acknowledgements");
}

static void firewalls_that_cannot_be_read_are_unknown(void **state)
{
	struct examination *e = *state;

	strcpy(e->f.network.no_ruleset, "nft is not installed");
	complains(e, "firewall", LEVEL_UNKNOWN, "nft is not installed");
	*e->f.network.no_ruleset = 0;
	e->f.network.legacy = YES;
	complains(e, "firewall", LEVEL_UNKNOWN, "iptables-legacy");
}

static void a_full_connection_table_is_found(void **state)
{
	struct examination *e = *state;

	e->f.network.conntrack_count = 196609;
	complains(e, "conntrack", LEVEL_WARNING, "196609 of 262144");
	e->f.network.conntrack_count = 262144;
	complains(e, "conntrack", LEVEL_ERROR, "262144 of 262144");
	e->f.network.conntrack = NO;
	complains(e, "conntrack", LEVEL_OK, "not in use");
}

/* ---- the machine ---- */

static void too_little_memory_is_found(void **state)
{
	struct examination *e = *state;

	e->f.host.available_bytes = 512 << 20;
	complains(e, "memory", LEVEL_WARNING, "512.0 MiB of memory are available");
	e->f = healthy;
	e->f.host.store.store_bytes = 1000 << 20;
	complains(e, "memory", LEVEL_WARNING, "the module's store holds 1000.0 MiB of 1.0 GiB");
	e->f = healthy;
	e->f.host.store.namespace_limit_bytes = 1 << 20;
	complains(e, "memory", LEVEL_WARNING, "this network namespace holds 1.0 MiB of 1.0 MiB");
}

static void a_bad_state_directory_is_found(void **state)
{
	struct examination *e = *state;

	e->f.host.state_writable = NO;
	complains(e, "state", LEVEL_ERROR, "/var/lib/ktftp cannot be written");
	e->f = healthy;
	e->f.host.state_is_there = NO;
	complains(e, "state", LEVEL_ERROR, "there is no /var/lib/ktftp");
	e->f = healthy;
	e->f.host.state_free_bytes = 4ULL << 30;
	complains(e, "state", LEVEL_WARNING, "4.0 GiB are free");
	e->f.host.state_bytes = 100 << 20;
	e->f.host.state_free_bytes = 63 << 20;
	complains(e, "state", LEVEL_WARNING, "63.0 MiB are free");
}

static void too_few_watches_are_found(void **state)
{
	struct examination *e = *state;

	e->f.daemon.watches = 65000;
	complains(e, "watches", LEVEL_WARNING, "65000 directories are watched, 65536 could be");
	assert_non_null(strstr(worst(&e->found, "watches")->cure, "fs.inotify.max_user_watches=131072"));
}

static void a_wrong_clock_is_found(void **state)
{
	struct examination *e = *state;

	e->f.host.clock_synchronised = NO;
	complains(e, "clock", LEVEL_WARNING, "not synchronised");
	e->f.host.now = 0;
	complains(e, "clock", LEVEL_ERROR, "the clock says 1970");
}

/* ---- lines of /proc ---- */

static void sockets_are_read_from_proc(void **state)
{
	uint16_t port = 0;
	uint64_t inode = 0;
	char address[64];

	(void)state;
	assert_true(
		parse_udp_line("  12: 0100007F:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000     0"
			       "        0 12345 2 0000000000000000 0\n",
			       address, sizeof(address), &port, &inode));
	assert_string_equal(address, "127.0.0.1");
	assert_int_equal(port, 69);
	assert_int_equal(inode, 12345);
	assert_true(
		parse_udp_line(" 1234: B80D0120000000000000000001000000:0045 00000000000000000000000000000000:0000 07"
			       " 00000000:00000000 00:00000000 00000000  1000        0 99 2 0000000000000000 0\n",
			       address, sizeof(address), &port, &inode));
	assert_string_equal(address, "2001:db8::1");
	assert_int_equal(inode, 99);
	assert_false(parse_udp_line("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n",
				    address, sizeof(address), &port, &inode));
	assert_false(parse_udp_line("  1: 0100:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 1 2\n",
				    address, sizeof(address), &port, &inode));
	assert_false(parse_udp_line("", address, sizeof(address), &port, &inode));
}

#define WITH_MACHINE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MACHINE(a_healthy_machine_has_nothing),
		WITH_MACHINE(a_machine_without_module_that_wants_none_has_nothing),
		WITH_MACHINE(what_could_not_be_looked_at_is_no_warning),
		WITH_MACHINE(a_module_that_is_not_built_is_found),
		WITH_MACHINE(an_unused_module_is_found_twice),
		WITH_MACHINE(a_module_nobody_knows_of_is_unknown),
		WITH_MACHINE(other_versions_are_found),
		WITH_MACHINE(secure_boot_wants_a_key_that_is_enrolled),
		WITH_MACHINE(a_kernel_that_wants_signatures_is_like_secure_boot),
		WITH_MACHINE(a_tripped_guard_is_found),
		WITH_MACHINE(a_daemon_that_does_not_run_is_found),
		WITH_MACHINE(a_daemon_that_may_not_be_asked_is_unknown),
		WITH_MACHINE(what_the_daemon_suffers_is_found),
		WITH_MACHINE(folders_with_problems_are_found),
		WITH_MACHINE(who_holds_the_port_is_named),
		WITH_MACHINE(nobody_who_listens_is_found),
		WITH_MACHINE(firewalls_that_drop_are_found),
		WITH_MACHINE(the_daemons_own_ports_are_looked_at),
		WITH_MACHINE(acknowledgements_without_connection_tracking_need_a_rule),
		WITH_MACHINE(firewalls_that_cannot_be_read_are_unknown),
		WITH_MACHINE(a_full_connection_table_is_found),
		WITH_MACHINE(too_little_memory_is_found),
		WITH_MACHINE(a_bad_state_directory_is_found),
		WITH_MACHINE(too_few_watches_are_found),
		WITH_MACHINE(a_wrong_clock_is_found),
		cmocka_unit_test(sockets_are_read_from_proc),
	};

	return cmocka_run_group_tests_name("control_doctor", tests, NULL, NULL);
}
