// SPDX-License-Identifier: GPL-2.0
/* What the namespace serves now, as the kernel tells it. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "state.h"

/* It takes no new requests, or none at all, and goes when its transfers have ended. */
bool is_on_its_way_out(const struct ktftp_listener *listener)
{
	return listener->state != KTFTP_LISTENER_STATE_ACTIVE;
}

static int add_listener(const struct ktftp_listener *listener, void *context)
{
	struct state *state = context;
	struct state_listener *out;

	if (listener->state == KTFTP_LISTENER_STATE_CLOSING)
		return 0;
	out = vector_add(&state->listeners);
	if (!out)
		return -ENOMEM;
	out->listener = *listener;
	return 0;
}

static int add_view(const struct ktftp_view *view, void *context)
{
	struct state *state = context;

	if (view->position && state->stack_count < KTFTP_STACK_MAX)
		strcpy(state->stack[state->stack_count++], view->name);
	return 0;
}

static enum ktftp_hold hold_of(uint32_t kind)
{
	switch (kind) {
	case KTFTP_KIND_PINNED:
		return KTFTP_HOLD_PIN;
	case KTFTP_KIND_SEALED:
		return KTFTP_HOLD_SEAL;
	case KTFTP_KIND_COPIED:
		return KTFTP_HOLD_COPY;
	default:
		return KTFTP_HOLD_AUTO;
	}
}

static int add_entry(const struct ktftp_entry *entry, void *context)
{
	struct state *state = context;
	struct state_entry *out;

	/* Without it, nothing tells what could be saved. */
	if (!entry->owner[0])
		return -EPERM;
	out = vector_add(&state->entries);
	if (!out)
		return -ENOMEM;
	out->entry = *entry;
	out->hold = hold_of(entry->kind);
	return 0;
}

static int add_absent(const struct ktftp_absent *absent, void *context)
{
	struct state *state = context;
	struct state_absent *out;

	if (!absent->owner[0])
		return -EPERM;
	out = vector_add(&state->absents);
	if (!out)
		return -ENOMEM;
	out->absent = *absent;
	return 0;
}

/* Why a name cannot be said in ktftpctl's words, or NULL when it can. */
const char *why_not_saved(const struct ktftp_entry *entry)
{
	if (entry->while_attached)
		return "it is there while a daemon is attached";
	if (!entry->source[0])
		return "it was not published from a file that has a path";
	if (entry->offset && entry->kind != KTFTP_KIND_SEALED)
		return "it is a part of a file";
	return NULL;
}

/* Fills @state, which is initialised; what is on its way out and has no new requests is in it, closing is not. */
int state_from_kernel(struct ctl *ctl, struct state *state)
{
	struct timespec now;
	int status = connect_module(ctl), err;

	if (status)
		return status;
	err = ktftp_view_list(ctl->k, add_view, state);
	if (!err)
		err = ktftp_listener_list(ctl->k, add_listener, state);
	if (!err)
		err = ktftp_absent_list(ctl->k, add_absent, state);
	if (!err)
		err = ktftp_entry_list(ctl->k, add_entry, state);
	clock_gettime(CLOCK_REALTIME, &now);
	state->taken_ns = now.tv_sec * 1000000000ll + now.tv_nsec;
	if (err == -EPERM)
		return failed(ctl,
			      "not permitted: owners and sources are shown to who has CAP_NET_ADMIN (are you root?)");
	if (err == -ENOMEM)
		return failed(ctl, "out of memory");
	return err ? module_failed(ctl) : CTL_OK;
}
