// SPDX-License-Identifier: GPL-2.0
/*
 * libconfuse takes the text apart. It is told the options of settings.c, each of which takes its words as they come;
 * so each is known with its line, and sections of the same title do not take each other's place.
 */
#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/*
 * libconfuse tells nobody that a section begins, but it does give each its defaults then: the default of this option,
 * which nobody can write, is for us to see.
 */
#define BEGIN_NAME  "#"
#define BEGIN_VALUE "\001"

/*
 * Who reads. libconfuse has no room for a context in what it hands to its callbacks, and is not reentrant itself.
 */
static __thread struct reader *reading;

/* Options are told apart by a number that libconfuse keeps with them: that of their section above, theirs below. */
static const struct setting *setting_of(const cfg_opt_t *opt)
{
	return &conf_section(opt->def.number >> 16)->settings[opt->def.number & 0xffff];
}

static struct seen *find_seen(const struct reader *r, const struct setting *setting, unsigned int section)
{
	struct seen *seen = r->seen.items;
	size_t i;

	for (i = 0; i < r->seen.count; i++)
		if (seen[i].section == section && seen[i].setting == setting)
			return &seen[i];
	return NULL;
}

/* An option may be there once; what libconfuse would do is to forget the values before. */
static int check_once(struct reader *r, const struct setting *setting, unsigned int section)
{
	struct seen *seen = find_seen(r, setting, section);

	if (seen && r->is_first)
		return conf_refuse(r, r->line, "%s is here a second time, after line %u; %s", setting->name, seen->line,
				   setting->is_list ? "write a list, as { \"a\", \"b\" }, or += to add to it" :
						      "it may be there once");
	if (seen)
		return 0;
	seen = vector_add(&r->seen);
	if (!seen)
		return conf_refuse_memory(r);
	*seen = (struct seen){ .section = section, .setting = setting, .line = r->line };
	return 0;
}

static bool has_control_characters(const char *text)
{
	while (*text && (unsigned char)*text >= ' ' && *text != 0x7f)
		text++;
	return *text;
}

static int take_word(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct setting *setting = setting_of(opt);
	struct reader *r = reading;
	/* Sections without a title are one, wherever their parts are. */
	unsigned int section = cfg->title ? r->section : 0;

	*(void **)result = NULL;
	if (!strcmp(value, BEGIN_VALUE) || r->err)
		return r->err;
	r->line = cfg->line;
	r->is_first = opt->nvalues == 1;
	if (has_control_characters(value))
		return conf_refuse(r, r->line, "the value of %s contains control characters", setting->name);
	if (check_once(r, setting, section))
		return r->err;
	return setting->take(r, setting, value);
}

static void begin_section(struct reader *r, const struct section_form *form, const char *title)
{
	r->section++;
	if (has_control_characters(title))
		conf_refuse(r, r->line, "the name behind %s contains control characters", form->name);
	else
		form->begin(r, title);
}

/* libconfuse aborts when a default is refused: the complaint is kept, and ends it with the next word. */
static int take_begin(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reader *r = reading;

	*(void **)result = NULL;
	r->line = cfg->line;
	if (strcmp(value, BEGIN_VALUE))
		conf_refuse(r, r->line, "unknown option '%s'; ktftpd.conf(5) has those that there are", opt->name);
	else if (!r->err)
		begin_section(r, conf_section(opt->def.number >> 16), cfg->title);
	return 0;
}

static cfg_opt_t option(const char *name, enum section section, size_t number, bool is_list, bool has_default,
			cfg_callback_t take)
{
	return (cfg_opt_t){
		.name = name,
		.type = CFGT_PTR,
		.flags = is_list ? CFGF_LIST : CFGF_NONE,
		.def = { .number = (long)section << 16 | number,
			 .parsed = has_default ? "{\"" BEGIN_VALUE "\"}" : NULL },
		.parsecb = take,
	};
}

/* What libconfuse is to know of a section; free() is for the caller. */
static cfg_opt_t *options_of(enum section section, cfg_opt_t *const *sections)
{
	const struct section_form *form = conf_section(section);
	cfg_opt_t *options = calloc(form->count + SECTION_COUNT + 1, sizeof(*options));
	size_t i, n = 0;

	if (!options)
		return NULL;
	for (i = 0; i < form->count; i++)
		options[n++] = option(form->settings[i].name, section, i, form->settings[i].is_list,
				      form->settings[i].has_default, take_word);
	if (form->begin)
		options[n++] = option(BEGIN_NAME, section, 0, true, true, take_begin);
	for (i = SECTION_TOP + 1; section == SECTION_TOP && i < SECTION_COUNT; i++)
		options[n++] = (cfg_opt_t){
			.name = conf_section(i)->name,
			.type = CFGT_SEC,
			.flags = conf_section(i)->begin ? CFGF_MULTI | CFGF_TITLE : CFGF_NONE,
			.subopts = sections[i],
		};
	/* As CFG_END() has it; the rest is zero. */
	return options;
}

