// SPDX-License-Identifier: GPL-2.0
/* Judging the network namespace: who has the port, and what stands before it. */
#include <string.h>

#include "doctor.h"

/* Of a table that is full nobody gets in. */
#define NEARLY_PERCENT 75
#define FULL_PERCENT   95

static void name_holder(const struct holder *holder, char *out, size_t room)
{
	if (holder->pid)
		snprintf(out, room, "%s (pid %ld) holds udp/69 at %s", holder->name, holder->pid, holder->address);
	else
		snprintf(out, room, "somebody who cannot be seen from here holds udp/69 at %s", holder->address);
}

/* Beside us is no error: it may be another address. Who cannot be seen may be the daemon, if that cannot be asked. */
static enum level level_of_holder(const struct facts *f, const struct holder *holder)
{
	if (!holder->pid && f->daemon.running == NOT_KNOWN)
		return LEVEL_UNKNOWN;
	return f->network.listener_count ? LEVEL_WARNING : LEVEL_ERROR;
}

static void judge_holders(const struct facts *f, struct findings *out)
{
	char text[TEXT_ROOM], cure[TEXT_ROOM];
	size_t i;

	for (i = 0; i < f->network.holder_count; i++) {
		const struct holder *holder = &f->network.holders[i];

		name_holder(holder, text, sizeof(text));
		snprintf(cure, sizeof(cure),
			 holder->pid ? "stop it: systemctl status %ld says which unit it is" :
				       "run it as root, and on the host: it may be of another container",
			 holder->pid);
		found(out, level_of_holder(f, holder), cure, "%s", text);
	}
}

static bool listens_actively(const struct facts *f)
{
	size_t i;

	for (i = 0; i < f->network.listener_count; i++)
		if (f->network.listeners[i].active)
			return true;
	return false;
}

static void name_listeners(const struct network_facts *n, char *out, size_t room)
{
	size_t i, used = 0;

	*out = 0;
	for (i = 0; i < n->listener_count && used < room; i++)
		used += snprintf(out + used, room - used, "%s%s", i ? ", " : "", n->listeners[i].where);
}

void judge_port(const struct facts *f, struct findings *out)
{
	const struct network_facts *n = &f->network;
	char text[TEXT_ROOM / 2];

	judge_holders(f, out);
	name_listeners(n, text, sizeof(text));
	if (listens_actively(f))
		found(out, LEVEL_OK, NULL, "listening at %s", text);
	else if (n->listener_count)
		found(out, LEVEL_WARNING, "ktftpctl undrain", "no listener takes requests: %s", text);
	else if (!n->holder_count && n->holders_known == NOT_KNOWN)
		found(out, LEVEL_UNKNOWN, "run it as root", "who holds udp/69 cannot be seen");
	else if (!n->holder_count)
		found(out, LEVEL_ERROR, "systemctl start ktftpd, or ktftpctl listen add 0.0.0.0",
		      "ktftp listens nowhere in this network namespace");
}

/* ---- firewall ---- */

/* What has to come in, and how bad it is when it does not. */
static enum verdict worst_of_families(const json_t *ruleset, struct packet packet)
{
	enum verdict ip, ip6;

	packet.family = "ip";
	ip = firewall_verdict(ruleset, &packet);
	packet.family = "ip6";
	ip6 = firewall_verdict(ruleset, &packet);
	return ip == VERDICT_ACCEPT ? ip6 : ip;
}

static void judge_ports(const struct facts *f, const char *what, struct packet packet, struct findings *out)
{
	char cure[TEXT_ROOM], ports[SHORT_ROOM];

	snprintf(ports, sizeof(ports), packet.first == packet.last ? "%u" : "%u-%u", packet.first, packet.last);
	snprintf(cure, sizeof(cure), "nft add rule inet filter input udp dport %s accept, or as your firewall has it",
		 ports);
	switch (worst_of_families(f->network.ruleset, packet)) {
	case VERDICT_DROP:
		found(out, LEVEL_ERROR, cure, "nftables drops %s to udp port %s", what, ports);
		break;
	case VERDICT_MAYBE:
		found(out, LEVEL_UNKNOWN, "nft list ruleset", "cannot tell whether nftables lets %s to udp port %s in",
		      what, ports);
		break;
	default:
		found(out, LEVEL_OK, NULL, "nftables lets %s to udp port %s in", what, ports);
	}
}

