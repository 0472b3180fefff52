// SPDX-License-Identifier: GPL-2.0
/* See settle.h. */
#include "settle.h"

/**
 * settle_changed() - something happened
 * @s: group
 * @now_ms: when
 */
void settle_changed(struct settle *s, int64_t now_ms)
{
	if (!s->pending)
		s->first_ms = now_ms;
	s->pending = true;
	s->held = false;
	s->last_ms = now_ms;
}

/**
 * settle_hold() - it was quiet, but something of it is not complete: silence alone no longer means anything
 * @s: group
 */
void settle_hold(struct settle *s)
{
	s->held = true;
}

/**
 * settle_done() - it is served; the next change begins a new one
 * @s: group
 */
void settle_done(struct settle *s)
{
	*s = (struct settle){};
}

/**
 * settle_is_over() - has it waited as long as it may, so that what is complete goes without the rest
 * @s: group
 * @now_ms: now
 * @settle_ms: most that a group waits
 */
bool settle_is_over(const struct settle *s, int64_t now_ms, uint32_t settle_ms)
{
	return s->pending && now_ms - s->first_ms >= settle_ms;
}

/**
 * settle_wait_ms() - how long until the group is to be looked at
 * @s: group
 * @now_ms: now
 * @quiet_ms: how long nothing must have happened
 * @settle_ms: most that a group waits
 *
 * Return: milliseconds, 0 for now, SETTLE_NEVER when there is none.
 */
int64_t settle_wait_ms(const struct settle *s, int64_t now_ms, uint32_t quiet_ms, uint32_t settle_ms)
{
	int64_t end = s->first_ms + settle_ms, due = s->last_ms + quiet_ms;

	if (!s->pending)
		return SETTLE_NEVER;
	if (s->held || due > end)
		due = end;
	return due > now_ms ? due - now_ms : 0;
}
