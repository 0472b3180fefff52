// SPDX-License-Identifier: GPL-2.0
/*
 * What nftables does with an incoming packet of which the protocol, the ports and the state of its connection are
 * known and nothing else: a rule about its source matches maybe. Of each chain all possible outcomes are collected.
 */
#include <string.h>

#include "doctor.h"

/* A set of outcomes. */
#define ACCEPTED      1
#define DROPPED       2
#define RETURNED      4

/* Chains call chains, as nftables allows. */
#define DEEPEST_CHAIN 16

/* How it is with a condition, or a whole rule. */
enum match {
	MATCH_NO,
	MATCH_MAYBE,
	MATCH_YES,
};

/**
 * struct walk - one packet's way
 * @objects: of the ruleset
 * @packet: it
 * @table: family and name of the table at hand
 * @depth: of chains
 */
struct walk {
	const json_t *objects;
	const struct packet *packet;
	const char *family;
	const char *table;
	int depth;
};

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name)) ?: "";
}

static bool is_of_table(const struct walk *w, const json_t *object)
{
	return !strcmp(text_of(object, "family"), w->family) && !strcmp(text_of(object, "table"), w->table);
}

/* ---- values ---- */

/* What a condition compares with: one value or several. */
struct values {
	const json_t *several; /* an array, or NULL */
	const json_t *one;
};

/* A named set of the same table; NULL when there is none, or nothing in it. */
static const json_t *find_set(const struct walk *w, const char *name)
{
	const json_t *object, *set;
	size_t i;

	json_array_foreach(w->objects, i, object)
	{
		set = json_object_get(object, "set") ?: json_object_get(object, "map");
		if (set && is_of_table(w, set) && !strcmp(text_of(set, "name"), name))
			return json_object_get(set, "elem");
	}
	return NULL;
}

static struct values values_of(const struct walk *w, const json_t *right)
{
	const char *text = json_string_value(right);
	struct values values = { .one = right };

	if (text && *text == '@')
		values.several = find_set(w, text + 1);
	else if (json_is_array(right))
		values.several = right;
	else
		values.several = json_object_get(right, "set") ?: json_object_get(right, "|");
	if (!json_is_array(values.several))
		values.several = NULL;
	return values;
}

/* Elements with counters or comments are wrapped. */
static const json_t *unwrap(const json_t *element)
{
	return json_object_get(json_object_get(element, "elem"), "val") ?: element;
}

/* How many of the packet's ports this one value or range has; -1 when it is neither. */
static int ports_in_value(const struct packet *p, const json_t *value)
{
	const json_t *range = json_object_get(value, "range"), *from = json_array_get(range, 0) ?: value,
		     *to = json_array_get(range, 1) ?: value;
	json_int_t first = json_integer_value(from), last = json_integer_value(to);

	if (!json_is_integer(from) || !json_is_integer(to))
		return -1;
	if (first < p->first)
		first = p->first;
	if (last > p->last)
		last = p->last;
	return first <= last ? last - first + 1 : 0;
}

static enum match match_ports(const struct walk *w, const json_t *right)
{
	const struct values values = values_of(w, right);
	const int all = w->packet->last - w->packet->first + 1;
	const json_t *element;
	int covered = 0, n;
	size_t i;

	if (!values.several) {
		covered = ports_in_value(w->packet, values.one);
	} else {
		json_array_foreach(values.several, i, element)
		{
			n = ports_in_value(w->packet, unwrap(element));
			covered = n < 0 || covered < 0 ? -1 : covered + n;
		}
	}
	if (!covered)
		return MATCH_NO;
	return covered >= all ? MATCH_YES : MATCH_MAYBE;
}

static bool equals(const json_t *value, const char *text)
{
	return json_is_string(value) && !strcmp(json_string_value(value), text);
}

/* Is one of the values that text? Values that are no texts may mean it as well. */
static enum match match_text(const struct walk *w, const json_t *right, const char *text)
{
	const struct values values = values_of(w, right);
	enum match match = MATCH_NO;
	const json_t *element;
	size_t i;

	if (!values.several) {
		if (!json_is_string(right) || json_string_value(right)[0] == '@')
			return MATCH_MAYBE;
		return equals(right, text) ? MATCH_YES : MATCH_NO;
	}
	json_array_foreach(values.several, i, element)
	{
		element = unwrap(element);
		if (equals(element, text))
			return MATCH_YES;
		if (!json_is_string(element))
			match = MATCH_MAYBE;
	}
	return match;
}