static cfg_t *new_parser(void)
{
	cfg_opt_t *options[SECTION_COUNT] = {};
	bool complete = true;
	cfg_t *cfg = NULL;
	int i;

	/* The top comes last, for it has the others in it. */
	for (i = SECTION_COUNT - 1; i >= 0; i--) {
		options[i] = options_of(i, options);
		complete = complete && options[i];
	}
	if (complete)
		cfg = cfg_init(options[SECTION_TOP], CFGF_NONE);
	for (i = 0; i < SECTION_COUNT; i++)
		free(options[i]);
	return cfg;
}

/* The section that has an option of this name, or NULL. */
static const struct section_form *home_of(const char *name)
{
	const struct section_form *form;
	size_t i, k;

	for (i = 0; i < SECTION_COUNT; i++) {
		form = conf_section(i);
		for (k = 0; k < form->count; k++)
			if (!strcmp(form->settings[k].name, name))
				return form;
	}
	return NULL;
}

static bool is_section(const char *name)
{
	size_t i;

	for (i = SECTION_TOP + 1; i < SECTION_COUNT; i++)
		if (!strcmp(conf_section(i)->name, name))
			return true;
	return false;
}

static const char *nearest_option(const cfg_t *cfg, const char *name)
{
	const char *names[128];
	size_t count = 0, i;

	for (i = 0; cfg->opts[i].name && count < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(cfg->opts[i].name, BEGIN_NAME))
			names[count++] = cfg->opts[i].name;
	return conf_nearest(name, names, count);
}

static void refuse_unknown(struct reader *r, const cfg_t *cfg, const char *name)
{
	const char *nearest = nearest_option(cfg, name);
	const struct section_form *home = home_of(name);

	if (is_section(name))
		conf_refuse(r, cfg->line, "a section \"%s\" cannot be within another one; is a } missing before it?",
			    name);
	else if (home && home->name)
		conf_refuse(r, cfg->line, "%s is no option here; it belongs in a section \"%s\"", name, home->name);
	else if (home)
		conf_refuse(r, cfg->line, "%s is no option here; it belongs outside of all sections", name);
	else if (nearest)
		conf_refuse(r, cfg->line, "unknown option '%s'; is '%s' meant?", name, nearest);
	else
		conf_refuse(r, cfg->line, "unknown option '%s'; ktftpd.conf(5) has those that there are", name);
}

/* libconfuse's own complaints. */
static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	static const char unknown[] = "no such option '";
	char text[256];
	size_t length;

	vsnprintf(text, sizeof(text), format, arguments);
	length = strlen(text);
	if (strncmp(text, unknown, sizeof(unknown) - 1) || text[length - 1] != '\'') {
		conf_refuse(reading, cfg->line, "%s; ktftpd.conf(5) says how it is written", text);
		return;
	}
	text[length - 1] = 0;
	refuse_unknown(reading, cfg, text + sizeof(unknown) - 1);
}

/* Lists that were given empty, where that is not what they are without being given. */
static void take_empty_lists(struct reader *r, cfg_t *cfg)
{
	const struct section_form *top = conf_section(SECTION_TOP);
	size_t i;

	for (i = 0; i < top->count; i++)
		if (top->settings[i].has_default && !cfg_size(cfg, top->settings[i].name))
			top->settings[i].take(r, &top->settings[i], NULL);
}

/* Takes the text apart, and every word into the configuration. */
int conf_parse(struct reader *r, const char *text)
{
	cfg_t *cfg;

	reading = r;
	cfg = new_parser();
	if (!cfg) {
		reading = NULL;
		return conf_refuse_memory(r);
	}
	cfg_set_error_function(cfg, on_error);
	if (cfg_parse_buf(cfg, text))
		conf_refuse(r, cfg->line, "this cannot be understood; ktftpd.conf(5) says how it is written");
	if (!r->err)
		take_empty_lists(r, cfg);
	/* Its scanner begins anew with the next one. */
	cfg_free(cfg);
	reading = NULL;
	return r->err;
}
