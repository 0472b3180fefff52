// SPDX-License-Identifier: GPL-2.0
/* What ktftpctl doctor makes of the rules of nftables, as nft -j lists them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doctor.h"

/* Pieces of rulesets, with ' for "; each brings its own comma, and what ends a list needs none. */
#define J(json)          json ","
#define TABLE            "'family':'inet','table':'f'"
#define INPUT(policy)    J("{'chain':{" TABLE ",'name':'in','type':'filter','hook':'input','policy':'" policy "'}}")
#define CHAIN(name)      J("{'chain':{" TABLE ",'name':'" name "'}}")
#define IN(chain, what)  J("{'rule':{" TABLE ",'chain':'" chain "','expr':[" what "{'comment':'x'}]}}")
#define RULE(what)       IN("in", what)
#define NAMED(elem)      J("{'set':{" TABLE ",'name':'ports','type':'inet_service','elem':[" elem "]}}")
#define IS(left, to)     J("{'match':{'op':'==','left':{" left "},'right':" to "}}")
#define IS_NOT(left, to) J("{'match':{'op':'!=','left':{" left "},'right':" to "}}")
#define MAP(left, pairs) J("{'vmap':{'key':{" left "},'data':{'set':[" pairs "]}}}")
#define UDP_DPORT        "'payload':{'protocol':'udp','field':'dport'}"
#define TH_DPORT         "'payload':{'protocol':'th','field':'dport'}"
#define TCP_DPORT        "'payload':{'protocol':'tcp','field':'dport'}"
#define SADDR            "'payload':{'protocol':'ip','field':'saddr'}"
#define META(key)        "'meta':{'key':'" key "'}"
#define STATE            "'ct':{'key':'state'}"
#define ACCEPT           J("{'accept':null}")
#define DROP             J("{'drop':null}")
#define COUNTER          J("{'counter':{'packets':0,'bytes':0}}")
#define JUMP(target)     J("{'jump':{'target':'" target "'}}")
#define GOTO(target)     J("{'goto':{'target':'" target "'}}")
#define ALL(objects)     "{'nftables':[" objects "{'metainfo':{'json_schema_version':1}}]}"

static const struct packet request = { .family = "ip", .first = 69, .last = 69, .state = "new" };
static const struct packet ack = { .family = "ip", .first = 61000, .last = 63999, .state = "established" };

static enum verdict verdict(const char *text, const struct packet *packet)
{
	char *json = strdup(text), *c;
	enum verdict result;
	json_t *ruleset;

	for (c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	ruleset = json_loads(json, 0, NULL);
	free(json);
	assert_non_null(ruleset);
	result = firewall_verdict(ruleset, packet);
	json_decref(ruleset);
	return result;
}

#define assert_verdict(ruleset, packet, expected) assert_int_equal(verdict(ruleset, packet), expected)

static void no_rules_accept(void **state)
{
	(void)state;
	assert_verdict("{'nftables':[]}", &request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("accept")), &request, VERDICT_ACCEPT);
}

static void a_policy_decides_at_the_end(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop")), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") RULE(IS(TCP_DPORT, "22") ACCEPT)), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") RULE(COUNTER)), &request, VERDICT_DROP);
}

static void the_port_is_found_however_it_is_written(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "69") ACCEPT)), &request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "69") COUNTER ACCEPT)), &request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "{'set':[53,69]}") ACCEPT)), &request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "{'range':[60,70]}") ACCEPT)), &request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(IS(META("l4proto"), "'udp'") IS(TH_DPORT, "69") ACCEPT)), &request,
		       VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") NAMED("53,{'range':[60,70]}") RULE(IS(UDP_DPORT, "'@ports'") ACCEPT)),
		       &request, VERDICT_ACCEPT);
	assert_verdict(
		ALL(INPUT("drop") NAMED("{'elem':{'val':69,'comment':'x'}}") RULE(IS(UDP_DPORT, "'@ports'") ACCEPT)),
		&request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(IS(META("l4proto"), "{'set':['tcp','udp']}") ACCEPT)), &request,
		       VERDICT_ACCEPT);
}