/* ---- conditions ---- */

static bool is_ip(const char *protocol)
{
	return !strcmp(protocol, "ip") || !strcmp(protocol, "ip6");
}

static enum match match_payload(const struct walk *w, const json_t *payload, const json_t *right)
{
	const char *protocol = text_of(payload, "protocol"), *field = text_of(payload, "field");
	const bool is_transport = !strcmp(protocol, "udp") || !strcmp(protocol, "th");

	if (is_transport && !strcmp(field, "dport"))
		return match_ports(w, right);
	if (is_ip(protocol) && strcmp(protocol, w->packet->family))
		return MATCH_NO;
	if (is_ip(protocol) && (!strcmp(field, "protocol") || !strcmp(field, "nexthdr")))
		return match_text(w, right, "udp");
	/* Of another protocol. */
	if (*protocol && !is_transport && !is_ip(protocol) && strcmp(protocol, "ether") && strcmp(protocol, "vlan"))
		return MATCH_NO;
	return MATCH_MAYBE;
}

static enum match match_meta(const struct walk *w, const char *key, const json_t *right)
{
	const bool ip6 = !strcmp(w->packet->family, "ip6");

	if (!strcmp(key, "l4proto"))
		return match_text(w, right, "udp");
	if (!strcmp(key, "nfproto"))
		return match_text(w, right, ip6 ? "ipv6" : "ipv4");
	if (!strcmp(key, "protocol"))
		return match_text(w, right, w->packet->family);
	/* It comes from elsewhere. */
	if ((!strcmp(key, "iif") || !strcmp(key, "iifname")) && match_text(w, right, "lo") == MATCH_YES)
		return MATCH_NO;
	return MATCH_MAYBE;
}

static enum match match_left(const struct walk *w, const json_t *left, const json_t *right)
{
	const json_t *payload = json_object_get(left, "payload"), *meta = json_object_get(left, "meta"),
		     *ct = json_object_get(left, "ct");

	if (payload)
		return match_payload(w, payload, right);
	if (meta)
		return match_meta(w, text_of(meta, "key"), right);
	if (!strcmp(text_of(ct, "key"), "state"))
		return match_text(w, right, w->packet->state);
	return MATCH_MAYBE;
}

static enum match match_condition(const struct walk *w, const json_t *condition)
{
	const json_t *left = json_object_get(condition, "left"), *right = json_object_get(condition, "right");
	enum match match = match_left(w, left, right);

	return strcmp(text_of(condition, "op"), "!=") ? match : MATCH_YES - match;
}

/* ---- chains ---- */

static int walk_chain(struct walk *w, const char *name);

/* Outcomes of a verdict; 0 when it is none. */
static int outcomes_of_verdict(struct walk *w, const json_t *verdict)
{
	const json_t *call = json_object_get(verdict, "jump") ?: json_object_get(verdict, "goto");

	if (json_object_get(verdict, "accept"))
		return ACCEPTED;
	if (json_object_get(verdict, "drop") || json_object_get(verdict, "reject"))
		return DROPPED;
	/* Who reads the queue decides. */
	if (json_object_get(verdict, "queue"))
		return ACCEPTED | DROPPED;
	if (json_object_get(verdict, "return"))
		return RETURNED;
	return call ? walk_chain(w, text_of(call, "target")) : 0;
}

/* After a jump to a chain that returned one goes on; after a goto, or "return", one does not. */
static bool goes_on(const json_t *verdict, int outcomes)
{
	return json_object_get(verdict, "jump") && (outcomes & RETURNED);
}

/* What a rule or a pair of a map adds, if it matches so; *on becomes false when nothing comes behind it. */
static int apply(const json_t *verdict, int outcomes, enum match match, bool *on)
{
	if (!outcomes || match == MATCH_NO)
		return 0;
	if (goes_on(verdict, outcomes))
		return outcomes & ~RETURNED;
	*on = match != MATCH_YES;
	return outcomes;
}

