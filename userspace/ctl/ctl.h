/* SPDX-License-Identifier: GPL-2.0 */
/* ktftpctl: what its commands share. */
#ifndef KTFTP_CTL_H
#define KTFTP_CTL_H

#include <stdbool.h>
#include <stdio.h>

#include "ktftp.h"

/* Exit status, as ip(8) has it. */
enum ctl_status {
	CTL_OK = 0,
	CTL_USAGE = 1,  /* the command line is wrong */
	CTL_FAILED = 2, /* it was understood, and refused or impossible */
};

struct daemon_link;

/**
 * struct ctl - one run of ktftpctl
 * @k: connection to the module, opened by the first command that needs it
 * @daemon: connection to the daemon, likewise
 * @socket: --socket, or NULL
 * @json: -j
 * @yes: --yes
 * @where: "FILE:LINE: " in a batch, else ""
 */
struct ctl {
	struct ktftp *k;
	struct daemon_link *daemon;
	const char *socket;
	bool json;
	bool yes;
	char where[128];
};

/**
 * struct words - what is left of a command line
 * @at: next word
 * @left: how many
 */
struct words {
	char **at;
	int left;
};

typedef int (*command_fn)(struct ctl *ctl, struct words *words);

struct command {
	const char *name;
	command_fn run;
	const char *help;
};

/* Of a line. */
#define MOST_WORDS 1024

/* quote.c: lines and words */
int split_line(const struct ctl *ctl, char *line, char **list, struct words *words);
void put_word(FILE *out, const char *word);

/* words.c: taking command lines apart */
const char *next_word(struct words *words);
const char *peek_word(const struct words *words);
bool take_word(struct words *words, const char *word);
int usage(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
int failed(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
int end_of_line(const struct ctl *ctl, const struct words *words);
const struct command *find_command(const struct ctl *ctl, const struct command *commands, const char *word);
const struct command *find_settled_command(const struct ctl *ctl, const struct command *commands, size_t settled,
					   const char *word);
int parse_number(const struct ctl *ctl, const char *what, const char *word, unsigned long least, unsigned long most,
		 unsigned long *out);
int parse_address_port(const struct ctl *ctl, const char *word, struct ktftp_address *address, uint16_t *port);
int check_label(const struct ctl *ctl, const char *what, const char *text);
int take_label(const struct ctl *ctl, struct words *words, const char *option, const char **out);
int take_value(const struct ctl *ctl, struct words *words, const char *option, const char **out);
int parse_size(const struct ctl *ctl, const char *word, uint64_t *out);
int parse_digest(const struct ctl *ctl, const char *word, uint8_t digest[KTFTP_DIGEST_BYTES]);
bool is_sure(const struct ctl *ctl, const char *question);
int try_module(struct ctl *ctl, char *why, size_t room);
int connect_module(struct ctl *ctl);
int module_failed(const struct ctl *ctl);

/* show.c: how values look */
const char *show_address(const struct ktftp_address *address, char *out, size_t room);
const char *show_endpoint(const struct ktftp_address *address, uint16_t port, char *out, size_t room);
const char *show_bytes(uint64_t bytes, char *out, size_t room);
const char *show_age(uint64_t ms, char *out, size_t room);
const char *show_rate(uint64_t bytes, uint64_t ms, char *out, size_t room);
const char *show_name(const char *name, char *out, size_t room);
const char *show_digest(const uint8_t digest[KTFTP_DIGEST_BYTES], char out[2 * KTFTP_DIGEST_BYTES + 1]);
const char *show_limit(uint64_t bytes, char *out, size_t room);
const char *kind_name(uint32_t kind);
const char *enum_name(const char *const *names, size_t count, uint32_t value);

/* json.c */
struct json_t;
void print_json(const struct json_t *value);
struct json_t *json_name(const char *name);
struct json_t *json_limit(uint64_t bytes);
struct json_t *json_transfer(const struct ktftp_transfer *transfer);

/**
 * struct publish_line - what a publish command says
 * @name: --name, or NULL
 * @view: --view, or NULL
 * @owner: --owner, or NULL
 * @digest: --sha256
 * @has_digest: was there one
 * @hold: how files are to be held
 * @recursive: -r
 * @all_or_none: --all-or-none
 * @files: room for all words of the line, then the files
 * @count: how many
 */
struct publish_line {
	const char *name;
	const char *view;
	const char *owner;
	uint8_t digest[KTFTP_DIGEST_BYTES];
	bool has_digest;
	enum ktftp_hold hold;
	bool recursive;
	bool all_or_none;
	char **files;
	int count;
};

/**
 * struct absent_line - what absent add or del says
 * @view: --view, or NULL
 * @owner: --owner, or NULL
 * @for_s: --for, or 0
 * @all: --all
 * @globs: room for all words of the line, then the globs
 * @count: how many
 */
struct absent_line {
	const char *view;
	const char *owner;
	uint32_t for_s;
	bool all;
	const char **globs;
	size_t count;
};

/**
 * struct view_line - what view set says
 * @text: the names, cut
 * @views: them
 * @count: how many
 */
struct view_line {
	char text[KTFTP_STACK_MAX * (KTFTP_LABEL_MAX + 1)];
	const char *views[KTFTP_STACK_MAX];
	size_t count;
};

int parse_publish(const struct ctl *ctl, struct words *words, struct publish_line *line);
int parse_absent_add(const struct ctl *ctl, struct words *words, struct absent_line *line);
int parse_view_set(const struct ctl *ctl, struct words *words, struct view_line *line);
int parse_listen_add(const struct ctl *ctl, struct words *words, struct ktftp_listener *listener);
const char *base_name(const char *path);

/* commands */
int cmd_listen(struct ctl *ctl, struct words *words);
int cmd_publish(struct ctl *ctl, struct words *words);
int cmd_withdraw(struct ctl *ctl, struct words *words);
int cmd_list(struct ctl *ctl, struct words *words);
int cmd_absent(struct ctl *ctl, struct words *words);
int cmd_view(struct ctl *ctl, struct words *words);
int cmd_budget(struct ctl *ctl, struct words *words);
int cmd_save(struct ctl *ctl, struct words *words);
int cmd_apply(struct ctl *ctl, struct words *words);
int cmd_transfers(struct ctl *ctl, struct words *words);
int cmd_stats(struct ctl *ctl, struct words *words);
int cmd_monitor(struct ctl *ctl, struct words *words);
int cmd_info(struct ctl *ctl, struct words *words);
int cmd_status(struct ctl *ctl, struct words *words);
int cmd_reload(struct ctl *ctl, struct words *words);
int cmd_drain(struct ctl *ctl, struct words *words);
int cmd_undrain(struct ctl *ctl, struct words *words);
int cmd_guard(struct ctl *ctl, struct words *words);
int cmd_trace(struct ctl *ctl, struct words *words);
int cmd_doctor(struct ctl *ctl, struct words *words);
int run_command(struct ctl *ctl, struct words *words);
int run_batch(struct ctl *ctl, const char *path, bool force);

extern const char help_listen[];
extern const char help_publish[];
extern const char help_withdraw[];
extern const char help_list[];
extern const char help_absent[];
extern const char help_view[];
extern const char help_budget[];
extern const char help_save[];
extern const char help_apply[];
extern const char help_transfers[];
extern const char help_stats[];
extern const char help_monitor[];
extern const char help_info[];
extern const char help_status[];
extern const char help_reload[];
extern const char help_drain[];
extern const char help_undrain[];
extern const char help_guard[];
extern const char help_trace[];
extern const char help_doctor[];

#endif
