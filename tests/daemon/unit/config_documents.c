// SPDX-License-Identifier: GPL-2.0
/* The tables of options against what documents say of them: neither may have what the other lacks. */
#include <ctype.h>

#include "config_lib.h"

#include "config/reader.h"
#include "module/tunables.h"

#define PARAMETER "What:\t\t/sys/module/ktftp/parameters/"

/* ---- docs/ABI ---- */

/* What docs/ABI says of one parameter. */
struct described {
	char name[64];
	unsigned long long least, most;
	unsigned long long initial;
	bool has_range;
	bool has_initial;
	char words[128];
};

static void squeeze(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (!isspace((unsigned char)*text))
			*to++ = *text;
		else if (to[-1] != ' ')
			*to++ = ' ';
	}
	*to = 0;
}

/* "... 4 to 200, 16 by default ..." */
static void read_range(struct described *d, const char *text)
{
	const char *c;
	int length = 0;

	for (c = text + 1; *c && !d->has_range; c++)
		if (isdigit((unsigned char)*c) && !isdigit((unsigned char)c[-1]))
			d->has_range = sscanf(c, "%llu to %llu%n", &d->least, &d->most, &length) == 2;
	if (d->has_range)
		d->has_initial = sscanf(c - 1 + length, ", %llu by defaul%1[t]", &d->initial, d->words) == 2;
	d->words[0] = 0;
}

static size_t describe(struct described *all, size_t room)
{
	char *text = read_whole("docs/ABI/sysfs-module-ktftp"), *at = strstr(text, PARAMETER), *next;
	size_t count = 0;

	for (; at; at = next) {
		struct described *d = &all[count++];

		assert_true(count <= room);
		memset(d, 0, sizeof(*d));
		at += strlen(PARAMETER);
		next = strstr(at, PARAMETER);
		if (next)
			next[-1] = 0;
		assert_int_equal(sscanf(at, "%63s", d->name), 1);
		at = strstr(at, "Description:");
		assert_non_null(at);
		squeeze(at);
		read_range(d, at);
		if (strstr(at, "silent, error0 or error1;"))
			strcpy(d->words, "silent error0 error1 ");
	}
	free(text);
	return count;
}

static const struct described *find(const struct described *all, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	return NULL;
}

static void assert_same(const struct setting *setting, const struct described *d)
{
	const char *const *words = setting->context;
	char joined[128] = "";

	for (; words && *words; words++)
		snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s ", *words);
	if (words) {
		assert_string_equal(joined, d->words);
		return;
	}
	if (!d->has_range || setting->least != d->least || setting->most != d->most)
		fail_msg("%s: docs/ABI has %llu to %llu", setting->name, d->least, d->most);
}

CASE(parameters_of_the_module_are_those_of_their_description)
{
	const struct section_form *module = conf_section(SECTION_MODULE);
	struct described all[64];
	size_t count = describe(all, ARRAY_SIZE(all)), i;

	(void)state;
	for (i = 0; i < module->count; i++) {
		const struct described *d = find(all, count, module->settings[i].name);

		if (!d)
			fail_msg("docs/ABI has no %s", module->settings[i].name);
		assert_same(&module->settings[i], d);
	}
	assert_int_equal(module->count, count);
}

/* A value is a bool, or 32 bits. */
static uint64_t value_in(const struct config *config, const struct setting *setting)
{
	const void *at = (const char *)config + setting->offset;

	return setting->most == 1 ? *(const bool *)at : *(const uint32_t *)at;
}

CASE(the_engines_own_defaults_are_the_modules)
{
	const struct section_form *module = conf_section(SECTION_MODULE);
	const struct config *config = accepted(*state, "root = '@/a'");
	struct described all[64];
	size_t count = describe(all, ARRAY_SIZE(all)), compared = 0, i;

	for (i = 0; i < module->count; i++) {
		const struct setting *setting = &module->settings[i];
		const struct described *d = find(all, count, setting->name);

		if (!setting->offset)
			continue;
		compared++;
		if (!d || !d->has_initial || value_in(config, setting) != d->initial)
			fail_msg("%s is %llu by default", setting->name, (unsigned long long)value_in(config, setting));
	}
	assert_int_equal(compared, 12);
}

