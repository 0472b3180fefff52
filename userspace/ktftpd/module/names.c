// SPDX-License-Identifier: GPL-2.0
/*
 * Absents of the configuration, which have its owner's mark, and the views that clients see: all of it changes at one
 * moment. An absent that somebody else added for ever does what ours would, and stays his.
 */
#include <errno.h>
#include <string.h>

#include "making.h"

#define OWNER "config"

static int keep_absent(const struct ktftp_absent *absent, void *context)
{
	struct ktftp_absent *out = vector_add(context);

	if (!out)
		return -ENOMEM;
	*out = *absent;
	return 0;
}

static bool is_same(const struct config_absent *wanted, const struct ktftp_absent *there)
{
	return !strcmp(wanted->glob, there->glob) && !strcmp(wanted->view, there->view);
}

static bool is_there(const struct vector *now, const struct config_absent *wanted)
{
	const struct ktftp_absent *all = now->items;
	size_t i;

	for (i = 0; i < now->count; i++)
		if (is_same(wanted, &all[i]) && !all[i].ends)
			return true;
	return false;
}

static bool is_wanted(const struct config *config, const struct ktftp_absent *there)
{
	size_t i;

	for (i = 0; i < config->absent_count; i++)
		if (config->absents[i].state != CONFIG_ABSENT_HELD && is_same(&config->absents[i], there))
			return true;
	return false;
}

static int add_absents(struct making *m, struct ktftp_set *set, const struct vector *now)
{
	const struct ktftp_absent *all = now->items;
	const struct config_absent *wanted = m->config->absents;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < m->config->absent_count; i++)
		if (wanted[i].state == CONFIG_ABSENT_GIVEN && !is_there(now, &wanted[i]))
			err = ktftp_set_absent_add(set, wanted[i].view, OWNER, 0, wanted[i].glob);
	for (i = 0; !err && i < now->count; i++)
		if (!strcmp(all[i].owner, OWNER) && !is_wanted(m->config, &all[i]))
			err = ktftp_set_absent_del(set, all[i].view, all[i].glob);
	return err;
}

/* Is the stack so already? */
struct comparison {
	const struct config *config;
	size_t count;
	bool differs;
};

static int compare_view(const struct ktftp_view *view, void *context)
{
	struct comparison *c = context;

	if (!view->position)
		return 0;
	c->count++;
	c->differs = c->differs || view->position > c->config->stack_count ||
		     strcmp(c->config->stack[view->position - 1], view->name);
	return 0;
}

static int add_stack(struct making *m, struct ktftp_set *set, bool *changes)
{
	struct comparison c = { .config = m->config };
	const char *views[KTFTP_STACK_MAX];
	size_t i;
	int err = ktftp_view_list(m->k, compare_view, &c);

	*changes = !err && (c.differs || c.count != m->config->stack_count);
	if (!*changes)
		return err;
	for (i = 0; i < m->config->stack_count; i++)
		views[i] = m->config->stack[i];
	return ktftp_set_stack(set, views, i);
}

static int make_set(struct making *m, struct ktftp_set *set, struct vector *now)
{
	struct ktftp_set_result result;
	bool changes = false;
	int err = ktftp_absent_list(m->k, keep_absent, now);

	if (!err)
		err = add_absents(m, set, now);
	if (!err)
		err = add_stack(m, set, &changes);
	if (!err && (changes || ktftp_set_count(set)))
		err = ktftp_set_commit(set, &result);
	return err;
}

/* Makes absents and the stack of views so. */
void making_names(struct making *m)
{
	struct vector now = { .item_bytes = sizeof(struct ktftp_absent) };
	struct ktftp_set *set = ktftp_set_new(m->k);
	int err = set ? make_set(m, set, &now) : -ENOMEM;

	if (err)
		making_fail(m, err, "absents and views: %s", set ? ktftp_error(m->k) : "out of memory");
	ktftp_set_free(set);
	vector_free(&now);
}

/**
 * objects_apply_names() - make absents and the stack of views what a configuration wants
 * @k: connection
 * @config: configuration, and what the states of its absents are
 * @why: where the reason goes when it fails
 * @room: of @why
 *
 * Return: 0 or a negative errno.
 */
int objects_apply_names(struct ktftp *k, const struct config *config, char *why, size_t room)
{
	struct making m = { .k = k, .config = config, .why = why, .room = room };

	making_names(&m);
	return m.err;
}
