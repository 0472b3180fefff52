// SPDX-License-Identifier: GPL-2.0
/* The checks of ktftpctl doctor, and what they found. */
#include <stdarg.h>

#include "doctor.h"

static const struct check {
	const char *name;
	void (*judge)(const struct facts *f, struct findings *out);
} checks[] = {
	{ "daemon", judge_daemon },     { "module", judge_module },
	{ "versions", judge_versions }, { "secure-boot", judge_secure_boot },
	{ "guard", judge_guard },       { "port", judge_port },
	{ "firewall", judge_firewall }, { "conntrack", judge_conntrack },
	{ "memory", judge_memory },     { "state", judge_state },
	{ "folders", judge_folders },   { "watches", judge_watches },
	{ "clock", judge_clock },
};

/* Names of files come along, which are no commands for a terminal. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void found(struct findings *out, enum level level, const char *cure, const char *format, ...)
{
	struct finding *finding = &out->list[out->count];
	va_list arguments;

	if (out->count == MOST_FINDINGS)
		return;
	out->count++;
	finding->level = level;
	finding->check = out->check;
	snprintf(finding->cure, sizeof(finding->cure), "%s", cure ?: "");
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
	clean(finding->text);
}

void judge_all(const struct facts *f, struct findings *out)
{
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		out->check = checks[i].name;
		checks[i].judge(f, out);
	}
}

/* 0 all is well, as far as it could be looked at; 1 there are warnings; 2 errors. */
int findings_status(const struct findings *findings)
{
	int status = 0, of_level;
	size_t i;

	for (i = 0; i < findings->count; i++) {
		of_level = findings->list[i].level == LEVEL_ERROR ? 2 : findings->list[i].level == LEVEL_WARNING;
		if (of_level > status)
			status = of_level;
	}
	return status;
}

const char *level_name(enum level level)
{
	static const char *const names[] = { "ok", "unknown", "warning", "error" };

	return names[level];
}
