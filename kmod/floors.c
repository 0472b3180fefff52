// SPDX-License-Identifier: GPL-2.0
/* What was learned of clients. Called when a download begins and when it ends, in any context. */
#include <linux/in6.h>
#include <linux/minmax.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "floors.h"

#define FLOOR_UNIT_US	64
#define FLOOR_BITS	16
#define FLOOR_MASK	((1u << FLOOR_BITS) - 1)

static siphash_key_t floors_key __read_mostly;

/* Which slot is a client's, and the tag that says that it is. */
static unsigned int slot_of(const struct in6_addr *peer, u32 *tag)
{
	u64 hash = siphash(peer, sizeof(*peer), &floors_key);

	*tag = (u32)(hash >> 32) & ~FLOOR_MASK;
	return hash & (KTFTP_FLOORS - 1);
}

/**
 * ktftp_floors_alloc() - nothing is known of anybody
 *
 * Context: process. Return: to be freed with kvfree(), or NULL.
 */
struct ktftp_floors *ktftp_floors_alloc(void)
{
	get_random_once(&floors_key, sizeof(floors_key));
	return kvzalloc(sizeof(struct ktftp_floors), GFP_KERNEL_ACCOUNT);
}

/**
 * ktftp_floors_get() - the floor a client had when its last download ended
 * @floors: floors
 * @peer: client's address
 *
 * Return: microseconds, 0 when nothing is known.
 */
u32 ktftp_floors_get(const struct ktftp_floors *floors, const struct in6_addr *peer)
{
	u32 tag, value;

	value = READ_ONCE(floors->slot[slot_of(peer, &tag)]);
	return (value & ~FLOOR_MASK) == tag ? (value & FLOOR_MASK) * FLOOR_UNIT_US : 0;
}

/**
 * ktftp_floors_learn() - keep a client's floor
 * @floors: floors
 * @peer: client's address
 * @floor_us: its floor in microseconds, 0 for none
 */
void ktftp_floors_learn(struct ktftp_floors *floors, const struct in6_addr *peer, u32 floor_us)
{
	u32 tag, *slot = &floors->slot[slot_of(peer, &tag)];
	u32 value = READ_ONCE(*slot);

	/* To have learned nothing is no reason to forget another client. */
	if (!floor_us && (value & ~FLOOR_MASK) != tag)
		return;
	tag |= min_t(u32, floor_us / FLOOR_UNIT_US, FLOOR_MASK);
	if (value != tag)
		WRITE_ONCE(*slot, tag);
}
