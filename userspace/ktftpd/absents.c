// SPDX-License-Identifier: GPL-2.0
/* See absents.h. */
#include <fnmatch.h>
#include <string.h>

#include "absents.h"
#include "log/log.h"
#include "module/objects.h"
#include "serve/catalogue.h"
#include "serve/serve.h"

/* Until the module gets back what was held back. */
#define REVIEW_S 2

/* The module folds case, too. To hold back too much costs a question to the daemon, too little a wrong answer. */
static bool would_deny(const struct config_absent *absent, const char *name)
{
	return absent->state != CONFIG_ABSENT_HELD && !fnmatch(absent->glob, name, FNM_CASEFOLD);
}

/* Whether one more is held back because of a name. */
static bool hold_back(struct config *config, const char *name)
{
	bool held = false;
	size_t i;

	for (i = 0; i < config->absent_count; i++) {
		if (!would_deny(&config->absents[i], name))
			continue;
		config->absents[i].state = CONFIG_ABSENT_HELD;
		held = true;
	}
	return held;
}

static void give_to_module(struct daemon *d)
{
	char why[256];

	if (objects_apply_names(d->kernel, d->config, why, sizeof(why)))
		log_say(d->log, LOG_ERR, "%s", why);
}

static void on_later(evutil_socket_t fd, short what, void *context)
{
	struct daemon *d = context;

	(void)fd;
	(void)what;
	d->absents_due = false;
	if (serve_knows_all(d->serve))
		absents_review(d);
}

static bool is_any_held(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->absent_count; i++)
		if (config->absents[i].state == CONFIG_ABSENT_HELD)
			return true;
	return false;
}

/* That goes through all names, and changes come in crowds. */
static void review_later(struct daemon *d)
{
	static const struct timeval later = { .tv_sec = REVIEW_S };

	if (!d->absents_due && is_any_held(d->config))
		d->absents_due = !event_base_once(d->base, -1, EV_TIMEOUT, on_later, d, &later);
}

/**
 * absents_changed() - names changed
 * @d: daemon
 * @changes: how
 * @count: how many
 *
 * At once, for until then the module denies a name that is there.
 */
void absents_changed(struct daemon *d, const struct folder_change *changes, size_t count)
{
	struct config *config = d->config;
	bool held = false;
	size_t i;

	if (!d->kernel || !config->absent_count)
		return;
	for (i = 0; i < count; i++) {
		if (changes[i].what == FOLDER_PINNED || changes[i].what == FOLDER_GONE)
			review_later(d);
		else
			held = hold_back(config, changes[i].name) || held;
	}
	if (held)
		give_to_module(d);
}

static int look_at(struct item *item, void *context)
{
	if (!item->pinned)
		hold_back(context, item->name);
	return 0;
}

static void choose(const struct daemon *d, struct config *config)
{
	size_t i;

	for (i = 0; i < config->absent_count; i++)
		config->absents[i].state = CONFIG_ABSENT_GIVEN;
	catalogue_each(d->catalogue, look_at, config);
}

static bool has_same_roots(const struct config *a, const struct config *b)
{
	size_t i;

	for (i = 0; i < a->root_count && i < b->root_count; i++)
		if (strcmp(a->roots[i].path, b->roots[i].path) || strcmp(a->roots[i].view, b->roots[i].view))
			return false;
	return a->root_count == b->root_count;
}

/**
 * absents_expect() - what the module may have of a configuration that is about to be applied
 * @d: daemon, with the one before
 * @config: it
 *
 * With other roots that is not known before they were read.
 */
void absents_expect(const struct daemon *d, struct config *config)
{
	if (d->kernel && serve_knows_all(d->serve) && has_same_roots(d->config, config))
		choose(d, config);
}

/**
 * absents_review() - give the module the absents that it may have
 * @d: daemon, when all names are known; else the module keeps what it has
 */
void absents_review(struct daemon *d)
{
	if (!d->kernel || !d->config->absent_count)
		return;
	choose(d, d->config);
	give_to_module(d);
}