/* Each of them goes to its own place, and no other. */
CASE(parameters_of_the_engine_go_where_they_belong)
{
	const struct section_form *module = conf_section(SECTION_MODULE);
	struct engine_limits before = accepted(*state, "root = '@/a'")->limits, after;
	char text[128];
	size_t i;

	for (i = 0; i < module->count; i++) {
		const struct setting *setting = &module->settings[i];
		size_t offset = setting->offset - offsetof(struct config, limits);
		size_t bytes = setting->most == 1 ? sizeof(bool) : sizeof(uint32_t);
		unsigned long long value;

		if (!setting->offset)
			continue;
		value = value_in(((struct written *)*state)->config, setting) == setting->most ? setting->least :
												 setting->most;
		snprintf(text, sizeof(text), "root = '@/a'\nmodule { %s = %llu }", setting->name, value);
		after = accepted(*state, text)->limits;
		assert_int_equal(value_in(((struct written *)*state)->config, setting), value);
		memcpy((char *)&after + offset, (char *)&before + offset, bytes);
		assert_memory_equal(&after, &before, sizeof(before));
		accepted(*state, "root = '@/a'");
	}
}

/* ---- the man page ---- */

CASE(every_option_is_in_the_man_page)
{
	char *page = read_whole("docs/man/ktftpd.conf.5.scd"), entry[128];
	const struct section_form *form;
	size_t i, k;

	(void)state;
	for (i = 0; i < SECTION_COUNT; i++) {
		form = conf_section(i);
		snprintf(entry, sizeof(entry), form->begin ? "*%s* _" : "*%s* {", form->name);
		if (form->name && !strstr(page, entry))
			fail_msg("the man page has no section '%s'", form->name);
		for (k = 0; k < form->count; k++) {
			snprintf(entry, sizeof(entry), "*%s* = ", form->settings[k].name);
			if (!strstr(page, entry))
				fail_msg("the man page has no '%s'", entry);
		}
	}
	free(page);
}

static const struct setting *option(const char *name)
{
	const struct section_form *form;
	size_t i, k;

	for (i = 0; i < SECTION_COUNT; i++) {
		form = conf_section(i);
		for (k = 0; k < form->count; k++)
			if (!strcmp(form->settings[k].name, name))
				return &form->settings[k];
	}
	return NULL;
}

CASE(every_entry_of_the_man_page_is_an_option)
{
	char *page = read_whole("docs/man/ktftpd.conf.5.scd"), *line, *rest = page;
	size_t entries = 0;
	char name[64];
	int length;

	(void)state;
	while ((line = strsep(&rest, "\n"))) {
		line += strspn(line, "\t");
		length = 0;
		if (sscanf(line, "*%63[^*]* = %n", name, &length) != 1 || !length)
			continue;
		entries++;
		if (!option(name))
			fail_msg("there is no option '%s'", name);
	}
	assert_true(entries > 40);
	free(page);
}

CASE(the_man_page_has_the_ranges_of_the_modules_parameters)
{
	const struct section_form *module = conf_section(SECTION_MODULE);
	char *page = read_whole("docs/man/ktftpd.conf.5.scd"), entry[128];
	size_t i;

	(void)state;
	for (i = 0; i < module->count; i++) {
		const struct setting *setting = &module->settings[i];

		if (setting->context || setting->most == 1)
			continue;
		snprintf(entry, sizeof(entry), "*%s* = %llu to %llu", setting->name, (unsigned long long)setting->least,
			 (unsigned long long)setting->most);
		if (!strstr(page, entry))
			fail_msg("the man page lacks '%s'", entry);
	}
	free(page);
}

CASE(the_man_page_has_what_is_ignored_by_default)
{
	const struct config *config = accepted(*state, "root = '@/a'");
	char *page = read_whole("docs/man/ktftpd.conf.5.scd"), *plain = calloc(1, strlen(page) + 1), *to = plain, *c;
	char entry[64];
	size_t i;

	for (c = page; *c; c++)
		if (*c != '\\')
			*to++ = *c;
	for (i = 0; i < config->ignore_count; i++) {
		snprintf(entry, sizeof(entry), "_%s_", config->ignore[i]);
		if (!strstr(plain, entry))
			fail_msg("the man page lacks '%s'", entry);
	}
	free(plain);
	free(page);
}

/* Makes the folders that an example names, below the test's own directory. */
static void make_folders(const struct written *w, const char *example)
{
	char path[PATH_MAX], *c;

	while ((example = strstr(example, "@/srv"))) {
		snprintf(path, sizeof(path), "%s%.*s", w->directory, (int)strcspn(example + 1, "\""), example + 1);
		for (c = path + strlen(w->directory) + 1; *c; c++) {
			if (*c != '/')
				continue;
			*c = 0;
			mkdir(path, 0755);
			*c = '/';
		}
		mkdir(path, 0755);
		example++;
	}
}

/* An example, its folders below "@". */
static void move_folders(const char *example, char *out, size_t room)
{
	size_t length = 0;

	for (; *example; example++)
		length += snprintf(out + length, room - length, !strncmp(example, "\"/srv", 5) ? "\"@" : "%c",
				   *example);
}

