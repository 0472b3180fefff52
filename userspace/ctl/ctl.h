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

/**
 * struct ctl - one run of ktftpctl
 * @k: connection to the module, opened by the first command that needs it
 * @json: -j
 * @yes: --yes
 * @where: "FILE:LINE: " in a batch, else ""
 */
struct ctl {
	struct ktftp *k;
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

/* words.c: taking command lines apart */
const char *next_word(struct words *words);
const char *peek_word(const struct words *words);
bool take_word(struct words *words, const char *word);
int usage(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
int failed(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
int end_of_line(const struct ctl *ctl, const struct words *words);
const struct command *find_command(const struct ctl *ctl, const struct command *commands, const char *word);
int parse_number(const struct ctl *ctl, const char *what, const char *word, unsigned long least, unsigned long most,
		 unsigned long *out);
int parse_address_port(const struct ctl *ctl, const char *word, struct ktftp_address *address, uint16_t *port);
int connect_module(struct ctl *ctl);
int module_failed(const struct ctl *ctl);

/* show.c: how values look */
const char *show_address(const struct ktftp_address *address, char *out, size_t room);
const char *show_endpoint(const struct ktftp_address *address, uint16_t port, char *out, size_t room);
const char *show_bytes(uint64_t bytes, char *out, size_t room);
const char *show_age(uint64_t ms, char *out, size_t room);
const char *show_rate(uint64_t bytes, uint64_t ms, char *out, size_t room);
const char *show_name(const char *name, char *out, size_t room);
const char *enum_name(const char *const *names, size_t count, uint32_t value);

/* json.c */
struct json_t;
void print_json(const struct json_t *value);
struct json_t *json_name(const char *name);
struct json_t *json_transfer(const struct ktftp_transfer *transfer);

/* commands */
int cmd_listen(struct ctl *ctl, struct words *words);
int cmd_publish(struct ctl *ctl, struct words *words);
int cmd_withdraw(struct ctl *ctl, struct words *words);
int cmd_list(struct ctl *ctl, struct words *words);
int cmd_transfers(struct ctl *ctl, struct words *words);
int cmd_stats(struct ctl *ctl, struct words *words);
int cmd_monitor(struct ctl *ctl, struct words *words);
int cmd_info(struct ctl *ctl, struct words *words);
int run_command(struct ctl *ctl, struct words *words);
int run_batch(struct ctl *ctl, const char *path, bool force);

extern const char help_listen[];
extern const char help_publish[];
extern const char help_withdraw[];
extern const char help_list[];
extern const char help_transfers[];
extern const char help_stats[];
extern const char help_monitor[];
extern const char help_info[];

#endif