static void other_ports_are_others(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "70") ACCEPT)), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "{'set':[53,67]}") ACCEPT)), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") NAMED("53") RULE(IS(UDP_DPORT, "'@ports'") ACCEPT)), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") RULE(IS(META("l4proto"), "'tcp'") ACCEPT)), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("accept") RULE(IS_NOT(UDP_DPORT, "69") DROP)), &request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("accept") RULE(IS_NOT(UDP_DPORT, "70") DROP)), &request, VERDICT_DROP);
}

static void a_range_has_to_be_let_in_whole(void **state)
{
	struct packet packet = ack;

	(void)state;
	packet.state = "untracked";
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "{'range':[61000,63999]}") ACCEPT)), &packet,
		       VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "{'set':[{'range':[61000,62000]},{'range':[62001,63999]}]}")
						      ACCEPT)),
		       &packet, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "{'range':[61000,63998]}") ACCEPT)), &packet,
		       VERDICT_MAYBE);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "{'range':[1024,60999]}") ACCEPT)), &packet, VERDICT_DROP);
}

static void the_state_of_the_connection_counts(void **state)
{
	const char *by_set = ALL(INPUT("drop") RULE(IS(STATE, "{'set':['established','related']}") ACCEPT)),
		   *by_list = ALL(INPUT("drop") RULE(IS(STATE, "['established','related']") ACCEPT)),
		   *by_map = ALL(INPUT("drop")
					 RULE(MAP(STATE, "['invalid',{'drop':null}],['established',{'accept':null}]")));

	(void)state;
	assert_verdict(by_set, &ack, VERDICT_ACCEPT);
	assert_verdict(by_set, &request, VERDICT_DROP);
	assert_verdict(by_list, &ack, VERDICT_ACCEPT);
	assert_verdict(by_list, &request, VERDICT_DROP);
	assert_verdict(by_map, &ack, VERDICT_ACCEPT);
	assert_verdict(by_map, &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("accept") RULE(IS(STATE, "'invalid'") DROP)), &request, VERDICT_ACCEPT);
}

static void what_depends_on_the_sender_cannot_be_told(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop") RULE(IS(SADDR, "'10.0.0.1'") IS(UDP_DPORT, "69") ACCEPT)), &request,
		       VERDICT_MAYBE);
	assert_verdict(ALL(INPUT("accept") RULE(IS(SADDR, "'10.0.0.1'") DROP)), &request, VERDICT_MAYBE);
	assert_verdict(ALL(INPUT("drop") RULE(IS(META("iifname"), "'eth0'") ACCEPT)), &request, VERDICT_MAYBE);
	/* Unless the rule is of another port anyway. */
	assert_verdict(ALL(INPUT("drop") RULE(IS(SADDR, "'10.0.0.1'") IS(UDP_DPORT, "70") ACCEPT)), &request,
		       VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") RULE(IS(UDP_DPORT, "69") ACCEPT) RULE(IS(SADDR, "'10.0.0.1'") DROP)), &request,
		       VERDICT_ACCEPT);
}

static void what_is_not_understood_cannot_be_told(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop") RULE(J("{'xt':{'type':'match','name':'udp'}}") ACCEPT)), &request,
		       VERDICT_MAYBE);
	assert_verdict(ALL(INPUT("drop") RULE(J("{'limit':{'rate':4,'per':'second'}}") ACCEPT)), &request,
		       VERDICT_MAYBE);
	assert_verdict(ALL(INPUT("accept") RULE(J("{'queue':null}"))), &request, VERDICT_MAYBE);
	assert_verdict(ALL(INPUT("drop") RULE(IS("'fib':{'result':'type'}", "'local'") ACCEPT)), &request,
		       VERDICT_MAYBE);
}

static void packets_come_from_elsewhere(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop") RULE(IS(META("iifname"), "'lo'") ACCEPT)), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") RULE(IS(META("iif"), "'lo'") ACCEPT)), &request, VERDICT_DROP);
}