CASE(the_examples_of_the_man_page_are_accepted)
{
	char *page = read_whole("docs/man/ktftpd.conf.5.scd"), *at = strstr(page, "# EXAMPLES"), *end;
	size_t examples = 0;
	char text[4096];

	while ((at = strstr(at, "\n```\n"))) {
		at += strlen("\n```\n");
		end = strstr(at, "```\n");
		assert_non_null(end);
		*end = 0;
		move_folders(at, text, sizeof(text));
		make_folders(*state, text);
		accepted(*state, text);
		examples++;
		at = end + 1;
	}
	assert_int_equal(examples, 5);
	free(page);
}

/* ---- setting them, on files of our own ---- */

static void write_parameter(const struct written *w, const char *name, const char *value)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/a/%s", w->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", value);
	fclose(file);
}

static void assert_parameter(const struct written *w, const char *name, const char *value)
{
	char path[PATH_MAX], now[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/a/%s", w->directory, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%63s", now), 1);
	fclose(file);
	assert_string_equal(now, value);
}

CASE(parameters_are_set_and_the_rest_is_told)
{
	struct written *w = *state;
	char parameters[PATH_MAX], why[512] = "";
	const struct config *config;

	make_directory(w, "served");
	config = accepted(
		w, "root = '@/served'\nmodule { rto_min_ms = 20 grace_s = 9 max_views = 7 orphan_miss = error0 }");
	snprintf(parameters, sizeof(parameters), "%s/a", w->directory);
	write_parameter(w, "rto_min_ms", "16");
	write_parameter(w, "grace_s", "300");
	write_parameter(w, "max_views", "1024");
	write_parameter(w, "orphan_miss", "silent");
	assert_int_equal(tunables_apply_in(parameters, config, why, sizeof(why)), 0);
	assert_string_equal(why, "");
	assert_parameter(w, "rto_min_ms", "20");
	assert_parameter(w, "grace_s", "9");
	assert_parameter(w, "max_views", "7");
	assert_parameter(w, "orphan_miss", "error0");
}

CASE(parameters_that_cannot_be_set_do_not_keep_others_from_it)
{
	struct written *w = *state;
	char parameters[PATH_MAX], why[512] = "";
	const struct config *config;

	make_directory(w, "served");
	config = accepted(w, "root = '@/served'\nmodule { rto_min_ms = 20 grace_s = 9 max_views = 7 }");
	snprintf(parameters, sizeof(parameters), "%s/a", w->directory);
	make_directory(w, "a/rto_min_ms");
	write_parameter(w, "grace_s", "300");
	assert_int_equal(tunables_apply_in(parameters, config, why, sizeof(why)), -EISDIR);
	assert_parameter(w, "grace_s", "9");
	assert_non_null(strstr(why, "rto_min_ms stays as it is"));
	assert_non_null(strstr(why, "echo 20 > "));
	assert_non_null(strstr(why, "and 1 other"));
}

CASE(a_parameter_that_the_module_does_not_have_is_told)
{
	struct written *w = *state;
	char parameters[PATH_MAX], why[512] = "";
	const struct config *config;

	make_directory(w, "served");
	config = accepted(w, "root = '@/served'\nmodule { max_views = 7 }");
	snprintf(parameters, sizeof(parameters), "%s/a", w->directory);
	assert_int_equal(tunables_apply_in(parameters, config, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "no parameter max_views"));
}

CASE(a_module_without_parameters_is_told)
{
	const struct config *config = accepted(*state, "root = '@/a'\nmodule { rto_min_ms = 20 }");
	char why[512] = "";

	assert_int_equal(tunables_apply_in("/nonexistent", config, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "stay as they are"));
	assert_int_equal(tunables_apply_in("/nonexistent", accepted(*state, "root = '@/a'"), why, sizeof(why)), 0);
}

static const struct unit_case cases[] = {
	RUN(parameters_of_the_module_are_those_of_their_description),
	RUN(the_engines_own_defaults_are_the_modules),
	RUN(parameters_of_the_engine_go_where_they_belong),
	RUN(every_option_is_in_the_man_page),
	RUN(every_entry_of_the_man_page_is_an_option),
	RUN(the_man_page_has_the_ranges_of_the_modules_parameters),
	RUN(the_man_page_has_what_is_ignored_by_default),
	RUN(the_examples_of_the_man_page_are_accepted),
	RUN(parameters_are_set_and_the_rest_is_told),
	RUN(parameters_that_cannot_be_set_do_not_keep_others_from_it),
	RUN(a_parameter_that_the_module_does_not_have_is_told),
	RUN(a_module_without_parameters_is_told),
	{},
};

SUITE(config_documents, cases);
