/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside config/: one reading of a file. Words come in the order of the file, each goes to the function of its option
 * at once; what concerns several options is checked when all are there.
 *
 *   text.c      the file, without its comments
 *   parse.c     libconfuse, and what it says
 *   settings.c  the options and where their words go
 *   tunables.c  section "module"
 *   listen.c    sections "listen"
 *   roots.c     folders, views, absents
 *   config.c    one after the other; what is so when the file does not say
 */
#ifndef KTFTPD_READER_H
#define KTFTPD_READER_H

#include "config.h"
#include "vector.h"

/**
 * struct reader - one reading
 * @config: what becomes of it
 * @path: what to call the file
 * @line: of the word at hand
 * @err: of the first complaint, or 0
 * @why: where that goes
 * @room: of it
 * @seen: struct seen, options that had a value
 * @section: counts sections, so that an option of each is one of its own
 * @is_first: the word at hand is the first of its option, not one more of a list
 * @listeners: struct ktftp_listener
 * @listener_lines: unsigned int, where each begins
 * @layers: struct layer, folders and views in the order of the file
 * @absents: struct config_absent
 * @tunables: struct config_tunable
 * @syslog: struct config_syslog
 * @ignore: char *
 * @daemon_ports_line: where the range is, 0 when nowhere; so the following
 * @state_dir_line: where the directory is
 * @run_dir_line: where the directory is
 * @times_line: where quiet or settle is, the later one
 */
struct reader {
	struct config *config;
	const char *path;
	unsigned int line;
	int err;
	char *why;
	size_t room;
	struct vector seen;
	unsigned int section;
	bool is_first;
	struct vector listeners;
	struct vector listener_lines;
	struct vector layers;
	struct vector absents;
	struct vector tunables;
	struct vector syslog;
	struct vector ignore;
	unsigned int daemon_ports_line;
	unsigned int state_dir_line;
	unsigned int run_dir_line;
	unsigned int times_line;
};

/**
 * struct layer - a folder, a view, or both
 * @line: where it begins
 * @view: its name; empty for a folder outside of all sections, until all are known
 * @root: the folder, or NULL
 * @root_line: where that is
 */
struct layer {
	unsigned int line;
	char view[KTFTP_LABEL_MAX + 1];
	char *root;
	unsigned int root_line;
};

enum section {
	SECTION_TOP,
	SECTION_VIEW,
	SECTION_LISTEN,
	SECTION_MODULE,
	SECTION_LOG,
	SECTION_COUNT,
};

struct setting;

/* That an option had a value, and in which of the sections of its kind. */
struct seen {
	unsigned int section;
	const struct setting *setting;
	unsigned int line;
};

/* Takes a word over into the configuration; 0, or what conf_refuse() returns. */
typedef int (*setting_fn)(struct reader *r, const struct setting *setting, const char *text);

/**
 * struct setting - an option
 * @name: its name
 * @take: takes a value
 * @offset: where in struct config, for functions that many options share
 * @least: of a number
 * @most: of a number
 * @is_list: it may have several values
 * @has_default: of a list: it has values unless the file says otherwise; an empty list is told to @take by NULL
 * @context: for @take
 */
struct setting {
	const char *name;
	setting_fn take;
	size_t offset;
	uint64_t least;
	uint64_t most;
	bool is_list;
	bool has_default;
	const void *context;
};

/**
 * struct section_form - a kind of section
 * @name: its name; NULL for what is in none
 * @begin: called when one with a title begins; NULL for those without
 * @settings: its options
 * @count: how many
 */
struct section_form {
	const char *name;
	void (*begin)(struct reader *r, const char *title);
	const struct setting *settings;
	size_t count;
};

/* Keeps the first complaint; always returns a negative errno. line is 0 for the file as a whole. */
int conf_refuse(struct reader *r, unsigned int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
int conf_refuse_memory(struct reader *r);
/* Puts a copy of the text in place of what is there. */
int conf_keep_text(struct reader *r, char **out, const char *text);

char *conf_text_read(struct reader *r);
int conf_text_blank(struct reader *r, char *text);

int conf_parse(struct reader *r, const char *text);

/* As many as there are; the compiler sees when the tables are shorter or longer. */
#define LISTEN_SETTINGS 6
#define MODULE_SETTINGS 21

extern const struct setting conf_listen_settings[LISTEN_SETTINGS];
extern const struct setting conf_module_settings[MODULE_SETTINGS];
const struct section_form *conf_section(enum section section);

void conf_begin_listen(struct reader *r, const char *title);
int conf_finish_listeners(struct reader *r);

void conf_begin_view(struct reader *r, const char *title);
int conf_take_root(struct reader *r, const struct setting *setting, const char *text);
int conf_take_absent(struct reader *r, const struct setting *setting, const char *text);
int conf_take_root_of_view(struct reader *r, const struct setting *setting, const char *text);
int conf_take_absent_of_view(struct reader *r, const struct setting *setting, const char *text);
int conf_finish_roots(struct reader *r);

/* What a mistyped name may have meant, or NULL. */
const char *conf_nearest(const char *name, const char *const *names, size_t count);

#endif