static void chains_are_followed(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop") CHAIN("tftp") RULE(JUMP("tftp")) IN("tftp", IS(UDP_DPORT, "69") ACCEPT)),
		       &request, VERDICT_ACCEPT);
	assert_verdict(
		ALL(INPUT("accept") CHAIN("tftp") RULE(JUMP("tftp")) IN("tftp", IS(UDP_DPORT, "70") ACCEPT) RULE(DROP)),
		&request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("accept") CHAIN("tftp") RULE(GOTO("tftp")) RULE(DROP)), &request, VERDICT_ACCEPT);
	assert_verdict(
		ALL(INPUT("drop") CHAIN("tftp") RULE(JUMP("tftp")) IN("tftp", J("{'return':null}")) IN("tftp", ACCEPT)),
		&request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") CHAIN("tftp") RULE(MAP(META("l4proto"), "['udp',{'jump':{'target':'tftp'}}]"))
				   IN("tftp", IS(UDP_DPORT, "69") ACCEPT)),
		       &request, VERDICT_ACCEPT);
}

/* nftables refuses such a ruleset; whoever gives us one gets an answer nevertheless. */
static void chains_that_call_each_other_end(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("drop") CHAIN("a") RULE(JUMP("a")) IN("a", JUMP("a"))), &request, VERDICT_MAYBE);
}

static void the_first_rule_that_applies_counts(void **state)
{
	(void)state;
	assert_verdict(ALL(INPUT("accept") RULE(DROP) RULE(ACCEPT)), &request, VERDICT_DROP);
	assert_verdict(ALL(INPUT("drop") RULE(ACCEPT) RULE(DROP)), &request, VERDICT_ACCEPT);
}

static void all_base_chains_have_to_accept(void **state)
{
	const char *ruleset = ALL(INPUT("accept")
					  J("{'chain':{'family':'ip','table':'g','name':'in','type':'filter',"
					    "'hook':'input','policy':'drop'}}"));
	struct packet packet = request;

	(void)state;
	assert_verdict(ruleset, &packet, VERDICT_DROP);
	/* Of another family that one is none. */
	packet.family = "ip6";
	assert_verdict(ruleset, &packet, VERDICT_ACCEPT);
}

static void other_hooks_and_tables_do_not_count(void **state)
{
	(void)state;
	assert_verdict(ALL(J("{'chain':{" TABLE ",'name':'out','type':'filter','hook':'output','policy':'drop'}}")),
		       &request, VERDICT_ACCEPT);
	assert_verdict(ALL(J("{'chain':{" TABLE ",'name':'pre','type':'nat','hook':'prerouting','policy':'drop'}}")),
		       &request, VERDICT_ACCEPT);
	assert_verdict(
		ALL(INPUT("drop") J("{'rule':{'family':'inet','table':'g','chain':'in','expr':[{'accept':null}]}}")),
		&request, VERDICT_DROP);
}

static void nonsense_is_no_ruleset(void **state)
{
	(void)state;
	assert_verdict("[]", &request, VERDICT_ACCEPT);
	assert_verdict("{'nftables':[{'chain':7},{'rule':[]},3]}", &request, VERDICT_ACCEPT);
	assert_verdict(ALL(INPUT("drop") RULE(J("{},7,{'match':null},{'vmap':[]},{'jump':{}}"))), &request,
		       VERDICT_MAYBE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rules_accept),
		cmocka_unit_test(a_policy_decides_at_the_end),
		cmocka_unit_test(the_port_is_found_however_it_is_written),
		cmocka_unit_test(other_ports_are_others),
		cmocka_unit_test(a_range_has_to_be_let_in_whole),
		cmocka_unit_test(the_state_of_the_connection_counts),
		cmocka_unit_test(what_depends_on_the_sender_cannot_be_told),
		cmocka_unit_test(what_is_not_understood_cannot_be_told),
		cmocka_unit_test(packets_come_from_elsewhere),
		cmocka_unit_test(chains_are_followed),
		cmocka_unit_test(chains_that_call_each_other_end),
		cmocka_unit_test(the_first_rule_that_applies_counts),
		cmocka_unit_test(all_base_chains_have_to_accept),
		cmocka_unit_test(other_hooks_and_tables_do_not_count),
		cmocka_unit_test(nonsense_is_no_ruleset),
	};

	return cmocka_run_group_tests_name("control_firewall", tests, NULL, NULL);
}