static bool same_ports(const struct port_facts *a, const struct port_facts *b)
{
	return a->port == b->port && a->tid_first == b->tid_first && a->tid_last == b->tid_last &&
	       a->notrack == b->notrack && a->single_port == b->single_port;
}

static bool was_judged(const struct network_facts *n, size_t i)
{
	size_t before;

	for (before = 0; before < i; before++)
		if (same_ports(&n->listeners[before], &n->listeners[i]))
			return true;
	return false;
}

/*
 * Answers leave from a port of the range, and what comes back there belongs to a connection that is known, unless the
 * listener does without connection tracking.
 */
static void judge_listener(const struct facts *f, const struct port_facts *l, struct findings *out)
{
	const struct packet request = { .first = l->port, .last = l->port, .state = "new" };
	const struct packet ack = {
		.first = l->tid_first,
		.last = l->tid_last,
		.state = l->notrack ? "untracked" : "established",
	};

	judge_ports(f, "requests", request, out);
	if (!l->single_port && l->tid_first)
		judge_ports(f, "acknowledgements", ack, out);
}

/* What the module hands over is answered from other ports; at a single-port listener it hands nothing over. */
static void judge_handed_over(const struct facts *f, struct findings *out)
{
	const struct packet ack = {
		.first = f->daemon.port_first,
		.last = f->daemon.port_last,
		.state = "established",
	};
	size_t i;

	for (i = 0; i < f->network.listener_count; i++)
		if (!f->network.listeners[i].single_port)
			break;
	if (f->daemon.uses_module && ack.first && i < f->network.listener_count)
		judge_ports(f, "acknowledgements", ack, out);
}

void judge_firewall(const struct facts *f, struct findings *out)
{
	static const struct port_facts usual = { .port = 69, .single_port = true };
	const struct network_facts *n = &f->network;
	size_t i;

	if (n->legacy == YES)
		found(out, LEVEL_UNKNOWN, "iptables-legacy -S INPUT",
		      "there are rules of iptables-legacy: cannot tell");
	if (!n->ruleset) {
		if (*n->no_ruleset)
			found(out, LEVEL_UNKNOWN, "nft list ruleset, as root", "cannot tell: %s", n->no_ruleset);
		else if (n->legacy != YES)
			found(out, LEVEL_OK, NULL, "none");
		return;
	}
	if (!n->listener_count)
		judge_listener(f, &usual, out);
	for (i = 0; i < n->listener_count; i++)
		if (!was_judged(n, i))
			judge_listener(f, &n->listeners[i], out);
	judge_handed_over(f, out);
}

void judge_conntrack(const struct facts *f, struct findings *out)
{
	const struct network_facts *n = &f->network;
	const char *cure =
		"ktftpctl listen add ... notrack and the rules of ktftp(7), or sysctl net.netfilter.nf_conntrack_max";
	uint64_t percent;

	if (n->conntrack != YES || !n->conntrack_max) {
		found(out, LEVEL_OK, NULL, "not in use");
		return;
	}
	percent = n->conntrack_count * 100 / n->conntrack_max;
	found(out,
	      percent >= FULL_PERCENT   ? LEVEL_ERROR :
	      percent >= NEARLY_PERCENT ? LEVEL_WARNING :
					  LEVEL_OK,
	      percent >= NEARLY_PERCENT ? cure : NULL, "%llu of %llu connections are tracked",
	      (unsigned long long)n->conntrack_count, (unsigned long long)n->conntrack_max);
}