/* A map of values to verdicts. */
static int apply_map(struct walk *w, const json_t *map, enum match match, bool *on)
{
	const json_t *key = json_object_get(map, "key"), *pair;
	const struct values values = values_of(w, json_object_get(map, "data"));
	const json_t *verdict;
	enum match of_pair;
	int outcomes = 0;
	size_t i;

	if (!values.several)
		return ACCEPTED | DROPPED;
	json_array_foreach(values.several, i, pair)
	{
		of_pair = match_left(w, key, unwrap(json_array_get(pair, 0)));
		if (of_pair > match)
			of_pair = match;
		verdict = json_array_get(pair, 1);
		if (of_pair != MATCH_NO)
			outcomes |= apply(verdict, outcomes_of_verdict(w, verdict), of_pair, on);
	}
	return outcomes;
}

/* Statements that say nothing of what becomes of the packet. */
static bool is_harmless(const char *name)
{
	static const char *const names[] = { "counter", "log", "comment", "notrack", "mangle", "set", "quota" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* A rule: conditions, then what is done if all are met. */
static int apply_rule(struct walk *w, const json_t *statements, bool *on)
{
	enum match match = MATCH_YES, one;
	const json_t *statement;
	int outcomes = 0, more;
	size_t i;

	json_array_foreach(statements, i, statement)
	{
		const char *name = json_object_iter_key(json_object_iter((json_t *)statement));

		one = MATCH_YES;
		if (json_object_get(statement, "match"))
			one = match_condition(w, json_object_get(statement, "match"));
		else if (json_object_get(statement, "vmap"))
			outcomes |= apply_map(w, json_object_get(statement, "vmap"), match, on);
		else if ((more = outcomes_of_verdict(w, statement)))
			outcomes |= apply(statement, more, match, on);
		else if (!name || !is_harmless(name))
			one = MATCH_MAYBE;
		if (one < match)
			match = one;
		if (match == MATCH_NO)
			break;
	}
	return outcomes;
}

/* Outcomes of a chain; RETURNED when its end is reached, or too deep. */
static int walk_chain(struct walk *w, const char *name)
{
	int outcomes = 0;
	const json_t *object, *rule;
	bool on = true;
	size_t i;

	if (w->depth == DEEPEST_CHAIN)
		return ACCEPTED | DROPPED | RETURNED;
	w->depth++;
	json_array_foreach(w->objects, i, object)
	{
		rule = json_object_get(object, "rule");
		if (on && rule && is_of_table(w, rule) && !strcmp(text_of(rule, "chain"), name))
			outcomes |= apply_rule(w, json_object_get(rule, "expr"), &on);
	}
	w->depth--;
	return on ? outcomes | RETURNED : outcomes;
}

/* Does it decide on what comes in? */
static bool is_on_the_way(const json_t *chain, const char *family)
{
	const char *hook = text_of(chain, "hook"), *of = text_of(chain, "family");

	return !strcmp(text_of(chain, "type"), "filter") && (!strcmp(hook, "input") || !strcmp(hook, "prerouting")) &&
	       (!strcmp(of, "inet") || !strcmp(of, family));
}

static enum verdict verdict_of_base(struct walk *w, const json_t *chain)
{
	int outcomes;

	w->family = text_of(chain, "family");
	w->table = text_of(chain, "table");
	outcomes = walk_chain(w, text_of(chain, "name"));
	if (outcomes & RETURNED)
		outcomes |= strcmp(text_of(chain, "policy"), "drop") ? ACCEPTED : DROPPED;
	outcomes &= ACCEPTED | DROPPED;
	return outcomes == ACCEPTED ? VERDICT_ACCEPT : outcomes == DROPPED ? VERDICT_DROP : VERDICT_MAYBE;
}

/* It comes in when all base chains let it. */
enum verdict firewall_verdict(const json_t *ruleset, const struct packet *packet)
{
	struct walk w = { .objects = json_object_get(ruleset, "nftables"), .packet = packet };
	enum verdict verdict = VERDICT_ACCEPT, one;
	const json_t *object, *chain;
	size_t i;

	json_array_foreach(w.objects, i, object)
	{
		chain = json_object_get(object, "chain");
		if (!chain || !is_on_the_way(chain, packet->family))
			continue;
		one = verdict_of_base(&w, chain);
		if (one == VERDICT_DROP)
			return VERDICT_DROP;
		if (one == VERDICT_MAYBE)
			verdict = VERDICT_MAYBE;
	}
	return verdict;
}
