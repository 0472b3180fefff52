// SPDX-License-Identifier: GPL-2.0
/*
 * Section "module": the module's parameters, their names and ranges as docs/ABI/sysfs-module-ktftp describes them.
 * Those that the engine of user space has as well are for both.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "values.h"

static int add_tunable(struct reader *r, const char *name, const char *value)
{
	struct config_tunable *out = vector_add(&r->tunables);

	if (!out)
		return conf_refuse_memory(r);
	out->line = r->line;
	out->name = strdup(name);
	out->value = strdup(value);
	return out->name && out->value ? 0 : conf_refuse_memory(r);
}

static int add_number(struct reader *r, const struct setting *setting, uint64_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, number);
	return add_tunable(r, setting->name, value);
}

static int parse_number(struct reader *r, const struct setting *setting, const char *text, uint64_t *number)
{
	if (!conf_number(text, setting->least, setting->most, number))
		return 0;
	return conf_refuse(r, r->line, "%s is a number, %" PRIu64 " to %" PRIu64 ", not '%s'", setting->name,
			   setting->least, setting->most, text);
}

static int take_number(struct reader *r, const struct setting *setting, const char *text)
{
	uint64_t number;
	int err = parse_number(r, setting, text, &number);

	return err ? err : add_number(r, setting, number);
}

/* Of the engine, too. */
static int take_limit(struct reader *r, const struct setting *setting, const char *text)
{
	uint64_t number;
	int err = parse_number(r, setting, text, &number);

	if (err)
		return err;
	*(uint32_t *)((char *)r->config + setting->offset) = number;
	return add_number(r, setting, number);
}

static int take_limit_flag(struct reader *r, const struct setting *setting, const char *text)
{
	bool *out = (bool *)((char *)r->config + setting->offset);

	if (!strcmp(text, "0") || !strcmp(text, "1"))
		*out = *text == '1';
	else if (conf_bool(text, out))
		return conf_refuse(r, r->line, "%s is true or false, 1 or 0, not '%s'", setting->name, text);
	return add_number(r, setting, *out);
}

static int take_word(struct reader *r, const struct setting *setting, const char *text)
{
	const char *const *words = setting->context;
	char allowed[128] = "";
	size_t i, length = 0;

	for (i = 0; words[i]; i++) {
		if (!strcmp(words[i], text))
			return add_tunable(r, setting->name, text);
		length += snprintf(allowed + length, sizeof(allowed) - length, "%s%s",
				   !i           ? "" :
				   words[i + 1] ? ", " :
						  " or ",
				   words[i]);
	}
	return conf_refuse(r, r->line, "%s is %s, not '%s'", setting->name, allowed, text);
}

static const char *const orphan_miss_words[] = { "silent", "error0", "error1", NULL };

#define NUMBER(option, from, to)                                                   \
	{                                                                          \
		.name = option, .take = take_number, .least = (from), .most = (to) \
	}

/* The engine calls them as the module does. */
#define LIMIT(option, function, from, to)                                           \
	{                                                                           \
		.name = #option, .take = (function), .least = (from), .most = (to), \
		.offset = offsetof(struct config, limits.option)                    \
	}

const struct setting conf_module_settings[MODULE_SETTINGS] = {
	NUMBER("store_limit_mb", 1, 1 << 24),
	LIMIT(max_blksize, take_limit, 8, 65464),
	LIMIT(max_windowsize, take_limit, 1, 65535),
	LIMIT(honor_timeout, take_limit_flag, 0, 1),
	LIMIT(rto_min_ms, take_limit, 4, 200),
	LIMIT(rto_max_ms, take_limit, 200, 60000),
	LIMIT(give_up_ms, take_limit, 1000, 3600000),
	LIMIT(max_transfer_s, take_limit, 1, 31536000),
	LIMIT(linger_ms, take_limit, 100, 600000),
	LIMIT(unproven_retries, take_limit, 0, 10),
	LIMIT(max_unproven, take_limit, 1, 1 << 20),
	LIMIT(max_transfers, take_limit, 1, 1 << 24),
	LIMIT(max_transfers_per_client, take_limit, 0, 1 << 24),
	NUMBER("max_listeners", 1, 4096),
	NUMBER("max_entries", 1, 1 << 26),
	NUMBER("max_absents", 1, 1 << 26),
	NUMBER("max_globs", 1, 4096),
	NUMBER("max_views", 1, 65536),
	NUMBER("max_owners", 1, 65536),
	NUMBER("grace_s", 0, 31536000),
	{ .name = "orphan_miss", .take = take_word, .context = orphan_miss_words },
};
