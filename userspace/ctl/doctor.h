/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktftpctl doctor: what is wrong, and what to do. Looking (probe_*.c) fills struct facts and judges nothing; judging
 * (judge_*.c) reads struct facts and looks at nothing, so that tests can give it any machine.
 */
#ifndef KTFTP_CTL_DOCTOR_H
#define KTFTP_CTL_DOCTOR_H

#include <jansson.h>

#include "ctl.h"

enum level {
	LEVEL_OK,
	LEVEL_UNKNOWN, /* it could not be looked at */
	LEVEL_WARNING,
	LEVEL_ERROR,
};

/* What could not be found out is neither. */
enum answer {
	NOT_KNOWN,
	NO,
	YES,
};

#define TEXT_ROOM      384
#define SHORT_ROOM     64
#define MOST_FINDINGS  64
#define MOST_LISTENERS 32
#define MOST_HOLDERS   16

/**
 * struct finding - one thing
 * @level: how bad it is
 * @check: which check it is of
 * @text: what is so
 * @cure: what to do, empty for nothing
 */
struct finding {
	enum level level;
	const char *check;
	char text[TEXT_ROOM];
	char cure[TEXT_ROOM];
};

/**
 * struct findings - all of them
 * @check: the check that runs
 * @list: them
 * @count: how many
 */
struct findings {
	const char *check;
	struct finding list[MOST_FINDINGS];
	size_t count;
};

/**
 * struct module_facts - the kernel module
 * @kernel: release of the running kernel
 * @loaded: is it
 * @version: of the loaded one
 * @has_file: is there one for the running kernel
 * @file_version: of that
 * @signer: who signed the file; empty for nobody
 * @in_dkms: does DKMS know its sources
 * @dkms_version: of those
 * @secure_boot: does the firmware check what is booted
 * @enforced: does the kernel load signed modules only
 * @key_path: DKMS' key, empty when there is none
 * @key_enrolled: is it among those that the firmware trusts
 * @guard_path: the guard's marker
 * @guard_tripped: did another boot leave it
 */
struct module_facts {
	char kernel[SHORT_ROOM];
	enum answer loaded;
	char version[SHORT_ROOM];
	enum answer has_file;
	char file_version[SHORT_ROOM];
	char signer[SHORT_ROOM];
	enum answer in_dkms;
	char dkms_version[SHORT_ROOM];
	enum answer secure_boot;
	enum answer enforced;
	char key_path[SHORT_ROOM];
	enum answer key_enrolled;
	char guard_path[TEXT_ROOM / 2];
	enum answer guard_tripped;
};

/**
 * struct daemon_facts - ktftpd
 * @running: does it answer
 * @here: in this network namespace
 * @why: what was said instead
 * @version: its own
 * @alarm: empty for none
 * @wanted: the engine of its configuration
 * @uses_module: it does
 * @attached: to the module
 * @draining: it takes no requests
 * @pid: its process
 * @state_dir: its directory
 * @port_first: ports from which it answers what the module hands over
 * @port_last: their end
 * @has_folder: what follows is known
 * @scanned: its folders were looked at
 * @problem: with them, empty for none
 * @watches: directories that it watches
 */
struct daemon_facts {
	enum answer running;
	enum answer here;
	char why[TEXT_ROOM];
	char version[SHORT_ROOM];
	char alarm[TEXT_ROOM / 2];
	char wanted[SHORT_ROOM];
	bool uses_module;
	bool attached;
	bool draining;
	long pid;
	char state_dir[TEXT_ROOM / 4];
	uint16_t port_first;
	uint16_t port_last;
	bool has_folder;
	bool scanned;
	char problem[TEXT_ROOM / 2];
	uint64_t watches;
};

/* Where ktftp listens, by the module or the daemon. */
struct port_facts {
	char where[SHORT_ROOM];
	uint16_t port;
	bool single_port;
	bool notrack;
	bool active;
	uint16_t tid_first;
	uint16_t tid_last;
};

/* A socket at udp/69 that is not ours. */
struct holder {
	char address[SHORT_ROOM];
	long pid; /* 0 for what cannot be seen */
	char name[SHORT_ROOM];
};

