// SPDX-License-Identifier: GPL-2.0
/* Looking at the network namespace: listeners, others at the port, the firewall, connection tracking. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "probe.h"

#define TFTP_PORT    69
#define CONNTRACK(x) "/proc/sys/net/netfilter/nf_conntrack_" x

/* ---- listeners of the module ---- */

static int keep_listener(const struct ktftp_listener *l, void *context)
{
	struct network_facts *n = context;
	struct port_facts *port = &n->listeners[n->listener_count];

	if (n->listener_count == MOST_LISTENERS || l->state == KTFTP_LISTENER_STATE_CLOSING)
		return 0;
	n->listener_count++;
	port->port = l->port;
	port->single_port = l->flags & KTFTP_LISTENER_FLAG_SINGLE_PORT;
	port->notrack = l->flags & KTFTP_LISTENER_FLAG_NOTRACK;
	port->active = l->state == KTFTP_LISTENER_STATE_ACTIVE;
	port->tid_first = l->tid_first;
	port->tid_last = l->tid_last;
	show_endpoint(&l->address, l->port, port->where, sizeof(port->where));
	return 0;
}

/* ---- others at the port ---- */

/* A socket at the port. */
struct socket_at {
	char address[SHORT_ROOM];
	uint64_t inode;
	long pid;
};

struct sockets {
	struct socket_at list[MOST_HOLDERS];
	size_t count;
};

static void read_sockets(const char *path, struct sockets *all)
{
	FILE *file = fopen(path, "re");
	char line[512];
	uint16_t port;

	if (!file)
		return;
	while (all->count < MOST_HOLDERS && fgets(line, sizeof(line), file)) {
		struct socket_at *at = &all->list[all->count];

		if (parse_udp_line(line, at->address, sizeof(at->address), &port, &at->inode) && port == TFTP_PORT)
			all->count++;
	}
	fclose(file);
}

/* Whether one of the sockets is among the process' files. */
static void look_at_files(long pid, struct sockets *all)
{
	char path[300], target[64];
	unsigned long long inode;
	struct dirent *entry;
	DIR *files;
	ssize_t n;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	files = opendir(path);
	while (files && (entry = readdir(files))) {
		snprintf(path, sizeof(path), "/proc/%ld/fd/%s", pid, entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		if (sscanf(target, "socket:[%llu]", &inode) != 1)
			continue;
		for (i = 0; i < all->count; i++)
			if (all->list[i].inode == inode)
				all->list[i].pid = pid;
	}
	if (files)
		closedir(files);
}

static void find_owners(struct sockets *all)
{
	struct dirent *entry;
	DIR *processes = opendir("/proc");

	while (processes && all->count && (entry = readdir(processes)))
		if (isdigit((unsigned char)*entry->d_name))
			look_at_files(atol(entry->d_name), all);
	if (processes)
		closedir(processes);
}

/* The module's sockets have no process; nor has what cannot be seen from here. */
static bool is_ours(const struct facts *f, const struct socket_at *at)
{
	size_t i;

	if (at->pid)
		return at->pid == f->daemon.pid;
	for (i = 0; i < f->network.listener_count; i++)
		if (f->network.listeners[i].port == TFTP_PORT)
			return true;
	return false;
}

static void probe_holders(struct facts *f)
{
	struct network_facts *n = &f->network;
	struct sockets all = {};
	char path[64];
	size_t i;

	read_sockets("/proc/net/udp", &all);
	read_sockets("/proc/net/udp6", &all);
	find_owners(&all);
	n->holders_known = access("/proc/net/udp", R_OK) ? NOT_KNOWN : YES;
	for (i = 0; i < all.count; i++) {
		struct holder *holder = &n->holders[n->holder_count];

		if (is_ours(f, &all.list[i]))
			continue;
		n->holder_count++;
		holder->pid = all.list[i].pid;
		snprintf(holder->address, sizeof(holder->address), "%s", all.list[i].address);
		snprintf(path, sizeof(path), "/proc/%ld/comm", holder->pid);
		read_line(path, holder->name, sizeof(holder->name));
	}
}

/* ---- firewall ---- */

static void probe_ruleset(struct network_facts *n)
{
	static const char *const arguments[] = { "nft", "-j", "list", "ruleset", NULL };
	char *text;
	int err = read_program(arguments, &text);

	if (!err)
		n->ruleset = json_loads(text, 0, NULL);
	free(text);
	if (n->ruleset)
		return;
	if (err == -ENOENT)
		snprintf(n->no_ruleset, sizeof(n->no_ruleset), "nft is not installed");
	else if (geteuid())
		snprintf(n->no_ruleset, sizeof(n->no_ruleset), "not permitted to list the rules of nftables");
	else
		snprintf(n->no_ruleset, sizeof(n->no_ruleset), "nft does not list its rules");
}

/* The old tables are there when somebody uses them, of whatever family. */
static enum answer probe_legacy(void)
{
	char line[SHORT_ROOM];
	int ip = read_line("/proc/net/ip_tables_names", line, sizeof(line)), ip6 = 0;

	if (!*line)
		ip6 = read_line("/proc/net/ip6_tables_names", line, sizeof(line));
	if (*line)
		return YES;
	return ip == -EACCES || ip6 == -EACCES ? NOT_KNOWN : NO;
}

static void probe_conntrack(struct network_facts *n)
{
	n->conntrack = access(CONNTRACK("count"), F_OK) ? NO : YES;
	n->conntrack_count = read_number(CONNTRACK("count"));
	n->conntrack_max = read_number(CONNTRACK("max"));
}

void probe_network(struct ctl *ctl, struct facts *f)
{
	if (ctl->k)
		ktftp_listener_list(ctl->k, keep_listener, &f->network);
	probe_holders(f);
	probe_ruleset(&f->network);
	f->network.legacy = probe_legacy();
	probe_conntrack(&f->network);
}