/**
 * struct network_facts - this network namespace
 * @listeners: ktftp's
 * @listener_count: how many
 * @holders: others at udp/69
 * @holder_count: how many
 * @holders_known: could be looked at
 * @ruleset: of nftables as nft -j lists it, or NULL
 * @no_ruleset: why there is none
 * @legacy: rules of iptables-legacy
 * @conntrack: is it there
 * @conntrack_count: entries
 * @conntrack_max: that there may be
 */
struct network_facts {
	struct port_facts listeners[MOST_LISTENERS];
	size_t listener_count;
	struct holder holders[MOST_HOLDERS];
	size_t holder_count;
	enum answer holders_known;
	json_t *ruleset;
	char no_ruleset[TEXT_ROOM / 2];
	enum answer legacy;
	enum answer conntrack;
	uint64_t conntrack_count;
	uint64_t conntrack_max;
};

/**
 * struct host_facts - the machine
 * @has_store: the module told of its memory
 * @store: what it told
 * @memory_bytes: all memory
 * @available_bytes: memory that could be had
 * @now: seconds since 1970
 * @built: when this program was made, likewise
 * @clock_synchronised: somebody keeps it right
 * @state_known: what follows is
 * @state_is_there: the state directory
 * @state_writable: it is not read-only, and root may write
 * @state_bytes: of its file system
 * @state_free_bytes: of those
 * @watches_max: inotify's watches of a user; 0 when not known
 */
struct host_facts {
	bool has_store;
	struct ktftp_info store;
	uint64_t memory_bytes;
	uint64_t available_bytes;
	int64_t now;
	int64_t built;
	enum answer clock_synchronised;
	enum answer state_is_there;
	enum answer state_writable;
	uint64_t state_bytes;
	uint64_t state_free_bytes;
	uint64_t watches_max;
};

struct facts {
	struct module_facts module;
	struct daemon_facts daemon;
	struct network_facts network;
	struct host_facts host;
};

/* probe_*.c: each after those before it */
void probe_daemon(struct ctl *ctl, struct facts *f);
void probe_module(struct ctl *ctl, struct facts *f);
void probe_network(struct ctl *ctl, struct facts *f);
void probe_host(struct ctl *ctl, struct facts *f);

/* judge_*.c */
void judge_module(const struct facts *f, struct findings *out);
void judge_versions(const struct facts *f, struct findings *out);
void judge_secure_boot(const struct facts *f, struct findings *out);
void judge_guard(const struct facts *f, struct findings *out);
void judge_daemon(const struct facts *f, struct findings *out);
void judge_folders(const struct facts *f, struct findings *out);
void judge_port(const struct facts *f, struct findings *out);
void judge_firewall(const struct facts *f, struct findings *out);
void judge_conntrack(const struct facts *f, struct findings *out);
void judge_memory(const struct facts *f, struct findings *out);
void judge_clock(const struct facts *f, struct findings *out);
void judge_state(const struct facts *f, struct findings *out);
void judge_watches(const struct facts *f, struct findings *out);

/* findings.c; the cure is NULL for none */
void found(struct findings *out, enum level level, const char *cure, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void judge_all(const struct facts *f, struct findings *out);
int findings_status(const struct findings *findings);
const char *level_name(enum level level);

/* firewall.c */
enum verdict {
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_MAYBE, /* it depends on what is not known of the packet, or on rules that are not understood */
};

/* An incoming UDP packet as firewalls see it. */
struct packet {
	const char *family; /* "ip" or "ip6" */
	uint16_t first;     /* destination ports, all of which share the fate */
	uint16_t last;
	const char *state; /* of connection tracking: "new", "established", "untracked" */
};

enum verdict firewall_verdict(const json_t *ruleset, const struct packet *packet);

/* sockets.c: lines of /proc/net/udp and udp6 */
bool parse_udp_line(const char *line, char *address, size_t room, uint16_t *port, uint64_t *inode);

/* program.c: what a program prints, up to some length. Return: its exit status, or a negative errno. */
int read_program(const char *const *arguments, char **out);

#endif
